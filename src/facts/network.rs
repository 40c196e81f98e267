//! The `service` and `pdb` subjects: what they select, and what that means.

use super::Tables;
use super::builder::{FactBuilder, Fallback};
use super::claims::selector_claim;
use super::service_ports::ports;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, Link, hides, pod_kind};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId};

/// The facts of a Service.
pub fn service(inventory: &Inventory, tables: &Tables, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let selector = root.path("spec.selector");
    let selects =
        match selector.and_then(hides).or_else(|| root.get("spec").and_then(hides).filter(|_| selector.is_none())) {
            Some(reason) if root.str_at("spec.type") != Some("ExternalName") => {
                facts.unknown(reason.clone(), root.origin_of("spec.selector"))
            }
            _ => {
                let any = selector.is_some_and(|selector| selector.entries().next().is_some());
                facts.bool(any && root.str_at("spec.type") != Some("ExternalName"), root.origin_of("spec.selector"))
            }
        };
    let pods = selected(&mut facts, inventory, Link::Service, id);
    let rival = selector_claim(inventory, id).and_then(|claim| tables.claims.rival(inventory, id, &claim));
    let rivals: Vec<NodeId> = rival.into_iter().map(|id| super::neighbour(&mut facts, inventory, id)).collect();
    let fields = [
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
        ("object", facts.refer(root.at())),
        ("type", facts.lookup(root, "spec.type", Fallback::Str("ClusterIP"))),
        ("selector", facts.lookup(root, "spec.selector", Fallback::Null)),
        ("selects", selects),
        ("workloads", pods),
        ("rivals", facts.list_at(&rivals, root.origin_of("spec.selector"))),
        ("ports", ports(&mut facts, inventory, id)),
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
    let pods = covered_pods(inventory, id);
    let budget = Budget::read(root);
    let allowed = pods.as_ref().ok().copied().flatten().and_then(|pods| budget.allowed(pods));
    let place = budget.origin(root);
    let never_allows = match (budget.hidden(root), &pods) {
        (Some(reason), _) => facts.unknown(reason.clone(), place.clone()),
        (None, Err(reason)) if !budget.never() => facts.unknown(reason.clone(), place.clone()),
        _ => facts.bool(allowed.map_or_else(|| budget.never(), |allowed| allowed <= 0), place.clone()),
    };
    let pods = match pods {
        Ok(pods) => facts.opt_int(pods, root.origin_of("spec.selector")),
        Err(reason) => facts.unknown(reason, root.origin_of("spec.selector")),
    };
    let overlaps = overlaps(&mut facts, inventory, id);
    let stateful = inventory.links().from(Link::Disruption, id).iter();
    let stateful = stateful.into_iter().any(|&workload| inventory.document(workload).kind() == "StatefulSet");
    let operated = facts.bool(inventory.operated(id), root.origin_of("spec.selector"));
    let workloads = selected(&mut facts, inventory, Link::Disruption, id);
    let fields = [
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
        ("object", facts.refer(root.at())),
        ("selector", facts.lookup(root, "spec.selector", Fallback::Null)),
        ("minAvailable", facts.lookup(root, "spec.minAvailable", Fallback::Null)),
        ("maxUnavailable", facts.lookup(root, "spec.maxUnavailable", Fallback::Null)),
        ("pods", pods),
        ("allowed", facts.opt_int(allowed, place)),
        ("neverAllows", never_allows),
        ("operated", operated),
        ("stateful", facts.bool(stateful, root.origin_of("spec.selector"))),
        ("overlaps", overlaps),
        ("workloads", workloads),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Pdb, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// The workloads that an object's selector finds; open where there may be more.
pub(super) fn selected(facts: &mut FactBuilder, inventory: &Inventory, link: Link, id: DocumentId) -> NodeId {
    let targets = inventory.links().from(link, id);
    let nodes: Vec<NodeId> = targets.iter().map(|&target| super::neighbour(facts, inventory, target)).collect();
    let root = inventory.document(id).view(inventory.forest());
    let list = facts.list_at(&nodes, root.origin_of("spec.selector"));
    let completeness = inventory.completeness("Pod", id);
    if let Some(reason) = completeness.reason().or_else(|| inventory.links().doubt(link, id)) {
        facts.open(list, reason.clone());
    }
    list
}

/// PodDisruptionBudgets further up in the input that cover a workload which this one covers too.
fn overlaps(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId) -> NodeId {
    let links = inventory.links();
    let covered = links.from(Link::Disruption, id).iter();
    let mut others: Vec<DocumentId> = covered
        .flat_map(|&workload| links.to(Link::Disruption, workload))
        .copied()
        .filter(|&other| other < id && inventory.meets(id, other))
        .collect();
    others.sort_unstable();
    others.dedup();
    let nodes: Vec<NodeId> = others.into_iter().map(|other| super::neighbour(facts, inventory, other)).collect();
    let root = inventory.document(id).view(inventory.forest());
    let list = facts.list_at(&nodes, root.origin_of("spec.selector"));
    let completeness = inventory.completeness("PodDisruptionBudget", id);
    if let Some(reason) = completeness.reason().or_else(|| links.doubt(Link::Disruption, id)) {
        facts.open(list, reason.clone());
    }
    list
}

/// Pods that a PodDisruptionBudget covers; `None` if none or nobody can say, an error if something hidden decides.
fn covered_pods(inventory: &Inventory, id: DocumentId) -> Result<Option<i64>, Reason> {
    let mut sum = Some(0);
    for &workload in inventory.links().from(Link::Disruption, id) {
        let own = inventory.links().to(Link::Scale, workload).is_empty();
        if let Some(reason) = inventory.rescaled(workload, inventory.document(id).environment).filter(|_| own) {
            return Err(reason);
        }
        sum = sum.zip(replicas(inventory, workload)?).map(|(sum, pods)| sum + pods);
    }
    let completeness = inventory.completeness("Pod", id);
    match completeness.reason().or_else(|| inventory.links().doubt(Link::Disruption, id)) {
        Some(reason) => Err(reason.clone()),
        None => Ok(sum.filter(|pods| *pods > 0)),
    }
}

/// Pods that a workload keeps: the autoscaler's minimum, or its own number. `None` where nobody can say (DaemonSets follow
/// the nodes).
fn replicas(inventory: &Inventory, id: DocumentId) -> Result<Option<i64>, Reason> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let number = |view: Option<View<'_>>, default: i64| match view.filter(|view| !view.is_null()) {
        Some(view) => view.unknown().map_or(Ok(view.int()), |reason| Err(reason.clone())),
        None => Ok(Some(default)),
    };
    if let Some(&scaler) = inventory.links().to(Link::Scale, id).first() {
        let scaler = inventory.document(scaler);
        let root = scaler.view(inventory.forest());
        return match scaler.kind() {
            "ScaledObject" => number(root.path("spec.minReplicaCount"), 0),
            _ => number(root.path("spec.minReplicas"), 1),
        };
    }
    if let Some(reason) = inventory.links().doubt(Link::Scale, id) {
        return Err(reason.clone());
    }
    let kind = document.key.as_ref().and_then(pod_kind);
    match kind.map(|kind| (kind.kind, kind.replicas)) {
        Some(("Pod", _)) => Ok(Some(1)),
        Some((_, Some(path))) => number(root.path(path), 1),
        _ => Ok(None),
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

    /// Why the amount cannot be read.
    fn hidden<'a>(&self, root: View<'a>) -> Option<&'a Reason> {
        let spec = root.get("spec")?;
        let fields = [spec.get("maxUnavailable"), spec.get("minAvailable")];
        let unset = matches!(self, Budget::Unset).then(|| hides(spec)).flatten();
        fields.into_iter().flatten().find_map(View::unknown).or(unset)
    }

    fn origin(&self, root: View<'_>) -> Origin {
        match self {
            Budget::MaxUnavailable(_) => root.origin_of("spec.maxUnavailable"),
            Budget::MinAvailable(_) => root.origin_of("spec.minAvailable"),
            Budget::Unset => root.origin_of("spec"),
        }
    }
}
