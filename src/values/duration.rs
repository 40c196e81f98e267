//! `GoDuration`: the durations of Kubernetes and etcd flags (`1h30m`, `100ms`, `1.5s`).
//!
//! The time spans of HAProxy and systemd follow other rules and live in `timespan`.
//!
//! Source: Go's `time.ParseDuration` and `Duration.String`, which `metav1.Duration` uses.

use std::fmt;
use std::str::FromStr;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationError {
    /// Nothing there.
    Empty,
    /// A number was expected.
    NoNumber,
    /// A number without unit, where one is needed.
    NoUnit,
    /// A unit that does not exist.
    Unit {
        /// What was written.
        unit: String,
        /// What may be written.
        allowed: &'static str,
    },
    /// Longer than can be held.
    Overflow,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DurationError::Empty => f.write_str("a duration cannot be empty"),
            DurationError::NoNumber => f.write_str("a duration starts with a number"),
            DurationError::NoUnit => f.write_str("the unit is missing, e.g. `30s`"),
            DurationError::Unit { unit, allowed } => write!(f, "the unit `{unit}` is none of {allowed}"),
            DurationError::Overflow => f.write_str("the duration is longer than can be held"),
        }
    }
}

impl std::error::Error for DurationError {}

/// A signed duration in nanoseconds, at most 292 years.
///
/// ```
/// use k8sready::values::GoDuration;
/// let lease: GoDuration = "1h30m".parse()?;
/// assert_eq!(lease.nanos(), 5_400_000_000_000);
/// assert_eq!(lease.to_string(), "1h30m0s");
/// assert!("100".parse::<GoDuration>().is_err());
/// # Ok::<(), k8sready::values::DurationError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000), // U+00B5, micro sign
    ("μs", 1_000), // U+03BC, Greek letter mu
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3600 * SECOND),
];
const SECOND: i64 = 1_000_000_000;

impl GoDuration {
    /// A duration of so many nanoseconds.
    pub fn from_nanos(nanos: i64) -> Self {
        GoDuration(nanos)
    }

    /// Nanoseconds.
    pub fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds, cut off towards zero.
    pub fn millis(self) -> i64 {
        self.0 / 1_000_000
    }

    /// Seconds, with fraction.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
        match rest {
            "" => return Err(DurationError::Empty),
            "0" => return Ok(GoDuration(0)),
            _ => {}
        }
        let mut total = 0i128;
        while !rest.is_empty() {
            let (nanos, after) = term(rest)?;
            total += nanos;
            rest = after;
            if total > i128::from(i64::MAX) + 1 {
                return Err(DurationError::Overflow);
            }
        }
        let signed = if text.starts_with('-') { -total } else { total };
        i64::try_from(signed).map(GoDuration).map_err(|_| DurationError::Overflow)
    }
}

/// One `number unit` pair in nanoseconds, and what follows it.
fn term(text: &str) -> Result<(i128, &str), DurationError> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::NoNumber);
    }
    let (unit, rest) = rest.split_at(rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len()));
    if unit.is_empty() {
        return Err(DurationError::NoUnit);
    }
    let (_, scale) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| DurationError::Unit { unit: unit.to_string(), allowed: "ns, us, ms, s, m, h" })?;
    let scale = i128::from(*scale);
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| DurationError::Overflow)? };
    let whole = whole.checked_mul(scale).ok_or(DurationError::Overflow)?;
    Ok((whole + fraction_of(fraction, scale), rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The digits after a point, times the unit, cut off towards zero. 18 digits are finer than any unit needs.
fn fraction_of(digits: &str, scale: i128) -> i128 {
    let digits = &digits[..digits.len().min(18)];
    let sum = digits.bytes().fold(0i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    sum * scale / 10i128.pow(u32::try_from(digits.len()).unwrap_or(18))
}

/// As Go prints it: hours, minutes and seconds from one second up, else one smaller unit.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let second = SECOND.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanos}ns"),
            1_000..1_000_000 => write!(f, "{}µs", decimal(nanos, 1_000)),
            1_000_000..1_000_000_000 => write!(f, "{}ms", decimal(nanos, 1_000_000)),
            _ => {
                let (minutes, rest) = (nanos / (60 * second), nanos % (60 * second));
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                write!(f, "{}s", decimal(rest, second))
            }
        }
    }
}

/// `value / unit` without trailing zeros.
fn decimal(value: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
