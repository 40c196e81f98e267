//! Looking into lists and maps, be they in a tree or built.
//!
//! A key that is absent from an *open* map, and an element past the end of an open list, is unknown and not missing. The last
//! of several equal keys counts.

use std::sync::atomic::{AtomicU32, Ordering};

use rustc_hash::FxHashSet;

use super::value::{Held, List, Map, Outcome, Value, fail, unknown};
use crate::syntax::{Data, Forest, Origin, Tree};
use crate::vocabulary::{NodeId, NodeRef, Reason, UnknownCode};

/// A node of the forest.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    forest: &'a Forest,
    at: NodeRef,
}

impl<'a> Site<'a> {
    /// A node of a forest.
    pub fn new(forest: &'a Forest, at: NodeRef) -> Self {
        Site { forest, at }
    }

    /// The node itself, references not followed.
    pub fn at(self) -> NodeRef {
        self.at
    }

    /// The node that references lead to.
    pub fn target(self) -> Site<'a> {
        Site { forest: self.forest, at: self.forest.resolve(self.at) }
    }

    /// What lies there, references followed.
    pub fn data(self) -> Data {
        let target = self.target();
        target.tree().data(target.at.node)
    }

    pub(super) fn is_reference(self) -> bool {
        matches!(self.tree().data(self.at.node), Data::Ref(_))
    }

    pub(super) fn tree(self) -> &'a Tree {
        self.forest.tree(self.at.tree)
    }

    fn child(self, node: NodeId) -> Site<'a> {
        Site { forest: self.forest, at: NodeRef { tree: self.at.tree, node } }
    }

    /// Where a finding about the node points. A fact that only refers to another node points where that one does.
    pub fn origin(self) -> Origin {
        let mut at = self.at;
        for _ in 0..16 {
            let origin = self.forest.origin(at);
            match (self.forest.tree(at.tree).data(at.node), &origin) {
                (Data::Ref(next), Origin::Node(_)) => at = next,
                _ => return origin,
            }
        }
        Origin::Node(at)
    }

    /// Why there may be more in the list or map; for an unknown, why it is.
    pub(super) fn reason(self) -> Option<&'a Reason> {
        let target = self.target();
        target.tree().reason(target.at.node)
    }

    pub(super) fn unknown<T>(self) -> Outcome<T> {
        match self.reason() {
            Some(reason) => unknown(reason),
            None => unknown(&Reason::new(UnknownCode::Partial, "the value is not known")),
        }
    }

    #[inline]
    pub(super) fn load(self) -> Outcome<Value<'a>> {
        let target = self.target();
        let tree = target.tree();
        Ok(match tree.data(target.at.node) {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(value),
            Data::Int(value) => Value::Int(value),
            Data::Float(value) => Value::Double(value),
            Data::Str(text) => Value::Str(Held::Borrowed(tree.text(text))),
            Data::Unknown | Data::Ref(_) => return target.unknown(),
            Data::List(_) | Data::Map(_) | Data::Redacted(_) => Value::Node(self),
        })
    }

    /// Key and value under a text key.
    #[inline]
    pub(super) fn entry(self, key: &str) -> Option<(Site<'a>, Site<'a>)> {
        let target = self.target();
        let tree = target.tree();
        let Data::Map(items) = tree.data(target.at.node) else { return None };
        let found = tree.items(items).chunks_exact(2).rev().find(|pair| tree.is_text(pair[0], key))?;
        Some((target.child(found[0]), target.child(found[1])))
    }

    /// The value under a text key. `hint` remembers the position where the same step found its key last: fact trees of one
    /// subject have one shape, and their maps hold every key once, so that a hit there is the only one.
    #[inline]
    pub(super) fn hinted(self, key: &str, hint: &AtomicU32) -> Option<Site<'a>> {
        let target = self.target();
        let tree = target.tree();
        let Data::Map(items) = tree.data(target.at.node) else { return None };
        let nodes = tree.items(items);
        let at = hint.load(Ordering::Relaxed) as usize;
        if tree.has_origins()
            && let Some(&[name, value]) = nodes.get(at..at + 2)
            && tree.is_text(name, key)
        {
            return Some(target.child(value));
        }
        let found = nodes.chunks_exact(2).rposition(|pair| tree.is_text(pair[0], key))? * 2;
        hint.store(u32::try_from(found).unwrap_or(0), Ordering::Relaxed);
        Some(target.child(nodes[found + 1]))
    }

    /// Keys and values in order, repeated keys once.
    fn entries(self) -> Vec<(Site<'a>, Site<'a>)> {
        let target = self.target();
        let tree = target.tree();
        let mut seen = FxHashSet::default();
        let mut all: Vec<_> = tree
            .entries(target.at.node)
            .rev()
            .filter(|&(key, _)| tree.str(key).is_none_or(|text| seen.insert(text)))
            .map(|(key, value)| (target.child(key), target.child(value)))
            .collect();
        all.reverse();
        all
    }
}

/// A key and its value.
pub(super) type Pair<'a> = (Value<'a>, Value<'a>);

/// The elements of a list, wherever it lies.
pub(super) enum Sequence<'v, 'a> {
    Nodes(Site<'a>, &'a [NodeId]),
    Built(&'v List<'a>),
}

impl<'a> Sequence<'_, 'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Sequence::Nodes(_, nodes) => nodes.len(),
            Sequence::Built(list) => list.items.len(),
        }
    }

    /// An element, as it lies. Panics past the end.
    pub(super) fn at(&self, index: usize) -> Value<'a> {
        match self {
            Sequence::Nodes(list, nodes) => Value::Node(list.child(nodes[index])),
            Sequence::Built(list) => list.items[index].clone(),
        }
    }

    /// Why there may be more.
    pub(super) fn open(&self) -> Option<&Reason> {
        match self {
            Sequence::Nodes(list, _) => list.reason(),
            Sequence::Built(list) => list.open.as_ref(),
        }
    }

    /// Every element loaded; unknown if the list is open.
    pub(super) fn loaded(&self) -> Outcome<Vec<Value<'a>>> {
        self.closed()?;
        (0..self.len()).map(|i| self.at(i).load()).collect()
    }

    /// Unknown if the list is open.
    pub(super) fn closed(&self) -> Outcome<()> {
        self.open().map_or(Ok(()), unknown)
    }
}

impl<'a> Value<'a> {
    /// The elements, if the value (loaded) is a list.
    pub(super) fn sequence(&self) -> Option<Sequence<'_, 'a>> {
        match self {
            Value::List(list) => Some(Sequence::Built(list)),
            Value::Node(site) => {
                let target = site.target();
                match target.tree().data(target.at.node) {
                    Data::List(items) => Some(Sequence::Nodes(target, target.tree().items(items))),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Keys and values, and why there may be more, if the value (loaded) is a map.
    pub(super) fn pairs(&self) -> Option<(Vec<Pair<'a>>, Option<Reason>)> {
        match self {
            Value::Map(map) => Some((map.entries.clone(), map.open.clone())),
            Value::Node(site) if matches!(site.data(), Data::Map(_)) => {
                let pairs = site.entries().into_iter().map(|(key, value)| (Value::Node(key), Value::Node(value)));
                Some((pairs.collect(), site.reason().cloned()))
            }
            _ => None,
        }
    }

    /// The value under a text key: `None` if it is not there, an error if this is no map.
    pub(super) fn field(&self, key: &str) -> Outcome<Option<Value<'a>>> {
        match self {
            Value::Node(site) => match site.entry(key) {
                Some((_, value)) => Ok(Some(Value::Node(value))),
                None => match site.data() {
                    Data::Map(_) => site.reason().map_or(Ok(None), unknown),
                    Data::Unknown | Data::Ref(_) => site.unknown(),
                    _ => fail(format!("{} has no field `{key}`", self.type_name())),
                },
            },
            Value::Map(map) => {
                let is_key = |name: &Value<'_>| matches!(name, Value::Str(text) if **text == *key);
                match map.entries.iter().find(|(name, _)| is_key(name)) {
                    Some((_, value)) => Ok(Some(value.clone())),
                    None => map.open.as_ref().map_or(Ok(None), unknown),
                }
            }
            Value::Unknown(reason) => unknown(reason),
            _ => fail(format!("{} has no field `{key}`", self.type_name())),
        }
    }

    /// The value at a position of a list or under a key of a map: `None` if it is not there.
    pub(super) fn element(&self, index: &Value<'a>) -> Outcome<Option<Value<'a>>> {
        if let Some(list) = self.sequence() {
            list.closed()?;
            let position = match index {
                Value::Int(i) => usize::try_from(*i).ok(),
                Value::Uint(i) => usize::try_from(*i).ok(),
                Value::Double(d) if d.fract() == 0.0 && *d >= 0.0 && *d < 4e9 => Some(*d as usize),
                Value::Double(_) => None,
                _ => return fail(format!("a list is indexed by int, not {}", index.type_name())),
            };
            return Ok(position.filter(|&i| i < list.len()).map(|i| list.at(i)));
        }
        match index {
            Value::Str(key) => self.field(key),
            _ => self.under(index),
        }
    }

    /// The value under a key that is no text.
    fn under(&self, key: &Value<'a>) -> Outcome<Option<Value<'a>>> {
        let Some((pairs, open)) = self.pairs() else {
            return fail(format!("{} cannot be indexed", self.type_name()));
        };
        if !matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_)) {
            return fail(format!("{} is no key of a map", key.type_name()));
        }
        for (name, value) in pairs {
            if name.load()?.same_scalar(key) == Some(true) {
                return Ok(Some(value));
            }
        }
        open.as_ref().map_or(Ok(None), unknown)
    }

    /// The number of elements, entries, characters or bytes.
    pub(super) fn size(&self) -> Outcome<usize> {
        if let Some(list) = self.sequence() {
            list.closed()?;
            return Ok(list.len());
        }
        if let Value::Node(site) = self
            && let Data::Redacted(redaction) = site.data()
        {
            return Ok(redaction.length as usize);
        }
        match self {
            Value::Str(text) => Ok(text.chars().count()),
            Value::Bytes(bytes) => Ok(bytes.len()),
            Value::Map(Held::Borrowed(Map { entries, open: None })) => Ok(entries.len()),
            _ => match self.pairs() {
                Some((pairs, None)) => Ok(pairs.len()),
                Some((_, Some(reason))) => unknown(&reason),
                None => fail(format!("{} has no size", self.type_name())),
            },
        }
    }
}
