//! Every fact tree that the fixtures of all rules build fits its descriptor: no field too many, none missing, right types.

use std::collections::BTreeSet;

use k8sready::expr::{Object, Type};
use k8sready::facts::{self, Assumptions, SubjectKind, descriptor};
use k8sready::inventory;
use k8sready::syntax::{Data, Forest};
use k8sready::vocabulary::NodeRef;

use crate::common::{folder, inputs};

#[test]
fn facts_fit_their_descriptors() {
    let files = folder("fixtures/rules").into_iter().filter(|(name, _)| !name.ends_with(".expect"));
    let mut loaded = inventory::load(inputs(&files.collect::<Vec<_>>()), false);
    let facts = facts::build(&mut loaded.inventory, Assumptions::default()).expect("facts");
    let mut check = Check { forest: loaded.inventory.forest(), seen: BTreeSet::new(), wrong: BTreeSet::new() };
    let mut kinds = BTreeSet::new();
    for subject in &facts.subjects {
        if let Some(object) = descriptor(subject.kind) {
            kinds.insert(subject.kind);
            check.object(subject.node, object);
        }
    }
    for &cluster in &facts.clusters {
        check.object(cluster, &facts::CLUSTER);
    }
    assert!(check.wrong.is_empty(), "{}", check.wrong.into_iter().collect::<Vec<_>>().join("\n"));
    let described: BTreeSet<SubjectKind> =
        SubjectKind::ALL.iter().copied().filter(|kind| descriptor(*kind).is_some()).collect();
    assert_eq!(kinds, described, "the fixtures build every subject");
}

struct Check<'a> {
    forest: &'a Forest,
    seen: BTreeSet<(NodeRef, &'static str)>,
    wrong: BTreeSet<String>,
}

impl Check<'_> {
    fn object(&mut self, at: NodeRef, object: &'static Object) {
        let at = self.forest.resolve(at);
        let tree = self.forest.tree(at.tree);
        if !self.seen.insert((at, object.name)) || matches!(tree.data(at.node), Data::Null | Data::Unknown) {
            return;
        }
        let mut missing: BTreeSet<&str> = object.fields.iter().map(|field| field.name).collect();
        for (key, value) in tree.entries(at.node) {
            let name = tree.str(key).unwrap_or("?");
            missing.remove(name);
            match object.field(name) {
                Some(field) => {
                    self.value(NodeRef { tree: at.tree, node: value }, field.ty, &format!("{}.{name}", object.name))
                }
                None => _ = self.wrong.insert(format!("{}.{name} is not described", object.name)),
            }
        }
        self.wrong.extend(missing.into_iter().map(|name| format!("{}.{name} is described and missing", object.name)));
    }

    /// `null` and unknown fit every type.
    fn value(&mut self, at: NodeRef, ty: Type, path: &str) {
        let at = self.forest.resolve(at);
        let tree = self.forest.tree(at.tree);
        let data = tree.data(at.node);
        match (ty, data) {
            (Type::Dyn, _) | (_, Data::Null | Data::Unknown | Data::Redacted(_)) => {}
            (Type::Bool, Data::Bool(_)) | (Type::Int, Data::Int(_)) | (Type::String, Data::Str(_)) => {}
            (Type::Object(object), Data::Map(_)) => self.object(at, object),
            (Type::List(inner), Data::List(_)) => {
                for &element in tree.elements(at.node) {
                    self.value(NodeRef { tree: at.tree, node: element }, *inner, &format!("{path}[]"));
                }
            }
            (Type::Map(inner), Data::Map(_)) => {
                for (_, value) in tree.entries(at.node) {
                    self.value(NodeRef { tree: at.tree, node: value }, *inner, &format!("{path}[…]"));
                }
            }
            (ty, data) => _ = self.wrong.insert(format!("{path} is described as {ty:?} and holds {data:?}")),
        }
    }
}
