//! YAML to trees: one tree a document, with Kubernetes' types (`scalar`) and spans absolute in the source.
//!
//! A text is cut into documents first (`split`). Each is read by `usual` where it can be, else parsed by `granit-parser`,
//! and composed (`compose`). A map's keys
//! are strings, as in JSON: `on:` is the key `true`. Duplicate keys are kept and reported, the last wins. A document that
//! does not parse, or costs more than its budget, is one problem; empty documents are nothing. Error messages never quote
//! the text, because it may be a Secret. JSON is YAML to this reader, though `json` is faster.

use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScanError, StrInput};

use super::Tree;
use super::budget::Budget;
use super::compose::{Composer, Refused, Scratch, TOO_DEEP};
use super::keys::DuplicateKeys;
use super::split::split;
use super::usual;
use crate::vocabulary::{Problem, ProblemKind, SourceId, Span};

/// Reads the documents in `range` of a text.
pub fn read(source: SourceId, text: &Arc<str>, range: Span) -> (Vec<Tree>, Vec<Problem>) {
    read_within(source, text, range, Budget::default(), Parsers::Both)
}

/// Which parsers may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsers {
    /// The quick one where it can, else the complete one.
    Both,
    /// The complete one only: what the quick one is held against.
    CompleteOnly,
}

/// Reads with a budget and parsers of the caller's choice.
pub fn read_within(
    source: SourceId,
    text: &Arc<str>,
    range: Span,
    budget: Budget,
    parsers: Parsers,
) -> (Vec<Tree>, Vec<Problem>) {
    let mut reader = Reader {
        source,
        text,
        budget,
        parsers,
        keys: DuplicateKeys::default(),
        scratch: Scratch::default(),
        trees: vec![],
        problems: vec![],
    };
    for (index, piece) in split(text, range).into_iter().enumerate() {
        if index >= budget.documents {
            let message = format!("source has more than {} documents; the rest was not read", budget.documents);
            reader.problems.push(Problem::at(ProblemKind::BudgetExceeded, source, piece, message));
            break;
        }
        reader.piece(piece);
    }
    (reader.trees, reader.problems)
}

struct Reader<'t> {
    source: SourceId,
    text: &'t Arc<str>,
    budget: Budget,
    parsers: Parsers,
    keys: DuplicateKeys,
    scratch: Scratch,
    trees: Vec<Tree>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn piece(&mut self, piece: Span) {
        if self.parsers == Parsers::Both && self.usual(piece).is_some() {
            return;
        }
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: self.budget.depth,
            block_nesting_limit: self.budget.depth,
        };
        let base = piece.start as usize;
        let mut parser = Parser::new_from_str_with_options(&self.text[piece.range()], options);
        for _ in 0..self.budget.documents {
            match self.document(&mut parser, base) {
                Ok(true) => {}
                Ok(false) => return,
                Err(problem) => {
                    self.problems.push(problem);
                    if !matches!(parser.proceed_next_document(), Ok(true)) {
                        return;
                    }
                }
            }
        }
    }

    /// Reads a piece that holds one document in the usual form.
    fn usual(&mut self, piece: Span) -> Option<()> {
        let known = self.problems.len();
        let scratch = std::mem::take(&mut self.scratch);
        let start = piece.start as usize;
        let composer = Composer::new(self.source, self.text, start, start, self.budget, scratch);
        let Some(composer) = usual::compose(self.text, piece, composer, &mut self.keys, &mut self.problems) else {
            self.problems.truncate(known);
            return None;
        };
        let (tree, scratch) = composer.finish();
        self.trees.extend(tree);
        self.scratch = scratch;
        Some(())
    }

    /// Reads one document; `false` at the end of the piece. Problems of a document that is given up are dropped with it.
    fn document<'i>(&mut self, parser: &mut Parser<'i, StrInput<'i>>, base: usize) -> Result<bool, Problem> {
        let mut composer: Option<Composer<'_>> = None;
        let known = self.problems.len();
        while let Some(next) = parser.next_event() {
            let (event, span) = match next {
                Ok(next) => next,
                Err(error) => {
                    self.problems.truncate(known);
                    return Err(self.parse_problem(&error, base));
                }
            };
            let range = span.byte_range().unwrap_or(0..0);
            match event {
                Event::StreamStart => {}
                Event::StreamEnd => return Ok(false),
                Event::DocumentStart(..) => {
                    let scratch = std::mem::take(&mut self.scratch);
                    composer =
                        Some(Composer::new(self.source, self.text, base, base + range.end, self.budget, scratch));
                }
                Event::DocumentEnd => {
                    if let Some(composer) = composer.take() {
                        let (tree, scratch) = composer.finish();
                        self.trees.extend(tree);
                        self.scratch = scratch;
                    }
                    return Ok(true);
                }
                event => {
                    let Some(composer) = &mut composer else { continue };
                    if let Err(refused) = composer.event(event, range, &mut self.keys, &mut self.problems) {
                        self.problems.truncate(known);
                        return Err(self.refused_problem(&refused));
                    }
                }
            }
        }
        Ok(false)
    }

    fn refused_problem(&self, refused: &Refused) -> Problem {
        Problem::at(refused.kind, self.source, refused.span, refused.message)
    }

    fn parse_problem(&self, error: &ScanError, base: usize) -> Problem {
        let at = (base + error.marker().byte_offset().unwrap_or(0)).min(self.text.len());
        let width = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let span = Span::new(at, at + width);
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => Problem::at(ProblemKind::BudgetExceeded, self.source, span, TOO_DEEP),
            kind => Problem::at(ProblemKind::ParseError, self.source, span, error_message(kind)),
        }
    }
}

/// The parser's own words, without the one message that shows a character of the text.
fn error_message(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::UnexpectedCharacter { .. } => "YAML does not parse: unexpected character".to_string(),
        kind => format!("YAML does not parse: {kind}"),
    }
}
