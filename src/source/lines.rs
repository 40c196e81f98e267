//! The line index of one text: from byte offsets to lines and columns and back.
//!
//! Lines end at a line feed; a carriage return before it belongs to neither. Columns are 1-based UTF-16 code units, as
//! SARIF and the language server protocol count them.

use memchr::memchr_iter;

use crate::vocabulary::Span;

/// Bytes between two check points of the UTF-16 count, so that a column on a line of megabytes costs no more than this.
const BLOCK: usize = 4096;

/// Line starts and UTF-16 check points of a text.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<u32>,
    units: Vec<u32>,
    len: u32,
}

impl Lines {
    /// Indexes a text; linear in its length.
    pub fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(memchr_iter(b'\n', text.as_bytes()).map(|at| clamp(at + 1))).collect();
        let mut total = 0;
        let units = text.as_bytes().chunks(BLOCK).map(|block| {
            let before = total;
            total += utf16_units(block);
            before
        });
        Lines { starts, units: units.collect(), len: clamp(text.len()) }
    }

    /// Number of lines; a text that ends in a line feed has an empty last line.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The 1-based line on which a byte offset lies.
    pub fn line(&self, offset: u32) -> u32 {
        clamp(self.starts.partition_point(|&start| start <= offset))
    }

    /// The 1-based column of a byte offset, in UTF-16 units.
    pub fn column(&self, text: &str, offset: u32) -> u32 {
        let offset = offset.min(self.len);
        let start = self.starts[self.line(offset) as usize - 1];
        if offset as usize - start as usize <= BLOCK {
            return utf16_units(&text.as_bytes()[start as usize..offset as usize]) + 1;
        }
        self.units_before(text, offset) - self.units_before(text, start) + 1
    }

    /// The bytes of a 1-based line without its end; `None` beyond the last line.
    pub fn span(&self, text: &str, line: u32) -> Option<Span> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.starts.get(index)? as usize;
        let end = self.starts.get(index + 1).map_or(text.len(), |&next| next as usize - 1);
        let end = end - usize::from(text.as_bytes()[start..end].ends_with(b"\r"));
        Some(Span::new(start, end))
    }

    fn units_before(&self, text: &str, offset: u32) -> u32 {
        let offset = offset as usize;
        let block = offset / BLOCK;
        match self.units.get(block) {
            Some(before) => before + utf16_units(&text.as_bytes()[block * BLOCK..offset]),
            None => match self.units.last() {
                Some(before) => before + utf16_units(&text.as_bytes()[(self.units.len() - 1) * BLOCK..offset]),
                None => 0,
            },
        }
    }
}

/// UTF-16 units of UTF-8 bytes: one for each character's first byte, one more where that byte opens four.
fn utf16_units(bytes: &[u8]) -> u32 {
    bytes.iter().map(|&byte| u32::from(byte & 0xC0 != 0x80) + u32::from(byte >= 0xF0)).sum()
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_utf16_units_from_one() {
        let text = "a\n😀é=x\r\nz";
        let lines = Lines::new(text);
        let at = |needle: char| {
            let offset = text.find(needle).unwrap() as u32;
            (lines.line(offset), lines.column(text, offset))
        };
        assert_eq!(at('a'), (1, 1));
        assert_eq!(at('é'), (2, 3));
        assert_eq!(at('='), (2, 4));
        assert_eq!(at('z'), (3, 1));
    }

    #[test]
    fn a_column_on_a_long_line_is_exact_across_check_points() {
        let text = "é".repeat(10_000);
        let lines = Lines::new(&text);
        for chars in [0, 1, 2047, 2048, 2049, 4096, 9_999, 10_000] {
            assert_eq!(lines.column(&text, chars * 2), chars + 1);
        }
        let exact = "x".repeat(BLOCK);
        assert_eq!(Lines::new(&exact).column(&exact, BLOCK as u32), BLOCK as u32 + 1);
    }

    #[test]
    fn a_line_span_excludes_its_line_end() {
        let text = "one\r\ntwo\n\nfour";
        let lines = Lines::new(text);
        let of = |line| lines.span(text, line).map(|span| &text[span.range()]);
        assert_eq!([of(1), of(2), of(3), of(4), of(5)], [Some("one"), Some("two"), Some(""), Some("four"), None]);
        assert_eq!(of(0), None);
        assert_eq!(lines.count(), 4);
    }

    #[test]
    fn an_empty_text_has_one_empty_line() {
        let lines = Lines::new("");
        assert_eq!((lines.line(0), lines.column("", 0), lines.span("", 1)), (1, 1, Some(Span::new(0, 0))));
    }
}
