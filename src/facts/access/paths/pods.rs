//! Whose tokens pods carry, and where.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::inventory::{DocumentId, EnvironmentId, Inventory, pod_template};
use crate::syntax::View;
use crate::vocabulary::NodeRef;

/// Labels of the nodes that run the control plane.
const CONTROL_PLANE: &[&str] = &["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// Namespace and name of a service account.
pub type AccountKey = (Option<Arc<str>>, Arc<str>);

/// Service accounts that say that no token of theirs is mounted.
pub fn silent_accounts(inventory: &Inventory, environment: EnvironmentId) -> FxHashSet<AccountKey> {
    let accounts = inventory.of_kind("ServiceAccount", environment).map(|id| inventory.document(id));
    let silent = accounts.filter(|account| automount(account.view(inventory.forest())) == Some(false));
    silent.filter_map(|account| account.key.as_ref()).map(|key| (key.namespace.clone(), key.name.clone())).collect()
}

fn automount(view: View<'_>) -> Option<bool> {
    view.get("automountServiceAccountToken").and_then(View::bool)
}

/// The account whose token the pods of a workload carry, and where its name stands.
pub fn carries(inventory: &Inventory, id: DocumentId, silent: &FxHashSet<AccountKey>) -> Option<(AccountKey, NodeRef)> {
    let document = inventory.document(id);
    let spec = pod_template(document, inventory.forest())?.spec;
    let name = spec.get("serviceAccountName").or_else(|| spec.get("serviceAccount"));
    let account = name.map_or(Some("default"), View::str)?;
    let key = (document.key.as_ref()?.namespace.clone(), Arc::from(account));
    let mounted = automount(spec).unwrap_or_else(|| !silent.contains(&key));
    let place = name.map_or_else(|| crate::facts::anchor(document.view(inventory.forest())), View::at);
    mounted.then_some((key, place))
}

/// Whether the pods of a workload run on other nodes than those of the control plane, which hold stronger credentials anyway.
pub fn is_on_workers(inventory: &Inventory, id: DocumentId) -> bool {
    let Some(pod) = pod_template(inventory.document(id), inventory.forest()) else { return false };
    let selector = pod.spec.get("nodeSelector");
    let terms = pod.spec.path("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    let mut terms = terms.into_iter().flat_map(View::items).peekable();
    let kept = terms.peek().is_some() && terms.all(wants_control_plane);
    !kept && !CONTROL_PLANE.iter().any(|label| selector.and_then(|selector| selector.get(label)).is_some())
}

fn wants_control_plane(term: View<'_>) -> bool {
    let expressions = term.get("matchExpressions").into_iter().flat_map(View::items);
    let mut wanted = expressions.filter(|one| matches!(one.str_at("operator"), Some("In" | "Exists")));
    wanted.any(|one| one.str_at("key").is_some_and(|key| CONTROL_PLANE.contains(&key)))
}
