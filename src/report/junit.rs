//! `junit`: test results, which every build server can show.
//!
//! A suite an area, a case a finding. Only what fails the gate is a failure; what is milder passes and says so in its
//! output. What was waved through or could not be decided is skipped, with the reason. The last suite holds one case for
//! the audit as a whole, so that a clean run is not an empty file, which some servers take for a broken build.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::concise::position;
use super::escape::escape;
use super::tally::counts_line;
use super::{Finding, Report, SourceText, Status, Style, in_repository};

/// What became of a case.
enum Outcome {
    Passed(String),
    Failed { kind: &'static str, message: String, text: String },
    Skipped(String),
}

struct Case {
    name: String,
    class: String,
    outcome: Outcome,
}

pub(super) fn write(report: &Report, _: &dyn SourceText, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for finding in &report.findings {
        let area = report.card(&finding.rule).map_or("other", |card| card.area.as_str());
        suites.entry(area).or_default().push(case(report, finding, style));
    }
    let mut suites: Vec<(&str, Vec<Case>)> = suites.into_iter().collect();
    suites.push(("k8sready", vec![whole(report)]));
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    writeln!(out, r#"<testsuites name="k8sready" {}>"#, totals(all()))?;
    for (name, cases) in &suites {
        writeln!(out, r#"  <testsuite name="{}" {}>"#, xml(name), totals(cases.iter()))?;
        cases.iter().try_for_each(|case| write_case(case, out))?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn case(report: &Report, finding: &Finding, style: &Style) -> Case {
    let object = if finding.location.object.is_empty() { &finding.subject.name } else { &finding.location.object };
    let container = finding.subject.container.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    let at = position(&finding.location);
    let outcome = match (&finding.suppressed, finding.status) {
        (Some(suppressed), _) => Outcome::Skipped(format!("suppressed: {}", suppressed.reason)),
        (None, Status::Pass) => Outcome::Passed(String::new()),
        (None, Status::Unknown) => Outcome::Skipped(unknown(finding)),
        (None, Status::Fail) if finding.baselined => Outcome::Skipped("listed in the baseline".to_string()),
        (None, Status::Fail) if !finding.new => Outcome::Skipped("known before".to_string()),
        (None, Status::Fail) if report.fail_on.is_none_or(|least| finding.severity < least) => {
            let message = escape(&finding.message);
            Outcome::Passed(format!("{at}: {}: {message} (does not fail the gate)", finding.severity))
        }
        (None, Status::Fail) => failed(report, finding, &at),
    };
    Case {
        name: format!("{} {object}{container}", finding.rule),
        class: in_repository::file_or_name(&style.uri_prefix, &finding.location),
        outcome,
    }
}

fn unknown(finding: &Finding) -> String {
    let reason = finding.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", reason.text));
    format!("unknown{reason}")
}

fn failed(report: &Report, finding: &Finding, at: &str) -> Outcome {
    let advice = report
        .card(&finding.rule)
        .map_or_else(String::new, |card| format!("\nWhy: {}\nHelp: {}", escape(&card.why), escape(&card.fix)));
    Outcome::Failed { kind: finding.severity.as_str(), message: finding.message.clone(), text: format!("{at}{advice}") }
}

/// The audit as a whole: problems and the counts.
fn whole(report: &Report) -> Case {
    let problems =
        report.problems.iter().map(|problem| format!("{}: {}\n", problem.code.code(), escape(&problem.message)));
    let text = problems.chain([counts_line(report, 0)]).collect();
    Case { name: "audit".to_string(), class: "k8sready".to_string(), outcome: Outcome::Passed(text) }
}

fn totals<'a>(cases: impl Iterator<Item = &'a Case>) -> String {
    let (mut tests, mut failures, mut skipped) = (0, 0, 0);
    for case in cases {
        tests += 1;
        failures += usize::from(matches!(case.outcome, Outcome::Failed { .. }));
        skipped += usize::from(matches!(case.outcome, Outcome::Skipped(_)));
    }
    format!(r#"tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}""#)
}

fn write_case(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    write!(out, r#"    <testcase name="{}" classname="{}""#, xml(&case.name), xml(&case.class))?;
    match &case.outcome {
        Outcome::Passed(text) if text.is_empty() => writeln!(out, "/>"),
        Outcome::Passed(text) => writeln!(out, ">\n      <system-out>{}</system-out>\n    </testcase>", lines(text)),
        Outcome::Skipped(why) => writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", xml(why)),
        Outcome::Failed { kind, message, text } => writeln!(
            out,
            ">\n      <failure type=\"{kind}\" message=\"{}\">{}</failure>\n    </testcase>",
            xml(message),
            lines(text)
        ),
    }
}

/// Text whose line ends are ours.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(xml).collect();
    lines.join("\n")
}

/// Text as XML 1.0 can hold it, in attributes too: what it forbids is written out.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out
}
