//! keepalived's instances: who holds the address, what moves it, and whether the peers agree.
//!
//! Sources: keepalived.conf(5): a script with weight 0 puts the instance into FAULT; another weight changes the priority
//! while the script fails (negative) or succeeds (positive), and moves the address only if that crosses a peer's priority;
//! with `nopreempt` a peer never takes over from an instance that is still sending.

use super::block::{first_arg, named};
use super::{Balancer, names_api};
use crate::facts::builder::FactBuilder;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Format, Origin, View};
use crate::values::HostPort;
use crate::vocabulary::NodeId;

/// What an instance does.
pub(super) struct Vrrp {
    /// It tracks a script, an interface's peer, or a process; where tracking would be written.
    tracks: (&'static str, Origin),
    /// The weight of its script never moves the address; where that shows.
    stuck: Option<Origin>,
    /// What it disagrees with its peers on, or shares with half the world: `id`, `masters`, `sample`.
    conflict: Option<(&'static str, Origin)>,
    /// Instances of other files for the same address.
    peers: i64,
}

impl Vrrp {
    /// `{tracks, stuck, conflict, peers}`.
    pub(super) fn facts(&self, facts: &mut FactBuilder, place: &Origin) -> NodeId {
        let stuck = self.stuck.clone();
        let (conflict, at) = self.conflict.clone().map_or((None, place.clone()), |(what, at)| (Some(what), at));
        let fields = [
            ("tracks", facts.str(self.tracks.0, self.tracks.1.clone())),
            ("stuck", facts.bool(stuck.is_some(), stuck.unwrap_or_else(|| place.clone()))),
            ("conflict", facts.opt_str(conflict, at)),
            ("peers", facts.int(self.peers, place.clone())),
        ];
        facts.map(&fields, place.clone())
    }
}

/// One `vrrp_instance`.
#[derive(Clone, Copy)]
struct Instance<'a> {
    root: View<'a>,
    name: View<'a>,
    block: View<'a>,
}

fn in_document(root: View<'_>) -> Vec<Instance<'_>> {
    let entries = named(root, "vrrp_instance");
    entries.filter_map(|entry| Some(Instance { root, name: first_arg(entry)?, block: entry.get("block")? })).collect()
}

/// The instances of a keepalived configuration.
pub(super) fn instances(inventory: &Inventory, id: DocumentId) -> Vec<Balancer<'_>> {
    let forest = inventory.forest();
    let others = inventory.documents().filter(|(other, document)| {
        *other != id && document.format == Format::Keepalived && inventory.sees(id, *other)
    });
    let peers: Vec<Instance<'_>> = others.flat_map(|(_, document)| in_document(document.view(forest))).collect();
    let environment = inventory.document(id).environment;
    let endpoints: Vec<String> = inventory
        .of_kind("ClusterConfiguration", environment)
        .filter_map(|id| inventory.document(id).view(forest).str_at("controlPlaneEndpoint")?.parse::<HostPort>().ok())
        .filter(HostPort::is_ip_literal)
        .map(|endpoint| endpoint.host)
        .collect();
    in_document(inventory.document(id).view(forest)).into_iter().map(|one| one.balancer(&peers, &endpoints)).collect()
}

impl<'a> Instance<'a> {
    fn setting(self, key: &'a str) -> Option<View<'a>> {
        named(self.block, key).next().and_then(first_arg)
    }

    fn number(self, key: &'a str) -> Option<i64> {
        self.setting(key)?.str()?.parse().ok()
    }

    fn addresses(self) -> Vec<String> {
        let blocks = named(self.block, "virtual_ipaddress").filter_map(|entry| entry.get("block"));
        let words = blocks.flat_map(|block| block.items().collect::<Vec<_>>());
        let words = words.filter_map(|entry| entry.str_at("name"));
        words.map(|word| word.split('/').next().unwrap_or(word).to_string()).collect()
    }

    /// The scripts it tracks, by their definition in the same file.
    fn scripts(self) -> Vec<View<'a>> {
        let tracked = named(self.block, "track_script").filter_map(|entry| entry.get("block"));
        let names: Vec<&str> = tracked
            .flat_map(|block| block.items().collect::<Vec<_>>())
            .filter_map(|entry| entry.str_at("name"))
            .collect();
        named(self.root, "vrrp_script")
            .filter(|entry| first_arg(*entry).and_then(View::str).is_some_and(|name| names.contains(&name)))
            .collect()
    }

    /// Whether the address is the API servers': unless the endpoint in sight says otherwise.
    fn is_for_api(self, endpoints: &[String]) -> bool {
        let own = self.addresses();
        endpoints.is_empty() || own.iter().any(|address| endpoints.contains(address))
    }

    fn balancer(self, peers: &[Instance<'a>], endpoints: &[String]) -> Balancer<'a> {
        let name = self.name.str().unwrap_or_default();
        let addresses = self.addresses();
        let same = |other: &&Instance<'a>| other.addresses().iter().any(|address| addresses.contains(address));
        let group: Vec<Instance<'a>> = peers.iter().filter(same).copied().collect();
        Balancer {
            api_server: self.is_for_api(endpoints) || names_api(name),
            vrrp: Some(Vrrp {
                tracks: self.tracks(),
                stuck: self.stuck(&group),
                conflict: self.conflict(&group),
                peers: i64::try_from(group.len()).unwrap_or(i64::MAX),
            }),
            ..Balancer::new("keepalived", "KeepalivedInstance", name, self.name.at())
        }
    }

    /// `nothing`, `process` (only that a balancer's process lives) or `script`.
    fn tracks(self) -> (&'static str, Origin) {
        let place = Origin::Node(self.name.at());
        let tracked = named(self.block, "track_script").next();
        if tracked.is_none() {
            let process = named(self.block, "track_process").next();
            let at = process.and_then(|entry| entry.get("name")).map_or(place, |name| Origin::Node(name.at()));
            return (if process.is_some() { "process" } else { "nothing" }, at);
        }
        for script in self.scripts() {
            let Some(text) = script.get("block").and_then(|block| named(block, "script").next()).and_then(first_arg)
            else {
                continue;
            };
            let words = text.str().unwrap_or_default();
            if ["killall -0", "pidof", "pgrep", "systemctl is-active"].iter().any(|sign| words.contains(sign)) {
                return ("process", Origin::Node(text.at()));
            }
        }
        ("script", place)
    }

    /// The place of a weight that never moves the address.
    fn stuck(self, peers: &[Instance<'a>]) -> Option<Origin> {
        for script in self.scripts() {
            let block = script.get("block")?;
            let Some(weight) = named(block, "weight").next().and_then(first_arg) else { continue };
            let size = weight.str()?.parse::<i64>().ok()?.abs();
            if size == 0 {
                continue;
            }
            if let Some(entry) = named(self.block, "nopreempt").next() {
                return entry.get("name").map(|name| Origin::Node(name.at()));
            }
            let own = self.number("priority");
            let gaps = peers.iter().filter_map(|peer| own?.checked_sub(peer.number("priority")?));
            let gap = gaps.filter(|gap| *gap >= 0).min();
            if (peers.is_empty() && size < 2) || gap.is_some_and(|gap| size <= gap) {
                return Some(Origin::Node(weight.at()));
            }
        }
        None
    }

    fn conflict(self, peers: &[Instance<'a>]) -> Option<(&'static str, Origin)> {
        let id = self.setting("virtual_router_id");
        let differs = |peer: &Instance<'a>| peer.number("virtual_router_id") != self.number("virtual_router_id");
        if let Some(id) = id.filter(|_| peers.iter().any(differs)) {
            return Some(("id", Origin::Node(id.at())));
        }
        let is_master = |one: Instance<'a>| one.setting("state").and_then(View::str) == Some("MASTER");
        if is_master(self) && peers.iter().any(|peer| is_master(*peer)) {
            return self.setting("state").map(|state| ("masters", Origin::Node(state.at())));
        }
        id.filter(|id| id.str() == Some("51")).map(|id| ("sample", Origin::Node(id.at())))
    }
}
