//! All texts of a run, and the way from a byte range to a line that a person can open.
//!
//! The one place that knows lines and columns. Texts are shared and immutable but for redaction, which exchanges a text
//! for one of the same length.

use std::sync::{Arc, OnceLock};

use super::{LineMap, Lines};
use crate::vocabulary::{Place, SourceId, Span};

/// How deep texts may be embedded in each other: a file, and four texts inside it.
pub const MAX_NESTING: u32 = 4;

/// Where a source's bytes came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A file.
    File,
    /// Standard input.
    Stdin,
    /// A text inside another source.
    Embedded {
        /// That source.
        outer: SourceId,
        /// How offsets map to it.
        map: LineMap,
        /// 1 for a text inside a file, at most [`MAX_NESTING`].
        depth: u32,
    },
}

/// One text.
#[derive(Clone, Debug)]
pub struct Source {
    id: SourceId,
    path: Arc<str>,
    home: Option<Arc<str>>,
    kind: SourceKind,
    text: Arc<str>,
    lines: OnceLock<Lines>,
    hidden: Vec<Span>,
}

impl Source {
    /// Its id.
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// For people: relative to the working directory, forward slashes. An embedded source has its file's path.
    pub fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// The path that decides where it belongs: its own, but for what a Kustomize root was built to, which belongs there.
    pub fn home(&self) -> &Arc<str> {
        self.home.as_ref().unwrap_or(&self.path)
    }

    /// Where its bytes came from.
    pub fn kind(&self) -> &SourceKind {
        &self.kind
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The line index, made on first use.
    pub fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }
}

/// Where a span lies for a person: lines and columns from 1, columns in UTF-16 units, the end exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The outermost file, or `<stdin>`.
    pub path: Arc<str>,
    /// Line of the first byte.
    pub line: u32,
    /// Column of the first byte.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column one past the last character.
    pub end_column: u32,
    /// Whether the span lies in a text embedded in that file.
    pub embedded: bool,
}

/// All texts of a run, by id.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    sources: Vec<Source>,
}

impl Sources {
    /// Adds a file or standard input.
    pub fn push(&mut self, kind: SourceKind, path: &str, text: Arc<str>) -> SourceId {
        let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        let (path, lines, hidden) = (Arc::from(path), OnceLock::new(), Vec::new());
        self.sources.push(Source { id, path, home: None, kind, text, lines, hidden });
        id
    }

    /// Adds a text that lies inside `outer`; `None` when it is nested deeper than [`MAX_NESTING`].
    pub fn push_embedded(&mut self, outer: SourceId, map: LineMap, text: Arc<str>) -> Option<SourceId> {
        let depth = self.depth(outer) + 1;
        let path = self.get(outer).path.clone();
        (depth <= MAX_NESTING).then(|| self.push(SourceKind::Embedded { outer, map, depth }, &path, text))
    }

    /// Says where a source belongs, if that is not its path.
    pub fn set_home(&mut self, id: SourceId, home: Arc<str>) {
        self.sources[id.0 as usize].home = Some(home);
    }

    /// 0 for a file, 1 for a text inside it, and so on.
    pub fn depth(&self, id: SourceId) -> u32 {
        match self.get(id).kind {
            SourceKind::Embedded { depth, .. } => depth,
            SourceKind::File | SourceKind::Stdin => 0,
        }
    }

    /// A source. Ids come from this store; another id is a defect and panics.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.sources[id.0 as usize]
    }

    /// All sources in the order they were added.
    pub fn iter(&self) -> std::slice::Iter<'_, Source> {
        self.sources.iter()
    }

    /// Exchanges a text for its redacted form: same length, line feeds kept. A text of another length is refused, because
    /// every span would lie.
    pub fn set_text(&mut self, id: SourceId, text: Arc<str>) -> bool {
        let source = &mut self.sources[id.0 as usize];
        let fits = source.text.len() == text.len();
        if fits {
            (source.text, source.lines) = (text, OnceLock::new());
        }
        fits
    }

    /// The same bytes in the outermost source.
    pub fn outermost(&self, place: Place) -> Place {
        match &self.get(place.source).kind {
            SourceKind::Embedded { outer, map, .. } => {
                self.outermost(Place { source: *outer, span: map.outer(place.span) })
            }
            SourceKind::File | SourceKind::Stdin => place,
        }
    }

    /// Lines and columns of a span in the outermost file.
    pub fn locate(&self, id: SourceId, span: Span) -> Position {
        let outermost = self.outermost(Place { source: id, span });
        let source = self.get(outermost.source);
        let lines = source.lines();
        let start = outermost.span.start;
        let end = outermost.span.end.max(start);
        Position {
            path: source.path.clone(),
            line: lines.line(start),
            column: lines.column(&source.text, start),
            end_line: lines.line(end),
            end_column: lines.column(&source.text, end),
            embedded: outermost.source != id,
        }
    }

    /// Says that these parts must not be shown: they could not be read, so no secret in them is overwritten.
    pub fn hide(&mut self, id: SourceId, parts: Vec<Span>) {
        self.sources[id.0 as usize].hidden.extend(parts);
    }

    /// Whether a 1-based line lies in a part that must not be shown.
    pub fn is_hidden(&self, id: SourceId, line: u32) -> bool {
        let source = self.get(id);
        let span = source.lines().span(&source.text, line).unwrap_or_default();
        source.hidden.iter().any(|part| part.start <= span.end && span.start < part.end)
    }

    /// The text of a 1-based line, without its end; empty beyond the last.
    pub fn line_text(&self, id: SourceId, line: u32) -> &str {
        let source = self.get(id);
        source.lines().span(&source.text, line).map_or("", |span| &source.text[span.range()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Piece;
    use super::*;

    #[test]
    fn a_span_inside_nested_texts_is_located_in_the_file() {
        let mut sources = Sources::default();
        let file = sources.push(SourceKind::File, "cm.yaml", Arc::from("data:\n  a: |\n    b: |\n      c: é\n"));
        let map = |inner, outer| LineMap::Exact(vec![Piece { inner, outer }]);
        let first = sources.push_embedded(file, map(0, 17), Arc::from("b: |\n")).unwrap();
        let second = sources.push_embedded(first, map(0, 11), Arc::from("c: é\n")).unwrap();
        let position = sources.locate(second, Span::new(3, 5));
        assert_eq!((position.line, position.column, position.end_column), (4, 10, 11));
        assert!(position.embedded && &*position.path == "cm.yaml");
        assert_eq!(sources.line_text(file, 4), "      c: é");
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let mut sources = Sources::default();
        let mut id = sources.push(SourceKind::File, "a", Arc::from("x"));
        for _ in 0..MAX_NESTING {
            id = sources.push_embedded(id, LineMap::Blurred(Span::new(0, 1)), Arc::from("x")).unwrap();
        }
        assert_eq!(sources.push_embedded(id, LineMap::Blurred(Span::new(0, 1)), Arc::from("x")), None);
    }

    #[test]
    fn a_text_is_only_exchanged_for_one_of_its_length() {
        let mut sources = Sources::default();
        let id = sources.push(SourceKind::Stdin, "<stdin>", Arc::from("secret"));
        assert!(!sources.set_text(id, Arc::from("*")));
        assert!(sources.set_text(id, Arc::from("******")));
        assert_eq!(&**sources.get(id).text(), "******");
    }
}
