//! `sarif`: SARIF 2.1.0 as GitHub code scanning ingests it.
//!
//! Suppressed findings are left out (GitHub would open alerts for them), as are unknowns and passes; findings without
//! a file in the repository and findings over the limit are left out too, and a notification says how many. No text of
//! the input is quoted beyond messages: the log travels to places where the files do not.

mod line_hash;
mod log;
mod rules;

use std::collections::BTreeMap;
use std::io::{self, Write};

use rustc_hash::FxHashMap;

use crate::vocabulary::{RuleId, Severity, SourceId};

use super::tally::number;
use super::{Finding, Location, Report, SourceText, Status, Style, in_repository, json_text};
use log::{
    ArtifactLocation, AutomationDetails, Driver, Invocation, Level, Log, Notification, PhysicalLocation, Region,
    RelatedLocation, ResultObject, Run, Text, Tool,
};

/// GitHub refuses more results in one run.
const MAX_RESULTS: usize = 25_000;

pub(super) fn write(report: &Report, texts: &dyn SourceText, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer { texts, prefix: &style.uri_prefix, hashes: FxHashMap::default() };
    let (results, notifications) = writer.results(report);
    let driver = Driver {
        name: "k8sready",
        version: report.tool_version.clone(),
        semantic_version: report.tool_version.clone(),
        rules: report.rules.iter().map(rules::rule).collect(),
    };
    let run = Run {
        tool: Tool { driver },
        // The slash ends the category; what follows it would be a run's id.
        automation_details: style.category.as_ref().map(|category| AutomationDetails { id: format!("{category}/") }),
        invocations: [Invocation { execution_successful: true, tool_execution_notifications: notifications }],
        column_kind: "utf16CodeUnits",
        results,
    };
    let log = Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
    json_text::write(&log, out)
}

struct Writer<'a> {
    texts: &'a dyn SourceText,
    prefix: &'a str,
    hashes: FxHashMap<SourceId, Vec<String>>,
}

impl Writer<'_> {
    /// The results, worst first, and notes about what is not among them.
    fn results(&mut self, report: &Report) -> (Vec<ResultObject>, Vec<Notification>) {
        let indexes: FxHashMap<&RuleId, usize> =
            report.rules.iter().enumerate().map(|(at, card)| (&card.id, at)).collect();
        let reported = |finding: &&Finding| finding.status == Status::Fail && finding.suppressed.is_none();
        let failures: Vec<&Finding> = report.findings.iter().filter(reported).collect();
        let mut placed: Vec<(usize, &Finding, String)> = failures
            .iter()
            .filter_map(|finding| Some((*indexes.get(&finding.rule)?, *finding, self.uri(&finding.location)?)))
            .collect();
        placed.sort_by(|(_, a, a_uri), (_, b, b_uri)| {
            let place = (&a.rule, a_uri, a.location.region, &a.fingerprint);
            b.severity.cmp(&a.severity).then_with(|| place.cmp(&(&b.rule, b_uri, b.location.region, &b.fingerprint)))
        });
        let notes = [
            (failures.len() - placed.len(), "that no file in the repository holds"),
            (placed.len().saturating_sub(MAX_RESULTS), "beyond the limit of 25000 results, the mildest,"),
        ];
        placed.truncate(MAX_RESULTS);
        let results = placed.into_iter().map(|(rule, finding, uri)| self.result(rule, finding, uri)).collect();
        let notes = notes.into_iter().filter(|(count, _)| *count > 0);
        (results, notes.map(|(count, which)| left_out(count, which)).collect())
    }

    fn uri(&self, location: &Location) -> Option<String> {
        in_repository::file(self.prefix, location).map(|path| in_repository::percent_encoded(&path))
    }

    fn result(&mut self, rule_index: usize, finding: &Finding, uri: String) -> ResultObject {
        let related_locations = self.related(finding);
        let region = self.region(&finding.location);
        let mut partial_fingerprints = BTreeMap::from([("k8sready/v1", finding.fingerprint.clone())]);
        if let Some(hash) = self.line_hash(&finding.location, region.start_line) {
            partial_fingerprints.insert("primaryLocationLineHash", hash);
        }
        ResultObject {
            rule_id: finding.rule.as_str().to_string(),
            rule_index,
            level: level(finding.severity),
            message: Text { text: message(finding, &related_locations) },
            locations: [log::Location { physical_location: physical(uri, region) }],
            related_locations,
            partial_fingerprints,
        }
    }

    fn related(&self, finding: &Finding) -> Vec<RelatedLocation> {
        let placed = finding.related.iter().filter_map(|related| Some((related, self.uri(&related.location)?)));
        (1..)
            .zip(placed)
            .map(|(id, (related, uri))| RelatedLocation {
                id,
                physical_location: physical(uri, self.region(&related.location)),
                message: Text { text: unlinked(&related.text) },
            })
            .collect()
    }

    /// The part of a location that lies on its first line, never empty. A file as a whole is its first character.
    fn region(&self, location: &Location) -> Region {
        let Some(region) = location.region else {
            return Region { start_line: 1, start_column: 1, end_line: 1, end_column: 2 };
        };
        let end = if region.end_line > region.line {
            let line = location.place.and_then(|place| self.texts.line(place.source, region.line)).unwrap_or("");
            line.trim_end().encode_utf16().count() + 1
        } else {
            region.end_column
        };
        let end_column = end.max(region.column + 1);
        Region { start_line: region.line, start_column: region.column, end_line: region.line, end_column }
    }

    fn line_hash(&mut self, location: &Location, line: usize) -> Option<String> {
        let source = location.place?.source;
        let text = self.texts.text(source)?;
        let hashes = self.hashes.entry(source).or_insert_with(|| line_hash::line_hashes(text));
        hashes.get(line - 1).cloned()
    }
}

fn physical(uri: String, region: Region) -> PhysicalLocation {
    PhysicalLocation { artifact_location: ArtifactLocation { uri }, region }
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium => Level::Warning,
        Severity::Low | Severity::Info => Level::Note,
    }
}

/// The finding's sentence, then links to the related places: GitHub shows a place only when the message links to it.
fn message(finding: &Finding, related: &[RelatedLocation]) -> String {
    let sentence = unlinked(&finding.message);
    if related.is_empty() {
        return sentence;
    }
    let bare = |text: &str| text.replace(['[', ']'], "");
    let links: Vec<String> =
        related.iter().map(|place| format!("[{}]({})", bare(&place.message.text), place.id)).collect();
    format!("{sentence}. See: {}", links.join(", "))
}

/// Text from the input must not become a link.
fn unlinked(text: &str) -> String {
    text.replace("](", "] (")
}

fn left_out(count: usize, which: &str) -> Notification {
    let verb = if count == 1 { "is" } else { "are" };
    let text = format!("{} {which} {verb} left out.", number(count, "finding"));
    Notification { level: Level::Note, message: Text { text } }
}
