//! The quick reader of the usual YAML makes the trees that the complete one makes, node by node and span by span.

use std::path::Path;
use std::sync::Arc;

use k8sready::syntax::yaml::{Parsers, read_within};
use k8sready::syntax::{Budget, Data, Tree};
use k8sready::vocabulary::{NodeId, SourceId, Span};
use proptest::prelude::*;

use crate::conformance::{CASES, yaml_text};

/// Everything a reader may see of a text: nodes in order, and problems.
fn seen(text: &str, parsers: Parsers) -> Vec<String> {
    let whole = Span::new(0, text.len());
    let (trees, problems) = read_within(SourceId(0), &Arc::from(text), whole, Budget::default(), parsers);
    let nodes = trees.iter().flat_map(|tree| (0..tree.len()).map(move |id| node(tree, NodeId(id as u32))));
    nodes.chain(problems.iter().map(|problem| format!("{problem:?}"))).collect()
}

fn node(tree: &Tree, id: NodeId) -> String {
    let node = tree.node(id);
    let data = match node.data {
        Data::Str(text) => format!("{:?}", tree.text(text)),
        Data::List(items) => format!("list {:?}", tree.items(items)),
        Data::Map(items) => format!("map {:?}", tree.items(items)),
        other => format!("{other:?}"),
    };
    format!("{id:?} {:?} {:?} {data}{}", node.span, node.style, if id == tree.root() { " root" } else { "" })
}

/// The first difference, in words.
fn difference(text: &str) -> Option<String> {
    let (quick, complete) = (seen(text, Parsers::Both), seen(text, Parsers::CompleteOnly));
    let at = (0..quick.len().max(complete.len())).find(|&at| quick.get(at) != complete.get(at))?;
    Some(format!("quick {:?}, complete {:?}", quick.get(at), complete.get(at)))
}

#[test]
fn the_cases_of_the_conformance_table_are_read_alike() {
    let wrong: Vec<_> = CASES.iter().filter_map(|(_, text)| difference(text).map(|found| (text, found))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Texts whose traps the quick reader must see.
const TRAPS: &[&str] = &[
    "a:\nb:\n",
    "a:  # c\n\n\nb: 1\n",
    "a:",
    "- \n-\n- # c\n-  x\n",
    "a:\n- b\n- c: 1\n  d: 2\ne: 3\n",
    "a:\n  - b\n  -\n    - c\n    - - d\n      - e\n",
    "a: b\n  c\n\n  d # e\nf: 1\n",
    "a: b # c\n  d\n",
    "a: b\n# c\n  d\n",
    "a: x:y z:\n",
    "a: b: c\n",
    "a: -1\nb: --x\nc: - d\n",
    "a: :x\nb: ?x\nc: a#b\nd: #\n",
    "\"a\": 1\n'b': 2\n\"c\" : 3\n",
    "a: \"x \\\"y\\\" \\n\"\nb: 'it''s'\nc: \"\\x41\"\n",
    "a: \"x\n  y\"\nb: 'x\n\n  y'\n",
    "a: 'x' y\n",
    "a: \"x\"# c\n",
    "a: [x, \"y\", 'z', [1, 2], {b: c, d: [e]}]\nb: {}\nc: []\n",
    "a: [x, y,]\nb: [x y , z]\nc: {d: e, }\n",
    "a: [a: b]\nb: {c}\nd: {e:}\nf: {g: }\n",
    "a: [x,\n  y]\n",
    "a: [x:y, http://z/, -1, x#y]\n",
    "a: {b:c, d: e}\n",
    "a: {\"b\":c}\n",
    "a: |\n  x\n   y\n\n  z\n\n\nb: |-\n  x\nc: |+\n  x\n\n\nd: 1\n",
    "a: |\n    x\n  y\nb: 1\n",
    "a: |2\n   x\nb: >-\n  x\n  y\nc: >\n  x\n\n  y\nd: >\n  x\n   y\n",
    "a: |\n\n  x\nb: |\nc: |\n  x",
    "a: |\n  x\n # c\nb: 1\n",
    "a: |\n  x\n    \n  y\n",
    "- |\n  x\n- >\n y\n",
    "- a: |\n   x\n  b: 1\n",
    "<<: {a: 1}\nb: *x\n",
    "a: &x 1\nb: *x\n",
    "a: !!str 1\n",
    "a: %x\nb: @x\n",
    "? a\n: b\n",
    "x\n",
    "x\ny\n",
    "\"x\"\n",
    "--- # c\na: 1\n",
    "--- a\n",
    "a: 1\n...\n",
    "a: 1\n b: 2\n",
    "  a: 1\n  b: 2\n",
    "  a: 1\nb: 2\n",
    "a:\n    b: 1\n  c: 2\n",
    "- a\n b\n",
    "- a\nb: 1\n",
    "a: 1\n- b\n",
    "a:\n- b\n  - c\n",
    "a: ' x'\nb:   y   \n",
    "a: \u{e9}\n\u{fc}: \u{2028}\n",
    "a: 1\na: 2\n",
    "on: off\n1: 0644\n",
    "a: b\\n\n",
    "a: |\n  \u{e9}\u{e9}\n  x\n",
    "#\n# c\n",
    "a: ]\nb: ,\n",
    "a: 'x': y\n",
    "'a' b: c\n",
    "a: 'b\n",
    "a: b\n  - c\n  d: e\n",
    "a:\n  b\n  c\nd: e\n",
    "a:\n  \"b\"\nd:\n  |\n  x\n",
    "- - - a\n    - b\n  - c\n- d\n",
    "-- a\n---x\n",
    "a: -\nb: ?\n",
    "a: [-]\nb: [- x]\n",
    "a: {- x: y}\n",
    "a: [ ]\nb: { }\nc: [ x ]\n",
    "a: >\n  x\n  y\n# c\nb: 1\n",
];

#[test]
fn traps_are_read_alike() {
    let wrong: Vec<_> = TRAPS.iter().filter_map(|text| difference(text).map(|found| (text, found))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn our_own_manifests_are_read_alike() {
    let mut texts = 0;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["fixtures", "rules", "data"] {
        for entry in ignore::Walk::new(root.join(folder)).map(Result::unwrap) {
            let is_yaml = entry.path().extension().is_some_and(|extension| extension == "yaml");
            let Some(text) = is_yaml.then(|| std::fs::read_to_string(entry.path()).ok()).flatten() else { continue };
            texts += 1;
            assert_eq!(difference(&text), None, "{}", entry.path().display());
        }
    }
    assert!(texts > 100, "only {texts} texts were compared");
}

/// Lines of every construct that the quick reader takes, and of some that it leaves.
fn manifest_text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "( {0,3}|    )(- ){0,2}[a-c]: [a-c1~\"' :#-]{0,6}\n",
        4 => "( {0,3}|    )(- ){0,2}[a-c]:\n",
        2 => "( {0,3}|    )(- )[a-c]{1,2}\n",
        2 => "( {0,3}|    )[a-c]: [|>][+-]?( #c)?\n",
        2 => "( {0,5})[a-c \"'#-]{0,8}\n",
        2 => "( {0,2})[a-c]: (\\[|\\{)[a-c,: \"\\[\\]{}'-]{0,8}(\\]|\\})\n",
        1 => "( {0,2})\"[a-c\\\\n \"]{0,5}\": '[a-c' ]{0,4}'\n",
        1 => Just("\n".to_string()),
        1 => "( {0,4})# [a-c]\n",
    ];
    prop::collection::vec(line, 0..10).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn random_manifests_are_read_alike(text in manifest_text()) {
        prop_assert_eq!(difference(&text), None);
    }

    #[test]
    fn random_yaml_is_read_alike(text in yaml_text()) {
        prop_assert_eq!(difference(&text), None);
    }
}
