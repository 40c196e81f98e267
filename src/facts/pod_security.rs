//! Pod Security: which controls of a level a pod breaks, as the admission controller of a release sees it.
//!
//! Knows the controls of the levels baseline and restricted and since when each holds. Which level a namespace asks for is
//! `Enforced`'s business; whether a broken control matters where nobody enforces a level is for rules to say.
//!
//! Source: the checks of k8s.io/pod-security-admission/policy, and the page "Pod Security Standards".

use crate::inventory::{PodTemplate, hides};
use crate::syntax::{Origin, View};
use crate::vocabulary::Reason;

/// The prefix of the labels of a namespace.
pub const PREFIX: &str = "pod-security.kubernetes.io/";

/// Sysctls that the baseline level allows, and the minor since which it does.
pub const SAFE_SYSCTLS: &[(&str, u32)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

const ADDABLE: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
const CONTAINERS: &[&str] = &["initContainers", "containers", "ephemeralContainers"];
const PROBES: &[&str] =
    &["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"];

/// A level that refuses something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Refuses known ways out of a container.
    Baseline,
    /// Asks for hardening besides.
    Restricted,
}

impl Level {
    /// The word in labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        }
    }
}

/// What a namespace enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enforced {
    /// The level.
    pub level: Level,
    /// Minor of the release whose checks count.
    pub minor: u32,
}

impl Enforced {
    /// Reads a namespace's labels; `newest` is what `latest` means. `None` where nothing is refused.
    pub fn of(namespace: View<'_>, newest: u32) -> Option<Enforced> {
        let labels = namespace.path("metadata.labels")?;
        let label = |name: &str| labels.get(&format!("{PREFIX}{name}")).and_then(View::str);
        let level = match label("enforce")? {
            "baseline" => Level::Baseline,
            "restricted" => Level::Restricted,
            _ => return None,
        };
        let pinned = label("enforce-version").and_then(|version| version.strip_prefix("v1.")?.parse().ok());
        Some(Enforced { level, minor: pinned.unwrap_or(newest) })
    }
}

/// What the checks found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Broken controls with the place that breaks them.
    pub broken: Vec<(&'static str, Origin)>,
    /// Why there may be more.
    pub doubt: Option<Reason>,
}

/// Checks a pod against a level.
pub fn check(pod: &PodTemplate<'_>, enforced: Enforced) -> Verdict {
    let spec = pod.spec;
    let lists = CONTAINERS.iter().filter_map(|list| spec.get(list));
    let containers: Vec<View<'_>> = lists.flat_map(View::items).filter(|container| container.is_map()).collect();
    let user_namespace = enforced.minor >= 35 && spec.get("hostUsers").and_then(View::bool) == Some(false);
    let windows = enforced.minor >= 25 && spec.str_at("os.name") == Some("windows");
    let mut check =
        Check { pod, spec, containers, minor: enforced.minor, user_namespace, windows, verdict: Verdict::default() };
    check.doubts();
    check.baseline();
    if enforced.level == Level::Restricted {
        check.restricted();
    }
    check.verdict
}

struct Check<'p, 'a> {
    pod: &'p PodTemplate<'a>,
    spec: View<'a>,
    containers: Vec<View<'a>>,
    minor: u32,
    /// The pod has user ids of its own, for which some controls are relaxed.
    user_namespace: bool,
    windows: bool,
    verdict: Verdict,
}

impl<'a> Check<'_, 'a> {
    fn breaks(&mut self, control: &'static str, place: View<'a>) {
        self.verdict.broken.push((control, Origin::Node(place.at())));
    }

    fn lacks(&mut self, control: &'static str, place: View<'a>, path: &'static str) {
        self.verdict.broken.push((control, place.origin_of(path)));
    }

    /// The pod's spec and its containers: wherever a `securityContext` may stand.
    fn places(&self) -> Vec<View<'a>> {
        std::iter::once(self.spec).chain(self.containers.iter().copied()).collect()
    }

    fn doubts(&mut self) {
        let contexts = self.places().into_iter().flat_map(|place| {
            let context = place.get("securityContext");
            let fields = context.into_iter().flat_map(View::entries).map(|(_, value)| value);
            [Some(place), context].into_iter().flatten().chain(fields).collect::<Vec<_>>()
        });
        let others = self.spec.entries().map(|(_, value)| value);
        self.verdict.doubt = contexts.chain(others).find_map(hides).cloned();
    }

    fn values(&self, path: &str) -> Vec<View<'a>> {
        self.places().into_iter().filter_map(|place| place.path(path)).collect()
    }

    fn baseline(&mut self) {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            if let Some(value) = self.spec.get(field).filter(|value| value.bool() == Some(true)) {
                self.breaks("hostNamespaces", value);
            }
        }
        for (control, path) in [
            ("privileged", "securityContext.privileged"),
            ("windowsHostProcess", "securityContext.windowsOptions.hostProcess"),
        ] {
            let set = self.values(path).into_iter().filter(|value| value.bool() == Some(true));
            set.for_each(|value| self.breaks(control, value));
        }
        self.added_capabilities("capabilities_baseline", ADDABLE);
        let volumes: Vec<View<'a>> = self.volumes().into_iter().filter_map(|volume| volume.get("hostPath")).collect();
        volumes.into_iter().filter(|path| !path.is_null()).for_each(|path| self.breaks("hostPathVolumes", path));
        self.ports();
        self.profiles();
        self.se_linux();
        if !self.user_namespace {
            self.proc_mount("procMount");
        }
        self.sysctls();
        if self.minor >= 34 {
            self.hosts();
        }
    }

    fn volumes(&self) -> Vec<View<'a>> {
        self.spec.get("volumes").into_iter().flat_map(View::items).collect()
    }

    fn added_capabilities(&mut self, control: &'static str, allowed: &[&str]) {
        for name in self.containers.clone().into_iter().filter_map(|c| c.path("securityContext.capabilities.add")) {
            let bad = name.items().filter(|name| name.str().is_some_and(|name| !allowed.contains(&name)));
            bad.collect::<Vec<_>>().into_iter().for_each(|name| self.breaks(control, name));
        }
    }

    fn ports(&mut self) {
        let ports = self.containers.iter().filter_map(|container| container.get("ports")).flat_map(View::items);
        let bound =
            ports.filter_map(|port| port.get("hostPort")).filter(|port| port.int().is_some_and(|port| port != 0));
        bound.collect::<Vec<_>>().into_iter().for_each(|port| self.breaks("hostPorts", port));
    }

    /// Seccomp and AppArmor: fields everywhere, and the annotations of AppArmor.
    fn profiles(&mut self) {
        if self.minor >= 19 {
            let bad =
                |value: &View<'_>| value.str().is_some_and(|kind| kind != "RuntimeDefault" && kind != "Localhost");
            let seccomp = self.values("securityContext.seccompProfile.type").into_iter().filter(bad);
            seccomp.for_each(|value| self.breaks("seccompProfile_baseline", value));
        }
        let bad = |value: &View<'_>| value.str().is_some_and(|kind| kind != "RuntimeDefault" && kind != "Localhost");
        let fields = self.values("securityContext.appArmorProfile.type").into_iter().filter(bad);
        fields.for_each(|value| self.breaks("appArmorProfile", value));
        let annotations = self.pod.template.path("metadata.annotations").into_iter().flat_map(View::entries);
        let fits = |value: &str| value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
        let bad = annotations
            .filter(|(key, _)| key.starts_with("container.apparmor.security.beta.kubernetes.io/"))
            .filter(|(_, value)| value.str().is_some_and(|value| !fits(value)));
        bad.for_each(|(_, value)| self.breaks("appArmorProfile", value));
    }

    fn se_linux(&mut self) {
        let engine = self.minor >= 31;
        let fits = |kind: &str| match kind {
            "" | "container_t" | "container_init_t" | "container_kvm_t" => true,
            kind => engine && kind == "container_engine_t",
        };
        for options in self.values("securityContext.seLinuxOptions") {
            let kind = options.get("type").filter(|kind| kind.str().is_some_and(|kind| !fits(kind)));
            let others = ["user", "role"].into_iter().filter_map(|key| options.get(key));
            let others = others.filter(|value| value.str().is_some_and(|value| !value.is_empty()));
            kind.into_iter().chain(others).for_each(|value| self.breaks("seLinuxOptions", value));
        }
    }

    fn proc_mount(&mut self, control: &'static str) {
        let mounts = self.values("securityContext.procMount").into_iter();
        let bad = mounts.filter(|mount| mount.str().is_some_and(|mount| mount != "Default"));
        bad.for_each(|mount| self.breaks(control, mount));
    }

    fn sysctls(&mut self) {
        let list = self.spec.path("securityContext.sysctls").into_iter().flat_map(View::items);
        let minor = self.minor;
        let safe = |name: &str| SAFE_SYSCTLS.iter().any(|(safe, since)| *safe == name && *since <= minor);
        let bad =
            list.filter_map(|sysctl| sysctl.get("name")).filter(|name| name.str().is_some_and(|name| !safe(name)));
        bad.for_each(|name| self.breaks("sysctls", name));
    }

    fn hosts(&mut self) {
        let handlers = |container: &View<'a>| {
            let container = *container;
            PROBES.iter().filter_map(move |path| container.path(path)).collect::<Vec<_>>()
        };
        let handlers: Vec<View<'a>> = self.containers.iter().flat_map(handlers).collect();
        let hosts = handlers.into_iter().flat_map(|handler| {
            ["httpGet.host", "tcpSocket.host"].into_iter().filter_map(move |path| handler.path(path))
        });
        let set = hosts.filter(|host| host.str().is_some_and(|host| !host.is_empty()));
        set.for_each(|host| self.breaks("hostProbesAndHostLifecycle", host));
    }

    fn restricted(&mut self) {
        for volume in self.volumes() {
            let kinds = volume.entries().filter(|(kind, value)| *kind != "name" && !value.is_null());
            let bad = kinds.filter(|(kind, _)| !VOLUMES.contains(kind)).map(|(_, value)| value);
            bad.for_each(|value| self.breaks("restrictedVolumes", value));
        }
        if self.minor >= 35 {
            self.proc_mount("procMount_restricted");
        }
        if !self.user_namespace {
            self.users();
        }
        for container in self.containers.clone() {
            if self.minor >= 8 && !self.windows {
                self.escalation(container);
            }
            if self.minor >= 19 && !self.windows {
                self.seccomp_profile(container);
            }
            if self.minor >= 22 && !self.windows {
                self.dropped(container);
            }
        }
        if self.minor >= 22 && !self.windows {
            self.added_capabilities("capabilities_restricted", &["NET_BIND_SERVICE"]);
        }
    }

    fn users(&mut self) {
        const NON_ROOT: &str = "securityContext.runAsNonRoot";
        let pod = self.spec.path(NON_ROOT).and_then(View::bool);
        for container in self.containers.clone() {
            match container.path(NON_ROOT).filter(|value| !value.is_null()) {
                Some(value) if value.bool() == Some(false) => self.breaks("runAsNonRoot", value),
                None if pod != Some(true) => self.lacks("runAsNonRoot", container, NON_ROOT),
                _ => {}
            }
        }
        if self.minor >= 23 {
            let users = self.values("securityContext.runAsUser").into_iter();
            users.filter(|user| user.int() == Some(0)).for_each(|user| self.breaks("runAsUser", user));
        }
    }

    fn escalation(&mut self, container: View<'a>) {
        const PATH: &str = "securityContext.allowPrivilegeEscalation";
        match container.path(PATH).filter(|value| !value.is_null()) {
            Some(value) if value.bool() == Some(true) => self.breaks("allowPrivilegeEscalation", value),
            None => self.lacks("allowPrivilegeEscalation", container, PATH),
            _ => {}
        }
    }

    fn seccomp_profile(&mut self, container: View<'a>) {
        const PATH: &str = "securityContext.seccompProfile.type";
        let set = |place: View<'a>| place.path(PATH).filter(|value| !value.is_null());
        if set(container).or_else(|| set(self.spec)).is_none() {
            self.lacks("seccompProfile_restricted", container, PATH);
        }
    }

    fn dropped(&mut self, container: View<'a>) {
        const PATH: &str = "securityContext.capabilities.drop";
        let drop = container.path(PATH);
        match drop.filter(|drop| !drop.items().any(|name| name.str() == Some("ALL"))) {
            Some(drop) => self.breaks("capabilities_restricted", drop),
            None if drop.is_none() => self.lacks("capabilities_restricted", container, PATH),
            None => {}
        }
    }
}
