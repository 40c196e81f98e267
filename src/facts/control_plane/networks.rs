//! Networks of a kubeadm cluster: how many nodes and Services they hold, and what they run into.
//!
//! kubeadm lets the controller-manager cut one range a node out of `podSubnet` (a /24, or a /64 of IPv6, unless told
//! otherwise). Networks of the hosts are known by the addresses of the nodes only.

use std::net::IpAddr;

use crate::facts::builder::FactBuilder;
use crate::syntax::{Origin, View};
use crate::values::Cidr;
use crate::vocabulary::NodeId;

/// What kubeadm takes for Services where nothing is set (cmd/kubeadm/app/apis/kubeadm/v1beta4/defaults.go).
const DEFAULT_SERVICES: &str = "10.96.0.0/12";

/// Flags of the controller-manager that set the size of a node's range, by family.
const MASKS: [(&str, &str, u8); 2] =
    [("node-cidr-mask-size", "node-cidr-mask-size-ipv4", 24), ("node-cidr-mask-size", "node-cidr-mask-size-ipv6", 64)];

/// One network.
struct Network {
    kind: &'static str,
    range: Cidr,
    origin: Origin,
}

/// The networks of a ClusterConfiguration: `{kind, text, capacity, overlaps}`. `nodes` are addresses of nodes.
pub fn networks(facts: &mut FactBuilder, root: View<'_>, nodes: &[&str]) -> NodeId {
    let mut all = written(root, "podSubnet", "pods");
    let services = written(root, "serviceSubnet", "services");
    let defaulted = root.path("networking.serviceSubnet").is_none();
    all.extend(services);
    if let (true, Ok(range)) = (defaulted, DEFAULT_SERVICES.parse()) {
        all.push(Network { kind: "services", range, origin: root.origin_of("networking.serviceSubnet") });
    }
    let addresses: Vec<IpAddr> = nodes.iter().filter_map(|node| node.parse().ok()).collect();
    let mut items = Vec::new();
    for (index, network) in all.iter().enumerate() {
        // What two networks share is said once, of the first.
        let others = all[index + 1..].iter().filter(|other| other.range.overlaps(network.range));
        let mut overlaps: Vec<String> = others.map(|other| format!("{} {}", other.kind, other.range)).collect();
        overlaps.extend(addresses.iter().filter(|at| network.range.contains(**at)).map(|at| format!("node {at}")));
        items.push(network.facts(facts, root, &overlaps));
    }
    facts.list(&items)
}

fn written(root: View<'_>, key: &str, kind: &'static str) -> Vec<Network> {
    let Some(place) = root.get("networking").and_then(|networking| networking.get(key)) else { return Vec::new() };
    let ranges = place.str().unwrap_or_default().split(',').filter_map(|range| range.trim().parse().ok());
    ranges.map(|range| Network { kind, range, origin: Origin::Node(place.at()) }).collect()
}

impl Network {
    fn facts(&self, facts: &mut FactBuilder, root: View<'_>, overlaps: &[String]) -> NodeId {
        let bits = match self.kind {
            "pods" => node_mask(root, self.range).saturating_sub(self.range.prefix()),
            _ => self.range.host_bits(),
        };
        let capacity = 1_i64.checked_shl(u32::from(bits.min(62))).unwrap_or(i64::MAX);
        let found: Vec<(&str, Origin)> = overlaps.iter().map(|text| (text.as_str(), self.origin.clone())).collect();
        let fields = [
            ("kind", facts.str(self.kind, self.origin.clone())),
            ("text", facts.str(&self.range.to_string(), self.origin.clone())),
            ("capacity", facts.int(capacity, self.origin.clone())),
            ("overlaps", facts.strings(found, self.origin.clone())),
        ];
        facts.map(&fields, self.origin.clone())
    }
}

/// The prefix of one node's range.
fn node_mask(root: View<'_>, range: Cidr) -> u8 {
    let (both, own, default) = MASKS[usize::from(!range.is_ipv4())];
    let args = root.path("controllerManager.extraArgs");
    let listed = |name: &str| {
        let mut items = args.into_iter().flat_map(View::items);
        items.find(|arg| arg.str_at("name") == Some(name)).and_then(|arg| arg.get("value"))
    };
    let named = |name: &str| args.and_then(|args| args.get(name)).or_else(|| listed(name));
    let text = named(own).or_else(|| named(both)).and_then(View::str);
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}
