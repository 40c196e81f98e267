//! The end of `full`: unknowns, pillars, score, plan and counts.

use std::collections::BTreeMap;
use std::io;

use crate::report::escape::escape;
use crate::report::style::{Detail, Role};
use crate::report::tally::{Group, counts_line, number};
use crate::report::{GroupScore, Groups, Report, Status};
use crate::score::{CapReason, Headline, PillarScore, Plan, Score};
use crate::vocabulary::{RuleId, UnknownCode};

use super::wrap::{width, wrap};
use super::{Page, quality};

/// How many kinds of unknown are listed.
const UNKNOWNS: usize = 12;
/// Cells of a pillar's bar.
const BAR: usize = 24;
/// Rules of a plan or a cap that are named.
const NAMED: usize = 8;
/// The letter from which the score counts as flawless enough to say what forbids an A+.
const A_PLUS: f64 = 97.0;

pub(super) fn write(page: &mut Page, report: &Report, groups: &[Group], hidden: usize) -> io::Result<()> {
    unknowns(page, report)?;
    pillars(page, &report.score)?;
    headline(page, report)?;
    if let Some(groups) = &report.groups {
        self::groups(page, groups)?;
    }
    if let Some(plan) = &report.score.plan {
        self::plan(page, plan)?;
    }
    basis(page, report)?;
    page.paragraph(0, &counts_line(report, hidden))?;
    if let Some(first) = groups.first() {
        let command = page.style.paint(Role::Strong, &format!("k8sready explain {}", first.rule));
        writeln!(page.out, "More on a rule: {command}")?;
    }
    Ok(())
}

/// One line a rule and reason, most results first.
fn unknowns(page: &mut Page, report: &Report) -> io::Result<()> {
    let mut rows: BTreeMap<(&RuleId, UnknownCode, &str), usize> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.status == Status::Unknown) {
        if let Some(reason) = &finding.reason {
            *rows.entry((&finding.rule, reason.code, &*reason.text)).or_default() += finding.count;
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let total = rows.iter().map(|(_, count)| count).sum();
    writeln!(
        page.out,
        "{}: {} could not be decided",
        page.style.paint(Role::Strong, "unknown"),
        number(total, "result")
    )?;
    let shown = if page.style.detail == Detail::All { rows.len() } else { UNKNOWNS.min(rows.len()) };
    let names = rows[..shown].iter().map(|((rule, ..), _)| width(rule.as_str())).max().unwrap_or(0);
    let digits = rows.first().map_or(1, |(_, count)| count.to_string().len());
    for ((rule, code, text), count) in &rows[..shown] {
        let hang = names + digits + 6;
        let room = page.room.saturating_sub(hang).max(20);
        let lines = wrap(&escape(&format!("{}: {text}", code.as_str())), room, room);
        write!(page.out, "  {:names$}  {count:digits$}  ", rule.as_str())?;
        writeln!(page.out, "{}", lines.join(&format!("\n{}", " ".repeat(hang))))?;
    }
    if rows.len() > shown {
        writeln!(page.out, "  and {} more rules or reasons", rows.len() - shown)?;
    }
    writeln!(page.out)
}

fn pillars(page: &mut Page, score: &Score) -> io::Result<()> {
    let column = score.pillars.iter().map(|pillar| pillar.pillar.as_str().len()).max().unwrap_or(0);
    for pillar in &score.pillars {
        let bar = bar(page, pillar);
        let number = pillar.shown().map_or_else(|| "n/a".to_string(), |value| value.to_string());
        writeln!(page.out, "  {:column$}  {bar}  {number:>3}", pillar.pillar.as_str())?;
    }
    writeln!(page.out)
}

/// A bar whose length says the value; its colour says it again.
fn bar(page: &Page, pillar: &PillarScore) -> String {
    let (full, empty) = if page.style.unicode { ("\u{2587}", "\u{b7}") } else { ("#", ".") };
    let Some(value) = pillar.value else {
        return page.style.paint(Role::Faint, &empty.repeat(BAR));
    };
    // Only what is worth nothing or everything may look like it.
    let cells = match value {
        value if value <= 0.0 => 0,
        value if value >= 100.0 => BAR,
        value => ((value / 100.0 * BAR as f64).round() as usize).clamp(1, BAR - 1),
    };
    let filled = page.style.paint(quality(value), &full.repeat(cells));
    filled + &page.style.paint(Role::Faint, &empty.repeat(BAR - cells))
}

fn headline(page: &mut Page, report: &Report) -> io::Result<()> {
    let score = &report.score;
    let Some(headline) = score.headline else {
        writeln!(page.out, "Score n/a: no rule of weight applied to this input\n")?;
        return Ok(());
    };
    let number = format!("{} of 100, grade {}", headline.value, headline.grade);
    let number = page.style.paint(quality(headline.exact), &number);
    write!(page.out, "Score {number}, based on {} of {} pillars", score.assessed_pillars(), score.pillars.len())?;
    match score.without_suppressions {
        Some(value) if value != headline.value => writeln!(page.out, " ({value} without suppressions)")?,
        _ => writeln!(page.out)?,
    }
    for line in limits(score, &headline) {
        page.paragraph(2, &line)?;
    }
    if let Some(compared) = &report.compared {
        let before = compared.score.map_or_else(|| "n/a".to_string(), |score| score.to_string());
        let line = format!("Compared with {}: score {before} there, {} resolved", compared.with, compared.resolved);
        page.paragraph(2, &line)?;
    }
    writeln!(page.out)
}

/// What keeps the number or the letter below what the pillars would give.
fn limits(score: &Score, headline: &Headline) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(cap) = &score.cap {
        let (limit, without) = (cap.limit, headline.uncapped.floor());
        let rules = named(&cap.rules);
        lines.push(match cap.why {
            CapReason::Blocker => format!("Capped at {limit} (from {without}) by a blocker: {rules}"),
            CapReason::Critical => format!("Capped at {limit} (from {without}) while anything critical fails: {rules}"),
            CapReason::ManyHigh => {
                format!("Capped at {limit} (from {without}) while three or more high rules fail: {rules}")
            }
        });
    }
    if headline.exact >= A_PLUS && !score.no_a_plus.is_empty() {
        let reasons: Vec<&str> = score.no_a_plus.iter().map(|reason| reason.as_str()).collect();
        lines.push(format!("No A+: {}", reasons.join(", ")));
    }
    lines
}

fn named(rules: &[RuleId]) -> String {
    let names: Vec<&str> = rules.iter().take(NAMED).map(RuleId::as_str).collect();
    match rules.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// A table: rule, objects, points, and the score once the step is done.
fn plan(page: &mut Page, plan: &Plan) -> io::Result<()> {
    let what = match plan.steps.len() {
        1 => "this rule".to_string(),
        steps => format!("these {steps} rules"),
    };
    writeln!(page.out, "Fix {what} to reach {}:", page.style.paint(Role::Strong, plan.target.as_str()))?;
    let names = plan.steps.iter().map(|step| step.rule.as_str().len()).max().unwrap_or(0);
    let objects = plan.steps.iter().map(|step| number(step.subjects, "object").len()).max().unwrap_or(0);
    for step in plan.steps.iter().take(NAMED) {
        let subjects = number(step.subjects, "object");
        let points = format!("+{:.1}", step.points);
        let arrow = if page.style.unicode { "\u{2192}" } else { "->" };
        writeln!(
            page.out,
            "  {:names$}  {subjects:>objects$}  {points:>5}  {arrow} {} {}",
            step.rule.as_str(),
            step.value,
            step.grade
        )?;
    }
    if plan.steps.len() > NAMED {
        writeln!(page.out, "  and {} more", plan.steps.len() - NAMED)?;
    }
    writeln!(page.out)
}

/// A table: part, score, letter, failures; the worst first.
fn groups(page: &mut Page, groups: &Groups) -> io::Result<()> {
    let shown = |name: &str| if name.is_empty() { "(cluster)".to_string() } else { escape(name).into_owned() };
    let mut rows: Vec<_> = groups.scores.iter().map(|group| (shown(&group.name), group)).collect();
    let points = |group: &GroupScore| group.score.headline.map_or(0.0, |headline| headline.exact);
    rows.sort_by(|(_, a), (_, b)| points(a).total_cmp(&points(b)));
    let names = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    writeln!(page.out, "{}", page.style.paint(Role::Strong, &format!("By {}:", groups.by)))?;
    for (name, group) in rows {
        let pad = " ".repeat(names - width(&name));
        let score = group.score.headline.map_or_else(
            || "n/a".to_string(),
            |headline| {
                let text = format!("{:>3} {:2}", headline.value, headline.grade);
                page.style.paint(quality(headline.exact), &text)
            },
        );
        writeln!(page.out, "  {name}{pad}  {score}  {}", number(group.failures, "failure"))?;
    }
    writeln!(page.out)
}

/// What the result rests on: rules, documents, versions and dates.
fn basis(page: &mut Page, report: &Report) -> io::Result<()> {
    let coverage = &report.coverage;
    let mut parts = vec![number(coverage.rules_assessed, "rule") + " assessed"];
    let more = [(coverage.rules_unknown, "unknown"), (coverage.rules_skipped, "skipped")];
    parts.extend(more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    let mut documents = vec![number(coverage.documents_read, "document") + " read"];
    let more = [
        (coverage.documents_failed, "failed"),
        (coverage.documents_templated, "templated"),
        (coverage.documents_without_schema, "without a schema"),
    ];
    documents.extend(more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    let elapsed = report.elapsed.map_or_else(String::new, |time| format!(" in {:.2}s", time.as_secs_f64()));
    page.paragraph(0, &format!("{}; {}{elapsed}", parts.join(", "), documents.join(", ")))?;
    let mut versions =
        format!("Kubernetes {}, ruleset {}, as of {}", report.target_version, report.ruleset, report.as_of);
    if let Some(oldest) = report.data_notes.iter().map(|data| data.date).min() {
        versions = format!("{versions}, reference data of {oldest} or later");
    }
    if let Some(cluster) = &report.cluster {
        page.paragraph(0, &format!("cluster {} at {}, {}", cluster.name, cluster.server, cluster.taken_at))?;
    }
    page.paragraph(0, &versions)
}

impl Page<'_> {
    /// Wrapped text behind `indent` columns, continued two further right.
    fn paragraph(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let room = self.room.saturating_sub(indent);
        let lines = wrap(&escape(text), room, room.saturating_sub(2));
        let pad = " ".repeat(indent);
        writeln!(self.out, "{pad}{}", lines.join(&format!("\n{pad}  ")))
    }
}
