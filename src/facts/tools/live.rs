//! The control plane of a running cluster, where no tool's own configuration says what it is: its nodes, by their role.
//!
//! Whoever runs the control plane of a managed cluster shows no nodes of it; `managed` tells who that is.

use super::{Found, Reading};
use crate::facts::builder::Spot;
use crate::facts::control_plane::{Declared, Endpoint};
use crate::inventory::Inventory;
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// Labels of nodes that run a control plane, the older one last.
const ROLES: &[&str] = &["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// What the nodes of a cluster's control plane are.
pub struct Nodes {
    /// How many.
    pub count: i64,
    /// The zones they are in; `None` where their labels do not say.
    pub zones: Option<i64>,
}

/// The control-plane nodes of a cluster; `None` for files, and why nobody can say where nodes may not be listed.
pub fn nodes(inventory: &Inventory) -> Option<Result<Nodes, Reason>> {
    let listings = inventory.listings()?;
    if let Some(reason) = listings.missing("Node") {
        return Some(Err(reason));
    }
    let labels = inventory.objects().filter(|(_, document)| document.kind() == "Node");
    let labels = labels.filter_map(|(_, document)| document.view(inventory.forest()).path("metadata.labels"));
    let of_control_plane: Vec<View<'_>> =
        labels.filter(|labels| ROLES.iter().any(|role| labels.get(role).is_some())).collect();
    let mut zones: Vec<Option<&str>> =
        of_control_plane.iter().map(|labels| labels.get("topology.kubernetes.io/zone").and_then(View::str)).collect();
    zones.sort_unstable();
    zones.dedup();
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let zones = (!zones.contains(&None)).then_some(count(zones.len()));
    Some(Ok(Nodes { count: count(of_control_plane.len()), zones }))
}

/// The control plane of a cluster that no kubeadm configuration describes.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    if !reading.is("k8sready.io", "Cluster") {
        return None;
    }
    let Ok(nodes) = nodes(reading.inventory)? else { return None };
    let environment = reading.inventory.document(reading.id).environment;
    if nodes.count == 0 || reading.inventory.of_kind("ClusterConfiguration", environment).next().is_some() {
        return None;
    }
    let place = Origin::Node(crate::facts::anchor(reading.root));
    let unsaid = |what: &str| Reason::new(UnknownCode::Partial, format!("a cluster does not tell {what}"));
    let control_plane = Declared {
        version: reading.root.get("version"),
        stacked: Spot::unknown(unsaid("where its etcd runs"), place.clone()),
        endpoint: Endpoint::Unknown(unsaid("its endpoint"), place.clone()),
        zones: Spot::known(nodes.zones, place.clone()),
        ..Declared::new("cluster", reading.root, Spot::known(Some(nodes.count), place))
    };
    Some(Found { tool: "cluster", control_plane: Some(control_plane), ..Found::default() })
}
