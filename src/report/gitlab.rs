//! `gitlab`: a code quality report, which GitLab shows in merge requests and beside the diff.
//!
//! GitLab drops all but one of the entries that share a fingerprint and shows only differences between two reports, so
//! fingerprints are unique and hold no line numbers. An entry must have a path; what lies in no file is shown under its
//! own name.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::vocabulary::Severity;

use super::tally::worst_first;
use super::{Finding, Report, SourceText, Style, in_repository, json_text};

#[derive(Serialize)]
struct Entry<'a> {
    description: &'a str,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

pub(super) fn write(report: &Report, _: &dyn SourceText, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let findings = worst_first(report);
    let entries: Vec<Entry<'_>> = findings.iter().map(|finding| entry(finding, &mut seen, style)).collect();
    json_text::write(&entries, out)
}

fn entry<'a>(finding: &'a Finding, seen: &mut BTreeMap<&'a str, usize>, style: &Style) -> Entry<'a> {
    let times = seen.entry(&finding.fingerprint).or_default();
    *times += 1;
    let fingerprint = match *times {
        1 => finding.fingerprint.clone(),
        times => format!("{}-{times}", finding.fingerprint),
    };
    Entry {
        description: &finding.message,
        check_name: format!("k8sready/{}", finding.rule),
        fingerprint,
        severity: severity(finding.severity),
        location: Location {
            path: in_repository::file_or_name(&style.uri_prefix, &finding.location),
            lines: Lines { begin: finding.location.region.map_or(1, |region| region.line) },
        },
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}
