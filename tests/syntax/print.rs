//! A tree as indented text: one line a node, with the source text or value and the span.

use k8sready::syntax::{Data, Style, Text, Tree};
use k8sready::vocabulary::NodeId;

/// The whole tree.
pub fn print(tree: &Tree) -> String {
    let mut out = String::new();
    node(tree, tree.root(), 0, "", &mut out);
    out
}

fn node(tree: &Tree, id: NodeId, depth: usize, prefix: &str, out: &mut String) {
    let at = tree.node(id);
    let indent = "  ".repeat(depth);
    out.push_str(&format!("{indent}{prefix}{} @{}..{}\n", value(tree, id), at.span.start, at.span.end));
    for &child in tree.elements(id) {
        node(tree, child, depth + 1, "- ", out);
    }
    for (key, child) in tree.entries(id) {
        let span = tree.node(key).span;
        let label = format!("{} @{}..{}: ", value(tree, key), span.start, span.end);
        node(tree, child, depth + 1, &label, out);
    }
}

fn value(tree: &Tree, id: NodeId) -> String {
    let style = match tree.node(id).style {
        Style::Plain => "",
        Style::Single => "single ",
        Style::Double => "double ",
        Style::Literal => "literal ",
        Style::Folded => "folded ",
    };
    match tree.data(id) {
        Data::Null => "null".to_string(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => format!("{value:?}"),
        Data::Str(text @ Text::Source(_)) => format!("{style}{:?}", tree.text(text)),
        Data::Str(text @ Text::Buffer(_)) => format!("{style}copy {:?}", tree.text(text)),
        Data::List(_) => "list".to_string(),
        Data::Map(_) => "map".to_string(),
        Data::Unknown => format!("unknown ({})", tree.reason(id).map_or(String::new(), ToString::to_string)),
        other => format!("{other:?}"),
    }
}
