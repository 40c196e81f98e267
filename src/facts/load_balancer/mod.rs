//! The `load-balancer` subject: what stands before the API servers, and how soon it notices that one is gone.
//!
//! One adapter a tool fills `Balancer`; this file turns it into facts.

mod alone;
mod block;
mod check_script;
mod cloud;
mod haproxy;
mod kube_vip;
mod passage;
mod service;
mod vrrp;

pub use kube_vip::component as kube_vip_component;

use super::builder::{FactBuilder, Spot};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, EnvironmentId, Inventory, Role};
use crate::syntax::{Format, Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId};
use check_script::CheckScript;
use cloud::Cloud;
use passage::Passage;
use vrrp::Vrrp;

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

/// The port of etcd for clients.
const ETCD_PORT: &str = ":2379";

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
    /// How many it stands for: a template makes several.
    count: i64,
    /// What is wrong with it as an API server: `port`, or `duplicate`.
    problem: Option<&'static str>,
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
    /// What happens to connections on the way.
    passage: Passage,
    /// keepalived's way of moving an address.
    vrrp: Option<Vrrp>,
    /// kube-vip: what it lacks to announce an address, and where.
    lacks: Option<(&'static str, Origin)>,
    /// kube-vip: where it is given the super-admin's credentials.
    super_admin: Option<Origin>,
    /// What a cloud makes of it.
    cloud: Cloud,
    /// keepalived: what its script does.
    script: Option<CheckScript>,
    /// Its host is the only one.
    alone: Spot<Option<bool>>,
}

impl<'a> Balancer<'a> {
    /// One that does nothing.
    fn new(tool: &'static str, label: &'static str, name: &str, place: NodeRef) -> Balancer<'a> {
        Balancer {
            tool,
            label,
            name: name.to_string(),
            place,
            api_server: false,
            servers: Vec::new(),
            check: (Check::None, Origin::Node(place)),
            path: None,
            other_port: false,
            detection: None,
            lease: None,
            passage: Passage::default(),
            vrrp: None,
            lacks: None,
            super_admin: None,
            cloud: Cloud::default(),
            script: None,
            alone: Spot::known(None, Origin::Node(place)),
        }
    }

    /// Whether etcd stands behind it: back ends on etcd's client port.
    fn is_for_etcd(&self) -> bool {
        self.servers.iter().any(|server| server.address.ends_with(ETCD_PORT))
    }
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

/// Ports that no API server answers on: etcd, kubelet, scheduler, controller-manager, kube-proxy, node ports' usual web.
const OTHER_PORTS: &[&str] = &["2379", "2380", "2381", "10250", "10255", "10256", "10257", "10259", "22", "80", "8080"];

impl Balancer<'_> {
    /// Back ends that are no API servers, or are listed twice.
    fn find_problems(&mut self) {
        let mut seen: Vec<&str> = Vec::new();
        let api_server = self.api_server;
        for server in &mut self.servers {
            let port = server.address.rsplit(':').next().unwrap_or_default();
            server.problem = match server.address {
                address if seen.contains(&address) && server.count == 1 && !address.is_empty() => Some("duplicate"),
                _ if api_server && OTHER_PORTS.contains(&port) => Some("port"),
                _ => None,
            };
            seen.push(server.address);
        }
    }
}

/// The balancers of a document. The anchor of each is its section or object.
pub fn build(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let mut balancers = match (document.role, document.format) {
        (Role::Foreign, Format::HAProxy) => haproxy::read(root),
        (Role::Foreign, Format::Keepalived) => {
            let mut found = block::keepalived(inventory, id, root);
            found.extend(vrrp::instances(inventory, id));
            found
        }
        (Role::Foreign, Format::Nginx) => block::nginx(root),
        (Role::Object, _) => {
            let own = if document.kind() == "Service" { service::read(root) } else { kube_vip::read(inventory, id) };
            own.or_else(|| cloud::read(inventory, id, root)).into_iter().collect()
        }
        _ => Vec::new(),
    };
    if balancers.is_empty() {
        return None;
    }
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let mut subjects = Vec::new();
    for balancer in &mut balancers {
        balancer.find_problems();
        balancer.alone = alone::alone(inventory, id, balancer);
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
        let vrrp = match &self.vrrp {
            Some(vrrp) => vrrp.facts(facts, &place),
            None => facts.null(place.clone()),
        };
        fields.extend([
            ("etcd", facts.bool(self.is_for_etcd(), place.clone())),
            ("active", facts.int(self.active(), place.clone())),
            ("passage", self.passage.facts(facts, &place)),
            ("vrrp", vrrp),
        ]);
        let (lacks, lacking) = self.lacks.clone().map_or((None, place.clone()), |(what, at)| (Some(what), at));
        let admin = self.super_admin.clone();
        fields.extend([
            ("lacks", facts.opt_str(lacks, lacking)),
            ("superAdmin", facts.bool(admin.is_some(), admin.unwrap_or_else(|| place.clone()))),
            ("scriptWeakness", CheckScript::fact(self.script.as_ref(), facts, &place)),
            ("alone", facts.opt_bool_at(&self.alone)),
        ]);
        fields.extend(self.cloud.facts(facts, &place));
        facts.map(&fields, place)
    }

    /// Back ends that are switched on.
    fn active(&self) -> i64 {
        self.servers.iter().filter(|server| !server.disabled).map(|server| server.count).sum()
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
            ("problem", facts.opt_str(self.problem, place.clone())),
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

/// Whether a balancer for API servers, or an address that moves, is in sight of a document.
pub fn is_in_sight(inventory: &Inventory, from: DocumentId) -> bool {
    let environment = &inventory.environments()[inventory.document(from).environment.index()];
    let mut seen = environment.visible.iter().flat_map(|id| inventory.members(*id)).copied();
    seen.any(|id| match inventory.document(id).format {
        Format::HAProxy | Format::Nginx | Format::Keepalived => true,
        _ => kube_vip::address(inventory, id).is_some(),
    })
}

/// Addresses that Talos moves between machines.
fn talos_addresses(root: View<'_>) -> Vec<String> {
    let interfaces = root.path("machine.network.interfaces").into_iter().flat_map(View::items);
    interfaces.filter_map(|interface| interface.str_at("vip.ip")).map(str::to_string).collect()
}

fn moved_by(inventory: &Inventory, id: DocumentId) -> Vec<String> {
    let document = inventory.document(id);
    match document.format {
        Format::Yaml if document.role == Role::Other => talos_addresses(document.view(inventory.forest())),
        Format::Keepalived => block::virtual_addresses(document.view(inventory.forest())),
        _ => kube_vip::address(inventory, id).into_iter().collect(),
    }
}
