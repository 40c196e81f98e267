//! The `encryption` subject: whether Secrets reach etcd encrypted, from the API server's flag and from the
//! EncryptionConfiguration itself.
//!
//! Source: "Encrypting Confidential Data at Rest" and apiserver `pkg/server/options/encryptionconfig`: the first entry that
//! covers a resource decides, and its first provider writes.

use super::builder::FactBuilder;
use super::component::{Component, FlagTable};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// What an API server's flags say: whether encryption is configured at all.
pub fn of_apiserver(facts: &mut FactBuilder, table: &FlagTable, component: &Component<'_>) -> NodeId {
    let configured = component.flags.text(table, "encryption-provider-config").is_some_and(|file| !file.is_empty());
    let origin = component.flags.origin("encryption-provider-config");
    let place = Origin::Node(component.place);
    let entries = facts.list_at(&[], origin.clone());
    let fields = [
        ("tool", facts.str(component.tool, place.clone())),
        ("configured", facts.bool(configured, origin.clone())),
        ("file", facts.bool(false, place.clone())),
        ("writer", facts.null(origin)),
        ("entries", entries),
    ];
    facts.map(&fields, place)
}

/// What an EncryptionConfiguration says.
pub fn of_file(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let resources: Vec<View<'_>> = root.get("resources").into_iter().flat_map(View::items).collect();
    let entries: Vec<NodeId> = resources.iter().map(|entry| entry_facts(&mut facts, *entry)).collect();
    let writer = match resources.iter().find(|entry| covers_secrets(**entry)).and_then(|entry| first_provider(*entry)) {
        Some((name, key)) => facts.str(name, Origin::Key(key)),
        None => facts.null(root.origin_of("resources")),
    };
    let anchor = facts.anchor();
    let fields = [
        ("tool", facts.str("file", anchor.clone())),
        ("configured", facts.bool(true, anchor.clone())),
        ("file", facts.bool(true, anchor.clone())),
        ("writer", writer),
        ("entries", facts.list_at(&entries, root.origin_of("resources"))),
    ];
    let node = facts.map(&fields, anchor);
    let subject = Subject::of(SubjectKind::Encryption, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

fn entry_facts(facts: &mut FactBuilder, entry: View<'_>) -> NodeId {
    let origin = Origin::Node(entry.get("resources").unwrap_or(entry).at());
    let providers: Vec<NodeId> = entry
        .get("providers")
        .into_iter()
        .flat_map(View::items)
        .filter_map(|provider| {
            let (name, _) = provider.entries().next()?;
            let key = provider.key(name)?;
            Some(facts.str(name, Origin::Key(key)))
        })
        .collect();
    let fields = [
        ("coversSecrets", facts.bool(covers_secrets(entry), origin.clone())),
        ("providers", facts.list_at(&providers, entry.origin_of("providers"))),
    ];
    facts.map(&fields, origin)
}

/// The name of the provider that writes, and its key node.
fn first_provider<'a>(entry: View<'a>) -> Option<(&'a str, NodeRef)> {
    let provider = entry.get("providers")?.items().next()?;
    let (name, _) = provider.entries().next()?;
    Some((name, provider.key(name)?))
}

/// `secrets`, or a wildcard over the core group or everything.
fn covers_secrets(entry: View<'_>) -> bool {
    let resources = entry.get("resources").into_iter().flat_map(View::items).filter_map(View::str);
    resources.into_iter().any(|resource| matches!(resource, "secrets" | "*." | "*.*"))
}
