//! The `autoscaler` subject: a HorizontalPodAutoscaler or a ScaledObject of KEDA, its bounds, its target, what it measures.
//!
//! Sources: the API references of `autoscaling/v1` and `/v2`, KEDA's ScaledObject, and the controller's replica calculator
//! (a container without a request makes utilisation unmeasurable; a limit counts as a request).

use super::Tables;
use super::builder::{FactBuilder, Fallback};
use super::claims::scale_claim;
use super::subject::{Subject, SubjectKind};
use super::surroundings::DEFAULTED;
use crate::inventory::{DocumentId, Inventory, Link, hides, pod_template};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId};

/// The facts of an autoscaler.
pub fn build(inventory: &Inventory, tables: &Tables, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let root = inventory.document(id).view(inventory.forest());
    let keda = inventory.document(id).kind() == "ScaledObject";
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let (min, max) = if keda {
        let min = facts.lookup(root, "spec.minReplicaCount", Fallback::Int(0));
        (min, facts.lookup(root, "spec.maxReplicaCount", Fallback::Int(100)))
    } else {
        let min = facts.lookup(root, "spec.minReplicas", Fallback::Int(1));
        (min, facts.lookup(root, "spec.maxReplicas", Fallback::Null))
    };
    let rival = scale_claim(inventory, id).and_then(|claim| tables.claims.rival(inventory, id, &claim));
    let rivals: Vec<NodeId> = rival.into_iter().map(|id| super::neighbour(&mut facts, inventory, id)).collect();
    let fields = [
        ("kind", facts.lookup(root, "kind", Fallback::Str(""))),
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
        ("object", facts.refer(root.at())),
        ("min", min),
        ("max", max),
        ("targetKind", facts.lookup(root, "spec.scaleTargetRef.kind", Fallback::Str("Deployment"))),
        ("targetName", facts.lookup(root, "spec.scaleTargetRef.name", Fallback::Str(""))),
        ("targets", targets(&mut facts, inventory, tables, id)),
        ("rivals", facts.list(&rivals)),
        ("shares", shares(&mut facts, inventory, tables, id)),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Autoscaler, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// What it scales; open where the target may exist all the same.
fn targets(facts: &mut FactBuilder, inventory: &Inventory, tables: &Tables, id: DocumentId) -> NodeId {
    let root = inventory.document(id).view(inventory.forest());
    let found = inventory.links().from(Link::Scale, id);
    let nodes: Vec<NodeId> = found.iter().map(|&target| super::neighbour(facts, inventory, target)).collect();
    let list = facts.list_at(&nodes, root.origin_of("spec.scaleTargetRef.name"));
    let target = root.path("spec.scaleTargetRef");
    let places = [root.get("spec"), target, target.and_then(|target| target.get("name"))];
    let hidden = places.into_iter().flatten().find_map(hides).or_else(|| inventory.links().doubt(Link::Scale, id));
    let kind = target.and_then(|target| target.str_at("kind")).unwrap_or("Deployment");
    let name = target.and_then(|target| target.str_at("name")).unwrap_or_default();
    let reason = hidden.cloned().or_else(|| inventory.completeness("Pod", id).reason().cloned());
    if let Some(reason) = reason.or_else(|| tables.claims.may_exist(inventory, id, kind, name)) {
        facts.open(list, reason);
    }
    list
}

/// Containers of the target, and whether they request what a utilisation is a share of.
fn shares(facts: &mut FactBuilder, inventory: &Inventory, tables: &Tables, id: DocumentId) -> NodeId {
    let measured = measured(inventory.document(id).view(inventory.forest()));
    let mut nodes = Vec::new();
    let target = inventory.links().from(Link::Scale, id).first().copied();
    let pod = target.and_then(|target| pod_template(inventory.document(target), inventory.forest()));
    for (target, pod) in target.into_iter().zip(pod) {
        for (resource, only) in &measured {
            let row = DEFAULTED.iter().position(|(name, ..)| *name == format!("{resource}Request"));
            let filled = row.is_some_and(|row| tables.surroundings.limit_default(inventory, target, row).is_some());
            let whole = filled || requests(pod.spec, resource) == Ok(true);
            let containers = pod.spec.get("containers").into_iter().flat_map(View::items);
            for container in containers.filter(|container| only.is_none() || container.str_at("name") == *only) {
                let requested = if whole { Ok(true) } else { requests(container, resource) };
                nodes.push(share(facts, container, resource, requested));
            }
        }
    }
    facts.list(&nodes)
}

fn share(facts: &mut FactBuilder, container: View<'_>, resource: &str, requested: Result<bool, Reason>) -> NodeId {
    let place = container.get("resources").or_else(|| container.get("name")).unwrap_or(container);
    let origin = Origin::Node(place.at());
    let fields = [
        ("container", facts.lookup(container, "name", Fallback::Str(""))),
        ("resource", facts.str(resource, origin.clone())),
        (
            "requested",
            match requested {
                Ok(requested) => facts.bool(requested, origin.clone()),
                Err(reason) => facts.unknown(reason, origin.clone()),
            },
        ),
    ];
    facts.map(&fields, origin)
}

/// Whether a container, or a pod as a whole, requests or limits a resource; an error if something hides that.
fn requests(of: View<'_>, resource: &str) -> Result<bool, Reason> {
    let resources = of.get("resources");
    let lists: Vec<View<'_>> =
        ["requests", "limits"].into_iter().filter_map(|list| resources.and_then(|given| given.get(list))).collect();
    if lists.iter().any(|list| list.get(resource).is_some()) {
        return Ok(true);
    }
    let hidden = [Some(of), resources].into_iter().flatten().chain(lists).find_map(hides);
    hidden.map_or(Ok(false), |reason| Err(reason.clone()))
}

/// Resources measured in percent of the request, with the container that alone is asked, if it is one.
fn measured(root: View<'_>) -> Vec<(&'static str, Option<&str>)> {
    let mut found = Vec::new();
    if root.str_at("kind") == Some("ScaledObject") {
        for trigger in root.path("spec.triggers").into_iter().flat_map(View::items) {
            let kind = trigger.str_at("metricType").or_else(|| trigger.str_at("metadata.type"));
            let resource = trigger.str_at("type").and_then(known).filter(|_| kind == Some("Utilization"));
            found.extend(resource.map(|resource| (resource, trigger.str_at("metadata.containerName"))));
        }
        return found;
    }
    let metrics = root.path("spec.metrics");
    for metric in metrics.into_iter().flat_map(View::items) {
        for source in ["resource", "containerResource"].into_iter().filter_map(|key| metric.get(key)) {
            let percent = source.str_at("target.type") == Some("Utilization")
                || source.path("target.averageUtilization").is_some()
                || source.get("targetAverageUtilization").is_some();
            let resource = source.str_at("name").and_then(known).filter(|_| percent);
            found.extend(resource.map(|resource| (resource, source.str_at("container"))));
        }
    }
    // Without metrics the controller measures the CPU, at 80 %.
    let none = metrics.is_none_or(|metrics| metrics.is_null() || metrics.items().next().is_none());
    let hidden = [root.get("spec"), metrics].into_iter().flatten().any(|view| hides(view).is_some());
    if none && !hidden {
        found.push(("cpu", None));
    }
    found
}

fn known(resource: &str) -> Option<&'static str> {
    ["cpu", "memory"].into_iter().find(|known| *known == resource)
}
