//! The JSON reader: trees, spans, problems, and agreement with `serde_json`.

use std::sync::Arc;

use k8sready::syntax::json::{read, read_within};
use k8sready::syntax::{Budget, Data, Tree};
use k8sready::vocabulary::{NodeId, Problem, ProblemKind, SourceId, Span};
use proptest::prelude::*;
use serde_json::Value;

use crate::print::print;

fn values(text: &str) -> (Vec<Tree>, Vec<Problem>) {
    read(SourceId(0), &Arc::from(text), Span::new(0, text.len()))
}

#[test]
fn every_kind_of_node_has_its_value_and_its_span() {
    let (trees, problems) = values(r#" {"a": [1, -2.5, 1e3, true, null], "b\n": "é\u00fc\ud83d\ude00", "c": {}}"#);
    let expected = r#"map @1..74
  double "a" @2..5: list @7..33
    - 1 @8..9
    - -2.5 @11..15
    - 1000.0 @17..20
    - true @22..26
    - null @28..32
  double copy "b\n" @35..40: double copy "éü😀" @42..64
  double "c" @66..69: map @71..73
"#;
    assert_eq!((print(&trees[0]).as_str(), problems), (expected, vec![]));
}

#[test]
fn several_values_are_several_trees_and_a_broken_line_hides_none() {
    let (trees, problems) = values("{\"a\":1}\n{\"b\" 2}\n{\"c\":3}\n[4] 5\n");
    assert_eq!(trees.len(), 4, "{problems:?}");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].kind, ProblemKind::ParseError);
    let (trees, problems) = values("[\n{\"a\": 1},\n{\"b\" 2},\n{\"c\": 3}\n]\n");
    assert_eq!((trees.len(), problems.len()), (0, 1), "lines that go on with an array are no values of their own");
}

#[test]
fn a_duplicate_key_is_reported_and_the_last_wins() {
    let (trees, problems) = values("{\"a\": 1,\n\"a\": 2}");
    assert_eq!(trees[0].data(trees[0].get(trees[0].root(), "a").unwrap()), Data::Int(2));
    assert_eq!(problems[0].message, "key `a` is set twice in this mapping; the value 1 line above is ignored");
}

#[test]
fn errors_stand_where_reading_stopped() {
    for (text, at, message) in [
        ("{\"a\" 1}", 5, "expected `:`"),
        ("[1 2]", 3, "expected `,` or `]`"),
        ("{\"a\": 1,}", 8, "a comma stands before the closing bracket"),
        ("{a: 1}", 1, "expected a key in double quotes"),
        ("[01]", 3, "a number begins with a digit, and with 0 only when it is followed by none"),
        ("[1.]", 3, "a number needs digits after its dot"),
        ("[1e999]", 6, "a number is out of range"),
        ("[\"a", 3, "a string is not closed"),
        ("[\"\u{1}\"]", 2, "a control character stands in a string"),
        ("[\"\\x\"]", 2, "unknown escape in a string"),
        ("[\"\\u12g4\"]", 2, "`\\u` needs four hexadecimal digits"),
        ("[tru]", 1, "expected a value"),
        ("[", 1, "the text ends where a value is expected"),
        ("\u{0}", 0, "expected a value"),
    ] {
        let (_, problems) = values(text);
        assert_eq!(problems[0].message, format!("JSON does not parse: {message}"), "{text}");
        assert_eq!(problems[0].place.unwrap().span.start, at, "{text}");
    }
}

#[test]
fn half_a_surrogate_pair_becomes_the_replacement_character() {
    let (trees, _) = values(r#"["\ud83dx", "\ude00", "\ud83d\u0041"]"#);
    let texts: Vec<_> = trees[0].elements(trees[0].root()).iter().map(|&node| trees[0].str(node).unwrap()).collect();
    assert_eq!(texts, ["\u{FFFD}x", "\u{FFFD}", "\u{FFFD}A"]);
}

#[test]
fn budgets_are_named() {
    let small = Budget { depth: 3, nodes: 6, item_bytes: 40, documents: 2, ..Budget::default() };
    let read = |text: &str| read_within(SourceId(0), &Arc::from(text), Span::new(0, text.len()), small);
    for text in
        ["[[[[1]]]]", "{\"a\":1,\"b\":2,\"c\":3,\"d\":4}", "[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]"]
    {
        let (_, problems) = read(text);
        assert_eq!(problems.iter().map(|p| p.kind).collect::<Vec<_>>(), [ProblemKind::BudgetExceeded], "{text}");
    }
    assert_eq!(read("1 2 3").1.len(), 1);
    assert_eq!(read(&format!("{{\"items\": [{}1]}}", "{\"a\": 1},".repeat(50))).1, []);
}

fn plain(tree: &Tree, node: NodeId) -> Value {
    match tree.data(node) {
        Data::Null => Value::Null,
        Data::Bool(value) => value.into(),
        Data::Int(value) => value.into(),
        Data::Float(value) => value.into(),
        Data::Str(text) => tree.text(text).into(),
        Data::List(_) => tree.elements(node).iter().map(|&node| plain(tree, node)).collect(),
        Data::Map(_) => {
            let entry = |(key, value)| (tree.str(key).unwrap().to_string(), plain(tree, value));
            Value::Object(tree.entries(node).map(entry).collect())
        }
        other => panic!("{other:?} in a document"),
    }
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_value_is_read_as_serde_json_reads_it(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let (trees, problems) = values(&text);
        prop_assert_eq!(problems, vec![]);
        prop_assert_eq!(trees.len(), 1);
        prop_assert_eq!(plain(&trees[0], trees[0].root()), serde_json::from_str::<Value>(&text).unwrap());
    }

    #[test]
    fn whether_a_text_is_json_is_decided_as_serde_json_decides(text in "[\\[\\]{}:,\"\\\\ntruefalsu0-9.eE+ -]{0,24}") {
        let ours = { let (trees, problems) = values(&text); trees.len() == 1 && problems.is_empty() };
        let theirs = match serde_json::from_str::<Value>(&text) {
            Ok(_) => true,
            Err(error) if error.to_string().contains("surrogate") => return Ok(()),
            Err(_) => false,
        };
        if !theirs && ours { prop_assert!(text.contains("\\u"), "{}", text) } else { prop_assert_eq!(ours, theirs, "{}", text) }
    }

    #[test]
    fn any_text_ends_in_trees_and_problems_on_character_boundaries(text in any::<String>()) {
        let (trees, problems) = values(&text);
        for span in problems.iter().filter_map(|problem| problem.place).map(|place| place.span) {
            prop_assert!(text.get(span.range()).is_some());
        }
        prop_assert!(trees.len() <= text.len());
    }
}
