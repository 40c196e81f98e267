//! Control-plane nodes as a cluster shows them: Node objects, and the zones in their labels.

use std::collections::BTreeSet;

use crate::facts::builder::Spot;
use crate::inventory::{EnvironmentId, Inventory};
use crate::syntax::{Origin, View};
use crate::vocabulary::Reason;

/// Labels of control-plane nodes, today's and yesterday's.
const ROLES: &[&str] = &["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// Labels that hold a zone.
const ZONES: &[&str] = &["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"];

/// The Node objects of control-plane nodes in sight.
pub fn control_plane_nodes(inventory: &Inventory, environment: EnvironmentId) -> Vec<View<'_>> {
    let nodes = inventory.of_kind("Node", environment).map(|id| inventory.document(id).view(inventory.forest()));
    let is_one = |node: &View<'_>| {
        node.path("metadata.labels").is_some_and(|labels| ROLES.iter().any(|role| labels.get(role).is_some()))
    };
    nodes.filter(is_one).collect()
}

/// The control-plane nodes of a cluster; `None` for files, and why nobody can say where nodes may not be listed.
pub fn running_nodes(inventory: &Inventory) -> Option<Result<Vec<View<'_>>, Reason>> {
    let missing = inventory.listings()?.missing("Node");
    Some(missing.map_or_else(|| Ok(control_plane_nodes(inventory, EnvironmentId::default())), Err))
}

fn zone(node: View<'_>) -> Option<(String, View<'_>)> {
    let labels = node.path("metadata.labels")?;
    let zone = ZONES.iter().find_map(|label| labels.get(label))?;
    Some((zone.str().unwrap_or_default().to_string(), zone))
}

/// How many zones nodes are in; null where one does not say. It points at the last node's zone.
pub fn zones_of(nodes: &[View<'_>], otherwise: Origin) -> Spot<Option<i64>> {
    let all: Option<Vec<(String, View<'_>)>> = nodes.iter().map(|node| zone(*node)).collect();
    let Some(all) = all.filter(|all| !all.is_empty()) else { return Spot::known(None, otherwise) };
    let place = all.last().map_or(otherwise, |(_, zone)| Origin::Node(zone.at()));
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    Spot::known(i64::try_from(names.len()).ok(), place)
}
