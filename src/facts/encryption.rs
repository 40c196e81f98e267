//! The `encryption` subject: whether Secrets reach etcd encrypted, from the API server's flag and from the
//! EncryptionConfiguration itself.
//!
//! Source: "Encrypting Confidential Data at Rest" and apiserver `pkg/server/options/encryptionconfig`: the first entry that
//! covers a resource decides, and its first provider writes.

use super::builder::FactBuilder;
use super::component::{Component, FlagTable, openness};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Data, KeyShape, Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId, UnknownCode};

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
        ("writer", facts.null(origin.clone())),
        ("entries", entries),
        ("secretsCovered", facts.bool(true, place.clone())),
        ("configMapsCovered", facts.bool(true, place.clone())),
        ("fallback", facts.null(place.clone())),
        ("automaticReload", automatic_reload(facts, table, component)),
        ("keys", facts.list_at(&[], place.clone())),
        ("differs", facts.null(place.clone())),
        ("kms", facts.list_at(&[], place.clone())),
    ];
    facts.map(&fields, place)
}

fn automatic_reload(facts: &mut FactBuilder, table: &FlagTable, component: &Component<'_>) -> NodeId {
    let flag = "encryption-provider-config-automatic-reload";
    let origin = component.flags.origin(table, flag);
    match component.flags.text(table, flag) {
        Ok(text) => facts.bool(text.as_deref() == Some("true"), origin),
        Err(reason) => facts.unknown(reason, origin),
    }
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
        ("secretsCovered", covered(&mut facts, root, "secrets")),
        ("configMapsCovered", covered(&mut facts, root, "configmaps")),
        ("fallback", fallback(&mut facts, &resources)),
        ("automaticReload", facts.bool(true, root.origin_of("resources"))),
        ("keys", keys(&mut facts, &resources)),
        ("differs", facts.opt_str(differs(inventory, id).as_deref(), root.origin_of("resources"))),
        ("kms", kms(&mut facts, &resources)),
    ];
    let node = facts.map(&fields, anchor);
    let subject = Subject::of(SubjectKind::Encryption, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// The file of another control-plane node that says something else: the same name in a folder that differs in its number.
fn differs(inventory: &Inventory, id: DocumentId) -> Option<String> {
    let own = inventory.path(id);
    let shape = shape_of(inventory.document(id).view(inventory.forest()));
    let mut others = inventory.objects().filter(|(other, document)| {
        *other != id && document.kind() == inventory.document(id).kind() && are_twins(own, inventory.path(*other))
    });
    let found = others.find(|(_, document)| shape_of(document.view(inventory.forest())) != shape)?;
    Some(inventory.path(found.0).to_string())
}

/// Whether two paths differ in the number of one folder alone: `cp-1/enc.yaml` and `cp-2/enc.yaml`.
fn are_twins(one: &str, other: &str) -> bool {
    let (mine, theirs): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), other.split('/').collect());
    let mut differing = mine.iter().zip(&theirs).filter(|(mine, theirs)| mine != theirs);
    let stem = |part: &&str| part.trim_end_matches(|c: char| c.is_ascii_digit()).to_string();
    let Some((mine_part, their_part)) = differing.next().filter(|_| mine.len() == theirs.len()) else { return false };
    let numbered = stem(mine_part) != **mine_part && stem(their_part) != **their_part;
    differing.next().is_none() && numbered && stem(mine_part) == stem(their_part)
}

/// Resources, providers and keys as text, without the secrets themselves.
fn shape_of(root: View<'_>) -> String {
    let mut text = String::new();
    for entry in root.get("resources").into_iter().flat_map(View::items) {
        for resource in entry.get("resources").into_iter().flat_map(View::items) {
            text.push_str(resource.str().unwrap_or("?"));
            text.push(' ');
        }
        for (provider, section) in entry.get("providers").into_iter().flat_map(View::items).flat_map(View::entries) {
            text.push_str(provider);
            for key in section.get("keys").into_iter().flat_map(View::items) {
                text.push_str(&format!(" {}", key.str_at("name").unwrap_or("?")));
            }
            text.push(';');
        }
    }
    text
}

/// Whether any entry covers a core resource.
fn covered(facts: &mut FactBuilder, root: View<'_>, resource: &str) -> NodeId {
    let origin = root.origin_of("resources");
    let resources = root.get("resources");
    let entries: Vec<View<'_>> = resources.into_iter().flat_map(View::items).collect();
    if entries.iter().any(|entry| covers(*entry, resource)) {
        return facts.bool(true, origin);
    }
    let lists = entries.iter().filter_map(|entry| entry.get("resources")).chain(resources);
    match lists.filter_map(|list| list.unknown().cloned().or_else(|| openness(list))).next() {
        Some(reason) => facts.unknown(reason, origin),
        None => facts.bool(false, origin),
    }
}

/// `identity` behind another provider in the entry that writes Secrets.
fn fallback(facts: &mut FactBuilder, resources: &[View<'_>]) -> NodeId {
    let entry = resources.iter().find(|entry| covers(**entry, "secrets"));
    let providers = entry.and_then(|entry| entry.get("providers")).into_iter().flat_map(View::items).skip(1);
    match providers.into_iter().find_map(|provider| provider.key("identity")) {
        Some(key) => facts.str("identity", Origin::Key(key)),
        None => {
            let anchor = facts.anchor();
            facts.null(anchor)
        }
    }
}

fn providers<'a, 'r>(resources: &'r [View<'a>]) -> impl Iterator<Item = (&'a str, View<'a>)> + use<'a, 'r> {
    let lists = resources.iter().copied().filter_map(|entry| entry.get("providers"));
    lists.flat_map(View::items).flat_map(View::entries)
}

/// The keys of all providers. Only length and readability of a secret are known.
fn keys(facts: &mut FactBuilder, resources: &[View<'_>]) -> NodeId {
    let mut nodes = Vec::new();
    for (provider, section) in providers(resources) {
        for key in section.get("keys").into_iter().flat_map(View::items) {
            let Some(secret) = key.get("secret") else { continue };
            let origin = Origin::Node(secret.at());
            let shape = match secret.data() {
                Data::Redacted(redaction) => redaction.shape,
                _ => KeyShape::Unread,
            };
            let (bytes, readable) = match shape {
                KeyShape::Bytes(bytes) => (facts.int(bytes.into(), origin.clone()), facts.bool(false, origin.clone())),
                KeyShape::Words(bytes) => (facts.int(bytes.into(), origin.clone()), facts.bool(true, origin.clone())),
                KeyShape::Malformed => (facts.null(origin.clone()), facts.bool(false, origin.clone())),
                KeyShape::Unread => {
                    let reason = secret.unknown().cloned().unwrap_or_else(no_key);
                    (facts.unknown(reason.clone(), origin.clone()), facts.unknown(reason, origin.clone()))
                }
            };
            let name = facts.lookup(key, "name", super::builder::Fallback::Str(""));
            let fields = [
                ("provider", facts.str(provider, origin.clone())),
                ("name", name),
                ("bytes", bytes),
                ("readable", readable),
            ];
            nodes.push(facts.map(&fields, origin));
        }
    }
    facts.list(&nodes)
}

fn no_key() -> Reason {
    Reason::new(UnknownCode::Templated, "a placeholder stands for the key")
}

fn kms(facts: &mut FactBuilder, resources: &[View<'_>]) -> NodeId {
    let mut nodes = Vec::new();
    for (_, section) in providers(resources).filter(|(name, _)| *name == "kms") {
        let version = facts.lookup(section, "apiVersion", super::builder::Fallback::Str("v1"));
        let name = facts.lookup(section, "name", super::builder::Fallback::Str(""));
        nodes.push(facts.map(&[("name", name), ("version", version)], Origin::Node(section.at())));
    }
    facts.list(&nodes)
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
    covers(entry, "secrets")
}

fn covers(entry: View<'_>, core: &str) -> bool {
    let mut resources = entry.get("resources").into_iter().flat_map(View::items).filter_map(View::str);
    resources.any(|resource| resource == core || matches!(resource, "*." | "*.*"))
}
