//! Scores of parts of the input: of every environment, or of every namespace.

use std::collections::BTreeMap;

use crate::facts::{Facts, Subject};
use crate::inventory::Inventory;
use crate::report::{Finding, GroupScore, Groups, Status, score_input};
use crate::score;
use crate::vocabulary::{GroupBy, Pillar};

/// Scores every part that holds a subject, a clean one included.
pub fn groups(by: GroupBy, inventory: &Inventory, facts: &Facts, findings: &[Finding], pillars: &[Pillar]) -> Groups {
    let mut parts: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for subject in &facts.subjects {
        parts.entry(part(by, inventory, subject)).or_default();
    }
    for finding in findings {
        let name = match by {
            GroupBy::Environment => &finding.environment,
            GroupBy::Namespace => finding.subject.namespace.as_deref().unwrap_or_default(),
        };
        parts.entry(name).or_default().push(finding);
    }
    Groups { by, scores: parts.into_iter().map(|(name, findings)| group_score(name, &findings, pillars)).collect() }
}

fn part<'a>(by: GroupBy, inventory: &'a Inventory, subject: &'a Subject) -> &'a str {
    match by {
        GroupBy::Environment => &inventory.environments()[subject.environment.index()].path,
        GroupBy::Namespace => subject.namespace.as_deref().unwrap_or_default(),
    }
}

fn group_score(name: &str, findings: &[&Finding], pillars: &[Pillar]) -> GroupScore {
    let incomplete = findings.iter().any(|finding| finding.status == Status::Unknown);
    GroupScore {
        name: name.to_string(),
        score: score::score(&score_input(findings.iter().copied(), pillars.to_vec(), incomplete)),
        failures: findings.iter().filter(|finding| finding.is_open_failure()).count(),
    }
}
