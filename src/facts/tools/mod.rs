//! Tools that declare whole clusters in their own vocabulary: one adapter a file, one line in `ADAPTERS`.
//!
//! An adapter fills the models that rules see (control plane, components, etcd, node pools, backup) and judges nothing.
//! kubeadm's own documents, pods and units are read where those models are.

mod cluster_api;
mod kops;
mod kubespray;
mod live;
mod machines;
mod managed;
mod rancher;
mod talos;
mod variables;

pub use managed::providers;

use super::backup::ToolBackup;
use super::builder::Spot;
use super::component::{Component, ComponentTables};
use super::control_plane::{Declared, Joining, Pool, Spread, Taints, Volume};
use crate::inventory::{DocumentId, Inventory, Role};
use crate::syntax::View;

/// A document that may be a tool's.
#[derive(Clone, Copy)]
pub struct Reading<'a, 't> {
    /// Everything in sight.
    pub inventory: &'a Inventory,
    /// Dated tables.
    pub tables: &'t ComponentTables,
    /// The document.
    pub id: DocumentId,
    /// Its root.
    pub root: View<'a>,
}

/// What a document of a tool says.
#[derive(Default)]
pub struct Found<'a> {
    /// The tool.
    pub tool: &'static str,
    /// The control plane.
    pub control_plane: Option<Declared<'a>>,
    /// What a file of the tool is called, where it has no kind.
    pub label: &'static str,
    /// The release of Kubernetes that a file names for its clusters.
    pub release: Option<View<'a>>,
    /// What keeps pods away from control-plane nodes.
    pub taints: Vec<Taints<'a>>,
    /// Sections with a `nodeRegistration`, or lists of ignored preflight errors.
    pub joining: Vec<(View<'a>, Joining)>,
    /// Components, etcd among them where the tool runs it.
    pub components: Vec<Component<'a>>,
    /// Endpoints of an etcd that runs elsewhere, in kubeadm's shape.
    pub external_etcd: Option<View<'a>>,
    /// Members of the etcd that the tool runs.
    pub members: Option<Spot<Option<i64>>>,
    /// Its members have their own list of machines, which is not that of the control-plane nodes.
    pub separate_etcd: bool,
    /// How far it is spread.
    pub spread: Spread,
    /// Disks of its members.
    pub volumes: Vec<Volume<'a>>,
    /// Pools of machines.
    pub pools: Vec<Pool<'a>>,
    /// Whether rules look at the file as it is.
    pub document: bool,
    /// Snapshots that the tool takes by itself.
    pub backup: Option<ToolBackup<'a>>,
}

/// Reads a document if it is the adapter's.
type Adapter = for<'a, 't> fn(&Reading<'a, 't>) -> Option<Found<'a>>;

/// All adapters; the first that knows a document reads it.
const ADAPTERS: &[Adapter] =
    &[cluster_api::read, machines::read, kops::read, kubespray::read, live::read, rancher::read, talos::read];

/// What a document says, whichever tool's it is.
pub fn read<'a>(reading: &Reading<'a, '_>) -> Option<Found<'a>> {
    ADAPTERS.iter().find_map(|adapter| adapter(reading))
}

impl<'a> Reading<'a, '_> {
    /// Whether the document is of a kind of an API group, in any version.
    fn is(&self, group: &str, kind: &str) -> bool {
        self.inventory.document(self.id).key.as_ref().is_some_and(|key| key.is(group, kind))
    }

    /// The documents without a kind that the document's environment sees, this one among them.
    fn files(&self) -> impl Iterator<Item = (DocumentId, View<'a>)> {
        let inventory = self.inventory;
        let environment = &inventory.environments()[inventory.document(self.id).environment.index()];
        let all = environment.visible.iter().flat_map(|id| inventory.members(*id)).copied();
        let plain = all.filter(|&id| inventory.document(id).role != Role::Object);
        plain.map(|id| (id, inventory.document(id).view(inventory.forest())))
    }

    /// The objects of a kind that the document's environment sees.
    fn others(&self, group: &str, kind: &'static str) -> impl Iterator<Item = View<'a>> {
        let environment = self.inventory.document(self.id).environment;
        let (inventory, group) = (self.inventory, group.to_string());
        inventory
            .of_kind(kind, environment)
            .filter(move |&id| inventory.document(id).key.as_ref().is_some_and(|key| *key.group == *group))
            .map(|id| inventory.document(id).view(inventory.forest()))
    }
}
