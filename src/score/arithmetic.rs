//! The formulas: rules and their losses to pillars, headline, caps, letters and gains.
//!
//! A [`Model`] keeps the failing rules sorted by id, so that the same findings give the same bits whatever order they
//! came in, and answers "what if these rules were fixed" without being rebuilt.

use crate::vocabulary::{Pillar, RuleId, Severity};

use super::table::{
    BLOCKER_CAP, CRITICAL_CAP, EACH_DOUBLING, FIRST_OFFENDER, LETTERS, MANY_HIGH, MANY_HIGH_CAP, MEAN_SHARE, certainty,
    max_loss, weight,
};
use super::{Cap, CapReason, Failing, Gain, Grade, Headline, Input, NoAPlus, Offenders, PillarScore};

/// Rounding that the sums of a perfect score may carry.
const ROUNDING: f64 = 1e-9;

/// A failing rule with its loss worked out.
pub(super) struct Item {
    pub rule: RuleId,
    pub subjects: usize,
    pillar: Pillar,
    keeps: f64,
    worst: Severity,
    blocker: bool,
}

/// The failing rules and the conditions of the run.
pub(super) struct Model<'a> {
    input: &'a Input,
    pub items: Vec<Item>,
    assessed: [bool; Pillar::ALL.len()],
}

/// A number before and after caps.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub exact: f64,
    pub uncapped: f64,
}

impl<'a> Model<'a> {
    /// A failing rule of medium severity or worse makes its pillar assessed, whatever `input.assessed` says: a known
    /// failure must never be hidden behind "n/a".
    pub(super) fn new(input: &'a Input, failing: &[Failing]) -> Self {
        let mut items: Vec<Item> = failing.iter().filter_map(Item::new).collect();
        items.sort_by(|a, b| a.rule.cmp(&b.rule));
        let mut assessed = [false; Pillar::ALL.len()];
        for pillar in &input.assessed {
            assessed[*pillar as usize] = true;
        }
        for item in items.iter().filter(|item| item.worst >= Severity::Medium) {
            assessed[item.pillar as usize] = true;
        }
        Model { input, items, assessed }
    }

    pub(super) fn any_assessed(&self) -> bool {
        self.assessed.contains(&true)
    }

    /// The number if only the rules that `keep` names failed.
    pub(super) fn value_of(&self, keep: impl Fn(usize) -> bool) -> Value {
        let kept = || self.items.iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, item)| item);
        let uncapped = headline(&self.pillar_values(kept()));
        let cap = cap(kept()).map_or(100.0, |(limit, _)| limit);
        Value { exact: uncapped.min(cap), uncapped }
    }

    fn pillar_values<'i>(&self, items: impl Iterator<Item = &'i Item>) -> [f64; Pillar::ALL.len()] {
        let mut values = [100.0; Pillar::ALL.len()];
        for item in items.filter(|item| self.assessed[item.pillar as usize]) {
            values[item.pillar as usize] *= item.keeps;
        }
        values
    }

    /// The letter if only the rules that `keep` names failed.
    pub(super) fn grade_of(&self, value: Value, keep: impl Fn(usize) -> bool) -> Grade {
        let high = self.items.iter().enumerate().any(|(at, item)| keep(at) && item.worst >= Severity::High);
        letter(value.exact, !high && !self.forbids_a_plus())
    }

    /// Whether something that fixing rules cannot change forbids an A+.
    pub(super) fn forbids_a_plus(&self) -> bool {
        self.input.critical_suppressed || self.input.incomplete || self.assessed.contains(&false)
    }

    pub(super) fn headline(&self) -> Headline {
        let value = self.value_of(|_| true);
        Headline {
            value: shown(value.exact),
            grade: self.grade_of(value, |_| true),
            exact: value.exact,
            uncapped: value.uncapped,
        }
    }

    pub(super) fn pillars(&self) -> Vec<PillarScore> {
        let values = self.pillar_values(self.items.iter());
        let mut pillars: Vec<PillarScore> = Pillar::ALL
            .iter()
            .map(|pillar| PillarScore {
                pillar: *pillar,
                value: self.assessed[*pillar as usize].then(|| values[*pillar as usize]),
            })
            .collect();
        pillars.sort_by(|a, b| weight(b.pillar).total_cmp(&weight(a.pillar)));
        pillars
    }

    pub(super) fn binding_cap(&self) -> Option<Cap> {
        let (limit, why) = cap(self.items.iter())?;
        let causes = |item: &&Item| match why {
            CapReason::Blocker => item.blocker,
            CapReason::Critical => item.worst >= Severity::Critical,
            CapReason::ManyHigh => item.worst >= Severity::High,
        };
        let rules = self.items.iter().filter(causes).map(|item| item.rule.clone()).collect();
        (self.value_of(|_| true).uncapped > limit).then(|| Cap { limit: shown(limit), why, rules })
    }

    pub(super) fn no_a_plus(&self) -> Vec<NoAPlus> {
        let high = self.items.iter().any(|item| item.worst >= Severity::High);
        [
            (high, NoAPlus::HighFinding),
            (self.input.critical_suppressed, NoAPlus::CriticalSuppressed),
            (self.input.incomplete, NoAPlus::Incomplete),
            (self.assessed.contains(&false), NoAPlus::PillarNotAssessed),
        ]
        .into_iter()
        .filter_map(|(holds, what)| holds.then_some(what))
        .collect()
    }

    /// Largest first; ties by what they add before caps, then by id.
    pub(super) fn gains(&self) -> Vec<Gain> {
        let now = self.value_of(|_| true);
        let mut gains: Vec<Gain> = (0..self.items.len())
            .map(|fixed| {
                let then = self.value_of(|at| at != fixed);
                let item = &self.items[fixed];
                Gain {
                    rule: item.rule.clone(),
                    subjects: item.subjects,
                    points: then.exact - now.exact,
                    uncapped: then.uncapped - now.uncapped,
                }
            })
            .collect();
        gains.sort_by(|a, b| {
            b.points.total_cmp(&a.points).then(b.uncapped.total_cmp(&a.uncapped)).then(a.rule.cmp(&b.rule))
        });
        gains
    }
}

impl Item {
    /// What decides how low a cap the rule causes.
    pub(super) fn urgency(&self) -> (bool, Severity) {
        (self.blocker, self.worst)
    }

    /// `None` for a rule without offenders.
    fn new(failing: &Failing) -> Option<Self> {
        Some(Item {
            rule: failing.rule.clone(),
            subjects: failing.offenders.total(),
            pillar: failing.pillar,
            keeps: 1.0 - loss(&failing.offenders) * certainty(failing.confidence),
            worst: failing.offenders.worst()?,
            blocker: failing.blocker,
        })
    }
}

/// The share of a rule's loss that `subjects` offenders realise, 0 to 1.
fn spread(subjects: usize) -> f64 {
    if subjects == 0 {
        return 0.0;
    }
    (FIRST_OFFENDER + EACH_DOUBLING * (subjects as f64).log2()).min(1.0)
}

/// The share of a pillar that offenders of possibly several severities take, layer by layer from the mildest.
fn loss(offenders: &Offenders) -> f64 {
    let mut below = 0.0;
    let mut sum = 0.0;
    for severity in Severity::ALL {
        let upper = max_loss(*severity);
        sum += (upper - below) * spread(offenders.at_least(*severity));
        below = upper;
    }
    sum
}

fn headline(pillars: &[f64; Pillar::ALL.len()]) -> f64 {
    let mean: f64 = Pillar::ALL.iter().map(|pillar| weight(*pillar) * pillars[*pillar as usize]).sum();
    let weakest = pillars.iter().copied().fold(f64::INFINITY, f64::min);
    (MEAN_SHARE * mean + (1.0 - MEAN_SHARE) * weakest).clamp(0.0, 100.0)
}

/// The lowest cap that applies.
fn cap<'i>(items: impl Iterator<Item = &'i Item>) -> Option<(f64, CapReason)> {
    let (mut blocker, mut critical, mut high) = (false, false, 0);
    for item in items {
        blocker |= item.blocker;
        critical |= item.worst >= Severity::Critical;
        high += usize::from(item.worst >= Severity::High);
    }
    match (blocker, critical, high >= MANY_HIGH) {
        (true, _, _) => Some((BLOCKER_CAP, CapReason::Blocker)),
        (_, true, _) => Some((CRITICAL_CAP, CapReason::Critical)),
        (_, _, true) => Some((MANY_HIGH_CAP, CapReason::ManyHigh)),
        _ => None,
    }
}

fn letter(value: f64, a_plus_allowed: bool) -> Grade {
    let earned = LETTERS.iter().filter(|(grade, _)| *grade != Grade::APlus || a_plus_allowed);
    earned.into_iter().find(|(_, least)| value + ROUNDING >= *least).map_or(Grade::F, |(grade, _)| *grade)
}

/// The number to show: rounded down, except for what rounding itself took away.
pub(super) fn shown(value: f64) -> u8 {
    (value + ROUNDING).floor().clamp(0.0, 100.0) as u8
}
