//! Finds the placeholders of a template in its text.

use super::template::Template;
use crate::vocabulary::Span;

/// One placeholder or control action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// With its delimiters.
    pub span: Span,
    /// Whether its lines hold nothing but actions.
    pub alone: bool,
    /// A comment, a definition of a variable, or another that writes nothing and decides nothing.
    pub silent: bool,
    /// The column (from 0) at which its content stands: what `nindent` or `indent` says, else that of the next text.
    pub column: usize,
}

/// Longest placeholder that is looked for where braces nest.
const LONGEST: usize = 4096;

/// All actions in order. One that is not closed ends the search: the rest is text, and will hardly parse.
pub fn actions(text: &str, template: Template) -> Vec<Action> {
    if template == Template::EnvSubst {
        return variables(text);
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'{', &text.as_bytes()[at..]).map(|length| at + length) {
        let close = match (text.as_bytes().get(start + 1), template) {
            (Some(b'{'), _) => "}}",
            (Some(b'%'), Template::Jinja) => "%}",
            (Some(b'#'), Template::Jinja) => "#}",
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(length) = text[start + 2..].find(close) else { break };
        at = start + 2 + length + 2;
        found.push(action(text, start, at));
    }
    find_alone(text, &mut found);
    find_columns(text, &mut found);
    found
}

fn action(text: &str, start: usize, end: usize) -> Action {
    let raw = &text[start..end];
    let body = raw[2..].trim_start_matches('-').trim();
    Action { span: Span::new(start, end), alone: false, silent: raw.starts_with("{#") || is_silent(body), column: 0 }
}

/// `${VAR}` with whatever default.
fn variables(text: &str) -> Vec<Action> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = memchr::memmem::find(&text.as_bytes()[at..], b"${").map(|length| at + length) {
        at = start + 2;
        if let Some(end) = balanced(text, start + 1) {
            found.push(Action { span: Span::new(start, end), alone: false, silent: false, column: 0 });
            at = end;
        }
    }
    found
}

/// The end of a brace expression that may hold others: `${A:=${B}}`. On one line only.
fn balanced(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.as_bytes()[open..].iter().take(LONGEST).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(open + at + 1),
            b'}' => depth -= 1,
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

fn is_silent(body: &str) -> bool {
    let assigns = body.starts_with('$') && body.split_once('=').is_some_and(|(left, _)| !left.contains('|'));
    body.starts_with("/*") || body.starts_with("set ") || assigns
}

/// The number after `nindent` or `indent`.
fn indent(body: &str) -> Option<usize> {
    let (_, after) = body.rsplit_once("indent")?;
    let digits = after.trim_start().split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Marks the actions before, between and after which only blanks stand on their lines.
fn find_alone(text: &str, found: &mut [Action]) {
    let mut first = 0;
    while first < found.len() {
        let mut last = first;
        while last + 1 < found.len() && is_blank(&text[gap(found, last)]) {
            last += 1;
        }
        let before = text[..found[first].span.start as usize].trim_end_matches(BLANKS);
        let after = text[found[last].span.end as usize..].trim_start_matches(BLANKS);
        if (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n')) {
            found[first..=last].iter_mut().for_each(|action| action.alone = true);
        }
        first = last + 1;
    }
}

/// Gives actions that stand alone the column of their content, from the last to the first.
fn find_columns(text: &str, found: &mut [Action]) {
    for index in (0..found.len()).rev().filter(|&index| found[index].alone).collect::<Vec<_>>() {
        let runs_on = found.get(index + 1).is_some_and(|next| next.alone && text[gap(found, index)].trim().is_empty());
        found[index].column = match indent(&text[found[index].span.range()]) {
            Some(column) => column,
            None if runs_on => found[index + 1].column,
            None => next_column(&text[found[index].span.end as usize..]),
        };
    }
}

/// The column of the first text on the lines after this one.
fn next_column(rest: &str) -> usize {
    let next = rest.split('\n').skip(1).find(|line| !is_blank(line)).unwrap_or_default();
    next.len() - next.trim_start_matches(BLANKS).len()
}

fn gap(found: &[Action], index: usize) -> std::ops::Range<usize> {
    found[index].span.end as usize..found[index + 1].span.start as usize
}

const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// Blanks on one line.
fn is_blank(text: &str) -> bool {
    text.trim_start_matches(BLANKS).is_empty()
}
