//! The YAML reader takes and refuses what its parser takes and refuses, case by case, and splitting a file changes nothing.

use std::sync::Arc;

use granit_parser::{Event, Parser};
use k8sready::syntax::yaml::read;
use k8sready::syntax::{Data, Tree, split};
use k8sready::vocabulary::{NodeId, Problem, SourceId, Span};
use proptest::prelude::*;

use crate::print::print;

/// One case a line group: texts after `+` are YAML, texts after `-` are not.
pub const CASES: &[(bool, &str)] = &[
    // Collections in block style
    (true, "- a\n- b\n"),
    (true, "- - a\n  - b\n- c\n"),
    (true, "a: b\nc:\n  d: e\n"),
    (true, "a:\n- b\n- c\n"),
    (true, "-\n  a: b\n-\n  c\n"),
    (true, "- a: b\n  c: d\n-\n"),
    (true, "? a\n: b\n? c\n"),
    (true, "? - a\n  - b\n: c\n"),
    (true, "a: b\n\n\n# c\nd: e\n"),
    (false, "- a\nb: c\n"),
    (false, "a: b\n  c: d\n"),
    (false, "a:\n  b: c\n d: e\n"),
    (false, "- key: value\n - item\n"),
    (false, "a: b: c\n"),
    (false, "a:\n- b\nc\n"),
    // Flow style
    (true, "[a, b, ]"),
    (true, "{a: b, c, ? d : e}"),
    (true, "[a: b, {c: d}]"),
    (true, "{\"a\":b}"),
    (true, "[\n a,\n b\n]\n"),
    (true, "a: [\n  b # c\n  , d]\n"),
    (false, "[a, b"),
    (false, "{a: b]"),
    (false, "[a]]"),
    (false, "[a,, b]"),
    (false, "{a: b} c: d"),
    (false, "a: ]"),
    (false, "[ - a ]"),
    // Plain scalars
    (true, "a b c"),
    (true, "a\n b\n\n c\n"),
    (true, "a: b#c\nd: e # f\n"),
    (true, "a: -1\nb: -x\nc: ?x\nd: :x\n"),
    (true, "http://a:80/b?c#d"),
    (false, "a: @b"),
    (false, "a: `b`"),
    (false, "a: %b\nc: |x\n"),
    (false, "a: b\n# c\n d\n"),
    // Quoted scalars
    (true, "'a''b'"),
    (true, "\"a\\tb\\x41\\u00e9\\U0001F600\\\n  c\""),
    (true, "a: 'b\n  c'\n"),
    (true, "\"a\n\n b\""),
    (true, "'': \"\"\n"),
    (false, "'a"),
    (false, "\"a"),
    (false, "\"\\q\""),
    (false, "\"\\x4\""),
    (false, "\"\\ud83d\""),
    (false, "'a' b"),
    (false, "\"a\" \"b\""),
    (false, "a: \"b\n---\nc\"\n"),
    // Block scalars
    (true, "|\n a\n  b\n"),
    (true, "a: |-\n  b\nc: >+\n  d\n\n"),
    (true, "a: |2\n    b\n"),
    (true, "a: >\n  b\n  c\n\n    d\n"),
    (true, "a: |\n\nb: |\n"),
    (true, "- |\n a\n- >\n b\n"),
    (false, "a: |x\n  b\n"),
    (false, "a: |0\n  b\n"),
    (false, "a: | b\n"),
    (false, "a: |\n    \n  b\n"),
    // Anchors, aliases, tags
    (true, "a: &x b\nc: *x\n"),
    (true, "&a a: &b\n  *a : c\n"),
    (true, "!!map {a: !!str b}\n"),
    (true, "a: !local b\nc: ! d\ne: !<tag:x> f\n"),
    (true, "a: &x !!str b\nc: !!str &y d\n"),
    (false, "a: *x\n"),
    (false, "a: & b\n"),
    (false, "a: &x &y b\n"),
    (false, "a: &x *x\n"),
    (false, "!a!b c\n"),
    // Documents and directives
    (true, "---\na\n...\n---\nb\n"),
    (true, "%YAML 1.2\n---\na\n"),
    (true, "%TAG !e! tag:x,2000:\n---\n!e!a b\n"),
    (true, "--- # c\n--- |\n a\n--- {a: b}\n"),
    (true, "# only a comment\n"),
    (true, "a\n...\nb\n"),
    (false, "%YAML 1.2\n"),
    (false, "%YAML 1.2\n%YAML 1.2\n---\na\n"),
    (false, "... a\n"),
    (false, "--- a: b\n"),
    // White space
    (true, "a:\tb\n"),
    (true, "a: b\t# c\n"),
    (true, "a: b\r\nc: d\r\n"),
    (true, "a: |\n  b\tc\n"),
    (false, "a:\n\tb: c\n"),
    (false, "-\t- a\n"),
    (true, "\u{feff}a: b\n"),
    (true, "a: \u{e9}\u{1f600}\n"),
    (false, "a: \u{7}\n"),
];

fn whole(text: &str) -> Span {
    Span::new(0, text.len())
}

fn documents(text: &str) -> (Vec<Tree>, Vec<Problem>) {
    read(SourceId(0), &Arc::from(text), whole(text))
}

fn parser_accepts(text: &str) -> bool {
    Parser::new_from_str(text).all(|event| event.is_ok())
}

#[test]
fn the_reader_takes_and_refuses_what_its_parser_does() {
    let mut wrong = Vec::new();
    for &(expected, text) in CASES {
        let ours = documents(text).1.is_empty();
        if ours != parser_accepts(text) || ours != expected {
            wrong.push(format!("{text:?}: expected {expected}, reader {ours}, parser {}", parser_accepts(text)));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn scalars_of_the_tree_are_the_scalars_of_the_events() {
    let scalar =
        |tree: &Tree, id: usize| !matches!(tree.data(NodeId(u32::try_from(id).unwrap())), Data::List(_) | Data::Map(_));
    // Aliases share nodes and empty documents are nothing, so these cases count otherwise.
    for &(_, text) in CASES.iter().filter(|(valid, text)| *valid && !text.contains('*') && !text.contains("--- #")) {
        let events = Parser::new_from_str(text).filter_map(Result::ok);
        let expected = events.filter(|(event, _)| matches!(event, Event::Scalar(..))).count();
        let trees = documents(text).0;
        let found: usize = trees.iter().map(|tree| (0..tree.len()).filter(|&id| scalar(tree, id)).count()).sum();
        assert_eq!(found, expected, "{text:?}");
    }
}

pub fn yaml_text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("---\n".to_string()),
        Just("--- # c\n".to_string()),
        "[ ]{0,4}(- )?[a-c]: [a-d1~]{0,3}\n",
        "[ ]{0,4}(- )?[a-c]:\n",
        "[ ]{0,2}[a-c]: (\\||>)-?\n",
        "[ ]{0,3}[\\[\\]{}a,:\"'&*#!é]{0,6}\n",
        "[ ]{0,2}- [a-c]\n",
    ];
    prop::collection::vec(line, 0..14).prop_map(|lines| lines.concat())
}

fn check_spans(text: &str, trees: &[Tree], problems: &[Problem]) -> Result<(), TestCaseError> {
    for tree in trees {
        for id in 0..tree.len() {
            let span = tree.node(NodeId(id as u32)).span;
            prop_assert!(text.get(span.range()).is_some(), "{:?} in {:?}", span, text);
        }
    }
    for place in problems.iter().filter_map(|problem| problem.place) {
        prop_assert!(text.get(place.span.range()).is_some(), "{:?} in {:?}", place.span, text);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_ends_in_trees_and_problems_on_character_boundaries(text in any::<String>()) {
        let (trees, problems) = documents(&text);
        check_spans(&text, &trees, &problems)?;
    }

    #[test]
    fn yaml_like_text_ends_in_trees_and_problems_on_character_boundaries(text in yaml_text()) {
        let (trees, problems) = documents(&text);
        check_spans(&text, &trees, &problems)?;
    }

    #[test]
    fn a_file_read_in_pieces_is_the_file_read_whole(text in yaml_text()) {
        // A directive keeps a text in one piece without changing its documents.
        let parsable = split(&text, whole(&text)).iter().all(|piece| parser_accepts(&text[piece.range()]));
        prop_assume!(parsable && !text.contains('&'));
        let one_piece = format!("%TAG !x! x\n---\n...\n{text}");
        let shift = one_piece.len() - text.len();
        let together = documents(&one_piece).0;
        let apart = read(SourceId(0), &Arc::from(one_piece.as_str()), Span::new(shift, one_piece.len())).0;
        prop_assert_eq!(apart.iter().map(print).collect::<Vec<_>>(), together.iter().map(print).collect::<Vec<_>>());
    }
}
