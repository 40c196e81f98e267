//! Where running components differ from kubeadm's configuration: the next upgrade writes that anew and takes changes back.
//!
//! Source: kubeadm `cmd/kubeadm/app/phases/controlplane/manifests.go` for what kubeadm adds by itself. Patches may change
//! anything, so with them in sight only what is configured and lacking counts.

use crate::facts::component::{self, Component, FlagTable};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, View};

/// Flags that kubeadm sets by itself, from its configuration or always.
const BY_KUBEADM: &[&str] = &[
    "advertise-address",
    "allocate-node-cidrs",
    "allow-privileged",
    "authentication-kubeconfig",
    "authorization-config",
    "authorization-kubeconfig",
    "authorization-mode",
    "bind-address",
    "client-ca-file",
    "cloud-config",
    "cloud-provider",
    "cluster-cidr",
    "cluster-name",
    "cluster-signing-cert-file",
    "cluster-signing-duration",
    "cluster-signing-key-file",
    "controllers",
    "enable-admission-plugins",
    "enable-bootstrap-token-auth",
    "etcd-cafile",
    "etcd-certfile",
    "etcd-keyfile",
    "etcd-servers",
    "experimental-cluster-signing-duration",
    "feature-gates",
    "insecure-port",
    "kubeconfig",
    "kubelet-client-certificate",
    "kubelet-client-key",
    "kubelet-preferred-address-types",
    "leader-elect",
    "node-cidr-mask-size",
    "node-cidr-mask-size-ipv4",
    "node-cidr-mask-size-ipv6",
    "port",
    "proxy-client-cert-file",
    "proxy-client-key-file",
    "requestheader-allowed-names",
    "requestheader-client-ca-file",
    "requestheader-extra-headers-prefix",
    "requestheader-group-headers",
    "requestheader-username-headers",
    "root-ca-file",
    "runtime-config",
    "secure-port",
    "service-account-issuer",
    "service-account-key-file",
    "service-account-private-key-file",
    "service-account-signing-key-file",
    "service-cluster-ip-range",
    "tls-cert-file",
    "tls-private-key-file",
    "use-service-account-credentials",
];

/// A flag that runs otherwise than it is configured.
pub struct Change {
    /// The component.
    pub component: &'static str,
    /// The flag.
    pub flag: String,
    /// `added`, `removed` or `changed`.
    pub how: &'static str,
    /// Where that shows in the pod.
    pub place: Origin,
}

/// What differs between the ClusterConfiguration `id` and the static pods in sight.
pub fn drift(inventory: &Inventory, table: &FlagTable, id: DocumentId) -> Vec<Change> {
    let environment = inventory.document(id).environment;
    let mut running = Vec::new();
    for (document, component) in component::in_environment(inventory, table, environment) {
        if component.tool == "static-pod" && component.name != "etcd" && is_of_kubeadm(inventory, document) {
            running.push(component);
        }
    }
    if running.is_empty() {
        return Vec::new();
    }
    let configured = component::find(inventory, table, id);
    let patched = has_patches(inventory, id);
    let mut changes = Vec::new();
    for pod in &running {
        let Some(wanted) = configured.iter().find(|one| one.name == pod.name) else { continue };
        lacking(pod, wanted, &mut changes);
        if !patched {
            added(pod, wanted, &mut changes);
        }
    }
    changes
}

/// Whether kubeadm wrote the pod.
fn is_of_kubeadm(inventory: &Inventory, id: DocumentId) -> bool {
    let root = inventory.document(id).view(inventory.forest());
    root.path("metadata.labels").and_then(|labels| labels.get("tier")).and_then(View::str) == Some("control-plane")
}

fn has_patches(inventory: &Inventory, id: DocumentId) -> bool {
    let environment = inventory.document(id).environment;
    let mut all = ["InitConfiguration", "JoinConfiguration", "UpgradeConfiguration"]
        .into_iter()
        .flat_map(|kind| inventory.of_kind(kind, environment));
    all.any(|id| {
        let root = inventory.document(id).view(inventory.forest());
        ["patches", "apply.patches", "node.patches"].iter().any(|path| root.path(path).is_some())
    })
}

/// The words of a flag's values in one order, because that of lists does not matter.
fn values(component: &Component<'_>, flag: &str) -> Option<Vec<String>> {
    let set = component.flags.set.iter().filter(|set| set.name == flag);
    let known: Option<Vec<String>> = set.map(|set| set.value.as_ref().ok().cloned()).collect();
    let mut words: Vec<String> =
        known?.iter().flat_map(|text| text.split(',').map(str::to_string).collect::<Vec<_>>()).collect();
    words.sort();
    Some(words)
}

fn names<'c>(component: &'c Component<'_>) -> Vec<&'c str> {
    let mut names: Vec<&str> = component.flags.set.iter().map(|set| set.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn lacking(pod: &Component<'_>, wanted: &Component<'_>, changes: &mut Vec<Change>) {
    for flag in names(wanted) {
        let (Some(configured), Some(running)) = (values(wanted, flag), values(pod, flag)) else { continue };
        let set = pod.flags.set.iter().rfind(|set| set.name == flag);
        let (how, place) = match set {
            _ if configured == running || configured.iter().all(String::is_empty) => continue,
            Some(set) => ("changed", Origin::Node(set.place.at())),
            None if pod.flags.open.is_some() => continue,
            None => ("removed", Origin::Node(pod.place)),
        };
        changes.push(Change { component: pod.name, flag: flag.to_string(), how, place });
    }
}

fn added(pod: &Component<'_>, wanted: &Component<'_>, changes: &mut Vec<Change>) {
    let known = names(wanted);
    let foreign = pod
        .flags
        .set
        .iter()
        .filter(|set| !known.contains(&set.name.as_str()) && !BY_KUBEADM.contains(&set.name.as_str()));
    changes.extend(foreign.map(|set| Change {
        component: pod.name,
        flag: set.name.clone(),
        how: "added",
        place: Origin::Node(set.place.at()),
    }));
}
