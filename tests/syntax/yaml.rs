//! The YAML reader: trees, spans, Kubernetes' reading, problems.

use std::sync::Arc;

use k8sready::syntax::yaml::{Parsers, read, read_within};
use k8sready::syntax::{Budget, Data, Tree};
use k8sready::vocabulary::{Problem, ProblemKind, SourceId, Span};

use crate::print::print;

fn documents(text: &str) -> (Vec<Tree>, Vec<Problem>) {
    read(SourceId(0), &Arc::from(text), Span::new(0, text.len()))
}

fn one(text: &str) -> Tree {
    let (mut trees, problems) = documents(text);
    assert_eq!(problems, [], "{text}");
    assert_eq!(trees.len(), 1, "{text}");
    trees.remove(0)
}

fn problem(text: &str) -> Problem {
    let (_, mut problems) = documents(text);
    assert_eq!(problems.len(), 1, "{text:?}: {problems:?}");
    problems.remove(0)
}

fn raw<'t>(tree: &'t Tree, path: &str) -> &'t str {
    tree.raw(path.split('.').fold(tree.root(), |at, key| tree.get(at, key).unwrap_or_else(|| panic!("no {key}"))))
}

#[test]
fn every_kind_of_node_has_its_value_and_its_span() {
    let text = "a: 1\nb: [x, {k: z}]\nc:\n- 'it''s'\n- \"q\\n\"\n- plain\n  folded\nd:\non: NO # c\n\n";
    let expected = "\
map @0..67
  \"a\" @0..1: 1 @3..4
  \"b\" @5..6: list @8..19
    - \"x\" @9..10
    - map @12..18
      \"k\" @13..14: \"z\" @16..17
  \"c\" @20..21: list @25..57
    - single copy \"it's\" @25..32
    - double copy \"q\\n\" @35..40
    - copy \"plain folded\" @43..57
  \"d\" @58..59: null @59..59
  copy \"true\" @61..63: false @65..67
";
    assert_eq!(print(&one(text)), expected);
}

#[test]
fn block_scalars_span_from_their_indicator_to_their_last_character() {
    let tree = one("a: |\n  x\n  y\n\nb: &n !!str >2- # |\n    z\nc: |+\n\n  w\n\n\nd: |\n");
    assert_eq!(raw(&tree, "a"), "|\n  x\n  y");
    assert_eq!(raw(&tree, "b"), ">2- # |\n    z");
    assert_eq!(raw(&tree, "c"), "|+\n\n  w");
    assert_eq!(raw(&tree, "d"), "|");
    let text = |key| tree.str(tree.get(tree.root(), key).unwrap()).unwrap();
    assert_eq!([text("a"), text("b"), text("c"), text("d")], ["x\ny\n", "  z", "\nw\n\n\n", ""]);
}

#[test]
fn an_alias_is_its_anchors_node_and_a_merge_counts_where_it_stands() {
    let tree = one("base: &b {x: 1, z: 2}\nfirst:\n  <<: *b\n  x: 3\nlast:\n  x: 3\n  <<: *b\nref: *b\n");
    let root = tree.root();
    let of = |key: &str, inner: &str| tree.data(tree.get(tree.get(root, key).unwrap(), inner).unwrap());
    assert_eq!(tree.get(root, "ref"), tree.get(root, "base"));
    assert_eq!((of("first", "x"), of("first", "z")), (Data::Int(3), Data::Int(2)));
    assert_eq!(of("last", "x"), Data::Int(1), "go-yaml v2 lets a later merge win");
}

#[test]
fn of_a_list_of_merged_mappings_the_first_wins() {
    let tree = one("m:\n  <<: [{x: 1}, {x: 2, z: 2}]\n'<<': literal\n");
    let merged = tree.get(tree.root(), "m").unwrap();
    assert_eq!(tree.data(tree.get(merged, "x").unwrap()), Data::Int(1));
    assert_eq!(tree.data(tree.get(merged, "z").unwrap()), Data::Int(2));
    assert!(tree.get(tree.root(), "<<").is_some(), "a quoted << is an ordinary key");
}

#[test]
fn a_duplicate_key_is_kept_and_reported_at_the_second() {
    let text = "a: 1\nb: 2\na: 3\n";
    let (trees, problems) = documents(text);
    assert_eq!(trees[0].data(trees[0].get(trees[0].root(), "a").unwrap()), Data::Int(3));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, ProblemKind::DuplicateKey);
    assert_eq!(problems[0].place.unwrap().span, Span::new(10, 11));
    assert_eq!(problems[0].message, "key `a` is set twice in this mapping; the value 2 lines above is ignored");
}

#[test]
fn duplicates_are_found_in_large_mappings_too() {
    let mut text: String = (0..100).map(|n| format!("k{n}: 1\n")).collect();
    text.push_str("k7: 2\n");
    assert_eq!(problem(&text).message, "key `k7` is set twice in this mapping; the value 93 lines above is ignored");
}

#[test]
fn a_merged_key_that_is_also_written_is_no_duplicate() {
    one("a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n");
}

#[test]
fn tags_decide_over_looks() {
    let tree = one("a: !!str 12\nb: !!int \"7\"\nc: !!float 1\nd: !Ref x\ne: ! 5\nf: !!str\ng: !!null ''\n");
    let data = |key| tree.data(tree.get(tree.root(), key).unwrap());
    let text = |key| tree.str(tree.get(tree.root(), key).unwrap());
    assert_eq!((text("a"), text("d"), text("e"), text("f")), (Some("12"), Some("x"), Some("5"), Some("")));
    assert_eq!((data("b"), data("c"), data("g")), (Data::Int(7), Data::Float(1.0), Data::Null));
}

#[test]
fn a_broken_document_hides_no_neighbour() {
    let text = "a: 1\n---\nb: [1\n---\nc: \"x\n---\nd: 4\n";
    let (trees, problems) = documents(text);
    assert_eq!(trees.iter().map(raw_key).collect::<Vec<_>>(), ["a", "d"]);
    assert!(problems.iter().all(|problem| problem.kind == ProblemKind::ParseError), "{problems:?}");
    assert_eq!(problems.len(), 2);
    let directive = format!("%YAML 1.2\n---\n{text}");
    assert_eq!(documents(&directive).0.len(), 2, "nor behind a directive");
}

fn raw_key(tree: &Tree) -> &str {
    tree.raw(tree.entries(tree.root()).next().unwrap().0)
}

#[test]
fn spans_of_later_documents_count_from_the_start_of_the_source() {
    let text = "# é\na: 1\n---\n# c\nb: \"ü\" # x\n";
    let (trees, _) = documents(text);
    assert_eq!(trees[1].raw(trees[1].get(trees[1].root(), "b").unwrap()), "\"ü\"");
}

#[test]
fn empty_documents_are_nothing() {
    assert_eq!(documents("---\n---\n# only a comment\n---\n...\n").0.len(), 0);
    assert_eq!(documents("").0.len(), 0);
}

#[test]
fn messages_never_quote_the_text() {
    for text in ["k: @hunter2\n", "k: `hunter2\n", "k: [hunter2\n", "k: *hunter2\n", "hunter2: {\"a\": hunter2: 1}\n"] {
        assert!(!problem(text).message.contains("hunter2"), "{text}");
        assert!(!problem(text).message.contains(['@', '`']), "{text}");
    }
}

#[test]
fn an_alias_inside_its_own_anchor_is_refused() {
    let found = problem("a: &a [*a]\n");
    assert_eq!((found.kind, found.place.unwrap().span), (ProblemKind::ParseError, Span::new(7, 9)));
}

#[test]
fn budgets_are_named_and_the_next_document_goes_on() {
    let small = Budget { depth: 4, nodes: 10, aliases: 20, item_bytes: 200, documents: 3 };
    let read = |text: &str| read_within(SourceId(0), &Arc::from(text), Span::new(0, text.len()), small, Parsers::Both);
    for text in [
        "[[[[[1]]]]]\n---\nok: 1\n",
        "a: {b: {c: {d: {e: 1}}}}\n---\nok: 1\n",
        "[1,2,3,4,5,6,7,8,9,10,11]\n---\nok: 1\n",
        "a: &a [1,2]\nb: [*a,*a,*a,*a,*a,*a,*a]\n---\nok: 1\n",
        "a: &a {x: {y: 1}}\nb: {c: {d: *a}}\n---\nok: 1\n",
        &format!("a: {}\n---\nok: 1\n", "x".repeat(250)),
    ] {
        let (trees, problems) = read(text);
        assert_eq!(problems.iter().map(|p| p.kind).collect::<Vec<_>>(), [ProblemKind::BudgetExceeded], "{text}");
        assert_eq!(trees.len(), 1, "{text}");
    }
    let (trees, problems) = read("a: 1\n---\na: 1\n---\na: 1\n---\na: 1\n");
    assert_eq!((trees.len(), problems.len()), (3, 1));
}

#[test]
fn a_long_list_of_items_is_many_items_to_the_budget() {
    let small = Budget { nodes: 10, item_bytes: 60, ..Budget::default() };
    let text = format!("kind: List\nitems:\n{}", "- {a: 1, b: 2}\n".repeat(50));
    let (trees, problems) =
        read_within(SourceId(0), &Arc::from(text.as_str()), Span::new(0, text.len()), small, Parsers::Both);
    assert_eq!((trees.len(), problems), (1, vec![]));
}
