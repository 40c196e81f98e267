//! The `etcd` subject: members, quota, compaction, TLS, from kubeadm, static pods, units, and etcd's own files.
//!
//! Source of the TLS rules: etcd `client/pkg/transport/listener.go`: client certificates are required and verified when a
//! trusted CA *or* client-cert-auth is set, on the client listener too. `initial-cluster` is the intended membership where
//! people wrote it; in kubeadm's static pods it is what was known when the member joined, and proves nothing.

use std::collections::BTreeSet;

use super::etcd_member;
use crate::facts::builder::{FactBuilder, Fallback, Spot};
use crate::facts::component::{Component, ComponentTables, FlagTable};
use crate::syntax::{Origin, View};
use crate::values::HostPort;
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// Where an etcd is described.
pub enum EtcdSource<'c, 'a> {
    /// By a component's flags.
    Component(&'c Component<'a>),
    /// By kubeadm's list of external endpoints.
    External(View<'a>),
}

/// An etcd cluster.
pub struct Etcd<'c, 'a> {
    /// Where it is described.
    pub source: EtcdSource<'c, 'a>,
    /// Members that run on the control-plane nodes, where their number is declared.
    pub stacked_members: Result<i64, Reason>,
    /// Members have their own list of machines, which is not that of the control-plane nodes.
    pub separate: bool,
    /// Where that number stands, if not at the component.
    pub members_place: Option<Origin>,
    /// The disks that a tool gives its members.
    pub volumes: Vec<Volume<'a>>,
    /// The API server's own compaction, in text: it compacts every five minutes unless set to 0.
    pub apiserver_compaction: Option<(Result<String, Reason>, Origin)>,
    /// Where it shows that etcd trusts the CA that API clients have their certificates from.
    pub shared_ca: Option<Origin>,
    /// What its declaration contradicts itself in, and where.
    pub contradiction: Option<(&'static str, Origin)>,
}

/// The disk of a member, and the pool that its machine belongs to.
#[derive(Clone)]
pub struct Volume<'a> {
    /// The member.
    pub member: View<'a>,
    /// That pool is no pool of control-plane nodes, or another member's.
    pub misplaced: Spot<bool>,
}

/// A fact that may be unknown.
type Known<T> = Result<T, Reason>;

/// Adds a fact that may be unknown.
fn add_bool(facts: &mut FactBuilder, value: Known<bool>, origin: Origin) -> NodeId {
    match value {
        Ok(value) => facts.bool(value, origin),
        Err(reason) => facts.unknown(reason, origin),
    }
}

fn add_int(facts: &mut FactBuilder, value: Known<i64>, origin: Origin) -> NodeId {
    match value {
        Ok(value) => facts.int(value, origin),
        Err(reason) => facts.unknown(reason, origin),
    }
}

impl Etcd<'_, '_> {
    /// The facts.
    pub fn facts(&self, facts: &mut FactBuilder, tables: &ComponentTables) -> NodeId {
        match &self.source {
            EtcdSource::Component(component) => self.component_facts(facts, tables, component),
            EtcdSource::External(section) => self.external_facts(facts, *section),
        }
    }

    fn component_facts(&self, facts: &mut FactBuilder, tables: &ComponentTables, component: &Component<'_>) -> NodeId {
        let table = &tables.flags;
        let flags = &component.flags;
        let tls = Tls { table, component };
        let anchor = Origin::Node(component.place);
        let by_tool = !matches!(component.tool, "systemd" | "file");
        let stacked = by_tool && !self.separate;
        let (members, members_place) = match by_tool {
            true => (self.stacked_members.clone(), self.members_place.clone().unwrap_or(anchor.clone())),
            false => (listed_members(table, component), flags.origin(table, "initial-cluster")),
        };
        let retention = flags.text(table, "auto-compaction-retention").map(|text| !is_zero(text.as_deref()));
        let fields = [
            ("tool", facts.str(component.tool, anchor.clone())),
            ("external", facts.bool(false, anchor.clone())),
            ("stacked", facts.bool(stacked, anchor.clone())),
            ("members", add_int(facts, members, members_place)),
            ("flags", flags.facts(facts, table)),
            ("clientTls", add_bool(facts, tls.served(""), tls.place("listen-client-urls", "cert-file"))),
            ("clientAuth", add_bool(facts, tls.asked(""), flags.origin(table, "client-cert-auth"))),
            ("peerTls", add_bool(facts, tls.served("peer-"), tls.place("listen-peer-urls", "peer-cert-file"))),
            ("peerAuth", add_bool(facts, tls.asked("peer-"), flags.origin(table, "peer-client-cert-auth"))),
            ("compacted", self.compacted(facts, retention)),
            ("release", etcd_member::release(facts, &tables.releases, component)),
            ("storage", etcd_member::storage(facts, table, component)),
            ("resources", etcd_member::resources(facts, component)),
            (
                "sharedCa",
                facts.bool(self.shared_ca.is_some(), self.shared_ca.clone().unwrap_or_else(|| anchor.clone())),
            ),
            ("contradiction", self.contradiction(facts, &anchor)),
            ("volumes", self.volumes(facts)),
        ];
        facts.map(&fields, anchor)
    }

    fn contradiction(&self, facts: &mut FactBuilder, anchor: &Origin) -> NodeId {
        match &self.contradiction {
            Some((what, origin)) => facts.str(what, origin.clone()),
            None => facts.null(anchor.clone()),
        }
    }

    /// Whether anybody compacts: the API server by itself, or etcd.
    fn compacted(&self, facts: &mut FactBuilder, by_etcd: Known<bool>) -> NodeId {
        let Some((interval, origin)) = &self.apiserver_compaction else {
            let anchor = facts.anchor();
            return facts.bool(true, anchor);
        };
        let by_apiserver = interval.as_ref().map(|text| !is_zero(Some(text)));
        let compacted = match (by_apiserver, by_etcd) {
            (Ok(true), _) | (_, Ok(true)) => Ok(true),
            (Ok(false), by_etcd) => by_etcd,
            (Err(reason), _) => Err(reason.clone()),
        };
        add_bool(facts, compacted, origin.clone())
    }

    /// `{name, type, encrypted}` of each member's disk. An account of a cloud may encrypt what nobody asks it to.
    fn volumes(&self, facts: &mut FactBuilder) -> NodeId {
        let mut nodes = Vec::new();
        for Volume { member, misplaced } in &self.volumes {
            let encrypted = match member.path("encryptedVolume").filter(|value| !value.is_null()) {
                Some(_) => facts.lookup(*member, "encryptedVolume", Fallback::Bool(false)),
                None => facts.unknown(undecided(), member.origin_of("encryptedVolume")),
            };
            let fields = [
                ("name", facts.lookup(*member, "name", Fallback::Str(""))),
                ("type", facts.lookup(*member, "volumeType", Fallback::NoStr)),
                ("encrypted", encrypted),
                ("group", facts.lookup(*member, "instanceGroup", Fallback::Str(""))),
                ("misplaced", facts.bool_at(misplaced)),
            ];
            nodes.push(facts.map(&fields, Origin::Node(member.at())));
        }
        facts.list(&nodes)
    }

    fn external_facts(&self, facts: &mut FactBuilder, section: View<'_>) -> NodeId {
        let endpoints = section.get("endpoints");
        let origin = Origin::Node(endpoints.unwrap_or(section).at());
        let urls: Vec<View<'_>> = endpoints.into_iter().flat_map(View::items).collect();
        let known = endpoints.filter(|list| list.is_list()).ok_or_else(elsewhere);
        let members = known.map(|_| i64::try_from(urls.len()).unwrap_or(i64::MAX));
        let plain = urls.iter().find(|url| url.str().is_some_and(|url| !is_secure(url)));
        let unknown = urls.iter().find_map(|url| url.unknown());
        let tls = match (plain, unknown) {
            (None, Some(reason)) => Err(reason.clone()),
            (plain, _) => Ok(plain.is_none()),
        };
        let tls_place = Origin::Node(plain.copied().or(endpoints).unwrap_or(section).at());
        let auth = section.get("certFile").is_some_and(|file| !file.is_null());
        let empty = facts.map(&[], origin.clone());
        let fields = [
            ("tool", facts.str("kubeadm", origin.clone())),
            ("external", facts.bool(true, origin.clone())),
            ("stacked", facts.bool(false, origin.clone())),
            ("members", add_int(facts, members, origin.clone())),
            ("flags", empty),
            ("clientTls", add_bool(facts, tls, tls_place)),
            ("clientAuth", facts.bool(auth, section.origin_of("certFile"))),
            ("peerTls", facts.unknown(elsewhere(), origin.clone())),
            ("peerAuth", facts.unknown(elsewhere(), origin.clone())),
            ("compacted", self.compacted(facts, Err(elsewhere()))),
            ("release", facts.null(origin.clone())),
            ("storage", facts.unknown(elsewhere(), origin.clone())),
            ("resources", facts.null(origin.clone())),
            (
                "sharedCa",
                facts.bool(self.shared_ca.is_some(), self.shared_ca.clone().unwrap_or_else(|| origin.clone())),
            ),
            ("contradiction", self.contradiction(facts, &origin)),
            ("volumes", self.volumes(facts)),
        ];
        facts.map(&fields, origin)
    }
}

/// What an etcd's flags say about TLS towards clients (no prefix) or members (prefix `peer-`).
struct Tls<'t, 'c, 'a> {
    table: &'t FlagTable,
    component: &'c Component<'a>,
}

impl Tls<'_, '_, '_> {
    fn text(&self, name: &str) -> Known<Option<String>> {
        self.component.flags.text(self.table, name)
    }

    fn on(&self, name: &str) -> Known<bool> {
        Ok(self.text(name)?.is_some_and(|text| !text.is_empty() && text != "false"))
    }

    fn either(&self, one: &str, other: &str) -> Known<bool> {
        match (self.on(one), self.on(other)) {
            (Ok(true), _) | (_, Ok(true)) => Ok(true),
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
            _ => Ok(false),
        }
    }

    /// Whether a certificate is there and no URL is plain. Without any URL etcd listens on the loopback address only.
    fn served(&self, prefix: &str) -> Known<bool> {
        let name = if prefix.is_empty() { "listen-client-urls" } else { "listen-peer-urls" };
        let urls =
            self.text(name).map(|urls| urls.filter(|_| self.component.flags.set.iter().any(|flag| flag.name == name)));
        let certificate = self.certified(prefix);
        let secure = urls.map(|urls| urls.is_none_or(|urls| urls.split(',').all(is_secure)));
        match (certificate, secure) {
            (Ok(false), _) | (_, Ok(false)) => Ok(false),
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
            _ => Ok(true),
        }
    }

    /// Whether there is a certificate with its key, or etcd makes both. One without the other is an error to etcd.
    fn certified(&self, prefix: &str) -> Known<bool> {
        let file = |kind: &str| self.on(&format!("{prefix}{kind}-file"));
        if let Ok(true) = self.on(&format!("{prefix}auto-tls")) {
            return Ok(true);
        }
        match (file("cert"), file("key")) {
            (Ok(false), _) | (_, Ok(false)) => self.on(&format!("{prefix}auto-tls")),
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
            _ => Ok(true),
        }
    }

    fn asked(&self, prefix: &str) -> Known<bool> {
        self.either(&format!("{prefix}trusted-ca-file"), &format!("{prefix}client-cert-auth"))
    }

    /// Where missing TLS shows: a plain URL if one is set, else the certificate's flag.
    fn place(&self, urls: &str, certificate: &str) -> Origin {
        let flags = &self.component.flags;
        let plain = |flag: &&crate::facts::component::SetFlag<'_>| {
            flag.name == urls && flag.value.as_ref().is_ok_and(|value| !value.split(',').all(is_secure))
        };
        match flags.set.iter().find(plain) {
            Some(flag) => Origin::Node(flag.place.at()),
            None => flags.origin(self.table, certificate),
        }
    }
}

/// The members that `initial-cluster` lists; one name may have several URLs.
fn listed_members(table: &FlagTable, component: &Component<'_>) -> Known<i64> {
    for discovery in ["discovery", "discovery-srv"] {
        if component.flags.text(table, discovery)?.is_some_and(|text| !text.is_empty()) {
            return Err(Reason::new(UnknownCode::Partial, "the members are found by discovery"));
        }
    }
    let cluster = component.flags.text(table, "initial-cluster")?.filter(|text| text.contains('='));
    let cluster = cluster.filter(|text| !text.contains(['$', '{'])).ok_or_else(unlisted)?;
    let names: BTreeSet<&str> = cluster.split(',').filter_map(|member| member.trim().split('=').next()).collect();
    Ok(i64::try_from(names.len()).unwrap_or(i64::MAX))
}

fn is_secure(url: &str) -> bool {
    let url = url.trim();
    ["https://", "unixs://", "unix://"].iter().any(|scheme| url.starts_with(scheme))
}

/// `0`, `0s`, or nothing.
fn is_zero(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim_end_matches(|c: char| c.is_alphabetic()).parse() == Ok(0.0))
}

/// What kubeadm's declaration of etcd contradicts itself in: `both` kinds of etcd, endpoints with `mixed` schemes, or
/// external endpoints on control-plane nodes (`nodes`: their addresses).
pub fn contradiction(root: View<'_>, nodes: &[&str]) -> Option<(&'static str, Origin)> {
    let external = root.path("etcd.external")?;
    if root.path("etcd.local").is_some_and(|local| !local.is_null()) {
        return Some(("both", Origin::Node(external.at())));
    }
    let urls: Vec<View<'_>> = external.get("endpoints").into_iter().flat_map(View::items).collect();
    let plain = |url: &&View<'_>| url.str().is_some_and(|url| !is_secure(url));
    if urls.iter().any(|url| url.str().is_some_and(is_secure))
        && let Some(url) = urls.iter().find(plain)
    {
        return Some(("mixed", Origin::Node(url.at())));
    }
    let host = |url: &View<'_>| url.str()?.parse::<HostPort>().ok().map(|endpoint| endpoint.host);
    let on_node = urls.iter().find(|url| host(url).is_some_and(|host| nodes.contains(&host.as_str())));
    on_node.map(|url| ("nodes", Origin::Node(url.at())))
}

/// Why one member's description does not count members.
pub fn one_manifest() -> Reason {
    Reason::new(UnknownCode::Partial, "the description of one member does not say how many members there are")
}

fn undecided() -> Reason {
    Reason::new(UnknownCode::Partial, "the cloud account decides whether the volume is encrypted")
}

fn unlisted() -> Reason {
    Reason::new(UnknownCode::Partial, "no `initial-cluster` lists the members")
}

fn elsewhere() -> Reason {
    Reason::new(UnknownCode::Partial, "the external etcd is configured elsewhere")
}
