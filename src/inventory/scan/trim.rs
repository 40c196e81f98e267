//! One object of a cluster, made small and safe: what no fact reads is dropped, what `data/redaction.yaml` lists is hidden.
//!
//! Works on the bytes of one object alone, so that nothing but trimmed texts is ever held of a large cluster. What belongs to
//! a controller (a Pod to its ReplicaSet) says little of its own, and only that little is kept. Secrets become the markers
//! that `marker` reads back.

use std::fmt::Write as _;
use std::sync::Arc;

use super::marker;
use crate::inventory::redaction;
use crate::source::Resource;
use crate::syntax::{Data, Tree, json};
use crate::vocabulary::{NodeId, SourceId, Span};

/// What of a value is kept.
enum Keep {
    All,
    /// Only these keys; of a list, the same in every element.
    Only(&'static [(&'static str, Keep)]),
    /// The same, of elements that have not this value under this key.
    Unless(&'static str, &'static str, &'static [(&'static str, Keep)]),
}

use Keep::{All, Only, Unless};

const METADATA: Keep = Only(&[
    ("name", All),
    ("namespace", All),
    ("labels", All),
    ("creationTimestamp", All),
    ("deletionTimestamp", All),
    ("ownerReferences", Only(&[("kind", All), ("name", All), ("controller", All)])),
]);
const STATE: Keep = Only(&[
    ("waiting", Only(&[("reason", All)])),
    ("running", Only(&[("startedAt", All)])),
    ("terminated", Only(&[("reason", All), ("exitCode", All), ("finishedAt", All)])),
]);
const CONTAINER_STATUSES: Keep =
    Only(&[("name", All), ("ready", All), ("restartCount", All), ("state", STATE), ("lastState", STATE)]);
/// What holds is as it should be.
const CONDITIONS: Keep =
    Unless("status", "True", &[("type", All), ("status", All), ("reason", All), ("lastTransitionTime", All)]);
const CONTAINERS: Keep = Only(&[("name", All), ("restartPolicy", All), ("resources", All)]);

/// What facts read of a Pod that a controller made.
const POD: Keep = Only(&[
    ("metadata", METADATA),
    ("spec", Only(&[("nodeName", All), ("containers", CONTAINERS), ("initContainers", CONTAINERS), ("overhead", All)])),
    (
        "status",
        Only(&[
            ("phase", All),
            ("reason", All),
            ("startTime", All),
            ("conditions", CONDITIONS),
            ("containerStatuses", CONTAINER_STATUSES),
            ("initContainerStatuses", CONTAINER_STATUSES),
        ]),
    ),
]);

/// The same of a ReplicaSet or Job.
const OWNED: Keep = Only(&[("metadata", METADATA), ("spec", Only(&[("replicas", All)])), ("status", All)]);

/// Kinds whose objects are parts of others: the controllers that they are parts of, and what is kept.
const PARTS: &[(&str, &[&str], &Keep)] = &[
    ("Pod", &["ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"], &POD),
    ("ReplicaSet", &["Deployment", "Rollout"], &OWNED),
    ("Job", &["CronJob"], &OWNED),
];

/// What nobody reads: of every kind (`*`) or of one.
const DROPPED: &[(&str, &[&str])] = &[
    ("*", &["metadata", "managedFields"]),
    ("*", &["metadata", "uid"]),
    ("*", &["metadata", "resourceVersion"]),
    ("*", &["metadata", "selfLink"]),
    ("*", &["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"]),
    ("Node", &["status", "images"]),
    ("Node", &["status", "volumesInUse"]),
    ("Node", &["status", "volumesAttached"]),
    ("CustomResourceDefinition", &["spec", "versions", "schema"]),
    ("CustomResourceDefinition", &["spec", "versions", "additionalPrinterColumns"]),
    ("CustomResourceDefinition", &["spec", "validation"]),
];

/// What of an object is judged with its controller: `None` for what stands for itself.
pub(super) fn controller_of<'o>(kind: &str, owners: impl IntoIterator<Item = (&'o str, bool)>) -> Option<&'static str> {
    let (_, controllers, _) = PARTS.iter().find(|(part, ..)| *part == kind)?;
    let mut owners = owners.into_iter().filter(|(_, controls)| *controls);
    owners.find_map(|(owner, _)| controllers.iter().copied().find(|known| *known == owner))
}

/// An object as a scan keeps it: compact JSON with `apiVersion` and `kind`. `None` for bytes that are no JSON object.
pub fn trim(resource: &Resource, bytes: &[u8]) -> Option<Box<str>> {
    let (mut text, mut trees) = read(std::str::from_utf8(bytes).ok()?)?;
    // Items of lists carry no kind of their own, and of a Secret it decides what must be hidden.
    if resource.kind == "Secret" && trees[0].get(trees[0].root(), "kind").is_none() {
        let rest = text.trim_start().strip_prefix('{')?;
        let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
        (text, trees) = read(&format!("{{\"kind\":\"Secret\"{comma}{rest}"))?;
    }
    redaction::redact(&mut trees, &mut text);
    let tree = &trees[0];
    let mut writer = Writer { tree, out: String::with_capacity(text.len().min(4096)) };
    writer.object(resource, keep(tree, &resource.kind));
    Some(writer.out.into_boxed_str())
}

/// One object. A key that stands twice may hide a secret from those who look at the last only: such a text is refused.
fn read(text: &str) -> Option<(Arc<str>, Vec<Tree>)> {
    let text: Arc<str> = Arc::from(text);
    let (trees, problems) = json::read(SourceId::default(), &text, Span::new(0, text.len()));
    let is_object = trees.len() == 1 && matches!(trees[0].data(trees[0].root()), Data::Map(_));
    (is_object && problems.is_empty()).then_some((text, trees))
}

fn keep(tree: &Tree, kind: &str) -> &'static Keep {
    let metadata = tree.get(tree.root(), "metadata");
    let owners = metadata.and_then(|metadata| tree.get(metadata, "ownerReferences"));
    let owners = owners.map_or(&[][..], |owners| tree.elements(owners)).iter().filter_map(|&owner| {
        let kind = tree.str(tree.get(owner, "kind")?)?;
        let controls = tree.get(owner, "controller").is_some_and(|controls| tree.data(controls) == Data::Bool(true));
        Some((kind, controls))
    });
    match controller_of(kind, owners) {
        Some(_) => PARTS.iter().find(|(part, ..)| *part == kind).map_or(&All, |(.., keep)| keep),
        None => &All,
    }
}

fn is_left_out(tree: &Tree, element: NodeId, keep: &Keep) -> bool {
    let Unless(key, value, _) = keep else { return false };
    tree.get(element, key).and_then(|found| tree.str(found)) == Some(value)
}

/// What is left out below a key.
type Drops = Vec<&'static [&'static str]>;

struct Writer<'t> {
    tree: &'t Tree,
    out: String,
}

impl Writer<'_> {
    fn object(&mut self, resource: &Resource, keep: &Keep) {
        let version = match resource.group.as_str() {
            "" => resource.version.clone(),
            group => format!("{group}/{}", resource.version),
        };
        self.out.push_str("{\"apiVersion\":");
        self.string(&version);
        self.out.push_str(",\"kind\":");
        self.string(&resource.kind);
        let of_kind = DROPPED.iter().filter(|(kind, _)| *kind == "*" || *kind == resource.kind);
        let drops: Drops = of_kind.map(|(_, path)| *path).collect();
        for (key, value) in self.tree.entries(self.tree.root()) {
            let Some(name) = self.tree.str(key).filter(|name| !matches!(*name, "apiVersion" | "kind")) else {
                continue;
            };
            self.entry(name, value, keep, &drops, false);
        }
        self.out.push('}');
    }

    /// Writes an entry that is kept; true if it was.
    fn entry(&mut self, name: &str, value: NodeId, keep: &Keep, drops: &Drops, first: bool) -> bool {
        let kept = match keep {
            All => Some(&All),
            Only(keys) | Unless(_, _, keys) => keys.iter().find(|(key, _)| *key == name).map(|(_, keep)| keep),
        };
        let dropped = drops.iter().any(|path| path.len() == 1 && path[0] == name);
        let Some(kept) = kept.filter(|_| !dropped) else { return false };
        if !first {
            self.out.push(',');
        }
        self.string(name);
        self.out.push(':');
        let below = drops.iter().filter(|path| path.len() > 1 && path[0] == name).map(|path| &path[1..]);
        self.value(value, kept, &below.collect());
        true
    }

    fn value(&mut self, id: NodeId, keep: &Keep, drops: &Drops) {
        match self.tree.data(id) {
            Data::Map(_) => {
                self.out.push('{');
                let mut first = true;
                for (key, value) in self.tree.entries(id) {
                    if let Some(name) = self.tree.str(key) {
                        first &= !self.entry(name, value, keep, drops, first);
                    }
                }
                self.out.push('}');
            }
            Data::List(_) => {
                self.out.push('[');
                let tree = self.tree;
                let kept = tree.elements(id).iter().filter(|element| !is_left_out(tree, **element, keep));
                for (at, &element) in kept.enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.value(element, keep, drops);
                }
                self.out.push(']');
            }
            _ => self.scalar(id),
        }
    }

    fn scalar(&mut self, id: NodeId) {
        match self.tree.data(id) {
            Data::Str(text) => self.string(self.tree.text(text)),
            Data::Bool(value) => self.out.push_str(if value { "true" } else { "false" }),
            // Writing to a string cannot fail.
            Data::Int(value) => drop(write!(self.out, "{value}")),
            Data::Float(_) => self.out.push_str(self.tree.raw(id)),
            Data::Redacted(redaction) => self.string(&marker::write(redaction)),
            _ => self.out.push_str("null"),
        }
    }

    fn string(&mut self, text: &str) {
        // Text always becomes JSON.
        self.out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}
