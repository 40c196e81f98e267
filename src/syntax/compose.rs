//! Composes YAML events into a `Tree`.
//!
//! Scalars that stand verbatim in the source are ranges of it. Merge keys are expanded where they stand, as go-yaml
//! version 2 does: the last entry wins, be it merged or written. A mapping or list is pushed when it ends, so an alias
//! inside its own anchor finds nothing and is refused, and no walker can run in circles.

use std::sync::Arc;

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};
use rustc_hash::FxHashMap;

use super::budget::Budget;
use super::keys::DuplicateKeys;
use super::scalar::{Typed, key_text, resolve};
use super::{Data, Style, Text, Tree};
use crate::vocabulary::{NodeId, Problem, ProblemKind, SourceId, Span};

/// Why a document is given up.
#[derive(Debug)]
pub struct Refused {
    /// Parse error or budget.
    pub kind: ProblemKind,
    /// Where, absolute.
    pub span: Span,
    /// The finished sentence.
    pub message: &'static str,
}

/// What an anchor names once it is complete.
#[derive(Clone, Copy, Debug)]
struct Anchored {
    node: NodeId,
    weight: Weight,
}

/// Size and height of a node with its aliases followed.
#[derive(Clone, Copy, Debug)]
struct Weight {
    nodes: u64,
    height: usize,
}

/// What kind of collection begins.
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    /// A mapping, not a list.
    pub is_map: bool,
    /// Written in brackets.
    pub flow: bool,
}

/// A list or mapping that is not complete.
#[derive(Debug)]
struct Frame {
    start: usize,
    first_child: usize,
    first_merge: usize,
    anchor: usize,
    collection: Collection,
    weight: Weight,
}

/// Room that is used again for the next document.
#[derive(Debug, Default)]
pub struct Scratch {
    frames: Vec<Frame>,
    children: Vec<NodeId>,
    merges: Vec<NodeId>,
    tree: Option<Tree>,
}

/// Builds the tree of one document.
pub struct Composer<'t> {
    tree: Tree,
    text: &'t str,
    base: usize,
    budget: Budget,
    scratch: Scratch,
    anchors: FxHashMap<usize, Anchored>,
    alias_nodes: u64,
    item_start: usize,
    item_nodes: usize,
    last_end: usize,
}

impl<'t> Composer<'t> {
    /// For a document whose events count from `base` in `text`.
    pub fn new(
        source: SourceId,
        text: &'t Arc<str>,
        base: usize,
        start: usize,
        budget: Budget,
        mut scratch: Scratch,
    ) -> Self {
        Composer {
            tree: match scratch.tree.take() {
                Some(tree) => tree.begun(source, text.clone()),
                None => Tree::new(source, text.clone()),
            },
            text,
            base,
            budget,
            scratch,
            anchors: FxHashMap::default(),
            alias_nodes: 0,
            item_start: start,
            item_nodes: 0,
            last_end: start,
        }
    }

    /// Takes one event; `range` is relative to the base.
    pub fn event(
        &mut self,
        event: Event<'_>,
        range: std::ops::Range<usize>,
        keys: &mut DuplicateKeys,
        problems: &mut Vec<Problem>,
    ) -> Result<(), Refused> {
        let (start, end) = (self.base + range.start, self.base + range.end);
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let (style, span, text_at) = self.place(style, start, end);
                // The parser writes `~` for a plain scalar that is not there.
                let value = if style == Style::Plain && span.is_empty() { "" } else { &value };
                return self.scalar(value, style, tag.as_deref(), span, text_at, anchor);
            }
            Event::Alias(anchor) => {
                self.alias(anchor, Span::new(start, end))?;
                self.last_end = end;
            }
            Event::SequenceStart(style, anchor, _) => {
                return self.open(Collection { is_map: false, flow: style == StructureStyle::Flow }, anchor, start);
            }
            Event::MappingStart(style, anchor, _) => {
                return self.open(Collection { is_map: true, flow: style == StructureStyle::Flow }, anchor, start);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(end, keys, problems),
            _ => {}
        }
        self.check_item(end)
    }

    /// Takes a scalar without tags or anchors. `text_at` is where its value begins if it stands there verbatim.
    pub fn plain_scalar(&mut self, value: &str, style: Style, span: Span, text_at: usize) -> Result<(), Refused> {
        self.scalar(value, style, None, span, text_at, 0)
    }

    /// The finished tree, `None` when the document holds nothing, and the room for the next one.
    pub fn finish(mut self) -> (Option<Tree>, Scratch) {
        let is_nothing = self.tree.is_empty() || {
            let root = self.tree.node(self.tree.root());
            root.data == Data::Null && root.span.is_empty()
        };
        // A copy takes exactly the room it needs, and the original its time to grow only once.
        let tree = (!is_nothing).then(|| self.tree.clone());
        self.scratch.tree = Some(self.tree);
        (tree, self.scratch)
    }

    /// Begins a list or mapping; `anchor` is 0 for none.
    pub fn open(&mut self, collection: Collection, anchor: usize, start: usize) -> Result<(), Refused> {
        self.last_end = start;
        if self.scratch.frames.len() >= self.budget.depth {
            return Err(self.over(Span::new(start, start), TOO_DEEP));
        }
        self.scratch.frames.push(Frame {
            start,
            first_child: self.scratch.children.len(),
            first_merge: self.scratch.merges.len(),
            anchor,
            collection,
            weight: Weight { nodes: 1, height: 1 },
        });
        self.check_item(start)
    }

    /// Ends the innermost one. Of a block collection the end is that of its last token, whatever `end` says.
    pub fn close(&mut self, end: usize, keys: &mut DuplicateKeys, problems: &mut Vec<Problem>) -> Result<(), Refused> {
        let Some(frame) = self.scratch.frames.pop() else { return Ok(()) };
        // The parser reports where the next token begins.
        let end = if frame.collection.flow { end } else { self.last_end.max(frame.start) };
        self.last_end = end;
        if frame.collection.is_map {
            keys.check(&self.tree, &self.scratch.children[frame.first_child..], problems);
        }
        if self.scratch.merges.len() > frame.first_merge {
            self.expand_merges(&frame)?;
        }
        let items = self.tree.push_items(&self.scratch.children[frame.first_child..]);
        self.scratch.children.truncate(frame.first_child);
        let data = if frame.collection.is_map { Data::Map(items) } else { Data::List(items) };
        let node = self.tree.push(Span::new(frame.start, end), Style::Plain, data);
        self.attach(node, frame.weight, frame.anchor);
        if self.scratch.frames.len() <= 2 && self.scratch.frames.last().is_some_and(|parent| !parent.collection.is_map)
        {
            (self.item_start, self.item_nodes) = (end, 0);
        }
        self.check_item(end)
    }

    fn attach(&mut self, node: NodeId, weight: Weight, anchor: usize) {
        self.item_nodes += 1;
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node, weight });
        }
        if let Some(frame) = self.scratch.frames.last_mut() {
            frame.weight.nodes = frame.weight.nodes.saturating_add(weight.nodes);
            frame.weight.height = frame.weight.height.max(weight.height + 1);
            self.scratch.children.push(node);
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Refused> {
        let Some(&Anchored { node, weight }) = self.anchors.get(&anchor) else {
            let message = "alias stands inside the node that its anchor names";
            return Err(Refused { kind: ProblemKind::ParseError, span, message });
        };
        self.count_alias(weight.nodes, span)?;
        if self.scratch.frames.len() + weight.height > self.budget.depth {
            return Err(self.over(span, TOO_DEEP));
        }
        let node = if self.in_key() { self.alias_as_key(node, span) } else { node };
        self.attach(node, weight, 0);
        Ok(())
    }

    fn count_alias(&mut self, nodes: u64, span: Span) -> Result<(), Refused> {
        self.alias_nodes = self.alias_nodes.saturating_add(nodes);
        if self.alias_nodes > self.budget.aliases {
            return Err(self.over(span, "aliases stand for more nodes than the budget allows"));
        }
        Ok(())
    }

    /// A key has a span of its own and is a string, whatever its anchor named.
    fn alias_as_key(&mut self, target: NodeId, span: Span) -> NodeId {
        let node = *self.tree.node(target);
        let data = self.key_data(node.data);
        self.tree.push(span, node.style, data)
    }

    fn in_key(&self) -> bool {
        self.scratch.frames.last().is_some_and(|frame| {
            frame.collection.is_map && (self.scratch.children.len() - frame.first_child).is_multiple_of(2)
        })
    }

    /// Where a scalar stands, its indicators included, and where its value begins.
    fn place(&self, style: ScalarStyle, start: usize, end: usize) -> (Style, Span, usize) {
        match style {
            ScalarStyle::Plain => (Style::Plain, Span::new(start, end), start),
            ScalarStyle::SingleQuoted => (Style::Single, Span::new(start, end), start + 1),
            ScalarStyle::DoubleQuoted => (Style::Double, Span::new(start, end), start + 1),
            ScalarStyle::Literal => (Style::Literal, self.block_span(start, end), start),
            ScalarStyle::Folded => (Style::Folded, self.block_span(start, end), start),
        }
    }

    fn scalar(
        &mut self,
        value: &str,
        style: Style,
        tag: Option<&Tag>,
        span: Span,
        text_at: usize,
        anchor: usize,
    ) -> Result<(), Refused> {
        let in_key = self.in_key();
        let data = match scalar_type(value, style, tag) {
            Typed::Null => Data::Null,
            Typed::Bool(value) => Data::Bool(value),
            Typed::Int(value) => Data::Int(value),
            Typed::Float(value) => Data::Float(value),
            Typed::Str => Data::Str(self.place_text(value, text_at)),
        };
        let data = if in_key { self.key_data(data) } else { data };
        let node = self.tree.push(span, style, data);
        if in_key && value == "<<" && is_merge(style, tag) {
            self.scratch.merges.push(node);
        }
        self.last_end = span.end as usize;
        self.attach(node, Weight { nodes: 1, height: 0 }, anchor);
        self.check_item(self.last_end)
    }

    fn key_data(&mut self, data: Data) -> Data {
        let typed = match data {
            Data::Bool(value) => Typed::Bool(value),
            Data::Int(value) => Typed::Int(value),
            Data::Float(value) => Typed::Float(value),
            _ => return data,
        };
        key_text(typed).map_or(data, |text| Data::Str(self.tree.push_text(&text)))
    }

    /// A range of the source where the value stands there as it is, else a copy.
    fn place_text(&mut self, value: &str, at: usize) -> Text {
        match self.text.get(at..at + value.len()) {
            Some(here) if here == value => Text::Source(Span::new(at, at + value.len())),
            _ => self.tree.push_text(value),
        }
    }

    /// A block scalar from its `|` or `>`, which the parser leaves out, to its last character that is no line end.
    fn block_span(&self, start: usize, end: usize) -> Span {
        let header = block_header(self.text.as_bytes(), self.last_end, start);
        let content = self.text.get(header..end).unwrap_or_default().trim_end();
        Span::new(header, (header + content.len()).max(header))
    }

    /// Puts the entries that merge keys stand for in their place.
    fn expand_merges(&mut self, frame: &Frame) -> Result<(), Refused> {
        let written = self.scratch.children.split_off(frame.first_child);
        let merges = self.scratch.merges.split_off(frame.first_merge);
        for pair in written.chunks_exact(2) {
            if merges.contains(&pair[0]) {
                let span = self.tree.node(pair[0]).span;
                self.merge(pair[1], span)?;
            } else {
                self.scratch.children.extend_from_slice(pair);
            }
        }
        Ok(())
    }

    /// Of a list of mappings the first wins, so it is put last.
    fn merge(&mut self, value: NodeId, span: Span) -> Result<(), Refused> {
        let sources = match self.tree.data(value) {
            Data::Map(_) => vec![value],
            Data::List(items) => self.tree.items(items).iter().rev().copied().collect(),
            _ => vec![],
        };
        let not_a_map = |node: &NodeId| !matches!(self.tree.data(*node), Data::Map(_));
        if sources.iter().any(not_a_map) || (sources.is_empty() && !matches!(self.tree.data(value), Data::List(_))) {
            let message = "merge key needs a mapping or a list of mappings";
            return Err(Refused { kind: ProblemKind::ParseError, span, message });
        }
        for node in sources {
            if let Data::Map(items) = self.tree.data(node) {
                self.count_alias(items.len() as u64, span)?;
                self.scratch.children.extend_from_slice(self.tree.items(items));
            }
        }
        Ok(())
    }

    fn check_item(&self, end: usize) -> Result<(), Refused> {
        let span = Span::new(self.item_start, self.item_start);
        if self.item_nodes > self.budget.nodes {
            return Err(self.over(span, "document has more nodes than the budget allows"));
        }
        if end.saturating_sub(self.item_start) > self.budget.item_bytes {
            return Err(self.over(span, "document is larger than the budget allows"));
        }
        Ok(())
    }

    fn over(&self, span: Span, message: &'static str) -> Refused {
        Refused { kind: ProblemKind::BudgetExceeded, span, message }
    }
}

/// The sentence for nesting over the limit.
pub const TOO_DEEP: &str = "document is nested deeper than the budget allows";

fn scalar_type(value: &str, style: Style, tag: Option<&Tag>) -> Typed {
    match tag {
        None if style == Style::Plain => resolve(value),
        None => Typed::Str,
        Some(tag) => match tag.core_suffix() {
            Some("bool" | "int" | "null") => resolve(value),
            Some("float") => match resolve(value) {
                Typed::Int(whole) => Typed::Float(whole as f64),
                other => other,
            },
            _ => Typed::Str,
        },
    }
}

fn is_merge(style: Style, tag: Option<&Tag>) -> bool {
    match tag {
        None => style == Style::Plain,
        Some(tag) => tag.core_suffix() == Some("merge"),
    }
}

/// The `|` or `>` that opens a block scalar whose content begins at `content`: walks over what may stand between the token
/// before (ending at `from`) and it: indicators, anchors, tags, comments.
fn block_header(bytes: &[u8], from: usize, content: usize) -> usize {
    let mut at = from;
    while at < content {
        match bytes[at] {
            b'|' | b'>' => return at,
            b'#' => at += to_any(&bytes[at..content], b"\n"),
            b'&' | b'!' => at += to_any(&bytes[at..content], b" \t\r\n"),
            _ => at += 1,
        }
    }
    content
}

fn to_any(bytes: &[u8], ends: &[u8]) -> usize {
    bytes.iter().position(|byte| ends.contains(byte)).unwrap_or(bytes.len())
}
