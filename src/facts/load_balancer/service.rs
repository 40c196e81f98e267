//! Services that stand before API servers or etcd members and are open beyond the cluster.
//!
//! The labels are those that kubeadm gives its static pods.

use super::cloud::{Cloud, open_service};
use super::{API_PORT, Balancer, Check, ETCD_PORT, Server};
use crate::syntax::View;

/// A Service of type LoadBalancer or NodePort that selects a component of the control plane.
pub(super) fn read(root: View<'_>) -> Option<Balancer<'_>> {
    let kind = root.path("spec.type")?;
    if !matches!(kind.str(), Some("LoadBalancer" | "NodePort")) {
        return None;
    }
    let selector = root.path("spec.selector")?;
    let selects = |name: &str| selector.entries().any(|(_, value)| value.str() == Some(name));
    let address = match (selects("kube-apiserver"), selects("etcd")) {
        (true, _) => API_PORT,
        (_, true) if has_port(root, 2379) => ETCD_PORT,
        _ => return None,
    };
    let name = root.str_at("metadata.name").unwrap_or_default();
    let server =
        Server { name, address, checked: Ok(true), disabled: false, count: 1, problem: None, place: kind.at() };
    let tool = if kind.str() == Some("NodePort") { "node-port" } else { "service" };
    let open = open_service(root, kind).filter(|_| address == API_PORT);
    Some(Balancer {
        cloud: Cloud { open, ..Cloud::default() },
        api_server: address == API_PORT,
        servers: vec![server],
        check: (Check::Tcp, crate::syntax::Origin::Node(kind.at())),
        ..Balancer::new(tool, "Service", name, kind.at())
    })
}

fn has_port(root: View<'_>, wanted: i64) -> bool {
    let mut ports = root.path("spec.ports").into_iter().flat_map(View::items);
    ports.any(|port| {
        [port.get("port"), port.get("targetPort")].into_iter().flatten().any(|one| one.int() == Some(wanted))
    })
}
