//! Case tables of `values`: what is accepted, how it prints, how it compares.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic")]

#[path = "values/addresses.rs"]
mod addresses;
#[path = "values/cron.rs"]
mod cron;
#[path = "values/quantity.rs"]
mod quantity;
#[path = "values/selector.rs"]
mod selector;
#[path = "values/shellwords.rs"]
mod shellwords;
#[path = "values/spellings.rs"]
mod spellings;
#[path = "values/times.rs"]
mod times;
#[path = "values/versions.rs"]
mod versions;

use std::fmt::Display;
use std::str::FromStr;

/// Parses a text that must be accepted.
fn read<T: FromStr<Err: Display>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
}
