//! String and bytes literals: prefixes, quotes, triple quotes, escapes.

use super::SyntaxError;
use super::ast::Literal;

/// The literal at `at` and its end, or `None` if no string starts there.
pub(super) fn string(text: &str, at: usize) -> Option<Result<(Literal, usize), SyntaxError>> {
    let rest = &text.as_bytes()[at..];
    let bytes = usize::from(matches!(rest.first(), Some(b'b' | b'B')));
    let raw = usize::from(matches!(rest.get(bytes), Some(b'r' | b'R')));
    let open = at + bytes + raw;
    let quote = *rest.get(bytes + raw)?;
    if quote != b'"' && quote != b'\'' {
        return None;
    }
    let body = if bytes == 1 { Body::Bytes } else { Body::Text };
    Some(Reader { text, start: at, raw: raw == 1, body, out: Vec::new() }.read(open, quote))
}

#[derive(PartialEq)]
enum Body {
    Text,
    Bytes,
}

struct Reader<'t> {
    text: &'t str,
    start: usize,
    raw: bool,
    body: Body,
    out: Vec<u8>,
}

impl Reader<'_> {
    fn read(mut self, open: usize, quote: u8) -> Result<(Literal, usize), SyntaxError> {
        let text = self.text.as_bytes();
        let triple = text[open..].starts_with(&[quote; 3]);
        let fence = if triple { 3 } else { 1 };
        let mut at = open + fence;
        loop {
            match text.get(at) {
                None => return Err(self.error("the string is not closed", self.start, self.start + 1)),
                Some(b'\n' | b'\r') if !triple => {
                    return Err(self.error("the string is not closed on its line", self.start, at));
                }
                Some(&byte) if byte == quote && text[at..].starts_with(&[quote; 3][..fence]) => break,
                Some(b'\\') if !self.raw => at = self.escape(at)?,
                Some(&byte) => {
                    self.out.push(byte);
                    at += 1;
                }
            }
        }
        let end = at + fence;
        match self.body {
            Body::Bytes => Ok((Literal::Bytes(self.out), end)),
            Body::Text => Ok((Literal::Str(String::from_utf8_lossy(&self.out).into_owned()), end)),
        }
    }

    fn error(&self, message: &str, start: usize, end: usize) -> SyntaxError {
        SyntaxError::new(message, start, end)
    }

    /// Decodes the escape whose backslash is at `at` and returns where it ends.
    fn escape(&mut self, at: usize) -> Result<usize, SyntaxError> {
        let Some(&letter) = self.text.as_bytes().get(at + 1) else {
            return Err(self.error("the string ends in an escape", at, at + 1));
        };
        let simple = match letter {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'\\' | b'?' | b'"' | b'\'' | b'`' => letter,
            b'x' | b'X' => return self.code(at, at + 2, 2, 16),
            b'u' if self.body == Body::Text => return self.code(at, at + 2, 4, 16),
            b'U' if self.body == Body::Text => return self.code(at, at + 2, 8, 16),
            b'0'..=b'3' => return self.code(at, at + 1, 3, 8),
            _ => return Err(self.error("unknown escape", at, at + 2)),
        };
        self.out.push(simple);
        Ok(at + 2)
    }

    fn code(&mut self, at: usize, digits: usize, count: usize, radix: u32) -> Result<usize, SyntaxError> {
        let end = digits + count;
        let value = self
            .text
            .get(digits..end)
            .filter(|text| text.bytes().all(|b| (b as char).is_digit(radix)))
            .and_then(|text| u32::from_str_radix(text, radix).ok());
        let decoded = value.and_then(|value| match self.body {
            Body::Bytes => u8::try_from(value).ok().map(|byte| self.out.push(byte)),
            Body::Text => char::from_u32(value).map(|c| self.out.extend(c.encode_utf8(&mut [0; 4]).bytes())),
        });
        match decoded {
            Some(()) => Ok(end),
            None => Err(self.error("the escape stands for no character", at, (at + 2).min(self.text.len()))),
        }
    }
}
