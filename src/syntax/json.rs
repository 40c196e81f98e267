//! JSON to trees: one tree a value, several values one after another (JSON lines, concatenated dumps) as well.
//!
//! The trees are those of the YAML reader: strings have style `Double` and a span with their quotes, keys are nodes,
//! duplicate keys are kept and reported, the last wins. Integers that fit 64 bits are `Int`, other numbers `Float`.
//! Half a surrogate pair becomes U+FFFD, as in Go. After an error reading goes on at the next line that begins with a
//! bracket, so a broken line of JSON lines hides no other. Comments and trailing commas are errors.

use std::sync::Arc;

use super::budget::Budget;
use super::compose::TOO_DEEP;
use super::keys::DuplicateKeys;
use super::{Data, Style, Text, Tree};
use crate::vocabulary::{NodeId, Problem, ProblemKind, SourceId, Span};

/// Reads the values in `range` of a text.
pub fn read(source: SourceId, text: &Arc<str>, range: Span) -> (Vec<Tree>, Vec<Problem>) {
    read_within(source, text, range, Budget::default())
}

/// Reads with a budget of the caller's choice.
pub fn read_within(source: SourceId, text: &Arc<str>, range: Span, budget: Budget) -> (Vec<Tree>, Vec<Problem>) {
    let mut keys = DuplicateKeys::default();
    let (mut trees, mut problems) = (Vec::new(), Vec::new());
    let mut at = range.start as usize;
    let end = range.end as usize;
    loop {
        let mut reader = Reader::new(source, text, at, end, budget, &mut keys);
        if !reader.skip_blank() {
            break;
        }
        if trees.len() >= budget.documents {
            let message = format!("source has more than {} documents; the rest was not read", budget.documents);
            problems.push(Problem::at(ProblemKind::BudgetExceeded, source, Span::new(at, end), message));
            break;
        }
        match reader.value(0) {
            Ok(_) => {
                at = reader.at;
                problems.append(&mut reader.problems);
                trees.push(reader.tree);
            }
            Err(Trouble { kind, message }) => {
                let span = Span::new(reader.at, reader.at + reader.char_width());
                at = resume(text.as_bytes(), reader.at, end);
                problems.push(Problem::at(kind, source, span, message));
            }
        }
    }
    (trees, problems)
}

/// The next line that begins with a bracket and cannot go on with what stands before it, or the end.
fn resume(bytes: &[u8], from: usize, end: usize) -> usize {
    let mut at = from.saturating_sub(1);
    while let Some(newline) = memchr::memchr(b'\n', &bytes[at..end]) {
        let before = bytes[..at + newline].trim_ascii_end().last();
        at += newline + 1;
        if matches!(bytes.get(at), Some(b'{' | b'[')) && !matches!(before, Some(b',' | b':' | b'[' | b'{')) {
            return at;
        }
    }
    end
}

struct Trouble {
    kind: ProblemKind,
    message: String,
}

fn wrong<T>(what: &str) -> Result<T, Trouble> {
    Err(Trouble { kind: ProblemKind::ParseError, message: format!("JSON does not parse: {what}") })
}

fn over<T>(message: &str) -> Result<T, Trouble> {
    Err(Trouble { kind: ProblemKind::BudgetExceeded, message: message.to_string() })
}

/// Reads one value. `at` is where reading stands, and where an error is reported.
struct Reader<'t> {
    text: &'t Arc<str>,
    bytes: &'t [u8],
    at: usize,
    tree: Tree,
    children: Vec<NodeId>,
    problems: Vec<Problem>,
    keys: &'t mut DuplicateKeys,
    budget: Budget,
    item_start: usize,
    item_nodes: usize,
}

impl<'t> Reader<'t> {
    fn new(
        source: SourceId,
        text: &'t Arc<str>,
        at: usize,
        end: usize,
        budget: Budget,
        keys: &'t mut DuplicateKeys,
    ) -> Self {
        Reader {
            text,
            bytes: &text.as_bytes()[..end],
            at,
            tree: Tree::new(source, text.clone()),
            children: Vec::new(),
            problems: Vec::new(),
            keys,
            budget,
            item_start: at,
            item_nodes: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Whether anything but blanks is left; stands on it.
    fn skip_blank(&mut self) -> bool {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.at < self.bytes.len()
    }

    fn char_width(&self) -> usize {
        self.text.get(self.at..self.bytes.len()).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
    }

    fn value(&mut self, depth: usize) -> Result<NodeId, Trouble> {
        self.skip_blank();
        match self.peek() {
            Some(b'{') => self.collection(depth, true),
            Some(b'[') => self.collection(depth, false),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Data::Bool(true)),
            Some(b'f') => self.word("false", Data::Bool(false)),
            Some(b'n') => self.word("null", Data::Null),
            Some(_) => wrong("expected a value"),
            None => wrong("the text ends where a value is expected"),
        }
    }

    fn push(&mut self, start: usize, style: Style, data: Data) -> Result<NodeId, Trouble> {
        self.item_nodes += 1;
        if self.item_nodes > self.budget.nodes {
            return over("document has more nodes than the budget allows");
        }
        if self.at - self.item_start > self.budget.item_bytes {
            return over("document is larger than the budget allows");
        }
        Ok(self.tree.push(Span::new(start, self.at), style, data))
    }

    fn collection(&mut self, depth: usize, is_map: bool) -> Result<NodeId, Trouble> {
        if depth >= self.budget.depth {
            return over(TOO_DEEP);
        }
        let (start, first) = (self.at, self.children.len());
        let close = if is_map { b'}' } else { b']' };
        self.at += 1;
        self.skip_blank();
        while self.peek() != Some(close) {
            self.member(depth, is_map)?;
            self.skip_blank();
            match self.peek() {
                Some(b',') => self.comma(close)?,
                Some(byte) if byte == close => {}
                _ => return wrong(if is_map { "expected `,` or `}`" } else { "expected `,` or `]`" }),
            }
        }
        self.at += 1;
        if is_map {
            self.keys.check(&self.tree, &self.children[first..], &mut self.problems);
        }
        let items = self.tree.push_items(&self.children[first..]);
        self.children.truncate(first);
        self.push(start, Style::Plain, if is_map { Data::Map(items) } else { Data::List(items) })
    }

    fn comma(&mut self, close: u8) -> Result<(), Trouble> {
        self.at += 1;
        self.skip_blank();
        if self.peek() == Some(close) { wrong("a comma stands before the closing bracket") } else { Ok(()) }
    }

    /// One element, or a key and its value.
    fn member(&mut self, depth: usize, is_map: bool) -> Result<(), Trouble> {
        if is_map {
            if self.peek() != Some(b'"') {
                return wrong("expected a key in double quotes");
            }
            let key = self.string()?;
            self.skip_blank();
            if self.peek() != Some(b':') {
                return wrong("expected `:`");
            }
            self.at += 1;
            self.children.push(key);
        }
        let value = self.value(depth + 1)?;
        self.children.push(value);
        if !is_map && depth <= 1 {
            (self.item_start, self.item_nodes) = (self.at, 0);
        }
        Ok(())
    }

    fn word(&mut self, word: &str, data: Data) -> Result<NodeId, Trouble> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return wrong("expected a value");
        }
        let start = self.at;
        self.at += word.len();
        self.push(start, Style::Plain, data)
    }

    fn string(&mut self) -> Result<NodeId, Trouble> {
        let start = self.at;
        self.at += 1;
        let end = self.plain_run()?;
        let text = if self.bytes[end] == b'"' {
            Text::Source(Span::new(start + 1, end))
        } else {
            let decoded = self.escaped(start + 1)?;
            self.tree.push_text(&decoded)
        };
        self.at += 1;
        self.push(start, Style::Double, Data::Str(text))
    }

    /// Goes on to the next quote or backslash.
    fn plain_run(&mut self) -> Result<usize, Trouble> {
        let rest = &self.bytes[self.at..];
        match rest.iter().position(|&byte| byte == b'"' || byte == b'\\' || byte < 0x20) {
            Some(length) => {
                self.at += length;
                if rest[length] < 0x20 { wrong("a control character stands in a string") } else { Ok(self.at) }
            }
            None => {
                self.at = self.bytes.len();
                wrong("a string is not closed")
            }
        }
    }

    /// Decodes from `from` to the closing quote, on which reading then stands.
    fn escaped(&mut self, from: usize) -> Result<String, Trouble> {
        let mut decoded = self.text[from..self.at].to_string();
        while self.bytes[self.at] == b'\\' {
            decoded.push(self.escape()?);
            let start = self.at;
            self.plain_run()?;
            decoded.push_str(&self.text[start..self.at]);
        }
        Ok(decoded)
    }

    fn escape(&mut self) -> Result<char, Trouble> {
        let decoded = match self.bytes.get(self.at + 1) {
            Some(b'u') => return self.unicode_escape(),
            Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return wrong("unknown escape in a string"),
        };
        self.at += 2;
        Ok(decoded)
    }

    fn unicode_escape(&mut self) -> Result<char, Trouble> {
        let Some(first) = self.unit(self.at) else { return wrong("`\\u` needs four hexadecimal digits") };
        self.at += 6;
        if (0xD800..0xDC00).contains(&first)
            && let Some(second @ 0xDC00..0xE000) = self.unit(self.at)
        {
            self.at += 6;
            let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// The UTF-16 unit of a `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }

    fn number(&mut self) -> Result<NodeId, Trouble> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading = self.peek();
        let digits = self.digits();
        if digits == 0 || (digits > 1 && leading == Some(b'0')) {
            return wrong("a number begins with a digit, and with 0 only when it is followed by none");
        }
        let whole = self.at;
        self.fraction_and_exponent()?;
        let text = &self.text[start..self.at];
        let data = match text.parse().ok().filter(|_| whole == self.at) {
            Some(integer) => Data::Int(integer),
            None => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Data::Float(value),
                _ => return wrong("a number is out of range"),
            },
        };
        self.push(start, Style::Plain, data)
    }

    fn fraction_and_exponent(&mut self) -> Result<(), Trouble> {
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return wrong("a number needs digits after its dot");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return wrong("a number needs digits in its exponent");
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }
}
