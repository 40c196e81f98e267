//! The `component` subject: an API server, scheduler, controller-manager, kubelet, kube-proxy, etcd or kube-vip with the
//! flags that take effect.
//!
//! One adapter a tool says where flags stand and whose defaults hold; the facts are the same for all. `words` reads command
//! lines, `files` what is configured outside pods, `flags` says what it amounts to.

mod files;
mod flags;
mod kubelet;
mod lease;
mod mounts;
mod runtime;
mod version;
mod words;

pub use files::of_fields;
pub use flags::{Defaults, FlagTable, Flags, Home, SetFlag};
pub use lease::Lease;
pub use runtime::driver as runtime_driver;
pub use version::{ComponentTables, minor};
pub use words::{Args, Setting, etcd_environment, extra_args, known_text, openness};

use super::builder::{FactBuilder, Spot};
use super::load_balancer;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, Role, pod_template};
use crate::syntax::{Format, Origin, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, UnknownCode};
use mounts::Mounts;
use words::Program;

/// A component as an adapter found it.
pub struct Component<'a> {
    /// `kube-apiserver`, `etcd` …
    pub name: &'static str,
    /// The tool whose file it is: `kubeadm`, `static-pod`, `systemd`, `file`.
    pub tool: &'static str,
    /// Its flags.
    pub flags: Flags<'a>,
    /// kube-vip's lease, which no flag of the table says.
    pub lease: Option<Lease>,
    /// Something asks it for its health without credentials.
    pub probed: bool,
    /// What a finding about it as a whole points at.
    pub place: NodeRef,
    /// It is one node's deviation from what is configured for all.
    pub overrides: bool,
    /// The pod's spec, for a static pod.
    pub pod: Option<View<'a>>,
    /// What it sees of the host; `None` for everything.
    pub mounts: Option<Mounts>,
    /// The container that runs it, or kubeadm's section about it.
    pub body: Option<View<'a>>,
    /// The minor release of Kubernetes 1 that it is, and where that stands.
    pub version: Option<(i64, View<'a>)>,
    /// The minor of its API server, where a tool links them.
    pub server: Option<i64>,
    /// The same of its cluster, where one document declares all of that.
    pub of_cluster: Option<(i64, View<'a>)>,
}

/// What others say of a component.
pub struct Beside {
    /// Its audit log leaves the node; null where that is no question.
    pub audit_shipped: Spot<Option<bool>>,
    /// The tool that built its cluster, where something tells.
    pub maker: Option<&'static str>,
    /// Minors of the API servers that it talks to, where they say theirs.
    pub servers: Vec<i64>,
}

/// The components that facts exist for.
const NAMES: &[&str] =
    &["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kube-proxy", "kubelet"];

impl<'a> Component<'a> {
    /// A component of which nothing is known but its flags.
    pub fn new(name: &'static str, flags: Flags<'a>, place: NodeRef) -> Component<'a> {
        Component {
            name,
            tool: "file",
            flags,
            lease: None,
            probed: false,
            place,
            overrides: false,
            pod: None,
            mounts: None,
            body: None,
            version: None,
            server: None,
            of_cluster: None,
        }
    }

    /// The components of a kubeadm ClusterConfiguration. kubeadm runs etcd itself unless `etcd.external` is there.
    fn of_kubeadm(finder: &Finder<'a, '_>, root: View<'a>) -> Vec<Component<'a>> {
        let external = root.path("etcd.external").is_some();
        let sections = [
            ("kube-apiserver", "apiServer"),
            ("kube-controller-manager", "controllerManager"),
            ("kube-scheduler", "scheduler"),
        ];
        let mut components: Vec<Component<'a>> =
            sections.into_iter().map(|(name, section)| Self::kubeadm(finder, root, name, section)).collect();
        if !external {
            components.push(Self::kubeadm(finder, root, "etcd", "etcd.local"));
        }
        components
    }

    fn kubeadm(finder: &Finder<'a, '_>, root: View<'a>, name: &'static str, section: &str) -> Component<'a> {
        let args = format!("{section}.extraArgs");
        let (parent, missing) = root.descend(&args);
        let found = root.path(section);
        let home = Home { parent, path: missing.to_string() };
        let own = match found {
            Some(section) if name == "etcd" => {
                let mut variables = words::etcd_environment(section.get("extraEnvs"));
                variables.flags.retain(|flag| !finder.table.set_by_kubeadm(name, &flag.name));
                variables.then(words::extra_args(name, kubeadm_args(section)))
            }
            Some(section) => words::extra_args(name, kubeadm_args(section)).then(external_etcd(root, name)),
            None => Setting { flags: Vec::new(), open: words::openness(parent) }.then(external_etcd(root, name)),
        };
        let flags = finder.flags(name, own, Defaults::Kubeadm, home);
        let place = found.unwrap_or(root).at();
        let mounts = Some(Mounts::of_kubeadm(root, found));
        let version = version::of_cluster(finder.inventory, finder.id);
        Component { tool: "kubeadm", probed: true, mounts, version, body: found, ..Component::new(name, flags, place) }
    }

    /// A container that runs a component: by its program, in a shell too, or by the image where only flags are given. A pod
    /// that kubeadm wrote repeats all of kubeadm's flags, so the binary's own defaults hold.
    fn of_container(finder: &Finder<'a, '_>, spec: View<'a>, container: View<'a>) -> Option<Component<'a>> {
        let words = words::of_container(container);
        let by_image = || {
            let image = container.str_at("image")?.split(['@', ':']).next()?;
            NAMES.iter().copied().find(|name| *name == words::base_name(image))
        };
        let only_flags = words.first().is_some_and(|word| word.text.starts_with('-'));
        let Program { name, words, script } = match only_flags {
            true => Program { name: by_image()?, words, script: None },
            false => words::program(words, NAMES)?,
        };
        let mut own = if name == "etcd" { words::etcd_environment(container.get("env")) } else { Setting::default() };
        own = own.then(words::flags(finder.table, name, &words));
        let lists = ["command", "args"].into_iter().filter_map(|key| container.get(key));
        own.open = own.open.or_else(|| lists.filter_map(words::openness).next());
        let list = script.or_else(|| container.get("command")).or_else(|| container.get("args")).unwrap_or(container);
        let flags = finder.flags(name, own, Defaults::Binary, Home { parent: list, path: String::new() });
        let place = container.get("name").unwrap_or(container).at();
        Some(Component {
            tool: "static-pod",
            probed: is_probed(container),
            pod: Some(spec),
            body: Some(container),
            mounts: Mounts::of_container(spec, container),
            version: version::of_image(container).filter(|_| name != "etcd"),
            ..Component::new(name, flags, place)
        })
    }

    /// The component that a systemd service runs: its name, its command line and what that sets.
    fn unit_setting(finder: &Finder<'a, '_>) -> Option<(&'static str, View<'a>, Setting<'a>)> {
        let unit = files::Unit::read(finder.inventory, finder.id);
        let (exec, words) = unit.command()?;
        let (variables, open) = unit.variables(finder.inventory, finder.id);
        let Program { name, words, .. } = words::program(words, NAMES)?;
        let mut own = Setting::default();
        if name == "etcd" {
            own = Setting { flags: files::etcd_variables(&variables), open };
        }
        Some((name, exec, own.then(words::flags(finder.table, name, &files::expanded(words, &variables)))))
    }

    /// A systemd service that runs a component. Where its configuration file is an object of the input, that is described
    /// there.
    fn of_unit(finder: &Finder<'a, '_>) -> Option<Component<'a>> {
        let (name, exec, own) = Self::unit_setting(finder)?;
        let path = own.flags.iter().rev().find(|flag| flag.name == "config").map(|flag| flag.value.clone());
        let mut defaults = Defaults::Binary;
        if let (Some(path), "kubelet" | "kube-proxy") = (path, name) {
            let path = path.unwrap_or_default();
            if files::only_configuration(finder.inventory, finder.id, name, &path).is_some() {
                return None;
            }
            defaults = Defaults::File;
        }
        let flags = finder.flags(name, own, defaults, Home { parent: exec, path: String::new() });
        Some(Component { tool: "systemd", ..Component::new(name, flags, exec.at()) })
    }

    fn of_file(name: &'static str, set: Setting<'a>, place: View<'a>, home: View<'a>) -> Self {
        let home = Home { parent: home, path: String::new() };
        let mut flags = Flags::new(name, set, Defaults::Binary, home);
        // etcd reads nothing but its file; others have flags besides.
        flags.beside =
            (name != "etcd").then(|| Reason::new(UnknownCode::Partial, "the command line is not in the input"));
        Component::new(name, flags, place.at())
    }

    /// The minor release it is: its own, else its cluster's.
    pub fn minor(&self, inventory: &'a Inventory, id: DocumentId) -> Option<(i64, View<'a>)> {
        self.version.or(self.of_cluster).or_else(|| version::of_cluster(inventory, id).filter(|_| self.name != "etcd"))
    }

    /// The component's facts.
    pub fn facts(
        &self,
        facts: &mut FactBuilder,
        ComponentTables { flags: table, removed, .. }: &ComponentTables,
        minor: Option<(i64, View<'a>)>,
        beside: &Beside,
    ) -> NodeId {
        let origin = Origin::Node(self.place);
        let place = minor.map_or(origin.clone(), |(_, view)| Origin::Node(view.at()));
        let minor = minor.map(|(minor, _)| minor);
        let of_flags = Lease::of_flags(table, &self.flags);
        let lease = match self.lease.as_ref().or(of_flags.as_ref()) {
            Some(lease) => lease.facts(facts, &origin),
            None => facts.null(origin.clone()),
        };
        let fields = [
            ("name", facts.str(self.name, origin.clone())),
            ("tool", facts.str(self.tool, origin.clone())),
            ("flags", self.flags.facts(facts, table)),
            ("lease", lease),
            ("probed", facts.bool(self.probed, origin.clone())),
            ("minor", facts.opt_int(minor, place)),
            ("overrides", facts.bool(self.overrides, origin.clone())),
            ("ownVersion", facts.bool(self.version.is_some(), origin.clone())),
            ("removed", removed.facts(facts, table, &self.flags, minor)),
            ("files", mounts::files(facts, table, &self.flags, self.mounts.as_ref())),
            ("apiReferences", mounts::api_references(facts, self.pod)),
            ("auditShipped", facts.opt_bool_at(&beside.audit_shipped)),
            ("maker", facts.opt_str(beside.maker, origin.clone())),
            ("servers", servers(facts, &beside.servers, &origin)),
        ];
        facts.map(&fields, origin)
    }

    /// The subject for its facts.
    pub fn subject(&self, inventory: &Inventory, id: DocumentId, node: NodeRef) -> Subject {
        let subject = Subject::of(SubjectKind::Component, node, inventory, id);
        Subject { component: Some(self.name), ..subject }
    }
}

fn servers(facts: &mut FactBuilder, minors: &[i64], origin: &Origin) -> NodeId {
    let nodes: Vec<NodeId> = minors.iter().map(|minor| facts.int(*minor, origin.clone())).collect();
    facts.list_at(&nodes, origin.clone())
}

/// What an external etcd makes kubeadm tell the API server. A file that is not named stays empty.
fn external_etcd<'a>(root: View<'a>, name: &str) -> Setting<'a> {
    let Some(external) = root.path("etcd.external").filter(|_| name == "kube-apiserver") else {
        return Setting::default();
    };
    let endpoints = external.get("endpoints");
    let urls: Vec<View<'a>> = endpoints.into_iter().flat_map(View::items).collect();
    let one = |name: &str, value: Option<View<'a>>, place: View<'a>| {
        let text = value.and_then(View::str).unwrap_or_default().to_string();
        let value = value.and_then(View::unknown).map_or(Ok(text), |reason| Err(reason.clone()));
        SetFlag { name: name.to_string(), value, place }
    };
    let mut flags: Vec<SetFlag<'a>> = urls.into_iter().map(|url| one("etcd-servers", Some(url), url)).collect();
    for (name, key) in [("etcd-cafile", "caFile"), ("etcd-certfile", "certFile"), ("etcd-keyfile", "keyFile")] {
        let file = external.get(key);
        flags.push(one(name, file, file.or(endpoints).unwrap_or(external)));
    }
    Setting { flags, open: None }
}

/// `extraArgs` of one of kubeadm's sections.
fn kubeadm_args(section: View<'_>) -> Args<'_> {
    Args { section, args: section.get("extraArgs") }
}

/// Whether the kubelet asks by HTTP, which it does without credentials unless a header carries some.
fn is_probed(container: View<'_>) -> bool {
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    probes
        .into_iter()
        .filter_map(|probe| container.get(probe)?.get("httpGet"))
        .any(|get| get.get("httpHeaders").is_none())
}

/// Finds the components of one document.
struct Finder<'a, 't> {
    inventory: &'a Inventory,
    table: &'t FlagTable,
    id: DocumentId,
}

impl<'a> Finder<'a, '_> {
    /// Flags as they take effect together with the configuration file that they name. etcd reads nothing but the file.
    fn flags(&self, name: &'static str, own: Setting<'a>, defaults: Defaults, home: Home<'a>) -> Flags<'a> {
        let all = match files::configuration(self.inventory, self.table, self.id, name, &own) {
            Some(file) if name == "etcd" => file,
            Some(file) => file.then(own),
            None => own,
        };
        Flags::new(name, all, defaults, home)
    }

    fn of_pod(&self, spec: View<'a>) -> Vec<Component<'a>> {
        let containers = spec.get("containers").into_iter().flat_map(View::items);
        containers.filter_map(|container| Component::of_container(self, spec, container)).collect()
    }

    /// Components that run as workloads: kube-proxy, and control planes that another cluster hosts. What the configuration
    /// file of kube-proxy says is described there, where it is an object of the input; etcd has uses besides Kubernetes.
    fn of_workload(&self) -> Vec<Component<'a>> {
        let document = self.inventory.document(self.id);
        let pod = pod_template(document, self.inventory.forest());
        let mut components = pod.map_or_else(Vec::new, |pod| self.of_pod(pod.spec));
        components.retain(|component| {
            let config = component.flags.text(self.table, "config").ok().flatten();
            let described =
                |path: String| files::only_configuration(self.inventory, self.id, component.name, &path).is_some();
            component.name != "etcd" && !config.is_some_and(|path| component.name == "kube-proxy" && described(path))
        });
        for component in &mut components {
            (component.tool, component.pod, component.mounts) = ("workload", None, None);
        }
        components
    }

    fn of_foreign(&self, format: Format, root: View<'a>) -> Option<Component<'a>> {
        match format {
            Format::SystemdUnit if files::Unit::is_drop_in(self.inventory, self.id) => None,
            Format::SystemdUnit => Component::of_unit(self),
            Format::EnvFile => {
                let (set, first) = files::etcd_env_file(root)?;
                let named = files::is_named(self.inventory, self.id);
                (!named).then(|| Component::of_file("etcd", set, first, first))
            }
            Format::Yaml => {
                let set = files::etcd_conf(root)?;
                let first = root.entries().next()?.1;
                let named = files::is_named(self.inventory, self.id);
                (!named).then(|| Component::of_file("etcd", set, first, root))
            }
            _ => None,
        }
    }

    /// A scheduler's configuration by itself, unless a scheduler in sight has one. A further scheduler under another name
    /// is somebody's workload.
    fn of_scheduler_configuration(&self, root: View<'a>) -> Option<Component<'a>> {
        let mut profiles = root.get("profiles").into_iter().flat_map(View::items).peekable();
        let is_default =
            |profile: View<'_>| profile.str_at("schedulerName").is_none_or(|name| name == "default-scheduler");
        if profiles.peek().is_some() && !profiles.any(is_default) {
            return None;
        }
        let environment = self.inventory.document(self.id).environment;
        let has_config = |component: &Component<'_>| {
            component.name == "kube-scheduler"
                && component.flags.text(self.table, "config").is_ok_and(|path| path.is_some())
        };
        let mut others = in_environment(self.inventory, self.table, environment);
        if others.any(|(_, component)| has_config(&component)) {
            return None;
        }
        let place = root.get("kind").unwrap_or(root);
        Some(Component::of_file("kube-scheduler", files::of_fields(self.table, "kube-scheduler", root), place, root))
    }
}

/// The components that kubeadm runs for the ClusterConfiguration at `root`, wherever that lies.
pub fn of_kubeadm<'a>(
    inventory: &'a Inventory,
    table: &FlagTable,
    id: DocumentId,
    root: View<'a>,
) -> Vec<Component<'a>> {
    Component::of_kubeadm(&Finder { inventory, table, id }, root)
}

/// What a `nodeRegistration` below `root` sets for the kubelets of its nodes.
pub fn of_kubelet_args<'a>(
    inventory: &'a Inventory,
    table: &FlagTable,
    id: DocumentId,
    root: View<'a>,
) -> Option<Component<'a>> {
    Component::of_kubelet_args(&Finder { inventory, table, id }, root)
}

/// The fields of a section that are called like flags, written together: `auditLogPath`, one level of sections down too.
pub fn like_flags<'a>(table: &FlagTable, component: &str, section: View<'a>) -> Setting<'a> {
    let plain = |name: &str| name.replace('-', "").to_ascii_lowercase();
    let nested = section.entries().map(|(_, value)| value).filter(|value| value.is_map());
    let fields: Vec<(String, View<'a>)> = std::iter::once(section)
        .chain(nested)
        .flat_map(View::entries)
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (plain(key).trim_end_matches('s').to_string(), value))
        .collect();
    let flag = |name: &str| {
        let wanted = plain(name);
        let (_, place) = fields.iter().find(|(key, _)| key == wanted.trim_end_matches('s'))?;
        Some(SetFlag { name: name.to_string(), value: known_text(*place), place: *place })
    };
    Setting { flags: table.names(component).filter_map(flag).collect(), open: words::openness(section) }
}

/// The flags in a list of `name=value`, with or without dashes.
pub fn listed_flags(list: View<'_>) -> Setting<'_> {
    let texts: Vec<View<'_>> = if list.is_list() { list.items().collect() } else { vec![list] };
    let mut setting = Setting { flags: Vec::new(), open: words::openness(list) };
    for place in texts {
        match (place.unknown(), place.str().map(|text| text.trim_start_matches('-'))) {
            (Some(reason), _) => setting.open = Some(reason.clone()),
            (None, Some(text)) => {
                let (name, value) = text.split_once('=').unwrap_or((text, "true"));
                setting.flags.push(SetFlag { name: name.to_string(), value: Ok(value.to_string()), place });
            }
            _ => {}
        }
    }
    setting
}

/// The components in a document, whatever tool wrote it.
pub fn find<'a>(inventory: &'a Inventory, table: &FlagTable, id: DocumentId) -> Vec<Component<'a>> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let finder = Finder { inventory, table, id };
    match (document.role, document.kind()) {
        (Role::Object, "ClusterConfiguration") => Component::of_kubeadm(&finder, root),
        (Role::Object, "Pod") => {
            let pod = pod_template(document, inventory.forest());
            let mut components = pod.map_or_else(Vec::new, |pod| finder.of_pod(pod.spec));
            components.extend(load_balancer::kube_vip_component(inventory, id));
            components
        }
        (Role::Object, "DaemonSet" | "Deployment" | "StatefulSet") => {
            let mut components: Vec<Component<'a>> = finder.of_workload();
            components.extend(load_balancer::kube_vip_component(inventory, id));
            components
        }
        (Role::Object, "KubeletConfiguration") => vec![Component::of_kubelet_configuration(&finder, root)],
        (Role::Object, "InitConfiguration" | "JoinConfiguration") => {
            Component::of_kubelet_args(&finder, root).into_iter().collect()
        }
        (Role::Object, "KubeProxyConfiguration") => {
            let place = root.get("kind").unwrap_or(root);
            vec![Component::of_file("kube-proxy", files::of_fields(table, "kube-proxy", root), place, root)]
        }
        (Role::Object, "KubeSchedulerConfiguration") => finder.of_scheduler_configuration(root).into_iter().collect(),
        (Role::Foreign | Role::Other, _) => finder.of_foreign(document.format, root).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The components of kubeadm's documents, pods and units that an environment sees.
pub fn in_environment<'a>(
    inventory: &'a Inventory,
    table: &'a FlagTable,
    environment: crate::inventory::EnvironmentId,
) -> impl Iterator<Item = (DocumentId, Component<'a>)> {
    let visible = &inventory.environments()[environment.index()].visible;
    let documents = visible.iter().flat_map(|id| inventory.members(*id)).copied().filter(|&id| {
        let document = inventory.document(id);
        matches!(document.kind(), "ClusterConfiguration" | "Pod") || document.format == Format::SystemdUnit
    });
    documents.flat_map(move |id| find(inventory, table, id).into_iter().map(move |component| (id, component)))
}
