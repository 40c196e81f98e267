//! What a schema finds wrong in an object: the one shape that built-in types and custom ones share.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::facts::FactBuilder;
use crate::syntax::Origin;
use crate::vocabulary::{NodeId, NodeRef, Reason, UnknownCode};

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// No such field.
    Unknown,
    /// A value of another type.
    Type,
    /// A required field is not there.
    Missing,
    /// A value that is not allowed.
    Value,
}

impl Wrong {
    /// All of them.
    pub const ALL: &'static [Wrong] = &[Wrong::Unknown, Wrong::Type, Wrong::Missing, Wrong::Value];
}

/// Something wrong in an object.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What.
    pub wrong: Wrong,
    /// The field's path from the object's root; empty for the object as a whole, which is `.` in facts.
    pub path: String,
    /// Where a finding points.
    pub origin: Origin,
    /// What would be right, or why it is wrong: "a boolean, not a text". Never quotes a value that may be secret.
    pub text: String,
}

impl Violation {
    /// The violation as a fact.
    pub fn build(&self, facts: &mut FactBuilder) -> NodeId {
        let fields = [
            ("field", facts.str(if self.path.is_empty() { "." } else { &self.path }, self.origin.clone())),
            ("text", facts.str(&self.text, self.origin.clone())),
        ];
        facts.map(&fields, self.origin.clone())
    }
}

/// What was found in an object, and what may be wrong besides.
#[derive(Debug, Default)]
pub struct Found {
    /// In document order.
    pub violations: Vec<Violation>,
    /// Why there may be more of a kind.
    doubts: Vec<(Wrong, Reason)>,
}

impl Found {
    /// Says that more may be wrong.
    pub fn doubt(&mut self, wrong: &[Wrong], reason: Reason) {
        self.doubts.extend(wrong.iter().map(|wrong| (*wrong, reason.clone())));
    }

    /// A required field that is not there; of what Kustomize may complete, a doubt.
    pub fn missing(&mut self, parent: NodeRef, path: String, name: Cow<'static, str>, kustomized: bool) {
        if kustomized {
            let text = format!("`{path}` is not there, and Kustomize may add it");
            return self.doubt(&[Wrong::Missing], Reason::new(UnknownCode::Partial, text));
        }
        let origin = Origin::Missing { parent, path: name };
        self.violations.push(Violation { wrong: Wrong::Missing, path, origin, text: String::new() });
    }

    /// The violations of a kind as a fact.
    pub fn list(&self, facts: &mut FactBuilder, wrong: Wrong) -> NodeId {
        let of_kind = self.violations.iter().filter(|violation| violation.wrong == wrong);
        let nodes: Vec<NodeId> = of_kind.map(|violation| violation.build(facts)).collect();
        let list = facts.list(&nodes);
        if let Some((_, reason)) = self.doubts.iter().find(|(kind, _)| *kind == wrong) {
            facts.open(list, reason.clone());
        }
        list
    }
}

/// The way from the root to where a walker stands.
#[derive(Debug, Default)]
pub struct Path<'a>(Vec<Step<'a>>);

#[derive(Debug)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// Enters a map's value.
    pub fn key(&mut self, key: &'a str) {
        self.0.push(Step::Key(key));
    }

    /// Enters a list's element.
    pub fn index(&mut self, index: usize) {
        self.0.push(Step::Index(index));
    }

    /// Goes back one step.
    pub fn leave(&mut self) {
        self.0.pop();
    }

    /// The keys passed, the innermost first.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.0.iter().rev().filter_map(|step| match step {
            Step::Key(key) => Some(*key),
            Step::Index(_) => None,
        })
    }

    /// `spec.containers[0].image`, with one more key behind it unless that is empty.
    pub fn with(&self, last: &str) -> String {
        let last = Step::Key(last);
        let last = (!matches!(last, Step::Key(""))).then_some(&last);
        let mut text = String::new();
        for step in self.0.iter().chain(last) {
            // Writing to a text cannot fail.
            let _ = match step {
                Step::Key(key) if key.contains(['.', '/']) => write!(text, "[\"{key}\"]"),
                Step::Key(key) if text.is_empty() => write!(text, "{key}"),
                Step::Key(key) => write!(text, ".{key}"),
                Step::Index(index) => write!(text, "[{index}]"),
            };
        }
        text
    }
}
