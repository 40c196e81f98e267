//! kubespray: inventories and group variables.
//!
//! An inventory with a group `kube_control_plane` is a cluster. Without a balancer kubespray puts a proxy on every node, so
//! that nodes need no endpoint. Sources: roles/kubernetes/control-plane/defaults/main/*.yml, docs/operations/ha-mode.md.

use super::variables::{Host, Hosts, Variables};
use super::{Found, Reading};
use crate::facts::builder::Spot;
use crate::facts::component::{self, Component, Defaults, Flags, Home, SetFlag, Setting};
use crate::facts::control_plane::{Declared, Endpoint, Joining, Spread, Taints};
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
    ("kube-apiserver", "oidc-issuer-url", "kube_oidc_url"),
    ("kube-apiserver", "oidc-client-id", "kube_oidc_client_id"),
    ("kube-apiserver", "oidc-username-claim", "kube_oidc_username_claim"),
    ("kube-apiserver", "oidc-username-prefix", "kube_oidc_username_prefix"),
    ("kube-apiserver", "oidc-groups-claim", "kube_oidc_groups_claim"),
    ("kube-apiserver", "oidc-groups-prefix", "kube_oidc_groups_prefix"),
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
    (
        "kubernetes_audit_webhook",
        &[("audit-webhook-config-file", "/etc/kubernetes/audit-policy/apiserver-audit-webhook-config.yaml")],
    ),
    (
        "kube_webhook_token_auth",
        &[("authentication-token-webhook-config-file", "/etc/kubernetes/webhook-token-auth-config.yaml")],
    ),
];

const COMPONENTS: &[&str] = &["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "etcd"];

/// Reads an inventory.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    let document = reading.inventory.document(reading.id);
    if document.role == Role::Object {
        return None;
    }
    if super::variables::is_group_file(reading.inventory.path(reading.id)) && reading.root.is_map() {
        let release = reading.root.get("kube_version");
        return Some(Found { tool: TOOL, label: "GroupVariables", document: true, release, ..Found::default() });
    }
    let hosts = Hosts::read(document.format, reading.root)?;
    let group = CONTROL_PLANE.into_iter().find(|group| !hosts.of(group).is_empty())?;
    let nodes = hosts.of(group);
    let variables = Variables::of(reading, &hosts, GROUPS, &nodes);
    let cluster = Cluster { nodes, variables, hosts, group };
    let mut found = Found { tool: TOOL, label: "Inventory", ..Found::default() };
    found.components = COMPONENTS.iter().map(|name| cluster.component(name, reading.root)).collect();
    found.members = Some(cluster.members(reading.root));
    found.separate_etcd = cluster.has_etcd_of_its_own();
    found.taints.extend(cluster.taints(reading.root));
    found.control_plane = Some(cluster.control_plane(reading.root));
    found.spread = cluster.spread(reading.root);
    let ignored = cluster.variables.get("kubeadm_ignore_preflight_errors");
    let words = ignored.into_iter().flat_map(View::items);
    let ignored = Joining::ignoring(words.filter_map(|word| Some((word.str()?, Origin::Node(word.at())))));
    if !ignored.is_empty() {
        found.joining.push((reading.root, Joining { ignored, ..Joining::default() }));
    }
    Some(found)
}

/// The first value of a file, for want of a better place.
fn first(home: View<'_>) -> View<'_> {
    home.entries().next().map_or(home, |(_, value)| value)
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
        let oidc = self.variables.get("kube_oidc_auth").is_some_and(|on| on.bool() != Some(false));
        let counts = |flag: &str| oidc || !flag.starts_with("oidc-");
        flags.extend(rows.filter(|(_, flag, _)| counts(flag)).filter_map(|(_, flag, variable)| {
            let place = self.variables.get(variable)?;
            Some(SetFlag { name: (*flag).to_string(), value: self.value(variable, place), place })
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
        Component { tool: TOOL, of_cluster: self.version(), ..Component::new(name, flags, place) }
    }

    /// A variable's value, unless hosts disagree on it.
    fn value(&self, variable: &str, place: View<'a>) -> Result<String, Reason> {
        match self.variables.is_mixed(variable) {
            true => Err(Reason::new(UnknownCode::Partial, format!("hosts have other values of `{variable}`"))),
            false => text_of(place),
        }
    }

    fn version(&self) -> Option<(i64, View<'a>)> {
        let version = self.variables.get("kube_version")?;
        Some((component::minor(version.str()?)?, version))
    }

    fn switch(&self, variable: &str, sets: &[(&str, &str)]) -> Vec<SetFlag<'a>> {
        let Some(place) = self.variables.get(variable) else { return Vec::new() };
        let on = place.bool() == Some(true);
        let known = self.value(variable, place);
        let value = |text: &str| match &known {
            Err(reason) => Err(reason.clone()),
            Ok(_) => Ok(if on { text.to_string() } else { String::new() }),
        };
        sets.iter().map(|(flag, text)| SetFlag { name: (*flag).to_string(), value: value(text), place }).collect()
    }

    fn members(&self, root: View<'a>) -> Spot<Option<i64>> {
        let members = self.hosts.of("etcd");
        let place = self.hosts.place("etcd").unwrap_or_else(|| self.place(root));
        // Where etcd runs in pods of kubeadm, it is on the control-plane nodes.
        let number = if members.is_empty() { self.nodes.len() } else { members.len() };
        Spot::known(i64::try_from(number).ok(), place)
    }

    /// Whether etcd runs on other machines than the control plane, or only on some of its.
    fn has_etcd_of_its_own(&self) -> bool {
        let members = self.hosts.of("etcd");
        let is_node = |member: &Host| self.nodes.iter().any(|node| node.name == member.name);
        !members.is_empty() && (members.len() != self.nodes.len() || !members.iter().all(is_node))
    }

    /// Whether events have an etcd of their own, and how many nodes there are.
    fn spread(&self, root: View<'a>) -> Spread {
        let apart = self.variables.get("etcd_events_cluster_enabled");
        let place = apart.map_or_else(|| self.place(root), |value| Origin::Node(value.at()));
        let apart = match apart.and_then(jinja) {
            Some(reason) => Spot::unknown(reason, place),
            None => Spot::known(Some(apart.and_then(View::bool) == Some(true)), place),
        };
        let workers: usize = WORKERS.iter().map(|group| self.hosts.of(group).len()).max().unwrap_or_default();
        Spread { zones: None, events_apart: Some(apart), nodes: i64::try_from(workers).ok() }
    }

    /// Whether a timer renews the certificates; off unless it is switched on.
    fn renewed(&self, root: View<'a>) -> Spot<Option<bool>> {
        let home = self.variables.home.map_or_else(|| self.place(root), |home| Origin::Node(first(home).at()));
        match self.variables.get("auto_renew_certificates") {
            None => Spot::known(Some(false), home),
            Some(value) => match jinja(value) {
                Some(reason) => Spot::unknown(reason, Origin::Node(value.at())),
                None => Spot::known(Some(value.bool() == Some(true)), Origin::Node(value.at())),
            },
        }
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
        declared.renewed = self.renewed(root);
        declared
    }

    /// The balancer, or kubespray's proxy on every node.
    fn endpoint(&self, root: View<'a>) -> Endpoint<'a> {
        let balancer = self.variables.get("loadbalancer_apiserver");
        let address = balancer.and_then(|balancer| balancer.get("address"));
        let name = self.variables.get("apiserver_loadbalancer_domain_name").filter(|_| address.is_some());
        if let Some(address) = name.or(address) {
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
