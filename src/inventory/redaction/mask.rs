//! Overwriting: which bytes of a source go, and the comments beside them.
//!
//! Length, line breaks and indentation stay, so that every position keeps its meaning.

use std::ops::Range;

use crate::syntax::{Data, Style, Tree};
use crate::vocabulary::{NodeId, Span};

/// Whole values; what is left is read by nobody but people.
const WHOLE: u8 = b'*';
/// Parts of texts that are read again as documents of their own: a plain scalar that begins with `*` is an alias.
const PART: u8 = b'x';

/// What will be overwritten.
#[derive(Default)]
pub(super) struct Masks {
    ranges: Vec<(Range<usize>, u8)>,
    /// From the `#` behind a secret to the end of its line.
    comments: Vec<Range<usize>>,
}

impl Masks {
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// A whole node, and the comment behind it.
    pub(super) fn node(&mut self, source: &str, span: Span, style: Style) {
        let range = span.start as usize..(span.end as usize).min(source.len());
        let quoted = matches!(style, Style::Single | Style::Double) && range.len() >= 2;
        let inside = if quoted { range.start + 1..range.end - 1 } else { range.clone() };
        self.ranges.push((inside, WHOLE));
        let line = source.get(range.end..).and_then(|rest| rest.split('\n').next()).unwrap_or_default();
        let hash = line.match_indices('#').find(|(at, _)| line[..*at].ends_with([' ', '\t', '|', '>']));
        if let Some((at, _)) = hash {
            self.comments.push(range.end + at + 1..range.end + line.len());
        }
    }

    /// A part of a text that goes on being read.
    pub(super) fn part(&mut self, range: Range<usize>) {
        self.ranges.push((range, PART));
    }

    /// A `#` inside another value of the line begins no comment.
    pub(super) fn keep_values(&mut self, trees: &[Tree]) {
        if self.comments.is_empty() {
            return;
        }
        self.comments.sort_unstable_by_key(|comment| comment.start);
        let mut values = Vec::new();
        for tree in trees {
            let scalars = (0..tree.len()).filter_map(|id| Some(tree.node(NodeId(u32::try_from(id).ok()?))));
            let scalars = scalars.filter(|node| !matches!(node.data, Data::Map(_) | Data::List(_)));
            values.extend(scalars.map(|node| node.span.range()).filter(|span| !span.is_empty()));
        }
        values.sort_unstable_by_key(|span| span.start);
        self.comments.retain(|comment| {
            let next = values.partition_point(|span| span.start < comment.start);
            let inside = next > 0 && values[next - 1].end > comment.start;
            let follows = values.get(next).is_some_and(|span| span.start < comment.end);
            !inside && !follows
        });
    }

    /// The text with everything overwritten.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let parts = self.ranges.iter().filter(|(_, fill)| *fill == PART);
        let whole = self.ranges.iter().filter(|(_, fill)| *fill == WHOLE);
        for (range, fill) in parts.chain(whole) {
            fill_range(&mut bytes, range, *fill);
        }
        for comment in &self.comments {
            fill_range(&mut bytes, comment, WHOLE);
        }
        // Ranges lie on character boundaries; should one not, nothing is shown at all.
        String::from_utf8(bytes).unwrap_or_else(|_| "*".repeat(text.len()))
    }
}

/// Overwrites all but line breaks and the blanks that begin a line.
fn fill_range(bytes: &mut [u8], range: &Range<usize>, fill: u8) {
    let mut indentation = false;
    for byte in bytes.get_mut(range.clone()).unwrap_or_default() {
        match *byte {
            b'\n' | b'\r' => indentation = true,
            b' ' | b'\t' if indentation => {}
            _ => {
                indentation = false;
                *byte = fill;
            }
        }
    }
}

/// Where parts of a block scalar's text, which stands without indentation in the tree's buffer, stand in the source;
/// `None` where folding or escapes changed more than the indentation.
pub(super) fn in_source(source: &str, span: Span, text: &str, parts: &[Range<usize>]) -> Option<Vec<Range<usize>>> {
    let raw = source.get(span.range())?;
    let header = usize::from(raw.starts_with(['|', '>'])) * (raw.find('\n')? + 1);
    let (mut found, mut start, mut at) = (Vec::new(), 0, span.start as usize + header);
    let mut lines = raw[header..].split_inclusive('\n');
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let spelled = lines.next().unwrap_or_default();
        let end = start + content.len();
        for part in parts.iter().filter(|part| part.start < end && part.end > start) {
            let trimmed = spelled.trim_end_matches(['\n', '\r']);
            let indent = trimmed.len().checked_sub(content.len()).filter(|_| trimmed.ends_with(content))?;
            trimmed[..indent].trim_start().is_empty().then_some(())?;
            let base = at + indent;
            found.push(base + part.start.max(start) - start..base + part.end.min(end) - start);
        }
        start += line.len();
        at += spelled.len();
    }
    Some(found)
}

/// Overwrites parts of a text that goes on being read.
pub(super) fn overwrite(text: &mut String, parts: &[Range<usize>]) {
    let mut masks = Masks::default();
    parts.iter().for_each(|part| masks.part(part.clone()));
    *text = masks.apply(text);
}
