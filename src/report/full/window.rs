//! The window of source text around a finding, drawn by annotate-snippets.
//!
//! Only the lines to show are handed over, escaped, so that the cost does not depend on the file's size and no byte of
//! the input reaches the terminal raw.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::report::escape::escape;
use crate::report::style::Role;
use crate::report::{Finding, Region, Related, SourceText, Style};
use crate::vocabulary::{Severity, SourceId};

/// A value longer than this many lines is underlined on its first line only.
const TALLEST_SPAN: usize = 3;
/// Related places this many lines away or nearer share the window.
const REACH: usize = 6;
/// What a tab is drawn as.
const TAB: &str = "    ";

/// A drawn window.
pub(super) struct Window {
    /// Its lines, with a newline at the end.
    pub text: String,
    /// The width of its line numbers.
    pub digits: usize,
    /// Which related places it shows, by their position in the finding.
    pub shows: Vec<usize>,
}

/// Draws the window, or `None` where there is no text.
pub(super) fn window(finding: &Finding, texts: &dyn SourceText, style: &Style) -> Option<Window> {
    let source = finding.location.place?.source;
    let region = shortened(finding.location.region?, source, texts)?;
    let shows: Vec<usize> =
        (0..finding.related.len()).filter(|at| near(&finding.related[*at], source, region).is_some()).collect();
    let beside: Vec<(Region, &str)> = shows
        .iter()
        .filter_map(|at| Some((near(&finding.related[*at], source, region)?, finding.related[*at].text.as_str())))
        .collect();
    let first = beside.iter().map(|(region, _)| region.line).fold(region.line, usize::min);
    let last = beside.iter().map(|(region, _)| region.line).fold(region.end_line, usize::max);
    let excerpt = Excerpt::new(source, first, last, texts);
    let labels = beside.iter().filter_map(|(region, text)| {
        let region = shortened(*region, source, texts)?;
        Some(AnnotationKind::Context.span(excerpt.span(region)).label(escape(text)))
    });
    let primary = AnnotationKind::Primary.span(excerpt.span(region));
    let text = draw(&excerpt, std::iter::once(primary).chain(labels), style, finding.severity);
    Some(Window { text, digits: excerpt.last().to_string().len(), shows })
}

fn near(related: &Related, source: SourceId, primary: Region) -> Option<Region> {
    let region = related.location.region?;
    let same = related.location.place?.source == source;
    (same && region != primary && region.line.abs_diff(primary.line) <= REACH && region.line == region.end_line)
        .then_some(region)
}

/// A tall region cut down to its first line.
fn shortened(region: Region, source: SourceId, texts: &dyn SourceText) -> Option<Region> {
    let line = texts.line(source, region.line)?;
    if region.end_line - region.line < TALLEST_SPAN {
        return Some(region);
    }
    let end_column = line.trim_end().encode_utf16().count() + 1;
    Some(Region { end_line: region.line, end_column: end_column.max(region.column), ..region })
}

/// Some lines of a source, escaped, and where each begins in the escaped text.
struct Excerpt<'a> {
    first: usize,
    lines: Vec<&'a str>,
    starts: Vec<usize>,
    text: String,
}

impl<'a> Excerpt<'a> {
    /// The lines and one more on either side, if there is something on it.
    fn new(source: SourceId, first: usize, last: usize, texts: &'a dyn SourceText) -> Self {
        let spoken = |line: usize| texts.line(source, line).is_some_and(|text| !text.trim().is_empty());
        let first = if first > 1 && spoken(first - 1) { first - 1 } else { first };
        let last = if spoken(last + 1) { last + 1 } else { last };
        let lines: Vec<&str> = (first..=last).map_while(|line| texts.line(source, line)).collect();
        let mut text = String::new();
        let mut starts = Vec::new();
        for line in &lines {
            starts.push(text.len());
            text.push_str(&shown(line));
            text.push('\n');
        }
        Excerpt { first, lines, starts, text }
    }

    fn last(&self) -> usize {
        self.first + self.lines.len().saturating_sub(1)
    }

    fn span(&self, region: Region) -> Range<usize> {
        let start = self.offset(region.line, region.column);
        start..self.offset(region.end_line, region.end_column).max(start)
    }

    /// Where a position lies in the escaped text.
    fn offset(&self, line: usize, column: usize) -> usize {
        let at = line.saturating_sub(self.first).min(self.lines.len().saturating_sub(1));
        let (Some(line), Some(start)) = (self.lines.get(at), self.starts.get(at)) else { return 0 };
        let mut units = 0;
        let before = line.char_indices().take_while(|(_, c)| {
            units += c.len_utf16();
            units < column
        });
        let bytes: usize = before.map(|(_, c)| c.len_utf8()).sum();
        start + shown(&line[..bytes]).len()
    }
}

fn shown(line: &str) -> String {
    let pieces: Vec<_> = line.trim_end_matches('\r').split('\t').map(escape).collect();
    pieces.join(TAB)
}

fn draw<'a>(
    excerpt: &'a Excerpt,
    annotations: impl Iterator<Item = Annotation<'a>>,
    style: &Style,
    severity: Severity,
) -> String {
    let snippet = Snippet::source(excerpt.text.as_str()).line_start(excerpt.first).fold(false).annotations(annotations);
    let renderer = if style.colour {
        let severity = Role::Severity(severity).ansi();
        let gutter = Role::Gutter.ansi();
        Renderer::styled().hyperlink(false).error(severity).line_num(gutter).context(gutter)
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width);
    let drawn = renderer.render(&[Group::with_level(Level::ERROR).element(snippet)]);
    match drawn.rsplit_once('\n') {
        Some((before, last)) if is_bar(last) => format!("{before}\n"),
        _ => drawn + "\n",
    }
}

/// Whether a drawn line is the gutter's bar and nothing else but colour.
fn is_bar(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_suffix("\u{1b}[0m").unwrap_or(line);
    let colour = |c: char| c.is_ascii_digit() || "\u{1b}[;m".contains(c);
    line.strip_suffix('|').is_some_and(|rest| rest.chars().all(colour))
}
