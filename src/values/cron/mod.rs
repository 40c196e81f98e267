//! `Cron`: schedules of CronJobs and everything else that uses the same notation.
//!
//! Reads a schedule as the CronJob controller does and tells how long it can be silent. Times are wall-clock times: the
//! hour that daylight saving adds or takes is not counted, and time zone names are kept, not checked.
//!
//! Source: the standard parser of github.com/robfig/cron v3, which Kubernetes uses. Where both day fields are given, a
//! day that matches either is a run day; a field that starts with `*` or `?` and has no step counts as not given.

mod parse;

use std::fmt;

pub use parse::CronError;

/// A schedule.
///
/// ```
/// use k8sready::values::Cron;
/// let backup: Cron = "0 */6 * * *".parse()?;
/// assert_eq!(backup.longest_gap(), Some(6 * 3600));
/// assert!("0 0 30 2 *".parse::<Cron>()?.never_runs());
/// # Ok::<(), k8sready::values::CronError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    time_zone: Option<String>,
    schedule: Schedule,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Schedule {
    /// Every so many seconds since the last run.
    Every(u64),
    At(Fields),
}

/// One bit a value; the bits of days and months start at 1 as the values do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether both day fields must match, because one of them was left open.
    both_days: bool,
}

const DAY: u64 = 86_400;
/// The Gregorian calendar repeats after this many years, weekdays included.
const CYCLE_YEARS: u32 = 400;
/// 1 January 2000, where the cycle below starts, was a Saturday.
const FIRST_WEEKDAY: u32 = 6;

impl Cron {
    /// The time zone of a `TZ=` or `CRON_TZ=` prefix. CronJobs refuse such a prefix; they have `timeZone`.
    pub fn time_zone(&self) -> Option<&str> {
        self.time_zone.as_deref()
    }

    /// Whether no day ever matches, e.g. 30 February.
    pub fn never_runs(&self) -> bool {
        self.longest_gap().is_none()
    }

    /// The longest time between two consecutive runs, in seconds; `None` if there are no runs. It is exact: the whole
    /// cycle of the calendar is looked at, so `0 0 29 2 *` gives the eight years around 2100.
    pub fn longest_gap(&self) -> Option<u64> {
        let fields = match self.schedule {
            Schedule::Every(seconds) => return Some(seconds),
            Schedule::At(fields) => fields,
        };
        let days = fields.longest_day_gap()?;
        let times = fields.times();
        let (first, last) = (times.first()?, times.last()?);
        let inside = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        Some(inside.max(days * DAY + first - last))
    }
}

impl Fields {
    /// Seconds after midnight at which it runs on a run day, ascending.
    fn times(&self) -> Vec<u64> {
        let minutes = (0..1440).filter(|minute| has(self.hours, minute / 60) && has(self.minutes, minute % 60));
        minutes.map(|minute| u64::from(minute) * 60).collect()
    }

    fn runs_on(&self, month: u32, day: u32, weekday: u32) -> bool {
        let (by_day, by_weekday) = (has(self.days, day), has(self.weekdays, weekday));
        has(self.months, month) && if self.both_days { by_day && by_weekday } else { by_day || by_weekday }
    }

    /// The most days from one run day to the next.
    fn longest_day_gap(&self) -> Option<u64> {
        let (mut first, mut last, mut longest, mut today) = (None, None, 0, 0u64);
        for year in 0..CYCLE_YEARS {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    let weekday = (FIRST_WEEKDAY + u32::try_from(today % 7).unwrap_or(0)) % 7;
                    if self.runs_on(month, day, weekday) {
                        first = first.or(Some(today));
                        longest = longest.max(today - last.unwrap_or(today));
                        last = Some(today);
                    }
                    today += 1;
                }
            }
        }
        // The cycle closes: after the last run day comes the first one again.
        Some(longest.max(first? + today - last?))
    }
}

fn has(bits: u64, value: u32) -> bool {
    bits >> value & 1 == 1
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The schedule with single blanks, as it was spelled.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(zone) = &self.time_zone {
            write!(f, "CRON_TZ={zone} ")?;
        }
        f.write_str(&self.text)
    }
}
