//! The `access-path` subject: who reaches every right or all Secrets in a few steps, by way of other identities.
//!
//! A right that reaches the goal in one step is the business of the rules on roles and bindings. Changing the image of a
//! running pod, and rights that come from outside RBAC, are not followed.

mod grants;
mod graph;
mod pods;
mod tell;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::controllers::Controllers;
use super::super::subject::Subject;
use crate::inventory::{DocumentId, EnvironmentId, Inventory};
use crate::syntax::View;
use crate::vocabulary::{NodeRef, Reason};

use grants::grantee;
use graph::{Graph, Identity, Scope, Stop};
use pods::{carries, is_on_workers, silent_accounts};

/// Kinds that bind roles.
const BINDINGS: &[&str] = &["RoleBinding", "ClusterRoleBinding"];

/// The type of Secrets that hold a token which never expires.
const TOKEN_SECRET: &str = "kubernetes.io/service-account-token";

/// Adds the access paths of all environments to the inventory's trees.
pub fn build(inventory: &mut Inventory, controllers: &Controllers) -> Vec<Subject> {
    let environments: Vec<EnvironmentId> = (0..inventory.environments().len())
        .map(|index| EnvironmentId(u32::try_from(index).unwrap_or(u32::MAX)))
        .filter(|&id| inventory.members(id).iter().any(|&member| BINDINGS.contains(&inventory.document(member).kind())))
        .collect();
    let mut subjects = Vec::new();
    for environment in environments {
        let tree = inventory.forest().next_id();
        let (built, of_environment) = tell::subjects(inventory, controllers, &Access::of(inventory, environment), tree);
        inventory.add_tree(built);
        subjects.extend(of_environment);
    }
    subjects
}

/// A pod of a DaemonSet, and whose token it carries.
struct Agent {
    document: DocumentId,
    account: usize,
    /// Where the account's name stands, else the document.
    place: NodeRef,
}

/// Who may do what in an environment.
struct Access {
    environment: EnvironmentId,
    graph: Graph,
    /// Why there may be more rights.
    doubt: Option<Reason>,
    /// Why there may be more bindings.
    hidden_bindings: Option<Reason>,
    /// The first binding that is the environment's own.
    first: Option<DocumentId>,
    agents: Vec<Agent>,
    /// People and groups by the places where bindings of the environment name them.
    people: Vec<(Identity, DocumentId, NodeRef)>,
}

impl Access {
    fn of(inventory: &Inventory, environment: EnvironmentId) -> Access {
        let hidden_bindings = inventory.completeness_in("ClusterRoleBinding", environment).reason().cloned();
        let mut access = Access {
            environment,
            graph: Graph::default(),
            doubt: hidden_bindings.clone(),
            hidden_bindings,
            first: None,
            agents: Vec::new(),
            people: Vec::new(),
        };
        let bindings: Vec<DocumentId> = BINDINGS.iter().flat_map(|kind| inventory.of_kind(kind, environment)).collect();
        for binding in bindings {
            access.bind(inventory, binding);
        }
        access.open_namespaces();
        access.join_groups();
        access.run(inventory);
        access.lay_open_tokens(inventory);
        access
    }

    /// Adds what a binding grants to each of its subjects.
    fn bind(&mut self, inventory: &Inventory, binding: DocumentId) {
        let (steps, doubt) = grants::steps(inventory, binding);
        self.doubt = self.doubt.take().or(doubt);
        let document = inventory.document(binding);
        let own = document.environment == self.environment;
        self.first = self.first.or(own.then_some(binding));
        let shipped = super::is_shipped_binding(document.view(inventory.forest()));
        let subjects = document.view(inventory.forest()).get("subjects");
        for subject in subjects.into_iter().flat_map(View::items) {
            let Some(identity) = grantee(inventory, binding, subject) else {
                self.doubt = self.doubt.take().or_else(|| subject.get("name").and_then(View::unknown).cloned());
                continue;
            };
            if own && !shipped && identity.kind != "ServiceAccount" {
                let place = subject.get("name").unwrap_or(subject).at();
                self.people.push((identity.clone(), binding, place));
            }
            let from = self.graph.stop(Stop::Identity(identity));
            for (step, stop) in &steps {
                let to = self.graph.stop(stop.clone());
                self.graph.link(from, to, Some(step.clone()));
            }
        }
    }

    /// The service accounts of bindings, with namespace and name.
    fn accounts(&self) -> Vec<(usize, Option<Arc<str>>, Arc<str>)> {
        let stops = self.graph.stops.iter().enumerate();
        let accounts = stops.filter_map(|(at, stop)| match stop {
            Stop::Identity(Identity { kind: "ServiceAccount", namespace, name }) => {
                Some((at, namespace.clone(), name.clone()))
            }
            _ => None,
        });
        accounts.collect()
    }

    /// From namespaces to their service accounts.
    fn open_namespaces(&mut self) {
        for (account, namespace, _) in self.accounts() {
            for scope in [Scope::Namespace(namespace), Scope::All] {
                if let Some(hub) = self.graph.find(&Stop::Accounts(scope)) {
                    self.graph.link(hub, account, None);
                }
            }
        }
    }

    /// From identities to the groups that the API server puts them into.
    fn join_groups(&mut self) {
        let stops: Vec<Stop> = self.graph.stops.clone();
        for (at, stop) in stops.iter().enumerate() {
            let Stop::Identity(identity) = stop else { continue };
            for name in groups(identity) {
                let group = Identity { kind: "Group", namespace: None, name: Arc::from(name) };
                if let Some(group) = self.graph.find(&Stop::Identity(group)) {
                    self.graph.link(at, group, None);
                }
            }
        }
    }

    /// From namespaces to the accounts that pods in them run as.
    fn run(&mut self, inventory: &Inventory) {
        let accounts: FxHashMap<(Option<Arc<str>>, Arc<str>), usize> =
            self.accounts().into_iter().map(|(at, namespace, name)| ((namespace, name), at)).collect();
        let silent = silent_accounts(inventory, self.environment);
        let mut known = FxHashSet::default();
        for id in inventory.environments()[self.environment.index()].visible.clone() {
            for &id in inventory.members(id) {
                let Some((key, place)) = carries(inventory, id, &silent) else { continue };
                let Some(&account) = accounts.get(&key) else { continue };
                let document = inventory.document(id);
                let own = document.environment == self.environment;
                if own && document.kind() == "DaemonSet" && is_on_workers(inventory, id) {
                    self.agents.push(Agent { document: id, account, place });
                }
                if known.insert(account) {
                    self.reach(account, key.0, Stop::Running);
                }
            }
        }
    }

    /// From namespaces to the accounts whose tokens lie in Secrets.
    fn lay_open_tokens(&mut self, inventory: &Inventory) {
        let secrets: Vec<DocumentId> = inventory.of_kind("Secret", self.environment).collect();
        for id in secrets {
            let document = inventory.document(id);
            let root = document.view(inventory.forest());
            if root.str_at("type") != Some(TOKEN_SECRET) {
                continue;
            }
            let annotations = root.path("metadata.annotations");
            let name = annotations.and_then(|all| all.get("kubernetes.io/service-account.name")).and_then(View::str);
            let namespace = document.namespace();
            let Some(name) = name.map(Arc::from) else { continue };
            let account = Identity { kind: "ServiceAccount", namespace: namespace.clone(), name };
            if let Some(account) = self.graph.find(&Stop::Identity(account)) {
                self.reach(account, namespace, Stop::Tokens);
            }
        }
    }

    fn reach(&mut self, account: usize, namespace: Option<Arc<str>>, hub: fn(Scope) -> Stop) {
        for scope in [Scope::Namespace(namespace), Scope::All] {
            if let Some(hub) = self.graph.find(&hub(scope)) {
                self.graph.link(hub, account, None);
            }
        }
    }
}

/// The groups that the API server puts an identity into by itself.
/// Source: kubernetes `staging/src/k8s.io/apiserver/pkg/authentication/user/user.go` and `serviceaccount/util.go`.
fn groups(identity: &Identity) -> Vec<String> {
    let own = |text: &str| text.to_string();
    match (identity.kind, &*identity.name) {
        ("ServiceAccount", _) => {
            let namespaced = identity.namespace.as_ref().map(|namespace| format!("system:serviceaccounts:{namespace}"));
            [own("system:serviceaccounts"), own("system:authenticated")].into_iter().chain(namespaced).collect()
        }
        ("User", "system:anonymous") => vec![own("system:unauthenticated")],
        ("User", _) => vec![own("system:authenticated")],
        ("Group", name) if name.starts_with("system:serviceaccounts:") => {
            vec![own("system:serviceaccounts"), own("system:authenticated")]
        }
        ("Group", "system:serviceaccounts") => vec![own("system:authenticated")],
        _ => Vec::new(),
    }
}
