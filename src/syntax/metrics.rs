//! Prometheus' text format to a tree: `{metrics: [{name, from, labels, value}]}`, in the order of the lines.
//!
//! What was captured from an endpoint (`curl .../metrics > etcd.prom`) is read as a cluster's own answer is; `from`, which there
//! says who was asked, is empty here. Comments, timestamps, and values that are no numbers (`NaN`, `+Inf`) are left out.

use std::sync::Arc;

use super::{Data, Style, Tree};
use crate::vocabulary::{NodeId, Problem, ProblemKind, SourceId, Span};

/// A large API server has a hundred thousand.
const MOST_SAMPLES: usize = 500_000;

/// One line.
pub struct Sample<'t> {
    /// The metric, and where its name stands.
    pub name: &'t str,
    /// Labels in order; values without escapes.
    pub labels: Vec<(&'t str, String)>,
    /// The value.
    pub value: f64,
    /// Where the value stands.
    pub span: Span,
}

impl Sample<'_> {
    /// The value as a whole number, where it is one.
    pub fn integer(&self) -> Option<i64> {
        (self.value.fract() == 0.0 && self.value.abs() < 9e15).then_some(self.value as i64)
    }
}

/// The samples of a text; lines that are none are left out.
pub fn samples(text: &str) -> impl Iterator<Item = Sample<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let at = start;
        start += line.len();
        sample(line.trim_end(), at)
    })
}

fn sample(line: &str, start: usize) -> Option<Sample<'_>> {
    if line.starts_with('#') {
        return None;
    }
    let end = line.find(['{', ' ', '\t'])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (Vec::new(), rest),
    };
    let text = rest.split_whitespace().next()?;
    let at = start + line.len() - rest.len() + rest.find(text)?;
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(Sample { name, labels, value, span: Span::new(at, at + text.len()) })
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut text: &str) -> Option<(Vec<(&str, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        text = text.trim_start_matches([',', ' ']);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = quoted(rest)?;
        labels.push((name.trim(), value));
        text = rest;
    }
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
}

/// Reads a whole file.
pub fn read(source: SourceId, text: &Arc<str>) -> (Vec<Tree>, Vec<Problem>) {
    let mut tree = Tree::new(source, text.clone());
    let mut list = Vec::new();
    for sample in samples(text) {
        if list.len() >= MOST_SAMPLES {
            let message = format!("file has more than {MOST_SAMPLES} samples; it was not read");
            return (Vec::new(), vec![Problem::at(ProblemKind::BudgetExceeded, source, sample.span, message)]);
        }
        list.push(entry(&mut tree, &sample));
    }
    let whole = Span::new(0, text.len());
    let items = tree.push_items(&list);
    let list = tree.push(whole, Style::Plain, Data::List(items));
    let root = map(&mut tree, whole, &[("metrics", list)]);
    tree.set_root(root);
    (vec![tree], Vec::new())
}

fn entry(tree: &mut Tree, sample: &Sample<'_>) -> NodeId {
    let span = sample.span;
    let labels: Vec<(&str, NodeId)> =
        sample.labels.iter().map(|(name, value)| (*name, string(tree, span, value))).collect();
    let labels = map(tree, span, &labels);
    let value = sample.integer().map_or(Data::Float(sample.value), Data::Int);
    let fields = [
        ("name", string(tree, span, sample.name)),
        ("from", string(tree, span, "")),
        ("labels", labels),
        ("value", tree.push(span, Style::Plain, value)),
    ];
    map(tree, span, &fields)
}

fn string(tree: &mut Tree, span: Span, text: &str) -> NodeId {
    let text = tree.push_text(text);
    tree.push(span, Style::Plain, Data::Str(text))
}

fn map(tree: &mut Tree, span: Span, fields: &[(&str, NodeId)]) -> NodeId {
    let nodes: Vec<NodeId> = fields
        .iter()
        .flat_map(|(key, value)| [string(tree, Span::new(span.start as usize, span.start as usize), key), *value])
        .collect();
    let items = tree.push_items(&nodes);
    tree.push(span, Style::Plain, Data::Map(items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_name_labels_value_and_place() {
        let text =
            "# HELP x y\nup 1\nsize_bytes{id=\"a,\\\"b\\\"}\",x=\"\"} 2.5e+08 1395066363000\nbad\nnan NaN\nhalf 0.5";
        let read: Vec<_> = samples(text).map(|s| (s.name, s.labels, s.value, &text[s.span.range()])).collect();
        let labels = vec![("id", "a,\"b\"}".to_string()), ("x", String::new())];
        assert_eq!(
            read,
            [
                ("up", Vec::new(), 1.0, "1"),
                ("size_bytes", labels, 250_000_000.0, "2.5e+08"),
                ("half", Vec::new(), 0.5, "0.5"),
            ]
        );
    }

    #[test]
    fn a_file_is_one_list() {
        let (trees, _) = read(SourceId(0), &Arc::from("a{b=\"c\"} 3\nd 0.5\n"));
        let tree = &trees[0];
        let list = tree.get(tree.root(), "metrics").expect("a list");
        let first = tree.elements(list)[0];
        assert_eq!(tree.elements(list).len(), 2);
        assert_eq!(tree.data(tree.get(first, "value").expect("a value")), Data::Int(3));
    }
}
