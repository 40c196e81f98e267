//! Documents and variables of the expression tests.

#![allow(dead_code, reason = "not every test file uses every helper")]

use std::sync::Arc;

use k8sready::expr::{Scope, Type, Value};
use k8sready::syntax::{Data, Forest, KeyShape, Redaction, Secret, Tree, yaml};
use k8sready::vocabulary::{NodeId, NodeRef, Reason, SourceId, Span, TreeId, UnknownCode};

/// A forest of one YAML document, marked values made unknown, secret or open.
pub fn forest(text: &str) -> (Forest, NodeRef) {
    let text: Arc<str> = Arc::from(text);
    let (mut trees, problems) = yaml::read(SourceId(0), &text, Span::new(0, text.len()));
    assert!(problems.is_empty(), "the test's document is no YAML: {problems:?}");
    let mut tree = trees.swap_remove(0);
    mark(&mut tree);
    let mut forest = Forest::default();
    let node = tree.root();
    let tree = forest.push(tree);
    (forest, NodeRef { tree, node })
}

fn mark(tree: &mut Tree) {
    let reason = Reason::new(UnknownCode::Templated, "a test says so");
    for index in 0..tree.len() {
        let id = NodeId(index as u32);
        match tree.str(id) {
            Some("UNKNOWN") => {
                tree.set_data(id, Data::Unknown);
                tree.set_reason(id, reason.clone());
            }
            Some("SECRET") => {
                tree.set_data(
                    id,
                    Data::Redacted(Redaction { class: Secret::NamedLikeSecret, length: 6, shape: KeyShape::Unread }),
                );
            }
            _ => {
                let entries: Vec<_> = tree.entries(id).collect();
                for (key, value) in entries {
                    if tree.str(key).is_some_and(|key| key.ends_with("Open")) {
                        tree.set_reason(value, reason.clone());
                    }
                }
            }
        }
    }
}

/// `object` and `params`.
pub fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.variable("object", Type::Dyn);
    let fields = [("minimum", Type::Int), ("allowed", Type::List(&Type::String))];
    scope.parameters("params", fields.map(|(name, ty)| (name.to_string(), ty)));
    scope
}

/// The values of `scope`.
pub fn slots(forest: &Forest, object: NodeRef) -> [Value<'_>; 2] {
    let allowed = Value::list(vec![Value::text("a"), Value::text("b")]);
    [Value::node(forest, object), Value::map([("minimum", Value::Int(2)), ("allowed", allowed)])]
}

/// `LINE:COLUMN` of a node.
pub fn position(forest: &Forest, at: NodeRef) -> String {
    assert_eq!(at.tree, TreeId(0), "the tests have one tree");
    let tree = forest.tree(at.tree);
    let before = &tree.source_text()[..tree.node(at.node).span.start as usize];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    format!("{}:{}", before.matches('\n').count() + 1, before.len() - line_start + 1)
}
