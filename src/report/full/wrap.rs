//! Breaking text into lines of a width, at spaces; a word that is too long stays whole.

use unicode_width::UnicodeWidthStr;

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// SourceText of at most `room` columns, the first of at most `first`.
pub(super) fn wrap(text: &str, first: usize, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let limit = if lines.len() == 1 { first } else { room };
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            // `::` at the beginning of a line is a command to a build agent.
            Some(line) if width(line) + 1 + width(word) <= limit || word.starts_with("::") => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

/// `text` cut to `room` columns, the cut marked with dots.
pub(super) fn clip(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_string();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&kept) + width(c.encode_utf8(&mut [0; 4])) + 3 > room {
            break;
        }
        kept.push(c);
    }
    kept + "..."
}

#[cfg(test)]
mod tests {
    use super::{clip, width, wrap};

    #[test]
    fn lines_break_at_spaces_and_long_words_stay_whole() {
        assert_eq!(wrap("one two three", 7, 20), ["one two", "three"]);
        assert_eq!(wrap("https://example.org/long x", 5, 5), ["https://example.org/long", "x"]);
        assert_eq!(wrap("雨雨 雨雨", 8, 8), ["雨雨", "雨雨"], "wide characters take two columns");
        assert_eq!(wrap("", 5, 5), [""]);
        assert_eq!(wrap("one ::error::x", 5, 5), ["one ::error::x"], "no command at the beginning of a line");
    }

    #[test]
    fn cut_text_fits() {
        assert_eq!(clip("abcdef", 6), "abcdef");
        assert_eq!(clip("abcdefg", 6), "abc...");
        assert!(width(&clip("雨雨雨雨", 6)) <= 6);
    }
}
