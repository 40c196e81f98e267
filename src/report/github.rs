//! `github`: workflow commands, which GitHub Actions shows as annotations on the changed files.
//!
//! The runner keeps ten of each kind a step and drops the rest without a word, so the worst come first and a notice says
//! how many are missing. Names and messages come from the input: nothing of them can end a command or begin one.

use std::io::{self, Write};

use crate::vocabulary::Severity;

use super::escape::escape;
use super::tally::{counts_line, worst_first};
use super::{Finding, Location, ProblemNote, Report, SourceText, Style, in_repository};

/// How many annotations of a kind the runner keeps in a step.
const KEPT: usize = 10;

/// The kinds of annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Kind::Error,
            Severity::Medium => Kind::Warning,
            Severity::Low | Severity::Info => Kind::Notice,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Kind::Error => "error",
            Kind::Warning => "warning",
            Kind::Notice => "notice",
        }
    }
}

pub(super) fn write(report: &Report, _: &dyn SourceText, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let findings = worst_first(report).into_iter().map(|finding| of_finding(report, finding, style));
    let problems = report.problems.iter().map(|problem| of_problem(problem, style));
    let all: Vec<(Kind, String)> = findings.chain(problems).collect();
    let of_kind = |kind: Kind| all.iter().filter(move |(of, _)| *of == kind);
    let fits = [Kind::Error, Kind::Warning, Kind::Notice].iter().all(|kind| of_kind(*kind).count() <= KEPT);
    let mut shown = 0;
    for kind in [Kind::Error, Kind::Warning, Kind::Notice] {
        // The last notice says what is missing.
        let room = if kind == Kind::Notice && !fits { KEPT - 1 } else { KEPT };
        for (_, command) in of_kind(kind).take(room) {
            writeln!(out, "{command}")?;
            shown += 1;
        }
    }
    if !fits {
        let more = format!("{} more not annotated: see the summary or the log", all.len() - shown);
        writeln!(out, "{}", command(Kind::Notice, &[("title", "k8sready".to_string())], &more))?;
    }
    writeln!(out, "{}", counts_line(report, all.len() - shown))
}

fn of_finding(report: &Report, finding: &Finding, style: &Style) -> (Kind, String) {
    let kind = Kind::of(finding.severity);
    let title = format!("{}: {}", finding.severity, finding.rule);
    let fix = report.card(&finding.rule).map_or_else(String::new, |card| format!("\n{}", card.fix));
    let text = format!("{}{fix}", escape(&finding.message));
    (kind, command(kind, &properties(&finding.location, style, title), &text))
}

fn of_problem(problem: &ProblemNote, style: &Style) -> (Kind, String) {
    let title = format!("problem: {}", problem.code.code());
    let properties = match &problem.location {
        Some(location) => properties(location, style, title),
        None => vec![("title", title)],
    };
    (Kind::Warning, command(Kind::Warning, &properties, &escape(&problem.message)))
}

/// One line of the file: an annotation over several lines would hide the diff.
fn properties(location: &Location, style: &Style, title: String) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if let Some(path) = in_repository::file(&style.uri_prefix, location) {
        all.push(("file", path));
        if let Some(region) = location.region {
            all.push(("line", region.line.to_string()));
            all.push(("col", region.column.to_string()));
            if region.end_line == region.line {
                all.push(("endColumn", region.end_column.to_string()));
            }
        }
    }
    all.push(("title", title));
    all
}

fn command(kind: Kind, properties: &[(&str, String)], text: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", as_property(&escape(value)))).collect();
    format!("::{} {}::{}", kind.as_str(), properties.join(","), as_data(text))
}

fn as_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn as_property(text: &str) -> String {
    as_data(text).replace(':', "%3A").replace(',', "%2C")
}
