//! Quoted YAML scalars on one line, with the escapes that manifests use. Others are left to the parser.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

/// A quoted scalar.
#[derive(Debug)]
pub struct Quoted<'t> {
    /// What it stands for.
    pub value: Cow<'t, str>,
    /// The place after its closing quote.
    pub end: usize,
}

/// The scalar whose opening quote stands at `start`; `None` when it goes on on the next line or has a rare escape. `bytes`
/// are those of the text up to where reading must end.
pub fn find<'t>(text: &'t str, bytes: &[u8], start: usize, quote: u8) -> Option<Quoted<'t>> {
    if quote == b'"' { double(text, bytes, start + 1) } else { single(text, bytes, start + 1) }
}

fn single<'t>(text: &'t str, bytes: &[u8], start: usize) -> Option<Quoted<'t>> {
    let mut at = start;
    let mut doubled = false;
    loop {
        at += memchr(b'\'', &bytes[at..])?;
        if bytes.get(at + 1) != Some(&b'\'') {
            break;
        }
        (at, doubled) = (at + 2, true);
    }
    let content = &text[start..at];
    if content.contains('\n') {
        return None;
    }
    let value = if doubled { Cow::Owned(content.replace("''", "'")) } else { Cow::Borrowed(content) };
    Some(Quoted { value, end: at + 1 })
}

fn double<'t>(text: &'t str, bytes: &[u8], start: usize) -> Option<Quoted<'t>> {
    let mut copy = String::new();
    let (mut at, mut copied) = (start, start);
    loop {
        at += memchr3(b'"', b'\\', b'\n', &bytes[at..])?;
        match bytes[at] {
            b'"' => break,
            b'\\' => {
                copy.push_str(&text[copied..at]);
                copy.push(escape(*bytes.get(at + 1)?)?);
                (at, copied) = (at + 2, at + 2);
            }
            _ => return None,
        }
    }
    let rest = &text[copied..at];
    if copied == start {
        return Some(Quoted { value: Cow::Borrowed(rest), end: at + 1 });
    }
    copy.push_str(rest);
    Some(Quoted { value: Cow::Owned(copy), end: at + 1 })
}

fn escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'"' | b'\\' | b'/' => char::from(byte),
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        _ => return None,
    })
}
