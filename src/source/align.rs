//! Which line of a file each line of a text was made from, when a tool rendered the one from the other.
//!
//! Renderers do not say. A rendered line belongs to the nearest line of the file that reads the same, or that reads the same
//! around its `{{ actions }}`; the dash of a list counts for nothing, because renderers sort the keys of its elements. A line that nothing fits was made by an action: it belongs to the next line that is nothing but
//! one, else to the line before. This file knows no renderer.

use super::embedded::{LineMap, Origin};
use crate::vocabulary::Span;

/// Candidates further away than this many lines must fit exactly.
const NEAR: usize = 400;

/// A line of the file.
struct Line<'a> {
    span: Span,
    indent: usize,
    text: &'a str,
    /// What stands before its first and after its last action, when it has any.
    around: Option<(&'a str, &'a str)>,
}

/// Maps every line of `made` to a line of `file`.
pub fn align(made: &str, file: &str) -> LineMap {
    let lines: Vec<Line<'_>> = spans(file).map(|span| line(file, span)).collect();
    let mut at = 0;
    let mut origins = Vec::new();
    for span in spans(made) {
        let this = line(made, span);
        if this.text.is_empty() || this.text.starts_with('#') || this.text == "---" {
            origins.push(origin(&lines, at, &this, false));
            continue;
        }
        match nearest(&lines, at, &this) {
            Some(found) => {
                at = found;
                origins.push(origin(&lines, at, &this, lines[at].text == this.text));
            }
            None => {
                at = maker(&lines, at);
                origins.push(origin(&lines, at, &this, false));
            }
        }
    }
    LineMap::Lines(origins)
}

fn origin(lines: &[Line<'_>], at: usize, made: &Line<'_>, same: bool) -> Origin {
    let inner = made.span.start;
    let Some(line) = lines.get(at) else { return Origin { inner, outer: Span::default(), same: None } };
    let start = line.span.start + u32::try_from(line.indent).unwrap_or(0);
    let first = made.span.start + u32::try_from(made.indent).unwrap_or(0);
    let end = start + u32::try_from(line.text.len()).unwrap_or(0);
    Origin { inner, outer: Span { start, end }, same: same.then_some(first) }
}

fn spans(text: &str) -> impl Iterator<Item = Span> + '_ {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let span = Span::new(start, start + line.len());
        start += line.len();
        span
    })
}

fn line(text: &str, span: Span) -> Line<'_> {
    let whole = &text[span.range()];
    let trimmed = whole.trim();
    let around = trimmed.find("{{").map(|open| {
        let close = trimmed.rfind("}}").map_or(trimmed.len(), |close| close + 2);
        (trimmed[..open].trim_end_matches(['"', '\'']), trimmed[close.max(open)..].trim_start_matches(['"', '\'']))
    });
    Line { span, indent: whole.len() - whole.trim_start().len(), text: trimmed, around }
}

/// Where a line's key or value begins.
fn column(line: &Line<'_>) -> usize {
    line.indent + line.text.len() - bare(line.text).len()
}

/// The line that fits best: the same indentation first, then the shortest way, forwards rather than back.
fn nearest(lines: &[Line<'_>], at: usize, made: &Line<'_>) -> Option<usize> {
    let cost = |index: usize| {
        let way = if index >= at { index - at } else { (at - index) * 2 + 1 };
        (usize::from(column(&lines[index]) != column(made)), way)
    };
    let window = at.saturating_sub(NEAR)..(at + NEAR).min(lines.len());
    window.filter(|&index| fits(&lines[index], made.text)).min_by_key(|&index| cost(index))
}

/// Without the dashes of lists.
fn bare(text: &str) -> &str {
    text.trim_start_matches("- ")
}

fn fits(line: &Line<'_>, made: &str) -> bool {
    match line.around {
        None => bare(line.text) == bare(made),
        Some(("", "")) => false,
        Some((before, after)) => {
            made.len() >= before.len() + after.len()
                && made.starts_with(before)
                && made.trim_end_matches(['"', '\'']).ends_with(after)
        }
    }
}

/// The line whose action made what fits nowhere.
fn maker(lines: &[Line<'_>], at: usize) -> usize {
    let is_action = |line: &Line<'_>| matches!(line.around, Some(("" | "-" | "- ", "")));
    match lines.get(at) {
        Some(line) if is_action(line) => at,
        _ => (at + 1..(at + 4).min(lines.len())).find(|&index| is_action(&lines[index])).unwrap_or(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By line of `made`: the line of `file` it belongs to, from 1.
    fn lines_of(made: &str, file: &str) -> Vec<usize> {
        let map = align(made, file);
        let outer = |span: Span| file[..map.outer(span).start as usize].matches('\n').count() + 1;
        spans(made).map(|span| outer(Span { start: span.start, end: span.end - 1 })).collect()
    }

    #[test]
    fn plain_lines_and_lines_with_actions_find_their_template() {
        let file =
            "kind: Service\nmetadata:\n  name: {{ .Values.name }}\nspec:\n  type: \"{{ .Values.type }}\"\n  x: 1\n";
        let made = "kind: Service\nmetadata:\n  name: web\nspec:\n  type: \"LoadBalancer\"\n  x: 1\n";
        assert_eq!(lines_of(made, file), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn what_an_action_wrote_belongs_to_its_line() {
        let file = "spec:\n  containers:\n  - name: a\n    resources:\n      {{- toYaml .Values.resources | nindent 6 }}\n    ports: []\n";
        let made =
            "spec:\n  containers:\n  - name: a\n    resources:\n      limits:\n        memory: 1Gi\n    ports: []\n";
        assert_eq!(lines_of(made, file), [1, 2, 3, 4, 5, 5, 6]);
    }

    #[test]
    fn a_loop_goes_back_to_its_body() {
        let file = "rules:\n{{- range .Values.hosts }}\n- host: {{ . }}\n  http: {}\n{{- end }}\nx: 1\n";
        let made = "rules:\n- host: a\n  http: {}\n- host: b\n  http: {}\nx: 1\n";
        assert_eq!(lines_of(made, file), [1, 3, 4, 3, 4, 6]);
    }

    #[test]
    fn the_key_that_a_renderer_put_first_is_found_behind_its_dash_and_the_other_way_round() {
        let file = "metadata:\n  name: api\nspec:\n  containers:\n  - name: api\n    image: x\n";
        let made = "metadata:\n  name: api\nspec:\n  containers:\n  - image: x\n    name: api\n";
        assert_eq!(lines_of(made, file), [1, 2, 3, 4, 6, 5]);
    }

    #[test]
    fn a_place_on_an_equal_line_keeps_its_column_and_another_gets_the_whole_line() {
        let file = "a: {{ .x }}\n  b: 1\n";
        let map = align("a: long text\n    b: 1\n", file);
        assert_eq!(&file[map.outer(Span::new(3, 7)).range()], "a: {{ .x }}");
        assert_eq!(&file[map.outer(Span::new(20, 21)).range()], "1");
    }
}
