//! The constants of the score, in one place. Changing one changes the ruleset version.

use crate::vocabulary::{Confidence, Pillar, Severity};

use super::Grade;

/// The share of a pillar that a rule can take at most, when it fails everywhere.
pub(super) const fn max_loss(severity: Severity) -> f64 {
    match severity {
        Severity::Critical => 0.60,
        Severity::High => 0.40,
        Severity::Medium => 0.15,
        Severity::Low => 0.05,
        Severity::Info => 0.0,
    }
}

/// How much of its loss a rule keeps for being as sure as it is.
pub(super) const fn certainty(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::High | Confidence::Medium => 1.0,
        Confidence::Low => 0.5,
    }
}

/// The part of a rule's loss that the first offender costs.
pub(super) const FIRST_OFFENDER: f64 = 0.40;
/// The part that every doubling of offenders adds.
pub(super) const EACH_DOUBLING: f64 = 0.12;

/// A pillar's share of the weighted mean; the five sum to 1.
pub const fn weight(pillar: Pillar) -> f64 {
    match pillar {
        Pillar::Availability => 0.30,
        Pillar::Scaling => 0.10,
        Pillar::Security => 0.30,
        Pillar::Operations => 0.15,
        Pillar::Recovery => 0.15,
    }
}

/// The share of the headline that the weighted mean makes; the weakest pillar makes the rest.
pub(super) const MEAN_SHARE: f64 = 0.75;

/// The most a score can be while a blocker fails.
pub(super) const BLOCKER_CAP: f64 = 49.0;
/// The most a score can be while anything critical fails.
pub(super) const CRITICAL_CAP: f64 = 69.0;
/// The most a score can be while `MANY_HIGH` rules fail with high severity or worse.
pub(super) const MANY_HIGH_CAP: f64 = 84.0;
/// How many rules of high severity or worse are many.
pub(super) const MANY_HIGH: usize = 3;

/// Letters from the best and the least value that earns each.
pub(super) const LETTERS: [(Grade, f64); 6] =
    [(Grade::APlus, 97.0), (Grade::A, 90.0), (Grade::B, 80.0), (Grade::C, 70.0), (Grade::D, 60.0), (Grade::F, 0.0)];

/// Up to this many failing rules every small combination is tried; beyond it the plan is found greedily.
pub(super) const ENUMERATE_RULES: usize = 12;
/// The largest combination that is tried.
pub(super) const ENUMERATE_STEPS: usize = 3;
/// A plan longer than this aims at the next letter instead.
pub(super) const PLAN_STEPS: usize = 6;
