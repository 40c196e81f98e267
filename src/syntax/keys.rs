//! Finds keys that occur twice in one mapping.

use memchr::memchr_iter;
use rustc_hash::FxHashMap;

use super::{Data, Text, Tree};
use crate::vocabulary::{NodeId, Problem, ProblemKind};

/// Mappings up to this many entries are compared pairwise, larger ones through a table.
const PAIRWISE: usize = 16;

/// Longest key that a message shows in full.
const SHOWN: usize = 64;

/// Reports duplicate keys. Keeps the line starts of the text from the first duplicate on, because a text with many of them
/// must not be counted anew each time.
#[derive(Debug, Default)]
pub struct DuplicateKeys {
    newlines: Option<Vec<u32>>,
}

impl DuplicateKeys {
    /// Checks `children` (keys and values in turn) and adds a problem at each key that was there before.
    pub fn check(&mut self, tree: &Tree, children: &[NodeId], problems: &mut Vec<Problem>) {
        let mut report = |earlier: NodeId, later: NodeId| problems.push(self.problem(tree, earlier, later));
        if children.len() <= 2 * PAIRWISE {
            for (index, &later) in children.iter().enumerate().step_by(2).skip(1) {
                let mut before = children[..index].iter().copied().step_by(2);
                if let Some(earlier) = before.rfind(|&earlier| same_key(tree, earlier, later)) {
                    report(earlier, later);
                }
            }
            return;
        }
        let mut seen = FxHashMap::with_capacity_and_hasher(children.len() / 2, rustc_hash::FxBuildHasher);
        for &later in children.iter().step_by(2) {
            if let Some(earlier) = tree.str(later).and_then(|key| seen.insert(key, later)) {
                report(earlier, later);
            }
        }
    }

    /// The distance in lines, unlike a line number, is also right for a text embedded in another.
    fn problem(&mut self, tree: &Tree, earlier: NodeId, later: NodeId) -> Problem {
        let text = tree.source_text();
        let newlines = self.newlines.get_or_insert_with(|| {
            memchr_iter(b'\n', text.as_bytes()).filter_map(|at| u32::try_from(at).ok()).collect()
        });
        let (from, to) = (tree.node(earlier).span, tree.node(later).span);
        let line = |offset: u32| newlines.partition_point(|&newline| newline < offset);
        let place = match line(to.start) - line(from.start) {
            0 => "on the same line".to_string(),
            1 => "1 line above".to_string(),
            lines => format!("{lines} lines above"),
        };
        let key = shortened(tree.str(later).unwrap_or_default());
        let message = format!("key `{key}` is set twice in this mapping; the value {place} is ignored");
        Problem::at(ProblemKind::DuplicateKey, tree.source(), to, message)
    }
}

/// Lengths first: they are at hand without looking at the text, and most keys differ in them.
fn same_key(tree: &Tree, a: NodeId, b: NodeId) -> bool {
    match (tree.data(a), tree.data(b)) {
        (Data::Str(a), Data::Str(b)) => length(a) == length(b) && tree.text(a).as_bytes() == tree.text(b).as_bytes(),
        _ => false,
    }
}

fn length(text: Text) -> u32 {
    let (Text::Source(span) | Text::Buffer(span)) = text;
    span.end - span.start
}

fn shortened(key: &str) -> String {
    match key.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_string(),
    }
}
