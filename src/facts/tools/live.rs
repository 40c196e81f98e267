//! The control plane of a running cluster, where no tool's own configuration says what it is: its nodes, by their role.
//!
//! Whoever runs the control plane of a managed cluster shows no nodes of it; `managed` tells who that is.

use super::{Found, Reading};
use crate::facts::builder::Spot;
use crate::facts::control_plane::{Declared, Endpoint, running_nodes, zones_of};
use crate::syntax::Origin;
use crate::vocabulary::{Reason, UnknownCode};

/// The control plane of a cluster that no kubeadm configuration describes.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    if !reading.is("k8sready.io", "Cluster") {
        return None;
    }
    let Ok(nodes) = running_nodes(reading.inventory)? else { return None };
    let environment = reading.inventory.document(reading.id).environment;
    if nodes.is_empty() || reading.inventory.of_kind("ClusterConfiguration", environment).next().is_some() {
        return None;
    }
    let place = Origin::Node(crate::facts::anchor(reading.root));
    let unsaid = |what: &str| Reason::new(UnknownCode::Partial, format!("a cluster does not tell {what}"));
    let control_plane = Declared {
        version: reading.root.get("version"),
        stacked: Spot::unknown(unsaid("where its etcd runs"), place.clone()),
        endpoint: Endpoint::Unknown(unsaid("its endpoint"), place.clone()),
        zones: Spot { place: place.clone(), ..zones_of(&nodes, place.clone()) },
        ..Declared::new("cluster", reading.root, Spot::known(i64::try_from(nodes.len()).ok(), place))
    };
    Some(Found { tool: "cluster", control_plane: Some(control_plane), ..Found::default() })
}
