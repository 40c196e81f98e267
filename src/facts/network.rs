//! The `service` and `pdb` subjects: what they select, and what that means.

use super::builder::{FactBuilder, Fallback};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, Link, pod_kind};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// The facts of a Service.
pub fn service(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let selector = root.path("spec.selector").filter(|selector| selector.entries().next().is_some());
    let kind = root.str_at("spec.type").unwrap_or("ClusterIP").to_string();
    let pods = selected(&mut facts, inventory, Link::Service, id);
    let fields = [
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::Null)),
        ("object", facts.refer(root.at())),
        ("type", facts.lookup(root, "spec.type", Fallback::Str("ClusterIP"))),
        ("selector", facts.lookup(root, "spec.selector", Fallback::Null)),
        ("selects", facts.bool(selector.is_some() && kind != "ExternalName", root.origin_of("spec.selector"))),
        ("workloads", pods),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Service, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// The facts of a PodDisruptionBudget: how many pods it covers, and how many it lets go.
pub fn pdb(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let covered = inventory.links().from(Link::Disruption, id);
    let pods: Option<i64> = covered.iter().map(|&workload| replicas(inventory, workload)).sum();
    let pods = pods.filter(|pods| *pods > 0);
    let budget = Budget::read(root);
    let allowed = pods.and_then(|pods| budget.allowed(pods));
    let place = budget.origin(root);
    let workloads = selected(&mut facts, inventory, Link::Disruption, id);
    let fields = [
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::Null)),
        ("object", facts.refer(root.at())),
        ("selector", facts.lookup(root, "spec.selector", Fallback::Null)),
        ("minAvailable", facts.lookup(root, "spec.minAvailable", Fallback::Null)),
        ("maxUnavailable", facts.lookup(root, "spec.maxUnavailable", Fallback::Null)),
        ("pods", facts.opt_int(pods, root.origin_of("spec.selector"))),
        ("allowed", facts.opt_int(allowed, place.clone())),
        ("neverAllows", facts.bool(allowed.map_or_else(|| budget.never(), |allowed| allowed <= 0), place)),
        ("workloads", workloads),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Pdb, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

fn selected(facts: &mut FactBuilder, inventory: &Inventory, link: Link, id: DocumentId) -> NodeId {
    let targets = inventory.links().from(link, id);
    let nodes: Vec<NodeId> = targets.iter().map(|&target| super::neighbour(facts, inventory, target)).collect();
    let root = inventory.document(id).view(inventory.forest());
    let list = facts.list_at(&nodes, root.origin_of("spec.selector"));
    if let Some(reason) = inventory.completeness("Pod", id).reason() {
        facts.open(list, reason.clone());
    }
    list
}

/// Pods that a workload keeps: the autoscaler's minimum, or its own number. `None` where nobody can say (DaemonSets follow
/// the nodes).
fn replicas(inventory: &Inventory, id: DocumentId) -> Option<i64> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    if let Some(&scaler) = inventory.links().to(Link::Scale, id).first() {
        let scaler = inventory.document(scaler).view(inventory.forest());
        let minimum = scaler.path("spec.minReplicas").or_else(|| scaler.path("spec.minReplicaCount"));
        return Some(minimum.and_then(View::int).unwrap_or(1));
    }
    let kind = pod_kind(document.key.as_ref()?)?;
    match (kind.kind, kind.replicas) {
        ("Pod", _) => Some(1),
        (_, Some(path)) => root.path(path).map_or(Some(1), View::int),
        _ => None,
    }
}

/// `minAvailable` or `maxUnavailable`.
enum Budget {
    MinAvailable(Amount),
    MaxUnavailable(Amount),
    Unset,
}

#[derive(Clone, Copy)]
enum Amount {
    Count(i64),
    Percent(i64),
    Unreadable,
}

impl Amount {
    fn read(view: View<'_>) -> Amount {
        let percent = view.str().and_then(|text| text.strip_suffix('%')).and_then(|number| number.parse().ok());
        match (view.int(), percent) {
            (Some(count), _) => Amount::Count(count),
            (None, Some(percent)) => Amount::Percent(percent),
            _ => Amount::Unreadable,
        }
    }

    /// The number of pods; the disruption controller rounds both fields' percentages up
    /// (`GetScaledValueFromIntOrPercent(…, roundUp = true)`).
    fn of(self, pods: i64) -> Option<i64> {
        match self {
            Amount::Count(count) => Some(count),
            Amount::Percent(percent) => Some((pods * percent + 99).div_euclid(100)),
            Amount::Unreadable => None,
        }
    }
}

impl Budget {
    fn read(root: View<'_>) -> Budget {
        let field = |path: &str| root.path(path).filter(|value| !value.is_null());
        match (field("spec.maxUnavailable"), field("spec.minAvailable")) {
            (Some(value), _) => Budget::MaxUnavailable(Amount::read(value)),
            (None, Some(value)) => Budget::MinAvailable(Amount::read(value)),
            (None, None) => Budget::Unset,
        }
    }

    /// Evictions allowed while all pods are healthy.
    fn allowed(&self, pods: i64) -> Option<i64> {
        match self {
            Budget::MaxUnavailable(amount) => amount.of(pods),
            Budget::MinAvailable(amount) => Some(pods - amount.of(pods)?),
            Budget::Unset => None,
        }
    }

    /// Whether it allows none, however many pods there are.
    fn never(&self) -> bool {
        match self {
            Budget::MaxUnavailable(Amount::Count(0) | Amount::Percent(0)) => true,
            Budget::MinAvailable(Amount::Percent(percent)) => *percent >= 100,
            _ => false,
        }
    }

    fn origin(&self, root: View<'_>) -> Origin {
        match self {
            Budget::MaxUnavailable(_) => root.origin_of("spec.maxUnavailable"),
            Budget::MinAvailable(_) => root.origin_of("spec.minAvailable"),
            Budget::Unset => root.origin_of("spec"),
        }
    }
}
