//! Text from the input as Markdown that says it and does nothing: no link, no mention, no markup, no new cell or line.

use crate::report::escape::escape;

/// A sentence in whose backticks names and values stand. A name that holds a backtick itself upsets only which part is set
/// as code: both parts are harmless.
pub(super) fn sentence(text: &str) -> String {
    let escaped = escape(text);
    let pieces: Vec<&str> = escaped.split('`').collect();
    let mut out = String::with_capacity(escaped.len() * 2);
    for (at, piece) in pieces.iter().enumerate() {
        let closed = at + 1 < pieces.len();
        match at % 2 {
            1 if closed && !piece.is_empty() => out.push_str(&code(piece)),
            1 => {
                out.push_str("&#96;");
                plain(piece, &mut out);
                out.push_str(if closed { "&#96;" } else { "" });
            }
            _ => plain(piece, &mut out),
        }
    }
    out
}

/// A name, a path or a value.
pub(super) fn code(text: &str) -> String {
    let mut out = "<code>".to_string();
    let escaped = escape(text);
    for (at, c) in escaped.char_indices() {
        match c {
            '-' | '/' | ',' => out.push(c),
            '.' if !ends_in_www(&escaped[..at]) => out.push(c),
            ':' if !escaped[at..].starts_with("://") => out.push(c),
            c => encoded(c, &mut out),
        }
    }
    out.push_str("</code>");
    out
}

/// References are told from text by what stands in one piece, `@name`, `#12`, `https://`, `www.`: the sign is set as code,
/// which takes the piece apart. Other signs are written by number and mean nothing.
fn plain(text: &str, out: &mut String) {
    for (at, c) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at..]);
        match c {
            '@' | '#' => out.push_str(&format!("<code>&#{};</code>", c as u32)),
            ':' if after.starts_with("://") => out.push_str("<code>&#58;</code>"),
            '.' if ends_in_www(before) => out.push_str("<code>&#46;</code>"),
            // Before the first letter such a sign could begin a list.
            '-' | '.' | '(' | ')' | ':' if before.chars().any(char::is_alphabetic) => out.push(c),
            ',' | ';' | '/' | '\'' => out.push(c),
            c => encoded(c, out),
        }
    }
}

fn ends_in_www(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes[bytes.len().saturating_sub(3)..].eq_ignore_ascii_case(b"www")
}

fn encoded(c: char, out: &mut String) {
    if c.is_ascii_punctuation() {
        out.push_str(&format!("&#{};", c as u32));
    } else {
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::{code, sentence};

    #[test]
    fn text_says_what_it_says_and_does_nothing() {
        let table = [
            ("Deployment `web` runs 1 replica", "Deployment <code>web</code> runs 1 replica"),
            ("`a|b` *x*", "<code>a&#124;b</code> &#42;x&#42;"),
            ("@all #1", "<code>&#64;</code>all <code>&#35;</code>1"),
            ("see https://x www.y", "see https<code>&#58;</code>//x www<code>&#46;</code>y"),
            ("1. x", "1&#46; x"),
            ("it's `open", "it's &#96;open"),
            ("``", "&#96;&#96;"),
            ("a\nb <script>", "a&#92;nb &#60;script&#62;"),
        ];
        for (text, expected) in table {
            assert_eq!(sentence(text), expected, "{text}");
        }
        assert_eq!(code("apps/web.yaml"), "<code>apps/web.yaml</code>");
    }
}
