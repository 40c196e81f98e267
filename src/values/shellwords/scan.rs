//! Characters to tokens. All syntax is ASCII, so every offset met here is a character boundary.

use super::{Redirect, Separator, ShellWord};
use crate::vocabulary::Span;

/// What the reader sees.
pub(super) enum Token {
    Word(ShellWord),
    Redirect(Redirect),
    End(Separator),
    Newline,
}

/// A position in a text.
pub(super) struct Scan<'t> {
    pub(super) text: &'t str,
    at: usize,
    /// What stood inside `$(…)` and backquotes since this was last emptied.
    pub(super) substitutions: Vec<Span>,
}

/// Operators, longest first.
const REDIRECTS: &[&str] = &["<<<", "<<-", "&>>", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "<", ">"];
const SEPARATORS: &[(&str, Separator)] = &[
    ("&&", Separator::And),
    ("||", Separator::Or),
    (";;", Separator::Sequence),
    ("|&", Separator::Pipe),
    ("|", Separator::Pipe),
    ("&", Separator::Background),
    (";", Separator::Sequence),
    ("(", Separator::Sequence),
    (")", Separator::Sequence),
];

/// Brackets deeper than this are not matched any more; everything that follows is taken as inside.
const MAX_NESTING: u8 = 32;

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Scan { text, at, substitutions: Vec::new() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next token; `None` at the end.
    pub(super) fn token(&mut self) -> Option<Token> {
        self.skip_blanks();
        let rest = self.rest();
        if rest.starts_with('\n') {
            self.at += 1;
            return Some(Token::Newline);
        }
        let operator = REDIRECTS.iter().find(|operator| rest.starts_with(**operator));
        if let Some(operator) = operator.filter(|_| placeholder(rest) == 0) {
            return Some(self.redirect(operator));
        }
        if let Some((text, separator)) = SEPARATORS.iter().find(|(text, _)| rest.starts_with(text)) {
            self.at += text.len();
            return Some(Token::End(*separator));
        }
        self.peek()?;
        let word = self.word();
        // `2>` : the number belongs to the operator.
        let is_descriptor = word.text.bytes().all(|byte| byte.is_ascii_digit()) && !word.text.is_empty();
        if is_descriptor && matches!(self.peek(), Some(b'<' | b'>')) {
            return self.token();
        }
        Some(Token::Word(word))
    }

    fn redirect(&mut self, operator: &str) -> Token {
        self.at += operator.len();
        self.skip_blanks();
        let target = self.word();
        Token::Redirect(Redirect { operator: operator.to_string(), target, body: None })
    }

    /// Blanks, continued lines and comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            self.at += match rest.as_bytes() {
                [b' ' | b'\t' | b'\r', ..] => 1,
                [b'\\', b'\n', ..] => 2,
                [b'\\', b'\r', b'\n', ..] => 3,
                [b'#', ..] => rest.find('\n').unwrap_or(rest.len()),
                _ => return,
            }
        }
    }

    fn word(&mut self) -> ShellWord {
        let start = self.at;
        let mut text = String::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'<' if placeholder(self.rest()) > 0 => {
                    let end = self.at + placeholder(self.rest());
                    text.push_str(&self.text[self.at..end]);
                    self.at = end;
                }
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => break,
                b'\\' => self.escape(&mut text),
                b'\'' => self.single(&mut text),
                b'"' => self.double(&mut text),
                _ => self.plain(&mut text),
            }
        }
        let span = Span::new(start, self.at);
        let inner = verbatim(&self.text[start..self.at], &text, start);
        ShellWord { text, span, inner }
    }

    /// One character, or a whole `${…}`, `$(…)` or backquoted command.
    fn plain(&mut self, text: &mut String) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        match &bytes[start..] {
            [b'$', b'(', b'(', ..] => self.at = closing(bytes, start + 2, b')', 0),
            [b'$', b'(', ..] => {
                self.at = closing(bytes, start + 2, b')', 0);
                self.nested(start + 2, b')');
            }
            [b'$', b'{', ..] => self.at = closing(bytes, start + 2, b'}', 0),
            [b'`', ..] => {
                self.at = closing(bytes, start + 1, b'`', 0);
                self.nested(start + 1, b'`');
            }
            _ => self.at += self.rest().chars().next().map_or(1, char::len_utf8),
        }
        text.push_str(&self.text[start..self.at]);
    }

    /// Files what stands between `start` and the closing bracket just passed, if there was one.
    fn nested(&mut self, start: usize, close: u8) {
        let closed = self.at > start && self.text.as_bytes()[self.at - 1] == close;
        self.substitutions.push(Span::new(start, self.at - usize::from(closed)));
    }

    fn escape(&mut self, text: &mut String) {
        self.at += 1;
        match self.rest().chars().next() {
            Some('\n') => self.at += 1,
            Some(c) => {
                text.push(c);
                self.at += c.len_utf8();
            }
            None => text.push('\\'),
        }
    }

    fn single(&mut self, text: &mut String) {
        let inside = &self.text[self.at + 1..];
        let end = inside.find('\'').unwrap_or(inside.len());
        text.push_str(&inside[..end]);
        self.at = (self.at + 1 + end + 1).min(self.text.len());
    }

    fn double(&mut self, text: &mut String) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            match (byte, self.text.as_bytes().get(self.at + 1)) {
                (b'"', _) => {
                    self.at += 1;
                    return;
                }
                (b'\\', Some(b'$' | b'`' | b'"' | b'\\' | b'\n')) => self.escape(text),
                _ => self.plain(text),
            }
        }
    }

    /// Moves past the lines of a here document and its delimiter; gives the lines.
    pub(super) fn here_document(&mut self, delimiter: &str, tabs_stripped: bool) -> Span {
        let start = self.at;
        while self.at < self.text.len() {
            let line_start = self.at;
            let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
            self.at += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            let line = if tabs_stripped { line.trim_start_matches('\t') } else { line };
            if line == delimiter {
                return Span::new(start, line_start);
            }
        }
        Span::new(start, self.at)
    }
}

/// The length of a placeholder as documentation writes it (`<token>`, `<node name>`) at the beginning of a text; 0 if there
/// is none. To a shell it is a redirection, which nobody means.
fn placeholder(text: &str) -> usize {
    let Some(end) = text.strip_prefix('<').and_then(|rest| rest.find('>')) else { return 0 };
    let (inside, after) = (&text[1..=end], &text[end + 2..]);
    let is_name = inside.starts_with(|c: char| c.is_ascii_alphabetic())
        && inside.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '));
    let ends = after.is_empty() || after.starts_with([' ', '\t', '\r', '\n', ':', '/', ',', '.', '"']);
    if is_name && ends { end + 2 } else { 0 }
}

/// Where `text` stands in its spelling `raw`, if it does so unbroken.
fn verbatim(raw: &str, text: &str, start: usize) -> Option<Span> {
    if raw == text {
        return Some(Span::new(start, start + raw.len()));
    }
    let quoted = raw.len() == text.len() + 2 && raw.get(1..raw.len() - 1) == Some(text);
    quoted.then(|| Span::new(start + 1, start + 1 + text.len()))
}

/// One past the bracket that closes what was opened before `at`; the end if none does.
fn closing(bytes: &[u8], mut at: usize, close: u8, nesting: u8) -> usize {
    if nesting > MAX_NESTING {
        return bytes.len();
    }
    while let Some(&byte) = bytes.get(at) {
        let next = at + 1;
        at = match byte {
            _ if byte == close => return next,
            b'\\' => next + 1,
            b'\'' if close != b'"' => {
                bytes[next..].iter().position(|b| *b == b'\'').map_or(bytes.len(), |i| next + i + 1)
            }
            b'"' if close != b'`' => closing(bytes, next, b'"', nesting + 1),
            b'(' if close == b')' => closing(bytes, next, b')', nesting + 1),
            b'$' if bytes.get(next) == Some(&b'(') => closing(bytes, next + 1, b')', nesting + 1),
            b'$' if bytes.get(next) == Some(&b'{') => closing(bytes, next + 1, b'}', nesting + 1),
            _ => next,
        };
    }
    bytes.len()
}
