//! What is known already: findings of a baseline and of another revision.
//!
//! Marks findings that are not new and counts what is gone. A finding of the revision is the same by its fingerprint, or, where
//! environments were divided anew, by rule, file, subject and field. Only this decides what is new: a finding that
//! cannot be matched is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{AuditError, audit_known, inputs};
use crate::report::{Comparison, Finding, Status, SuppressedBy};
use crate::settings::{Settings, UsageError};
use crate::source::Revision;
use crate::triage::Baseline;
use crate::vocabulary::{Problem, ProblemKind};

/// What findings are compared with.
#[derive(Debug, Default)]
pub struct Known {
    baseline: Option<Baseline>,
    base: Option<Base>,
}

/// The findings of another revision.
#[derive(Debug)]
struct Base {
    with: String,
    score: Option<u8>,
    failures: Vec<Finding>,
}

/// What came of the comparison.
#[derive(Debug, Default)]
pub struct Compared {
    /// With the revision, if there is one.
    pub comparison: Option<Comparison>,
    /// Lines of the baseline that match nothing.
    pub problems: Vec<Problem>,
}

impl Known {
    /// Reads the baseline and audits the revision.
    pub fn gather(settings: &Settings, revision: Option<&Revision>) -> Result<Known, AuditError> {
        let baseline = settings.baseline.as_deref().map(read).transpose()?;
        let base = revision.map(|revision| Base::audit(settings, revision)).transpose()?;
        Ok(Known { baseline, base })
    }

    /// Marks what is known. `ran` says whether a rule took part in this run.
    pub fn mark(&self, findings: &mut [Finding], settings: &Settings, ran: impl Fn(&str) -> bool) -> Compared {
        let comparison = self.base.as_ref().map(|base| base.mark(findings, settings.distrust));
        let Some(baseline) = &self.baseline else { return Compared { comparison, problems: Vec::new() } };
        for finding in findings.iter_mut().filter(|finding| is_open(finding) && baseline.has(&finding.fingerprint)) {
            (finding.baselined, finding.new) = (true, false);
        }
        let problems = stale(baseline, findings, ran).into_iter().collect();
        Compared { comparison, problems }
    }
}

fn is_open(finding: &Finding) -> bool {
    finding.status == Status::Fail && finding.suppressed.is_none()
}

/// Reads a baseline.
pub fn read(path: &Path) -> Result<Baseline, UsageError> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        UsageError::new(format!("the baseline `{shown}` cannot be read: {error}"))
            .help(format!("`k8sready baseline write {shown}` makes one"))
    })?;
    Baseline::parse(&text).map_err(|line| {
        UsageError::new(format!("the baseline `{shown}` has no fingerprint on line {line}"))
            .help(format!("`k8sready baseline write {shown}` makes it anew"))
    })
}

/// The fingerprints that a line of a baseline may match. What is unknown now may fail again.
pub fn met(findings: &[Finding]) -> impl Iterator<Item = &str> {
    findings.iter().filter(|finding| finding.status != Status::Pass).map(|finding| finding.fingerprint.as_str())
}

/// One problem for all lines that match nothing.
fn stale(baseline: &Baseline, findings: &[Finding], ran: impl Fn(&str) -> bool) -> Option<Problem> {
    let message = match baseline.stale(met(findings), ran).len() {
        0 => return None,
        1 => "1 line of the baseline matches no finding any more".to_string(),
        count => format!("{count} lines of the baseline match no finding any more"),
    };
    Some(Problem::run(ProblemKind::StaleBaseline, message + ": `k8sready baseline check` lists what is stale"))
}

/// What identifies a finding where its environment is called something else.
type ByPlace<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, &'a str, Option<&'a str>, &'a str);

fn by_place(finding: &Finding) -> ByPlace<'_> {
    let (of, at) = (&finding.subject, &finding.location);
    let container = of.container.as_deref();
    (finding.rule.as_str(), &at.path, &of.kind, of.namespace.as_deref(), &of.name, container, &at.field)
}

impl Base {
    fn audit(settings: &Settings, revision: &Revision) -> Result<Base, AuditError> {
        let inputs = inputs::of_revision(settings, revision)?;
        let settings = Settings { baseline: None, group_by: None, include_passes: false, ..settings.clone() };
        let report = audit_known(&settings, inputs, &Known::default())?.report;
        Ok(Base {
            with: revision.named.clone(),
            score: report.score.headline.map(|headline| headline.value),
            failures: report.findings.into_iter().filter(|finding| finding.status == Status::Fail).collect(),
        })
    }

    /// `distrust`: what only the audited files themselves suppress holds only where it is known.
    fn mark(&self, findings: &mut [Finding], distrust: bool) -> Comparison {
        let here: BTreeSet<&str> = findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
        let there: BTreeSet<&str> = self.failures.iter().map(|finding| finding.fingerprint.as_str()).collect();
        let mut moved: BTreeMap<ByPlace<'_>, usize> = BTreeMap::new();
        for finding in self.failures.iter().filter(|finding| !here.contains(finding.fingerprint.as_str())) {
            *moved.entry(by_place(finding)).or_default() += 1;
        }
        let mut known = Vec::with_capacity(findings.len());
        for finding in findings.iter() {
            let same = there.contains(finding.fingerprint.as_str());
            let left = moved.get_mut(&by_place(finding)).filter(|left| !same && **left > 0);
            known.push(same || left.map(|left| *left -= 1).is_some());
        }
        let resolved = moved.values().sum();
        for (finding, known) in findings.iter_mut().zip(known).filter(|(finding, _)| finding.status == Status::Fail) {
            finding.new = !known;
            let by_file = finding.suppressed.as_ref().is_some_and(|waiver| waiver.by != SuppressedBy::Config);
            if distrust && by_file && finding.new {
                finding.suppressed = None;
            }
        }
        Comparison { with: self.with.clone(), score: self.score, resolved }
    }
}
