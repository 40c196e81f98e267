//! `FactBuilder`: makes a fact tree in which every node has an origin.
//!
//! Facts that merely pass a value on are references to the document's node; facts that fill in a default say where the
//! value would stand. Which facts exist is the adapters' business.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::inventory::hides;
use crate::syntax::{Data, Origin, Style, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, SourceId, Span, TreeId, UnknownCode};

/// A value that holds where the document says nothing.
#[derive(Clone, Copy, Debug)]
pub enum Fallback<'a> {
    /// Nothing at all.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A text.
    Str(&'a str),
    /// Nothing, where only a text would do.
    NoStr,
}

impl Fallback<'_> {
    /// Whether a value is of the default's type. What a template or a secret stands for is not known to be of another.
    fn admits(self, value: View<'_>) -> bool {
        match (self, value.data()) {
            (_, Data::Unknown | Data::Redacted(_)) | (Fallback::Null, _) => true,
            (Fallback::Bool(_), data) => matches!(data, Data::Bool(_)),
            (Fallback::Int(_), data) => matches!(data, Data::Int(_)),
            (Fallback::Str(_) | Fallback::NoStr, data) => matches!(data, Data::Str(_)),
        }
    }
}

/// A value that may be unknown, and where it stands or would stand.
#[derive(Clone, Debug)]
pub struct Spot<T> {
    /// The value, or why nobody can say.
    pub value: Result<T, Reason>,
    /// Its place.
    pub place: Origin,
}

impl<T> Spot<T> {
    /// A value that is known.
    pub fn known(value: T, place: Origin) -> Spot<T> {
        Spot { value: Ok(value), place }
    }

    /// A value that nobody can say.
    pub fn unknown(reason: Reason, place: Origin) -> Spot<T> {
        Spot { value: Err(reason), place }
    }

    /// What `read` makes of the value under `path`; `default` where nothing is set.
    pub fn read(at: View<'_>, path: &'static str, default: T, read: impl FnOnce(View<'_>) -> Option<T>) -> Spot<T> {
        let place = at.origin_of(path);
        let Some(found) = at.path(path).filter(|value| !value.is_null()) else {
            let value = hidden(at, path).map_or(Ok(default), |reason| Err(reason.clone()));
            return Spot { value, place };
        };
        let unreadable = || Reason::new(UnknownCode::Templated, format!("`{path}` cannot be read"));
        let value = match found.unknown() {
            Some(reason) => Err(reason.clone()),
            None => read(found).ok_or_else(unreadable),
        };
        Spot { value, place }
    }

    /// Another value at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spot<U> {
        Spot { value: self.value.map(change), place: self.place }
    }
}

/// Builds one fact tree.
pub struct FactBuilder {
    tree: Tree,
    id: TreeId,
    anchor: NodeRef,
    /// Nodes of keys by the address of their text, which is quicker to hash; the same text twice is two nodes at worst.
    keys: FxHashMap<usize, NodeId>,
}

impl FactBuilder {
    /// A tree that will get `id`, about the thing whose name stands at `anchor`.
    pub fn new(id: TreeId, anchor: NodeRef) -> Self {
        let tree = Tree::new(SourceId::default(), Arc::from(""));
        FactBuilder { tree, id, anchor, keys: FxHashMap::default() }
    }

    /// The finished tree, rooted at the node pushed last.
    pub fn finish(self) -> Tree {
        self.tree
    }

    /// A node of this tree as others refer to it.
    pub fn reference(&self, node: NodeId) -> NodeRef {
        NodeRef { tree: self.id, node }
    }

    /// The id of the tree that is being built.
    pub fn tree_id(&self) -> TreeId {
        self.id
    }

    /// The origin of what has no place of its own.
    pub fn anchor(&self) -> Origin {
        Origin::Anchor(self.anchor)
    }

    fn push(&mut self, data: Data, origin: Origin) -> NodeId {
        let id = self.tree.push(Span::default(), Style::Plain, data);
        self.tree.push_origin(origin);
        id
    }

    /// Nothing.
    pub fn null(&mut self, origin: Origin) -> NodeId {
        self.push(Data::Null, origin)
    }

    /// A boolean.
    pub fn bool(&mut self, value: bool, origin: Origin) -> NodeId {
        self.push(Data::Bool(value), origin)
    }

    /// A number.
    pub fn int(&mut self, value: i64, origin: Origin) -> NodeId {
        self.push(Data::Int(value), origin)
    }

    /// A text.
    pub fn str(&mut self, value: &str, origin: Origin) -> NodeId {
        let text = self.tree.push_text(value);
        self.push(Data::Str(text), origin)
    }

    /// A text, or null.
    pub fn opt_str(&mut self, value: Option<&str>, origin: Origin) -> NodeId {
        match value {
            Some(value) => self.str(value, origin),
            None => self.null(origin),
        }
    }

    /// A number, or null.
    pub fn opt_int(&mut self, value: Option<i64>, origin: Origin) -> NodeId {
        match value {
            Some(value) => self.int(value, origin),
            None => self.null(origin),
        }
    }

    /// Something that cannot be known.
    pub fn unknown(&mut self, reason: Reason, origin: Origin) -> NodeId {
        let id = self.push(Data::Unknown, origin);
        self.tree.set_reason(id, reason);
        id
    }

    /// A boolean that may be unknown.
    pub fn bool_at(&mut self, spot: &Spot<bool>) -> NodeId {
        match &spot.value {
            Ok(value) => self.bool(*value, spot.place.clone()),
            Err(reason) => self.unknown(reason.clone(), spot.place.clone()),
        }
    }

    /// A boolean, null or unknown.
    pub fn opt_bool_at(&mut self, spot: &Spot<Option<bool>>) -> NodeId {
        match &spot.value {
            Ok(Some(value)) => self.bool(*value, spot.place.clone()),
            Ok(None) => self.null(spot.place.clone()),
            Err(reason) => self.unknown(reason.clone(), spot.place.clone()),
        }
    }

    /// A number, null or unknown.
    pub fn int_at(&mut self, spot: &Spot<Option<i64>>) -> NodeId {
        match &spot.value {
            Ok(value) => self.opt_int(*value, spot.place.clone()),
            Err(reason) => self.unknown(reason.clone(), spot.place.clone()),
        }
    }

    /// A node of a document, or of this or another fact tree.
    pub fn refer(&mut self, target: NodeRef) -> NodeId {
        self.push(Data::Ref(target), Origin::Node(target))
    }

    /// The value under `path`, or what holds in its absence; the origin is the value, or the place where it would stand.
    /// Where a template may still fill in the value, it is unknown.
    pub fn lookup(&mut self, at: View<'_>, path: &'static str, fallback: Fallback<'_>) -> NodeId {
        let (deepest, rest) = at.descend(path);
        if rest.is_empty() && !deepest.is_null() {
            return self.found(deepest, path, fallback);
        }
        let origin = match rest {
            "" => Origin::Node(deepest.at()),
            rest => Origin::Missing { parent: deepest.at(), path: rest.into() },
        };
        match obstacle(deepest, rest).filter(|_| !rest.is_empty()) {
            Some(reason) => self.unknown(reason.clone(), origin),
            None => self.fallback(fallback, origin),
        }
    }

    fn found(&mut self, value: View<'_>, path: &str, fallback: Fallback<'_>) -> NodeId {
        if fallback.admits(value) {
            return self.refer(value.at());
        }
        let reason = Reason::new(UnknownCode::Partial, format!("`{path}` holds a value of another type"));
        self.unknown(reason, Origin::Node(value.at()))
    }

    /// A default with an origin.
    pub fn fallback(&mut self, fallback: Fallback<'_>, origin: Origin) -> NodeId {
        match fallback {
            Fallback::Null | Fallback::NoStr => self.null(origin),
            Fallback::Bool(value) => self.bool(value, origin),
            Fallback::Int(value) => self.int(value, origin),
            Fallback::Str(value) => self.str(value, origin),
        }
    }

    /// A list. An empty one points at the anchor.
    pub fn list(&mut self, items: &[NodeId]) -> NodeId {
        let origin = self.anchor();
        self.list_at(items, origin)
    }

    /// A list with an origin of its own.
    pub fn list_at(&mut self, items: &[NodeId], origin: Origin) -> NodeId {
        let items = self.tree.push_items(items);
        self.push(Data::List(items), origin)
    }

    /// A list of texts.
    pub fn strings<'a>(&mut self, values: impl IntoIterator<Item = (&'a str, Origin)>, origin: Origin) -> NodeId {
        let items: Vec<NodeId> = values.into_iter().map(|(value, origin)| self.str(value, origin)).collect();
        self.list_at(&items, origin)
    }

    /// Says that a list or map may hold more than is listed.
    pub fn open(&mut self, node: NodeId, reason: Reason) {
        self.tree.set_reason(node, reason);
    }

    /// A map with an origin.
    pub fn map(&mut self, fields: &[(&'static str, NodeId)], origin: Origin) -> NodeId {
        let nodes: Vec<NodeId> = fields.iter().flat_map(|&(key, value)| [self.key(key), value]).collect();
        let items = self.tree.push_items(&nodes);
        self.push(Data::Map(items), origin)
    }

    /// A scalar of a document, copied as it is.
    pub fn scalar(&mut self, value: View<'_>) -> NodeId {
        let origin = Origin::Node(value.at());
        match value.data() {
            Data::Str(_) => self.str(value.str().unwrap_or_default(), origin),
            Data::List(_) | Data::Map(_) => self.null(origin),
            Data::Unknown | Data::Ref(_) => {
                let hidden = || Reason::new(UnknownCode::Partial, "the value is not known");
                self.unknown(value.unknown().cloned().unwrap_or_else(hidden), origin)
            }
            data => self.push(data, origin),
        }
    }

    /// What a node holds.
    pub fn data(&self, node: NodeId) -> Data {
        self.tree.data(node)
    }

    /// The text of a node.
    pub fn text(&self, node: NodeId) -> Option<&str> {
        self.tree.str(node)
    }

    /// Keys and values of a map.
    pub fn pairs(&self, map: NodeId) -> Vec<(NodeId, NodeId)> {
        self.tree.entries(map).collect()
    }

    /// Where a node comes from.
    pub fn origin(&self, node: NodeId) -> Origin {
        self.tree.origin(self.id, node)
    }

    /// Whether a list or map may hold more than is listed.
    pub fn is_open(&self, node: NodeId) -> bool {
        self.tree.reason(node).is_some()
    }

    /// A fraction.
    pub fn float(&mut self, value: f64, origin: Origin) -> NodeId {
        self.push(Data::Float(value), origin)
    }

    /// A map of key nodes and values.
    pub fn entries(&mut self, pairs: &[(NodeId, NodeId)], origin: Origin) -> NodeId {
        let nodes: Vec<NodeId> = pairs.iter().flat_map(|&(key, value)| [key, value]).collect();
        let items = self.tree.push_items(&nodes);
        self.push(Data::Map(items), origin)
    }

    /// A map with keys taken from the input.
    pub fn named_map(&mut self, fields: &[(String, NodeId)], origin: Origin) -> NodeId {
        let mut nodes = Vec::with_capacity(fields.len() * 2);
        for (key, value) in fields {
            let anchor = self.anchor();
            nodes.extend([self.str(key, anchor), *value]);
        }
        let items = self.tree.push_items(&nodes);
        self.push(Data::Map(items), origin)
    }

    fn key(&mut self, key: &'static str) -> NodeId {
        let address = key.as_ptr() as usize;
        if let Some(&node) = self.keys.get(&address).filter(|&&node| self.tree.is_text(node, key)) {
            return node;
        }
        let anchor = self.anchor();
        let node = self.str(key, anchor);
        self.keys.insert(address, node);
        node
    }

    /// Reserves a map that is filled later, for trees whose parts refer to it. Fill it with `fill`.
    pub fn reserve(&mut self, origin: Origin) -> NodeId {
        self.push(Data::Null, origin)
    }

    /// Fills a reserved map and makes it the root.
    pub fn fill(&mut self, reserved: NodeId, fields: &[(&'static str, NodeId)]) {
        let nodes: Vec<NodeId> = fields.iter().flat_map(|&(key, value)| [self.key(key), value]).collect();
        let items = self.tree.push_items(&nodes);
        self.tree.set_data(reserved, Data::Map(items));
        self.tree.set_root(reserved);
    }
}

/// Why nobody can say what stands under `path`: something on the way is unknown, or a map may hold more than is written.
pub fn hidden<'a>(at: View<'a>, path: &str) -> Option<&'a Reason> {
    match at.descend(path) {
        (found, "") => found.unknown(),
        (deepest, rest) => obstacle(deepest, rest),
    }
}

/// Why the rest of a path may be there after all: what stands in its way may be a placeholder for all of it.
fn obstacle<'a>(deepest: View<'a>, rest: &str) -> Option<&'a Reason> {
    let in_the_way = rest.split('.').next().and_then(|key| deepest.get(key));
    hides(in_the_way.unwrap_or(deepest))
}
