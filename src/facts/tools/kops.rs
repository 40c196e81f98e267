//! kOps: Cluster and InstanceGroup.
//!
//! kOps taints control-plane nodes whatever else is said, makes an endpoint by DNS or a cloud balancer, and lets etcd-manager back etcd up
//! into an object store. Sources: pkg/apis/kops/v1alpha2, docs/cluster_spec.md, docs/instance_groups.md.

use super::{Found, Reading};
use crate::facts::backup::ToolBackup;
use crate::facts::builder::Spot;
use crate::facts::component::{self, Component, Defaults, Flags, Home, SetFlag, Setting};
use crate::facts::control_plane::{Declared, Endpoint, Pool, Spread, Volume};
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

const GROUP: &str = "kops.k8s.io";
const TOOL: &str = "kops";

/// Sections of a Cluster that hold flags.
const SECTIONS: &[(&str, &str)] = &[
    ("kube-apiserver", "spec.kubeAPIServer"),
    ("kube-controller-manager", "spec.kubeControllerManager"),
    ("kube-scheduler", "spec.kubeScheduler"),
    ("kubelet", "spec.kubelet"),
];

/// etcd-manager's own interval between backups, in seconds.
const BACKUP_SECONDS: i64 = 900;

/// Reads kOps' documents.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    if reading.is(GROUP, "Cluster") {
        Some(cluster(reading))
    } else if reading.is(GROUP, "InstanceGroup") {
        let pools = vec![pool(reading.root, reading.others(GROUP, "Cluster").next())];
        Some(Found { tool: TOOL, pools, ..Found::default() })
    } else {
        None
    }
}

fn is_control_plane(group: View<'_>) -> bool {
    matches!(group.str_at("spec.role"), Some("Master" | "ControlPlane"))
}

fn size(group: View<'_>, path: &'static str) -> Spot<Option<i64>> {
    Spot::read(group, path, None, |value| value.int().map(Some))
}

/// A group. What it does not say of its rolling updates the cluster says for all.
fn pool<'a>(group: View<'a>, cluster: Option<View<'a>>) -> Pool<'a> {
    let mut pool = Pool::new(TOOL, group, group.path("metadata.name"));
    pool.control_plane = is_control_plane(group);
    pool.size = [size(group, "spec.minSize"), size(group, "spec.maxSize")];
    let all = |value: View<'_>| Some(value.str() == Some("100%"));
    let sayer = |path: &str| cluster.filter(|cluster| group.path(path).is_none() && cluster.path(path).is_some());
    let at = |path: &'static str| sayer(path).unwrap_or(group);
    let (gone, drained) = ("spec.rollingUpdate.maxUnavailable", "spec.rollingUpdate.drainAndTerminate");
    pool.replaced_at_once = Spot::read(at(gone), gone, false, all);
    pool.drained = Spot::read(at(drained), drained, true, |value| value.bool());
    // Bastions are there to be reached.
    let public = group.path("spec.associatePublicIp").filter(|value| value.bool() == Some(true));
    pool.exposures
        .extend(public.filter(|_| group.str_at("spec.role") != Some("Bastion")).map(|value| ("address", value)));
    pool
}

/// Where the topology says that machines are private, or public.
const TOPOLOGY: &[&str] = &[
    "spec.topology.masters",
    "spec.topology.nodes",
    "spec.networking.topology.controlPlane",
    "spec.networking.topology.nodes",
];

/// What a Cluster says of all machines: whether everybody reaches them.
fn machines(root: View<'_>) -> Option<Pool<'_>> {
    let topology: Vec<View<'_>> = TOPOLOGY.iter().filter_map(|path| root.path(path)).collect();
    let private = !topology.is_empty() && topology.iter().all(|one| one.str() == Some("private"));
    let mut pool = Pool::new(TOOL, root, root.path("metadata.name"));
    pool.exposures.extend(topology.into_iter().filter(|one| one.str() == Some("public")).map(|one| ("address", one)));
    let ranges = root.path("spec.sshAccess").into_iter().flat_map(View::items);
    let everybody = |range: &View<'_>| matches!(range.str(), Some("0.0.0.0/0" | "::/0"));
    let ssh = ranges.filter(everybody).take(1).filter(|_| !private);
    pool.exposures.extend(ssh.map(|range| ("ssh", range)));
    (!pool.exposures.is_empty()).then_some(pool)
}

fn cluster<'a>(reading: &Reading<'a, '_>) -> Found<'a> {
    let root = reading.root;
    let etcd = main_etcd(root);
    let mut components: Vec<Component<'a>> =
        SECTIONS.iter().map(|(name, section)| component(reading, name, section)).collect();
    components.extend(etcd.map(etcd_component));
    let members = etcd.and_then(|etcd| etcd.get("etcdMembers"));
    let listed: Vec<View<'a>> = members.into_iter().flat_map(View::items).collect();
    let place = members.map_or(root.origin_of("spec.etcdClusters"), |members| Origin::Node(members.at()));
    let number = members.map(|_| i64::try_from(listed.len()).unwrap_or(i64::MAX));
    let declared = control_plane(reading, &listed);
    Found {
        tool: TOOL,
        // A member runs on one node each, so other numbers are numbers of their own.
        separate_etcd: number.is_some() && declared.count.value.as_ref().ok() != Some(&number),
        control_plane: Some(declared),
        components,
        members: Some(Spot::known(number, place)),
        volumes: volumes(reading),
        spread: spread(reading, &listed),
        pools: machines(root).into_iter().collect(),
        backup: etcd.map(|etcd| backup(root, etcd)),
        ..Found::default()
    }
}

/// Zones of the main etcd's members, whether events have an etcd of their own, and how many nodes there may be.
fn spread<'a>(reading: &Reading<'a, '_>, members: &[View<'a>]) -> Spread {
    let root = reading.root;
    let groups = control_groups(reading);
    let group_of = |member: &View<'a>| {
        let name = member.str_at("instanceGroup")?;
        groups.iter().find(|group| group.str_at("metadata.name") == Some(name)).copied()
    };
    let own: Option<Vec<View<'a>>> = members.iter().map(group_of).collect();
    let zones = own.filter(|own| own.len() >= 3).map(|own| {
        let place = root.path("spec.etcdClusters").map_or(root, |clusters| clusters);
        let place = members.last().map_or(Origin::Node(place.at()), |member| member.origin_of("instanceGroup"));
        Spot { place, ..zones(root, &own) }
    });
    let mut etcds = root.path("spec.etcdClusters").into_iter().flat_map(View::items);
    let apart = etcds.any(|etcd| etcd.str_at("name") == Some("events"));
    let workers = reading.others(GROUP, "InstanceGroup").filter(|group| group.str_at("spec.role") == Some("Node"));
    let most: Option<Vec<i64>> = workers.map(|group| group.path("spec.maxSize")?.int()).collect();
    let place = root.path("spec.etcdClusters").map_or(root.at(), View::at);
    Spread {
        zones,
        events_apart: Some(Spot::known(Some(apart), Origin::Node(place))),
        nodes: most.filter(|most| !most.is_empty()).map(|most| most.iter().sum()),
    }
}

/// The control-plane groups of a cluster in sight.
fn control_groups<'a>(reading: &Reading<'a, '_>) -> Vec<View<'a>> {
    let cluster = reading.root.str_at("metadata.name");
    let ours = |group: &View<'a>| {
        let label = group.path("metadata.labels").and_then(|labels| labels.get("kops.k8s.io/cluster"));
        is_control_plane(*group) && (label.is_none() || label.and_then(View::str) == cluster)
    };
    reading.others(GROUP, "InstanceGroup").filter(ours).collect()
}

/// Every member of every etcd. Where no control-plane group is in the input, nobody can say whether theirs exist.
fn volumes<'a>(reading: &Reading<'a, '_>) -> Vec<Volume<'a>> {
    let groups = control_groups(reading);
    let mut volumes = Vec::new();
    for etcd in reading.root.path("spec.etcdClusters").into_iter().flat_map(View::items) {
        let members: Vec<View<'a>> = etcd.get("etcdMembers").into_iter().flat_map(View::items).collect();
        for (index, member) in members.iter().enumerate() {
            let place = member.origin_of("instanceGroup");
            let group = member.str_at("instanceGroup");
            let known = groups.iter().any(|known| known.str_at("metadata.name") == group);
            let shared = members[..index].iter().any(|other| other.str_at("instanceGroup") == group);
            let misplaced = match groups.is_empty() && !shared {
                true => Spot::unknown(no_groups(), place),
                false => Spot::known(!known || shared, place),
            };
            volumes.push(Volume { member: *member, misplaced });
        }
    }
    volumes
}

fn no_groups() -> Reason {
    Reason::new(UnknownCode::Partial, "no control-plane InstanceGroup is in the input")
}

/// The etcd that holds everything but events.
fn main_etcd(root: View<'_>) -> Option<View<'_>> {
    let mut all = root.path("spec.etcdClusters")?.items();
    all.find(|etcd| etcd.str_at("name") == Some("main"))
}

/// etcd-manager keeps its backups in an object store, unless they are disabled or told to stay on the host.
fn backup<'a>(root: View<'a>, etcd: View<'a>) -> ToolBackup<'a> {
    let place = Origin::Node(etcd.get("name").unwrap_or(etcd).at());
    let store = etcd.path("backups.backupStore");
    let local = store.and_then(View::str).is_some_and(|store| store.starts_with("file://"));
    let store_place = store.map_or(place.clone(), |store| Origin::Node(store.at()));
    ToolBackup {
        tool: TOOL,
        root,
        exists: Spot::known(true, place.clone()),
        interval: Spot::known(Some(BACKUP_SECONDS), place),
        target: (if local { "hostPath" } else { "other" }, store_place.clone()),
        uploaded: Spot::known(!local, store_place),
    }
}

fn component<'a>(reading: &Reading<'a, '_>, name: &'static str, path: &'static str) -> Component<'a> {
    let root = reading.root;
    let table = &reading.tables.flags;
    let (parent, missing) = root.descend(path);
    let section = root.path(path).filter(|section| section.is_map());
    let mut set = section.map_or_else(
        || Setting { flags: Vec::new(), open: component::openness(parent) },
        |section| component::like_flags(table, name, section),
    );
    if name == "kube-apiserver" {
        set.flags.extend(by_cluster(root));
    }
    let home = Home { parent, path: missing.to_string() };
    let flags = Flags::new(name, set, Defaults::Tool(TOOL), home);
    let version = root.path("spec.kubernetesVersion");
    let minor = version.and_then(|version| Some((component::minor(version.str()?)?, version)));
    let place = section.map_or(crate::facts::anchor(root), View::at);
    Component { tool: TOOL, of_cluster: minor, ..Component::new(name, flags, place) }
}

/// Flags of the API server that other parts of a Cluster set.
fn by_cluster(root: View<'_>) -> Vec<SetFlag<'_>> {
    let mut flags = Vec::new();
    if let Some(place) = root.path("spec.encryptionConfig").filter(|value| !value.is_null()) {
        let file = if place.bool() == Some(true) { "/srv/kubernetes/kube-apiserver/encryptionconfig.yaml" } else { "" };
        let value = place.unknown().map_or(Ok(file.to_string()), |reason| Err(reason.clone()));
        flags.push(SetFlag { name: "encryption-provider-config".into(), value, place });
    }
    // Both let people log in with tokens that somebody else issues.
    let webhooks = ["spec.authentication.aws", "spec.authentication.oidc", "spec.authentication.kopeio"];
    if let Some(place) = webhooks.iter().find_map(|path| root.path(path)) {
        let value = Ok("/etc/kubernetes/authn.config".to_string());
        flags.push(SetFlag { name: "authentication-token-webhook-config-file".into(), value, place });
    }
    if let Some(place) = root.path("spec.authorization.alwaysAllow") {
        flags.push(SetFlag { name: "authorization-mode".into(), value: Ok("AlwaysAllow".into()), place });
    }
    flags
}

fn etcd_component(etcd: View<'_>) -> Component<'_> {
    let set = component::etcd_environment(etcd.path("manager.env"));
    let home = Home { parent: etcd, path: "manager.env".to_string() };
    let flags = Flags::new("etcd", set, Defaults::Tool(TOOL), home);
    let place = etcd.get("name").unwrap_or(etcd).at();
    Component { tool: TOOL, ..Component::new("etcd", flags, place) }
}

/// The control plane: as many nodes as the control-plane groups have at least, in as many zones as their subnets.
fn control_plane<'a>(reading: &Reading<'a, '_>, members: &[View<'a>]) -> Declared<'a> {
    let root = reading.root;
    let cluster = root.str_at("metadata.name");
    let groups = control_groups(reading);
    let mut declared = Declared::new(TOOL, root, count(root, &groups));
    declared.joins = members.len() > 1;
    declared.version = root.path("spec.kubernetesVersion");
    let api = root.path("spec.api").unwrap_or(root);
    declared.endpoint = match root.path("spec.masterPublicName").filter(|name| name.str().is_some()) {
        Some(name) => Endpoint::Written(name),
        None => Endpoint::Made(format!("api.{}", cluster.unwrap_or_default()), api),
    };
    declared.zones = zones(root, &groups);
    declared
}

fn count(root: View<'_>, groups: &[View<'_>]) -> Spot<Option<i64>> {
    let Some(first) = groups.first() else {
        return Spot::unknown(no_groups(), Origin::Node(crate::facts::anchor(root)));
    };
    let sizes: Vec<Spot<Option<i64>>> = groups.iter().map(|group| size(*group, "spec.minSize")).collect();
    let place = match groups {
        [one] => size(*one, "spec.minSize").place,
        _ => Origin::Node(crate::facts::anchor(*first)),
    };
    let sum = sizes.into_iter().try_fold(0, |sum, one| Ok(sum + one.value?.unwrap_or(1)));
    Spot { value: sum.map(Some), place }
}

/// Zones of the groups' subnets; null where some subnet's zone is not said.
fn zones(root: View<'_>, groups: &[View<'_>]) -> Spot<Option<i64>> {
    let subnets: Vec<View<'_>> = root.path("spec.subnets").into_iter().flat_map(View::items).collect();
    let zone_of = |name: View<'_>| {
        let subnet = subnets.iter().find(|subnet| subnet.str_at("name") == name.str())?;
        subnet.str_at("zone")
    };
    let lists = groups.iter().filter_map(|group| group.path("spec.subnets"));
    let names: Vec<View<'_>> = lists.flat_map(View::items).collect();
    let place = names.first().map_or(root.origin_of("spec.subnets"), |name| Origin::Node(name.at()));
    let found: Option<std::collections::BTreeSet<&str>> = names.iter().map(|name| zone_of(*name)).collect();
    let zones = found.filter(|found| !found.is_empty()).map(|found| i64::try_from(found.len()).unwrap_or(i64::MAX));
    Spot::known(zones, place)
}
