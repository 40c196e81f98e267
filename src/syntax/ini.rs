//! Key-value files to a tree: INI, systemd units, environment files. A list of sections, each a list of entries.
//!
//! ```text
//! - section: Service           # left out for what stands before the first header, and in environment files
//!   entries:
//!   - key: ExecStart
//!     value: /usr/bin/etcd --name a    # left out where the line has no `=`
//!     text: ExecStart=/usr/bin/etcd \
//!         --name a                     # as it stands
//!     parts: [/usr/bin/etcd, --name a] # the value line by line, where lines are joined
//! ```
//!
//! Repeated keys and sections are kept. Comments are whole lines that begin with `#` or `;`. In units and environment files
//! a backslash at a line's end joins the next line with a blank, comment lines between them left out. In environment
//! files a value loses its quotes, and `export` before a key is dropped. INI lines are not joined and keep their quotes.

use std::sync::Arc;

use super::outline::Outline;
use super::{Style, Tree};
use crate::vocabulary::{NodeId, Problem, SourceId, Span};

/// Whose rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// INI files, Ansible inventories among them.
    Ini,
    /// systemd unit files and drop-ins.
    Unit,
    /// `KEY=value` files.
    Env,
}

/// Reads a whole file.
pub fn read(source: SourceId, text: &Arc<str>, dialect: Dialect) -> (Vec<Tree>, Vec<Problem>) {
    let mut reader =
        Reader { outline: Outline::new(source, text), dialect, sections: Vec::new(), open: Open::default() };
    let mut at = 0;
    while at < text.len() && !reader.outline.is_full() {
        let line = logical_line(text, at, dialect);
        at = line.next;
        reader.line(text, &line);
    }
    reader.close(text.len());
    reader.outline.finish(&reader.sections, Span::new(0, text.len()))
}

/// A line, or several joined by backslashes.
struct Line {
    /// Without blanks and comment lines at its ends.
    span: Span,
    /// The joined text, where joining changed it.
    joined: Option<String>,
    /// The lines that were joined, without their blanks and backslashes.
    parts: Vec<Span>,
    next: usize,
}

fn logical_line(text: &str, start: usize, dialect: Dialect) -> Line {
    let (mut end, mut next) = physical_line(text, start);
    let first = &text[start..end];
    let mut open = dialect != Dialect::Ini && !is_comment(first) && first.ends_with('\\');
    let mut joined = open.then(|| first.trim_start().to_string());
    let mut parts: Vec<Span> = open.then(|| part_of(text, start, end)).into_iter().collect();
    while open && next < text.len() {
        let (part_end, after) = physical_line(text, next);
        let part = &text[next..part_end];
        next = after;
        if let Some(so_far) = joined.as_mut().filter(|_| !is_comment(part)) {
            so_far.pop();
            so_far.push(' ');
            so_far.push_str(part.trim_start());
            parts.push(part_of(text, part_end - part.len(), part_end));
            (end, open) = (part_end, part.ends_with('\\'));
        }
    }
    let lead = first.len() - first.trim_start().len();
    let body_end = start + text[start..end].trim_end().len();
    Line { span: Span::new(start + lead.min(body_end - start), body_end), joined, parts, next }
}

/// What a joined line says: without the blanks around it and the backslash at its end.
fn part_of(text: &str, start: usize, end: usize) -> Span {
    let line = &text[start..end];
    let body = line.strip_suffix('\\').unwrap_or(line).trim_end();
    let lead = body.len() - body.trim_start().len();
    Span::new(start + lead, start + body.len())
}

/// The end of a line without its line feed, and the start of the next.
fn physical_line(text: &str, start: usize) -> (usize, usize) {
    let end = memchr::memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |at| start + at);
    let content = text[start..end].strip_suffix('\r').map_or(end, |line| start + line.len());
    (content, (end + 1).min(text.len()))
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', ';'])
}

#[derive(Default)]
struct Open {
    header: Option<(NodeId, Span)>,
    entries: Vec<NodeId>,
}

struct Reader {
    outline: Outline,
    dialect: Dialect,
    sections: Vec<NodeId>,
    open: Open,
}

impl Reader {
    fn line(&mut self, text: &str, line: &Line) {
        let raw = &text[line.span.range()];
        if raw.is_empty() || is_comment(raw) {
            return;
        }
        if self.dialect != Dialect::Env && raw.starts_with('[') {
            return self.header(raw, line.span);
        }
        let entry = self.entry(raw, line);
        self.open.entries.push(entry);
    }

    fn header(&mut self, raw: &str, span: Span) {
        self.close(span.start as usize);
        let Some(length) = raw.find(']') else {
            return self.outline.wrong(span, "section header is not closed with `]`");
        };
        let start = span.start as usize + 1;
        let name = self.outline.verbatim(Span::new(start, start + length - 1));
        self.open.header = Some((name, Span::new(span.start as usize, start + length)));
    }

    fn entry(&mut self, raw: &str, line: &Line) -> NodeId {
        let start = line.span.start as usize;
        let (key, value) = match raw.split_once('=') {
            Some((key, _)) => (key, Some(self.value(raw, key.len() + 1, line))),
            None => (raw, None),
        };
        let exported = key.strip_prefix("export ").filter(|_| self.dialect == Dialect::Env);
        let trimmed = exported.unwrap_or(key).trim();
        let key_start = start + key.find(trimmed).unwrap_or(0).max(key.len() - exported.unwrap_or(key).len());
        let key = self.outline.verbatim(Span::new(key_start, key_start + trimmed.len()));
        let text = self.outline.verbatim(line.span);
        let parts = self.parts(raw, line).filter(|_| value.is_some());
        self.outline.map(line.span, &[("key", Some(key)), ("value", value), ("text", Some(text)), ("parts", parts)])
    }

    /// The lines of a value, the first one from behind its `=`.
    fn parts(&mut self, raw: &str, line: &Line) -> Option<NodeId> {
        let from = line.span.start + u32::try_from(raw.find('=')? + 1).ok()?;
        let inside = line.parts.iter().map(|part| Span { start: part.start.max(from), end: part.end });
        let nodes: Vec<NodeId> =
            inside.filter(|part| part.start < part.end).map(|part| self.outline.verbatim(part)).collect();
        (!nodes.is_empty()).then(|| self.outline.list(line.span, &nodes))
    }

    fn value(&mut self, raw: &str, from: usize, line: &Line) -> NodeId {
        let after = &raw[from..];
        let lead = after.len() - after.trim_start().len();
        let span = Span { start: line.span.start + u32::try_from(from + lead).unwrap_or(0), end: line.span.end };
        let joined = line.joined.as_deref().and_then(|joined| joined.split_once('=')).map(|(_, value)| value.trim());
        let value = joined.unwrap_or_else(|| after.trim());
        let quote = value.chars().next().filter(|_| self.dialect == Dialect::Env);
        let inner = match quote {
            Some(quote @ ('"' | '\'')) => value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)),
            _ => None,
        };
        match (inner, quote) {
            (Some(inner), Some('"')) => self.outline.word(span, Style::Double, &inner.replace("\\\"", "\"")),
            (Some(inner), _) => self.outline.word(span, Style::Single, inner),
            (None, _) => self.outline.word(span, Style::Plain, value),
        }
    }

    fn close(&mut self, at: usize) {
        let Open { header, entries } = std::mem::take(&mut self.open);
        if header.is_none() && entries.is_empty() {
            return;
        }
        let entries_span = match (entries.first(), entries.last()) {
            (Some(&first), Some(&last)) => self.outline.across(first, last),
            _ => header.map_or(Span::new(at, at), |(_, span)| Span { start: span.end, end: span.end }),
        };
        let entries = self.outline.list(entries_span, &entries);
        let span = header.map_or(entries_span, |(_, span)| span);
        let section = self.outline.map(span, &[("section", header.map(|(name, _)| name)), ("entries", Some(entries))]);
        self.sections.push(section);
    }
}
