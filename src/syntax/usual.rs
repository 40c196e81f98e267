//! The usual YAML, read quickly: what nearly all manifests consist of.
//!
//! Block mappings and lists by indentation, brackets on one line, plain scalars over several lines, quotes on one line,
//! `|` blocks and simple `>` blocks. At anything else (anchors, tags, merge keys, tabs, carriage returns, explicit keys,
//! errors of any kind) it gives up without an answer, and the document is read by `granit-parser`, whose verdict alone
//! counts. Tests hold the trees of both readers equal, node by node and span by span.

use memchr::{memchr, memmem};

use super::compose::{Collection, Composer};
use super::keys::DuplicateKeys;
use super::quoted::{self, Quoted};
use super::{Style, block_scalar};
use crate::vocabulary::{Problem, Span};

/// Longest plain key; the parser refuses longer ones.
const LONGEST_KEY: usize = 1000;

/// Composes the one document of a piece, `None` when it is not usual. The text's pieces begin and end with lines.
pub fn compose<'t>(
    text: &'t str,
    piece: Span,
    composer: Composer<'t>,
    keys: &mut DuplicateKeys,
    problems: &mut Vec<Problem>,
) -> Option<Composer<'t>> {
    let bytes = &text.as_bytes()[..piece.end as usize];
    if has_unusual_bytes(&bytes[piece.start as usize..]) {
        return None;
    }
    let mut reader = Usual { text, bytes, at: piece.start as usize, composer, keys, problems, copy: String::new() };
    reader.document()?;
    Some(reader.composer)
}

/// Control characters and what Unicode calls a line end or a mark: the parser has its own mind about them. A `...` ends a
/// document early, a `%` may begin a directive.
fn has_unusual_bytes(piece: &[u8]) -> bool {
    let is_control = |byte: u8| (byte < b' ' && byte != b'\n') || byte == 0x7f;
    if piece.iter().fold(false, |any, &byte| any | is_control(byte)) {
        return true;
    }
    let is_mark = |at: usize| match piece[at] {
        0xc2 => piece.get(at + 1).is_some_and(|&byte| byte < 0xa0),
        0xe2 => matches!(piece.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])),
        0xef => matches!(piece.get(at + 1), Some(0xbb | 0xbf)),
        _ => false,
    };
    (!piece.is_ascii() && (0..piece.len()).any(is_mark))
        || piece.starts_with(b"...")
        || piece.starts_with(b"%")
        || memmem::find(piece, b"\n...").is_some()
        || memmem::find(piece, b"\n%").is_some()
}

/// What ends a plain scalar on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// `: `, so it is a key.
    Colon,
    /// ` #`.
    Comment,
    Line,
}

/// Columns and indentations count bytes; -1 stands for outside of everything.
struct Usual<'t, 'k> {
    text: &'t str,
    /// The text up to the end of the piece.
    bytes: &'t [u8],
    /// The start of the line that is read next, or that is being read.
    at: usize,
    composer: Composer<'t>,
    keys: &'k mut DuplicateKeys,
    problems: &'k mut Vec<Problem>,
    /// Where values are put together that do not stand in the source as they are.
    copy: String,
}

impl Usual<'_, '_> {
    fn document(&mut self) -> Option<()> {
        if self.bytes[self.at..].starts_with(b"---") {
            self.end_line(self.at + 3)?;
        }
        let indent = self.indent();
        if indent >= 0 {
            self.block(indent, -1)?;
        }
        (self.indent() < 0).then_some(())
    }

    /// Goes to the next line that holds something, and gives its indentation.
    fn indent(&mut self) -> i32 {
        loop {
            let content = self.blanks(self.at);
            match self.bytes.get(content) {
                None => return -1,
                Some(b'\n') => self.at = content + 1,
                Some(b'#') => self.at = self.line_end(content) + 1,
                Some(_) => return (content - self.at) as i32,
            }
            self.at = self.at.min(self.bytes.len());
        }
    }

    fn blanks(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        from + rest.iter().position(|&byte| byte != b' ').unwrap_or(rest.len())
    }

    fn line_end(&self, from: usize) -> usize {
        memchr(b'\n', &self.bytes[from..]).map_or(self.bytes.len(), |length| from + length)
    }

    /// Nothing but a comment may follow on the line; goes to the next one.
    fn end_line(&mut self, from: usize) -> Option<()> {
        let content = self.blanks(from);
        let end = match self.bytes.get(content) {
            None | Some(b'\n') => content,
            Some(b'#') if content > from => self.line_end(content),
            Some(_) => return None,
        };
        self.at = (end + 1).min(self.bytes.len());
        Some(())
    }

    fn ends_line(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b'\n'))
    }

    fn is_blank(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b'\n' | b' '))
    }

    fn is_dash(&self, at: usize) -> bool {
        self.bytes.get(at) == Some(&b'-') && self.is_blank(at + 1)
    }

    /// The node that begins the current line, inside a collection at `parent`.
    fn block(&mut self, indent: i32, parent: i32) -> Option<()> {
        self.node(self.at + indent as usize, indent, parent)
    }

    /// A node at a column of the current line.
    fn node(&mut self, start: usize, column: i32, parent: i32) -> Option<()> {
        if self.is_dash(start) {
            return self.list(start, column);
        }
        let is_key = match self.bytes[start] {
            quote @ (b'"' | b'\'') => {
                let Quoted { end, .. } = quoted::find(self.text, self.bytes, start, quote)?;
                self.bytes.get(end) == Some(&b':')
            }
            b'[' | b'{' | b'|' | b'>' => false,
            _ => self.plain(start)?.1 == Stop::Colon,
        };
        if is_key { self.map(start, column) } else { self.scalar(start, parent) }
    }

    fn list(&mut self, start: usize, column: i32) -> Option<()> {
        self.list_from(start, start, column)
    }

    /// A list whose first dash stands at `dash` and whose span begins at `start`.
    fn list_from(&mut self, start: usize, mut dash: usize, column: i32) -> Option<()> {
        self.composer.open(Collection { is_map: false, flow: false }, 0, start).ok()?;
        loop {
            let value = self.blanks(dash + 1);
            if self.ends_line(value) || self.bytes[value] == b'#' {
                self.end_line(dash + 1)?;
                self.below(column, self.line_end(value))?;
            } else {
                self.node(value, (value - self.at) as i32, column)?;
            }
            let indent = self.indent();
            if indent > column {
                return None;
            }
            dash = self.at + indent.max(0) as usize;
            if indent < column || !self.is_dash(dash) {
                break;
            }
        }
        self.close(self.at)
    }

    /// A value on the lines below its dash or colon, deeper than `column`; without one it is null and stands at `empty`.
    fn below(&mut self, column: i32, empty: usize) -> Option<()> {
        match self.indent() {
            indent if indent > column => self.block(indent, column),
            _ => self.composer.plain_scalar("", Style::Plain, Span::new(empty, empty), empty).ok(),
        }
    }

    fn map(&mut self, start: usize, column: i32) -> Option<()> {
        self.composer.open(Collection { is_map: true, flow: false }, 0, start).ok()?;
        let mut key = start;
        loop {
            self.entry(key, column)?;
            let indent = self.indent();
            if indent < column {
                break;
            }
            key = self.at + indent as usize;
            if indent > column || self.is_dash(key) {
                return None;
            }
        }
        self.close(self.at)
    }

    fn close(&mut self, end: usize) -> Option<()> {
        self.composer.close(end, self.keys, self.problems).ok()
    }

    fn entry(&mut self, start: usize, column: i32) -> Option<()> {
        let colon = self.key(start)?;
        let value = self.blanks(colon + 1);
        if !self.ends_line(value) && self.bytes[value] != b'#' {
            return if value > colon + 1 { self.scalar(value, column) } else { None };
        }
        self.end_line(colon + 1)?;
        let indent = self.indent();
        if indent == column && self.is_dash(self.at + indent as usize) {
            // The parser lets a list that is not indented begin with its first element.
            let dash = self.at + indent as usize;
            return self.list_from(self.blanks(dash + 1), dash, column);
        }
        self.below(column, colon)
    }

    /// Composes the key at `start` and gives the place of its colon.
    fn key(&mut self, start: usize) -> Option<usize> {
        if let quote @ (b'"' | b'\'') = self.bytes[start] {
            let end = self.quoted(start, quote)?;
            return (self.bytes.get(end) == Some(&b':')).then_some(end);
        }
        let (end, stop) = self.plain(start)?;
        let text = &self.text[start..end];
        if stop != Stop::Colon || text == "<<" || text.len() > LONGEST_KEY {
            return None;
        }
        self.composer.plain_scalar(text, Style::Plain, Span::new(start, end), start).ok()?;
        Some(self.blanks(end))
    }

    /// A value on the line of its key or dash, and whatever of it stands on the lines below.
    fn scalar(&mut self, start: usize, parent: i32) -> Option<()> {
        match self.bytes[start] {
            quote @ (b'"' | b'\'') => {
                let end = self.quoted(start, quote)?;
                self.end_line(end)
            }
            b'[' | b'{' => {
                let end = self.brackets(start)?;
                self.end_line(end)
            }
            b'|' if parent >= 0 => self.literal(start, parent),
            b'>' if parent >= 0 => self.folded(start, parent),
            _ => self.plain_lines(start, parent),
        }
    }

    fn quoted(&mut self, start: usize, quote: u8) -> Option<usize> {
        let Quoted { value, end } = quoted::find(self.text, self.bytes, start, quote)?;
        let style = if quote == b'"' { Style::Double } else { Style::Single };
        self.composer.plain_scalar(&value, style, Span::new(start, end), start + 1).ok()?;
        Some(end)
    }

    /// The end of the plain scalar that begins here, on this line, and what ends it.
    fn plain(&self, start: usize) -> Option<(usize, Stop)> {
        match self.bytes[start] {
            b'-' | b'?' | b':' if self.is_blank(start + 1) => None,
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => None,
            b'"' | b'\'' => None,
            _ => Some(self.plain_rest(start)),
        }
    }

    /// As `plain`, for a line that continues one and so may begin with any character.
    fn plain_rest(&self, start: usize) -> (usize, Stop) {
        let mut at = start;
        let stop = loop {
            match self.bytes.get(at) {
                None | Some(b'\n') => break Stop::Line,
                Some(b':') if self.is_blank(at + 1) => break Stop::Colon,
                Some(b'#') if at > start && self.bytes[at - 1] == b' ' => break Stop::Comment,
                Some(_) => at += 1,
            }
        };
        while at > start && self.bytes[at - 1] == b' ' {
            at -= 1;
        }
        (at, stop)
    }

    /// A plain scalar; lines below it that are deeper than `parent` belong to it.
    fn plain_lines(&mut self, start: usize, parent: i32) -> Option<()> {
        let (mut end, mut stop) = self.plain(start)?;
        self.copy.clear();
        loop {
            if stop == Stop::Colon {
                return None;
            }
            self.end_line(end)?;
            let Some((content, newlines)) = self.continuation(parent).filter(|_| stop == Stop::Line) else { break };
            if self.copy.is_empty() {
                self.copy.push_str(&self.text[start..end]);
            }
            (end, stop) = self.plain_rest(content);
            block_scalar::join(&mut self.copy, newlines, &self.text[content..end]);
        }
        let span = Span::new(start, end);
        let text = if self.copy.is_empty() { &self.text[start..end] } else { &self.copy };
        self.composer.plain_scalar(text, Style::Plain, span, start).ok()
    }

    /// Where the next line that holds something begins, if it is deeper than `parent` and no comment, and how many line
    /// ends lie before it.
    fn continuation(&self, parent: i32) -> Option<(usize, usize)> {
        let (mut at, mut newlines) = (self.at, 1);
        loop {
            let content = self.blanks(at);
            match self.bytes.get(content) {
                None | Some(b'#') => return None,
                Some(b'\n') => (at, newlines) = (content + 1, newlines + 1),
                Some(_) => return ((content - at) as i32 > parent).then_some((content, newlines)),
            }
        }
    }

    fn literal(&mut self, start: usize, parent: i32) -> Option<()> {
        let chomping = self.header(start)?;
        let block = block_scalar::find(&self.text[..self.bytes.len()], self.at, parent)?;
        self.copy.clear();
        for line in block.lines(self.text) {
            self.copy.push_str(line);
            self.copy.push('\n');
        }
        self.end_block(start, &block, chomping, Style::Literal)
    }

    fn folded(&mut self, start: usize, parent: i32) -> Option<()> {
        let chomping = self.header(start)?;
        let block = block_scalar::find(&self.text[..self.bytes.len()], self.at, parent)?;
        self.copy.clear();
        for line in block.lines(self.text) {
            // Deeper and blank lines keep their line ends by rules of their own.
            if line.is_empty() || line.starts_with(' ') {
                return None;
            }
            if !self.copy.is_empty() {
                self.copy.push(' ');
            }
            self.copy.push_str(line);
        }
        self.copy.push('\n');
        self.end_block(start, &block, chomping, Style::Folded)
    }

    /// What follows `|` or `>`: how the end is treated. Goes to the next line.
    fn header(&mut self, start: usize) -> Option<u8> {
        let chomping = match self.bytes.get(start + 1) {
            Some(&sign @ (b'-' | b'+')) => sign,
            _ => b' ',
        };
        self.end_line(start + 1 + usize::from(chomping != b' '))?;
        Some(chomping)
    }

    fn end_block(&mut self, start: usize, block: &block_scalar::Block, chomping: u8, style: Style) -> Option<()> {
        match chomping {
            b'-' => _ = self.copy.pop(),
            b'+' => self.copy.extend(std::iter::repeat_n('\n', block.blank_after)),
            _ => {}
        }
        let end = block.text_end.max(start);
        self.composer.plain_scalar(&self.copy, style, Span::new(start, end), block.text_start).ok()?;
        self.at = block.end;
        Some(())
    }

    /// A list or mapping in brackets, on one line. Gives the place after it.
    fn brackets(&mut self, start: usize) -> Option<usize> {
        let is_map = self.bytes[start] == b'{';
        let closing = if is_map { b'}' } else { b']' };
        self.composer.open(Collection { is_map, flow: true }, 0, start).ok()?;
        let mut at = self.blanks(start + 1);
        while *self.bytes.get(at)? != closing {
            if is_map {
                at = self.bracketed_scalar(at)?;
                if self.bytes.get(at) != Some(&b':') || self.bytes.get(at + 1) != Some(&b' ') {
                    return None;
                }
                at = self.blanks(at + 1);
            }
            at = match self.bytes.get(at)? {
                b'[' | b'{' => self.brackets(at)?,
                _ => self.bracketed_scalar(at)?,
            };
            at = self.blanks(at);
            match *self.bytes.get(at)? {
                b',' => at = self.blanks(at + 1),
                byte if byte == closing => {}
                _ => return None,
            }
        }
        self.close(at + 1)?;
        Some(at + 1)
    }

    fn bracketed_scalar(&mut self, start: usize) -> Option<usize> {
        if let quote @ (b'"' | b'\'') = *self.bytes.get(start)? {
            return self.quoted(start, quote);
        }
        let end = self.bracketed_plain(start)?;
        self.composer.plain_scalar(&self.text[start..end], Style::Plain, Span::new(start, end), start).ok()?;
        Some(end)
    }

    fn bracketed_plain(&self, start: usize) -> Option<usize> {
        if matches!(self.bytes[start], b'-' | b'?' | b':') {
            let next = self.bytes.get(start + 1)?;
            if matches!(next, b' ' | b'\n' | b',' | b'[' | b']' | b'{' | b'}') {
                return None;
            }
        } else {
            self.plain(start)?;
        }
        let mut at = start;
        loop {
            match *self.bytes.get(at)? {
                b',' | b']' | b'}' => break,
                b'[' | b'{' | b'\n' => return None,
                b':' if self.is_blank(at + 1) => break,
                b':' if matches!(self.bytes.get(at + 1), Some(b',' | b'[' | b']' | b'{' | b'}')) => return None,
                b'#' if self.bytes[at - 1] == b' ' => return None,
                _ => at += 1,
            }
        }
        while at > start && self.bytes[at - 1] == b' ' {
            at -= 1;
        }
        (at > start).then_some(at)
    }
}
