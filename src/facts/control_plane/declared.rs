//! A control plane as some tool declares it: what every adapter fills in, and the facts that rules see.
//!
//! Which documents say it is the adapters' business.

use crate::facts::builder::{FactBuilder, Fallback, Spot};
use crate::syntax::{Origin, View};
use crate::values::HostPort;
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// Where clients reach a control plane.
pub enum Endpoint<'a> {
    /// Nowhere but at its nodes.
    Unset(Origin),
    /// Somebody else fills it in.
    Unknown(Reason, Origin),
    /// At an address, which stands here.
    Written(View<'a>),
    /// At a name that the tool makes, because of what stands here.
    Made(String, View<'a>),
    /// Through a proxy on every node.
    Local(Origin),
}

/// A control plane.
pub struct Declared<'a> {
    /// The tool.
    pub tool: &'static str,
    /// The document that declares it.
    pub root: View<'a>,
    /// Its name, where it is not `metadata.name`.
    pub name: Option<View<'a>>,
    /// Its version.
    pub version: Option<View<'a>>,
    /// Its nodes.
    pub count: Spot<Option<i64>>,
    /// More nodes than one are meant.
    pub joins: bool,
    /// etcd runs on its nodes.
    pub stacked: Spot<bool>,
    /// Where clients reach it.
    pub endpoint: Endpoint<'a>,
    /// The zones that its nodes are in; null where the tool spreads them or nobody says.
    pub zones: Spot<Option<i64>>,
    /// Machines that a rollout may add at a time; null where rollouts do not replace machines.
    pub max_surge: Spot<Option<i64>>,
    /// Addresses that clients use and the certificate lacks, where the tool does not add them by itself.
    pub uncertified: Vec<(String, Origin)>,
    /// Addresses by which single nodes are known.
    pub nodes: Vec<String>,
    /// Something renews its certificates; null where the tool does, or nobody says.
    pub renewed: Spot<Option<bool>>,
    /// A balancer stands before several API servers; null where that is no question.
    pub balanced: Spot<Option<bool>>,
}

impl<'a> Declared<'a> {
    /// A control plane of which nothing is known but how many nodes it has.
    pub fn new(tool: &'static str, root: View<'a>, count: Spot<Option<i64>>) -> Declared<'a> {
        let place = Origin::Node(crate::facts::anchor(root));
        Declared {
            tool,
            root,
            name: None,
            version: None,
            joins: matches!(count.value, Ok(Some(2..))),
            count,
            stacked: Spot::known(true, place.clone()),
            endpoint: Endpoint::Unset(place.clone()),
            zones: Spot::known(None, place.clone()),
            max_surge: Spot::known(None, place.clone()),
            uncertified: Vec::new(),
            nodes: Vec::new(),
            renewed: Spot::known(None, place.clone()),
            balanced: Spot::known(None, place),
        }
    }

    /// The facts. `floating`: addresses that no node owns.
    pub fn facts(&self, facts: &mut FactBuilder, floating: &[String]) -> NodeId {
        let anchor = facts.anchor();
        let name = match self.name {
            Some(name) => facts.refer(name.at()),
            None => facts.lookup(self.root, "metadata.name", Fallback::Str(self.tool)),
        };
        let version = match self.version {
            Some(version) => facts.refer(version.at()),
            None => facts.null(anchor.clone()),
        };
        let count = match &self.count.value {
            Ok(None) => facts.unknown(uncounted(), self.count.place.clone()),
            _ => facts.int_at(&self.count),
        };
        let uncertified = self.uncertified.iter().map(|(name, place)| (name.as_str(), place.clone()));
        let fields = [
            ("tool", facts.str(self.tool, anchor.clone())),
            ("name", name),
            ("version", version),
            ("object", facts.refer(self.root.at())),
            ("count", count),
            ("joins", facts.bool(self.joins, anchor.clone())),
            ("stacked", facts.bool_at(&self.stacked)),
            ("endpoint", self.endpoint(facts, floating)),
            ("networks", facts.list(&[])),
            ("zones", facts.int_at(&self.zones)),
            ("maxSurge", facts.int_at(&self.max_surge)),
            ("uncertified", facts.strings(uncertified, anchor.clone())),
            ("drift", facts.list(&[])),
            ("renewed", facts.opt_bool_at(&self.renewed)),
            ("balanced", facts.opt_bool_at(&self.balanced)),
        ];
        facts.map(&fields, anchor)
    }

    fn endpoint(&self, facts: &mut FactBuilder, floating: &[String]) -> NodeId {
        match &self.endpoint {
            Endpoint::Unset(place) => facts.null(place.clone()),
            Endpoint::Unknown(reason, place) => facts.unknown(reason.clone(), place.clone()),
            Endpoint::Written(place) => address(facts, *place, &self.nodes, floating),
            Endpoint::Made(name, place) => made(facts, name, Origin::Node(place.at())),
            Endpoint::Local(place) => made(facts, "localhost", place.clone()),
        }
    }
}

fn uncounted() -> Reason {
    Reason::new(UnknownCode::Partial, "the files do not say how many control-plane nodes there are")
}

fn made(facts: &mut FactBuilder, name: &str, origin: Origin) -> NodeId {
    let text = facts.str(name, origin.clone());
    endpoint_facts(facts, text, name, [false, false, false], origin)
}

/// `endpoint` of an address that is written: unknown where a template or a placeholder stands for it. `nodes` are the
/// addresses of single nodes.
pub fn address(facts: &mut FactBuilder, place: View<'_>, nodes: &[String], floating: &[String]) -> NodeId {
    let origin = Origin::Node(place.at());
    if let Some(reason) = place.unknown() {
        return facts.unknown(reason.clone(), origin);
    }
    let text = place.str().unwrap_or_default();
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest).trim_end_matches('/');
    let Some(parsed) = bare.parse::<HostPort>().ok().filter(|parsed| !parsed.host.is_empty()) else {
        return facts.unknown(placeholder(text), origin);
    };
    let floats = floating.contains(&parsed.host);
    let on_node = nodes.contains(&parsed.host) && !floats;
    let text = facts.refer(place.at());
    endpoint_facts(facts, text, &parsed.host, [parsed.is_ip_literal(), on_node, floats], origin)
}

fn endpoint_facts(facts: &mut FactBuilder, text: NodeId, host: &str, is: [bool; 3], origin: Origin) -> NodeId {
    let [address, on_node, floats] = is;
    let fields = [
        ("text", text),
        ("host", facts.str(host, origin.clone())),
        ("isAddress", facts.bool(address, origin.clone())),
        ("isNodeAddress", facts.bool(on_node, origin.clone())),
        ("floating", facts.bool(floats, origin.clone())),
    ];
    facts.map(&fields, origin)
}

fn placeholder(text: &str) -> Reason {
    Reason::new(UnknownCode::Templated, format!("`{text}` is no address yet"))
}
