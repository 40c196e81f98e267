//! Talos: machine configuration (`version: v1alpha1`, `machine`, `cluster`).
//!
//! Talos keeps a control plane with TLS, an audit policy and no anonymous access by itself. The control-plane files in sight
//! are one cluster, one file a node; a single file is applied to any number of machines.

use super::{Found, Reading};
use crate::facts::builder::Spot;
use crate::facts::component::{self, Args, Component, Defaults, FlagTable, Flags, Home, SetFlag, Setting};
use crate::facts::control_plane::{Declared, Endpoint, Taints};
use crate::inventory::Role;
use crate::syntax::{Format, Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

const TOOL: &str = "talos";

/// Where components keep their flags.
const COMPONENTS: &[(&str, &str)] = &[
    ("kube-apiserver", "cluster.apiServer"),
    ("kube-controller-manager", "cluster.controllerManager"),
    ("kube-scheduler", "cluster.scheduler"),
    ("etcd", "cluster.etcd"),
];

/// Keys that encrypt Secrets.
const ENCRYPTION: &[&str] = &["cluster.secretboxEncryptionSecret", "cluster.aescbcEncryptionSecret"];

/// Reads a machine configuration.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    let document = reading.inventory.document(reading.id);
    if document.role != Role::Other || document.format != Format::Yaml || !is_machine(reading.root) {
        return None;
    }
    let root = reading.root;
    let table = &reading.tables.flags;
    let mut found = Found { tool: TOOL, label: "MachineConfig", ..Found::default() };
    found.components.push(component(table, root, "kubelet", "machine.kubelet"));
    if !is_control_plane(root) {
        return Some(found);
    }
    found.components.extend(COMPONENTS.iter().map(|(name, section)| component(table, root, name, section)));
    let nodes: Vec<View<'a>> =
        reading.files().map(|(_, file)| file).filter(|file| is_machine(*file) && is_control_plane(*file)).collect();
    found.taints.extend(taints(root));
    if nodes.first().is_some_and(|first| first.at() == root.at()) {
        let declared = control_plane(root, &nodes);
        found.members = Some(declared.count.clone());
        found.control_plane = Some(declared);
    } else {
        found.components.retain(|component| component.name != "etcd");
    }
    Some(found)
}

fn is_machine(root: View<'_>) -> bool {
    root.path("machine.type").is_some() && root.get("cluster").is_some_and(View::is_map)
}

fn is_control_plane(root: View<'_>) -> bool {
    matches!(root.str_at("machine.type"), Some("controlplane" | "init"))
}

fn component<'a>(table: &FlagTable, root: View<'a>, name: &'static str, path: &'static str) -> Component<'a> {
    let (parent, missing) = root.descend(path);
    let section = root.path(path).filter(|section| section.is_map());
    let mut set = Setting { flags: Vec::new(), open: component::openness(parent) };
    if let Some(section) = section {
        set = component::extra_args(name, Args { section, args: section.get("extraArgs") });
    }
    if let (Some(section), "kubelet") = (section, name) {
        let config = section.get("extraConfig").map(|config| component::of_fields(table, name, config));
        set = config.unwrap_or_default().then(set);
    }
    if name == "kube-apiserver" {
        set.flags.extend(encryption(root));
    }
    let home =
        Home { parent: section.and_then(|section| section.get("extraArgs")).unwrap_or(parent), path: missing.into() };
    let place = section.or_else(|| root.path("machine.type")).unwrap_or(root).at();
    Component { tool: TOOL, ..Component::new(name, Flags::new(name, set, Defaults::Tool(TOOL), home), place) }
}

fn encryption(root: View<'_>) -> Option<SetFlag<'_>> {
    let place = ENCRYPTION.iter().find_map(|path| root.path(path))?;
    Some(SetFlag {
        name: "encryption-provider-config".into(),
        value: Ok("/system/secrets/encryptionconfig.yaml".into()),
        place,
    })
}

/// Talos taints control-plane nodes unless it is told not to.
fn taints(root: View<'_>) -> Option<Taints<'_>> {
    let paths = ["cluster.allowSchedulingOnControlPlanes", "cluster.allowSchedulingOnMasters"];
    let open = paths.iter().filter_map(|path| root.path(path)).find(|allowed| allowed.bool() == Some(true));
    open.map(|allowed| Taints::Effects(root, Vec::new(), Origin::Node(allowed.at())))
}

fn control_plane<'a>(root: View<'a>, nodes: &[View<'a>]) -> Declared<'a> {
    let place = Origin::Node(root.path("machine.type").unwrap_or(root).at());
    let count = match nodes.len() {
        1 => Spot::unknown(one_file(), place),
        many => Spot::known(Some(i64::try_from(many).unwrap_or(i64::MAX)), place),
    };
    let mut declared = Declared::new(TOOL, root, count);
    declared.name = root.path("cluster.clusterName");
    declared.endpoint = match root.path("cluster.controlPlane.endpoint") {
        Some(endpoint) => Endpoint::Written(endpoint),
        None => Endpoint::Unset(root.origin_of("cluster.controlPlane.endpoint")),
    };
    let interfaces = nodes.iter().filter_map(|node| node.path("machine.network.interfaces")).flat_map(View::items);
    let addresses = interfaces.filter_map(|interface| interface.get("addresses")).flat_map(View::items);
    declared.nodes = addresses
        .filter_map(|address| Some(address.str()?.split('/').next()?.to_string()))
        .chain(nodes.iter().filter_map(|node| node.str_at("machine.network.hostname")).map(str::to_string))
        .collect();
    declared
}

fn one_file() -> Reason {
    Reason::new(UnknownCode::Partial, "one machine's file does not say how many machines get it")
}
