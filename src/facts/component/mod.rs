//! The `component` subject: an API server, scheduler, controller-manager or etcd with the flags that take effect.
//!
//! One adapter a tool says where flags stand and whose defaults hold; the facts are the same for all.

mod flags;

pub use flags::{Defaults, FlagTable, Flags, Home, SetFlag, command_line, etcd_environment, extra_args};

use super::builder::FactBuilder;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::syntax::View;
use crate::vocabulary::{NodeId, NodeRef};

/// A component as an adapter found it.
pub struct Component<'a> {
    /// `kube-apiserver`, `etcd` …
    pub name: &'static str,
    /// The tool whose file it is: `kubeadm`, `static-pod`.
    pub tool: &'static str,
    /// Its flags.
    pub flags: Flags<'a>,
    /// What a finding about it as a whole points at.
    pub place: NodeRef,
}

/// The components that facts exist for.
const NAMES: &[&str] = &["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"];

impl<'a> Component<'a> {
    /// The components of a kubeadm ClusterConfiguration. kubeadm runs etcd itself unless `etcd.external` is there.
    pub fn of_kubeadm(root: View<'a>) -> Vec<Component<'a>> {
        let external = root.path("etcd.external").is_some();
        let sections = [
            ("kube-apiserver", "apiServer"),
            ("kube-controller-manager", "controllerManager"),
            ("kube-scheduler", "scheduler"),
        ];
        let mut components: Vec<Component<'a>> =
            sections.into_iter().map(|(name, section)| Self::kubeadm(root, name, section)).collect();
        if !external {
            components.push(Self::kubeadm(root, "etcd", "etcd.local"));
        }
        components
    }

    fn kubeadm(root: View<'a>, name: &'static str, section: &str) -> Component<'a> {
        let (parent, missing) = deepest(root, section);
        let path = if missing.is_empty() { "extraArgs".to_string() } else { format!("{missing}.extraArgs") };
        let home = match root.path(section).and_then(|section| section.get("extraArgs")) {
            Some(args) => Home { parent: args, path: String::new() },
            None => Home { parent, path },
        };
        let set = root.path(section).map(extra_args).unwrap_or_default();
        let flags = Flags { component: name.to_string(), set, defaults: Defaults::Kubeadm, home };
        Component { name, tool: "kubeadm", flags, place: root.path(section).unwrap_or(root).at() }
    }

    /// The components that a pod runs, recognised by the program's name. A pod that kubeadm wrote repeats all of kubeadm's
    /// flags, so the binary's own defaults hold.
    pub fn of_pod(table: &FlagTable, spec: View<'a>) -> Vec<Component<'a>> {
        let containers = spec.get("containers").into_iter().flat_map(View::items);
        containers.filter_map(|container| Self::of_container(table, container)).collect()
    }

    fn of_container(table: &FlagTable, container: View<'a>) -> Option<Component<'a>> {
        let words = ["command", "args"].into_iter().flat_map(|key| container.get(key)).flat_map(View::items);
        let program = words.filter_map(View::str).next()?.rsplit('/').next()?.to_string();
        let name = NAMES.iter().find(|name| **name == program)?;
        let mut set = if *name == "etcd" { etcd_environment(container) } else { Vec::new() };
        set.extend(command_line(table, name, container));
        let list = container.get("command").or_else(|| container.get("args")).unwrap_or(container);
        let flags = Flags {
            component: name.to_string(),
            set,
            defaults: Defaults::Binary,
            home: Home { parent: list, path: String::new() },
        };
        Some(Component { name, tool: "static-pod", flags, place: container.get("name").unwrap_or(container).at() })
    }

    /// The component's facts.
    pub fn facts(&self, facts: &mut FactBuilder, table: &FlagTable) -> NodeId {
        let origin = crate::syntax::Origin::Node(self.place);
        let fields = [
            ("name", facts.str(self.name, origin.clone())),
            ("tool", facts.str(self.tool, origin.clone())),
            ("flags", self.flags.facts(facts, table)),
        ];
        facts.map(&fields, origin)
    }

    /// The subject for its facts.
    pub fn subject(&self, inventory: &Inventory, id: DocumentId, node: NodeRef) -> Subject {
        let subject = Subject::of(SubjectKind::Component, node, inventory, id);
        Subject { component: Some(self.name.to_string()), ..subject }
    }
}

/// The deepest existing part of a path, and the rest of the path.
fn deepest<'a, 'p>(root: View<'a>, path: &'p str) -> (View<'a>, &'p str) {
    let (mut at, mut rest) = (root, path);
    while let Some(next) = at.get(rest.split('.').next().unwrap_or_default()).filter(|next| next.is_map()) {
        at = next;
        rest = rest.split_once('.').map_or("", |(_, rest)| rest);
        if rest.is_empty() {
            break;
        }
    }
    (at, rest)
}

/// The components in a document, whatever tool wrote it.
pub fn find<'a>(inventory: &'a Inventory, table: &FlagTable, id: DocumentId) -> Vec<Component<'a>> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    match document.kind() {
        "ClusterConfiguration" => Component::of_kubeadm(root),
        "Pod" => {
            pod_template(document, inventory.forest()).map_or_else(Vec::new, |pod| Component::of_pod(table, pod.spec))
        }
        _ => Vec::new(),
    }
}
