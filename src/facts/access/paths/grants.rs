//! What bindings let their subjects do that leads to other identities: the edges of the graph.
//!
//! A right inside a namespace leads to the identities of that namespace only. Roles that the API server makes by itself
//! are known by name; aggregated roles have the rules of those they gather.

use std::sync::Arc;

use super::graph::{Identity, Scope, Stop};
use crate::facts::access::powers::{Lists, doubt};
use crate::facts::builder::hidden;
use crate::inventory::{DocumentId, Fit, Inventory, Labels, Link, label_selector};
use crate::syntax::View;
use crate::vocabulary::{NodeRef, Reason, UnknownCode};

/// A right that leads further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// Makes pods, or changes what makes them.
    Workloads,
    /// Requests tokens.
    Tokens,
    /// Executes commands in containers.
    Exec,
    /// Talks to kubelets.
    Kubelets,
    /// Reads Secrets.
    Secrets,
    /// Impersonates service accounts.
    Accounts,
    /// Impersonates users or groups.
    Users,
    /// Grants what it does not have.
    Escalate,
    /// Writes mutating webhooks.
    Webhooks,
    /// Approves client certificates.
    Certificates,
    /// Everything.
    Everything,
}

/// A right, API groups, resources and verbs.
type Row = (Power, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const RBAC: &[&str] = &["rbac.authorization.k8s.io"];
const ADMISSION: &[&str] = &["admissionregistration.k8s.io"];
const CHANGE: &[&str] = &["update", "patch"];
const POD_MAKERS: &[&str] = &["", "apps", "batch", "extensions"];

/// Source: website, "Role Based Access Control Good Practices", "Privilege escalation risks".
const ROWS: &[Row] = &[
    (
        Power::Workloads,
        POD_MAKERS,
        &[
            "pods",
            "replicationcontrollers",
            "deployments",
            "daemonsets",
            "statefulsets",
            "replicasets",
            "jobs",
            "cronjobs",
        ],
        &["create"],
    ),
    // The account of a pod that runs cannot be changed; that of a template can.
    (
        Power::Workloads,
        POD_MAKERS,
        &["replicationcontrollers", "deployments", "daemonsets", "statefulsets", "replicasets", "cronjobs"],
        CHANGE,
    ),
    (Power::Tokens, &[""], &["serviceaccounts/token"], &["create"]),
    (Power::Exec, &[""], &["pods/exec", "pods/attach"], &["create", "get"]),
    (Power::Exec, &[""], &["pods/ephemeralcontainers"], CHANGE),
    (Power::Kubelets, &[""], &["nodes/proxy"], &["get", "create"]),
    (Power::Secrets, &[""], &["secrets"], &["get", "list", "watch"]),
    (Power::Accounts, &[""], &["serviceaccounts"], &["impersonate"]),
    (Power::Users, &[""], &["users", "groups"], &["impersonate"]),
    (Power::Escalate, RBAC, &["clusterroles"], &["escalate", "bind"]),
    (
        Power::Webhooks,
        ADMISSION,
        &["mutatingwebhookconfigurations", "mutatingadmissionpolicies"],
        &["create", "update", "patch"],
    ),
];

/// Signers whose certificates the API server accepts from clients.
/// Source: kubernetes `staging/src/k8s.io/api/certificates/v1/types.go`; `kubernetes.io/*` names all of a domain.
const CLIENT_SIGNERS: &[&str] = &["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"];

impl Power {
    /// Where it leads.
    fn stops(self, scope: &Scope) -> Vec<Stop> {
        let everywhere = *scope == Scope::All;
        match self {
            Power::Workloads | Power::Tokens | Power::Accounts => vec![Stop::Accounts(scope.clone())],
            Power::Exec => vec![Stop::Running(scope.clone())],
            Power::Secrets if everywhere => vec![Stop::Secrets, Stop::Tokens(Scope::All)],
            Power::Secrets => vec![Stop::Tokens(scope.clone())],
            Power::Kubelets if everywhere => vec![Stop::Running(Scope::All)],
            Power::Kubelets => Vec::new(),
            _ if everywhere => vec![Stop::Admin],
            _ => Vec::new(),
        }
    }

    /// What whoever holds it does, to an identity or with everything.
    pub fn phrase(self) -> &'static str {
        match self {
            Power::Workloads => "runs pods as",
            Power::Tokens => "requests tokens of",
            Power::Exec => "executes commands in pods of",
            Power::Kubelets => "executes commands through `nodes/proxy` in pods of",
            Power::Secrets => "reads the token Secret of",
            Power::Accounts => "impersonates",
            Power::Users => "impersonates anybody",
            Power::Escalate => "grants itself any right",
            Power::Webhooks => "rewrites what others apply",
            Power::Certificates => "approves certificates in any name",
            Power::Everything => "is granted everything",
        }
    }
}

/// What somebody does.
#[derive(Clone, Debug)]
pub struct Step {
    /// The right.
    pub power: Power,
    /// The resource in the role that gives it, else the role's name in the binding.
    pub place: NodeRef,
    /// The document of that place.
    pub document: DocumentId,
    /// The binding that grants it.
    pub binding: DocumentId,
}

/// Everything that a binding lets its subjects do, and why there may be more.
pub fn steps(inventory: &Inventory, binding: DocumentId) -> (Vec<(Step, Stop)>, Option<Reason>) {
    let document = inventory.document(binding);
    let scope = match document.kind() {
        "ClusterRoleBinding" => Scope::All,
        _ => Scope::Namespace(document.namespace()),
    };
    let roles = inventory.links().from(Link::Grant, binding);
    if roles.is_empty() {
        return by_name(inventory, binding, &scope);
    }
    let mut steps = Vec::new();
    let mut hidden = None;
    for (role, rule) in roles.iter().flat_map(|&role| rules(inventory, role)) {
        hidden = hidden.or_else(|| doubt(rule).cloned());
        for (power, resource) in held(rule) {
            let step = Step { power, place: resource.at(), document: role, binding };
            steps.extend(power.stops(&scope).into_iter().map(|stop| (step.clone(), stop)));
        }
    }
    (steps, hidden)
}

/// What the roles that are not in the input give, where everybody knows them.
/// Source: kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`.
fn by_name(inventory: &Inventory, binding: DocumentId, scope: &Scope) -> (Vec<(Step, Stop)>, Option<Reason>) {
    let root = inventory.document(binding).view(inventory.forest());
    let Some(name) = root.path("roleRef.name") else { return (Vec::new(), None) };
    let powers: &[Power] = match name.str() {
        Some("cluster-admin") => &[Power::Everything, Power::Workloads, Power::Secrets],
        Some("admin" | "edit") => &[Power::Workloads, Power::Secrets],
        Some(other) if other == "view" || other.starts_with("system:") => &[],
        other => {
            let absent = || {
                let role = other.unwrap_or_default();
                Reason::new(UnknownCode::Partial, format!("the role `{role}` is not in the input"))
            };
            return (Vec::new(), Some(hidden(root, "roleRef.name").cloned().unwrap_or_else(absent)));
        }
    };
    let step = |power| Step { power, place: name.at(), document: binding, binding };
    let steps = powers.iter().flat_map(|&power| power.stops(scope).into_iter().map(move |stop| (step(power), stop)));
    (steps.collect(), None)
}

/// The rules of a role with the role they stand in; those of the roles it gathers come with it.
fn rules(inventory: &Inventory, role: DocumentId) -> Vec<(DocumentId, View<'_>)> {
    let of = |id: DocumentId| {
        let rules = inventory.document(id).view(inventory.forest()).get("rules");
        rules.into_iter().flat_map(View::items).map(move |rule| (id, rule))
    };
    let selectors = inventory.document(role).view(inventory.forest()).path("aggregationRule.clusterRoleSelectors");
    let gathered = selectors.into_iter().flat_map(View::items).filter_map(label_selector);
    let environment = inventory.document(role).environment;
    let gathered = gathered.flat_map(|shown| {
        inventory.of_kind("ClusterRole", environment).filter(move |&other| {
            let labels = Labels::of(inventory.document(other).view(inventory.forest()));
            other != role && labels.fit(&shown, |_, _| None) == Fit::Yes
        })
    });
    of(role).chain(gathered.flat_map(of)).collect()
}

/// The rights that a rule gives, each once, with the resource.
fn held<'a>(rule: View<'a>) -> Vec<(Power, View<'a>)> {
    let lists = Lists::of(rule);
    let mut found: Vec<(Power, View<'a>)> = Vec::new();
    let approves = lists.resource(&["certificates.k8s.io"], &["signers"], &["approve", "sign"]);
    if let Some(signers) = approves.filter(|_| lists.covers_name(CLIENT_SIGNERS)) {
        found.push((Power::Certificates, signers));
    }
    if !lists.is_unnamed() {
        return found;
    }
    for (power, groups, resources, verbs) in ROWS {
        if let Some(resource) = lists.resource(groups, resources, verbs)
            && found.iter().all(|(known, _)| known != power)
        {
            found.push((*power, resource));
        }
    }
    // Wildcards alone satisfy lists of no words.
    if let Some(all) = lists.resource(&[], &[], &[]) {
        found.push((Power::Everything, all));
    }
    found
}

/// Who is meant by a subject of a binding: kind, namespace and name.
pub fn grantee(inventory: &Inventory, binding: DocumentId, subject: View<'_>) -> Option<Identity> {
    let name = subject.str_at("name")?;
    let own = || inventory.document(binding).namespace();
    let identity = |kind, namespace, name: &str| Identity { kind, namespace, name: Arc::from(name) };
    match subject.str_at("kind")? {
        "ServiceAccount" => {
            Some(identity("ServiceAccount", subject.str_at("namespace").map(Arc::from).or_else(own), name))
        }
        "User" => match name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
            Some((namespace, account)) => Some(identity("ServiceAccount", Some(Arc::from(namespace)), account)),
            None => Some(identity("User", None, name)),
        },
        "Group" => Some(identity("Group", None, name)),
        _ => None,
    }
}
