//! kube-vip: an address that moves between control-plane nodes, set up by environment variables.
//!
//! Source: kube-vip `pkg/kubevip/config_envvar.go`: `address` (formerly `vip_address`), `cp_enable`, `vip_arp`,
//! `vip_leaderelection`, `vip_leaseduration` (5), `vip_renewdeadline` (3), `vip_retryperiod` (1).

use super::{Balancer, Check, Lease};
use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::syntax::{Origin, View};

fn container(inventory: &Inventory, id: DocumentId) -> Option<View<'_>> {
    let pod = pod_template(inventory.document(id), inventory.forest())?;
    let mut containers = pod.spec.get("containers").into_iter().flat_map(View::items);
    containers.find(|container| container.str_at("image").is_some_and(is_kube_vip))
}

fn is_kube_vip(image: &str) -> bool {
    let name = image.split(['@', ':']).next().unwrap_or(image);
    name.ends_with("/kube-vip") || name == "kube-vip"
}

fn variable<'a>(container: View<'a>, name: &str) -> Option<View<'a>> {
    let mut variables = container.get("env").into_iter().flat_map(View::items);
    variables.find(|variable| variable.str_at("name") == Some(name))?.get("value")
}

/// The address that a document's kube-vip moves.
pub fn address(inventory: &Inventory, id: DocumentId) -> Option<String> {
    let container = container(inventory, id)?;
    let value = variable(container, "address").or_else(|| variable(container, "vip_address"))?;
    value.str().filter(|text| !text.is_empty()).map(str::to_string)
}

/// The kube-vip of a document.
pub(super) fn read(inventory: &Inventory, id: DocumentId) -> Option<Balancer<'_>> {
    let container = container(inventory, id)?;
    let place = container.get("name").unwrap_or(container).at();
    let flag = |name: &str| -> (bool, Origin) {
        match variable(container, name) {
            Some(value) => (value.str() == Some("true") || value.bool() == Some(true), Origin::Node(value.at())),
            None => (false, container.origin_of("env")),
        }
    };
    let seconds = |name: &str, default: i64| -> (i64, Origin) {
        match variable(container, name) {
            Some(value) => {
                let number = value.int().or_else(|| value.str().and_then(|text| text.parse().ok()));
                (number.unwrap_or(default), Origin::Node(value.at()))
            }
            None => (default, container.origin_of("env")),
        }
    };
    let control_plane = flag("cp_enable");
    Some(Balancer {
        tool: "kube-vip",
        label: "KubeVip",
        name: container.str_at("name").unwrap_or("kube-vip").to_string(),
        place,
        api_server: control_plane.0,
        servers: Vec::new(),
        check: (Check::None, Origin::Node(place)),
        path: None,
        detection: None,
        lease: Some(Lease {
            control_plane,
            arp: flag("vip_arp"),
            election: flag("vip_leaderelection"),
            timing: [seconds("vip_leaseduration", 5), seconds("vip_renewdeadline", 3), seconds("vip_retryperiod", 1)],
        }),
    })
}
