//! Takes the text of a scalar out as a text of its own, with a map back to where its bytes stand.
//!
//! Verbatim scalars and literal blocks map exactly, quoted scalars on one line run by run around their escapes. What is
//! folded or spans lines in quotes has no map: the whole scalar is blamed. Whether a scalar holds a document is for the
//! caller to know.

use std::sync::Arc;

use super::{Data, Style, Text, Tree};
use crate::source::{LineMap, Piece};
use crate::vocabulary::{NodeId, Span};

/// A text found in a scalar.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// The scalar's value.
    pub text: Arc<str>,
    /// How it maps to the source of the tree.
    pub map: LineMap,
}

/// The text of a string node; `None` for any other node.
pub fn embed(tree: &Tree, node: NodeId) -> Option<Embedded> {
    let Data::Str(text) = tree.data(node) else { return None };
    let at = tree.node(node);
    let value = tree.text(text);
    let pieces = match (text, at.style) {
        (Text::Source(span), _) => Some(vec![Piece { inner: 0, outer: span.start }]),
        (_, Style::Literal) => literal(tree.source_text(), at.span, value),
        (_, Style::Double | Style::Single) => quoted(tree.raw(node), at.span, value),
        _ => None,
    };
    let map = pieces.map_or(LineMap::Blurred(at.span), LineMap::Exact);
    Some(Embedded { text: Arc::from(value), map })
}

/// Each line of the value is the end of a line below the block's header.
fn literal(source: &str, span: Span, value: &str) -> Option<Vec<Piece>> {
    let mut outer = span.start as usize + memchr::memchr(b'\n', &source.as_bytes()[span.range()])? + 1;
    let mut inner = 0;
    let mut pieces = Vec::new();
    for line in value.split('\n') {
        let rest = source.get(outer..).filter(|rest| !rest.is_empty() || line.is_empty())?;
        let whole = rest.split('\n').next().unwrap_or_default();
        let content = whole.strip_suffix('\r').unwrap_or(whole);
        let indent = content.strip_suffix(line)?;
        if !indent.bytes().all(|byte| byte == b' ') {
            // The line after the last line feed of the value is already something else.
            return line.is_empty().then_some(pieces);
        }
        pieces.push(piece(inner, outer + indent.len())?);
        inner += line.len() + 1;
        outer = (outer + whole.len() + 1).min(source.len());
    }
    Some(pieces)
}

/// A quoted scalar on one line: a new run begins after each escape.
fn quoted(raw: &str, span: Span, value: &str) -> Option<Vec<Piece>> {
    let inside = raw.get(1..raw.len().checked_sub(1)?)?;
    let is_double = raw.starts_with('"');
    let (mut at, mut inner) = (0, 0);
    let mut pieces = vec![piece(0, span.start as usize + 1)?];
    for c in value.chars() {
        let rest = inside.get(at..)?;
        let width = escape_width(rest, c, is_double);
        if width.is_none() && !rest.starts_with(c) {
            return None;
        }
        at += width.unwrap_or(c.len_utf8());
        inner += c.len_utf8();
        if width.is_some() {
            pieces.push(piece(inner, span.start as usize + 1 + at)?);
        }
    }
    (at == inside.len() && !inside.contains('\n')).then_some(pieces)
}

/// The bytes of an escape that stands for `c`, if one stands here.
fn escape_width(rest: &str, c: char, is_double: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    match (is_double, bytes.first()?, bytes.get(1)?) {
        (false, b'\'', b'\'') => Some(2),
        (true, b'\\', b'x') => Some(4),
        (true, b'\\', b'u') if u32::from(c) > 0xFFFF => Some(12),
        (true, b'\\', b'u') => Some(6),
        (true, b'\\', b'U') => Some(10),
        (true, b'\\', _) => Some(2),
        _ => None,
    }
}

fn piece(inner: usize, outer: usize) -> Option<Piece> {
    Some(Piece { inner: u32::try_from(inner).ok()?, outer: u32::try_from(outer).ok()? })
}
