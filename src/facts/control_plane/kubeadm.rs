//! kubeadm's documents: ClusterConfiguration, InitConfiguration, JoinConfiguration (v1beta3 and v1beta4).

use super::drift::Change;
use super::zones::{control_plane_nodes, running_nodes, zones_of};
use crate::facts::builder::{FactBuilder, Fallback, Spot};
use crate::facts::component::openness;
use crate::facts::load_balancer;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, View};
use crate::values::HostPort;
use crate::vocabulary::{NodeId, NodeRef, Reason, UnknownCode};

/// One cluster that kubeadm makes.
pub struct ControlPlane<'a> {
    root: View<'a>,
    nodes: Vec<ControlNode<'a>>,
    /// Some control-plane join names itself, so that the set of nodes is declared.
    declared: bool,
    /// Some document joins a control-plane node, named or not.
    joins: bool,
    /// Why further joins may be out of sight.
    partial: Option<Reason>,
    /// Addresses that float between nodes (keepalived, kube-vip).
    floating: Vec<String>,
    /// In a cluster, how many nodes there are.
    running: Option<Result<usize, Reason>>,
    /// The Node objects of control-plane nodes.
    objects: Vec<View<'a>>,
    /// A balancer for API servers is in sight.
    balanced: bool,
}

/// One control-plane node that a document names, or the first one.
struct ControlNode<'a> {
    root: View<'a>,
    addresses: Vec<&'a str>,
}

impl<'a> ControlPlane<'a> {
    /// The cluster of a ClusterConfiguration and the documents its environment sees. `floating` are the addresses that no
    /// node owns.
    pub fn read(inventory: &'a Inventory, id: DocumentId, floating: Vec<String>) -> ControlPlane<'a> {
        let forest = inventory.forest();
        let environment = inventory.document(id).environment;
        let root = inventory.document(id).view(forest);
        let of = |kind| inventory.of_kind(kind, environment).map(|id| inventory.document(id).view(forest));
        let first = of("InitConfiguration").next().map(|root| ControlNode { root, addresses: addresses(root, "") });
        let joining: Vec<ControlNode<'a>> = of("JoinConfiguration")
            .filter(|join| join.get("controlPlane").is_some_and(|section| !section.is_null()))
            .map(|root| ControlNode { root, addresses: addresses(root, "controlPlane.") })
            .collect();
        let joins = !joining.is_empty();
        let mut nodes: Vec<ControlNode<'a>> = first.into_iter().collect();
        let mut declared = false;
        for node in joining.into_iter().filter(|node| !node.addresses.is_empty()) {
            declared = true;
            // The same node joined by two files is one node.
            if nodes.iter().all(|known| known.addresses.iter().all(|address| !node.addresses.contains(address))) {
                nodes.push(node);
            }
        }
        let partial = inventory.completeness("JoinConfiguration", id).reason().cloned();
        let running = running_nodes(inventory).map(|nodes| nodes.map(|nodes| nodes.len()));
        let objects = control_plane_nodes(inventory, environment);
        let balanced = load_balancer::is_in_sight(inventory, id);
        ControlPlane { root, nodes, declared, joins, partial, floating, running, objects, balanced }
    }

    /// The number of control-plane nodes, where it is declared. The first node always exists, with or without a document.
    pub fn count(&self) -> Result<i64, Reason> {
        if let Some(running) = self.running.clone() {
            return running.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        }
        let first = usize::from(!self.nodes.iter().any(|node| node.root.str_at("kind") == Some("InitConfiguration")));
        if let Some(reason) = &self.partial {
            return Err(reason.clone());
        }
        if !self.objects.is_empty() {
            return Ok(i64::try_from(self.objects.len()).unwrap_or(i64::MAX));
        }
        let count = i64::try_from(self.nodes.len() + first).unwrap_or(i64::MAX);
        self.declared.then_some(count).ok_or_else(undeclared)
    }

    /// Names and addresses of the nodes that documents name.
    pub fn addresses(&self) -> Vec<&'a str> {
        self.nodes.iter().flat_map(|node| node.addresses.iter().copied()).collect()
    }

    /// Whether etcd runs on the control-plane nodes.
    pub fn is_stacked(&self) -> bool {
        self.root.path("etcd.external").is_none()
    }

    /// What a finding about the number of nodes points at: the last node's document, else the cluster's.
    fn count_place(&self) -> NodeRef {
        let last = self.objects.last().copied().or_else(|| self.nodes.last().map(|node| node.root));
        crate::facts::anchor(last.unwrap_or(self.root))
    }

    /// The facts.
    pub fn facts(&self, facts: &mut FactBuilder, renewed: &Spot<Option<bool>>, drift: &[Change]) -> NodeId {
        let anchor = facts.anchor();
        let counted = Origin::Node(self.count_place());
        let count = match self.count() {
            Ok(count) => facts.int(count, counted),
            Err(reason) => facts.unknown(reason, counted),
        };
        let nodes = self.addresses();
        let networks = super::networks::networks(facts, self.root, &nodes);
        let fields = [
            ("tool", facts.str("kubeadm", anchor.clone())),
            ("name", facts.lookup(self.root, "clusterName", Fallback::Str("kubernetes"))),
            ("version", facts.lookup(self.root, "kubernetesVersion", Fallback::Null)),
            ("object", facts.refer(self.root.at())),
            ("count", count),
            ("joins", facts.bool(self.joins, anchor.clone())),
            ("stacked", facts.bool(self.is_stacked(), self.root.origin_of("etcd"))),
            ("endpoint", self.endpoint(facts)),
            ("networks", networks),
            ("zones", facts.int_at(&zones_of(&self.objects, anchor.clone()))),
            ("maxSurge", facts.null(anchor.clone())),
            ("uncertified", facts.list(&[])),
            ("drift", changes(facts, drift)),
            ("renewed", facts.opt_bool_at(renewed)),
            ("balanced", facts.opt_bool_at(&self.is_balanced())),
        ];
        facts.map(&fields, anchor)
    }

    /// Whether a balancer stands before several API servers. Without an endpoint, or with that of one node, there is none,
    /// which others say; one that is out of sight may be anywhere.
    fn is_balanced(&self) -> Spot<Option<bool>> {
        let origin = self.root.origin_of("controlPlaneEndpoint");
        let host = self.root.str_at("controlPlaneEndpoint").and_then(|text| text.parse::<HostPort>().ok());
        let Some(host) = host.map(|endpoint| endpoint.host).filter(|_| self.joins) else {
            return Spot::known(None, origin);
        };
        match self.balanced || self.floating.contains(&host) {
            true => Spot::known(Some(true), origin),
            false if self.addresses().contains(&host.as_str()) => Spot::known(None, origin),
            false => {
                Spot::unknown(Reason::new(UnknownCode::Partial, "the balancer may be configured elsewhere"), origin)
            }
        }
    }

    /// The zones of its nodes, where the cluster shows them.
    pub fn zones(&self) -> Spot<Option<i64>> {
        zones_of(&self.objects, Origin::Node(crate::facts::anchor(self.root)))
    }

    /// `endpoint`: null where none is set, unknown where a template or a placeholder stands for it.
    fn endpoint(&self, facts: &mut FactBuilder) -> NodeId {
        let origin = self.root.origin_of("controlPlaneEndpoint");
        let written = self.root.get("controlPlaneEndpoint").filter(|endpoint| !endpoint.is_null());
        let Some(place) = written.filter(|endpoint| endpoint.str() != Some("")) else {
            return match openness(self.root) {
                Some(reason) => facts.unknown(reason, origin),
                None => facts.null(origin),
            };
        };
        let nodes: Vec<String> = self.nodes.iter().flat_map(|node| &node.addresses).map(ToString::to_string).collect();
        super::declared::address(facts, place, &nodes, &self.floating)
    }
}

/// `{component, flag, how}` of each change.
fn changes(facts: &mut FactBuilder, drift: &[Change]) -> NodeId {
    let mut nodes = Vec::new();
    for change in drift {
        let at = || change.place.clone();
        let fields = [
            ("component", facts.str(change.component, at())),
            ("flag", facts.str(&change.flag, at())),
            ("how", facts.str(change.how, at())),
        ];
        nodes.push(facts.map(&fields, at()));
    }
    facts.list(&nodes)
}

fn undeclared() -> Reason {
    Reason::new(
        UnknownCode::Partial,
        "no join document names a control-plane node, so the files do not say how many there are",
    )
}

/// The names by which a document knows its own node. `section` is where a join keeps its API endpoint.
fn addresses<'a>(root: View<'a>, section: &str) -> Vec<&'a str> {
    let paths = ["nodeRegistration.name".to_string(), format!("{section}localAPIEndpoint.advertiseAddress")];
    paths.iter().filter_map(|path| root.str_at(path)).filter(|text| !text.is_empty()).collect()
}
