//! Finds suppression comments: `# k8sready: ignore[rule-a,rule-b] the reason`.
//!
//! The text is searched for the mark once; what stands inside a scalar is no comment. What rules there are, whether a
//! reason is good enough, and which lines a mark covers is decided by others; a mark that is not understood is returned
//! with no ids.

use memchr::{memchr, memmem, memrchr};

use super::{Data, Style, Tree};
use crate::vocabulary::{NodeId, Span};

/// A suppression comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// From the `#` to the end of the line.
    pub span: Span,
    /// Where the comment's line begins.
    pub line_start: u32,
    /// Whether nothing but blanks stands before it on its line.
    pub alone: bool,
    /// What stands between the brackets; empty when there are none.
    pub ids: Vec<String>,
    /// What follows them.
    pub reason: String,
}

/// All marks of a text in order; `trees` are what was read from it.
pub fn marks(text: &str, trees: &[Tree]) -> Vec<Mark> {
    let mut found: Vec<Mark> =
        memmem::find_iter(text.as_bytes(), "k8sready:").filter_map(|at| mark(text, at)).collect();
    if !found.is_empty() {
        let mut inside = vec![false; found.len()];
        for tree in trees {
            find_inside(text, tree, &found, &mut inside);
        }
        let mut inside = inside.into_iter();
        found.retain(|_| inside.next() == Some(false));
    }
    found
}

/// The mark around the word at `at`: a `#` and blanks before it, a blank or the line's start before the `#`.
fn mark(text: &str, at: usize) -> Option<Mark> {
    let before = text[..at].trim_end_matches([' ', '\t']).strip_suffix('#')?.trim_end_matches('#');
    if !(before.is_empty() || before.ends_with([' ', '\t', '\n'])) {
        return None;
    }
    let line_start = memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |newline| newline + 1);
    let line_end = memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length);
    let body = text[at..line_end].trim_end().strip_prefix("k8sready:")?.trim_start();
    let list = body.strip_prefix("ignore").and_then(|rest| rest.trim_start().strip_prefix('['));
    let (ids, reason) = list.and_then(|rest| rest.split_once(']')).unwrap_or(("", ""));
    Some(Mark {
        span: Span::new(before.len(), at + text[at..line_end].trim_end().len()),
        line_start: Span::new(line_start, line_start).start,
        alone: before[line_start..].trim().is_empty(),
        ids: ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_string).collect(),
        reason: reason.trim().trim_start_matches(':').trim().to_string(),
    })
}

fn find_inside(text: &str, tree: &Tree, found: &[Mark], inside: &mut [bool]) {
    for index in 0..u32::try_from(tree.len()).unwrap_or(u32::MAX) {
        let node = tree.node(NodeId(index));
        if matches!(node.data, Data::List(_) | Data::Map(_)) || node.span.is_empty() {
            continue;
        }
        let start = match node.style {
            Style::Literal | Style::Folded => block_content(text, node.span),
            _ => node.span.start,
        };
        let first = found.partition_point(|mark| mark.span.start < start);
        for (mark, inside) in found[first..].iter().zip(&mut inside[first..]) {
            if mark.span.start >= node.span.end {
                break;
            }
            *inside = true;
        }
    }
}

/// A comment may follow a block scalar's indicator; the content begins on the next line.
fn block_content(text: &str, span: Span) -> u32 {
    let header = text.get(span.range()).and_then(|raw| memchr(b'\n', raw.as_bytes()));
    header.map_or(span.end, |length| span.start + u32::try_from(length).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::yaml;
    use super::*;
    use crate::vocabulary::SourceId;

    fn of(text: &str) -> Vec<(String, Vec<String>, String, bool)> {
        let (trees, _) = yaml::read(SourceId(0), &Arc::from(text), Span::new(0, text.len()));
        let shown = |mark: Mark| (text[mark.span.range()].to_string(), mark.ids, mark.reason, mark.alone);
        marks(text, &trees).into_iter().map(shown).collect()
    }

    #[test]
    fn comments_on_a_line_and_on_their_own_are_found() {
        let text = "a: 1 # k8sready: ignore[x, y-z] it is fine\n  # k8sready: ignore[x]\nb: 2\n";
        let found = of(text);
        assert_eq!(found[0].0, "# k8sready: ignore[x, y-z] it is fine");
        assert_eq!(
            (&*found[0].1, &*found[0].2, found[0].3),
            (&["x".to_string(), "y-z".into()][..], "it is fine", false)
        );
        assert_eq!((&*found[1].2, found[1].3), ("", true));
    }

    #[test]
    fn what_stands_in_a_scalar_is_no_comment() {
        assert_eq!(of("a: |\n  # k8sready: ignore[x] no\nb: \"# k8sready: ignore[x] no\"\nc: x#k8sready:y\n"), []);
        assert_eq!(of("a: | # k8sready: ignore[x] yes\n  text\n").len(), 1);
    }

    #[test]
    fn a_mark_that_is_not_understood_has_no_ids() {
        assert_eq!(of("a: 1 # k8sready: ignore x\n")[0].1, Vec::<String>::new());
        assert_eq!(of("a: 1 # k8sready: ignore[x\n")[0].1, Vec::<String>::new());
    }
}
