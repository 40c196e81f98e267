//! kubespray: inventories and group variables.
//!
//! An inventory with a group `kube_control_plane` is a cluster. Without a balancer kubespray puts a proxy on every node, so
//! that nodes need no endpoint. Sources: roles/kubernetes/control-plane/defaults/main/*.yml, docs/operations/ha-mode.md.

use super::variables::{Host, Hosts, Variables};
use super::{Found, Reading};
use crate::facts::builder::Spot;
use crate::facts::component::{self, Component, Defaults, Flags, Home, SetFlag, Setting};
use crate::facts::control_plane::{Declared, Endpoint, Taints};
use crate::inventory::Role;
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

const TOOL: &str = "kubespray";

/// Names of the groups over the years.
const CONTROL_PLANE: [&str; 2] = ["kube_control_plane", "kube-master"];
const WORKERS: [&str; 2] = ["kube_node", "kube-node"];

/// Groups whose variables control-plane nodes see, outermost first.
const GROUPS: &[&str] = &["all", "k8s_cluster", "k8s-cluster", "kube_control_plane", "kube-master", "etcd"];

/// Variables that are a flag: component, flag, variable.
const FLAGS: &[(&str, &str, &str)] = &[
    ("kube-apiserver", "anonymous-auth", "kube_api_anonymous_auth"),
    ("kube-apiserver", "authorization-mode", "authorization_modes"),
    ("kube-apiserver", "audit-log-path", "audit_log_path"),
    ("kube-apiserver", "audit-log-maxage", "audit_log_maxage"),
    ("kube-apiserver", "audit-log-maxbackup", "audit_log_maxbackups"),
    ("kube-apiserver", "audit-log-maxsize", "audit_log_maxsize"),
    ("kube-apiserver", "enable-admission-plugins", "kube_apiserver_enable_admission_plugins"),
    ("kube-apiserver", "profiling", "kube_profiling"),
    ("kube-apiserver", "request-timeout", "kube_apiserver_request_timeout"),
    ("kube-apiserver", "tls-cipher-suites", "tls_cipher_suites"),
    ("kube-apiserver", "tls-min-version", "tls_min_version"),
    ("kube-apiserver", "token-auth-file", "kube_token_auth_file"),
    ("kube-controller-manager", "bind-address", "kube_controller_manager_bind_address"),
    ("kube-controller-manager", "leader-elect-lease-duration", "kube_controller_manager_leader_elect_lease_duration"),
    ("kube-controller-manager", "leader-elect-renew-deadline", "kube_controller_manager_leader_elect_renew_deadline"),
    ("kube-controller-manager", "profiling", "kube_profiling"),
    ("kube-scheduler", "bind-address", "kube_scheduler_bind_address"),
    ("kube-scheduler", "profiling", "kube_profiling"),
    ("kubelet", "rotate-certificates", "kubelet_rotate_certificates"),
    ("kubelet", "rotate-server-certificates", "kubelet_rotate_server_certificates"),
    ("kubelet", "authentication-token-webhook", "kubelet_authentication_token_webhook"),
    ("kubelet", "protect-kernel-defaults", "kubelet_protect_kernel_defaults"),
    ("kubelet", "streaming-connection-idle-timeout", "kubelet_streaming_connection_idle_timeout"),
    ("kubelet", "event-qps", "kubelet_event_record_qps"),
    ("kubelet", "max-pods", "kubelet_max_pods"),
    ("kubelet", "pod-max-pids", "kubelet_pod_pids_limit"),
    ("kubelet", "fail-swap-on", "kubelet_fail_swap_on"),
    ("kubelet", "seccomp-default", "kubelet_seccomp_default"),
    ("etcd", "quota-backend-bytes", "etcd_quota_backend_bytes"),
    ("etcd", "auto-compaction-retention", "etcd_compaction_retention"),
    ("etcd", "snapshot-count", "etcd_snapshot_count"),
];

/// Variables that turn several flags on: the variable, and what they then are.
const SWITCHES: &[(&str, &[(&str, &str)])] = &[
    ("kube_encrypt_secret_data", &[("encryption-provider-config", "/etc/kubernetes/ssl/secrets_encryption.yaml")]),
    (
        "kubernetes_audit",
        &[
            ("audit-policy-file", "/etc/kubernetes/audit-policy/apiserver-audit-policy.yaml"),
            ("audit-log-path", "/var/log/audit/kube-apiserver-audit.log"),
        ],
    ),
];

const COMPONENTS: &[&str] = &["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "etcd"];

/// Reads an inventory.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    let document = reading.inventory.document(reading.id);
    if document.role == Role::Object {
        return None;
    }
    let hosts = Hosts::read(document.format, reading.root)?;
    let group = CONTROL_PLANE.into_iter().find(|group| !hosts.of(group).is_empty())?;
    let cluster = Cluster { nodes: hosts.of(group), variables: Variables::of(reading, &hosts, GROUPS), hosts, group };
    let mut found = Found { tool: TOOL, label: "Inventory", ..Found::default() };
    found.components = COMPONENTS.iter().map(|name| cluster.component(name, reading.root)).collect();
    found.members = Some(cluster.members(reading.root));
    found.taints.extend(cluster.taints(reading.root));
    found.control_plane = Some(cluster.control_plane(reading.root));
    Some(found)
}

struct Cluster<'a> {
    hosts: Hosts<'a>,
    group: &'static str,
    nodes: Vec<Host>,
    variables: Variables<'a>,
}

/// Why a value is not known: Jinja decides it.
fn jinja(value: View<'_>) -> Option<Reason> {
    let text = value.str().filter(|text| text.contains("{{") || text.contains("{%"));
    let decided = || Reason::new(UnknownCode::Templated, "Ansible fills in the value");
    value.unknown().cloned().or_else(|| text.map(|_| decided()))
}

fn text_of(value: View<'_>) -> Result<String, Reason> {
    jinja(value).map_or_else(|| component::known_text(value), Err)
}

impl<'a> Cluster<'a> {
    fn place(&self, root: View<'a>) -> Origin {
        self.hosts.place(self.group).unwrap_or(Origin::Node(root.at()))
    }

    fn component(&self, name: &'static str, root: View<'a>) -> Component<'a> {
        let mut flags = Vec::new();
        if name == "kube-apiserver" {
            flags.extend(SWITCHES.iter().flat_map(|(variable, sets)| self.switch(variable, sets)));
        }
        let rows = FLAGS.iter().filter(|(component, ..)| *component == name);
        flags.extend(rows.filter_map(|(_, flag, variable)| {
            let place = self.variables.get(variable)?;
            Some(SetFlag { name: (*flag).to_string(), value: text_of(place), place })
        }));
        let extra = format!("kube_kubeadm_{}_extra_args", name.trim_start_matches("kube-").replace('-', "_"));
        if let Some(args) = self.variables.get(&extra) {
            flags.extend(args.entries().map(|(flag, place)| SetFlag {
                name: flag.to_string(),
                value: text_of(place),
                place,
            }));
        }
        let home = Home { parent: self.variables.home.unwrap_or(root), path: String::new() };
        let flags = Flags::new(name, Setting { flags, open: None }, Defaults::Tool(TOOL), home);
        let place = match self.place(root) {
            Origin::Node(place) | Origin::Key(place) => place,
            _ => root.at(),
        };
        Component { tool: TOOL, version: self.version(), ..Component::new(name, flags, place) }
    }

    fn version(&self) -> Option<(i64, View<'a>)> {
        let version = self.variables.get("kube_version")?;
        Some((component::minor(version.str()?)?, version))
    }

    fn switch(&self, variable: &str, sets: &[(&str, &str)]) -> Vec<SetFlag<'a>> {
        let Some(place) = self.variables.get(variable) else { return Vec::new() };
        if jinja(place).is_none() && place.bool() != Some(true) {
            return Vec::new();
        }
        let value = |text: &str| jinja(place).map_or_else(|| Ok(text.to_string()), Err);
        sets.iter().map(|(flag, text)| SetFlag { name: (*flag).to_string(), value: value(text), place }).collect()
    }

    fn members(&self, root: View<'a>) -> Spot<Option<i64>> {
        let members = self.hosts.of("etcd");
        let place = self.hosts.place("etcd").unwrap_or_else(|| self.place(root));
        // Where etcd runs in pods of kubeadm, it is on the control-plane nodes.
        let number = if members.is_empty() { self.nodes.len() } else { members.len() };
        Spot::known(i64::try_from(number).ok(), place)
    }

    /// A control-plane node that is a worker too loses its taint.
    fn taints(&self, root: View<'a>) -> Option<Taints<'a>> {
        let workers: Vec<Host> = WORKERS.iter().flat_map(|group| self.hosts.of(group)).collect();
        let both = self.nodes.iter().any(|node| workers.iter().any(|worker| worker.name == node.name));
        let place = WORKERS.iter().find_map(|group| self.hosts.place(group)).unwrap_or_else(|| self.place(root));
        both.then_some(Taints::Effects(root, Vec::new(), place))
    }

    fn control_plane(&self, root: View<'a>) -> Declared<'a> {
        let count = Spot::known(i64::try_from(self.nodes.len()).ok(), self.place(root));
        let mut declared = Declared::new(TOOL, root, count);
        declared.name = self.variables.get("cluster_name").filter(|name| jinja(*name).is_none());
        declared.version = self.variables.get("kube_version");
        let members = self.hosts.of("etcd");
        let inside = |member: &Host| self.nodes.iter().any(|node| node.name == member.name);
        declared.stacked = Spot::known(members.is_empty() || members.iter().any(inside), self.place(root));
        declared.nodes =
            self.nodes.iter().flat_map(|node| node.addresses.iter().chain([&node.name])).cloned().collect();
        declared.endpoint = self.endpoint(root);
        declared
    }

    /// The balancer, or kubespray's proxy on every node.
    fn endpoint(&self, root: View<'a>) -> Endpoint<'a> {
        let balancer = self.variables.get("loadbalancer_apiserver");
        let address = balancer.and_then(|balancer| balancer.get("address"));
        if let Some(address) = address.or_else(|| self.variables.get("apiserver_loadbalancer_domain_name")) {
            return match jinja(address) {
                Some(reason) => Endpoint::Unknown(reason, Origin::Node(address.at())),
                None => Endpoint::Written(address),
            };
        }
        match self.variables.get("loadbalancer_apiserver_localhost") {
            Some(value) if value.bool() == Some(false) => Endpoint::Unset(Origin::Node(value.at())),
            Some(value) => Endpoint::Local(Origin::Node(value.at())),
            None => Endpoint::Local(self.place(root)),
        }
    }
}
