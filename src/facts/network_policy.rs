//! The `network-policy` subject, and which namespaces deny by default.
//!
//! Reads NetworkPolicies of Kubernetes itself. Policies of other engines count as guards of what they apply to; what they
//! allow is not read.
//!
//! Source: the API reference of NetworkPolicy (what an absent `policyTypes`, an empty list and an absent one mean).

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::builder::{FactBuilder, Fallback};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, Link, hides, label_selector, policy_selectors};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// A direction, and the key under which a rule names its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Direction {
    key: &'static str,
    path: &'static str,
    peers: &'static str,
    word: &'static str,
}

const INGRESS: Direction = Direction { key: "ingress", path: "spec.ingress", peers: "from", word: "Ingress" };
const EGRESS: Direction = Direction { key: "egress", path: "spec.egress", peers: "to", word: "Egress" };

/// Whether a policy isolates its pods in a direction: by `policyTypes`, else always ingress, and egress if it has such rules.
fn isolates(root: View<'_>, direction: Direction) -> bool {
    let types = root.path("spec.policyTypes").filter(|types| types.items().next().is_some());
    match types {
        Some(types) => types.items().any(|kind| kind.str() == Some(direction.word)),
        None => direction == INGRESS || rules(root, direction).next().is_some(),
    }
}

fn rules<'a>(root: View<'a>, direction: Direction) -> impl Iterator<Item = View<'a>> {
    root.path(direction.path).into_iter().flat_map(View::items)
}

fn listed<'a>(rule: View<'a>, key: &str) -> Vec<View<'a>> {
    rule.get(key).into_iter().flat_map(View::items).collect()
}

/// What a policy denies to every pod of its namespace.
#[derive(Debug)]
struct Denial {
    policy: DocumentId,
    ingress: bool,
    egress: bool,
}

/// Which namespaces deny everything that is not allowed.
#[derive(Debug, Default)]
pub struct Denials {
    /// Policies that deny, by namespace, for ingress and for egress.
    own: FxHashMap<Option<Arc<str>>, Vec<Denial>>,
    /// Policies of other engines that apply to every pod in their reach.
    others: Vec<DocumentId>,
}

impl Denials {
    /// Reads all policies once.
    pub fn gather(inventory: &Inventory) -> Self {
        let mut denials = Denials::default();
        for (id, document) in inventory.objects() {
            let Some(key) = &document.key else { continue };
            let root = document.view(inventory.forest());
            let all = policy_selectors(key, root).iter().any(|shown| shown.selector.is_empty());
            if key.is("networking.k8s.io", "NetworkPolicy") && all {
                let denies = |direction| isolates(root, direction) && rules(root, direction).next().is_none();
                let denial = Denial { policy: id, ingress: denies(INGRESS), egress: denies(EGRESS) };
                denials.own.entry(key.namespace.clone()).or_default().push(denial);
            } else if all {
                denials.others.push(id);
            }
        }
        denials
    }

    /// Whether ingress, and whether egress, of a namespace is denied by default.
    pub fn of(&self, inventory: &Inventory, namespace: DocumentId, name: &Arc<str>) -> (bool, bool) {
        let home = |id: DocumentId| inventory.document(id).namespace();
        let guards = |id: &DocumentId| inventory.sees(namespace, *id) && home(*id).is_none_or(|home| home == *name);
        if self.others.iter().any(guards) {
            return (true, true);
        }
        let own = [Some(name.clone()), None].into_iter().filter_map(|home| self.own.get(&home)).flatten();
        let seen = own.filter(|denial| inventory.sees(namespace, denial.policy));
        seen.fold((false, false), |(ingress, egress), denial| (ingress || denial.ingress, egress || denial.egress))
    }
}

/// The facts of a NetworkPolicy.
pub fn build(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let key = inventory.document(id).key.as_ref();
    key.filter(|key| key.is("networking.k8s.io", "NetworkPolicy") || key.is("extensions", "NetworkPolicy"))?;
    let root = inventory.document(id).view(inventory.forest());
    let facts = FactBuilder::new(tree, super::anchor(root));
    let mut policy = Policy { inventory, id, root, facts };
    let fields = [
        ("name", policy.facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", policy.facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
        ("object", policy.facts.refer(root.at())),
        ("selectsAll", policy.selects_all()),
        ("selector", policy.facts.lookup(root, "spec.podSelector", Fallback::Null)),
        ("isolatesIngress", policy.isolation(INGRESS)),
        ("isolatesEgress", policy.isolation(EGRESS)),
        ("workloads", super::network::selected(&mut policy.facts, inventory, Link::Network, id)),
        ("rules", policy.rules()),
        ("peers", policy.peers()),
        ("withoutDns", policy.without_dns()),
    ];
    let origin = policy.facts.anchor();
    let node = policy.facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::NetworkPolicy, NodeRef { tree, node }, inventory, id);
    Some((policy.facts.finish(), vec![subject]))
}

struct Policy<'a> {
    inventory: &'a Inventory,
    id: DocumentId,
    root: View<'a>,
    facts: FactBuilder,
}

impl<'a> Policy<'a> {
    fn selects_all(&mut self) -> NodeId {
        let origin = self.root.origin_of("spec.podSelector");
        match self.root.path("spec.podSelector").and_then(label_selector) {
            Some(shown) if shown.hidden.is_some() && shown.selector.is_empty() => match shown.hidden {
                Some(reason) => self.facts.unknown(reason, origin),
                None => self.facts.bool(true, origin),
            },
            shown => self.facts.bool(shown.is_some_and(|shown| shown.selector.is_empty()), origin),
        }
    }

    fn isolation(&mut self, direction: Direction) -> NodeId {
        let origin = self.root.origin_of("spec.policyTypes");
        self.facts.bool(isolates(self.root, direction), origin)
    }

    fn rules(&mut self) -> NodeId {
        let mut nodes = Vec::new();
        for direction in [INGRESS, EGRESS].into_iter().filter(|direction| isolates(self.root, *direction)) {
            for rule in rules(self.root, direction) {
                let place = Origin::Node(open_place(rule, direction).at());
                let hidden = [Some(rule), rule.get("ports"), rule.get(direction.peers)].into_iter().flatten();
                let everything = match hidden.filter_map(hides).next() {
                    Some(reason) => self.facts.unknown(reason.clone(), place.clone()),
                    None => self.facts.bool(allows_everything(rule, direction), place.clone()),
                };
                let fields = [("direction", self.facts.str(direction.key, place.clone())), ("everything", everything)];
                nodes.push(self.facts.map(&fields, place));
            }
        }
        self.facts.list(&nodes)
    }

    fn peers(&mut self) -> NodeId {
        let mut nodes = Vec::new();
        for direction in [INGRESS, EGRESS] {
            let peers = rules(self.root, direction).flat_map(|rule| listed(rule, direction.peers));
            for selector in peers.filter_map(|peer| peer.get("podSelector")).collect::<Vec<_>>() {
                let origin = Origin::Node(selector.at());
                let selects = match self.inventory.links().idle_peer(selector.at()) {
                    None => self.facts.bool(true, origin.clone()),
                    Some(None) => match self.inventory.completeness("Pod", self.id).reason() {
                        Some(reason) => self.facts.unknown(reason.clone(), origin.clone()),
                        None => self.facts.bool(false, origin.clone()),
                    },
                    Some(Some(reason)) => self.facts.unknown(reason.clone(), origin.clone()),
                };
                let fields = [("direction", self.facts.str(direction.key, origin.clone())), ("selects", selects)];
                nodes.push(self.facts.map(&fields, origin));
            }
        }
        self.facts.list(&nodes)
    }

    /// Workloads that this policy lets talk to pods, and that no policy on them lets ask for names.
    fn without_dns(&mut self) -> NodeId {
        let links = self.inventory.links();
        let restricts = isolates(self.root, EGRESS)
            && rules(self.root, EGRESS).any(|rule| listed(rule, "to").iter().any(|peer| peer.get("ipBlock").is_none()));
        // Where there may be more policies, any of them may let everybody ask.
        let more = self.inventory.completeness("NetworkPolicy", self.id).reason().cloned().filter(|_| restricts);
        let known = restricts && more.is_none();
        let workloads = links.from(Link::Network, self.id).iter().filter(|_| known);
        let cut_off = workloads.filter(|&&workload| {
            let doubt = links.doubt(Link::Network, workload).is_some();
            !doubt && !links.to(Link::Network, workload).iter().any(|&policy| asks_for_names(self.inventory, policy))
        });
        let nodes: Vec<NodeId> =
            cut_off.map(|&workload| super::neighbour(&mut self.facts, self.inventory, workload)).collect();
        let origin = self.root.origin_of("spec.egress");
        let list = self.facts.list_at(&nodes, origin);
        if let Some(reason) = more {
            self.facts.open(list, reason);
        }
        list
    }
}

/// What a rule that allows everything is told by: the peer that means every address, else the rule.
fn open_place(rule: View<'_>, direction: Direction) -> View<'_> {
    let peers = listed(rule, direction.peers);
    let peer = peers.into_iter().find(|peer| means_everybody(*peer));
    peer.map(|peer| peer.path("ipBlock.cidr").unwrap_or(peer)).unwrap_or(rule)
}

fn allows_everything(rule: View<'_>, direction: Direction) -> bool {
    let peers = listed(rule, direction.peers);
    listed(rule, "ports").is_empty() && (peers.is_empty() || peers.into_iter().any(means_everybody))
}

/// Every address, or a peer that names nothing.
fn means_everybody(peer: View<'_>) -> bool {
    let any = matches!(peer.str_at("ipBlock.cidr"), Some("0.0.0.0/0" | "::/0"));
    let except = peer.path("ipBlock.except").is_some_and(|except| except.items().next().is_some());
    any && !except || peer.is_map() && peer.entries().next().is_none()
}

/// Whether a policy lets its pods ask the cluster's DNS. What is hidden, and policies of other engines, may.
fn asks_for_names(inventory: &Inventory, policy: DocumentId) -> bool {
    let document = inventory.document(policy);
    let root = document.view(inventory.forest());
    let own = document.key.as_ref().is_some_and(|key| key.is("networking.k8s.io", "NetworkPolicy"));
    let system = document.key.as_ref().and_then(|key| key.namespace.as_deref()) == Some("kube-system");
    let spec = root.get("spec");
    let hidden = [spec, spec.and_then(|spec| spec.get("egress"))].into_iter().flatten().any(|at| hides(at).is_some());
    !own || hidden || rules(root, EGRESS).any(|rule| reaches_dns(rule, system))
}

fn reaches_dns(rule: View<'_>, system: bool) -> bool {
    let (peers, ports) = (listed(rule, "to"), listed(rule, "ports"));
    let hidden = [Some(rule), rule.get("to"), rule.get("ports")].into_iter().flatten().any(|at| hides(at).is_some());
    let abroad = |peer: &View<'_>| peer.get("namespaceSelector").is_some() || peer.get("ipBlock").is_some();
    let to_dns = peers.is_empty() || system || peers.iter().any(abroad);
    hidden || to_dns && (ports.is_empty() || ports.into_iter().any(is_dns_port))
}

/// Port 53, a range around it, the names that CoreDNS gives its ports, or every port of a protocol.
fn is_dns_port(entry: View<'_>) -> bool {
    let Some(port) = entry.get("port") else { return true };
    let end = entry.get("endPort").and_then(View::int);
    match (port.int(), port.str()) {
        // CoreDNS listens on 53; OpenShift's DNS pods on 5353.
        (Some(number), _) => {
            [53, 5353].iter().any(|dns| number == *dns || end.is_some_and(|end| number <= *dns && *dns <= end))
        }
        (None, Some(name)) => name.contains("dns"),
        (None, None) => true,
    }
}
