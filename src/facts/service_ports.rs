//! The ports of a Service, and whether the pods behind it know them.

use super::builder::{FactBuilder, Fallback};
use crate::inventory::{DocumentId, Inventory, Link, hides, pod_template};
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeId, Reason};

/// One fact a port.
pub fn ports(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId) -> NodeId {
    let root = inventory.document(id).view(inventory.forest());
    let list = root.path("spec.ports");
    let nodes: Vec<NodeId> =
        list.into_iter().flat_map(View::items).map(|port| one(facts, inventory, id, port)).collect();
    let ports = facts.list_at(&nodes, root.origin_of("spec.ports"));
    if let Some(reason) = [root.get("spec"), list].into_iter().flatten().find_map(hides) {
        facts.open(ports, reason.clone());
    }
    ports
}

fn one(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId, port: View<'_>) -> NodeId {
    let written = |key: &str| port.get(key).filter(|value| !value.is_null());
    let target = written("targetPort").or_else(|| written("port")).unwrap_or(port);
    let origin = Origin::Node(target.at());
    let hidden = hides(target);
    let name = target.str().filter(|text| text.parse::<i64>().is_err());
    let answer = |facts: &mut FactBuilder, known: Result<bool, Reason>| match known {
        Ok(value) => facts.bool(value, Origin::Node(target.at())),
        Err(reason) => facts.unknown(reason, Origin::Node(target.at())),
    };
    let or_hidden = |value: bool| hidden.map_or(Ok(value), |reason| Err(reason.clone()));
    let fields = [
        ("name", facts.lookup(port, "name", Fallback::Str(""))),
        ("port", facts.lookup(port, "port", Fallback::Null)),
        ("target", facts.refer(target.at())),
        ("named", answer(facts, or_hidden(name.is_some()))),
        ("valid", answer(facts, or_hidden(valid(target)))),
        (
            "declared",
            answer(facts, hidden.map_or_else(|| declared(inventory, id, target), |reason| Err(reason.clone()))),
        ),
    ];
    facts.map(&fields, origin)
}

fn number(port: View<'_>) -> Option<i64> {
    port.int().or_else(|| port.str().and_then(|text| text.parse().ok()))
}

/// `ValidatePortNumOrName` of the API server: 1 to 65535, or at most 15 of `a-z`, `0-9` and `-`, with a letter among them,
/// no `-` at either end and no two in a row.
fn valid(target: View<'_>) -> bool {
    match (number(target), target.str()) {
        // A number in quotes is a name that has no letter.
        (Some(number), None) => (1..=65535).contains(&number),
        (_, Some(name)) => {
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !name.is_empty()
                && name.len() <= 15
                && name.chars().all(allowed)
                && name.chars().any(|c| c.is_ascii_lowercase())
                && !name.starts_with('-')
                && !name.ends_with('-')
                && !name.contains("--")
        }
        (None, None) => true,
    }
}

/// Whether the pods declare the target. A pod that declares no port says nothing about numbers; a name must be declared by
/// some pod, for nothing else can resolve it.
fn declared(inventory: &Inventory, id: DocumentId, target: View<'_>) -> Result<bool, Reason> {
    let workloads = inventory.links().from(Link::Service, id);
    let completeness = inventory.completeness("Pod", id);
    let doubt = completeness.reason().or_else(|| inventory.links().doubt(Link::Service, id));
    let mut answer = workloads.is_empty();
    let mut reason = doubt.cloned();
    for &workload in workloads {
        let Some(pod) = pod_template(inventory.document(workload), inventory.forest()) else { return Ok(true) };
        let lists = ["containers", "initContainers"].into_iter().filter_map(|list| pod.spec.get(list));
        let containers: Vec<View<'_>> = lists.clone().flat_map(View::items).collect();
        let ports: Vec<View<'_>> =
            containers.iter().filter_map(|container| container.get("ports")).flat_map(View::items).collect();
        let silent = number(target).is_some() && ports.is_empty();
        if silent || ports.iter().any(|port| is_target(*port, target)) {
            answer = true;
        }
        let lists_of_ports = containers.iter().filter_map(|container| container.get("ports"));
        let inner = ports.iter().flat_map(|port| [Some(*port), port.get("name"), port.get("containerPort")]).flatten();
        let places = lists.chain(containers.iter().copied()).chain(lists_of_ports).chain(inner);
        reason = reason.or_else(|| places.filter_map(hides).next().cloned());
    }
    match reason {
        Some(reason) if !answer => Err(reason),
        _ => Ok(answer),
    }
}

fn is_target(port: View<'_>, target: View<'_>) -> bool {
    match number(target) {
        Some(number) => port.get("containerPort").and_then(View::int) == Some(number),
        None => port.str_at("name") == target.str(),
    }
}
