//! Untrusted text made fit for a terminal: no character moves the cursor, reverses the line or hides.
//!
//! Every format that writes plain text sends names, messages and source lines through [`escape`]. What other media need
//! (JSON strings, URIs) is their format's own concern, built on [`is_unsafe`].

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character acts on the reader's terminal or eye instead of being seen: C0 and C1 controls, bidi controls,
/// zero-width and other invisible format characters, line and paragraph separators, tag characters.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The text with every unsafe character written out: `\n`, `\r`, `\t`, else `\u{202e}`; so is a bracket that would begin
/// a command to a build agent.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains("##") && !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match c {
            '[' if begins_command(&text[..at]) => out.push_str("\\u{5b}"),
            c => push_escaped(&mut out, c),
        }
    }
    Cow::Owned(out)
}

/// Whether a bracket after this text is a command: agents of GitHub and Azure obey `##[group]` and `##vso[task…]` anywhere
/// in a line that a step prints.
pub(super) fn begins_command(before: &str) -> bool {
    let bytes = before.as_bytes();
    let tail = |length: usize| &bytes[bytes.len().saturating_sub(length)..];
    tail(2) == b"##" || tail(5).eq_ignore_ascii_case(b"##vso")
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing to a string cannot fail.
        c if is_unsafe(c) => drop(write!(out, "\\u{{{:x}}}", c as u32)),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_text_is_written_out() {
        let table = [
            ("web", "web"),
            ("grüße 雨 🚀", "grüße 雨 🚀"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("x\u{202e}y\u{2066}z", "x\\u{202e}y\\u{2066}z"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{7f}\0", "\\u{7f}\\u{0}"),
            ("\u{e0041}", "\\u{e0041}"),
            ("x ##vso[task.setvariable]", "x ##vso\\u{5b}task.setvariable]"),
            ("##VSO[a] ##[group]b ## [c] #[d]", "##VSO\\u{5b}a] ##\\u{5b}group]b ## [c] #[d]"),
        ];
        for (text, expected) in table {
            assert_eq!(escape(text), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left_and_safe_text_is_kept(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.chars().any(is_unsafe));
            prop_assert_eq!(text.chars().any(is_unsafe), escaped != text);
        }

        #[test]
        fn what_follows_changes_nothing_before_it(a in any::<String>(), b in "[#vso\\[]{0,8}") {
            let joined = format!("{b}{a}");
            prop_assert!(escape(&joined).starts_with(&*escape(&b)));
        }

        #[test]
        fn escaping_goes_character_by_character(a in any::<String>(), b in any::<String>()) {
            let joined = format!("{a}{b}");
            prop_assert_eq!(escape(&joined), format!("{}{}", escape(&a), escape(&b)));
        }
    }
}
