//! The `etcd` subject: members, quota, compaction, TLS, from kubeadm and from static pods.
//!
//! Source of the TLS rules: etcd `client/pkg/transport/listener.go`: client certificates are required and verified when a
//! trusted CA *or* client-cert-auth is set, on the client listener too.

use crate::facts::builder::FactBuilder;
use crate::facts::component::{Component, FlagTable};
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// Where an etcd is described.
pub enum EtcdSource<'c, 'a> {
    /// By a component's flags: kubeadm's local etcd or a static pod.
    Component(&'c Component<'a>),
    /// By kubeadm's list of external endpoints.
    External(View<'a>),
}

/// An etcd cluster.
pub struct Etcd<'c, 'a> {
    /// Where it is described.
    pub source: EtcdSource<'c, 'a>,
    /// Members that run on the control-plane nodes, where their number is declared.
    pub stacked_members: Option<i64>,
    /// The API server's own compaction, in text: it compacts every five minutes unless set to 0.
    pub apiserver_compaction: Option<(String, Origin)>,
}

impl Etcd<'_, '_> {
    /// The facts.
    pub fn facts(&self, facts: &mut FactBuilder, table: &FlagTable) -> NodeId {
        match &self.source {
            EtcdSource::Component(component) => self.component_facts(facts, table, component),
            EtcdSource::External(section) => self.external_facts(facts, *section),
        }
    }

    fn component_facts(&self, facts: &mut FactBuilder, table: &FlagTable, component: &Component<'_>) -> NodeId {
        let flags = &component.flags;
        let on = |name: &str| flags.text(table, name).is_some_and(|text| !text.is_empty() && text != "false");
        let https = |name: &str| flags.text(table, name).is_some_and(|urls| urls.split(',').all(is_secure));
        let anchor = Origin::Node(component.place);
        let members = match self.stacked_members {
            Some(members) => facts.int(members, anchor.clone()),
            None => facts.unknown(one_manifest(), anchor.clone()),
        };
        let client_tls = (on("cert-file") || on("auto-tls")) && https("listen-client-urls");
        let peer_tls = (on("peer-cert-file") || on("peer-auto-tls")) && https("listen-peer-urls");
        let mut fields = vec![
            ("tool", facts.str(component.tool, anchor.clone())),
            ("external", facts.bool(false, anchor.clone())),
            ("members", members),
            ("flags", flags.facts(facts, table)),
            ("clientTls", facts.bool(client_tls, tls_origin(component, "listen-client-urls", "cert-file"))),
            (
                "clientAuth",
                facts.bool(on("trusted-ca-file") || on("client-cert-auth"), flags.origin("client-cert-auth")),
            ),
            ("peerTls", facts.bool(peer_tls, tls_origin(component, "listen-peer-urls", "peer-cert-file"))),
            (
                "peerAuth",
                facts.bool(
                    on("peer-trusted-ca-file") || on("peer-client-cert-auth"),
                    flags.origin("peer-client-cert-auth"),
                ),
            ),
        ];
        fields.push((
            "compacted",
            self.compacted(facts, !is_zero(flags.text(table, "auto-compaction-retention").as_deref())),
        ));
        facts.map(&fields, anchor)
    }

    /// Whether anybody compacts: the API server by itself, or etcd.
    fn compacted(&self, facts: &mut FactBuilder, by_etcd: bool) -> NodeId {
        match &self.apiserver_compaction {
            Some((interval, origin)) => facts.bool(by_etcd || !is_zero(Some(interval)), origin.clone()),
            None => {
                let anchor = facts.anchor();
                facts.bool(true, anchor)
            }
        }
    }

    fn external_facts(&self, facts: &mut FactBuilder, section: View<'_>) -> NodeId {
        let endpoints = section.get("endpoints");
        let origin = Origin::Node(endpoints.unwrap_or(section).at());
        let urls: Vec<&str> = endpoints.into_iter().flat_map(View::items).filter_map(View::str).collect();
        let tls = urls.iter().all(|url| is_secure(url));
        let plain =
            endpoints.into_iter().flat_map(View::items).find(|url| url.str().is_some_and(|url| !is_secure(url)));
        let tls_place = Origin::Node(plain.or(endpoints).unwrap_or(section).at());
        let auth = section.get("certFile").is_some_and(|file| !file.is_null());
        let empty = facts.map(&[], origin.clone());
        let fields = [
            ("tool", facts.str("kubeadm", origin.clone())),
            ("external", facts.bool(true, origin.clone())),
            ("members", facts.int(i64::try_from(urls.len()).unwrap_or(i64::MAX), origin.clone())),
            ("flags", empty),
            ("clientTls", facts.bool(tls, tls_place)),
            ("clientAuth", facts.bool(auth, section.origin_of("certFile"))),
            ("peerTls", facts.unknown(elsewhere(), origin.clone())),
            ("peerAuth", facts.unknown(elsewhere(), origin.clone())),
            ("compacted", self.compacted(facts, false)),
        ];
        facts.map(&fields, origin)
    }
}

/// Where missing TLS shows: a plain URL if one is set, else the certificate's flag.
fn tls_origin(component: &Component<'_>, urls: &str, certificate: &str) -> Origin {
    let plain = |flag: &&crate::facts::component::SetFlag<'_>| {
        flag.name == urls && flag.value.as_ref().is_ok_and(|value| !value.split(',').all(is_secure))
    };
    match component.flags.set.iter().find(plain) {
        Some(flag) => Origin::Node(flag.place.at()),
        None => component.flags.origin(certificate),
    }
}

fn is_secure(url: &str) -> bool {
    let url = url.trim();
    url.starts_with("https://") || url.starts_with("unixs://")
}

/// `0`, `0s`, or nothing.
fn is_zero(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim_end_matches(|c: char| c.is_alphabetic()).parse() == Ok(0.0))
}

fn one_manifest() -> Reason {
    Reason::new(UnknownCode::Partial, "the description of one member does not say how many members there are")
}

fn elsewhere() -> Reason {
    Reason::new(UnknownCode::Partial, "the external etcd is configured elsewhere")
}
