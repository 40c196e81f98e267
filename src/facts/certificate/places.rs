//! Where certificates and keys lie in a document, and whether they belong there.
//!
//! On a control-plane node kubeadm's keys lie under `/etc/kubernetes/pki`; everywhere else, above all in a repository, the
//! key of a CA is one too many.

use super::Place;
use super::roles::Role;
use crate::inventory::{Document, DocumentId, Inventory};
use crate::syntax::{Data, Format, View};

/// Kinds that hold certificates.
pub const KINDS: &[&str] = &[
    "Config",
    "Secret",
    "ConfigMap",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "CustomResourceDefinition",
    "Cluster",
];

/// Whether a document is a file of certificates.
pub fn is_file(document: &Document) -> bool {
    document.format == Format::Pem
}

/// What marks a Secret whose keys something else makes and renews: cert-manager's annotation, Cluster API's label.
const MANAGED: &[(&str, &str)] = &[
    ("metadata.annotations", "cert-manager.io/certificate-name"),
    ("metadata.annotations", "cert-manager.io/issuer-name"),
    ("metadata.labels", "cluster.x-k8s.io/cluster-name"),
];

/// The places of a document.
pub(super) fn of<'a>(inventory: &'a Inventory, id: DocumentId, root: View<'a>) -> Vec<Place<'a>> {
    let document = inventory.document(id);
    let items = |key: &str| root.get(key).into_iter().flat_map(View::items).collect::<Vec<View<'a>>>();
    let bundle = |value: View<'a>| plain("caBundle", value);
    match document.kind() {
        _ if is_file(document) => of_file(inventory, id, root),
        "Config" => kubeconfig(root),
        "Secret" => secret(root),
        "ConfigMap" => ca_keys(root, &["data"]),
        // What an API server presents to everybody.
        "Cluster" => root.get("servingCertificate").map(|chain| plain("serving", chain)).into_iter().collect(),
        "APIService" => root.path("spec.caBundle").map(bundle).into_iter().collect(),
        "CustomResourceDefinition" => {
            root.path("spec.conversion.webhook.clientConfig.caBundle").map(bundle).into_iter().collect()
        }
        _ => items("webhooks").into_iter().filter_map(|hook| hook.path("clientConfig.caBundle")).map(bundle).collect(),
    }
}

fn plain<'a>(usage: &'static str, value: View<'a>) -> Place<'a> {
    Place { usage, value, with_key: false, ca_key: None, managed: false, role: None }
}

fn kubeconfig(root: View<'_>) -> Vec<Place<'_>> {
    let items = |key: &str| root.get(key).into_iter().flat_map(View::items).collect::<Vec<View<'_>>>();
    let users = items("users").into_iter().filter_map(|user| user.get("user"));
    let clients = users.filter_map(|user| {
        let value = user.get("client-certificate-data")?;
        let with_key = user.get("client-key-data").is_some();
        Some(Place { with_key, role: Some(Role::Client), ..plain("client", value) })
    });
    let clusters = items("clusters").into_iter();
    let cas = clusters.filter_map(|cluster| cluster.path("cluster.certificate-authority-data"));
    clients.chain(cas.map(|value| plain("ca", value))).collect()
}

/// A Secret for TLS, and keys of CAs under any name.
fn secret(root: View<'_>) -> Vec<Place<'_>> {
    let managed = MANAGED.iter().any(|(path, name)| root.path(path).is_some_and(|notes| notes.get(name).is_some()));
    let sections: Vec<View<'_>> = ["data", "stringData"].into_iter().filter_map(|key| root.get(key)).collect();
    let tls = sections.iter().filter_map(|section| {
        let key = section.get("tls.key").filter(|key| is_there(*key));
        let ca_key = key.filter(|_| !managed);
        Some(Place { managed, ca_key, ..plain("server", section.get("tls.crt")?) })
    });
    let tls: Vec<Place<'_>> = tls.collect();
    let bare = if managed { Vec::new() } else { ca_keys(root, &["data", "stringData"]) };
    tls.into_iter().chain(bare).collect()
}

/// Keys of an object that are called like the key of a CA.
const CA_KEYS: &[&str] = &["ca.key", "ca-key.pem", "ca_key.pem", "front-proxy-ca.key", "etcd-ca.key"];

fn ca_keys<'a>(root: View<'a>, sections: &[&str]) -> Vec<Place<'a>> {
    let sections = sections.iter().filter_map(|section| root.get(section));
    let named = sections.flat_map(|section| CA_KEYS.iter().filter_map(move |name| section.get(name)));
    named.filter(|key| is_there(*key)).map(|key| Place { ca_key: Some(key), ..plain("key", key) }).collect()
}

/// Whether a value is a key, or was one before redaction: a placeholder or nothing is none.
fn is_there(key: View<'_>) -> bool {
    const SHORTEST: u32 = 100;
    match key.data() {
        Data::Redacted(redaction) => redaction.length >= SHORTEST,
        _ => key.str().is_some_and(|text| text.contains("PRIVATE KEY")),
    }
}

/// A PEM file: its certificates, and its key where that is one of a CA.
fn of_file<'a>(inventory: &'a Inventory, id: DocumentId, root: View<'a>) -> Vec<Place<'a>> {
    let path = inventory.path(id);
    let blocks: Vec<View<'a>> = root.items().collect();
    let is = |block: &View<'a>, kind: &str| block.str_at("kind") == Some(kind);
    let place = |block: &View<'a>| block.get("kind").unwrap_or(*block);
    let key = blocks.iter().find(|block| is(block, "key")).map(place);
    let beside = || beside(inventory, id, path);
    let at_home = is_at_home(path);
    let role = Role::of_path(path);
    let mut places: Vec<Place<'a>> = blocks
        .iter()
        .filter(|block| is(block, "certificate"))
        .filter_map(|block| {
            let is_client = role.is_some_and(Role::is_client);
            let with_key = is_client && !at_home && (key.is_some() || beside().is_some());
            let ca_key = key.filter(|_| !at_home);
            Some(Place { with_key, ca_key, role, ..plain("file", block.get("text")?) })
        })
        .collect();
    if let (true, Some(key)) = (places.is_empty() && is_ca_key(path) && !at_home, key) {
        places.push(Place { ca_key: Some(key), ..plain("key", key) });
    }
    places
}

/// `ca.crt` and `ca.key`, `admin.pem` and `admin-key.pem`.
fn beside(inventory: &Inventory, id: DocumentId, path: &str) -> Option<DocumentId> {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let names = [format!("{stem}.key"), format!("{stem}-key.pem")];
    let environment = &inventory.environments()[inventory.document(id).environment.index()];
    let mut all = environment.visible.iter().flat_map(|id| inventory.members(*id)).copied();
    all.find(|&other| is_file(inventory.document(other)) && names.iter().any(|name| inventory.path(other) == name))
}

/// Whether a file is named like the key of a CA: `ca.key`, `etcd/ca.key`, `front-proxy-ca.key`, `ca-key.pem`.
fn is_ca_key(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let stem = name.strip_suffix(".key").or_else(|| name.strip_suffix("-key.pem")).unwrap_or_default();
    stem == "ca" || stem.ends_with("-ca") || stem.ends_with("_ca") || stem.starts_with("ca-") || stem == "rootca"
}

/// Whether a key lies where kubeadm puts it, on a node that needs it.
fn is_at_home(path: &str) -> bool {
    let path = format!("/{path}");
    path.contains("/etc/kubernetes/pki/") && !path.contains("worker")
}
