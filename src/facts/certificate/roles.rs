//! What a certificate is for, and whether it can do that.
//!
//! Sources: "PKI certificates and requirements" of the Kubernetes documentation; kubeadm `cmd/kubeadm/app/phases/certs/certlist.go`.
//! A certificate without extended key usages may be used for everything.

use x509_parser::prelude::X509Certificate;

/// What a certificate is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// To log in.
    Client,
    /// To serve.
    Server,
    /// Both: members of etcd among themselves.
    Peer,
}

/// Names of files without their extension, for each role.
const NAMES: &[(&str, Role)] = &[
    ("apiserver", Role::Server),
    ("kube-apiserver", Role::Server),
    ("etcd/server", Role::Server),
    ("etcd/peer", Role::Peer),
    ("etcd/healthcheck-client", Role::Client),
    ("apiserver-kubelet-client", Role::Client),
    ("apiserver-etcd-client", Role::Client),
    ("front-proxy-client", Role::Client),
    ("admin", Role::Client),
    ("kube-controller-manager", Role::Client),
    ("kube-scheduler", Role::Client),
    ("kube-proxy", Role::Client),
];

impl Role {
    /// By the file that holds it, as kubeadm and "the hard way" call them.
    pub(super) fn of_path(path: &str) -> Option<Role> {
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let is = |name: &str| stem == name || stem.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'));
        NAMES.iter().find(|(name, _)| is(name)).map(|(_, role)| *role)
    }

    /// Whether it logs somebody in.
    pub(super) fn is_client(self) -> bool {
        self == Role::Client
    }

    /// What a certificate lacks for the role, as a part of a sentence.
    pub(super) fn misfit(self, found: &X509Certificate<'_>, name: &str, groups: &[&str]) -> Option<String> {
        if name.starts_with("system:node:") && !groups.contains(&"system:nodes") {
            return Some("a kubelet without the group `system:nodes`".to_string());
        }
        let usage = found.extended_key_usage().ok().flatten()?.value;
        let lacks = |has: bool, what: &str| (!has && !usage.any).then(|| format!("no usage for {what}"));
        let (client, server) = (lacks(usage.client_auth, "client authentication"), lacks(usage.server_auth, "servers"));
        match self {
            Role::Client => client,
            Role::Server => server,
            Role::Peer => server.or(client),
        }
    }
}
