//! How a text that lies inside another source maps back to it.
//!
//! A map is a list of runs that are the same in both texts. What lies between runs (a block scalar's indentation) belongs
//! to no run; an offset is mapped through the run that begins last before it. Which runs there are is the business of the
//! reader that knows the outer format.

use crate::vocabulary::Span;

/// A run of bytes that is the same in the inner and the outer text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// First byte in the inner text.
    pub inner: u32,
    /// First byte in the outer text.
    pub outer: u32,
}

/// Where the bytes of an embedded text lie in the outer text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineMap {
    /// Exact: runs in ascending order, the first at inner offset 0.
    Exact(Vec<Piece>),
    /// Line by line, in ascending order, for a text that was made from the outer one.
    Lines(Vec<Origin>),
    /// No map: everything lies somewhere in this span.
    Blurred(Span),
}

/// Where a line of a made text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// First byte of the line in the inner text.
    pub inner: u32,
    /// The line in the outer text, without its indentation.
    pub outer: Span,
    /// Where the line's own text begins in the inner text, if both lines are the same but for indentation.
    pub same: Option<u32>,
}

impl Origin {
    /// The outer bytes of an inner span that begins on this line.
    fn outer(&self, span: Span) -> Span {
        let Some(first) = self.same else { return self.outer };
        let shifted = |at: u32| (self.outer.start + at.saturating_sub(first)).min(self.outer.end);
        Span { start: shifted(span.start), end: shifted(span.end) }
    }
}

impl LineMap {
    /// The outer bytes of an inner span. An end maps through the run of the last byte
    /// inside, so that it does not jump over the indentation of the next line.
    pub fn outer(&self, span: Span) -> Span {
        match self {
            LineMap::Blurred(whole) => *whole,
            LineMap::Lines(lines) => {
                let after = lines.partition_point(|line| line.inner <= span.start);
                let line = after.checked_sub(1).and_then(|index| lines.get(index));
                line.map_or_else(Span::default, |line| line.outer(span))
            }
            LineMap::Exact(pieces) => {
                let start = outer_offset(pieces, span.start);
                if span.is_empty() {
                    return Span { start, end: start };
                }
                Span { start, end: outer_offset(pieces, span.end - 1) + 1 }
            }
        }
    }
}

fn outer_offset(pieces: &[Piece], inner: u32) -> u32 {
    let after = pieces.partition_point(|piece| piece.inner <= inner);
    match after.checked_sub(1).and_then(|index| pieces.get(index)) {
        Some(piece) => piece.outer + (inner - piece.inner),
        None => pieces.first().map_or(0, |piece| piece.outer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_map_through_their_lines() {
        // Outer `k: |\n  ab\n  cd\n`, inner `ab\ncd\n`.
        let map = LineMap::Exact(vec![Piece { inner: 0, outer: 7 }, Piece { inner: 3, outer: 12 }]);
        assert_eq!(map.outer(Span::new(0, 2)), Span::new(7, 9));
        assert_eq!(map.outer(Span::new(3, 5)), Span::new(12, 14));
        assert_eq!(map.outer(Span::new(0, 3)), Span::new(7, 10), "an end at a line start stays on the line before");
        assert_eq!(map.outer(Span::new(4, 4)), Span::new(13, 13));
    }

    #[test]
    fn without_a_map_the_outer_scalar_is_blamed() {
        assert_eq!(LineMap::Blurred(Span::new(5, 9)).outer(Span::new(0, 1)), Span::new(5, 9));
    }
}
