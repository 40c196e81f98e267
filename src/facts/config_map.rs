//! The `config-map` subject: a ConfigMap and the secrets it holds in the open.
//!
//! What counts as a secret is `data/redaction.yaml`'s business; here is only where it stands.

use super::builder::{FactBuilder, Fallback};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Data, Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// The facts of a ConfigMap.
pub fn build(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    inventory.document(id).key.as_ref().filter(|key| key.is("", "ConfigMap"))?;
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let values = ["data", "binaryData"].into_iter().filter_map(|field| root.get(field)).flat_map(View::entries);
    let secrets: Vec<NodeId> = values
        .filter(|(_, value)| is_secret(*value))
        .map(|(key, value)| {
            let origin = Origin::Node(value.at());
            let fields = [("name", facts.str(key, origin.clone())), ("value", facts.refer(value.at()))];
            facts.map(&fields, origin)
        })
        .collect();
    let fields = [
        ("name", super::name(&mut facts, root)),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
        ("object", facts.refer(root.at())),
        ("secrets", facts.list(&secrets)),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::ConfigMap, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// A value that is hidden, or a text in which redaction overwrote the value of a line.
fn is_secret(value: View<'_>) -> bool {
    match value.data() {
        Data::Redacted(_) => true,
        _ => value.str().is_some_and(|text| text.contains("xxxx") && text.lines().any(is_masked)),
    }
}

/// `password=xxxx`, `token: "xxxx"`.
fn is_masked(line: &str) -> bool {
    let value = line.rsplit(['=', ':', ' ']).next().unwrap_or_default().trim_matches(['"', '\'', ',', ';']);
    value.len() >= 4 && value.chars().all(|c| c == 'x')
}
