//! `haproxy.cfg` to a tree: a list of sections, each with its lines, as HAProxy reads quotes and escapes.
//!
//! ```text
//! - section: backend            # its span, and that of the section's map, is the header line
//!   name: api                   # left out where the header has none
//!   args: [api, from, tcp]      # all words after the section's keyword
//!   lines:
//!   - keyword: server
//!     args: [cp1, 10.0.0.1:6443, check]
//!     text: server cp1 10.0.0.1:6443 check   # as it stands, without the comment
//! ```
//!
//! A word with an environment variable in double quotes is unknown: only the running HAProxy has its value. `defaults`
//! are not applied here; conditional directives (`.if`) are lines like others. Repeated sections and lines are kept.

use std::sync::Arc;

use super::outline::Outline;
use super::{Style, Tree};
use crate::vocabulary::{NodeId, Problem, SourceId, Span};

/// Keywords that begin a section.
const SECTIONS: &[&str] = &[
    "acme",
    "backend",
    "cache",
    "crt-store",
    "defaults",
    "fcgi-app",
    "frontend",
    "global",
    "http-errors",
    "listen",
    "log-forward",
    "log-profile",
    "mailers",
    "peers",
    "program",
    "resolvers",
    "ring",
    "traces",
    "userlist",
];

/// Whether a word begins a section.
pub fn is_section(word: &str) -> bool {
    SECTIONS.contains(&word)
}

/// Reads a whole configuration.
pub fn read(source: SourceId, text: &Arc<str>) -> (Vec<Tree>, Vec<Problem>) {
    let mut reader = Reader { outline: Outline::new(source, text), sections: Vec::new(), open: None };
    let mut at = 0;
    while at < text.len() && !reader.outline.is_full() {
        let end = logical_line_end(text, at);
        reader.line(text, at, end);
        at = end + 1;
    }
    reader.close();
    reader.outline.finish(&reader.sections, Span::new(0, text.len()))
}

/// The end of a line, lines joined by a backslash at their end included.
fn logical_line_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut from = start;
    while let Some(at) = memchr::memchr(b'\n', &bytes[from..]) {
        let end = from + at;
        let line = bytes[start..end].strip_suffix(b"\r").unwrap_or(&bytes[start..end]);
        let backslashes = line.iter().rev().take_while(|&&byte| byte == b'\\').count();
        if backslashes.is_multiple_of(2) {
            return end;
        }
        from = end + 1;
    }
    text.len()
}

/// The section whose lines are being read.
struct Section {
    span: Span,
    keyword: NodeId,
    name: Option<NodeId>,
    args: NodeId,
    lines: Vec<NodeId>,
}

struct Reader {
    outline: Outline,
    sections: Vec<NodeId>,
    open: Option<Section>,
}

impl Reader {
    fn line(&mut self, text: &str, start: usize, end: usize) {
        let words = match words(text, start, end) {
            Ok(words) => words,
            Err(at) => {
                return self.outline.wrong(Span::new(at, at + 1), "HAProxy configuration: a quote is not closed");
            }
        };
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return };
        let span = Span { start: first.span.start, end: last.span.end };
        let is_header = first.style == Style::Plain && is_section(&first.value);
        let nodes: Vec<NodeId> = words.iter().map(|word| self.word(word)).collect();
        let args_span = match nodes.get(1) {
            Some(&second) => self.outline.across(second, nodes[nodes.len() - 1]),
            None => Span { start: span.end, end: span.end },
        };
        let args = self.outline.list(args_span, &nodes[1..]);
        if is_header {
            self.close();
            let name = nodes.get(1).copied().filter(|_| words[1].value != "from");
            self.open = Some(Section { span, keyword: nodes[0], name, args, lines: Vec::new() });
        } else if let Some(section) = &mut self.open {
            let text = self.outline.verbatim(span);
            let fields = [("keyword", Some(nodes[0])), ("args", Some(args)), ("text", Some(text))];
            section.lines.push(self.outline.map(span, &fields));
        } else if !first.value.starts_with('.') {
            self.outline.wrong(span, "HAProxy configuration: a line stands before the first section");
        }
    }

    fn word(&mut self, word: &Word) -> NodeId {
        if word.has_variable {
            return self.outline.unknown(word.span, word.style, "an environment variable of HAProxy's process");
        }
        self.outline.word(word.span, word.style, &word.value)
    }

    fn close(&mut self) {
        let Some(section) = self.open.take() else { return };
        let lines_span = match (section.lines.first(), section.lines.last()) {
            (Some(&first), Some(&last)) => self.outline.across(first, last),
            _ => Span { start: section.span.end, end: section.span.end },
        };
        let lines = self.outline.list(lines_span, &section.lines);
        let fields = [
            ("section", Some(section.keyword)),
            ("name", section.name),
            ("args", Some(section.args)),
            ("lines", Some(lines)),
        ];
        self.sections.push(self.outline.map(section.span, &fields));
    }
}

/// One word of a line.
struct Word {
    span: Span,
    style: Style,
    value: String,
    has_variable: bool,
}

/// The words of a line up to its comment; an error is the offset of a quote that is not closed.
fn words(text: &str, start: usize, end: usize) -> Result<Vec<Word>, usize> {
    let mut scanner = Scanner { rest: text[start..end].char_indices().peekable(), start, has_variable: false };
    let mut words = Vec::new();
    while let Some(&(at, c)) = scanner.rest.peek() {
        match c {
            '#' => break,
            c if c.is_ascii_whitespace() => {
                scanner.rest.next();
            }
            '\\' if is_line_end(&text[start + at + 1..end]) => scanner.continuation(),
            _ => {
                let value = scanner.word()?;
                let word_end = scanner.rest.peek().map_or(end, |&(next, _)| start + next);
                let style = match c {
                    '"' => Style::Double,
                    '\'' => Style::Single,
                    _ => Style::Plain,
                };
                let has_variable = std::mem::take(&mut scanner.has_variable);
                words.push(Word { span: Span::new(start + at, word_end), style, value, has_variable });
            }
        }
    }
    Ok(words)
}

fn is_line_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('\n') || rest.starts_with("\r\n") || rest == "\r"
}

struct Scanner<'t> {
    rest: std::iter::Peekable<std::str::CharIndices<'t>>,
    start: usize,
    has_variable: bool,
}

impl Scanner<'_> {
    /// Passes a backslash and the line end after it.
    fn continuation(&mut self) {
        self.rest.next();
        while self.rest.next_if(|&(_, c)| c == '\r' || c == '\n').is_some() {}
    }

    fn word(&mut self) -> Result<String, usize> {
        let mut value = String::new();
        while let Some((at, c)) = self.rest.next_if(|&(_, c)| !c.is_ascii_whitespace() && c != '#') {
            match c {
                '"' => self.double_quoted(&mut value, at)?,
                '\'' => self.single_quoted(&mut value, at)?,
                '\\' => self.escape(&mut value),
                c => value.push(c),
            }
        }
        Ok(value)
    }

    fn double_quoted(&mut self, value: &mut String, open: usize) -> Result<(), usize> {
        while let Some((_, c)) = self.rest.next() {
            match c {
                '"' => return Ok(()),
                '\\' => self.escape(value),
                '$' => {
                    let names = |&(_, c): &(usize, char)| c == '{' || c == '_' || c.is_ascii_alphanumeric();
                    self.has_variable |= self.rest.peek().is_some_and(names);
                    value.push('$');
                }
                c => value.push(c),
            }
        }
        Err(self.start + open)
    }

    fn single_quoted(&mut self, value: &mut String, open: usize) -> Result<(), usize> {
        for (_, c) in self.rest.by_ref() {
            if c == '\'' {
                return Ok(());
            }
            value.push(c);
        }
        Err(self.start + open)
    }

    /// What follows a backslash: a line feed, tab or return by letter, a joined line, or the character itself.
    fn escape(&mut self, value: &mut String) {
        match self.rest.next() {
            Some((_, 'n')) => value.push('\n'),
            Some((_, 't')) => value.push('\t'),
            Some((_, 'r')) => value.push('\r'),
            Some((_, '\r')) => {
                self.rest.next_if(|&(_, c)| c == '\n');
            }
            Some((_, '\n')) | None => {}
            Some((_, c)) => value.push(c),
        }
    }
}
