//! GitHub's `primaryLocationLineHash`: a rolling hash over the hundred characters that follow a line's start.
//!
//! Code scanning tracks an alert across commits by it. The upload action computes it from the checkout when a file has
//! none, and warns about every result where its own differs, so the algorithm is followed exactly: hash modulo 2^64
//! with multiplier 37 over UTF-16 units; spaces and tabs skipped; CR and CRLF as LF; 65535 marks the end of the text;
//! zeros fill the last window; equal hashes in one text are numbered.

use rustc_hash::FxHashMap;

const WINDOW: usize = 100;
const MULTIPLIER: u64 = 37;
const END_OF_TEXT: u16 = 65535;

/// The hash of every line of a text, in hexadecimal, with its number among equals: `271789c17abda88f:1`.
pub(super) fn line_hashes(text: &str) -> Vec<String> {
    let mut hasher = Hasher::new();
    for unit in text.encode_utf16() {
        hasher.read(unit);
    }
    hasher.read(END_OF_TEXT);
    hasher.flush();
    hasher.hashes
}

struct Hasher {
    window: [u16; WINDOW],
    /// Where in the window a line starts.
    starts: [bool; WINDOW],
    at: usize,
    hash: u64,
    /// `MULTIPLIER` to the power of the window's length: what the oldest unit has been multiplied by.
    oldest: u64,
    line_start: bool,
    after_cr: bool,
    seen: FxHashMap<u64, usize>,
    hashes: Vec<String>,
}

impl Hasher {
    fn new() -> Self {
        Hasher {
            window: [0; WINDOW],
            starts: [false; WINDOW],
            at: 0,
            hash: 0,
            oldest: (0..WINDOW).fold(1u64, |power, _| power.wrapping_mul(MULTIPLIER)),
            line_start: true,
            after_cr: false,
            seen: FxHashMap::default(),
            hashes: Vec::new(),
        }
    }

    fn read(&mut self, unit: u16) {
        let (tab, lf, cr, space) = (9, 10, 13, 32);
        if unit == space || unit == tab || (self.after_cr && unit == lf) {
            self.after_cr = false;
            return;
        }
        self.after_cr = unit == cr;
        let unit = if unit == cr { lf } else { unit };
        self.emit();
        self.starts[self.at] = std::mem::replace(&mut self.line_start, unit == lf);
        self.push(unit);
    }

    /// Where the window has come round to a line's start it spans exactly that line's hundred units.
    fn emit(&mut self) {
        if !std::mem::take(&mut self.starts[self.at]) {
            return;
        }
        let count = self.seen.entry(self.hash).or_insert(0);
        *count += 1;
        self.hashes.push(format!("{:x}:{count}", self.hash));
    }

    fn push(&mut self, unit: u16) {
        let gone = std::mem::replace(&mut self.window[self.at], unit);
        self.hash = self
            .hash
            .wrapping_mul(MULTIPLIER)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(self.oldest.wrapping_mul(u64::from(gone)));
        self.at = (self.at + 1) % WINDOW;
    }

    fn flush(&mut self) {
        for _ in 0..WINDOW {
            self.emit();
            self.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::line_hashes;

    #[test]
    fn the_published_vectors_come_out() {
        let expected = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        assert_eq!(line_hashes(" a\nb\n  \t\tc\n d"), expected);
    }

    #[test]
    fn line_ends_and_indentation_do_not_matter() {
        let plain = line_hashes("a\nb\nc\nd");
        assert_eq!(line_hashes("a\r\nb\rc\n\td"), plain);
        assert_eq!(line_hashes("  a\nb  \nc\n d"), plain);
    }

    #[test]
    fn equal_lines_are_numbered() {
        let text = "x\n".repeat(300);
        let hashes = line_hashes(&text);
        let first = hashes[0].split_once(':').unwrap().0;
        assert_eq!(hashes[1], format!("{first}:2"));
        assert_eq!(hashes.len(), 301, "the empty last line has a hash too");
    }
}
