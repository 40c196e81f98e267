//! Builds the trees of line-oriented formats: maps with known field names over words of the source.
//!
//! A field's name does not stand in the source, so its key node has the span of its value.

use std::sync::Arc;

use super::{Data, Style, Text, Tree};
use crate::vocabulary::{NodeId, Problem, ProblemKind, Reason, SourceId, Span, UnknownCode};

/// Most nodes of one source.
const MAX_NODES: usize = 1_000_000;

/// A tree in the making, and what is wrong with its text.
pub struct Outline {
    tree: Tree,
    names: Vec<(&'static str, Text)>,
    source: SourceId,
    problems: Vec<Problem>,
}

impl Outline {
    /// An empty one.
    pub fn new(source: SourceId, text: &Arc<str>) -> Self {
        Outline { tree: Tree::new(source, text.clone()), names: Vec::new(), source, problems: Vec::new() }
    }

    /// A string: a range of the source where `value` stands there verbatim (or between quotes), else a copy.
    pub fn word(&mut self, span: Span, style: Style, value: &str) -> NodeId {
        let raw = self.tree.source_text().get(span.range()).unwrap_or_default();
        let text = match raw.find(value) {
            Some(at) if raw.len() <= value.len() + 2 => {
                let start = span.start as usize + at;
                Text::Source(Span::new(start, start + value.len()))
            }
            _ => self.tree.push_text(value),
        };
        self.tree.push(span, style, Data::Str(text))
    }

    /// The source's own bytes as a string.
    pub fn verbatim(&mut self, span: Span) -> NodeId {
        self.tree.push(span, Style::Plain, Data::Str(Text::Source(span)))
    }

    /// A value that only the running system knows.
    pub fn unknown(&mut self, span: Span, style: Style, why: &str) -> NodeId {
        let node = self.tree.push(span, style, Data::Unknown);
        self.tree.set_reason(node, Reason::new(UnknownCode::Templated, why));
        node
    }

    /// A list.
    pub fn list(&mut self, span: Span, elements: &[NodeId]) -> NodeId {
        let items = self.tree.push_items(elements);
        self.tree.push(span, Style::Plain, Data::List(items))
    }

    /// A map of the fields that are there.
    pub fn map(&mut self, span: Span, fields: &[(&'static str, Option<NodeId>)]) -> NodeId {
        let mut children = Vec::with_capacity(fields.len() * 2);
        for &(name, value) in fields {
            if let Some(value) = value {
                let text = self.name(name);
                let key_span = self.tree.node(value).span;
                children.extend([self.tree.push(key_span, Style::Plain, Data::Str(text)), value]);
            }
        }
        let items = self.tree.push_items(&children);
        self.tree.push(span, Style::Plain, Data::Map(items))
    }

    fn name(&mut self, name: &'static str) -> Text {
        if let Some(&(_, text)) = self.names.iter().find(|(known, _)| *known == name) {
            return text;
        }
        let text = self.tree.push_text(name);
        self.names.push((name, text));
        text
    }

    /// A line or block that cannot be understood.
    pub fn wrong(&mut self, span: Span, message: &str) {
        self.problems.push(Problem::at(ProblemKind::ParseError, self.source, span, message));
    }

    /// A limit was reached.
    pub fn over(&mut self, span: Span, message: &str) {
        self.problems.push(Problem::at(ProblemKind::BudgetExceeded, self.source, span, message));
    }

    /// Whether the tree is as large as it may be; the reader then stops.
    pub fn is_full(&self) -> bool {
        self.tree.len() >= MAX_NODES || self.problems.len() >= 1_000
    }

    /// The span that covers both nodes.
    pub fn across(&self, first: NodeId, last: NodeId) -> Span {
        Span { start: self.tree.node(first).span.start, end: self.tree.node(last).span.end }
    }

    /// The tree with `elements` as its root list, and the problems. A full tree is given up, because half a
    /// configuration would be judged as a whole one.
    pub fn finish(mut self, elements: &[NodeId], whole: Span) -> (Vec<Tree>, Vec<Problem>) {
        if self.is_full() {
            self.over(Span::new(0, 0), "document has more lines than the budget allows");
            return (Vec::new(), self.problems);
        }
        self.list(whole, elements);
        (vec![self.tree], self.problems)
    }
}
