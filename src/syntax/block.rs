//! Block syntax to a tree, as keepalived and nginx write it: words, and blocks in braces.
//!
//! ```text
//! - name: vrrp_instance        # the entry's map spans its words, without the block
//!   args: [VI_1]
//!   text: vrrp_instance VI_1
//!   block:                     # only where braces follow; its span is from brace to brace
//!   - {name: state, args: [MASTER], text: state MASTER}
//! ```
//!
//! The two differ in three things. keepalived ends an entry at the line's end and allows the brace on the next line, nginx
//! ends it at a semicolon. keepalived comments begin with `#` or `!`, nginx's with `#`. nginx knows both quotes and
//! escapes with a backslash, keepalived double quotes only.

use std::sync::Arc;

use super::outline::Outline;
use super::{Style, Tree};
use crate::vocabulary::{NodeId, Problem, SourceId, Span};

/// Deepest nesting of blocks.
const MAX_DEPTH: usize = 128;

/// Whose rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// keepalived.conf.
    Keepalived,
    /// nginx.conf.
    Nginx,
}

/// Reads a whole configuration.
pub fn read(source: SourceId, text: &Arc<str>, dialect: Dialect) -> (Vec<Tree>, Vec<Problem>) {
    let mut reader =
        Reader { outline: Outline::new(source, text), dialect, levels: vec![Level::default()], words: Vec::new() };
    let mut at = 0;
    while at < text.len() && !reader.outline.is_full() {
        at = reader.token(text, at);
    }
    reader.finish(text.len())
}

/// The entries of one block.
#[derive(Default)]
struct Level {
    entries: Vec<NodeId>,
    /// The words before the brace, and where the brace is.
    owner: Option<Entry>,
    brace: usize,
    /// keepalived: an entry whose line ended, which a brace on the next line may still belong to.
    pending: Option<Entry>,
}

struct Entry {
    name: NodeId,
    args: NodeId,
    text: NodeId,
    span: Span,
}

struct Reader {
    outline: Outline,
    dialect: Dialect,
    levels: Vec<Level>,
    words: Vec<NodeId>,
}

impl Reader {
    /// Takes the token at `at`; returns where the next begins.
    fn token(&mut self, text: &str, at: usize) -> usize {
        let bytes = text.as_bytes();
        let comment = |byte| byte == b'#' || (byte == b'!' && self.dialect == Dialect::Keepalived);
        match bytes[at] {
            b'\n' if self.dialect == Dialect::Keepalived => self.end_entry(),
            b';' if self.dialect == Dialect::Nginx => self.end_entry(),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            byte if comment(byte) => return memchr::memchr(b'\n', &bytes[at..]).map_or(text.len(), |end| at + end),
            b'{' => return self.open(text, at),
            b'}' => self.close(at),
            _ => return self.word(text, at),
        }
        at + 1
    }

    fn word(&mut self, text: &str, at: usize) -> usize {
        let (end, style, value) = match text.as_bytes()[at] {
            b'"' => quoted(text, at, b'"'),
            b'\'' if self.dialect == Dialect::Nginx => quoted(text, at, b'\''),
            _ => bare(text, at, self.dialect),
        };
        if end > text.len() {
            self.outline.wrong(Span::new(at, at + 1), "configuration: a quote is not closed");
            return text.len();
        }
        let node = self.outline.word(Span::new(at, end), style, &value);
        self.words.push(node);
        end
    }

    fn take_entry(&mut self) -> Option<Entry> {
        let words = std::mem::take(&mut self.words);
        let (&name, &last) = (words.first()?, words.last()?);
        let span = self.outline.across(name, last);
        let args_span = match words.get(1) {
            Some(&second) => self.outline.across(second, last),
            None => Span { start: span.end, end: span.end },
        };
        let args = self.outline.list(args_span, &words[1..]);
        let text = self.outline.verbatim(span);
        Some(Entry { name, args, text, span })
    }

    fn store(&mut self, entry: &Entry, block: Option<NodeId>) {
        let fields =
            [("name", Some(entry.name)), ("args", Some(entry.args)), ("text", Some(entry.text)), ("block", block)];
        let node = self.outline.map(entry.span, &fields);
        if let Some(level) = self.levels.last_mut() {
            level.entries.push(node);
        }
    }

    fn flush_pending(&mut self) {
        if let Some(entry) = self.levels.last_mut().and_then(|level| level.pending.take()) {
            self.store(&entry, None);
        }
    }

    fn end_entry(&mut self) {
        let Some(entry) = self.take_entry() else { return };
        self.flush_pending();
        match (self.dialect, self.levels.last_mut()) {
            (Dialect::Keepalived, Some(level)) => level.pending = Some(entry),
            _ => self.store(&entry, None),
        }
    }

    fn open(&mut self, text: &str, at: usize) -> usize {
        let owner = match self.take_entry() {
            Some(entry) => {
                self.flush_pending();
                Some(entry)
            }
            None => self.levels.last_mut().and_then(|level| level.pending.take()),
        };
        if owner.is_none() {
            self.outline.wrong(Span::new(at, at + 1), "configuration: a block has no name");
        }
        if self.levels.len() > MAX_DEPTH {
            self.outline.over(Span::new(at, at + 1), "configuration is nested deeper than the budget allows");
            return text.len();
        }
        self.levels.push(Level { owner, brace: at, ..Level::default() });
        at + 1
    }

    fn close(&mut self, at: usize) {
        self.end_entry();
        self.flush_pending();
        if self.levels.len() < 2 {
            return self.outline.wrong(Span::new(at, at + 1), "configuration: a brace closes nothing");
        }
        let Some(level) = self.levels.pop() else { return };
        let block = self.outline.list(Span::new(level.brace, at + 1), &level.entries);
        if let Some(owner) = level.owner {
            self.store(&owner, Some(block));
        }
    }

    fn finish(mut self, end: usize) -> (Vec<Tree>, Vec<Problem>) {
        self.end_entry();
        self.flush_pending();
        if let Some(unclosed) = self.levels.get(1).map(|level| level.brace) {
            self.outline.wrong(Span::new(unclosed, unclosed + 1), "configuration: a brace is not closed");
        }
        while self.levels.len() > 1 {
            self.levels.pop();
        }
        let entries = self.levels.pop().map(|level| level.entries).unwrap_or_default();
        self.outline.finish(&entries, Span::new(0, end))
    }
}

/// A quoted word; an end beyond the text says that the quote is not closed.
fn quoted(text: &str, at: usize, quote: u8) -> (usize, Style, String) {
    let bytes = text.as_bytes();
    let style = if quote == b'"' { Style::Double } else { Style::Single };
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != quote {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    if end >= bytes.len() {
        return (text.len() + 1, style, String::new());
    }
    (end + 1, style, unescaped(&text[at + 1..end]))
}

fn bare(text: &str, at: usize, dialect: Dialect) -> (usize, Style, String) {
    let bytes = text.as_bytes();
    let mut end = at;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' if dialect == Dialect::Nginx => end += 1,
            // nginx variables are written ${name}.
            b'{' if dialect == Dialect::Nginx && end > at && bytes[end - 1] == b'$' => {
                end += memchr::memchr(b'}', &bytes[end..]).unwrap_or(0);
            }
            b' ' | b'\t' | b'\r' | b'\n' | b'{' | b'}' => break,
            b';' if dialect == Dialect::Nginx => break,
            _ => {}
        }
        end += 1;
    }
    let mut end = end.min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let raw = &text[at..end];
    (end, Style::Plain, if dialect == Dialect::Nginx { unescaped(raw) } else { raw.to_string() })
}

/// Drops the backslash before a quote or another backslash.
fn unescaped(raw: &str) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next @ ('"' | '\'' | '\\'))) => {
                value.push(next);
                chars.next();
            }
            _ => value.push(c),
        }
    }
    value
}
