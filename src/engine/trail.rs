//! Trails: the way of keys and positions from an object to a node, for people and for fingerprints.

use rustc_hash::FxHashSet;

use crate::syntax::{Data, Tree};
use crate::vocabulary::{NodeId, NodeRef, Span, TreeId};

/// The way from the root to a node.
pub(super) struct Trail {
    /// The key of the entry that holds the node, unless it is an element of a list.
    pub key: Option<NodeId>,
    /// For people: `spec.containers[0].image`.
    pub path: String,
    /// What survives reordering: `spec.containers[name=web].image`.
    pub stable: String,
}

impl Trail {
    /// The way to a value.
    pub fn to(tree: &Tree, at: NodeRef, root: NodeRef) -> Option<Trail> {
        Self::find(tree, at, root, |_, value| value == at.node)
    }

    /// The way to a key.
    pub fn to_key(tree: &Tree, at: NodeRef, root: NodeRef) -> Option<Trail> {
        Self::find(tree, at, root, |key, _| key == Some(at.node))
    }

    /// From `root`, or from the tree's root where the node stands in another tree. What holds a node in the text is tried
    /// first; an alias stands elsewhere and is looked for everywhere.
    fn find(
        tree: &Tree,
        at: NodeRef,
        root: NodeRef,
        is_target: impl Fn(Option<NodeId>, NodeId) -> bool,
    ) -> Option<Trail> {
        let start = start(tree, at.tree, root);
        if is_target(None, start) {
            return Some(Trail { key: None, path: String::new(), stable: String::new() });
        }
        let target = tree.node(at.node).span;
        [Some(target), None].into_iter().find_map(|within| {
            let mut search =
                Search { tree, is_target: &is_target, within, seen: FxHashSet::default(), steps: Vec::new() };
            search.below(start).then(|| Trail::from_steps(tree, &search.steps))
        })
    }

    fn from_steps(tree: &Tree, steps: &[Step]) -> Trail {
        let (mut path, mut stable) = (String::new(), String::new());
        for step in steps {
            match step.index {
                None => {
                    let name = step.key.and_then(|key| tree.str(key)).unwrap_or("?");
                    for text in [&mut path, &mut stable] {
                        push_key(text, name);
                    }
                }
                Some(index) => {
                    path.push_str(&format!("[{index}]"));
                    stable.push_str(&element_name(tree, step.node, index));
                }
            }
        }
        Trail { key: steps.last().and_then(|step| step.key), path, stable }
    }
}

fn start(tree: &Tree, id: TreeId, root: NodeRef) -> NodeId {
    if root.tree == id { root.node } else { tree.root() }
}

fn push_key(path: &mut String, name: &str) {
    if name.contains(['.', '/']) {
        path.extend(["[", name, "]"]);
    } else if path.is_empty() {
        path.push_str(name);
    } else {
        path.extend([".", name]);
    }
}

/// One step down: an entry's key, or an element's position.
#[derive(Clone, Copy)]
struct Step {
    key: Option<NodeId>,
    node: NodeId,
    index: Option<usize>,
}

struct Search<'s, F> {
    tree: &'s Tree,
    is_target: &'s F,
    /// Only what spans this is entered.
    within: Option<Span>,
    seen: FxHashSet<NodeId>,
    steps: Vec<Step>,
}

impl<F: Fn(Option<NodeId>, NodeId) -> bool> Search<'_, F> {
    /// Depth-first; a shared node (alias) is entered once.
    fn below(&mut self, node: NodeId) -> bool {
        let tree = self.tree;
        let entries = tree.entries(node).map(|(key, node)| Step { key: Some(key), node, index: None });
        let elements =
            tree.elements(node).iter().enumerate().map(|(index, &node)| Step { key: None, node, index: Some(index) });
        for step in entries.chain(elements) {
            self.steps.push(step);
            if (self.is_target)(step.key, step.node) || (self.enters(step.node) && self.below(step.node)) {
                return true;
            }
            self.steps.pop();
        }
        false
    }

    fn enters(&mut self, node: NodeId) -> bool {
        let span = self.tree.node(node).span;
        let holds = |target: Span| span.start <= target.start && target.end <= span.end;
        matches!(self.tree.data(node), Data::Map(_) | Data::List(_))
            && self.within.is_none_or(holds)
            && self.seen.insert(node)
    }
}

/// An element's name where the list is a map by name (`[name=web]`), its text where it is a scalar, else its position.
fn element_name(tree: &Tree, node: NodeId, index: usize) -> String {
    let by = |key: &str| tree.get(node, key).and_then(|value| tree.str(value)).map(|name| format!("[{key}={name}]"));
    by("name")
        .or_else(|| by("key"))
        .or_else(|| tree.str(node).map(|text| format!("[{text}]")))
        .unwrap_or_else(|| format!("[{index}]"))
}
