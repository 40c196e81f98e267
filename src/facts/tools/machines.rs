//! Cluster API's machines: MachineDeployment, MachineHealthCheck, and the pools of a Cluster's topology.
//!
//! A health check finds machines by labels. Cluster API labels machines with their cluster's name, those of a deployment
//! with its name, and those of a control plane as such.

use super::cluster_api::{CONTROL_PLANES, GROUP, INFRASTRUCTURE, TOOL, first_of};
use super::{Found, Reading};
use crate::facts::builder::Spot;
use crate::facts::component::{self, Component, Defaults, Flags, Home, Setting};
use crate::facts::control_plane::Pool;
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// The label that Cluster API puts on control-plane machines.
const CONTROL_PLANE: &str = "cluster.x-k8s.io/control-plane";
/// The label with the name of the cluster.
const CLUSTER_NAME: &str = "cluster.x-k8s.io/cluster-name";
/// The label with the name of the deployment.
const DEPLOYMENT: &str = "cluster.x-k8s.io/deployment-name";
/// The annotation on machines that are not drained.
const UNDRAINED: &str = "machine.cluster.x-k8s.io/exclude-node-draining";

/// Reads Cluster API's pools and health checks.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    let mut components = Vec::new();
    let pool = if reading.is(GROUP, "MachineDeployment") {
        components.extend(kubelet(reading));
        deployment(reading)
    } else if reading.is(GROUP, "MachinePool") {
        components.extend(kubelet(reading));
        sized(reading.root, reading.root.path("metadata.name"), "spec.replicas")
    } else if reading.is(GROUP, "MachineHealthCheck") {
        health_check(reading.root)
    } else {
        of_template(reading)?
    };
    Some(Found { tool: TOOL, pools: vec![pool], components, ..Found::default() })
}

/// The kubelets of a pool, of which only the version is said, and that of their API servers.
fn kubelet<'a>(reading: &Reading<'a, '_>) -> Option<Component<'a>> {
    let root = reading.root;
    let version = root.path("spec.template.spec.version")?;
    let minor = component::minor(version.str()?)?;
    let cluster =
        reading.others(GROUP, "Cluster").find(|one| one.str_at("metadata.name") == root.str_at("spec.clusterName"));
    let plane = cluster.and_then(|cluster| cluster.str_at("spec.controlPlaneRef.name"));
    let planes: Vec<View<'a>> = ["KubeadmControlPlane", "RKE2ControlPlane", "KThreesControlPlane"]
        .into_iter()
        .flat_map(|kind| reading.others(CONTROL_PLANES, kind))
        .collect();
    // Where no Cluster is in sight, the only control plane is taken for its own.
    let clusters = reading.others(GROUP, "Cluster").count();
    let server = match (clusters, planes.as_slice()) {
        (0, [only]) => Some(*only),
        _ => planes.into_iter().find(|one| plane.is_some() && one.str_at("metadata.name") == plane),
    };
    let home = Home { parent: root, path: String::new() };
    let flags = Flags::new("kubelet", Setting::default(), Defaults::Kubeadm, home);
    Some(Component {
        tool: TOOL,
        overrides: true,
        version: Some((minor, version)),
        server: server.and_then(|server| component::minor(server.str_at("spec.version")?)),
        ..Component::new("kubelet", flags, version.at())
    })
}

/// Fields of infrastructure templates that give machines a public address: kind and path.
const ADDRESSES: &[(&str, &str)] = &[
    ("AWSMachineTemplate", "spec.template.spec.publicIP"),
    ("AzureMachineTemplate", "spec.template.spec.allocatePublicIP"),
    ("GCPMachineTemplate", "spec.template.spec.publicIP"),
];

/// The machines of an infrastructure template, where everybody reaches them.
fn of_template<'a>(reading: &Reading<'a, '_>) -> Option<Pool<'a>> {
    let root = reading.root;
    let (_, path) = ADDRESSES.iter().find(|(kind, _)| reading.is(INFRASTRUCTURE, kind))?;
    let public = root.path(path).filter(|value| value.bool() == Some(true))?;
    let mut pool = Pool::new(TOOL, root, root.path("metadata.name"));
    pool.exposures.push(("address", public));
    Some(pool)
}

fn sized<'a>(root: View<'a>, name: Option<View<'a>>, path: &'static str) -> Pool<'a> {
    let mut pool = Pool::new(TOOL, root, name);
    let size = Spot::read(root, path, None, |value| value.int().map(Some));
    pool.size = [size.clone(), size];
    pool
}

fn deployment<'a>(reading: &Reading<'a, '_>) -> Pool<'a> {
    let root = reading.root;
    let mut pool = sized(root, root.path("metadata.name"), "spec.replicas");
    let labels = root.path("spec.template.metadata.labels");
    let own = [(CLUSTER_NAME, root.str_at("spec.clusterName")), (DEPLOYMENT, root.str_at("metadata.name"))];
    pool.repaired = repaired(reading, labels, &own);
    let paths = ["spec.strategy.rollingUpdate.maxUnavailable", "spec.rollout.strategy.rollingUpdate.maxUnavailable"];
    let path = first_of(root, paths);
    let surge = root.path(&path.replace("maxUnavailable", "maxSurge"));
    let no_surge = surge.is_some_and(|surge| is_amount(surge, &["0", "0%"]));
    let all = |value: View<'_>| {
        let replicas = root.path("spec.replicas").and_then(View::int);
        let whole = is_amount(value, &["100%"]) || replicas.is_some_and(|all| all > 1 && value.int() >= Some(all));
        Some(whole && no_surge)
    };
    pool.replaced_at_once = Spot::read(root, path, false, all);
    if let Some(annotations) = root.path("spec.template.metadata.annotations")
        && let Some(key) = annotations.key(UNDRAINED)
    {
        pool.drained = Spot::known(false, Origin::Key(key));
    }
    pool
}

fn is_amount(value: View<'_>, texts: &[&str]) -> bool {
    let number = value.int().map(|number| number.to_string());
    texts.contains(&value.str().or(number.as_deref()).unwrap_or_default())
}

/// The machines of a KubeadmControlPlane or its like.
pub fn of_control_plane<'a>(reading: &Reading<'a, '_>) -> Option<Pool<'a>> {
    let root = reading.root;
    let mut pool = sized(root, root.path("metadata.name"), "spec.replicas");
    pool.control_plane = true;
    let name = root.str_at("metadata.name");
    let mut clusters = reading.others(GROUP, "Cluster");
    let cluster = clusters.find(|cluster| cluster.str_at("spec.controlPlaneRef.name") == name)?;
    let own = [(CONTROL_PLANE, Some("")), (CLUSTER_NAME, cluster.str_at("metadata.name"))];
    pool.repaired = repaired(reading, root.path("spec.machineTemplate.metadata.labels"), &own);
    Some(pool)
}

/// Whether a health check in sight selects machines with these labels.
fn repaired(reading: &Reading<'_, '_>, labels: Option<View<'_>>, own: &[(&str, Option<&str>)]) -> Spot<Option<bool>> {
    let place = Origin::Node(crate::facts::anchor(reading.root));
    let has = |key: &str, value: Option<&str>| {
        own.iter().any(|(name, text)| *name == key && *text == value)
            || labels.is_some_and(|labels| labels.get(key).and_then(View::str) == value)
    };
    let selects = |check: View<'_>| {
        let of_cluster =
            |(name, text): &(&str, Option<&str>)| *name != CLUSTER_NAME || *text == check.str_at("spec.clusterName");
        let mut wanted = check.path("spec.selector.matchLabels").into_iter().flat_map(View::entries);
        own.iter().all(of_cluster) && wanted.all(|(key, value)| has(key, value.str()))
    };
    if reading.others(GROUP, "MachineHealthCheck").any(selects) {
        return Spot::known(Some(true), place);
    }
    let complete = reading.inventory.completeness("MachineHealthCheck", reading.id);
    match complete.reason() {
        Some(reason) => Spot::unknown(reason.clone(), place),
        None => Spot::known(Some(false), place),
    }
}

/// Where a health check says how many machines may be unhealthy: by number, or as a range.
const CAPS: &[&str] = &[
    "spec.maxUnhealthy",
    "spec.unhealthyRange",
    "spec.remediation.triggerIf.unhealthyLessThanOrEqualTo",
    "spec.remediation.triggerIf.unhealthyInRange",
];

fn health_check(root: View<'_>) -> Pool<'_> {
    let mut pool = Pool::new(TOOL, root, root.path("metadata.name"));
    let set = CAPS.iter().copied().find(|path| root.path(path).is_some_and(|value| !value.is_null()));
    let capped = |value: View<'_>| Some(Some(!is_amount(value, &["100%"])));
    pool.capped = match set {
        Some(path) => Spot::read(root, path, Some(false), capped),
        None => Spot::known(Some(false), Origin::Node(crate::facts::anchor(root))),
    };
    let selector = root.path("spec.selector.matchLabels");
    pool.control_plane = selector.is_some_and(|selector| selector.get(CONTROL_PLANE).is_some());
    pool
}

/// The pools of a Cluster's topology. Their health checks stand in the ClusterClass, or in the topology itself.
pub fn of_topology<'a>(reading: &Reading<'a, '_>) -> Vec<Pool<'a>> {
    let root = reading.root;
    let class_name = ["spec.topology.class", "spec.topology.classRef.name"].iter().find_map(|path| root.str_at(path));
    let class = reading.others(GROUP, "ClusterClass").find(|class| class.str_at("metadata.name") == class_name);
    let deployments = root.path("spec.topology.workers.machineDeployments").into_iter().flat_map(View::items);
    deployments
        .map(|deployment| {
            let name = deployment.get("name");
            let mut pool = sized(deployment, name, "replicas");
            let place = Origin::Node(name.unwrap_or(deployment).at());
            pool.repaired = match class {
                Some(class) => Spot::known(Some(checks(class, deployment)), place),
                None => Spot::unknown(no_class(), place),
            };
            pool
        })
        .collect()
}

fn no_class() -> Reason {
    Reason::new(UnknownCode::Partial, "the ClusterClass is not in the input")
}

fn checks(class: View<'_>, deployment: View<'_>) -> bool {
    let name = deployment.str_at("class");
    let mut classes = class.path("spec.workers.machineDeployments").into_iter().flat_map(View::items);
    let own = classes.find(|one| one.str_at("class") == name);
    let keys = ["machineHealthCheck", "healthCheck"];
    let check = |holder: View<'_>| keys.iter().find_map(|key| holder.get(key)).is_some_and(|check| !check.is_null());
    let off = keys.iter().filter_map(|key| deployment.get(key)?.get("enable")).any(|on| on.bool() == Some(false));
    !off && (check(deployment) || own.is_some_and(check))
}
