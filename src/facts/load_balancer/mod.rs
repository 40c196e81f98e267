//! The `load-balancer` subject: what stands before the API servers, and how soon it notices that one is gone.
//!
//! One adapter a tool fills `Balancer`; this file turns it into facts.

mod block;
mod haproxy;
mod kube_vip;

use super::builder::FactBuilder;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, EnvironmentId, Inventory, Role};
use crate::syntax::{Format, Origin, Tree};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// How back ends are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Not at all.
    None,
    /// The port opens.
    Tcp,
    /// A TLS hello is answered.
    Tls,
    /// HTTP without TLS.
    Http,
    /// HTTP over TLS.
    Https,
    /// Failed connections of clients are counted.
    Passive,
    /// A script decides.
    Script,
}

impl Check {
    fn as_str(self) -> &'static str {
        match self {
            Check::None => "none",
            Check::Tcp => "tcp",
            Check::Tls => "tls",
            Check::Http => "http",
            Check::Https => "https",
            Check::Passive => "passive",
            Check::Script => "script",
        }
    }
}

/// The port of API servers.
pub(super) const API_PORT: &str = ":6443";

/// Whether a name says that API servers stand behind it.
fn names_api(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["apiserver", "kube-api", "kubeapi", "k8s-api", "kubernetes"].iter().any(|word| name.contains(word))
}

/// One back end.
pub(super) struct Server<'a> {
    name: &'a str,
    address: &'a str,
    checked: bool,
    disabled: bool,
    place: NodeRef,
}

/// One balancer, or one section of its configuration.
pub(super) struct Balancer<'a> {
    tool: &'static str,
    label: &'static str,
    name: String,
    place: NodeRef,
    api_server: bool,
    servers: Vec<Server<'a>>,
    check: (Check, Origin),
    path: Option<String>,
    /// Milliseconds until a dead back end is out.
    detection: Option<(i64, Origin)>,
    lease: Option<Lease>,
}

/// kube-vip's way of moving an address.
pub(super) struct Lease {
    control_plane: (bool, Origin),
    arp: (bool, Origin),
    election: (bool, Origin),
    /// Duration, renew deadline, retry period, in seconds.
    timing: [(i64, Origin); 3],
}

/// The balancers of a document. The anchor of each is its section or object.
pub fn build(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let balancers = match (document.role, document.format) {
        (Role::Foreign, Format::HAProxy) => haproxy::read(root),
        (Role::Foreign, Format::Keepalived) => block::keepalived(root),
        (Role::Foreign, Format::Nginx) => block::nginx(root),
        (Role::Object, _) => kube_vip::read(inventory, id).into_iter().collect(),
        _ => Vec::new(),
    };
    if balancers.is_empty() {
        return None;
    }
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let mut subjects = Vec::new();
    for balancer in &balancers {
        let node = balancer.facts(&mut facts);
        let subject = Subject::of(SubjectKind::LoadBalancer, NodeRef { tree, node }, inventory, id);
        let named = document.role == Role::Object;
        let label = if named { subject.label.clone() } else { balancer.label.to_string() };
        let name = if named { subject.name.clone() } else { balancer.name.clone() };
        subjects.push(Subject { label, name, ..subject });
    }
    Some((facts.finish(), subjects))
}

impl Balancer<'_> {
    fn facts(&self, facts: &mut FactBuilder) -> NodeId {
        let place = Origin::Node(self.place);
        let servers: Vec<NodeId> = self.servers.iter().map(|server| server.facts(facts)).collect();
        let detection = match &self.detection {
            Some((millis, origin)) => facts.int(*millis, origin.clone()),
            None => facts.null(self.check.1.clone()),
        };
        let mut fields = vec![
            ("tool", facts.str(self.tool, place.clone())),
            ("name", facts.str(&self.name, place.clone())),
            ("apiServer", facts.bool(self.api_server, place.clone())),
            ("servers", facts.list_at(&servers, place.clone())),
            ("check", facts.str(self.check.0.as_str(), self.check.1.clone())),
            ("path", facts.opt_str(self.path.as_deref(), self.check.1.clone())),
            ("detection", detection),
        ];
        fields.extend(self.lease_facts(facts));
        facts.map(&fields, place)
    }

    fn lease_facts(&self, facts: &mut FactBuilder) -> Vec<(&'static str, NodeId)> {
        let place = Origin::Node(self.place);
        let Some(lease) = &self.lease else {
            let names = ["leaderElection", "arp", "controlPlane"].map(|name| (name, facts.bool(false, place.clone())));
            let times = ["leaseDuration", "renewDeadline", "retryPeriod"].map(|name| (name, facts.null(place.clone())));
            return names.into_iter().chain(times).collect();
        };
        let [duration, renew, retry] = &lease.timing;
        let flags = [("leaderElection", &lease.election), ("arp", &lease.arp), ("controlPlane", &lease.control_plane)];
        let times = [("leaseDuration", duration), ("renewDeadline", renew), ("retryPeriod", retry)];
        let flags: Vec<_> =
            flags.into_iter().map(|(name, (value, origin))| (name, facts.bool(*value, origin.clone()))).collect();
        let times: Vec<_> =
            times.into_iter().map(|(name, (value, origin))| (name, facts.int(*value, origin.clone()))).collect();
        flags.into_iter().chain(times).collect()
    }
}

impl Server<'_> {
    fn facts(&self, facts: &mut FactBuilder) -> NodeId {
        let place = Origin::Node(self.place);
        let fields = [
            ("name", facts.str(self.name, place.clone())),
            ("address", facts.str(self.address, place.clone())),
            ("checked", facts.bool(self.checked, place.clone())),
            ("disabled", facts.bool(self.disabled, place.clone())),
        ];
        facts.map(&fields, place)
    }
}

/// Addresses of an environment that belong to no single node: kube-vip's and those that HAProxy listens on.
pub fn addresses(inventory: &Inventory, environment: EnvironmentId) -> Vec<String> {
    let visible = &inventory.environments()[environment.index()].visible;
    let mut addresses: Vec<String> = visible
        .iter()
        .flat_map(|id| inventory.members(*id))
        .filter_map(|&id| kube_vip::address(inventory, id))
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses
}
