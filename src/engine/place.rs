//! From origins to places: the node a finding points at, its bytes, and the path of fields that leads there.

use rustc_hash::FxHashSet;

use crate::syntax::{Data, Forest, Origin, Tree};
use crate::vocabulary::{NodeId, NodeRef, Place, TreeId};

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

/// The way from the root to a node.
struct Trail {
    /// The key of the entry that holds the node, unless it is an element of a list.
    key: Option<NodeId>,
    path: String,
    stable: String,
}

impl Trail {
    fn to(tree: &Tree, at: NodeRef, root: NodeRef) -> Option<Trail> {
        Self::find(tree, at.tree, root, |_, value| value == at.node)
    }

    fn to_key(tree: &Tree, at: NodeRef, root: NodeRef) -> Option<Trail> {
        Self::find(tree, at.tree, root, |key, _| key == Some(at.node))
    }

    /// Depth-first from `root` (or from the tree's root where the node stands in another tree). A shared node (alias) is
    /// entered once.
    fn find(
        tree: &Tree,
        id: TreeId,
        root: NodeRef,
        is_target: impl Fn(Option<NodeId>, NodeId) -> bool,
    ) -> Option<Trail> {
        let start = if root.tree == id { root.node } else { tree.root() };
        if is_target(None, start) {
            return Some(Trail { key: None, path: String::new(), stable: String::new() });
        }
        let mut seen = FxHashSet::default();
        let mut steps: Vec<(Option<NodeId>, NodeId, Step)> = Vec::new();
        search(tree, start, &is_target, &mut seen, &mut steps).then(|| Trail::from_steps(tree, &steps))
    }

    fn from_steps(tree: &Tree, steps: &[(Option<NodeId>, NodeId, Step)]) -> Trail {
        let (mut path, mut stable) = (String::new(), String::new());
        for (key, node, step) in steps {
            match step {
                Step::Key => {
                    let name = key.and_then(|key| tree.str(key)).unwrap_or("?");
                    let dotted = if name.contains(['.', '/']) { format!("[{name}]") } else { format!(".{name}") };
                    let dotted = if path.is_empty() { dotted.trim_start_matches('.').to_string() } else { dotted };
                    path.push_str(&dotted);
                    stable.push_str(&dotted);
                }
                Step::Index(index) => {
                    path.push_str(&format!("[{index}]"));
                    stable.push_str(&element_name(tree, *node, *index));
                }
            }
        }
        Trail { key: steps.last().and_then(|(key, ..)| *key), path, stable }
    }
}

enum Step {
    Key,
    Index(usize),
}

type Steps = Vec<(Option<NodeId>, NodeId, Step)>;

fn search(
    tree: &Tree,
    node: NodeId,
    is_target: &impl Fn(Option<NodeId>, NodeId) -> bool,
    seen: &mut FxHashSet<NodeId>,
    steps: &mut Steps,
) -> bool {
    let has_children = matches!(tree.data(node), Data::Map(_) | Data::List(_));
    if !has_children || !seen.insert(node) {
        return false;
    }
    let entries = tree.entries(node).map(|(key, value)| (Some(key), value, Step::Key));
    let elements = tree.elements(node).iter().enumerate().map(|(index, &value)| (None, value, Step::Index(index)));
    for (key, value, step) in entries.chain(elements) {
        steps.push((key, value, step));
        if is_target(key, value) || search(tree, value, is_target, seen, steps) {
            return true;
        }
        steps.pop();
    }
    false
}

/// An element's name where the list is a map by name (`[name=web]`), its text where it is a scalar, else its position.
fn element_name(tree: &Tree, node: NodeId, index: usize) -> String {
    let by = |key: &str| tree.get(node, key).and_then(|value| tree.str(value)).map(|name| format!("[{key}={name}]"));
    by("name")
        .or_else(|| by("key"))
        .or_else(|| tree.str(node).map(|text| format!("[{text}]")))
        .unwrap_or_else(|| format!("[{index}]"))
}
