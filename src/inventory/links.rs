//! Links between objects, found once by index: who selects, scales, binds and exposes whom.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::isolation::policy_selectors;
use super::operators::Makers;
use super::pod_index::{PodIndex, scope};
use super::selectors::{Shown, hides, label_selector, map_selector};
use super::{DocumentId, Inventory, Key, anti_affinity_terms, pod_template};
use crate::syntax::View;
use crate::vocabulary::{NodeRef, Reason, UnknownCode};

/// The kinds of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Service → the workloads it sends traffic to.
    Service,
    /// PodDisruptionBudget → the workloads it covers.
    Disruption,
    /// NetworkPolicy, of Kubernetes or another engine → the workloads it applies to.
    Network,
    /// Workload → other workloads that its anti-affinity keeps away from.
    Apart,
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
    doubts: FxHashMap<(Link, DocumentId), Reason>,
    /// Pod selectors of NetworkPolicies' peers that select no pod, or none that is in sight.
    idle_peers: FxHashMap<NodeRef, Option<Reason>>,
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

    /// Why an object may have more links of a kind, in either direction, than were found.
    pub fn doubt(&self, link: Link, id: DocumentId) -> Option<&Reason> {
        self.doubts.get(&(link, id))
    }

    /// Whether a peer of a NetworkPolicy, named by its pod selector, selects no pod of the input; with the reason why there
    /// may be some all the same.
    pub fn idle_peer(&self, selector: NodeRef) -> Option<Option<&Reason>> {
        self.idle_peers.get(&selector).map(Option::as_ref)
    }

    fn may_link(&mut self, link: Link, from: DocumentId, to: DocumentId, reason: &Reason) {
        for id in [from, to] {
            self.doubts.entry((link, id)).or_insert_with(|| reason.clone());
        }
    }

    fn add(&mut self, link: Link, from: DocumentId, to: &[DocumentId]) {
        let forward = self.forward.entry((link, from)).or_default();
        // Only an object with several selectors comes here twice.
        let first = forward.is_empty();
        let new: Vec<DocumentId> = to.iter().copied().filter(|target| first || !forward.contains(target)).collect();
        forward.extend_from_slice(&new);
        for target in new {
            self.backward.entry((link, target)).or_default().push(from);
        }
    }

    /// Finds every link.
    pub fn find(inventory: &Inventory) -> Links {
        let pods = PodIndex::new(inventory);
        let makers = Makers::new(inventory);
        let mut links = Links::default();
        for (id, document) in inventory.objects() {
            let root = document.view(inventory.forest());
            for (link, shown) in document.key.as_ref().map(|key| pod_selectors(key, root)).unwrap_or_default() {
                links.select(inventory, &pods, &makers, (link, id), &shown);
            }
            if document.key.as_ref().is_some_and(|key| key.is("networking.k8s.io", "NetworkPolicy")) {
                links.peers(inventory, &pods, &makers, id);
            }
            links.keep_apart(inventory, &pods, id);
            let references = match document.kind() {
                kind if is_scaler(kind) => Some((Link::Scale, scale_target(inventory, id, root))),
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
        links.scaled_by_templates(inventory);
        links
    }

    fn select(
        &mut self,
        inventory: &Inventory,
        pods: &PodIndex<'_>,
        makers: &Makers<'_>,
        (link, id): (Link, DocumentId),
        shown: &Shown,
    ) {
        let found = pods.select(inventory, id, shown);
        self.add(link, id, &found.sure);
        for (pod, reason) in &found.perhaps {
            self.may_link(link, id, *pod, reason);
        }
        if found.sure.is_empty() {
            let alone = !found.elsewhere && inventory.listings().is_none() && !pods.any_meets(inventory, id);
            let alone =
                alone.then(|| Reason::new(UnknownCode::Partial, "the input holds no workload of its namespace"));
            let unseen = shown.hidden.clone().or_else(|| makers.unseen(inventory, id, shown)).or(alone);
            unseen.into_iter().for_each(|reason| self.may_link(link, id, id, &reason));
        }
    }

    /// Notes the peers of a NetworkPolicy that select nothing.
    fn peers(&mut self, inventory: &Inventory, pods: &PodIndex<'_>, makers: &Makers<'_>, id: DocumentId) {
        for peer in network_peers(inventory.document(id).view(inventory.forest())) {
            let Some(selector) = peer.get("podSelector") else { continue };
            let Some(shown) = label_selector(selector) else { continue };
            let found = pods.select(inventory, id, &shown);
            let abroad = peer.get("namespaceSelector").is_some();
            if !found.sure.is_empty() || abroad && found.elsewhere {
                continue;
            }
            let abroad = abroad.then(|| Reason::new(UnknownCode::Partial, "the peer's namespace is not in the input"));
            let perhaps = found.perhaps.into_iter().map(|(_, reason)| reason).next();
            let unseen = shown.hidden.clone().or_else(|| makers.unseen(inventory, id, &shown));
            let unseen = unseen.or_else(|| makers.any(inventory, id)).or_else(|| nobody_home(inventory, pods, id));
            self.idle_peers.insert(selector.at(), perhaps.or(unseen).or(abroad));
        }
    }

    fn keep_apart(&mut self, inventory: &Inventory, pods: &PodIndex<'_>, id: DocumentId) {
        let Some(pod) = pod_template(inventory.document(id), inventory.forest()) else { return };
        for (term, _) in anti_affinity_terms(pod.spec) {
            let Some(shown) = term.get("labelSelector").and_then(label_selector) else { continue };
            let mut others = pods.select(inventory, id, &shown).sure;
            others.retain(|other| *other != id);
            self.add(Link::Apart, id, &others);
        }
    }

    /// An autoscaler whose target's name a template decides may scale any workload of its chart or folder, and a workload
    /// whose name a template decides may be the target of any autoscaler there.
    fn scaled_by_templates(&mut self, inventory: &Inventory) {
        let mut scalers: FxHashMap<&str, Vec<(DocumentId, Option<&Reason>)>> = FxHashMap::default();
        for (id, document) in inventory.objects().filter(|(_, document)| is_scaler(document.kind())) {
            let target = document.view(inventory.forest()).path("spec.scaleTargetRef");
            let hidden = target.and_then(|target| hides(target).or_else(|| target.get("name").and_then(hides)));
            scalers.entry(scope(inventory.path(id))).or_default().push((id, hidden));
        }
        for (id, document) in inventory.objects().filter(|_| !scalers.is_empty()) {
            let Some(scalers) = scalers.get(scope(inventory.path(id))) else { continue };
            let named = document.view(inventory.forest()).path("metadata.name").and_then(hides);
            let open = scalers.iter().find_map(|(scaler, hidden)| Some((*scaler, named.or(*hidden)?)));
            if let Some((scaler, reason)) = open.filter(|_| self.to(Link::Scale, id).is_empty()) {
                self.may_link(Link::Scale, scaler, id, reason);
            }
        }
    }
}

fn is_scaler(kind: &str) -> bool {
    matches!(kind, "HorizontalPodAutoscaler" | "ScaledObject")
}

/// The selectors over pods that an object carries. In `policy/v1` an empty PDB selector selects every pod of the namespace;
/// in `policy/v1beta1` it selected none.
fn pod_selectors(key: &Key, root: View<'_>) -> Vec<(Link, Shown)> {
    let one = |link: Link, shown: Option<Shown>| shown.map(|shown| (link, shown)).into_iter().collect();
    match &*key.kind {
        "Service" => one(Link::Service, root.path("spec.selector").and_then(map_selector)),
        "PodDisruptionBudget" => {
            let shown = root.path("spec.selector").and_then(label_selector);
            let none =
                |shown: &Shown| &*key.version == "v1beta1" && shown.selector.is_empty() && shown.hidden.is_none();
            one(Link::Disruption, shown.filter(|shown| !none(shown)))
        }
        _ => policy_selectors(key, root).into_iter().map(|shown| (Link::Network, shown)).collect(),
    }
}

/// Why an object of a namespace that it names finds no pod there: the input shows none of them.
fn nobody_home(inventory: &Inventory, pods: &PodIndex<'_>, id: DocumentId) -> Option<Reason> {
    inventory.document(id).key.as_ref()?.namespace.as_ref()?;
    let none = !pods.any_meets(inventory, id);
    none.then(|| Reason::new(UnknownCode::Partial, "the input holds no workload of its namespace"))
}

/// Every peer of a NetworkPolicy, of both directions.
fn network_peers<'a>(root: View<'a>) -> impl Iterator<Item = View<'a>> {
    let directions = [("spec.ingress", "from"), ("spec.egress", "to")];
    directions.into_iter().flat_map(move |(rules, peers)| {
        let rules = root.path(rules).into_iter().flat_map(View::items);
        rules.flat_map(move |rule| rule.get(peers).into_iter().flat_map(View::items))
    })
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
