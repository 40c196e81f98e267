//! Outcomes: one verdict of one rule, and the order they stand in.

use rayon::prelude::*;

use super::{ActiveRule, Spot};
use crate::facts::Facts;
use crate::inventory::Inventory;
use crate::vocabulary::{Place, Reason, Severity, SourceId, Span};

/// What a rule came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The expectation holds.
    Pass,
    /// It does not.
    Fail,
    /// It cannot be decided.
    Unknown(Reason),
}

/// What a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A subject, by index.
    Subject(usize),
    /// A text as a whole.
    Source(SourceId),
}

/// One verdict.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Index of the rule.
    pub rule: usize,
    /// What it is about.
    pub about: About,
    /// The verdict.
    pub verdict: Verdict,
    /// Severity, before users change it.
    pub severity: Severity,
    /// The sentence; empty unless it failed.
    pub message: String,
    /// Where it points; `None` unless it failed.
    pub spot: Option<Spot>,
    /// Further places.
    pub related: Vec<(Spot, String)>,
    /// How many verdicts this one stands for.
    pub count: usize,
}

impl Outcome {
    /// The path of the field that it points at; empty for the object as a whole.
    fn field(&self) -> &str {
        self.spot.as_ref().map_or("", |spot| &spot.field)
    }

    /// Where it points; without a spot of its own, where its subject is named.
    pub fn place(&self, inventory: &Inventory, facts: &Facts) -> Place {
        match (&self.spot, self.about) {
            (Some(spot), _) => spot.place,
            (None, About::Subject(index)) => {
                let document = inventory.document(facts.subjects[index].document);
                let anchor = crate::facts::anchor(document.view(inventory.forest()));
                Place { source: document.source, span: inventory.forest().tree(anchor.tree).node(anchor.node).span }
            }
            (None, About::Source(source)) => Place { source, span: Span::default() },
        }
    }
}

/// Sorts by environment, source, position, rule, subject and field; unknowns that share rule, environment and reason
/// become one with a count.
pub fn ordered(inventory: &Inventory, facts: &Facts, rules: &[ActiveRule<'_>], outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut keyed: Vec<(OrderKey<'_>, Outcome)> =
        outcomes.into_par_iter().map(|outcome| (order_key(inventory, facts, rules, &outcome), outcome)).collect();
    keyed.par_sort_by(|(a, of_a), (b, of_b)| {
        a.cmp(b).then_with(|| of_a.field().cmp(of_b.field())).then_with(|| of_a.message.cmp(&of_b.message))
    });
    let mut merged: Vec<(OrderKey<'_>, Outcome)> = Vec::with_capacity(keyed.len());
    let mut seen: rustc_hash::FxHashMap<(usize, String, Reason), usize> = rustc_hash::FxHashMap::default();
    for (key, outcome) in keyed {
        if let Verdict::Unknown(reason) = &outcome.verdict {
            let group = (outcome.rule, key.environment.to_string(), reason.clone());
            if let Some(&first) = seen.get(&group) {
                merged[first].1.count += 1;
                continue;
            }
            seen.insert(group, merged.len());
        }
        merged.push((key, outcome));
    }
    merged.into_iter().map(|(_, outcome)| outcome).collect()
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OrderKey<'a> {
    environment: &'a str,
    path: &'a str,
    start: u32,
    end: u32,
    rule: &'a str,
    about: About,
}

fn order_key<'a>(inventory: &'a Inventory, facts: &Facts, rules: &[ActiveRule<'a>], outcome: &Outcome) -> OrderKey<'a> {
    let environment = match outcome.about {
        About::Subject(index) => &inventory.environments()[facts.subjects[index].environment.index()].path,
        About::Source(_) => ".",
    };
    let outermost = inventory.sources().outermost(outcome.place(inventory, facts));
    OrderKey {
        environment,
        path: inventory.sources().get(outermost.source).path(),
        start: outermost.span.start,
        end: outermost.span.end,
        rule: rules[outcome.rule].rule.id.as_str(),
        about: outcome.about,
    }
}
