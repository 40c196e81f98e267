//! `prometheus`: metrics in the text format, for a textfile collector or a scrape of what a CronJob left behind.
//!
//! Labels name rules, severities and namespaces, never objects: their number would grow with the cluster. Every rule that
//! ran has a series, so that an alert ends when the last finding is gone.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::escape::escape;
use super::{Report, SourceText, Style};

/// Rule, severity, namespace.
type Labels<'a> = (&'a str, &'a str, &'a str);

pub(super) fn write(report: &Report, _: &dyn SourceText, _: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out };
    let cluster = report.cluster.as_ref().map_or("", |cluster| cluster.name.as_str());
    page.family("build_info", "gauge", "What made this report, and about which cluster.")?;
    let info = [("version", report.tool_version.as_str()), ("ruleset", &report.ruleset), ("cluster", cluster)];
    page.sample("build_info", &info, 1.0)?;
    if let Some(headline) = &report.score.headline {
        page.family("score", "gauge", "Score of the whole, 0 to 100.")?;
        page.sample("score", &[], f64::from(headline.value))?;
    }
    page.family("pillar_score", "gauge", "Score of a pillar, 0 to 100; none where nothing was assessed.")?;
    for pillar in &report.score.pillars {
        if let Some(value) = pillar.shown() {
            page.sample("pillar_score", &[("pillar", pillar.pillar.as_str())], f64::from(value))?;
        }
    }
    page.family("findings", "gauge", "Findings that nobody waved through, by rule, severity and namespace.")?;
    for ((rule, severity, namespace), count) in findings(report) {
        page.sample("findings", &[("rule", rule), ("severity", severity), ("namespace", namespace)], count)?;
    }
    for (name, help, value) in counts(report) {
        page.family(name, "gauge", help)?;
        page.sample(name, &[], value)?;
    }
    if let Some(at) = report.cluster.as_ref().and_then(super::model::Cluster::seconds) {
        page.family("scan_timestamp_seconds", "gauge", "When the cluster answered.")?;
        page.sample("scan_timestamp_seconds", &[], at as f64)?;
    }
    Ok(())
}

/// Open failures; every rule that ran has at least one series.
fn findings(report: &Report) -> BTreeMap<Labels<'_>, f64> {
    let mut counts: BTreeMap<Labels<'_>, f64> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.is_open_failure()) {
        let namespace = finding.subject.namespace.as_deref().unwrap_or_default();
        *counts.entry((finding.rule.as_str(), finding.severity.as_str(), namespace)).or_default() += 1.0;
    }
    for card in &report.rules {
        counts.entry((card.id.as_str(), card.severity.as_str(), "")).or_default();
    }
    counts
}

fn counts(report: &Report) -> [(&'static str, &'static str, f64); 5] {
    let complete = report.counts.unknown == 0 && report.coverage.documents_failed == 0;
    [
        ("rules_assessed", "Rules that came to a verdict.", report.coverage.rules_assessed as f64),
        ("rules_unknown", "Rules that could not be decided on everything.", report.coverage.rules_unknown as f64),
        ("results_unknown", "Results that could not be decided.", report.counts.unknown as f64),
        ("findings_suppressed", "Findings that somebody waved through.", report.counts.suppressed as f64),
        ("scan_complete", "1 if everything could be read and decided.", f64::from(u8::from(complete))),
    ]
}

struct Page<'a> {
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn family(&mut self, name: &str, kind: &str, help: &str) -> io::Result<()> {
        writeln!(self.out, "# HELP k8sready_{name} {help}\n# TYPE k8sready_{name} {kind}")
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) -> io::Result<()> {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(self.out, "k8sready_{name}{labels} {value}")
    }
}

fn quoted(text: &str) -> String {
    escape(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
