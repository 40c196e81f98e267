//! The `role` and `binding` subjects: what is granted, where it holds, and to whom.

mod paths;
mod powers;

pub use paths::build as paths;

use super::builder::{FactBuilder, Fallback, hidden};
use super::controllers::{Controllers, Right};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, Link};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId, UnknownCode};

/// Roles that every API server makes by itself (`bootstrap-labels: rbac-defaults`), by name.
/// Source: kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
const SHIPPED: &[&str] = &["cluster-admin", "admin", "edit", "view"];

/// How the names of bindings begin that the API server, kubeadm or a provider makes by itself.
/// Source: bootstrappolicy; kubeadm `clusterinfo` and `kubeconfig` phases; EKS (`eks:`), AKS (`aks-cluster-admin-binding`)
/// and GKE (`gce:`) clusters as they come.
const SHIPPED_BINDINGS: &[&str] = &["system:", "kubeadm:", "eks:", "gce:", "aks-cluster-admin-binding"];

/// API groups of Kubernetes itself; any other group belongs to whoever defined it.
/// Source: the Kubernetes API reference of 1.36. OpenShift's own end in `.openshift.io`.
const BUILT_IN_GROUPS: &[&str] = &[
    "",
    "*",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// The facts of a Role or ClusterRole.
pub fn role(
    inventory: &Inventory,
    controllers: &Controllers,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let name = &document.key.as_ref()?.name;
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let bindings = inventory.links().to(Link::Grant, id);
    let cluster_wide = bindings.iter().any(|&binding| inventory.document(binding).kind() == "ClusterRoleBinding");
    let namespaced = namespaced(&mut facts, inventory, id);
    let needs = needs(&mut facts, role_needs(inventory, controllers, id, name));
    let bound: Vec<NodeId> = bindings.iter().map(|&binding| super::neighbour(&mut facts, inventory, binding)).collect();
    let rules: Vec<NodeId> =
        root.get("rules").into_iter().flat_map(View::items).map(|rule| policy(&mut facts, rule)).collect();
    let anchor = facts.anchor();
    let labels = root.path("metadata.labels");
    let bootstrap = labels.and_then(|labels| labels.get("kubernetes.io/bootstrapping")).is_some();
    let fields = [
        ("kind", facts.lookup(root, "kind", Fallback::Null)),
        ("name", super::name(&mut facts, root)),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
        ("object", facts.refer(root.at())),
        ("shipped", facts.bool(bootstrap || SHIPPED.contains(&&**name) || name.starts_with("system:"), anchor.clone())),
        ("clusterKind", facts.bool(document.kind() == "ClusterRole", anchor.clone())),
        ("boundClusterWide", facts.bool(cluster_wide, anchor)),
        ("namespaced", namespaced),
        ("needs", needs),
        ("aggregatesTo", aggregates_to(&mut facts, root)),
        ("servingOnly", facts.bool(serving_only(root), root.origin_of("rules"))),
        ("rules", facts.list_at(&rules, root.origin_of("rules"))),
        ("bindings", facts.list(&bound)),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Role, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// The user-facing roles that the control plane copies a role's rules into.
fn aggregates_to(facts: &mut FactBuilder, root: View<'_>) -> NodeId {
    let labels = root.path("metadata.labels");
    let label = |role: &str| labels?.get(&format!("rbac.authorization.k8s.io/aggregate-to-{role}"));
    let roles = ["admin", "edit", "view"].into_iter().filter_map(|role| Some((role, label(role)?)));
    let roles: Vec<_> = roles.filter(|(_, label)| label.str() == Some("true")).collect();
    let anchor = facts.anchor();
    facts.strings(roles.into_iter().map(|(role, label)| (role, Origin::Node(label.at()))), anchor)
}

/// Whether a role holds inside namespaces only.
fn namespaced(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId) -> NodeId {
    let anchor = facts.anchor();
    if inventory.document(id).kind() == "Role" {
        return facts.bool(true, anchor);
    }
    let bindings = inventory.links().to(Link::Grant, id);
    let cluster_wide = bindings.iter().any(|&binding| inventory.document(binding).kind() == "ClusterRoleBinding");
    if bindings.is_empty() || cluster_wide {
        return facts.bool(false, anchor);
    }
    match inventory.completeness("ClusterRoleBinding", id).reason() {
        Some(reason) => facts.unknown(reason.clone(), anchor),
        None => facts.bool(true, anchor),
    }
}

/// What the well-known controller that a role belongs to needs: known by the role's name, or by who is granted it.
fn role_needs(inventory: &Inventory, controllers: &Controllers, id: DocumentId, name: &str) -> Vec<Right> {
    let by_name = controllers.of_role(name);
    if !by_name.is_empty() {
        return by_name;
    }
    let bindings = inventory.links().to(Link::Grant, id).iter().map(|&binding| inventory.document(binding));
    let grantees = bindings.flat_map(|binding| binding.view(inventory.forest()).get("subjects")).flat_map(View::items);
    let accounts = grantees.filter(|grantee| grantee.str_at("kind") == Some("ServiceAccount"));
    accounts
        .filter_map(|account| account.str_at("name"))
        .map(|account| controllers.of_account(account))
        .find(|needs| !needs.is_empty())
        .unwrap_or_default()
}

fn needs(facts: &mut FactBuilder, rights: Vec<Right>) -> NodeId {
    let anchor = facts.anchor();
    facts.strings(rights.into_iter().map(|right| (right.as_str(), anchor.clone())), anchor.clone())
}

/// One rule with every list present.
fn policy(facts: &mut FactBuilder, rule: View<'_>) -> NodeId {
    let lists = ["apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs"];
    let mut fields: Vec<(&'static str, NodeId)> = lists
        .into_iter()
        .map(|name| {
            let node = match rule.get(name).filter(|list| list.is_list() || list.unknown().is_some()) {
                Some(list) => facts.refer(list.at()),
                None => facts.list_at(&[], rule.origin_of(name)),
            };
            (name, node)
        })
        .collect();
    let all = |list: &str| rule.get(list).into_iter().flat_map(View::items).any(|item| item.str() == Some("*"));
    let everything = all("apiGroups") && all("resources") && all("verbs");
    fields.push(("everything", facts.bool(everything, Origin::Node(rule.at()))));
    fields.push(("custom", facts.bool(custom(rule), rule.origin_of("apiGroups"))));
    fields.push(("powers", powers::build(facts, rule)));
    facts.map(&fields, Origin::Node(rule.at()))
}

/// Whether a role may approve or sign for signers, and for none but that of kubelets' serving certificates.
fn serving_only(root: View<'_>) -> bool {
    let lists = |rule: View<'_>, list: &str, word: &str| {
        rule.get(list).into_iter().flat_map(View::items).any(|item| item.str() == Some(word))
    };
    let rules = root.get("rules").into_iter().flat_map(View::items);
    let mut signers = rules.filter(|rule| lists(*rule, "resources", "signers")).peekable();
    signers.peek().is_some()
        && signers.all(|rule| {
            let mut names = rule.get("resourceNames").into_iter().flat_map(View::items).peekable();
            names.peek().is_some() && names.all(|name| name.str() == Some("kubernetes.io/kubelet-serving"))
        })
}

/// Whether every API group of a rule is somebody's own.
fn custom(rule: View<'_>) -> bool {
    let mut groups = rule.get("apiGroups").into_iter().flat_map(View::items).filter_map(View::str).peekable();
    groups.peek().is_some()
        && groups.all(|group| !BUILT_IN_GROUPS.contains(&group) && !group.ends_with(".openshift.io"))
}

/// Whether the API server, kubeadm or a provider makes a binding by itself.
fn is_shipped_binding(root: View<'_>) -> bool {
    let labels = root.path("metadata.labels");
    let bootstrap = labels.and_then(|labels| labels.get("kubernetes.io/bootstrapping")).is_some();
    let name = root.path("metadata.name").and_then(View::str).unwrap_or_default();
    bootstrap || SHIPPED_BINDINGS.iter().any(|prefix| name.starts_with(prefix))
}

/// The facts of a RoleBinding or ClusterRoleBinding.
pub fn binding(
    inventory: &Inventory,
    controllers: &Controllers,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    document.key.as_ref()?;
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let subjects: Vec<NodeId> = root
        .get("subjects")
        .into_iter()
        .flat_map(View::items)
        .map(|subject| grantee(&mut facts, inventory, controllers, id, subject))
        .collect();
    let anchor = facts.anchor();
    let fields = [
        ("kind", facts.lookup(root, "kind", Fallback::Null)),
        ("name", super::name(&mut facts, root)),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
        ("object", facts.refer(root.at())),
        ("roleKind", facts.lookup(root, "roleRef.kind", Fallback::Str(""))),
        ("roleName", facts.lookup(root, "roleRef.name", Fallback::Str(""))),
        ("clusterWide", facts.bool(document.kind() == "ClusterRoleBinding", anchor.clone())),
        ("shipped", facts.bool(is_shipped_binding(root), anchor)),
        ("roleExists", role_exists(&mut facts, inventory, id)),
        ("writes", writes(&mut facts, inventory, id)),
        ("subjects", facts.list_at(&subjects, root.origin_of("subjects"))),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Binding, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// Whether the role that a binding grants is in the input. ClusterRoles may come with things that are installed by others.
fn role_exists(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId) -> NodeId {
    let root = inventory.document(id).view(inventory.forest());
    let origin = root.origin_of("roleRef.name");
    let name = root.str_at("roleRef.name").unwrap_or_default();
    let built_in = SHIPPED.contains(&name) || name.starts_with("system:");
    if built_in || !inventory.links().from(Link::Grant, id).is_empty() {
        return facts.bool(true, origin);
    }
    if let Some(reason) = hidden(root, "roleRef.name") {
        return facts.unknown(reason.clone(), origin);
    }
    if root.str_at("roleRef.kind") == Some("ClusterRole") {
        let reason =
            Reason::new(UnknownCode::Partial, format!("ClusterRole `{name}` may be installed with something else"));
        return facts.unknown(reason, origin);
    }
    match inventory.completeness("Role", id).reason() {
        Some(reason) => facts.unknown(reason.clone(), origin),
        None => facts.bool(false, origin),
    }
}

/// Whether a binding grants more than reading.
fn writes(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId) -> NodeId {
    let root = inventory.document(id).view(inventory.forest());
    let origin = root.origin_of("roleRef.name");
    let roles = inventory.links().from(Link::Grant, id);
    if roles.is_empty() {
        let name = root.str_at("roleRef.name").unwrap_or_default();
        return facts.bool(["cluster-admin", "admin", "edit"].contains(&name), origin);
    }
    let reads = |verb: View<'_>| matches!(verb.str(), Some("get" | "list" | "watch"));
    let writes = roles.iter().any(|&role| {
        let rules = inventory.document(role).view(inventory.forest()).get("rules").into_iter().flat_map(View::items);
        rules.flat_map(|rule| rule.get("verbs")).flat_map(View::items).any(|verb| !reads(verb))
    });
    facts.bool(writes, origin)
}

/// Whether a service account that a binding names is in the input. Another namespace may be somebody else's.
fn account_exists(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId, subject: View<'_>) -> NodeId {
    let origin = subject.origin_of("name");
    let name = subject.str_at("name").unwrap_or_default();
    let is_account = subject.str_at("kind") == Some("ServiceAccount");
    let own = inventory.document(id).namespace();
    let home = subject.str_at("namespace").or(own.as_deref());
    let found = match home.filter(|_| inventory.listings().is_some()) {
        Some(home) => inventory.named_in(id, home, "ServiceAccount", name),
        None => inventory.named(id, "ServiceAccount", name),
    };
    if !is_account || name == "default" || !found.is_empty() {
        return facts.bool(true, origin);
    }
    let elsewhere =
        own.is_none() || subject.str_at("namespace").is_some_and(|namespace| Some(namespace) != own.as_deref());
    if let Some(reason) = hidden(subject, "name").or(inventory.completeness("ServiceAccount", id).reason()) {
        return facts.unknown(reason.clone(), origin);
    }
    // A cluster shows all of its namespaces.
    if elsewhere && inventory.listings().is_none() {
        let reason = Reason::new(UnknownCode::Partial, format!("ServiceAccount `{name}` may be declared elsewhere"));
        return facts.unknown(reason, origin);
    }
    facts.bool(false, origin)
}

fn grantee(
    facts: &mut FactBuilder,
    inventory: &Inventory,
    controllers: &Controllers,
    id: DocumentId,
    subject: View<'_>,
) -> NodeId {
    let binding = inventory.document(id).view(inventory.forest());
    let namespace = match subject.get("namespace") {
        Some(namespace) => facts.refer(namespace.at()),
        None => facts.lookup(binding, "metadata.namespace", Fallback::Str("")),
    };
    let account = subject.str_at("name").filter(|_| subject.str_at("kind") == Some("ServiceAccount"));
    let rights = account.map(|name| controllers.of_account(name)).unwrap_or_default();
    let place = subject.get("name").unwrap_or(subject);
    let needs = needs(facts, rights);
    let fields = [
        ("kind", facts.lookup(subject, "kind", Fallback::Str(""))),
        ("name", facts.lookup(subject, "name", Fallback::Str(""))),
        ("namespace", namespace),
        ("needs", needs),
        ("exists", account_exists(facts, inventory, id, subject)),
    ];
    facts.map(&fields, Origin::Node(place.at()))
}
