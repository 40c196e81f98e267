//! Texts inside scalars map back to the bytes of the file.

use std::sync::Arc;

use k8sready::source::{LineMap, SourceKind, Sources};
use k8sready::syntax::{Embedded, embed, json, yaml};
use k8sready::vocabulary::{Place, SourceId, Span};

fn yaml_value(text: &str) -> Embedded {
    let (trees, problems) = yaml::read(SourceId(0), &Arc::from(text), Span::new(0, text.len()));
    assert_eq!(problems, [], "{text}");
    embed(&trees[0], trees[0].get(trees[0].root(), "k").unwrap()).unwrap()
}

/// Every character of the embedded text that is not a line feed is found again in the outer text.
fn assert_exact(outer: &str, found: &Embedded) {
    assert!(matches!(found.map, LineMap::Exact(_)), "{outer:?}");
    for (at, c) in found.text.char_indices().filter(|&(_, c)| !c.is_control()) {
        let span = found.map.outer(Span::new(at, at + c.len_utf8()));
        assert_eq!(outer.get(span.range()), Some(c.to_string().as_str()), "{outer:?} at {at}");
    }
}

#[test]
fn literal_blocks_map_line_by_line() {
    for text in [
        "k: |\n  a: 1\n  b:\n    é: [x]\nz: 1\n",
        "k: |-\n\n   a\n\n   b",
        "k: |2+ # c\n    two more\n  none\n\n\nz: 1\n",
        "- k: 0\n- k: 0\nk: |\r\n  a\r\n  b\r\n".strip_prefix("- k: 0\n- k: 0\n").unwrap(),
        "a:\n  b: 1\nk: &x !!str |\n      deep\n       deeper\n",
    ] {
        assert_exact(text, &yaml_value(text));
    }
}

#[test]
fn plain_and_quoted_scalars_on_one_line_map_run_by_run() {
    for text in
        ["k: plain é\n", "k: 'it''s'\n", "k: \"a\\n\\tb \\u00e9 \\x41 \\U0001F600 z\"\n", "k: \"q\"\n", "k: ''\n"]
    {
        let found = yaml_value(text);
        let LineMap::Exact(_) = found.map else { panic!("{text}") };
        let z = found.text.find('z').map(|at| found.map.outer(Span::new(at, at + 1)));
        assert!(z.is_none_or(|span| &text[span.range()] == "z"), "{text}");
    }
    assert_exact("k: 'it''s'\n", &yaml_value("k: 'it''s'\n"));
}

#[test]
fn json_strings_map_across_their_escapes() {
    let text = r#"{"k": "a: 1\nb:\n  - \"c\"\n\ud83d\ude00: d"}"#;
    let (trees, _) = json::read(SourceId(0), &Arc::from(text), Span::new(0, text.len()));
    let found = embed(&trees[0], trees[0].get(trees[0].root(), "k").unwrap()).unwrap();
    for c in ['a', 'b', 'c', 'd', '1'] {
        let at = found.text.find(c).unwrap();
        assert_eq!(&text[found.map.outer(Span::new(at, at + 1)).range()], c.to_string());
    }
}

#[test]
fn folded_and_wrapped_scalars_blame_the_whole_scalar() {
    for text in ["k: >\n  a\n  b\n", "k: a\n  b\n", "k: \"a\n  b\"\n"] {
        let LineMap::Blurred(span) = yaml_value(text).map else { panic!("{text}") };
        assert_eq!(span.start, 3);
    }
}

#[test]
fn a_finding_in_an_embedded_document_is_located_in_the_file() {
    let text = "data:\n  k: |\n    a: 1\n    b: wrong\n";
    let mut sources = Sources::default();
    let file = sources.push(SourceKind::File, "cm.yaml", Arc::from(text));
    let (trees, _) = yaml::read(file, &Arc::from(text), Span::new(0, text.len()));
    let data = trees[0].get(trees[0].root(), "data").unwrap();
    let found = embed(&trees[0], trees[0].get(data, "k").unwrap()).unwrap();
    let inner = sources.push_embedded(file, found.map, found.text.clone()).unwrap();
    let (inner_trees, _) = yaml::read(inner, &found.text, Span::new(0, found.text.len()));
    let tree = &inner_trees[0];
    let span = tree.node(tree.get(tree.root(), "b").unwrap()).span;
    let position = sources.locate(inner, span);
    assert_eq!((position.line, position.column, position.end_column, position.embedded), (4, 8, 13, true));
    let outer = sources.outermost(Place { source: inner, span });
    assert_eq!((outer.source, &text[outer.span.range()]), (file, "wrong"));
}
