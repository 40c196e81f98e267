//! What the environment says: the clock, the terminal, colours. The only reader of environment variables beside clap.

use jiff::civil::Date;

/// Today, in UTC.
pub fn today() -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date()
}
