//! Counting findings: what the score is fed with, and the numbers that summaries print.

use std::collections::BTreeMap;

use crate::score::{Failing, Input, Offenders};
use crate::vocabulary::{Pillar, RuleId, Severity};

use super::{Finding, Report, Status};

/// What identifies a subject: containers and components of one object are one subject.
type Subject<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, &'a str);

/// The failing rules of `findings`, and what the score needs to know besides. Passes and unknowns do not occur in it,
/// nor do previews; suppressed failures only in `without_suppressions`; baselined ones count. Hand over every failure,
/// whatever severity the report is asked to show: a threshold for display must not change the score.
pub fn score_input<'f>(
    findings: impl Iterator<Item = &'f Finding> + Clone,
    assessed: Vec<Pillar>,
    incomplete: bool,
) -> Input {
    let counted = || findings.clone().filter(|finding| finding.status == Status::Fail && !finding.preview);
    Input {
        failing: failing(counted().filter(|finding| finding.suppressed.is_none())),
        without_suppressions: failing(counted()),
        assessed,
        critical_suppressed: counted()
            .any(|finding| finding.suppressed.is_some() && finding.severity == Severity::Critical),
        incomplete,
    }
}

fn failing<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Failing> {
    let mut rules: BTreeMap<&RuleId, (&Finding, BTreeMap<Subject, Severity>)> = BTreeMap::new();
    for finding in findings {
        let (_, subjects) = rules.entry(&finding.rule).or_insert_with(|| (finding, BTreeMap::new()));
        let worst = subjects.entry(subject(finding)).or_insert(finding.severity);
        *worst = finding.severity.max(*worst);
    }
    rules
        .into_values()
        .map(|(first, subjects)| {
            let mut offenders = Offenders::default();
            for severity in subjects.into_values() {
                offenders.add(severity, 1);
            }
            Failing {
                rule: first.rule.clone(),
                pillar: first.pillar,
                confidence: first.confidence,
                blocker: first.blocker,
                offenders,
            }
        })
        .collect()
}

/// An input without a name (a file as a whole) is identified by its path.
fn subject(finding: &Finding) -> Subject<'_> {
    let of = &finding.subject;
    let name = if of.name.is_empty() { &finding.location.path } else { &of.name };
    (&finding.environment, of.group(), &of.kind, of.namespace.as_deref(), name)
}

/// The open failures of one rule.
pub(super) struct Group<'a> {
    pub rule: &'a RuleId,
    pub worst: Severity,
    pub findings: Vec<&'a Finding>,
}

/// Open failures by rule: worst severity first, then what fixing the rule gains, then its id. Within a rule the worst
/// first, otherwise in the report's order.
pub(super) fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut by_rule: BTreeMap<&RuleId, Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.is_open_failure()) {
        by_rule.entry(&finding.rule).or_default().push(finding);
    }
    let mut groups: Vec<Group> = by_rule
        .into_iter()
        .filter_map(|(rule, mut findings)| {
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            Some(Group { rule, worst: findings.first()?.severity, findings })
        })
        .collect();
    let gain = |rule| report.score.gain(rule).map_or(0.0, |gain| gain.uncapped);
    groups.sort_by(|a, b| b.worst.cmp(&a.worst).then_with(|| gain(b.rule).total_cmp(&gain(a.rule))));
    groups
}

/// Open failures, worst first, then by rule and place: for formats that list only so many.
pub(super) fn worst_first(report: &Report) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = report.findings.iter().filter(|finding| finding.is_open_failure()).collect();
    let place = |finding: &Finding| finding.location.region.map(|region| (region.line, region.column));
    findings.sort_by(|a, b| {
        let by_rule = a.rule.cmp(&b.rule).then_with(|| a.location.path.cmp(&b.location.path));
        b.severity.cmp(&a.severity).then(by_rule).then_with(|| place(a).cmp(&place(b)))
    });
    findings
}

/// The line that ends every report for people: "9 findings (1 critical, 5 high), 2 suppressed, 14 unknown". What the
/// format itself left out is `hidden`.
pub(super) fn counts_line(report: &Report, hidden: usize) -> String {
    let open = || report.findings.iter().filter(|finding| finding.is_open_failure());
    let by_severity: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .map(|severity| (severity, open().filter(|finding| finding.severity == *severity).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    let mut line = number(open().count(), "finding");
    if !by_severity.is_empty() {
        line = format!("{line} ({})", by_severity.join(", "));
    }
    let passes = report.findings.iter().filter(|finding| finding.status == Status::Pass).count();
    let rest = [
        (report.counts.suppressed, "suppressed"),
        (report.counts.baselined, "baselined"),
        (report.counts.known, "known before"),
        (report.counts.unknown, "unknown"),
        (report.counts.below_threshold, "below the threshold"),
        (open().filter(|finding| finding.preview).count(), "in preview"),
        (passes, "passed"),
        (hidden, "not shown"),
    ];
    for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
        line = format!("{line}, {count} {what}");
    }
    line
}

/// "1 object", "2 objects".
pub(super) fn number(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
