//! Time spans of HAProxy (`5s`, bare milliseconds) and systemd (`5min 20s`, bare seconds).
//!
//! Both are read into `Milliseconds`; Go's durations are another type with other rules (`duration`).

use std::fmt;

use super::DurationError;

/// A span of time in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Milliseconds(pub u64);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ms if ms > 0 && ms % 1000 == 0 => write!(f, "{}s", ms / 1000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

/// Units in microseconds.
type Units = &'static [(&'static str, u64)];

const HAPROXY: Units = &[("us", 1), ("ms", 1_000), ("s", SECOND), ("m", 60 * SECOND), ("h", 3600 * SECOND), ("d", DAY)];

#[rustfmt::skip]
const SYSTEMD: Units = &[
    ("usec", 1), ("us", 1), ("µs", 1), ("μs", 1),
    ("msec", 1_000), ("ms", 1_000),
    ("seconds", SECOND), ("second", SECOND), ("sec", SECOND), ("s", SECOND),
    ("minutes", 60 * SECOND), ("minute", 60 * SECOND), ("min", 60 * SECOND), ("m", 60 * SECOND),
    ("hours", 3600 * SECOND), ("hour", 3600 * SECOND), ("hr", 3600 * SECOND), ("h", 3600 * SECOND),
    ("days", DAY), ("day", DAY), ("d", DAY),
    ("weeks", 7 * DAY), ("week", 7 * DAY), ("w", 7 * DAY),
    ("months", MONTH), ("month", MONTH), ("M", MONTH),
    ("years", YEAR), ("year", YEAR), ("y", YEAR),
];
const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;
const MONTH: u64 = 2_629_800 * SECOND;
const YEAR: u64 = 31_557_600 * SECOND;

/// The longest timer HAProxy accepts, 24.8 days.
const HAPROXY_MAX: u64 = i32::MAX as u64;

/// A time of an HAProxy configuration: one whole number, in milliseconds unless a unit follows. Parts of a millisecond
/// are rounded up. Source: HAProxy configuration manual 2.5, "Time format".
///
/// ```
/// use k8sready::values::{Milliseconds, haproxy_millis};
/// assert_eq!(haproxy_millis("5s"), Ok(Milliseconds(5000)));
/// assert_eq!(haproxy_millis("5000"), Ok(Milliseconds(5000)));
/// assert!(haproxy_millis("1m30s").is_err());
/// ```
pub fn haproxy_millis(text: &str) -> Result<Milliseconds, DurationError> {
    let (number, unit) = split_number(text)?;
    let scale = unit_of(unit, "ms", HAPROXY, "us, ms, s, m, h, d")?;
    let millis = number.checked_mul(scale).ok_or(DurationError::Overflow)?.div_ceil(1_000);
    if millis > HAPROXY_MAX { Err(DurationError::Overflow) } else { Ok(Milliseconds(millis)) }
}

/// A time span of a systemd unit: terms that add up, in seconds unless a unit follows; `None` for `infinity`.
/// Source: systemd.time(7).
///
/// ```
/// use k8sready::values::{Milliseconds, systemd_millis};
/// assert_eq!(systemd_millis("5min 20s"), Ok(Some(Milliseconds(320_000))));
/// assert_eq!(systemd_millis("infinity"), Ok(None));
/// ```
pub fn systemd_millis(text: &str) -> Result<Option<Milliseconds>, DurationError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(DurationError::Empty);
    }
    if rest == "infinity" {
        return Ok(None);
    }
    let mut micros = 0u64;
    while !rest.is_empty() {
        let (term, after) = systemd_term(rest)?;
        micros = micros.checked_add(term).ok_or(DurationError::Overflow)?;
        rest = after;
    }
    Ok(Some(Milliseconds(micros / 1_000)))
}

/// One `number [unit]` in microseconds, and what follows it.
fn systemd_term(text: &str) -> Result<(u64, &str), DurationError> {
    let (number, rest) = split_number(text)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("", rest),
    };
    let rest = rest.trim_start();
    let end = rest.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(rest.len());
    let scale = unit_of(&rest[..end], "s", SYSTEMD, "us, ms, s, min, h, d, w, M, y")?;
    let whole = number.checked_mul(scale).ok_or(DurationError::Overflow)?;
    let places = fraction.get(..fraction.len().min(6)).unwrap_or_default();
    let part =
        places.parse().unwrap_or(0u64).saturating_mul(scale) / 10u64.pow(u32::try_from(places.len()).unwrap_or(0));
    Ok((whole.saturating_add(part), rest[end..].trim_start()))
}

fn split_number(text: &str) -> Result<(u64, &str), DurationError> {
    let (digits, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    match (digits, rest) {
        ("", "") => Err(DurationError::Empty),
        ("", _) => Err(DurationError::NoNumber),
        _ => Ok((digits.parse().map_err(|_| DurationError::Overflow)?, rest)),
    }
}

fn unit_of(unit: &str, bare: &str, units: Units, allowed: &'static str) -> Result<u64, DurationError> {
    let wanted = if unit.is_empty() { bare } else { unit };
    let known = units.iter().find(|(name, _)| *name == wanted).map(|(_, scale)| *scale);
    known.ok_or_else(|| DurationError::Unit { unit: unit.to_string(), allowed })
}
