//! Reports: one format, one file, each with structs of its own.
//!
//! Formats read a finished [`Report`] and write bytes. They do not compute, filter or sort findings beyond what their
//! own layout needs, do no I/O of their own, and do not know where results came from.

mod model;

pub use model::{
    Counts, Coverage, DataNote, Finding, KindCoverage, KindState, Lines, Location, LocationSource, ProblemNote, Region,
    Related, Report, RuleCard, Skipped, Status, SubjectName, Suppressed, SuppressedBy,
};

/// Formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Full.
    Full,
}

impl Format {
    /// Names.
    pub const NAMES: &'static [&'static str] = &["full"];
}

impl std::str::FromStr for Format {
    type Err = String;
    fn from_str(_: &str) -> Result<Self, String> {
        Ok(Format::Full)
    }
}
