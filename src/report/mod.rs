//! Reports: one format, one file, each with structs of its own.
//!
//! Formats read a finished [`Report`] and write bytes. They do not compute, filter or sort findings beyond what their
//! own layout needs, do no I/O of their own, and do not know where results came from.

mod concise;
mod escape;
mod full;
mod github;
mod gitlab;
mod in_repository;
mod json;
mod json_text;
mod junit;
mod markdown;
mod model;
mod openreports;
mod prometheus;
mod sarif;
mod style;
mod tally;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use crate::vocabulary::UnknownWord;

pub use escape::{escape, is_unsafe};
pub use in_repository::in_repository;
pub use model::{
    Cluster, Comparison, Counts, Coverage, DataNote, Finding, GroupScore, Groups, KindCoverage, KindState, Location,
    LocationSource, ProblemNote, Region, Related, Report, RuleCard, Skipped, SourceText, Status, SubjectName,
    Suppressed, SuppressedBy,
};
pub use style::{ColourChoice, Detail, Style, Surroundings, colour, unicode};
pub use tally::score_input;

/// Declares the formats: name on the command line, who reads it, and the function that writes it.
macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident = $word:literal for $reader:ident by $write:path;)+) => {
        /// The formats.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Format { $($(#[$doc])* $variant),+ }

        impl Format {
            /// Every format.
            pub const ALL: &'static [Format] = &[$(Format::$variant),+];
            /// Their names, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            fn reader(self) -> Reader {
                match self { $(Format::$variant => Reader::$reader),+ }
            }

            fn writer(self) -> Writer {
                match self { $(Format::$variant => $write),+ }
            }
        }
    };
}

formats! {
    /// For people at a terminal.
    Full = "full" for Person by full::write;
    /// One line a finding.
    Concise = "concise" for Person by concise::write;
    /// The machine contract.
    Json = "json" for Machine by json::write;
    /// For code scanning.
    Sarif = "sarif" for Machine by sarif::write;
    /// Annotations of GitHub Actions.
    Github = "github" for Machine by github::write;
    /// GitLab's code quality report.
    Gitlab = "gitlab" for Machine by gitlab::write;
    /// Test results, for every other build server.
    Junit = "junit" for Machine by junit::write;
    /// Comments and job summaries.
    Markdown = "markdown" for Machine by markdown::write;
    /// Metrics, for alerts.
    Prometheus = "prometheus" for Machine by prometheus::write;
    /// Custom resources for dashboards.
    Openreports = "openreports" for Machine by openreports::write;
    /// The same in their older generation.
    Policyreport = "policyreport" for Machine by openreports::write_policy;
}

/// Who reads a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Person,
    Machine,
}

type Writer = fn(&Report, &dyn SourceText, &Style, &mut dyn Write) -> io::Result<()>;

impl Format {
    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        Format::WORDS[self as usize]
    }

    /// Whether people read it, so that colour is welcome.
    pub fn is_human(self) -> bool {
        self.reader() == Reader::Person
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Format::ALL.iter().find(|format| format.as_str() == word);
        found.copied().ok_or_else(|| UnknownWord { word: word.to_string(), allowed: Format::WORDS })
    }
}

/// Writes a report. The only errors are those of `out`.
pub fn write(
    format: Format,
    report: &Report,
    texts: &dyn SourceText,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    format.writer()(report, texts, style, out)
}
