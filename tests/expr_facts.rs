//! Expressions over fact trees: references, cycles, origins, layouts.

#[path = "cel_support/mod.rs"]
mod support;

use std::sync::Arc;

use k8sready::expr::{Blame, Env, Scope, Truth, Type, Value, blame, compile, origin};
use k8sready::syntax::{Data, Forest, Origin, Style, Tree};
use k8sready::vocabulary::{NodeId, NodeRef, SourceId, Span, TreeId};

/// Builds one fact tree: every node with an origin.
struct Facts {
    tree: Tree,
}

impl Facts {
    fn new() -> Self {
        Facts { tree: Tree::new(SourceId(0), Arc::from("")) }
    }

    fn add(&mut self, data: Data, origin: Origin) -> NodeId {
        let id = self.tree.push(Span::default(), Style::Plain, data);
        self.tree.push_origin(origin);
        id
    }

    fn map(&mut self, entries: &[(&str, NodeId)], origin: Origin) -> NodeId {
        let mut items = Vec::new();
        for (key, value) in entries {
            let text = self.tree.push_text(key);
            items.extend([self.add(Data::Str(text), origin.clone()), *value]);
        }
        let items = self.tree.push_items(&items);
        self.add(Data::Map(items), origin)
    }

    fn list(&mut self, items: &[NodeId], origin: Origin) -> NodeId {
        let items = self.tree.push_items(items);
        self.add(Data::List(items), origin)
    }
}

const DOCUMENT: &str = "kind: Deployment\nspec: {replicas: 1, paused: true}\n";

fn at(node: u32) -> NodeRef {
    NodeRef { tree: TreeId(0), node: NodeId(node) }
}

fn node_with_text(forest: &Forest, text: &str) -> NodeRef {
    let tree = forest.tree(TreeId(0));
    let found = (0..tree.len() as u32).find(|&i| tree.raw(NodeId(i)) == text);
    at(found.unwrap_or_else(|| panic!("the document has no {text}")))
}

/// A document; a workload about it; a service that knows the workload; and `other`, a workload with another layout.
fn world() -> (Forest, [NodeRef; 2]) {
    let (mut forest, root) = support::forest(DOCUMENT);
    let replicas = node_with_text(&forest, "1");
    let kind = node_with_text(&forest, "kind");
    let (workload, service) = (TreeId(1), TreeId(2));

    let mut facts = Facts::new();
    let count = facts.add(Data::Ref(replicas), Origin::Node(replicas));
    let missing = Origin::Missing { parent: root, path: "spec.minReadySeconds".into() };
    let ready = facts.add(Data::Int(0), missing);
    let derived = Origin::Derived { from: Box::new([Origin::Node(root), Origin::Node(replicas)]), decisive: 1 };
    let scaled = facts.add(Data::Bool(false), derived);
    let pdbs = facts.list(&[], Origin::Anchor(kind));
    let link = facts.add(Data::Ref(NodeRef { tree: service, node: NodeId(3) }), Origin::Node(root));
    let services = facts.list(&[link], Origin::Node(root));
    let entries = [("replicas", count), ("ready", ready), ("scaled", scaled), ("pdbs", pdbs), ("services", services)];
    let map = facts.map(&entries, Origin::Node(root));
    forest.push(facts.tree);
    let workload = NodeRef { tree: workload, node: map };

    let mut facts = Facts::new();
    let back = facts.add(Data::Ref(workload), Origin::Node(root));
    let selects = facts.list(&[back], Origin::Node(root));
    facts.map(&[("workloads", selects)], Origin::Key(kind));
    forest.push(facts.tree);

    let mut facts = Facts::new();
    let scaled = facts.add(Data::Bool(true), Origin::Node(root));
    let count = facts.add(Data::Int(5), Origin::Node(replicas));
    let map = facts.map(&[("scaled", scaled), ("replicas", count)], Origin::Node(root));
    let other = NodeRef { tree: forest.push(facts.tree), node: map };
    (forest, [workload, other])
}

fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.variable("workload", Type::Dyn);
    scope.variable("other", Type::Dyn);
    scope
}

fn with<T>(text: &str, run: impl FnOnce(&k8sready::expr::Program, &Env<'_, '_>, &Forest) -> T) -> T {
    let (forest, roots) = world();
    let slots = roots.map(|root| Value::node(&forest, root));
    let program = compile(text, &scope()).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    run(&program, &Env { forest: &forest, slots: &slots }, &forest)
}

fn truth(text: &str) -> Truth {
    with(text, |program, env, _| program.eval(env).truth())
}

fn blamed(text: &str) -> (Blame, Forest) {
    with(text, |program, env, forest| {
        assert_eq!(program.eval(env).truth(), Truth::False, "{text}");
        (blame(program, env), forest.clone())
    })
}

#[test]
fn references_lead_to_what_they_name() {
    assert_eq!(truth("workload.replicas == 1"), Truth::True);
    assert_eq!(truth("workload.services[0].workloads[0].replicas == 1"), Truth::True);
}

#[test]
fn equality_of_references_is_identity_and_ends_in_cycles() {
    assert_eq!(truth("workload.services[0].workloads[0] == workload.services[0].workloads[0]"), Truth::True);
    assert_eq!(truth("workload.services == workload.services"), Truth::True);
    assert_eq!(truth("workload == workload.services[0].workloads[0]"), Truth::True);
    assert_eq!(truth("workload == other"), Truth::False);
}

#[test]
fn a_cycle_is_no_text() {
    let text = with("workload", |program, env, _| program.eval(env).to_text());
    assert_eq!(text, None);
    assert!(matches!(truth("'%s'.format([workload]) == ''"), Truth::Error(_)));
}

#[test]
fn one_program_reads_maps_of_different_layout() {
    let (forest, [workload, other]) = world();
    let program = compile("workload.replicas", &scope()).unwrap_or_else(|errors| panic!("{errors:?}"));
    for (root, expected) in [(workload, "1"), (other, "5"), (workload, "1"), (other, "5")] {
        let slots = [Value::node(&forest, root), Value::Null];
        let value = program.eval(&Env { forest: &forest, slots: &slots });
        assert_eq!(value.to_text().as_deref(), Some(expected));
    }
}

#[test]
fn a_fact_that_refers_points_where_its_target_lies() {
    let (blame, forest) = blamed("workload.replicas >= 2");
    assert_eq!(blame.primary, Some(Origin::Node(node_with_text(&forest, "1"))));
}

#[test]
fn a_default_points_at_what_is_missing() {
    let (blame, _) = blamed("workload.ready > 0");
    assert!(matches!(blame.primary, Some(Origin::Missing { path, .. }) if &*path == "spec.minReadySeconds"));
}

#[test]
fn an_empty_link_list_points_at_its_anchor() {
    let (blame, forest) = blamed("workload.pdbs.exists(p, p.covers)");
    assert_eq!(blame.primary, Some(Origin::Anchor(node_with_text(&forest, "kind"))));
}

#[test]
fn a_disjunction_prefers_a_value_to_an_anchor_and_a_default() {
    let (blame, forest) = blamed("workload.pdbs.exists(p, p.covers) || workload.ready > 0 || workload.scaled");
    let Some(Origin::Derived { from, decisive }) = blame.primary else { panic!("points at {blame:?}") };
    assert_eq!(from[decisive], Origin::Node(node_with_text(&forest, "1")));
}

#[test]
fn a_key_missing_from_facts_belongs_under_what_the_facts_are_about() {
    let (blame, _) = blamed("workload.?security.?level.orValue(0) > 1");
    assert!(matches!(blame.primary, Some(Origin::Missing { path, .. }) if &*path == "security.level"));
}

#[test]
fn the_stated_place_of_a_path_is_its_origin() {
    let (found, forest) = with("workload.replicas", |program, env, forest| (origin(program, env), forest.clone()));
    assert_eq!(found, Some(Origin::Node(node_with_text(&forest, "1"))));
}

#[test]
fn values_outlive_the_program_and_the_variables() {
    let (forest, [workload, _]) = world();
    let value = {
        let slots = [Value::node(&forest, workload), Value::text("own")];
        let program = compile("[workload.replicas, 'literal', other]", &scope()).unwrap_or_else(|e| panic!("{e:?}"));
        program.eval(&Env { forest: &forest, slots: &slots })
    };
    assert_eq!(value.to_text().as_deref(), Some("1, literal, own"));
    let (elements, open) = value.elements().unwrap_or_else(|truth| panic!("{truth:?}"));
    assert_eq!((elements.len(), open), (3, None));
}

#[test]
fn the_last_of_equal_keys_counts() {
    let text: Arc<str> = Arc::from("a: 1\na: 2\n");
    let (mut trees, _) = k8sready::syntax::yaml::read(SourceId(0), &text, Span::new(0, text.len()));
    let mut forest = Forest::default();
    let tree = trees.swap_remove(0);
    let node = tree.root();
    let root = NodeRef { tree: forest.push(tree), node };
    let slots = [Value::node(&forest, root), Value::Null];
    let env = Env { forest: &forest, slots: &slots };
    let program = compile("workload.a == 2 && size(workload) == 1 && workload.all(k, v, v == 2)", &scope());
    let program = program.unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!(program.eval(&env).truth(), Truth::True);
    assert_eq!(program.eval(&env).truth(), Truth::True, "and the second time");
}
