//! The `encryption` subject: whether Secrets reach etcd encrypted, from the API server's flag and from the
//! EncryptionConfiguration itself.
//!
//! Source: "Encrypting Confidential Data at Rest" and apiserver `pkg/server/options/encryptionconfig`: the first entry that
//! covers a resource decides, and its first provider writes.

use super::builder::FactBuilder;
use super::component::{Component, FlagTable, openness};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId};

/// What an API server's flags say: whether encryption is configured at all.
pub fn of_apiserver(facts: &mut FactBuilder, table: &FlagTable, component: &Component<'_>) -> NodeId {
    let flag = "encryption-provider-config";
    let origin = component.flags.origin(table, flag);
    let configured = match component.flags.text(table, flag) {
        Ok(file) => facts.bool(file.is_some_and(|file| !file.is_empty()), origin.clone()),
        Err(reason) => facts.unknown(reason, origin.clone()),
    };
    let place = Origin::Node(component.place);
    let entries = facts.list_at(&[], origin.clone());
    let fields = [
        ("tool", facts.str(component.tool, place.clone())),
        ("configured", configured),
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
    let writer = match writer(root) {
        Ok(Some((name, key))) => facts.str(name, Origin::Key(key)),
        Ok(None) => facts.null(root.origin_of("resources")),
        Err(reason) => facts.unknown(reason, root.origin_of("resources")),
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

/// The provider that writes Secrets and its key node: the first one of the first entry that covers them.
fn writer<'a>(root: View<'a>) -> Result<Option<(&'a str, NodeRef)>, Reason> {
    let open = |view: Option<View<'a>>| {
        view.and_then(|view| view.unknown().cloned().or_else(|| openness(view))).map_or(Ok(()), Err)
    };
    let resources = root.get("resources");
    open(resources)?;
    for entry in resources.into_iter().flat_map(View::items) {
        if !covers_secrets(entry) {
            open(entry.get("resources"))?;
            continue;
        }
        let providers = entry.get("providers");
        open(providers)?;
        let Some(first) = providers.and_then(|providers| providers.items().next()) else { return Ok(None) };
        open(Some(first))?;
        return Ok(first.entries().next().and_then(|(name, _)| Some((name, first.key(name)?))));
    }
    Ok(None)
}

/// `secrets`, or a wildcard over the core group or everything.
fn covers_secrets(entry: View<'_>) -> bool {
    let resources = entry.get("resources").into_iter().flat_map(View::items).filter_map(View::str);
    resources.into_iter().any(|resource| matches!(resource, "secrets" | "*." | "*.*"))
}
