//! The score: pure arithmetic over what fails, which explains itself.
//!
//! Only failing (rule, subject) pairs enter: a passing object does not occur in any formula, so adding clean objects
//! cannot raise a score, and fixing anything cannot lower it. The module computes the number, its letter, the caps
//! that bound it, what each rule costs and the shortest way to the next letter. It does not decide what counts:
//! suppressions, previews and which pillars were assessed are the caller's input.
//!
//! The model, with the constants of `table`:
//! - spread of a rule over `n` failing subjects: 0.40 for the first, 0.12 more for each doubling, at most 1;
//! - loss of a rule: the maximum loss of its severity × spread, halved when its confidence is low;
//! - a pillar: 100 × the product of (1 − loss) over its failing rules;
//! - the headline: 0.75 × the weighted mean of the pillars + 0.25 × the weakest, then the caps.
//!
//! A rule can fail with several severities at once (`severityWhen`). Its loss is then taken layer by layer: the share
//! between two severities counts with the spread of the subjects that are at least as bad as the upper one. With one
//! severity that is the plain formula. Charging every subject at the worst severity instead would let one critical
//! offender price forty medium ones as critical; this way every offender costs its own severity, and making one of
//! them milder can never lower the score.

mod arithmetic;
mod plan;
mod table;

use std::fmt;

use crate::vocabulary::{Confidence, Pillar, RuleId, Severity};

use arithmetic::Model;
pub use table::weight;

/// What the score is made of.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The failing rules that count, each rule once, in any order.
    pub failing: Vec<Failing>,
    /// The failing rules as if nothing were suppressed; equal to `failing` when nothing is.
    pub without_suppressions: Vec<Failing>,
    /// The pillars in which a stable rule of medium severity or worse reached a verdict.
    pub assessed: Vec<Pillar>,
    /// Whether a critical failure is suppressed.
    pub critical_suppressed: bool,
    /// Whether something could not be evaluated.
    pub incomplete: bool,
}

/// A rule that fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// The rule.
    pub rule: RuleId,
    /// The part of the score it counts in.
    pub pillar: Pillar,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whether it caps the score on its own.
    pub blocker: bool,
    /// The subjects it fails on.
    pub offenders: Offenders,
}

/// Distinct failing subjects, each counted once under its worst severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offenders([usize; Severity::ALL.len()]);

impl Offenders {
    /// `count` subjects of one severity.
    pub fn new(severity: Severity, count: usize) -> Self {
        let mut offenders = Offenders::default();
        offenders.add(severity, count);
        offenders
    }

    /// Adds `count` subjects.
    pub fn add(&mut self, severity: Severity, count: usize) {
        self.0[severity as usize] += count;
    }

    /// How many subjects are at least this bad.
    pub fn at_least(&self, severity: Severity) -> usize {
        self.0[severity as usize..].iter().sum()
    }

    /// How many subjects there are.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// The worst severity; `None` without subjects.
    pub fn worst(&self) -> Option<Severity> {
        Severity::ALL.iter().rev().copied().find(|severity| self.0[*severity as usize] > 0)
    }
}

/// The letter of a score, from the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Below 60.
    F,
    /// From 60.
    D,
    /// From 70.
    C,
    /// From 80.
    B,
    /// From 90.
    A,
    /// From 97, with nothing that forbids it.
    APlus,
}

impl Grade {
    /// The letter.
    pub fn as_str(self) -> &'static str {
        match self {
            Grade::F => "F",
            Grade::D => "D",
            Grade::C => "C",
            Grade::B => "B",
            Grade::A => "A",
            Grade::APlus => "A+",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A score and everything needed to explain it.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The number and its letter; `None` when no pillar was assessed.
    pub headline: Option<Headline>,
    /// The five pillars, heaviest first.
    pub pillars: Vec<PillarScore>,
    /// The cap that lowered the number, if one did.
    pub cap: Option<Cap>,
    /// What forbids an A+, whether or not the number would earn it.
    pub no_a_plus: Vec<NoAPlus>,
    /// What fixing each failing rule alone would add, largest first.
    pub gains: Vec<Gain>,
    /// The shortest way found to a better letter; `None` at the best letter that fixing rules can reach.
    pub plan: Option<Plan>,
    /// The number as if nothing were suppressed; `None` when nothing is.
    pub without_suppressions: Option<u8>,
}

impl Score {
    /// How many pillars the score is based on.
    pub fn assessed_pillars(&self) -> usize {
        self.pillars.iter().filter(|pillar| pillar.value.is_some()).count()
    }

    /// What fixing a rule would add.
    pub fn gain(&self, rule: &RuleId) -> Option<&Gain> {
        self.gains.iter().find(|gain| gain.rule == *rule)
    }
}

/// The number of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Headline {
    /// The number to show: `exact` rounded down, 0 to 100.
    pub value: u8,
    /// Its letter.
    pub grade: Grade,
    /// The number after caps.
    pub exact: f64,
    /// The number before caps.
    pub uncapped: f64,
}

/// One pillar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PillarScore {
    /// Which.
    pub pillar: Pillar,
    /// 0 to 100; `None` when nothing of weight was assessed in it.
    pub value: Option<f64>,
}

impl PillarScore {
    /// The number to show, rounded down like the headline.
    pub fn shown(&self) -> Option<u8> {
        self.value.map(arithmetic::shown)
    }
}

/// A cap that lowered the number.
#[derive(Clone, Debug, PartialEq)]
pub struct Cap {
    /// The most the score can be.
    pub limit: u8,
    /// Why.
    pub why: CapReason,
    /// The rules that cause it, sorted.
    pub rules: Vec<RuleId>,
}

/// Why a score is capped, from the lowest cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapReason {
    /// A rule that caps on its own fails.
    Blocker,
    /// Something critical fails.
    Critical,
    /// Several rules of high severity or worse fail.
    ManyHigh,
}

/// What forbids an A+.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAPlus {
    /// Something of high severity or worse fails.
    HighFinding,
    /// Something critical is suppressed.
    CriticalSuppressed,
    /// Something could not be evaluated.
    Incomplete,
    /// A pillar was not assessed.
    PillarNotAssessed,
}

impl NoAPlus {
    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            NoAPlus::HighFinding => "something of high severity fails",
            NoAPlus::CriticalSuppressed => "something critical is suppressed",
            NoAPlus::Incomplete => "the evaluation is incomplete",
            NoAPlus::PillarNotAssessed => "not every pillar was assessed",
        }
    }
}

/// What fixing one rule alone would add.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// The rule.
    pub rule: RuleId,
    /// How many subjects would have to be fixed.
    pub subjects: usize,
    /// Points, caps applied.
    pub points: f64,
    /// Points before caps: what it adds once the caps are lifted.
    pub uncapped: f64,
}

/// A way to a better letter.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The letter it reaches.
    pub target: Grade,
    /// Rules to fix, the most rewarding first.
    pub steps: Vec<Step>,
}

/// A rule to fix.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The rule.
    pub rule: RuleId,
    /// How many subjects have to be fixed.
    pub subjects: usize,
    /// The points it adds at this step.
    pub points: f64,
    /// The number to show after it.
    pub value: u8,
    /// The letter after it.
    pub grade: Grade,
}

/// Computes the score.
pub fn score(input: &Input) -> Score {
    let model = Model::new(input, &input.failing);
    let assessed = model.any_assessed();
    let suppressed = input.without_suppressions != input.failing;
    Score {
        headline: assessed.then(|| model.headline()),
        pillars: model.pillars(),
        cap: model.binding_cap(),
        no_a_plus: model.no_a_plus(),
        gains: model.gains(),
        plan: if assessed { plan::plan(&model) } else { None },
        without_suppressions: (assessed && suppressed)
            .then(|| Model::new(input, &input.without_suppressions).headline().value),
    }
}
