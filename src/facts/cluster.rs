//! The trees of control-plane documents: kubeadm's configuration, component pods and units, each with all its subjects.

use super::builder::{FactBuilder, Spot};
use super::component::{self, Component, ComponentTables, FlagTable};
use super::control_plane::{
    ControlPlane, Etcd, EtcdSource, Spread, contradiction, drift, node_of_joining, node_of_kubeadm, node_of_tool,
    of_kube_proxy, one_manifest, renewed,
};
use super::encryption;
use super::subject::{Subject, SubjectKind};
use super::tools::{self, Found};
use super::{audit, authentication, authorization, runbook};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Format, Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId};

/// Builds one document's tree and collects its subjects.
struct Building<'a> {
    inventory: &'a Inventory,
    tables: &'a ComponentTables,
    table: &'a FlagTable,
    id: DocumentId,
    tree: TreeId,
    root: View<'a>,
    facts: FactBuilder,
    subjects: Vec<Subject>,
    /// What a file without a kind is called.
    label: &'static str,
}

impl<'a> Building<'a> {
    fn new(inventory: &'a Inventory, tables: &'a ComponentTables, id: DocumentId, tree: TreeId) -> Self {
        let root = inventory.document(id).view(inventory.forest());
        let facts = FactBuilder::new(tree, super::anchor(root));
        Building {
            inventory,
            tables,
            table: &tables.flags,
            id,
            tree,
            root,
            facts,
            subjects: Vec::new(),
            label: "EtcdConfiguration",
        }
    }

    fn add(&mut self, kind: SubjectKind, node: NodeId) -> &mut Subject {
        let index = self.subjects.len();
        let subject = Subject::of(kind, NodeRef { tree: self.tree, node }, self.inventory, self.id);
        self.subjects.push(self.named(subject));
        &mut self.subjects[index]
    }

    fn component(&mut self, component: &Component<'a>) {
        let minor = component.minor(self.inventory, self.id);
        let shipped = self.audit_shipped(component);
        let servers = self.servers(component);
        let made = component::Beside { audit_shipped: shipped, maker: self.maker(component), servers };
        let node = component.facts(&mut self.facts, self.tables, minor, &made);
        let node = NodeRef { tree: self.tree, node };
        let subject = self.named(component.subject(self.inventory, self.id, node));
        self.subjects.push(subject);
        if component.name == "kubelet" {
            let driver = component::runtime_driver(self.inventory, self.id);
            let minor = minor.map(|(minor, _)| minor);
            let node = component.kubelet_facts(&mut self.facts, self.table, minor, driver);
            self.add(SubjectKind::Kubelet, node).component = Some(component.name);
        }
        if component.name == "kube-apiserver" {
            let node = encryption::of_apiserver(&mut self.facts, self.table, component);
            self.add(SubjectKind::Encryption, node).component = Some(component.name);
            let node = authorization::of_apiserver(&mut self.facts, self.table, component);
            self.add(SubjectKind::Authorization, node).component = Some(component.name);
            let node = authentication::of_apiserver(&mut self.facts, self.table, component);
            self.add(SubjectKind::Authentication, node).component = Some(component.name);
        }
    }

    /// Whether the audit log of an API server leaves its node; null where it writes none, or sends events away by itself.
    fn audit_shipped(&self, component: &Component<'a>) -> Spot<Option<bool>> {
        let text = |name: &str| component.flags.text(self.table, name).ok().flatten().filter(|text| !text.is_empty());
        let origin = component.flags.origin(self.table, "audit-log-path");
        let sent = text("audit-webhook-config-file").is_some();
        match text("audit-log-path").filter(|_| component.name == "kube-apiserver" && !sent) {
            Some(path) => audit::shipped(self.inventory, self.id, &path, origin),
            None => Spot::known(None, origin),
        }
    }

    /// Minors of the API servers that a component talks to: the one that a tool links it with, else those in sight.
    fn servers(&self, component: &Component<'a>) -> Vec<i64> {
        if component.version.is_none() || component.name == "kube-apiserver" {
            return Vec::new();
        }
        if component.tool == "cluster-api" {
            return component.server.into_iter().collect();
        }
        let environment = self.inventory.document(self.id).environment;
        let found = component::in_environment(self.inventory, self.table, environment);
        let servers = found.filter(|(_, other)| other.name == "kube-apiserver");
        let mut minors: Vec<i64> = servers.filter_map(|(_, server)| Some(server.version?.0)).collect();
        minors.sort_unstable();
        minors.dedup();
        minors
    }

    /// The tool that built the cluster of a component; `None` where nothing tells.
    fn maker(&self, component: &Component<'a>) -> Option<&'static str> {
        match component.tool {
            "systemd" | "file" => return None,
            "static-pod" | "workload" => {}
            tool => return Some(tool),
        }
        let notes = self.root.path("metadata.annotations").into_iter().chain(self.root.path("metadata.labels"));
        let mut keys = notes.flat_map(View::entries);
        keys.find_map(|(key, value)| match key {
            "tier" if value.str() == Some("control-plane") => Some("kubeadm"),
            key if key.starts_with("kubeadm.") => Some("kubeadm"),
            key if key.starts_with("dns.alpha.kubernetes.io/") => Some("kops"),
            _ => None,
        })
    }

    /// What is no object is called after its file.
    fn named(&self, subject: Subject) -> Subject {
        let document = self.inventory.document(self.id);
        let label = match document.format {
            Format::SystemdUnit => "SystemdUnit",
            Format::EnvFile => "EnvironmentFile",
            _ if document.key.is_none() => self.label,
            _ => return subject,
        };
        let name = self.inventory.path(self.id).rsplit('/').next().unwrap_or_default().to_string();
        Subject { label: label.into(), name: name.into(), ..subject }
    }

    /// Whether the API servers in sight compact: the first one with an interval of its own, else the first one.
    fn compaction(&self) -> Option<(Result<String, Reason>, Origin)> {
        let environment = self.inventory.document(self.id).environment;
        let flag = "etcd-compaction-interval";
        let found = component::in_environment(self.inventory, self.table, environment);
        let mut first = None;
        for (_, apiserver) in found.filter(|(_, component)| component.name == "kube-apiserver") {
            let set = apiserver.flags.set.iter().any(|set| set.name == flag);
            let interval = apiserver.flags.text(self.table, flag).map(Option::unwrap_or_default);
            if set || first.is_none() {
                first = Some((interval, apiserver.flags.origin(self.table, flag)));
            }
            if set {
                break;
            }
        }
        first
    }

    /// Where it shows that etcd trusts the CA of API clients: an etcd that is given it, or an API server that is given one
    /// file for both.
    fn shared_ca(&self, etcd: Option<&Component<'a>>) -> Option<Origin> {
        let environment = self.inventory.document(self.id).environment;
        let trusted = etcd.and_then(|etcd| etcd.flags.text(self.table, "trusted-ca-file").ok().flatten());
        let place = etcd.map(|etcd| etcd.flags.origin(self.table, "trusted-ca-file"));
        if trusted.as_deref() == Some("/etc/kubernetes/pki/ca.crt") {
            return place;
        }
        let found = component::in_environment(self.inventory, self.table, environment);
        for (_, apiserver) in found.filter(|(_, component)| component.name == "kube-apiserver") {
            let text = |name: &str| apiserver.flags.text(self.table, name).ok().flatten();
            let Some(clients) = text("client-ca-file").filter(|path| path.starts_with('/')) else { continue };
            if trusted.as_ref() == Some(&clients) {
                return place;
            }
            if text("etcd-cafile").as_ref() == Some(&clients) {
                return Some(apiserver.flags.origin(self.table, "etcd-cafile"));
            }
        }
        None
    }

    fn etcd(&mut self, etcd: &Etcd<'_, 'a>) {
        let node = etcd.facts(&mut self.facts, self.tables);
        self.add(SubjectKind::Etcd, node).component = Some("etcd");
    }

    /// The etcd that a tool runs on control-plane nodes, or that it is told of.
    fn etcd_of_tool(&mut self, found: &Found<'a>) {
        let compaction =
            found.components.iter().find(|component| component.name == "kube-apiserver").map(|apiserver| {
                let flag = "etcd-compaction-interval";
                let interval = apiserver.flags.text(self.table, flag).map(Option::unwrap_or_default);
                (interval, apiserver.flags.origin(self.table, flag))
            });
        let local = found.components.iter().find(|component| component.name == "etcd").map(EtcdSource::Component);
        let Some(source) = local.or(found.external_etcd.map(EtcdSource::External)) else { return };
        let members = found.members.clone();
        self.etcd(&Etcd {
            source,
            stacked_members: members.as_ref().map_or(Err(one_manifest()), |members| {
                members.value.clone().and_then(|count| count.ok_or_else(one_manifest))
            }),
            separate: found.separate_etcd,
            members_place: members.map(|members| members.place),
            volumes: found.volumes.clone(),
            apiserver_compaction: compaction,
            shared_ca: None,
            spread: found.spread.clone(),
            contradiction: None,
        });
    }

    fn finish(self) -> (Tree, Vec<Subject>) {
        (self.facts.finish(), self.subjects)
    }
}

/// A kubeadm ClusterConfiguration. `floating`: addresses that no node owns.
pub fn kubeadm(
    inventory: &Inventory,
    tables: &ComponentTables,
    floating: Vec<String>,
    id: DocumentId,
    tree: TreeId,
) -> (Tree, Vec<Subject>) {
    let mut building = Building::new(inventory, tables, id, tree);
    let control_plane = ControlPlane::read(inventory, id, floating);
    let renewed = renewed(inventory, tables, id, building.root);
    let changes = drift(inventory, &tables.flags, id);
    let node = control_plane.facts(&mut building.facts, &renewed, &changes);
    building.add(SubjectKind::ControlPlane, node);
    let components = component::find(inventory, &tables.flags, id);
    let apiserver_compaction = building.compaction();
    for component in &components {
        building.component(component);
    }
    let local = components.iter().find(|component| component.name == "etcd").map(EtcdSource::Component);
    let external = building.root.path("etcd.external").map(EtcdSource::External);
    if let Some(source) = local.or(external) {
        let etcd = components.iter().find(|component| component.name == "etcd");
        let shared_ca = building.shared_ca(etcd);
        building.etcd(&Etcd {
            source,
            stacked_members: control_plane.count(),
            separate: false,
            members_place: None,
            volumes: Vec::new(),
            apiserver_compaction,
            shared_ca,
            spread: Spread { zones: Some(control_plane.zones()), ..Spread::default() },
            contradiction: contradiction(building.root, &control_plane.addresses()),
        });
    }
    building.finish()
}

/// A document of any other tool, when it describes components.
pub fn components(
    inventory: &Inventory,
    tables: &ComponentTables,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let components = component::find(inventory, &tables.flags, id);
    if components.is_empty() {
        return None;
    }
    let mut building = Building::new(inventory, tables, id, tree);
    for component in &components {
        building.component(component);
        if component.name == "etcd" {
            let source = EtcdSource::Component(component);
            let apiserver_compaction = building.compaction();
            let shared_ca = building.shared_ca(Some(component));
            building.etcd(&Etcd {
                source,
                stacked_members: Err(one_manifest()),
                separate: false,
                members_place: None,
                volumes: Vec::new(),
                apiserver_compaction,
                shared_ca,
                spread: Spread::default(),
                contradiction: None,
            });
        }
    }
    Some(building.finish())
}

/// What a document of another tool says.
pub fn of_tool(
    inventory: &Inventory,
    tables: &ComponentTables,
    floating: impl FnOnce() -> Vec<String>,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let mut building = Building::new(inventory, tables, id, tree);
    let mut found = tools::read(&tools::Reading { inventory, tables, id, root: building.root })?;
    building.label = found.label;
    if let Some(control_plane) = &found.control_plane {
        let node = control_plane.facts(&mut building.facts, &floating());
        building.add(SubjectKind::ControlPlane, node);
    }
    for taints in &found.taints {
        let node = node_of_tool(&mut building.facts, found.tool, taints);
        building.add(SubjectKind::Node, node);
    }
    for (section, joining) in std::mem::take(&mut found.joining) {
        let node = node_of_joining(&mut building.facts, found.tool, section, joining);
        building.add(SubjectKind::Node, node);
    }
    for pool in &found.pools {
        let node = pool.facts(&mut building.facts);
        let name = pool.name.and_then(View::str).unwrap_or_default();
        building.add(SubjectKind::NodePool, node).name = name.into();
    }
    for component in &found.components {
        building.component(component);
    }
    if let Some(node) = found.release.and_then(|value| runbook::release(&mut building.facts, tables, value)) {
        building.add(SubjectKind::Release, node);
    }
    if found.document {
        let node = building.facts.refer(building.root.at());
        building.add(SubjectKind::Document, node);
    }
    building.etcd_of_tool(&found);
    if let Some(backup) = &found.backup {
        let node = backup.facts(&mut building.facts);
        building.add(SubjectKind::Backup, node);
    }
    Some(building.finish())
}

/// The node that a kubeadm InitConfiguration or JoinConfiguration makes. `floating`: addresses that no node owns.
pub fn kubeadm_node(
    inventory: &Inventory,
    tables: &ComponentTables,
    floating: &[String],
    id: DocumentId,
    tree: TreeId,
) -> (Tree, Vec<Subject>) {
    let mut building = Building::new(inventory, tables, id, tree);
    let node = node_of_kubeadm(inventory, id, floating, &mut building.facts);
    building.add(SubjectKind::Node, node);
    for component in &component::find(inventory, &tables.flags, id) {
        building.component(component);
    }
    building.finish()
}

/// The nodes that a configuration of kube-proxy is for.
pub fn kube_proxy(
    inventory: &Inventory,
    tables: &ComponentTables,
    floating: impl FnOnce() -> Vec<String>,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let mut building = Building::new(inventory, tables, id, tree);
    let node = of_kube_proxy(inventory, id, floating, &mut building.facts);
    let components = component::find(inventory, &tables.flags, id);
    if let Some(node) = node {
        building.add(SubjectKind::Node, node);
    } else if components.is_empty() {
        return None;
    }
    for component in &components {
        building.component(component);
    }
    Some(building.finish())
}
