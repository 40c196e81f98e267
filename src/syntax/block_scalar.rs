//! YAML scalars that stand on several lines: block scalars cut from their surroundings, and folding.

/// The lines of a block scalar.
#[derive(Debug)]
pub struct Block {
    indent: usize,
    first_line: usize,
    /// Where the last line that is not blank ends.
    lines_end: usize,
    /// Where the text of its first line begins.
    pub text_start: usize,
    /// The end of its last character that is no white space.
    pub text_end: usize,
    /// Blank lines after its last line.
    pub blank_after: usize,
    /// The start of the line after it.
    pub end: usize,
}

impl Block {
    /// Its lines without indentation and line ends, up to the last one that is not blank.
    pub fn lines<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let indent = self.indent;
        text[self.first_line..self.lines_end].split('\n').map(move |line| line.get(indent..).unwrap_or_default())
    }
}

/// The block scalar whose content begins with the line at `start`, deeper than `parent`. `None` when its first line is
/// blank, when a blank line is deeper than its text, or when the text ends without a line end: rare, with rules of their own.
pub fn find(text: &str, start: usize, parent: i32) -> Option<Block> {
    let indent = indent_of(line(text, start));
    if indent as i32 <= parent || is_blank(line(text, start)) || !text.ends_with('\n') {
        return None;
    }
    let mut block = Block {
        indent,
        first_line: start,
        lines_end: start,
        text_start: start + indent,
        text_end: start,
        blank_after: 0,
        end: start,
    };
    while block.end < text.len() {
        let (at, line) = (block.end, line(text, block.end));
        if is_blank(line) {
            if line.len() > indent {
                return None;
            }
            block.blank_after += 1;
        } else if indent_of(line) < indent {
            break;
        } else {
            (block.lines_end, block.text_end, block.blank_after) = (at + line.len(), at + line.trim_end().len(), 0);
        }
        block.end = at + line.len() + 1;
    }
    Some(block)
}

fn line(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())]
}

fn indent_of(line: &str) -> usize {
    line.bytes().position(|byte| byte != b' ').unwrap_or(line.len())
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte == b' ')
}

/// Adds a line to a folded text after a number of line ends: one is a space, more are one line end less.
pub fn join(copy: &mut String, newlines: usize, line: &str) {
    match newlines {
        1 => copy.push(' '),
        _ => copy.extend(std::iter::repeat_n('\n', newlines - 1)),
    }
    copy.push_str(line);
}
