//! `Tree`: one shape for every input, and for the facts derived from it.
//!
//! A flat arena. Text is a range of the source, or of the tree's own buffer where escapes or folding changed it. Children
//! of a list are nodes; children of a map are key and value nodes in turn, so a key has a span of its own. An alias is the
//! node number of its anchor: a tree is a directed acyclic graph, and walkers that must not visit a node twice keep a set.
//! Duplicate keys are kept; look-ups take the last. This file knows no format and no Kubernetes.

use std::borrow::Cow;
use std::sync::Arc;

use crate::vocabulary::{NodeId, NodeRef, Reason, SourceId, Span, TreeId};

/// Where the text of a string lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Verbatim in the source.
    Source(Span),
    /// In the tree's own buffer.
    Buffer(Span),
}

/// A run of children in the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Items {
    start: u32,
    len: u32,
}

impl Items {
    /// Number of child nodes (for a map: keys and values together).
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// What a node is. Scalars are typed the way Kubernetes types them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Data {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating point number.
    Float(f64),
    /// A string.
    Str(Text),
    /// A list.
    List(Items),
    /// A map: keys and values in turn.
    Map(Items),
    /// Another node, possibly of another tree (fact trees only).
    Ref(NodeRef),
    /// A value that is there but cannot be known, e.g. a template's placeholder.
    Unknown,
    /// A secret; its text is overwritten in source and buffer. Behaves as an opaque non-empty string.
    Redacted(Redaction),
}

/// What may still be said of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// Why it was redacted.
    pub class: Secret,
    /// Length of the text in bytes before it was overwritten.
    pub length: u32,
    /// For keys: what the text was.
    pub shape: KeyShape,
}

/// What the text of a key was, before it was overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyShape {
    /// Nobody asks.
    Unread,
    /// No base64.
    Malformed,
    /// Base64 of so many bytes.
    Bytes(u8),
    /// Base64 of so many characters that people wrote.
    Words(u8),
}

/// Kinds of secret text; each has a row in `data/redaction.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Secret {
    /// Data of a Secret object.
    SecretData,
    /// The last-applied annotation of a Secret.
    LastApplied,
    /// An environment variable whose name says password, token or key.
    NamedLikeSecret,
    /// PEM private key material.
    Pem,
    /// A JSON web token.
    Jwt,
    /// A cloud provider's access key.
    CloudKey,
    /// User info in a URL.
    UrlUserInfo,
    /// A key of an EncryptionConfiguration.
    EncryptionKey,
    /// A kubeadm token or certificate key.
    KubeadmToken,
    /// Credentials of a registry.
    DockerConfig,
    /// Credentials in a kubeconfig.
    Kubeconfig,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Unquoted, or a format without quoting, or no scalar.
    #[default]
    Plain,
    /// `'single'`.
    Single,
    /// `"double"`.
    Double,
    /// `|` block.
    Literal,
    /// `>` block.
    Folded,
}

/// One node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Where it stands in the source, quotes and brackets included. Empty for facts.
    pub span: Span,
    /// What it is.
    pub data: Data,
    /// How it was written.
    pub style: Style,
    /// For `Unknown`: why. For a list or map: why it may hold more than is listed (it is *open*). Index + 1 into reasons.
    reason: u16,
    /// Facts: index + 1 into origins; 0 means the node itself, or the node that a reference leads to.
    origin: u32,
}

/// Where a fact comes from, and so where a finding about it points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This value.
    Node(NodeRef),
    /// This key (a key node), because the key itself decides.
    Key(NodeRef),
    /// A value that is not there: `path` (dotted) would belong under `parent`.
    Missing {
        /// The nearest existing ancestor.
        parent: NodeRef,
        /// The path below it.
        path: Cow<'static, str>,
    },
    /// Computed from several; `decisive` is the one to point at.
    Derived {
        /// All inputs.
        from: Box<[Origin]>,
        /// Index of the input to point at.
        decisive: usize,
    },
    /// Nothing is there to point at (an empty link list): the subject's name, section header or kind line.
    Anchor(NodeRef),
}

/// How many origins back an equal one is looked for.
const RECENT_ORIGINS: usize = 8;

/// An arena of nodes over one source (documents), or with origins (facts).
#[derive(Clone, Debug)]
pub struct Tree {
    source: SourceId,
    text: Arc<str>,
    buffer: String,
    nodes: Vec<Node>,
    children: Vec<NodeId>,
    reasons: Vec<Reason>,
    origins: Vec<Origin>,
    root: NodeId,
}

impl Tree {
    /// An empty tree over `text`. The root is the last node pushed unless `set_root` says otherwise.
    pub fn new(source: SourceId, text: Arc<str>) -> Self {
        Tree {
            source,
            text,
            buffer: String::new(),
            nodes: Vec::new(),
            children: Vec::new(),
            reasons: Vec::new(),
            origins: Vec::new(),
            root: NodeId(0),
        }
    }

    /// This tree emptied, with the room it has, over another text.
    pub fn begun(mut self, source: SourceId, text: Arc<str>) -> Self {
        self.buffer.clear();
        self.nodes.clear();
        self.children.clear();
        self.reasons.clear();
        self.origins.clear();
        Tree { source, text, root: NodeId(0), ..self }
    }

    /// The source its spans refer to.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The whole text of the source.
    pub fn source_text(&self) -> &Arc<str> {
        &self.text
    }

    /// Exchanges the source text for one of the same length (after redaction).
    pub fn set_source_text(&mut self, text: Arc<str>) {
        self.text = text;
    }

    /// The root node.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// Makes `id` the root.
    pub fn set_root(&mut self, id: NodeId) {
        self.root = id;
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the tree has no node at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A node. Ids come from this tree; an id of another tree is a defect and panics.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// What a node is.
    pub fn data(&self, id: NodeId) -> Data {
        self.node(id).data
    }

    /// The text a `Text` stands for.
    pub fn text(&self, text: Text) -> &str {
        match text {
            Text::Source(span) => &self.text[span.range()],
            Text::Buffer(span) => &self.buffer[span.range()],
        }
    }

    /// The string at a node, if it is one.
    pub fn str(&self, id: NodeId) -> Option<&str> {
        match self.data(id) {
            Data::Str(text) => Some(self.text(text)),
            _ => None,
        }
    }

    /// The scalar as it stands in the source, quotes included; empty for facts.
    pub fn raw(&self, id: NodeId) -> &str {
        self.text.get(self.node(id).span.range()).unwrap_or_default()
    }

    /// The nodes of a run of children.
    pub fn items(&self, items: Items) -> &[NodeId] {
        &self.children[items.start as usize..(items.start + items.len) as usize]
    }

    /// The elements of a list; empty for anything else.
    pub fn elements(&self, id: NodeId) -> &[NodeId] {
        match self.data(id) {
            Data::List(items) => self.items(items),
            _ => &[],
        }
    }

    /// Key and value nodes of a map in source order, duplicates included; empty for anything else.
    pub fn entries(&self, id: NodeId) -> impl DoubleEndedIterator<Item = (NodeId, NodeId)> + '_ {
        let items = match self.data(id) {
            Data::Map(items) => self.items(items),
            _ => &[],
        };
        items.chunks_exact(2).map(|pair| (pair[0], pair[1]))
    }

    /// Key and value nodes of the last entry with that key.
    pub fn entry(&self, id: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        self.entries(id).rev().find(|&(name, _)| self.is_text(name, key))
    }

    /// Whether a node is this text. Lengths differ most often and are compared first.
    pub fn is_text(&self, id: NodeId, expected: &str) -> bool {
        let Data::Str(text) = self.data(id) else { return false };
        let (Text::Source(span) | Text::Buffer(span)) = text;
        (span.end - span.start) as usize == expected.len() && self.text(text) == expected
    }

    /// The value of the last entry with that key.
    pub fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.entry(id, key).map(|(_, value)| value)
    }

    /// For an unknown: why. For a list or map: why there may be more than is listed.
    pub fn reason(&self, id: NodeId) -> Option<&Reason> {
        let index = self.node(id).reason;
        (index > 0).then(|| &self.reasons[index as usize - 1])
    }

    /// Where the value of a node comes from; for a document that is the node itself.
    pub fn origin(&self, tree: TreeId, node: NodeId) -> Origin {
        let Node { data, origin, .. } = *self.node(node);
        match (origin, data) {
            (0, Data::Ref(target)) => Origin::Node(target),
            (0, _) => Origin::Node(NodeRef { tree, node }),
            (index, _) => self.origins[index as usize - 1].clone(),
        }
    }

    /// Whether this is a fact tree, in which every node has an origin.
    pub fn has_origins(&self) -> bool {
        !self.origins.is_empty()
    }

    // Building

    /// Adds a node and makes it the root.
    pub fn push(&mut self, span: Span, style: Style, data: Data) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { span, data, style, reason: 0, origin: 0 });
        self.root = id;
        id
    }

    /// Adds the origin of the node pushed last. A fact tree calls it after every `push`.
    pub fn push_origin(&mut self, origin: Origin) {
        let Some(node) = self.nodes.last_mut() else { return };
        if matches!((node.data, &origin), (Data::Ref(target), Origin::Node(at)) if target == *at) {
            return;
        }
        // Neighbouring facts share their origins.
        let recent = self.origins.len().saturating_sub(RECENT_ORIGINS);
        let known = self.origins[recent..].iter().rposition(|known| *known == origin).map(|index| recent + index);
        let index = known.unwrap_or_else(|| {
            self.origins.push(origin);
            self.origins.len() - 1
        });
        node.origin = u32::try_from(index + 1).unwrap_or(u32::MAX);
    }

    /// Stores the children of a list (nodes) or map (keys and values in turn).
    pub fn push_items(&mut self, nodes: &[NodeId]) -> Items {
        let start = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        self.children.extend_from_slice(nodes);
        Items { start, len: u32::try_from(nodes.len()).unwrap_or(u32::MAX) }
    }

    /// Stores text that does not occur verbatim in the source.
    pub fn push_text(&mut self, text: &str) -> Text {
        let start = self.buffer.len();
        self.buffer.push_str(text);
        Text::Buffer(Span::new(start, self.buffer.len()))
    }

    /// Gives back the memory that growing took too much.
    pub fn shrink(&mut self) {
        self.buffer.shrink_to_fit();
        self.nodes.shrink_to_fit();
        self.children.shrink_to_fit();
        self.reasons.shrink_to_fit();
        self.origins.shrink_to_fit();
    }

    /// Replaces what a node is (masking, redaction). Its span stays.
    pub fn set_data(&mut self, id: NodeId, data: Data) {
        self.nodes[id.0 as usize].data = data;
    }

    /// Says why a node is unknown, or why a list or map may hold more than is listed.
    pub fn set_reason(&mut self, id: NodeId, reason: Reason) {
        let index = self.reasons.iter().position(|known| *known == reason).unwrap_or_else(|| {
            self.reasons.push(reason);
            self.reasons.len() - 1
        });
        self.nodes[id.0 as usize].reason = u16::try_from(index + 1).unwrap_or(u16::MAX);
    }

    /// Overwrites a range of the tree's own buffer with `*` (redaction).
    pub fn blank_buffer(&mut self, span: Span) {
        let stars: String = self.buffer[span.range()].bytes().map(|_| '*').collect();
        self.buffer.replace_range(span.range(), &stars);
    }
}

/// All trees of a run, documents first, facts after them.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    trees: Vec<Tree>,
}

impl Forest {
    /// Adds a tree.
    pub fn push(&mut self, tree: Tree) -> TreeId {
        self.trees.push(tree);
        TreeId(u32::try_from(self.trees.len() - 1).unwrap_or(u32::MAX))
    }

    /// The id that the next tree will get.
    pub fn next_id(&self) -> TreeId {
        TreeId(u32::try_from(self.trees.len()).unwrap_or(u32::MAX))
    }

    /// Forgets the trees from `first` on. Nothing that stays may refer to them.
    pub fn truncate(&mut self, first: TreeId) {
        self.trees.truncate(first.0 as usize);
    }

    /// A tree. Ids come from this forest.
    pub fn tree(&self, id: TreeId) -> &Tree {
        &self.trees[id.0 as usize]
    }

    /// All trees in order.
    pub fn trees(&self) -> impl ExactSizeIterator<Item = (TreeId, &Tree)> {
        self.trees.iter().enumerate().map(|(i, tree)| (TreeId(u32::try_from(i).unwrap_or(u32::MAX)), tree))
    }

    /// Follows references until a node that is none. References are made by fact builders and never form a chain longer
    /// than a handful; a cycle of pure references is a defect, cut off here.
    pub fn resolve(&self, mut at: NodeRef) -> NodeRef {
        for _ in 0..16 {
            match self.tree(at.tree).data(at.node) {
                Data::Ref(next) => at = next,
                _ => break,
            }
        }
        at
    }

    /// Where a value comes from.
    pub fn origin(&self, at: NodeRef) -> Origin {
        self.tree(at.tree).origin(at.tree, at.node)
    }

    /// A reader positioned at a node.
    pub fn view(&self, at: NodeRef) -> View<'_> {
        View { forest: self, at: self.resolve(at) }
    }
}

/// A reader positioned at a node: what adapters use to look into documents.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    forest: &'a Forest,
    at: NodeRef,
}

impl<'a> View<'a> {
    /// The node, references followed.
    pub fn at(self) -> NodeRef {
        self.at
    }

    /// The tree it lies in.
    pub fn tree(self) -> &'a Tree {
        self.forest.tree(self.at.tree)
    }

    /// What it is.
    pub fn data(self) -> Data {
        self.tree().data(self.at.node)
    }

    /// Where it stands in its source.
    pub fn span(self) -> Span {
        self.tree().node(self.at.node).span
    }

    /// A node of the same tree.
    pub fn child(self, node: NodeId) -> View<'a> {
        self.forest.view(NodeRef { tree: self.at.tree, node })
    }

    /// The value under a key.
    pub fn get(self, key: &str) -> Option<View<'a>> {
        self.tree().get(self.at.node, key).map(|node| self.child(node))
    }

    /// The key node of an entry.
    pub fn key(self, key: &str) -> Option<NodeRef> {
        self.tree().entry(self.at.node, key).map(|(node, _)| NodeRef { tree: self.at.tree, node })
    }

    /// The value under a dotted path of plain keys: `spec.template.spec`.
    pub fn path(self, path: &str) -> Option<View<'a>> {
        path.split('.').try_fold(self, |view, key| view.get(key))
    }

    /// The text of a string.
    pub fn str(self) -> Option<&'a str> {
        match self.data() {
            Data::Str(text) => Some(self.tree().text(text)),
            _ => None,
        }
    }

    /// The text under a dotted path.
    pub fn str_at(self, path: &str) -> Option<&'a str> {
        self.path(path)?.str()
    }

    /// An integer.
    pub fn int(self) -> Option<i64> {
        match self.data() {
            Data::Int(value) => Some(value),
            _ => None,
        }
    }

    /// A boolean.
    pub fn bool(self) -> Option<bool> {
        match self.data() {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.data() == Data::Null
    }

    /// Whether it is a map.
    pub fn is_map(self) -> bool {
        matches!(self.data(), Data::Map(_))
    }

    /// Whether it is a list.
    pub fn is_list(self) -> bool {
        matches!(self.data(), Data::List(_))
    }

    /// Why it is unknown, if it is.
    pub fn unknown(self) -> Option<&'a Reason> {
        (self.data() == Data::Unknown).then(|| self.tree().reason(self.at.node)).flatten()
    }

    /// The elements of a list; none for anything else.
    pub fn items(self) -> impl DoubleEndedIterator<Item = View<'a>> + ExactSizeIterator {
        self.tree().elements(self.at.node).iter().map(move |&node| self.child(node))
    }

    /// The entries of a map whose keys are strings, repeated keys each time; none for anything else.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, View<'a>)> {
        let tree = self.tree();
        tree.entries(self.at.node).filter_map(move |(key, value)| Some((tree.str(key)?, self.child(value))))
    }

    /// The origin of the value under `path`, or of its absence below the deepest part of the path that exists.
    pub fn origin_of(self, path: &'static str) -> Origin {
        let (at, rest) = self.descend(path);
        if rest.is_empty() { Origin::Node(at.at) } else { Origin::Missing { parent: at.at, path: rest.into() } }
    }

    /// The deepest existing part of a path, and the rest. Only maps are entered.
    pub fn descend<'p>(self, path: &'p str) -> (View<'a>, &'p str) {
        let (mut at, mut rest) = (self, path);
        while !rest.is_empty() {
            let (key, after) = rest.split_once('.').unwrap_or((rest, ""));
            match at.get(key) {
                Some(next) if next.is_map() || after.is_empty() => (at, rest) = (next, after),
                _ => break,
            }
        }
        (at, rest)
    }
}
