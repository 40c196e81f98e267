//! Reading durations and timestamps, and taking them apart.
//!
//! Accessors take an optional zone: `UTC` or a fixed offset (`+02:00`). Named zones need a time zone database, which this
//! program does not carry; they are an error.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::{Function, GIVES_INT, Param, TEXT, text};
use crate::expr::steps::Steps;
use crate::expr::types::Type;
use crate::expr::value::{Outcome, Value, fail};

const AT: Param = &[Type::Timestamp];
const AT_OR_DURATION: Param = &[Type::Timestamp, Type::Duration];

pub(super) const TABLE: &[Function] = &[
    Function::method("getFullYear", &[AT, TEXT], GIVES_INT, |_, a| part(a, |t| t.year().into(), None)).optional(1),
    Function::method("getMonth", &[AT, TEXT], GIVES_INT, |_, a| part(a, |t| i64::from(t.month()) - 1, None))
        .optional(1),
    Function::method("getDate", &[AT, TEXT], GIVES_INT, |_, a| part(a, |t| t.day().into(), None)).optional(1),
    Function::method("getDayOfMonth", &[AT, TEXT], GIVES_INT, |_, a| part(a, |t| i64::from(t.day()) - 1, None))
        .optional(1),
    Function::method("getDayOfWeek", &[AT, TEXT], GIVES_INT, day_of_week).optional(1),
    Function::method("getDayOfYear", &[AT, TEXT], GIVES_INT, |_, a| part(a, |t| i64::from(t.day_of_year()) - 1, None))
        .optional(1),
    Function::method("getHours", &[AT_OR_DURATION, TEXT], GIVES_INT, |_, a| {
        part(a, |t| t.hour().into(), Some(|nanos| nanos / 3_600_000_000_000))
    })
    .optional(1),
    Function::method("getMinutes", &[AT_OR_DURATION, TEXT], GIVES_INT, |_, a| {
        part(a, |t| t.minute().into(), Some(|nanos| nanos / 60_000_000_000))
    })
    .optional(1),
    Function::method("getSeconds", &[AT_OR_DURATION, TEXT], GIVES_INT, |_, a| {
        part(a, |t| t.second().into(), Some(|nanos| nanos / 1_000_000_000))
    })
    .optional(1),
    Function::method("getMilliseconds", &[AT_OR_DURATION, TEXT], GIVES_INT, |_, a| {
        part(a, |t| t.millisecond().into(), Some(|nanos| nanos / 1_000_000 % 1000))
    })
    .optional(1),
];

fn day_of_week<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    part(args, |t| t.weekday().to_sunday_zero_offset().into(), None)
}

type OfDuration = fn(i128) -> i128;

fn part<'a>(args: &[Value<'_>], of: fn(DateTime) -> i64, of_duration: Option<OfDuration>) -> Outcome<Value<'a>> {
    match (&args[0], of_duration) {
        (Value::Timestamp(at), _) => {
            let offset = if args.len() > 1 { zone(text(args, 1)?)? } else { Offset::UTC };
            Ok(Value::Int(of(offset.to_datetime(*at))))
        }
        (Value::Duration(duration), Some(of)) => {
            Ok(Value::Int(i64::try_from(of(duration.as_nanos())).unwrap_or(i64::MAX)))
        }
        (other, _) => fail(format!("a timestamp is needed here, not {}", other.type_name())),
    }
}

fn zone(name: &str) -> Outcome<Offset> {
    let digits = name.trim_start_matches(['+', '-']);
    let offset = digits.split_once(':').and_then(|(hours, minutes)| {
        let seconds = hours.parse::<i32>().ok()?.checked_mul(3600)? + minutes.parse::<i32>().ok()?.checked_mul(60)?;
        Offset::from_seconds(if name.starts_with('-') { -seconds } else { seconds }).ok()
    });
    match (name, offset) {
        ("UTC", _) => Ok(Offset::UTC),
        (_, Some(offset)) => Ok(offset),
        _ => fail("a time zone is `UTC` or an offset such as `+02:00`"),
    }
}

/// Nanoseconds of `1h30m`, `-1.5s`, `100ms`.
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit_len = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        total += amount(number, unit(&after[..unit_len])?)?;
        rest = &after[unit_len..];
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

fn unit(name: &str) -> Option<i128> {
    Some(match name {
        "h" => 3_600_000_000_000,
        "m" => 60_000_000_000,
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" | "µs" | "μs" => 1_000,
        "ns" => 1,
        _ => return None,
    })
}

/// `number * unit` in whole nanoseconds, digits beyond them dropped.
fn amount(number: &str, unit: i128) -> Option<i128> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() > 18 || decimals.contains('.') || (whole.is_empty() && decimals.is_empty()) {
        return None;
    }
    let decimals = &decimals[..decimals.len().min(18)];
    let parse = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
    let fraction = parse(decimals)? * unit / 10_i128.pow(u32::try_from(decimals.len()).ok()?);
    Some(parse(whole)? * unit + fraction)
}

/// An RFC 3339 time with its offset.
pub(super) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let separated = text.as_bytes().get(10).is_some_and(|b| *b == b'T' || *b == b't');
    if !separated || text.contains('[') {
        return None;
    }
    text.parse().ok()
}
