//! Links between objects, found once by index: who selects, scales, binds and exposes whom.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{DocumentId, Inventory, PodIndex, label_selector, map_selector};
use crate::syntax::View;
use crate::values::Selector;

/// The kinds of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Service → the workloads it sends traffic to.
    Service,
    /// PodDisruptionBudget → the workloads it covers.
    Disruption,
    /// NetworkPolicy → the workloads it applies to.
    Network,
    /// HorizontalPodAutoscaler or KEDA ScaledObject → the workload it scales.
    Scale,
    /// RoleBinding or ClusterRoleBinding → the role it grants.
    Grant,
    /// Controller → the object it owns (`ownerReferences`).
    Owner,
}

/// All links of an inventory, in both directions.
#[derive(Clone, Debug, Default)]
pub struct Links {
    forward: FxHashMap<(Link, DocumentId), Vec<DocumentId>>,
    backward: FxHashMap<(Link, DocumentId), Vec<DocumentId>>,
}

impl Links {
    /// What `from` points at.
    pub fn from(&self, link: Link, from: DocumentId) -> &[DocumentId] {
        self.forward.get(&(link, from)).map_or(&[], Vec::as_slice)
    }

    /// What points at `to`.
    pub fn to(&self, link: Link, to: DocumentId) -> &[DocumentId] {
        self.backward.get(&(link, to)).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, link: Link, from: DocumentId, to: &[DocumentId]) {
        self.forward.entry((link, from)).or_default().extend_from_slice(to);
        for &target in to {
            self.backward.entry((link, target)).or_default().push(from);
        }
    }

    /// Finds every link.
    pub fn find(inventory: &Inventory) -> Links {
        let pods = PodIndex::new(inventory);
        let mut links = Links::default();
        for (id, document) in inventory.objects() {
            let root = document.view(inventory.forest());
            if let Some((link, selector)) = pod_selector(document.kind(), root) {
                links.add(link, id, &pods.select(inventory, id, &selector));
            }
            let references = match document.kind() {
                "HorizontalPodAutoscaler" | "ScaledObject" => Some((Link::Scale, scale_target(inventory, id, root))),
                "RoleBinding" | "ClusterRoleBinding" => Some((Link::Grant, granted_role(inventory, id, root))),
                _ => None,
            };
            if let Some((link, targets)) = references {
                links.add(link, id, &targets);
            }
            for owner in owners(inventory, id, root) {
                links.add(Link::Owner, owner, &[id]);
            }
        }
        links
    }
}

/// The selector over pods that a kind carries. In `policy/v1` an empty PDB selector selects every pod of the namespace;
/// in `policy/v1beta1` it selected none.
fn pod_selector(kind: &str, root: View<'_>) -> Option<(Link, Selector)> {
    match kind {
        "Service" => Some((Link::Service, map_selector(root.path("spec.selector")?)?)),
        "PodDisruptionBudget" => {
            let selector = label_selector(root.path("spec.selector")?)?;
            let beta = root.str_at("apiVersion").is_some_and(|version| version.ends_with("v1beta1"));
            (!(beta && selector.is_empty())).then_some((Link::Disruption, selector))
        }
        "NetworkPolicy" => Some((Link::Network, label_selector(root.path("spec.podSelector")?)?)),
        _ => None,
    }
}

fn scale_target(inventory: &Inventory, id: DocumentId, root: View<'_>) -> Vec<DocumentId> {
    let Some(target) = root.path("spec.scaleTargetRef") else { return Vec::new() };
    let kind = target.str_at("kind").unwrap_or("Deployment");
    target.str_at("name").map(|name| inventory.named(id, kind, name)).unwrap_or_default()
}

fn granted_role(inventory: &Inventory, id: DocumentId, root: View<'_>) -> Vec<DocumentId> {
    match (root.str_at("roleRef.kind"), root.str_at("roleRef.name")) {
        (Some(kind), Some(name)) => inventory.named(id, kind, name),
        _ => Vec::new(),
    }
}

fn owners(inventory: &Inventory, id: DocumentId, root: View<'_>) -> Vec<DocumentId> {
    let references = root.path("metadata.ownerReferences").into_iter().flat_map(View::items);
    references
        .filter_map(|owner| Some(inventory.named(id, owner.str_at("kind")?, owner.str_at("name")?)))
        .flatten()
        .collect()
}

/// Objects by kind and name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    by_name: FxHashMap<(Arc<str>, Arc<str>), Vec<DocumentId>>,
}

impl Names {
    /// Registers an object.
    pub fn add(&mut self, kind: &Arc<str>, name: &Arc<str>, id: DocumentId) {
        self.by_name.entry((kind.clone(), name.clone())).or_default().push(id);
    }

    /// Objects of that kind and name, in any namespace and environment.
    pub fn get(&self, kind: &str, name: &str) -> &[DocumentId] {
        self.by_name.get(&(Arc::from(kind), Arc::from(name))).map_or(&[], Vec::as_slice)
    }
}
