//! Which nodes of a tree are secrets, and which texts hold secret parts.
//!
//! Reads the tree and changes nothing. Nodes are looked at in the order of the arena, each once, so that aliases cost
//! nothing; a node without a trigger of the list in its text is skipped at the price of a binary search.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::list::{List, Strength, is_plain};
use super::text::{Found, scan, values};
use crate::syntax::{Data, Secret, Text, Tree};
use crate::vocabulary::{NodeId, Span};

/// What was found in one tree.
#[derive(Default)]
pub(super) struct Secrets {
    /// Scalars that are secrets.
    pub(super) hidden: Vec<(NodeId, Secret)>,
    /// Texts with secret parts, as ranges of the text.
    pub(super) parts: Vec<(NodeId, Vec<Range<usize>>)>,
}

/// Looks through a tree. `places` are those of the source where something of the list could begin.
pub(super) fn find(tree: &Tree, places: &[u32]) -> Secrets {
    let mut search =
        Search { tree, places, list: List::get(), secrets: Secrets::default(), keys: FxHashSet::default() };
    let nodes = || (0..u32::try_from(tree.len()).unwrap_or(u32::MAX)).map(NodeId);
    if places.is_empty() && !nodes().any(|id| search.is_buffered(id)) {
        return search.secrets;
    }
    for id in nodes() {
        match tree.data(id) {
            Data::Map(_) => search.map(id),
            Data::List(_) => search.list(id),
            _ => {}
        }
    }
    // Where a secret stands says more of it than its name.
    search.secrets.hidden.sort_by_key(|(_, class)| *class == Secret::NamedLikeSecret);
    let hidden: FxHashSet<NodeId> = search.secrets.hidden.iter().map(|(id, _)| *id).collect();
    for id in nodes().filter(|id| !hidden.contains(id)) {
        search.text(id);
    }
    search.secrets
}

struct Search<'t> {
    tree: &'t Tree,
    places: &'t [u32],
    list: &'static List,
    secrets: Secrets,
    /// Keys are never hidden whole, because they name their values.
    keys: FxHashSet<NodeId>,
}

impl<'t> Search<'t> {
    fn is_buffered(&self, id: NodeId) -> bool {
        matches!(self.tree.data(id), Data::Str(Text::Buffer(_)))
    }

    /// Whether something of the list may begin in a node.
    fn is_touched(&self, id: NodeId) -> bool {
        let Span { start, end } = self.tree.node(id).span;
        let next = self.places.partition_point(|place| *place < start);
        self.places.get(next).is_some_and(|place| *place < end)
            || (self.is_buffered(id) && self.tree.str(id).is_some_and(|text| !self.list.places(text).is_empty()))
    }

    fn map(&mut self, map: NodeId) {
        let (mut name, mut value) = (None, None);
        for (key, child) in self.tree.entries(map) {
            let Some(text) = self.tree.str(key) else { continue };
            match text {
                "name" => name = Some(child),
                "value" => value = Some(child),
                "kind" => self.kind(map, child),
                _ => {}
            }
            if self.is_touched(key) {
                self.keys.insert(key);
                self.named(text, child);
            }
            self.paths(text, child);
        }
        if let (Some(name), Some(value)) = (name, value) {
            self.variable(name, value);
        }
    }

    /// Everything under the listed keys of an object of a listed kind.
    fn kind(&mut self, map: NodeId, kind: NodeId) {
        let Some((class, keys)) = self.tree.str(kind).and_then(|kind| self.list.kind(kind)) else { return };
        let values: Vec<NodeId> = keys.iter().flat_map(|key| self.values(map, key)).collect();
        self.hide_all(values, class);
    }

    /// All values of a key: a repeated key hides none of them.
    fn values(&self, map: NodeId, key: &'t str) -> impl Iterator<Item = NodeId> + use<'t> {
        let tree = self.tree;
        tree.entries(map).filter(move |(name, _)| tree.str(*name) == Some(key)).map(|(_, value)| value)
    }

    /// The listed ways down from a key. Each step goes from a set of nodes to a set of nodes.
    fn paths(&mut self, key: &str, child: NodeId) {
        for (path, class) in self.list.paths(key) {
            let mut at = vec![child];
            for step in path {
                at = at.into_iter().flat_map(|node| self.step(node, step)).collect();
                at.sort_unstable();
                at.dedup();
            }
            self.hide_all(at, *class);
        }
    }

    fn step(&self, node: NodeId, step: &'static str) -> Vec<NodeId> {
        match step {
            "*" => children(self.tree, node).collect(),
            key => self.values(node, key).collect(),
        }
    }

    /// Every scalar below the nodes.
    fn hide_all(&mut self, mut nodes: Vec<NodeId>, class: Secret) {
        let mut seen = FxHashSet::default();
        while let Some(node) = nodes.pop() {
            if !seen.insert(node) {
                continue;
            }
            match self.tree.data(node) {
                Data::Map(_) | Data::List(_) => nodes.extend(children(self.tree, node)),
                _ => self.secrets.hidden.push((node, class)),
            }
        }
    }

    /// A value whose key says what it is.
    fn named(&mut self, key: &str, value: NodeId) {
        let Some(strength) = self.list.name(key) else { return };
        let shouts = !key.contains(|c: char| c.is_ascii_lowercase());
        if strength == Strength::Anywhere || shouts {
            self.hide_named(value, strength);
            self.tree.elements(value).iter().for_each(|element| self.hide_named(*element, strength));
        }
    }

    /// `{name: DB_PASSWORD, value: …}`
    fn variable(&mut self, name: NodeId, value: NodeId) {
        let strength = self.tree.str(name).filter(|_| self.is_touched(name)).and_then(|name| self.list.name(name));
        if let Some(strength) = strength {
            self.hide_named(value, strength);
        }
    }

    fn hide_named(&mut self, value: NodeId, strength: Strength) {
        let is_secret = match self.tree.data(value) {
            Data::Str(text) => !is_plain(self.tree.text(text), strength),
            Data::Int(_) | Data::Float(_) => strength == Strength::Anywhere,
            _ => false,
        };
        if is_secret {
            // What the value itself tells is more than what its name does.
            let told = self.tree.str(value).and_then(|text| values(text).first().map(|found| found.class));
            self.secrets.hidden.push((value, told.unwrap_or(Secret::NamedLikeSecret)));
        }
    }

    /// `[--password, x]` and `[auth_pass, x]`; `--password=x` is found as text.
    fn list(&mut self, list: NodeId) {
        let tree = self.tree;
        for pair in tree.elements(list).windows(2) {
            let Some(word) = tree.str(pair[0]).filter(|_| self.is_touched(pair[0])) else { continue };
            let follows = tree.str(pair[1]).is_some_and(|next| !next.starts_with('-'));
            if self.list.before.iter().any(|before| before == word) {
                self.hide_named(pair[1], Strength::Anywhere);
            } else if let Some(flag) = word.strip_prefix('-').filter(|flag| follows && !flag.contains('='))
                && let Some(strength) = self.list.name(flag)
            {
                self.hide_named(pair[1], strength);
            }
        }
    }

    /// A text that gives itself away, or holds secret parts.
    fn text(&mut self, id: NodeId) {
        let Some(text) = self.tree.str(id).filter(|_| self.is_touched(id)) else { return };
        let found = scan(text);
        let is_line = !text.trim_end().contains('\n');
        let whole = |found: &&Found| found.by_value && (is_line || found.range.len() >= text.trim().len());
        match found.iter().find(whole) {
            Some(found) if !self.keys.contains(&id) => self.secrets.hidden.push((id, found.class)),
            _ if found.is_empty() => {}
            _ => self.secrets.parts.push((id, found.into_iter().map(|found| found.range).collect())),
        }
    }
}

/// Elements of a list, values of a map.
fn children(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    tree.elements(node).iter().copied().chain(tree.entries(node).map(|(_, value)| value))
}
