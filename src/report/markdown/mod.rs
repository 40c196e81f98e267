//! `markdown`: a page for job summaries and comments: the score, what changed, the findings with links, and what the rules
//! say about them.
//!
//! GitHub shows nothing at all of a summary above one mebibyte, so a page stays below that and counts what it leaves out.

mod text;

use std::io::{self, Write};

use crate::vocabulary::Severity;

use super::in_repository::{file, file_or_name, percent_encoded};
use super::tally::{counts_line, groups, number, worst_first};
use super::{Comparison, Finding, Location, Report, SourceText, Style};
use text::{code, sentence};

/// Most bytes of a page. Below GitHub's limit with room for what others write into the same summary.
const MOST_BYTES: usize = 900 << 10;
/// What the rules' explanations and the end of the page may take of them.
const FOR_THE_REST: usize = 200 << 10;
/// Findings that are shown without unfolding anything.
const UNFOLDED: usize = 25;
/// Rules that are named as the first to fix.
const TO_FIX: usize = 3;

pub(super) fn write(report: &Report, _: &dyn SourceText, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = String::new();
    heading(&mut page, report);
    if let Some(compared) = &report.compared {
        comparison(&mut page, report, compared);
    }
    pillars(&mut page, report);
    to_fix(&mut page, report);
    problems(&mut page, report, style);
    let hidden = findings(&mut page, report, style);
    rules(&mut page, report);
    page.push_str(&counts_line(report, hidden));
    writeln!(out, "{page}")
}

fn heading(page: &mut String, report: &Report) {
    let score = match &report.score.headline {
        Some(headline) => format!("{} of 100, grade {}", headline.value, headline.grade.as_str().replace('+', "&#43;")),
        None => "not scored".to_string(),
    };
    page.push_str(&format!("## k8sready: {score}\n\n"));
}

/// What the change did to the score and the findings.
fn comparison(page: &mut String, report: &Report, compared: &Comparison) {
    let score = match (compared.score, &report.score.headline) {
        (Some(before), Some(now)) if before == now.value => "the score is the same".to_string(),
        (Some(before), Some(now)) => format!("the score was {before}, now {}", now.value),
        _ => "no score to compare".to_string(),
    };
    let new = worst_first(report).len();
    page.push_str(&format!(
        "Compared with {}: {score}; {} new, {} resolved.\n\n",
        code(&compared.with),
        number(new, "finding"),
        compared.resolved
    ));
}

fn pillars(page: &mut String, report: &Report) {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let pillars = &report.score.pillars;
    page.push_str(&row(pillars.iter().map(|pillar| pillar.pillar.as_str().to_string()).collect()));
    page.push_str(&row(pillars.iter().map(|_| "---:".to_string()).collect()));
    let shown = |value: Option<u8>| value.map_or_else(|| "n/a".to_string(), |value| value.to_string());
    page.push_str(&row(pillars.iter().map(|pillar| shown(pillar.shown())).collect()));
    page.push('\n');
}

fn to_fix(page: &mut String, report: &Report) {
    let Some(plan) = &report.score.plan else { return };
    let steps = plan.steps.iter().take(TO_FIX).map(|step| {
        let objects = number(step.subjects, "object");
        format!("{} ({objects}, +{:.1})", code(step.rule.as_str()), step.points)
    });
    let steps: Vec<String> = steps.collect();
    let more = match plan.steps.len().saturating_sub(TO_FIX) {
        0 => String::new(),
        more => format!(" and {}", number(more, "further rule")),
    };
    page.push_str(&format!("**To reach {}**, fix {}{more}.\n\n", plan.target.as_str(), steps.join(", ")));
}

fn problems(page: &mut String, report: &Report, style: &Style) {
    let mut left = 0;
    for problem in &report.problems {
        if page.len() > FOR_THE_REST {
            left += 1;
            continue;
        }
        let place = problem.location.as_ref().map_or_else(String::new, |at| format!("{}: ", place(at, style)));
        page.push_str(&format!("- {place}{} ({})\n", sentence(&problem.message), code(problem.code.code())));
    }
    if left > 0 {
        page.push_str(&format!("- and {}\n", number(left, "further problem")));
    }
    page.push_str(if report.problems.is_empty() { "" } else { "\n" });
}

/// The table of findings, worst first; gives back how many it leaves out.
fn findings(page: &mut String, report: &Report, style: &Style) -> usize {
    let findings = worst_first(report);
    let rows = findings.iter().map(|finding| row(finding, style));
    let mut taken = page.len();
    let fitting: Vec<String> = rows
        .take_while(|row| {
            taken += row.len();
            taken < MOST_BYTES - FOR_THE_REST
        })
        .collect();
    let (open, folded) = fitting.split_at(fitting.len().min(UNFOLDED));
    table(page, open);
    if !folded.is_empty() {
        page.push_str(&format!("<details><summary>{} more</summary>\n\n", folded.len()));
        table(page, folded);
        page.push_str("</details>\n\n");
    }
    findings.len() - fitting.len()
}

fn table(page: &mut String, rows: &[String]) {
    if !rows.is_empty() {
        page.push_str("| severity | finding | where |\n| --- | --- | --- |\n");
        rows.iter().for_each(|row| page.push_str(row));
        page.push('\n');
    }
}

fn row(finding: &Finding, style: &Style) -> String {
    let preview = if finding.preview { " (preview)" } else { "" };
    let (icon, severity) = (icon(finding.severity), finding.severity);
    let (message, rule) = (sentence(&finding.message), code(finding.rule.as_str()));
    format!("| {icon} {severity}{preview} | {message}<br>{rule} | {} |\n", place(&finding.location, style))
}

/// `path:line`, a link where the file can be read on a server.
fn place(location: &Location, style: &Style) -> String {
    let line = location.region.map(|region| region.line);
    let number = line.map_or_else(String::new, |line| format!(":{line}"));
    let shown = code(&format!("{}{number}", file_or_name(&style.uri_prefix, location)));
    match (&style.link_base, file(&style.uri_prefix, location)) {
        (Some(base), Some(path)) => {
            let anchor = line.map_or_else(String::new, |line| format!("#L{line}"));
            format!("[{shown}]({base}{}{anchor})", percent_encoded(&path))
        }
        _ => shown,
    }
}

fn icon(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "\u{1f534}",
        Severity::High => "\u{1f7e0}",
        Severity::Medium => "\u{1f7e1}",
        Severity::Low => "\u{1f535}",
        Severity::Info => "\u{26aa}",
    }
}

/// Why and how, once a rule.
fn rules(page: &mut String, report: &Report) {
    for group in groups(report) {
        let Some(card) = report.card(group.rule) else { continue };
        let (rule, title) = (code(card.id.as_str()), sentence(&card.title));
        let (why, fix) = (sentence(&card.why), sentence(&card.fix));
        let note =
            format!("<details><summary>{rule}: {title}</summary>\n\nWhy: {why}\n\nHelp: {fix}\n\n</details>\n\n");
        if page.len() + note.len() < MOST_BYTES {
            page.push_str(&note);
        }
    }
}
