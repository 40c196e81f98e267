//! The `role` and `binding` subjects: what is granted, where it holds, and to whom.

use super::builder::{FactBuilder, Fallback};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, Link};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Roles that every API server makes by itself (`bootstrap-labels: rbac-defaults`), by name.
/// Source: kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
const SHIPPED: &[&str] = &["cluster-admin", "admin", "edit", "view"];

/// The facts of a Role or ClusterRole.
pub fn role(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let name = &document.key.as_ref()?.name;
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let bindings = inventory.links().to(Link::Grant, id);
    let cluster_wide = bindings.iter().any(|&binding| inventory.document(binding).kind() == "ClusterRoleBinding");
    let bound: Vec<NodeId> = bindings.iter().map(|&binding| super::neighbour(&mut facts, inventory, binding)).collect();
    let rules: Vec<NodeId> =
        root.get("rules").into_iter().flat_map(View::items).map(|rule| policy(&mut facts, rule)).collect();
    let anchor = facts.anchor();
    let labels = root.path("metadata.labels");
    let bootstrap = labels.and_then(|labels| labels.get("kubernetes.io/bootstrapping")).is_some();
    let fields = [
        ("kind", facts.lookup(root, "kind", Fallback::Null)),
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::Null)),
        ("object", facts.refer(root.at())),
        ("shipped", facts.bool(bootstrap || SHIPPED.contains(&&**name) || name.starts_with("system:"), anchor.clone())),
        ("clusterKind", facts.bool(document.kind() == "ClusterRole", anchor.clone())),
        ("boundClusterWide", facts.bool(cluster_wide, anchor)),
        ("rules", facts.list_at(&rules, root.origin_of("rules"))),
        ("bindings", facts.list(&bound)),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Role, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// One rule with every list present.
fn policy(facts: &mut FactBuilder, rule: View<'_>) -> NodeId {
    let lists = ["apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs"];
    let fields: Vec<(&'static str, NodeId)> = lists
        .into_iter()
        .map(|name| {
            let node = match rule.get(name).filter(|list| list.is_list()) {
                Some(list) => facts.refer(list.at()),
                None => facts.list_at(&[], rule.origin_of(name)),
            };
            (name, node)
        })
        .collect();
    facts.map(&fields, Origin::Node(rule.at()))
}

/// The facts of a RoleBinding or ClusterRoleBinding.
pub fn binding(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let name = &document.key.as_ref()?.name;
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let subjects: Vec<NodeId> = root
        .get("subjects")
        .into_iter()
        .flat_map(View::items)
        .map(|subject| grantee(&mut facts, subject, root))
        .collect();
    let anchor = facts.anchor();
    let bootstrap = root.path("metadata.labels").and_then(|labels| labels.get("kubernetes.io/bootstrapping")).is_some();
    let fields = [
        ("kind", facts.lookup(root, "kind", Fallback::Null)),
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::Null)),
        ("object", facts.refer(root.at())),
        ("roleKind", facts.lookup(root, "roleRef.kind", Fallback::Str(""))),
        ("roleName", facts.lookup(root, "roleRef.name", Fallback::Str(""))),
        ("clusterWide", facts.bool(document.kind() == "ClusterRoleBinding", anchor.clone())),
        ("shipped", facts.bool(bootstrap || name.starts_with("system:") || name.starts_with("kubeadm:"), anchor)),
        ("subjects", facts.list_at(&subjects, root.origin_of("subjects"))),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Binding, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

fn grantee(facts: &mut FactBuilder, subject: View<'_>, binding: View<'_>) -> NodeId {
    let namespace = match subject.get("namespace") {
        Some(namespace) => facts.refer(namespace.at()),
        None => facts.lookup(binding, "metadata.namespace", Fallback::Str("")),
    };
    let place = subject.get("name").unwrap_or(subject);
    let fields = [
        ("kind", facts.lookup(subject, "kind", Fallback::Str(""))),
        ("name", facts.lookup(subject, "name", Fallback::Str(""))),
        ("namespace", namespace),
    ];
    facts.map(&fields, Origin::Node(place.at()))
}
