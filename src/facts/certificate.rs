//! The `certificate` subject: certificates in kubeconfigs and in `caBundle` fields, and those that an API server presents.
//!
//! Days are counted to the date that the audit is for. Private keys are never looked at: redaction took them. Certificates in
//! files of their own and in Secrets are not read.

use jiff::civil::Date;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::builder::FactBuilder;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Kinds that hold certificates.
pub const KINDS: &[&str] = &[
    "Config",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "APIService",
    "CustomResourceDefinition",
    "Cluster",
];

/// A field that holds certificates.
struct Place<'a> {
    usage: &'static str,
    value: View<'a>,
    /// The key of the same credential lies beside it.
    with_key: bool,
}

/// The certificates of a document.
pub fn of_document(inventory: &Inventory, as_of: Date, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let mut subjects = Vec::new();
    for place in places(root, inventory.document(id).kind()) {
        for pem in pems(&place) {
            let Some(node) = certificate(&mut facts, as_of, &place, &pem) else { continue };
            subjects.push(Subject::of(SubjectKind::Certificate, NodeRef { tree, node }, inventory, id));
        }
    }
    (!subjects.is_empty()).then(|| (facts.finish(), subjects))
}

fn places<'a>(root: View<'a>, kind: &str) -> Vec<Place<'a>> {
    let items = |key: &str| root.get(key).into_iter().flat_map(View::items).collect::<Vec<View<'a>>>();
    let bundle = |value: View<'a>| Place { usage: "caBundle", value, with_key: false };
    match kind {
        "Config" => {
            let users = items("users").into_iter().filter_map(|user| user.get("user"));
            let clients = users.filter_map(|user| {
                let value = user.get("client-certificate-data")?;
                Some(Place { usage: "client", value, with_key: user.get("client-key-data").is_some() })
            });
            let clusters = items("clusters").into_iter();
            let cas = clusters.filter_map(|cluster| cluster.path("cluster.certificate-authority-data"));
            clients.chain(cas.map(|value| Place { usage: "ca", value, with_key: false })).collect()
        }
        // What an API server presents to everybody.
        "Cluster" => {
            let chain = root.get("servingCertificate");
            chain.map(|value| Place { usage: "serving", value, with_key: false }).into_iter().collect()
        }
        "APIService" => root.path("spec.caBundle").map(bundle).into_iter().collect(),
        "CustomResourceDefinition" => {
            root.path("spec.conversion.webhook.clientConfig.caBundle").map(bundle).into_iter().collect()
        }
        _ => items("webhooks").into_iter().filter_map(|hook| hook.path("clientConfig.caBundle")).map(bundle).collect(),
    }
}

/// The DER texts of a value, which is base64 of PEM.
fn pems(place: &Place<'_>) -> Vec<Vec<u8>> {
    let text: String = place.value.str().unwrap_or_default().split_whitespace().collect();
    let Ok(bytes) = data_encoding::BASE64.decode(text.as_bytes()) else { return Vec::new() };
    let blocks = Pem::iter_from_buffer(&bytes).filter_map(Result::ok);
    blocks.filter(|pem| pem.label == "CERTIFICATE").map(|pem| pem.contents).collect()
}

fn certificate(facts: &mut FactBuilder, as_of: Date, place: &Place<'_>, der: &[u8]) -> Option<NodeId> {
    let (_, found) = X509Certificate::from_der(der).ok()?;
    let (from, until) = (found.validity().not_before.timestamp(), found.validity().not_after.timestamp());
    let today = jiff::tz::TimeZone::UTC.to_timestamp(as_of.at(0, 0, 0, 0)).ok()?.as_second();
    let expiry = jiff::Timestamp::from_second(until).ok()?.to_string();
    let text = |mut names: Box<dyn Iterator<Item = &str> + '_>| names.next().unwrap_or_default().to_string();
    let subject = found.subject();
    let name = text(Box::new(subject.iter_common_name().filter_map(|name| name.as_str().ok())));
    let groups: Vec<&str> = subject.iter_organization().filter_map(|name| name.as_str().ok()).collect();
    let origin = Origin::Node(place.value.at());
    let groups: Vec<(&str, Origin)> = groups.into_iter().map(|group| (group, origin.clone())).collect();
    let fields = [
        ("name", facts.str(&name, origin.clone())),
        ("groups", facts.strings(groups, origin.clone())),
        ("usage", facts.str(place.usage, origin.clone())),
        ("ca", facts.bool(found.is_ca(), origin.clone())),
        ("expires", facts.str(&expiry[..10.min(expiry.len())], origin.clone())),
        ("daysLeft", facts.int((until - today).div_euclid(DAY), origin.clone())),
        ("lifetimeDays", facts.int((until - from) / DAY, origin.clone())),
        ("rsaBits", facts.opt_int(rsa_bits(&found), origin.clone())),
        ("sha1", facts.bool(is_sha1(&found), origin.clone())),
        ("withKey", facts.bool(place.with_key, origin.clone())),
    ];
    Some(facts.map(&fields, origin))
}

fn rsa_bits(found: &X509Certificate<'_>) -> Option<i64> {
    match found.public_key().parsed().ok()? {
        PublicKey::RSA(key) => i64::try_from(key.key_size()).ok(),
        _ => None,
    }
}

/// `sha1WithRSAEncryption`, `ecdsa-with-SHA1`. Of a root it does not matter, because nobody checks its own signature.
fn is_sha1(found: &X509Certificate<'_>) -> bool {
    let algorithm = found.signature_algorithm.algorithm.to_id_string();
    found.subject() != found.issuer() && matches!(algorithm.as_str(), "1.2.840.113549.1.1.5" | "1.2.840.10045.4.1")
}
