//! `Document`: one object or one foreign configuration file, with the identity other objects know it by.

use std::sync::Arc;

use crate::syntax::{Forest, Format, View};
use crate::vocabulary::{NodeRef, SourceId};

use super::EnvironmentId;

/// Index of a document in the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub u32);

impl DocumentId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a document is to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An object, or a configuration document with an `apiVersion`.
    Object,
    /// A patch of a Kustomize root: part of an object, never judged alone.
    Patch,
    /// An object of a cluster that is judged with the controller that made it, such as a Pod of a ReplicaSet.
    Part,
    /// A configuration file of another tool (HAProxy, keepalived, nginx …).
    Foreign,
    /// A document without `apiVersion` and `kind`: values, inventories, anything.
    Other,
}

/// How Kubernetes names an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// API group; empty for core.
    pub group: Arc<str>,
    /// API version without the group.
    pub version: Arc<str>,
    /// Kind.
    pub kind: Arc<str>,
    /// Namespace as written, or as a Kustomize root sets it; `None` when nobody says.
    pub namespace: Option<Arc<str>>,
    /// `metadata.name`; empty when the object has none (kubeadm documents, `generateName`).
    pub name: Arc<str>,
}

impl Key {
    /// `group/version`, or the version alone for core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether this is `kind` of API group `group`, in any version.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        &*self.kind == kind && &*self.group == group
    }
}

/// One document of the input.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its root node; an item of a `List` is a node inside the list's tree.
    pub root: NodeRef,
    /// The text it stands in.
    pub source: SourceId,
    /// How that text was read.
    pub format: Format,
    /// Its identity, when it is an object.
    pub key: Option<Key>,
    /// What it is to the cluster.
    pub role: Role,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
}

impl Document {
    /// A reader at its root.
    pub fn view<'a>(&self, forest: &'a Forest) -> View<'a> {
        forest.view(self.root)
    }

    /// Its namespace, as its key has it.
    pub fn namespace(&self) -> Option<Arc<str>> {
        self.key.as_ref().and_then(|key| key.namespace.clone())
    }

    /// Its kind; empty for foreign files.
    pub fn kind(&self) -> &str {
        self.key.as_ref().map_or("", |key| &key.kind)
    }
}

/// Reads the identity of an object; `None` without `apiVersion` and `kind`.
pub fn key_of(root: View<'_>) -> Option<Key> {
    let api_version = root.get("apiVersion")?.str()?;
    let kind = root.get("kind")?.str()?;
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let text = |path: &str| root.path(path).and_then(|view| view.str());
    Some(Key {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        namespace: text("metadata.namespace").filter(|name| !name.is_empty()).map(Arc::from),
        name: text("metadata.name").unwrap_or_default().into(),
    })
}

/// The objects in a document: the items of a `List`, else the document itself.
pub fn objects_in(root: View<'_>) -> Vec<View<'_>> {
    let is_list = root.get("kind").and_then(View::str).is_some_and(|kind| kind.ends_with("List"));
    match root.get("items").filter(|items| is_list && items.is_list()) {
        Some(items) => items.items().flat_map(objects_in).collect(),
        None => vec![root],
    }
}
