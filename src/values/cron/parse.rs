//! Reading a schedule: prefix, descriptor or five fields.

use std::fmt;
use std::str::FromStr;

use super::{Cron, Fields, Schedule};
use crate::values::{DurationError, GoDuration};

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CronError {
    /// Nothing there.
    Empty,
    /// Not five fields but so many.
    FieldCount(usize),
    /// A `@word` that does not exist.
    Descriptor(String),
    /// The duration of `@every`.
    Every(DurationError),
    /// A field that cannot be read.
    Field {
        /// Which of the five.
        name: &'static str,
        /// The part of it that is wrong.
        part: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CronError::Empty => f.write_str("a schedule cannot be empty"),
            CronError::FieldCount(count) => write!(f, "a schedule has five fields, not {count}"),
            CronError::Descriptor(word) => write!(
                f,
                "`{word}` is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every DURATION"
            ),
            CronError::Every(error) => write!(f, "@every: {error}"),
            CronError::Field { name, part, why } => write!(f, "`{part}` of the {name} field {why}"),
        }
    }
}

impl std::error::Error for CronError {}

/// What a field may hold.
struct Bounds {
    name: &'static str,
    min: u32,
    max: u32,
    /// Names of the values from `min` on.
    names: &'static [&'static str],
}

const MINUTE: Bounds = Bounds { name: "minute", min: 0, max: 59, names: &[] };
const HOUR: Bounds = Bounds { name: "hour", min: 0, max: 23, names: &[] };
const DAY: Bounds = Bounds { name: "day-of-month", min: 1, max: 31, names: &[] };
const MONTH: Bounds = Bounds {
    name: "month",
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
/// Sunday is 0 only: this parser refuses 7.
const WEEKDAY: Bounds =
    Bounds { name: "day-of-week", min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

const DESCRIPTORS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let prefixed = ["CRON_TZ=", "TZ="].iter().find_map(|prefix| text.strip_prefix(prefix));
        let (time_zone, spec) = match prefixed {
            Some(rest) => rest.split_once(' ').map(|(zone, spec)| (Some(zone), spec.trim())).ok_or(CronError::Empty)?,
            None => (None, text),
        };
        let words: Vec<&str> = spec.split_whitespace().collect();
        let schedule = match () {
            () if words.is_empty() => return Err(CronError::Empty),
            () if spec.starts_with('@') => descriptor(spec)?,
            () => Schedule::At(fields(&words)?),
        };
        Ok(Cron { time_zone: time_zone.map(str::to_string), schedule, text: words.join(" ") })
    }
}

fn descriptor(text: &str) -> Result<Schedule, CronError> {
    if let Some(duration) = text.strip_prefix("@every ") {
        let every: GoDuration = duration.parse().map_err(CronError::Every)?;
        // Less than a second, or less than nothing, is read as one second.
        return Ok(Schedule::Every(u64::try_from(every.nanos() / 1_000_000_000).unwrap_or(0).max(1)));
    }
    let known = DESCRIPTORS.iter().find(|(word, _)| *word == text);
    let (_, spec) = known.ok_or_else(|| CronError::Descriptor(text.to_string()))?;
    fields(&spec.split(' ').collect::<Vec<_>>()).map(Schedule::At)
}

fn fields(words: &[&str]) -> Result<Fields, CronError> {
    let &[minute, hour, day, month, weekday] = words else { return Err(CronError::FieldCount(words.len())) };
    let (days, any_day) = field(day, &DAY)?;
    let (weekdays, any_weekday) = field(weekday, &WEEKDAY)?;
    Ok(Fields {
        minutes: field(minute, &MINUTE)?.0,
        hours: field(hour, &HOUR)?.0,
        days,
        months: field(month, &MONTH)?.0,
        weekdays,
        both_days: any_day || any_weekday,
    })
}

/// The values of a field, and whether it was left open.
fn field(text: &str, bounds: &Bounds) -> Result<(u64, bool), CronError> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts.map(|part| range(part, bounds)).try_fold((0, false), |(bits, open), part| {
        let (more, also_open) = part?;
        Ok((bits | more, open || also_open))
    })
}

/// `*`, `*/5`, `3`, `3/5`, `1-5`, `1-5/2`.
fn range(part: &str, bounds: &Bounds) -> Result<(u64, bool), CronError> {
    let error = |why| CronError::Field { name: bounds.name, part: part.to_string(), why };
    let (span, step) = match part.split_once('/') {
        Some((span, step)) => (span, Some(number(step).ok_or_else(|| error("has a step that is no number"))?)),
        None => (part, None),
    };
    let (low, high) = match span.split_once('-') {
        Some((low, high)) => (low, Some(high)),
        None => (span, None),
    };
    let star = matches!(low, "*" | "?");
    let value = |text| bounds.value(text).ok_or_else(|| error("is no value it may hold"));
    let (start, end) = match high {
        _ if star => (bounds.min, bounds.max),
        Some(high) => (value(low)?, value(high)?),
        None if step.is_some() => (value(low)?, bounds.max),
        None => (value(low)?, value(low)?),
    };
    match step.unwrap_or(1) {
        0 => Err(error("has a step of 0")),
        _ if start < bounds.min || end > bounds.max => Err(error("is out of range")),
        _ if start > end => Err(error("ends before it starts")),
        step => {
            let values = (start..=end).step_by(usize::try_from(step).unwrap_or(usize::MAX));
            Ok((values.fold(0, |bits, value| bits | 1 << value), star && step == 1))
        }
    }
}

impl Bounds {
    fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| text.eq_ignore_ascii_case(name));
        match named {
            Some(index) => Some(self.min + u32::try_from(index).ok()?),
            None => number(text),
        }
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}
