//! From origins to places: the node a finding points at, its bytes, and the path of fields that leads there.

use crate::syntax::{Data, Forest, Origin, Tree};
use crate::vocabulary::{NodeId, NodeRef, Place, Span};

use super::trail::Trail;

/// Where a finding points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The bytes to mark.
    pub place: Place,
    /// Path for people: `spec.template.spec.containers[0].image`.
    pub field: String,
    /// Path that survives reordering: `spec.template.spec.containers[name=web].image`.
    pub stable_field: String,
}

/// The spot of an origin; `root` is the object the finding is about, at which paths begin.
pub fn spot(forest: &Forest, origin: &Origin, root: NodeRef) -> Spot {
    match origin {
        Origin::Derived { from, decisive } => match from.get(*decisive).or_else(|| from.first()) {
            Some(origin) => spot(forest, origin, root),
            None => value_spot(forest, root, root),
        },
        Origin::Node(at) | Origin::Anchor(at) | Origin::Key(at) if forest.tree(at.tree).has_origins() => {
            through_fact(forest, *at, root)
        }
        Origin::Node(at) | Origin::Anchor(at) => value_spot(forest, *at, root),
        Origin::Key(at) => key_spot(forest, *at, root),
        Origin::Missing { parent, path } => missing_spot(forest, *parent, path, root),
    }
}

fn through_fact(forest: &Forest, at: NodeRef, root: NodeRef) -> Spot {
    match forest.origin(at) {
        Origin::Node(next) if next == at => value_spot(forest, root, root),
        origin => spot(forest, &origin, root),
    }
}

/// The path of the text that holds a range of an object's source; empty where none does.
pub fn field_around(forest: &Forest, root: NodeRef, span: Span) -> String {
    let tree = forest.tree(root.tree);
    let holds = |id: &NodeId| {
        let node = tree.node(*id);
        matches!(node.data, Data::Str(_)) && node.span.start <= span.start && span.end <= node.span.end
    };
    let node = (0..u32::try_from(tree.len()).unwrap_or(u32::MAX)).map(NodeId).rfind(holds);
    let trail = node.and_then(|node| Trail::to(tree, NodeRef { tree: root.tree, node }, root));
    trail.map(|trail| trail.path).unwrap_or_default()
}

/// A scalar is marked itself; a map or list by its key, or by what names it in its list.
fn value_spot(forest: &Forest, at: NodeRef, root: NodeRef) -> Spot {
    let at = forest.resolve(at);
    let tree = forest.tree(at.tree);
    let trail = Trail::to(tree, at, root);
    let marked = match tree.data(at.node) {
        Data::Map(_) | Data::List(_) => {
            trail.as_ref().and_then(|trail| trail.key).unwrap_or_else(|| head(tree, at.node))
        }
        _ => at.node,
    };
    finish(tree, marked, trail, "")
}

fn key_spot(forest: &Forest, key: NodeRef, root: NodeRef) -> Spot {
    let tree = forest.tree(key.tree);
    let trail = Trail::to_key(tree, key, root);
    finish(tree, key.node, trail, "")
}

/// The nearest existing place where the missing value belongs.
fn missing_spot(forest: &Forest, parent: NodeRef, path: &str, root: NodeRef) -> Spot {
    let parent = forest.resolve(parent);
    if forest.tree(parent.tree).has_origins() {
        return through_fact(forest, parent, root);
    }
    let tree = forest.tree(parent.tree);
    let trail = Trail::to(tree, parent, root);
    let marked = trail.as_ref().and_then(|trail| trail.key).unwrap_or_else(|| head(tree, parent.node));
    finish(tree, marked, trail, path)
}

fn finish(tree: &Tree, marked: NodeId, trail: Option<Trail>, missing: &str) -> Spot {
    let (field, stable_field) = trail.map(|trail| (trail.path, trail.stable)).unwrap_or_default();
    let extend = |path: String| match (path.is_empty(), missing.is_empty()) {
        (_, true) => path,
        (true, false) => missing.to_string(),
        (false, false) => format!("{path}.{missing}"),
    };
    let place = Place { source: tree.source(), span: tree.node(marked).span };
    Spot { place, field: extend(field), stable_field: extend(stable_field) }
}

/// What stands for a map without a key of its own: its name, else its kind, else its first key; a list's first element.
fn head(tree: &Tree, node: NodeId) -> NodeId {
    let named = |path: &[&str]| path.iter().try_fold(node, |at, key| tree.get(at, key));
    named(&["metadata", "name"])
        .or_else(|| named(&["name"]))
        .or_else(|| named(&["kind"]))
        .or_else(|| tree.entries(node).next().map(|(key, _)| key))
        .or_else(|| tree.elements(node).first().map(|&first| head(tree, first)))
        .unwrap_or(node)
}
