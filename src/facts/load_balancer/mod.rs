//! The `load-balancer` subject: what stands before the API servers, and how soon it notices that one is gone.
//!
//! One adapter a tool fills `Balancer`; this file turns it into facts.

mod block;
mod haproxy;
mod kube_vip;

pub use kube_vip::component as kube_vip_component;

use super::builder::FactBuilder;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, EnvironmentId, Inventory, Role};
use crate::syntax::{Format, Origin, Tree};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId};

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

/// Words that name API servers anywhere in a name.
const API_WORDS: &[&str] =
    &["apiserver", "api-server", "api_server", "kube-api", "kubeapi", "kube_api", "k8s-api", "k8s_api", "k8sapi"];

/// Names that stand for API servers only as a whole.
const API_NAMES: &[&str] =
    &["kubernetes", "k8s", "kubernetes-api", "kubernetes-master", "kubernetes-masters", "k8s-masters"];

/// Whether a name says that API servers stand behind it.
fn names_api(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    API_NAMES.contains(&name.as_str()) || API_WORDS.iter().any(|word| name.contains(word))
}

/// One back end.
pub(super) struct Server<'a> {
    name: &'a str,
    address: &'a str,
    /// Unknown where a variable may switch checks on.
    checked: Result<bool, Reason>,
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
    /// Checks go to another port than requests.
    other_port: bool,
    detection: Option<Detection>,
    lease: Option<Lease>,
}

/// How long it takes until a dead back end is out.
pub(super) struct Detection {
    /// Milliseconds, or why they are unknown.
    millis: Result<i64, Reason>,
    origin: Origin,
}

/// kube-vip's way of moving an address: what is switched on, and where it says so.
pub(super) struct Lease {
    control_plane: (Result<bool, Reason>, Origin),
    arp: (Result<bool, Reason>, Origin),
    election: (Result<bool, Reason>, Origin),
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
        let label = if named { subject.label.clone() } else { balancer.label.into() };
        let name = if named { subject.name.clone() } else { balancer.name.as_str().into() };
        subjects.push(Subject { label, name, ..subject });
    }
    Some((facts.finish(), subjects))
}

impl Balancer<'_> {
    fn facts(&self, facts: &mut FactBuilder) -> NodeId {
        let place = Origin::Node(self.place);
        let servers: Vec<NodeId> = self.servers.iter().map(|server| server.facts(facts)).collect();
        let detection = match &self.detection {
            Some(Detection { millis: Ok(millis), origin }) => facts.int(*millis, origin.clone()),
            Some(Detection { millis: Err(reason), origin }) => facts.unknown(reason.clone(), origin.clone()),
            None => facts.null(self.check.1.clone()),
        };
        let mut fields = vec![
            ("tool", facts.str(self.tool, place.clone())),
            ("name", facts.str(&self.name, place.clone())),
            ("apiServer", facts.bool(self.api_server, place.clone())),
            ("servers", facts.list_at(&servers, place.clone())),
            ("check", facts.str(self.check.0.as_str(), self.check.1.clone())),
            ("path", facts.opt_str(self.path.as_deref(), self.check.1.clone())),
            ("otherPort", facts.bool(self.other_port, self.check.1.clone())),
            ("detection", detection),
        ];
        fields.extend(self.lease_facts(facts));
        facts.map(&fields, place)
    }

    fn lease_facts(&self, facts: &mut FactBuilder) -> Vec<(&'static str, NodeId)> {
        let names = ["leaderElection", "arp", "controlPlane"];
        let Some(lease) = &self.lease else {
            let place = Origin::Node(self.place);
            return names.into_iter().map(|name| (name, facts.bool(false, place.clone()))).collect();
        };
        let settings = [&lease.election, &lease.arp, &lease.control_plane];
        let node = |facts: &mut FactBuilder, (value, origin): &(Result<bool, Reason>, Origin)| match value {
            Ok(value) => facts.bool(*value, origin.clone()),
            Err(reason) => facts.unknown(reason.clone(), origin.clone()),
        };
        names.into_iter().zip(settings).map(|(name, setting)| (name, node(facts, setting))).collect()
    }
}

impl Server<'_> {
    fn facts(&self, facts: &mut FactBuilder) -> NodeId {
        let place = Origin::Node(self.place);
        let checked = match &self.checked {
            Ok(checked) => facts.bool(*checked, place.clone()),
            Err(reason) => facts.unknown(reason.clone(), place.clone()),
        };
        let fields = [
            ("name", facts.str(self.name, place.clone())),
            ("address", facts.str(self.address, place.clone())),
            ("checked", checked),
            ("disabled", facts.bool(self.disabled, place.clone())),
        ];
        facts.map(&fields, place)
    }
}

/// Addresses that belong to no single node (kube-vip's and keepalived's), by environment, with all that it sees.
pub fn addresses(inventory: &Inventory) -> Vec<Vec<String>> {
    let mut own: Vec<Vec<String>> = vec![Vec::new(); inventory.environments().len()];
    for (id, document) in inventory.documents() {
        own[document.environment.index()].extend(moved_by(inventory, id));
    }
    let of = |visible: &[EnvironmentId]| {
        let mut addresses: Vec<String> = visible.iter().flat_map(|id| own[id.index()].iter().cloned()).collect();
        addresses.sort();
        addresses.dedup();
        addresses
    };
    inventory.environments().iter().map(|environment| of(&environment.visible)).collect()
}

fn moved_by(inventory: &Inventory, id: DocumentId) -> Vec<String> {
    let document = inventory.document(id);
    match document.format {
        Format::Keepalived => block::virtual_addresses(document.view(inventory.forest())),
        _ => kube_vip::address(inventory, id).into_iter().collect(),
    }
}
