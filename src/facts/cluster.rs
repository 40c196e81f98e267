//! The trees of control-plane documents: kubeadm's configuration and component pods, each with all its subjects.

use super::builder::FactBuilder;
use super::component::{self, Component, FlagTable};
use super::control_plane::{ControlPlane, Etcd, EtcdSource, nodes};
use super::encryption;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Builds one document's tree and collects its subjects.
struct Building<'a> {
    inventory: &'a Inventory,
    table: &'a FlagTable,
    id: DocumentId,
    tree: TreeId,
    root: View<'a>,
    facts: FactBuilder,
    subjects: Vec<Subject>,
}

impl<'a> Building<'a> {
    fn new(inventory: &'a Inventory, table: &'a FlagTable, id: DocumentId, tree: TreeId) -> Self {
        let root = inventory.document(id).view(inventory.forest());
        let facts = FactBuilder::new(tree, super::anchor(root));
        Building { inventory, table, id, tree, root, facts, subjects: Vec::new() }
    }

    fn add(&mut self, kind: SubjectKind, node: NodeId) -> &mut Subject {
        let index = self.subjects.len();
        self.subjects.push(Subject::of(kind, NodeRef { tree: self.tree, node }, self.inventory, self.id));
        &mut self.subjects[index]
    }

    fn component(&mut self, component: &Component<'a>) {
        let node = component.facts(&mut self.facts, self.table);
        let node = NodeRef { tree: self.tree, node };
        self.subjects.push(component.subject(self.inventory, self.id, node));
        if component.name == "kube-apiserver" {
            let node = encryption::of_apiserver(&mut self.facts, self.table, component);
            self.add(SubjectKind::Encryption, node).component = Some(component.name.to_string());
        }
    }

    fn etcd(&mut self, etcd: &Etcd<'_, 'a>) {
        let node = etcd.facts(&mut self.facts, self.table);
        self.add(SubjectKind::Etcd, node).component = Some("etcd".to_string());
    }

    fn finish(self) -> (Tree, Vec<Subject>) {
        (self.facts.finish(), self.subjects)
    }
}

/// A kubeadm ClusterConfiguration. `floating`: addresses that no node owns.
pub fn kubeadm(
    inventory: &Inventory,
    table: &FlagTable,
    floating: Vec<String>,
    id: DocumentId,
    tree: TreeId,
) -> (Tree, Vec<Subject>) {
    let mut building = Building::new(inventory, table, id, tree);
    let control_plane = ControlPlane::read(inventory, id, floating);
    let node = control_plane.facts(&mut building.facts);
    building.add(SubjectKind::ControlPlane, node);
    let components = component::find(inventory, table, id);
    let compaction = components.iter().find(|component| component.name == "kube-apiserver").map(|apiserver| {
        let interval = apiserver.flags.text(table, "etcd-compaction-interval").unwrap_or_default();
        (interval, apiserver.flags.origin("etcd-compaction-interval"))
    });
    for component in &components {
        building.component(component);
    }
    let local = components.iter().find(|component| component.name == "etcd").map(EtcdSource::Component);
    let external = building.root.path("etcd.external").map(EtcdSource::External);
    if let Some(source) = local.or(external) {
        building.etcd(&Etcd { source, stacked_members: control_plane.count(), apiserver_compaction: compaction });
    }
    building.finish()
}

/// A pod, when it runs control-plane components.
pub fn component_pod(
    inventory: &Inventory,
    table: &FlagTable,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let components = component::find(inventory, table, id);
    if components.is_empty() {
        return None;
    }
    let mut building = Building::new(inventory, table, id, tree);
    for component in &components {
        building.component(component);
        if component.name == "etcd" {
            let source = EtcdSource::Component(component);
            building.etcd(&Etcd { source, stacked_members: None, apiserver_compaction: None });
        }
    }
    Some(building.finish())
}

/// The node that a kubeadm InitConfiguration or JoinConfiguration makes.
pub fn kubeadm_node(inventory: &Inventory, table: &FlagTable, id: DocumentId, tree: TreeId) -> (Tree, Vec<Subject>) {
    let mut building = Building::new(inventory, table, id, tree);
    let node = nodes(inventory, id, &mut building.facts);
    building.add(SubjectKind::Node, node);
    building.finish()
}
