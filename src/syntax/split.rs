//! Cuts a YAML text into documents without reading it.
//!
//! A line that is `---`, alone or before a blank, cannot be part of any scalar in valid YAML, and anchors do not reach
//! across it. So each piece can be read by itself, in parallel, and a broken one hides nobody. Only `%` directives belong
//! to the document after them and keep a text in one piece.

use memchr::memmem;

use crate::vocabulary::Span;

/// The pieces of `range` in order; together they are the range.
pub fn split(text: &str, range: Span) -> Vec<Span> {
    let bytes = &text.as_bytes()[range.range()];
    if has_directive(bytes) {
        return vec![range];
    }
    let base = range.start as usize;
    let mut pieces = Vec::new();
    let mut start = 0;
    for at in memmem::find_iter(bytes, b"\n---") {
        if matches!(bytes.get(at + 4), None | Some(b'\n' | b'\r' | b' ' | b'\t')) {
            pieces.push(Span::new(base + start, base + at + 1));
            start = at + 1;
        }
    }
    pieces.push(Span::new(base + start, base + bytes.len()));
    pieces
}

fn has_directive(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'%') || memmem::find(bytes, b"\n%").is_some() || memmem::find(bytes, b"\r%").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        split(text, Span::new(0, text.len())).into_iter().map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn a_text_is_cut_before_each_marker_line() {
        assert_eq!(pieces("a: 1\n---\nb: 2\n--- # c\nc: 3\n---"), ["a: 1\n", "---\nb: 2\n", "--- # c\nc: 3\n", "---"]);
        assert_eq!(pieces("---\r\na: 1\r\n---\r\nb: 2"), ["---\r\na: 1\r\n", "---\r\nb: 2"]);
        assert_eq!(pieces(""), [""]);
    }

    #[test]
    fn what_only_looks_like_a_marker_does_not_cut() {
        assert_eq!(pieces("a: |\n  ---\n----\n---x\n").len(), 1);
    }

    #[test]
    fn directives_keep_a_text_in_one_piece() {
        assert_eq!(pieces("%YAML 1.2\n---\na: 1\n---\nb: 2\n").len(), 1);
        assert_eq!(pieces("a: 1\n...\n%YAML 1.2\n---\nb: 2\n").len(), 1);
    }
}
