//! Cluster API's control planes: KubeadmControlPlane, its template, and the topology of a Cluster (v1beta1 and v1beta2).
//!
//! A KubeadmControlPlane spreads its machines over failure domains by itself and gets its endpoint from the infrastructure
//! provider. What a ClusterClass patches into a template is not seen, so flags of a patched template are open.

use super::{Found, Reading};
use crate::facts::builder::Spot;
use crate::facts::component::{self, Component};
use crate::facts::control_plane::{Declared, Endpoint, Taints};
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// The API group of clusters and machines.
pub const GROUP: &str = "cluster.x-k8s.io";
/// The API group of control planes.
pub const CONTROL_PLANES: &str = "controlplane.cluster.x-k8s.io";
/// The tool's name in facts.
pub const TOOL: &str = "cluster-api";

/// Reads Cluster API's control planes.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    let found = Found { tool: TOOL, ..Found::default() };
    if reading.is(CONTROL_PLANES, "KubeadmControlPlane") {
        return Some(control_plane(reading, found));
    }
    if reading.is(CONTROL_PLANES, "KubeadmControlPlaneTemplate") {
        return Some(template(reading, found));
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
    let surge = ["spec.rolloutStrategy.rollingUpdate.maxSurge", "spec.rollout.strategy.rollingUpdate.maxSurge"];
    declared.max_surge = Spot::read(root, first_of(root, surge), Some(1), |value| number(value).map(Some));
    kubeadm(reading, config, root.path("spec.kubeadmConfigSpec"), &mut found);
    found.members = Some(count);
    found.control_plane = Some(declared);
    found.pools.extend(super::machines::of_control_plane(reading));
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
        component.version = minor.or(component.version);
    }
    found.external_etcd = config.path("etcd.external");
    for section in ["initConfiguration", "joinConfiguration"] {
        let Some(section) = spec.and_then(|spec| spec.get(section)) else { continue };
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

/// The endpoint of the Cluster that refers to a control plane, else of kubeadm's configuration.
fn endpoint<'a>(reading: &Reading<'a, '_>, config: View<'a>) -> Endpoint<'a> {
    let name = reading.root.str_at("metadata.name");
    let ours = |cluster: &View<'a>| cluster.str_at("spec.controlPlaneRef.name") == name && name.is_some();
    let cluster = reading.others(GROUP, "Cluster").find(ours);
    endpoint_of(cluster, config)
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
