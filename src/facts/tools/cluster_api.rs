//! Cluster API's control planes: KubeadmControlPlane, its template, and the topology of a Cluster (v1beta1 and v1beta2).
//!
//! A KubeadmControlPlane spreads its machines over failure domains by itself and gets its endpoint from the infrastructure
//! provider. What a ClusterClass patches into a template is not seen, so flags of a patched template are open.

use super::{Found, Reading};
use crate::facts::builder::Spot;
use crate::facts::component::{self, Component, Defaults, Flags, Home};
use crate::facts::control_plane::{Declared, Endpoint, Joining, Taints};
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// The API group of clusters and machines.
pub const GROUP: &str = "cluster.x-k8s.io";
/// The API group of control planes.
pub const CONTROL_PLANES: &str = "controlplane.cluster.x-k8s.io";
/// The API group of what clouds make.
pub const INFRASTRUCTURE: &str = "infrastructure.cluster.x-k8s.io";
/// The API group of what makes a machine a node.
const BOOTSTRAP: &str = "bootstrap.cluster.x-k8s.io";
/// The tool's name in facts.
pub const TOOL: &str = "cluster-api";

/// Reads Cluster API's control planes.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    let found = Found { tool: TOOL, ..Found::default() };
    if reading.is(CONTROL_PLANES, "KubeadmControlPlane") {
        return is_whole(reading.root).then(|| control_plane(reading, found));
    }
    if reading.is(CONTROL_PLANES, "RKE2ControlPlane") || reading.is(CONTROL_PLANES, "KThreesControlPlane") {
        return is_whole(reading.root).then(|| distribution(reading, found));
    }
    if reading.is(CONTROL_PLANES, "KubeadmControlPlaneTemplate") {
        return Some(template(reading, found));
    }
    for (kind, path) in [("KubeadmConfigTemplate", "spec.template.spec"), ("KubeadmConfig", "spec")] {
        if let (true, Some(spec)) = (reading.is(BOOTSTRAP, kind), reading.root.path(path)) {
            return Some(nodes(reading, spec, found));
        }
    }
    if reading.is(GROUP, "Cluster") && reading.root.path("spec.topology").is_some() {
        return Some(topology(reading, found));
    }
    None
}

/// A number under the first of several paths that is there, else a default where it would stand.
pub fn first_of<'a>(root: View<'a>, paths: [&'static str; 2]) -> &'static str {
    if root.path(paths[1]).is_some() { paths[1] } else { paths[0] }
}

fn control_plane<'a>(reading: &Reading<'a, '_>, mut found: Found<'a>) -> Found<'a> {
    let root = reading.root;
    let count = Spot::read(root, "spec.replicas", Some(1), |value| value.int().map(Some));
    let mut declared = Declared::new(TOOL, root, count.clone());
    declared.version = root.path("spec.version");
    let config = root.descend("spec.kubeadmConfigSpec.clusterConfiguration").0;
    declared.stacked = Spot::known(config.path("etcd.external").is_none(), config.origin_of("etcd"));
    declared.endpoint = endpoint(reading, config);
    declared.zones = failure_domains(reading);
    declared.balanced = balanced(reading, &count);
    found.spread.zones = Some(declared.zones.clone());
    let surge = ["spec.rolloutStrategy.rollingUpdate.maxSurge", "spec.rollout.strategy.rollingUpdate.maxSurge"];
    declared.max_surge = Spot::read(root, first_of(root, surge), Some(1), |value| number(value).map(Some));
    kubeadm(reading, config, root.path("spec.kubeadmConfigSpec"), &mut found);
    found.members = Some(count);
    found.control_plane = Some(declared);
    found.pools.extend(super::machines::of_control_plane(reading));
    found
}

/// The Cluster that refers to a control plane.
fn cluster_of<'a>(reading: &Reading<'a, '_>) -> Option<View<'a>> {
    let name = reading.root.str_at("metadata.name")?;
    reading.others(GROUP, "Cluster").find(|cluster| cluster.str_at("spec.controlPlaneRef.name") == Some(name))
}

/// Failure domains that control-plane machines are spread over, as the Cluster's status has them: a map in v1beta1, a list
/// in v1beta2.
fn failure_domains(reading: &Reading<'_, '_>) -> Spot<Option<i64>> {
    let place = Origin::Node(crate::facts::anchor(reading.root));
    let domains = cluster_of(reading).and_then(|cluster| cluster.path("status.failureDomains"));
    let Some(domains) = domains else { return Spot::known(None, place) };
    let listed = domains.items().chain(domains.entries().map(|(_, domain)| domain));
    let usable = listed.filter(|domain| domain.path("controlPlane").and_then(View::bool) == Some(true)).count();
    Spot::known(i64::try_from(usable).ok().filter(|count| *count > 0), Origin::Node(domains.at()))
}

/// Fields of infrastructure clusters that switch the balancer off: kind, path, and the value that does.
const UNBALANCED: &[(&str, &str, &str)] = &[
    ("AWSCluster", "spec.controlPlaneLoadBalancer.loadBalancerType", "disabled"),
    ("OpenStackCluster", "spec.apiServerLoadBalancer.enabled", "false"),
    ("OpenStackCluster", "spec.managedAPIServerLoadBalancer", "false"),
];

/// Whether a balancer stands before several machines: not where the infrastructure's is switched off, and no address moves
/// between them.
fn balanced(reading: &Reading<'_, '_>, count: &Spot<Option<i64>>) -> Spot<Option<bool>> {
    let place = Origin::Node(crate::facts::anchor(reading.root));
    if !matches!(count.value, Ok(Some(2..))) {
        return Spot::known(None, place);
    }
    let name = cluster_of(reading).and_then(|cluster| cluster.str_at("spec.infrastructureRef.name"));
    let off = UNBALANCED.iter().find_map(|(kind, path, off)| {
        let mut clusters = reading.others(INFRASTRUCTURE, kind);
        let value = clusters.find(|one| name.is_some() && one.str_at("metadata.name") == name)?.path(path)?;
        let is_off = value.str() == Some(*off) || value.bool().is_some_and(|on| !on && *off == "false");
        is_off.then_some(value)
    });
    let moves = || {
        let own = reading.inventory.text(reading.id);
        ["kube-vip", "keepalived"].iter().any(|tool| own.contains(tool))
    };
    match off.filter(|_| !moves()) {
        Some(value) => Spot::known(Some(false), Origin::Node(value.at())),
        None => Spot::known(None, place),
    }
}

/// A control plane without any of these is a patch of one.
fn is_whole(root: View<'_>) -> bool {
    ["spec.replicas", "spec.version", "spec.machineTemplate"].iter().any(|path| root.path(path).is_some())
}

/// A control plane of RKE2 or k3s, as far as Cluster API knows it, with the flags of its API server.
fn distribution<'a>(reading: &Reading<'a, '_>, mut found: Found<'a>) -> Found<'a> {
    let root = reading.root;
    let count = Spot::read(root, "spec.replicas", Some(1), |value| value.int().map(Some));
    let mut declared = Declared::new(TOOL, root, count);
    declared.version = root.path("spec.version");
    declared.endpoint = endpoint(reading, root);
    found.control_plane = Some(declared);
    found.pools.extend(super::machines::of_control_plane(reading));
    let paths = [
        ("rke2", "spec.serverConfig.kubeAPIServer.extraArgs"),
        ("k3s", "spec.kthreesConfigSpec.serverConfig.kubeAPIServerArg"),
    ];
    for (tool, path) in paths {
        let Some(list) = root.path(path) else { continue };
        let home = Home { parent: list, path: String::new() };
        let flags = Flags::new("kube-apiserver", component::listed_flags(list), Defaults::Tool(tool), home);
        found.components.push(Component { tool, ..Component::new("kube-apiserver", flags, list.at()) });
    }
    found
}

/// A number, written as such or as text.
fn number(value: View<'_>) -> Option<i64> {
    value.int().or_else(|| value.str()?.parse().ok())
}

/// Components, etcd and taints of kubeadm's configuration inside machine configuration.
fn kubeadm<'a>(reading: &Reading<'a, '_>, config: View<'a>, spec: Option<View<'a>>, found: &mut Found<'a>) {
    let table = &reading.tables.flags;
    found.components = component::of_kubeadm(reading.inventory, table, reading.id, config);
    let version = reading.root.path("spec.version");
    let minor = version.and_then(|version| Some((component::minor(version.str()?)?, version)));
    for component in found.components.iter_mut().filter(|component| component.name != "etcd") {
        (component.version, component.of_cluster) = (None, minor);
    }
    found.external_etcd = config.path("etcd.external");
    for section in ["initConfiguration", "joinConfiguration"] {
        let Some(section) = spec.and_then(|spec| spec.get(section)) else { continue };
        found.joining.extend(joining(section));
        if section.path("nodeRegistration.taints").is_some() {
            found.taints.push(Taints::Listed(section, "nodeRegistration.taints"));
        }
        if found.components.iter().all(|component| component.name != "kubelet") {
            let kubelet = component::of_kubelet_args(reading.inventory, table, reading.id, section);
            found.components.extend(kubelet);
        }
    }
    if let (true, Some(spec)) = (found.taints.is_empty(), spec) {
        found.taints.push(Taints::Listed(spec, "initConfiguration.nodeRegistration.taints"));
    }
}

/// How the nodes of a section come in, where that is worth a word.
fn joining(section: View<'_>) -> Option<(View<'_>, Joining)> {
    let joining = Joining::of_section(section);
    (!joining.is_empty()).then_some((section, joining))
}

/// The nodes of a KubeadmConfig or its template: their kubelet, and how they come in.
fn nodes<'a>(reading: &Reading<'a, '_>, spec: View<'a>, mut found: Found<'a>) -> Found<'a> {
    for section in ["initConfiguration", "joinConfiguration"] {
        let Some(section) = spec.get(section) else { continue };
        found.joining.extend(joining(section));
        let kubelet = component::of_kubelet_args(reading.inventory, &reading.tables.flags, reading.id, section);
        found.components.extend(kubelet);
    }
    found
}

/// The endpoint of the Cluster that refers to a control plane, else of kubeadm's configuration.
fn endpoint<'a>(reading: &Reading<'a, '_>, config: View<'a>) -> Endpoint<'a> {
    endpoint_of(cluster_of(reading), config)
}

fn endpoint_of<'a>(cluster: Option<View<'a>>, config: View<'a>) -> Endpoint<'a> {
    let of_cluster = cluster.and_then(|cluster| cluster.path("spec.controlPlaneEndpoint.host"));
    let written = of_cluster.or_else(|| config.get("controlPlaneEndpoint"));
    match written.filter(|host| !host.is_null() && host.str() != Some("")) {
        Some(host) => Endpoint::Written(host),
        None => {
            let reason = Reason::new(UnknownCode::Partial, "the infrastructure provider fills in the endpoint");
            Endpoint::Unknown(reason, Origin::Node(crate::facts::anchor(cluster.unwrap_or(config))))
        }
    }
}

/// The part that several clusters share. A ClusterClass may patch anything into it.
fn template<'a>(reading: &Reading<'a, '_>, mut found: Found<'a>) -> Found<'a> {
    let spec = reading.root.path("spec.template.spec.kubeadmConfigSpec");
    let config = reading.root.descend("spec.template.spec.kubeadmConfigSpec.clusterConfiguration").0;
    kubeadm(reading, config, spec, &mut found);
    let patched = reading.others(GROUP, "ClusterClass").any(|class| {
        let reaches = |patch: View<'_>| {
            let mut selectors = patch.get("definitions").into_iter().flat_map(View::items);
            selectors.any(|one| one.str_at("selector.kind") == Some("KubeadmControlPlaneTemplate"))
        };
        class.path("spec.patches").into_iter().flat_map(View::items).any(reaches)
    });
    if patched {
        let reason =
            Reason::new(UnknownCode::Partial, "patches of a ClusterClass, which are not applied here, may set it");
        let open = |component: &mut Component<'a>| component.flags.open = Some(reason.clone());
        found.components.iter_mut().for_each(open);
    }
    found
}

/// A cluster made from a ClusterClass. Whether a class that is not in sight makes a managed control plane shows in the number
/// of replicas, which those do not have.
fn topology<'a>(reading: &Reading<'a, '_>, mut found: Found<'a>) -> Found<'a> {
    let root = reading.root;
    let replicas = root.path("spec.topology.controlPlane.replicas").is_some();
    if replicas {
        let count = Spot::read(root, "spec.topology.controlPlane.replicas", None, |value| value.int().map(Some));
        let mut declared = Declared::new(TOOL, root, count);
        declared.version = root.path("spec.topology.version");
        declared.endpoint = endpoint_of(Some(root), root);
        found.control_plane = Some(declared);
    }
    found.pools = super::machines::of_topology(reading);
    found
}
