//! k3s and RKE2: `config.yaml` of servers and agents.
//!
//! Recognised by the file's folder or by keys that nothing else has. The servers in sight are one cluster; one server's file
//! by itself does not say how many there are, unless it keeps its state in SQLite, which only one can use. Sources:
//! docs.k3s.io/cli/server, docs.rke2.io/reference/server_config.

use super::{Found, Reading};
use crate::facts::backup::ToolBackup;
use crate::facts::builder::Spot;
use crate::facts::component::{self, Component, Defaults, Flags, Home, SetFlag, Setting};
use crate::facts::control_plane::{Declared, Endpoint, Taints};
use crate::inventory::Role;
use crate::syntax::{Format, Origin, View};
use crate::values::{Cron, HostPort};
use crate::vocabulary::{Reason, UnknownCode};

/// Keys that only a server has.
const SERVER_KEYS: &[&str] = &[
    "cluster-init",
    "tls-san",
    "write-kubeconfig-mode",
    "secrets-encryption",
    "kube-apiserver-arg",
    "kube-controller-manager-arg",
    "kube-scheduler-arg",
    "etcd-arg",
    "etcd-snapshot-schedule-cron",
    "etcd-snapshot-retention",
    "etcd-disable-snapshots",
    "etcd-s3",
    "datastore-endpoint",
    "disable",
    "cluster-cidr",
    "service-cidr",
    "flannel-backend",
    "cni",
];

/// Keys that RKE2 has and k3s has not.
const RKE2_KEYS: &[&str] = &["cni", "profile", "audit-policy-file", "etcd-extra-env", "kube-apiserver-extra-mount"];

/// Seconds between snapshots where nothing is set: `0 */12 * * *`.
const SNAPSHOT_SECONDS: i64 = 43_200;

/// Lists of flags.
const COMPONENTS: &[(&str, &str)] = &[
    ("kube-apiserver", "kube-apiserver-arg"),
    ("kube-controller-manager", "kube-controller-manager-arg"),
    ("kube-scheduler", "kube-scheduler-arg"),
    ("kubelet", "kubelet-arg"),
];

/// Reads a configuration file of k3s or RKE2.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    let document = reading.inventory.document(reading.id);
    if document.role != Role::Other || document.format != Format::Yaml {
        return None;
    }
    let root = reading.root;
    let tool = tool(reading.inventory.path(reading.id), root)?;
    let server = is_server(root);
    let mut components = Vec::new();
    let mut leading = false;
    let mut found = Found { tool, label: "Config", ..Found::default() };
    if server {
        let servers: Vec<View<'a>> = reading
            .files()
            .filter(|(id, file)| self::tool(reading.inventory.path(*id), *file).is_some() && is_server(*file))
            .map(|(_, file)| file)
            .collect();
        let leads = servers.iter().find(|file| file.get("server").is_none()).or(servers.first());
        if leads.is_some_and(|first| first.at() == root.at()) {
            leading = true;
            let declared = control_plane(tool, root, &servers, reading);
            if has_etcd(tool, root) {
                components.push(etcd(tool, root));
                found.members = Some(declared.count.clone());
                found.backup = Some(backup(tool, root));
            }
            found.control_plane = Some(declared);
        }
        found.taints.push(taints(root));
    }
    // What other nodes say is what differs there.
    let wanted =
        COMPONENTS.iter().filter(|(name, key)| leading || (root.get(key).is_some() && (server || *name == "kubelet")));
    components.extend(wanted.map(|(name, key)| component(root, tool, name, key)));
    found.components = components;
    Some(found)
}

/// Whose file it is: two keys, or one and the folder, must agree.
fn tool(path: &str, root: View<'_>) -> Option<&'static str> {
    if !root.is_map() {
        return None;
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let common = ["server", "token", "node-taint", "node-label", "kubelet-arg", "node-ip", "protect-kernel-defaults"];
    let known = SERVER_KEYS.iter().chain(&common).filter(|key| root.get(key).is_some()).count();
    let telling = root.entries().any(|(key, _)| key.ends_with("-arg") || matches!(key, "tls-san" | "cluster-init"));
    let named = folder.contains("rke2") || folder.contains("k3s");
    let supervisor = root.str_at("server").is_some_and(|server| server.ends_with(":9345"));
    let rke2 = folder.contains("rke2") || supervisor || RKE2_KEYS.iter().any(|key| root.get(key).is_some());
    let ours = (named && known > 0) || (known > 1 && telling);
    ours.then_some(if rke2 && !folder.contains("k3s") { "rke2" } else { "k3s" })
}

fn is_server(root: View<'_>) -> bool {
    SERVER_KEYS.iter().any(|key| root.get(key).is_some())
}

/// k3s keeps its state in SQLite unless told otherwise.
fn has_etcd(tool: &str, root: View<'_>) -> bool {
    let external = root.get("datastore-endpoint").is_some();
    !external && (tool == "rke2" || root.get("server").is_some() || is_on(root, "cluster-init"))
}

fn is_on(root: View<'_>, key: &str) -> bool {
    root.get(key).and_then(View::bool) == Some(true)
}

fn component<'a>(root: View<'a>, tool: &'static str, name: &'static str, key: &'static str) -> Component<'a> {
    let mut set = root.get(key).map_or_else(Setting::default, component::listed_flags);
    set.open = set.open.or_else(|| component::openness(root));
    if name == "kube-apiserver" {
        set.flags.splice(0..0, by_server(tool, root));
    }
    let home = Home { parent: root.get(key).unwrap_or(root), path: String::new() };
    let place = root.get(key).map_or(place(root), View::at);
    Component { tool, ..Component::new(name, Flags::new(name, set, Defaults::Tool(tool), home), place) }
}

/// Where what a file lacks would be said.
fn place(root: View<'_>) -> crate::vocabulary::NodeRef {
    root.entries().next().map_or(root.at(), |(_, first)| first.at())
}

/// Flags of the API server that keys of their own set.
fn by_server<'a>(tool: &str, root: View<'a>) -> Vec<SetFlag<'a>> {
    let mut flags = Vec::new();
    if let Some(place) = root.get("secrets-encryption").filter(|value| !value.is_null()) {
        let file = if place.bool() == Some(false) { "" } else { "/var/lib/rancher/server/cred/encryption-config.json" };
        let value = place.unknown().map_or(Ok(file.to_string()), |reason| Err(reason.clone()));
        flags.push(SetFlag { name: "encryption-provider-config".into(), value, place });
    }
    if let Some(place) = root.get("audit-policy-file") {
        flags.push(SetFlag { name: "audit-policy-file".into(), value: component::known_text(place), place });
    }
    if tool == "rke2" {
        flags.splice(0..0, audited(root));
    }
    flags
}

/// What RKE2 adds where a profile or a policy of its own asks for audit logs; by itself it keeps none.
const AUDIT: &[(&str, &str)] = &[
    ("audit-policy-file", "/etc/rancher/rke2/audit-policy.yaml"),
    ("audit-log-path", "/var/lib/rancher/rke2/server/logs/audit.log"),
    ("audit-log-maxage", "30"),
    ("audit-log-maxbackup", "10"),
    ("audit-log-maxsize", "100"),
];

fn audited(root: View<'_>) -> Vec<SetFlag<'_>> {
    let profile = root.get("profile").filter(|profile| profile.str().is_none_or(|name| name.starts_with("cis")));
    let Some(place) = root.get("audit-policy-file").or(profile) else { return Vec::new() };
    let value = |text: &str| place.unknown().map_or(Ok(text.to_string()), |reason| Err(reason.clone()));
    AUDIT.iter().map(|(name, text)| SetFlag { name: (*name).to_string(), value: value(text), place }).collect()
}

fn etcd<'a>(tool: &'static str, root: View<'a>) -> Component<'a> {
    let set = root.get("etcd-arg").map_or_else(Setting::default, component::listed_flags);
    let home = Home { parent: root.get("etcd-arg").unwrap_or(root), path: String::new() };
    let place = root.get("cluster-init").or_else(|| root.get("etcd-arg")).map_or(place(root), View::at);
    Component { tool, ..Component::new("etcd", Flags::new("etcd", set, Defaults::Tool(tool), home), place) }
}

fn backup<'a>(tool: &'static str, root: View<'a>) -> ToolBackup<'a> {
    let anchor = Origin::Node(place(root));
    let at = |key: &'static str| root.get(key).map_or(anchor.clone(), |value| Origin::Node(value.at()));
    let cron = root.get("etcd-snapshot-schedule-cron");
    let gap = |text: &str| i64::try_from(text.parse::<Cron>().ok()?.longest_gap()?).ok();
    let interval = cron.map_or(Some(SNAPSHOT_SECONDS), |cron| cron.str().and_then(gap));
    let shipped = root.get("etcd-s3").is_some_and(|value| value.bool() == Some(true));
    let keys = ["etcd-s3", "etcd-snapshot-dir", "etcd-snapshot-schedule-cron"];
    let kept = keys.iter().find_map(|key| root.get(key)).map_or(anchor.clone(), |value| Origin::Node(value.at()));
    ToolBackup {
        tool,
        root,
        exists: Spot::known(!is_on(root, "etcd-disable-snapshots"), at("etcd-disable-snapshots")),
        interval: Spot::known(interval, at("etcd-snapshot-schedule-cron")),
        target: (if shipped { "other" } else { "hostPath" }, kept),
        uploaded: Spot::known(shipped, at("etcd-s3")),
    }
}

/// Servers take pods like all nodes unless a taint keeps them away.
fn taints(root: View<'_>) -> Taints<'_> {
    let listed: Vec<View<'_>> = root.get("node-taint").into_iter().flat_map(View::items).collect();
    let place = root.get("node-taint").map_or(place(root), View::at);
    let effects =
        listed.into_iter().filter_map(|taint| Some((taint.str()?.rsplit_once(':')?.1.to_string(), taint))).collect();
    Taints::Effects(root, effects, Origin::Node(place))
}

fn control_plane<'a>(
    tool: &'static str,
    root: View<'a>,
    servers: &[View<'a>],
    reading: &Reading<'a, '_>,
) -> Declared<'a> {
    let anchor = Origin::Node(place(root));
    let count = i64::try_from(servers.len()).unwrap_or(i64::MAX);
    let alone = tool == "k3s" && !has_etcd(tool, root) && root.get("datastore-endpoint").is_none();
    let count = match (count, alone) {
        (1, false) => Spot::unknown(one_file(), anchor.clone()),
        _ => Spot::known(Some(count), anchor.clone()),
    };
    let mut declared = Declared::new(tool, root, count);
    declared.stacked = Spot::known(root.get("datastore-endpoint").is_none(), anchor.clone());
    let own = ["node-ip", "advertise-address", "node-external-ip", "node-name"];
    declared.nodes =
        servers.iter().flat_map(|server| own.iter().filter_map(|key| server.str_at(key))).map(str::to_string).collect();
    let joins: Vec<View<'a>> = reading
        .files()
        .filter(|(id, file)| self::tool(reading.inventory.path(*id), *file).is_some())
        .filter_map(|(_, file)| file.get("server"))
        .collect();
    let names: Vec<View<'a>> = list(root.get("tls-san"));
    declared.endpoint = match joins.first().or(names.first()) {
        Some(endpoint) => Endpoint::Written(*endpoint),
        None => Endpoint::Unknown(one_file(), anchor.clone()),
    };
    for join in joins {
        let text = join.str().unwrap_or_default().trim_start_matches("https://").trim_end_matches('/');
        let Ok(parsed) = text.parse::<HostPort>() else { continue };
        let certified =
            names.iter().any(|name| name.str() == Some(&parsed.host)) || declared.nodes.contains(&parsed.host);
        let known = names.iter().all(|name| name.unknown().is_none());
        if !certified && known && declared.uncertified.iter().all(|(host, _)| *host != parsed.host) {
            let place = root.get("tls-san").map_or(anchor.clone(), |names| Origin::Node(names.at()));
            declared.uncertified.push((parsed.host, place));
        }
    }
    declared
}

/// A list, or the one value that stands for it.
fn list(value: Option<View<'_>>) -> Vec<View<'_>> {
    match value {
        Some(list) if list.is_list() => list.items().collect(),
        other => other.into_iter().collect(),
    }
}

fn one_file() -> Reason {
    Reason::new(UnknownCode::Partial, "one server's file does not say how many servers there are")
}
