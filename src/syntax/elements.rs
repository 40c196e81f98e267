//! Makes a tree of its own of each element of a list.
//!
//! A dump of a cluster is one document; its items are judged, and dropped from memory, one by one. The new trees share the
//! source's text, and their spans stay those of the source. Which list holds items is for the caller to know.

use rustc_hash::FxHashMap;

use super::{Data, Items, Text, Tree};
use crate::vocabulary::NodeId;

/// The elements of a list, each as a tree; none for anything else. Nodes that aliases share are shared within an element.
pub fn split_elements(tree: &Tree, list: NodeId) -> Vec<Tree> {
    tree.elements(list).iter().map(|&element| subtree(tree, element)).collect()
}

fn subtree(tree: &Tree, root: NodeId) -> Tree {
    let mut copier =
        Copier { from: tree, to: Tree::new(tree.source(), tree.source_text().clone()), known: FxHashMap::default() };
    let root = copier.copy(root);
    copier.to.set_root(root);
    copier.to
}

struct Copier<'t> {
    from: &'t Tree,
    to: Tree,
    known: FxHashMap<NodeId, NodeId>,
}

impl Copier<'_> {
    /// Copies children before their parent. The depth is bounded by the reader's budget.
    fn copy(&mut self, id: NodeId) -> NodeId {
        if let Some(&copy) = self.known.get(&id) {
            return copy;
        }
        let node = self.from.node(id);
        let data = match node.data {
            Data::List(items) => Data::List(self.copy_items(items)),
            Data::Map(items) => Data::Map(self.copy_items(items)),
            Data::Str(text @ Text::Buffer(_)) => Data::Str(self.to.push_text(self.from.text(text))),
            other => other,
        };
        let copy = self.to.push(node.span, node.style, data);
        if let Some(reason) = self.from.reason(id) {
            self.to.set_reason(copy, reason.clone());
        }
        self.known.insert(id, copy);
        copy
    }

    fn copy_items(&mut self, items: Items) -> Items {
        let from = self.from;
        let copies: Vec<NodeId> = from.items(items).iter().map(|&child| self.copy(child)).collect();
        self.to.push_items(&copies)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::yaml;
    use super::*;
    use crate::vocabulary::{SourceId, Span};

    #[test]
    fn each_element_is_a_tree_with_the_spans_of_the_source() {
        let text = "items:\n- &a {name: 'it''s', deep: [1, {k: v}]}\n- ref: *a\n  same: *a\n- 5\n";
        let (trees, _) = yaml::read(SourceId(3), &Arc::from(text), Span::new(0, text.len()));
        let list = trees[0].get(trees[0].root(), "items").unwrap();
        let items = split_elements(&trees[0], list);
        assert_eq!(items.len(), 3);
        let first = &items[0];
        assert_eq!(first.str(first.get(first.root(), "name").unwrap()), Some("it's"));
        assert_eq!(first.raw(first.get(first.root(), "deep").unwrap()), "[1, {k: v}]");
        assert_eq!(items[1].get(items[1].root(), "ref"), items[1].get(items[1].root(), "same"));
        assert_eq!((items[2].data(items[2].root()), items[2].source()), (Data::Int(5), SourceId(3)));
        assert_eq!(split_elements(&trees[0], trees[0].root()).len(), 0, "a map has no elements");
    }
}
