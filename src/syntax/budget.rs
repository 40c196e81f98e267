//! How much one input may cost. Budgets count steps, never time, so that a result does not depend on the machine's load.

/// Limits of one read. Over a limit the document becomes a `budget-exceeded` problem and the next one goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Nesting of lists and maps, counted through aliases.
    pub depth: usize,
    /// Nodes of one item. An item is a document, or one element of a list that is the document or stands directly in its
    /// top-level map: a dump of a whole cluster is many items.
    pub nodes: usize,
    /// Nodes that aliases and merge keys stand for in one document.
    pub aliases: u64,
    /// Bytes of one item.
    pub item_bytes: usize,
    /// Documents in one source.
    pub documents: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { depth: 128, nodes: 1_000_000, aliases: 1_000_000, item_bytes: 16 << 20, documents: 100_000 }
    }
}
