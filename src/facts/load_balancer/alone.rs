//! Whether a balancer's host is the only one: nothing in sight moves its address to another, and no other balances too.
//!
//! One host's file is not the cluster. Only where the input shows a cluster besides can the absence of a partner be told.

use super::{Balancer, kube_vip};
use crate::facts::builder::Spot;
use crate::inventory::{DocumentId, Inventory, Role, pod_template};
use crate::syntax::{Format, Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// Words that show a way to move an address, or several hosts, wherever they stand.
const PARTNERS: &[&str] =
    &["keepalived", "vrrp", "pacemaker", "corosync", "kube-vip", "bgp", "anycast", "elb.", "exabgp"];

/// Addresses that nobody but the host itself reaches.
const LOOPBACK: &[&str] = &["127.0.0.1", "localhost", "[::1]", "::1"];

/// Whether the host of a balancer for API servers is alone; null where that is no question.
pub(super) fn alone(inventory: &Inventory, id: DocumentId, balancer: &Balancer<'_>) -> Spot<Option<bool>> {
    let place = Origin::Node(balancer.place);
    let document = inventory.document(id);
    let asked = matches!(document.format, Format::HAProxy | Format::Nginx) && balancer.api_server;
    if !asked || is_local(document.view(inventory.forest())) {
        return Spot::known(None, place);
    }
    let (mut partner, mut cluster) = (false, false);
    let environment = &inventory.environments()[document.environment.index()];
    for other in environment.visible.iter().flat_map(|id| inventory.members(*id)).copied() {
        let seen = inventory.document(other);
        partner |= seen.source != document.source && matches!(seen.format, Format::HAProxy | Format::Nginx);
        partner |= is_partner(inventory, other);
        cluster |= matches!(seen.kind(), "ClusterConfiguration" | "KubeadmControlPlane");
    }
    match (partner, cluster) {
        (true, _) => Spot::known(Some(false), place),
        (false, true) => Spot::known(Some(true), place),
        (false, false) => {
            let reason = "one host's file does not say whether there is another host, or an address that moves";
            Spot::unknown(Reason::new(UnknownCode::Partial, reason), place)
        }
    }
}

fn is_partner(inventory: &Inventory, id: DocumentId) -> bool {
    let document = inventory.document(id);
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        PARTNERS.iter().any(|word| text.contains(word))
    };
    let mentions = || match document.role {
        // The text of an object is that of its whole file, which may be a dump: only its images are looked at.
        Role::Object => pod_template(document, inventory.forest()).is_some_and(|pod| images(pod.spec).any(says)),
        _ => says(inventory.text(id)),
    };
    document.format == Format::Keepalived || kube_vip::address(inventory, id).is_some() || mentions()
}

fn images(spec: View<'_>) -> impl Iterator<Item = &str> {
    let containers = spec.get("containers").into_iter().flat_map(View::items);
    containers.filter_map(|container| container.str_at("image"))
}

/// Whether every address that a configuration listens on is the host's own.
fn is_local(root: View<'_>) -> bool {
    let addresses = listened(root);
    let inside = |address: &&str| LOOPBACK.iter().any(|own| address.starts_with(own));
    !addresses.is_empty() && addresses.iter().all(inside)
}

/// What `bind` and `listen` lines name, at any depth.
fn listened(view: View<'_>) -> Vec<&str> {
    let mut found = Vec::new();
    for entry in view.items() {
        let keyword = entry.str_at("keyword").or_else(|| entry.str_at("name")).unwrap_or_default();
        if matches!(keyword, "bind" | "listen") {
            let first = entry.get("args").and_then(|args| args.items().next()).and_then(View::str);
            found.extend(first.filter(|_| entry.get("block").is_none()));
        }
        found.extend(["lines", "block"].iter().filter_map(|key| entry.get(key)).flat_map(listened));
    }
    found
}
