//! The `namespace` subject: what a namespace asks of its pods, and what limits it.
//!
//! Reads the namespace's own labels and the objects that stand beside it. Defaults of the admission controller, which are
//! not in manifests, are not known here.

use super::Tables;
use super::builder::{FactBuilder, Fallback};
use super::pod_security::PREFIX;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Namespaces of the distribution and of node agents, which need what application namespaces must not have.
const INFRASTRUCTURE: &[&str] = &[
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "kube-flannel",
    "calico-system",
    "calico-apiserver",
    "tigera-operator",
    "cilium",
    "metallb-system",
    "longhorn-system",
    "rook-ceph",
    "istio-cni",
    "node-problem-detector",
    "local-path-storage",
    "gmp-system",
    "amazon-cloudwatch",
    "gpu-operator",
    "kubevirt",
];

/// Beginnings of such names.
const PREFIXES: &[&str] = &["openshift-", "gke-", "kube-"];

/// The facts of a Namespace.
pub fn build(inventory: &Inventory, tables: &Tables, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let key = inventory.document(id).key.as_ref().filter(|key| key.is("", "Namespace"))?;
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let anchor = facts.anchor();
    let infrastructure =
        INFRASTRUCTURE.contains(&&*key.name) || PREFIXES.iter().any(|prefix| key.name.starts_with(prefix));
    let beside = |kind: &str, found: bool, facts: &mut FactBuilder| {
        let reason = inventory.completeness(kind, id).reason().cloned().filter(|_| !found);
        match reason {
            Some(reason) => facts.unknown(reason, Origin::Anchor(super::anchor(root))),
            None => facts.bool(found, Origin::Anchor(super::anchor(root))),
        }
    };
    let surroundings = &tables.surroundings;
    let (ingress, egress) = tables.denials.of(inventory, id, &key.name);
    let fields = [
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("object", facts.refer(root.at())),
        ("infrastructure", facts.bool(infrastructure, anchor.clone())),
        ("guarded", facts.bool(surroundings.guarded(inventory, id), anchor.clone())),
        ("podSecurity", labels(&mut facts, root)),
        ("enforce", label(&mut facts, root, "enforce")),
        ("enforceVersion", label(&mut facts, root, "enforce-version")),
        ("hasQuota", beside("ResourceQuota", surroundings.has_quota(inventory, id, &key.name), &mut facts)),
        ("hasLimitRange", beside("LimitRange", surroundings.has_limit_range(inventory, id, &key.name), &mut facts)),
        ("deniesIngress", beside("NetworkPolicy", ingress, &mut facts)),
        ("deniesEgress", beside("NetworkPolicy", egress, &mut facts)),
    ];
    let node = facts.map(&fields, anchor);
    let subject = Subject::of(SubjectKind::Namespace, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// The value of a Pod Security label; null if unset, unknown where a template may set it.
fn label(facts: &mut FactBuilder, root: View<'_>, name: &str) -> NodeId {
    let labels = root.path("metadata.labels");
    match labels.and_then(|labels| labels.get(&format!("{PREFIX}{name}"))) {
        Some(value) => facts.refer(value.at()),
        None => {
            let hidden = [Some(root), root.get("metadata"), labels].into_iter().flatten();
            let reason = hidden.filter_map(crate::inventory::hides).next().cloned();
            let origin = root.origin_of("metadata.labels");
            match reason {
                Some(reason) => facts.unknown(reason, origin),
                None => facts.null(origin),
            }
        }
    }
}

/// Every label that begins as those of Pod Security do, or nearly so.
fn labels(facts: &mut FactBuilder, root: View<'_>) -> NodeId {
    let labels = root.path("metadata.labels").into_iter().flat_map(View::entries);
    let nodes: Vec<NodeId> = labels
        .filter(|(key, _)| key.contains("pod-security") || key.contains("podsecurity"))
        .map(|(key, value)| {
            let origin = Origin::Node(value.at());
            let short = key.strip_prefix(PREFIX).unwrap_or("");
            let fields = [
                ("key", facts.str(key, origin.clone())),
                ("mode", facts.str(short, origin.clone())),
                ("value", facts.refer(value.at())),
            ];
            facts.map(&fields, origin)
        })
        .collect();
    facts.list(&nodes)
}
