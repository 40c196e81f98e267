//! Rules that are raised by what readers, inventory and triage notice.

use super::{About, ActiveRule, Outcome, Spot, Verdict};
use crate::rule::Judge;
use crate::vocabulary::Problem;

/// One outcome for each noticed problem that an active rule stands for.
pub fn outcomes(rules: &[ActiveRule<'_>], noticed: &[Problem]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (index, active) in rules.iter().enumerate() {
        let Judge::RaisedBy(kind) = active.rule.judge else { continue };
        for problem in noticed.iter().filter(|problem| problem.kind == kind) {
            outcomes.extend(outcome(index, active, problem));
        }
    }
    outcomes
}

fn outcome(rule: usize, active: &ActiveRule<'_>, problem: &Problem) -> Option<Outcome> {
    let place = problem.place?;
    Some(Outcome {
        rule,
        about: About::Source(place.source),
        verdict: Verdict::Fail,
        severity: active.rule.file.severity,
        message: problem.message.clone(),
        spot: Some(Spot { place, field: String::new(), stable_field: problem.message.clone() }),
        related: Vec::new(),
        count: 1,
    })
}
