//! What a rule of a role lets its holder do, by the names that the rules of k8sready use.
//!
//! A power is held when one API group, resource and verb of its row is granted, a wildcard included. A rule that names objects
//! (`resourceNames`) grants no power over what it does not name, so it grants none of these. Rules that grant everything
//! have only one power worth naming, and it has a fact of its own.

use crate::facts::FactBuilder;
use crate::inventory::hides;
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeId, Reason};

/// Name, API groups, resources and verbs of a power.
type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const RBAC: &[&str] = &["rbac.authorization.k8s.io"];
const WRITE: &[&str] = &["create", "update", "patch"];
const CHANGE: &[&str] = &["update", "patch"];

/// Source: website, "Role Based Access Control Good Practices"; CIS Kubernetes 1.12, section 5.1.
const ROWS: &[Row] = &[
    (
        "workloads",
        &["", "apps", "batch", "extensions"],
        &["replicationcontrollers", "deployments", "daemonsets", "statefulsets", "replicasets", "cronjobs"],
        WRITE,
    ),
    // What a pod or a Job runs as cannot be changed any more.
    ("workloads", &["", "batch"], &["pods", "jobs"], &["create"]),
    ("exec", &[""], &["pods/exec", "pods/attach"], &["create", "get"]),
    ("exec", &[""], &["pods/ephemeralcontainers"], CHANGE),
    ("portForward", &[""], &["pods/portforward"], &["create", "get"]),
    ("bindings", RBAC, &["roles", "clusterroles", "rolebindings", "clusterrolebindings"], WRITE),
    ("escalate", RBAC, &["roles", "clusterroles"], &["escalate", "bind"]),
    ("impersonate", &[""], &["users", "groups", "serviceaccounts"], &["impersonate"]),
    (
        "certificates",
        &["certificates.k8s.io"],
        &["certificatesigningrequests/approval", "certificatesigningrequests/status"],
        CHANGE,
    ),
    ("certificates", &["certificates.k8s.io"], &["signers"], &["approve", "sign"]),
    ("tokens", &[""], &["serviceaccounts/token"], &["create"]),
    (
        "webhooks",
        &["admissionregistration.k8s.io"],
        &[
            "validatingwebhookconfigurations",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
        ],
        &["create", "update", "patch", "delete", "deletecollection"],
    ),
    ("persistentVolumes", &[""], &["persistentvolumes"], &["create"]),
    ("clusterObjects", &[""], &["namespaces", "nodes", "nodes/status"], CHANGE),
    ("clusterObjects", &["apiextensions.k8s.io"], &["customresourcedefinitions"], WRITE),
    ("clusterObjects", &["apiregistration.k8s.io"], &["apiservices"], WRITE),
    ("bulkDelete", &[""], &["pods"], &["delete", "deletecollection"]),
    ("bulkDelete", &[""], &["pods/eviction"], &["create"]),
    ("traces", &["", "events.k8s.io"], &["events"], &["delete", "deletecollection"]),
    ("traces", &[""], &["pods/log"], &["delete", "deletecollection"]),
    ("configMaps", &[""], &["configmaps"], &["create", "update", "patch", "delete", "deletecollection"]),
    (
        "networking",
        &["", "networking.k8s.io", "extensions"],
        &["services", "ingresses", "networkpolicies"],
        &["create", "update", "patch", "delete", "deletecollection"],
    ),
    ("endpoints", &["", "discovery.k8s.io"], &["endpoints", "endpointslices", "services/status"], WRITE),
    ("secrets", &[""], &["secrets"], &["get", "list", "watch"]),
    ("kubelets", &[""], &["nodes/proxy"], &["get", "create", "update", "patch", "delete"]),
];

/// ConfigMaps that a cluster takes orders from.
const TRUSTED_CONFIG: &[&str] =
    &["coredns", "aws-auth", "kube-proxy", "kubeadm-config", "kubelet-config", "extension-apiserver-authentication"];

/// A list of a rule.
struct List<'a> {
    items: Vec<View<'a>>,
    /// Why it may hold more.
    doubt: Option<&'a Reason>,
}

impl<'a> List<'a> {
    fn of(rule: View<'a>, name: &str) -> List<'a> {
        let list = rule.get(name);
        let items: Vec<View<'a>> = list.into_iter().flat_map(View::items).collect();
        let doubt = list.and_then(hides).or_else(|| items.iter().find_map(|item| item.unknown()));
        List { items, doubt }
    }

    /// The element that is one of the words, or a wildcard.
    fn any(&self, words: &[&str]) -> Option<View<'a>> {
        let is_one = |item: &View<'a>| item.str().is_some_and(|text| text == "*" || words.contains(&text));
        self.items.iter().copied().find(is_one)
    }
}

/// The lists of a rule that decide what it gives.
pub struct Lists<'a> {
    groups: List<'a>,
    resources: List<'a>,
    verbs: List<'a>,
    names: List<'a>,
}

impl<'a> Lists<'a> {
    /// Reads a rule.
    pub fn of(rule: View<'a>) -> Lists<'a> {
        let [groups, resources, verbs, names] =
            ["apiGroups", "resources", "verbs", "resourceNames"].map(|list| List::of(rule, list));
        Lists { groups, resources, verbs, names }
    }

    /// Whether it holds for objects of any name, as far as is known.
    pub fn is_unnamed(&self) -> bool {
        self.names.items.is_empty() && self.names.doubt.is_none()
    }

    /// Whether it holds for any name, or for one of these.
    pub fn covers_name(&self, words: &[&str]) -> bool {
        self.is_unnamed() || self.names.items.iter().any(|name| name.str().is_some_and(|name| words.contains(&name)))
    }

    /// The resource of these that it gives one of the verbs on.
    pub fn resource(&self, groups: &[&str], resources: &[&str], verbs: &[&str]) -> Option<View<'a>> {
        let resource = self.resources.any(resources).or_else(|| subresource(&self.resources, resources))?;
        (self.groups.any(groups).is_some() && self.verbs.any(verbs).is_some()).then_some(resource)
    }
}

/// The names of the powers that a rule gives, each with the resource that gives it.
pub fn held<'a>(rule: View<'a>) -> Vec<(&'static str, View<'a>)> {
    let lists = Lists::of(rule);
    if !lists.is_unnamed() {
        return Vec::new();
    }
    let mut found: Vec<(&'static str, View<'a>)> = Vec::new();
    for (name, groups, resources, verbs) in ROWS {
        if let Some(resource) = lists.resource(groups, resources, verbs)
            && found.iter().all(|(known, _)| known != name)
        {
            found.push((*name, resource));
        }
    }
    found
}

/// `*/scale` grants a subresource of everything.
fn subresource<'a>(resources: &List<'a>, wanted: &[&str]) -> Option<View<'a>> {
    let suffix = |resource: &&str| resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let wildcards: Vec<String> = wanted.iter().filter_map(suffix).collect();
    resources.items.iter().copied().find(|item| item.str().is_some_and(|text| wildcards.iter().any(|one| one == text)))
}

/// Why a rule may give more powers than are known.
pub fn doubt<'a>(rule: View<'a>) -> Option<&'a Reason> {
    ["apiGroups", "resources", "verbs"].into_iter().find_map(|list| List::of(rule, list).doubt)
}

/// API groups with few resources, most of which are powerful: `*` in one of them is no general wildcard.
const NARROW_GROUPS: &[&str] = &["certificates.k8s.io", "admissionregistration.k8s.io"];

/// The powers as a fact: name to resource.
pub fn build(facts: &mut FactBuilder, rule: View<'_>) -> NodeId {
    // That every resource is granted is said once, by the rule on wildcards; what that means for running commands, or in a
    // group that is about one thing, is worth a word of its own.
    let groups = List::of(rule, "apiGroups").items;
    let narrow = groups.iter().all(|group| group.str().is_some_and(|group| NARROW_GROUPS.contains(&group)));
    let named =
        held(rule).into_iter().filter(|(name, resource)| narrow || *name == "exec" || resource.str() != Some("*"));
    let mut fields: Vec<(&'static str, NodeId)> =
        named.map(|(name, resource)| (name, facts.refer(resource.at()))).collect();
    if let Some(name) = trusted_config(rule) {
        fields.push(("trustedConfig", facts.refer(name.at())));
    }
    let powers = facts.map(&fields, Origin::Node(rule.at()));
    if let Some(reason) = doubt(rule) {
        facts.open(powers, reason.clone());
    }
    powers
}

/// The name of a ConfigMap that a cluster takes orders from and that the rule lets its holder rewrite.
fn trusted_config<'a>(rule: View<'a>) -> Option<View<'a>> {
    let list = |name: &str| List::of(rule, name);
    let is_named = |name: &View<'a>| name.str().is_some_and(|name| TRUSTED_CONFIG.contains(&name));
    let name = list("resourceNames").items.into_iter().find(is_named)?;
    let writes = list("resources").any(&["configmaps"]).is_some()
        && list("apiGroups").any(&[""]).is_some()
        && list("verbs").any(CHANGE).is_some();
    writes.then_some(name)
}
