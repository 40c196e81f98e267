//! The `certificate` subject: certificates in PEM files, in kubeconfigs, in Secrets and in `caBundle` fields, those that an API
//! server presents, and the private keys of CAs.
//!
//! Days are counted to the date that the audit is for. Private keys are never looked at: redaction took them, and only that
//! they are there is known. `roles` says what a certificate is for.

mod places;
mod roles;

pub use places::{KINDS, is_file};

use jiff::civil::Date;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::builder::FactBuilder;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, Role};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Days that a key without a certificate lasts, so that no rule about time takes it up.
const ENDLESS: i64 = 36_500;

/// A field or a block that holds certificates, or a key that stands by itself.
struct Place<'a> {
    /// `client`, `ca`, `caBundle`, `server` (a Secret for TLS), `serving`, `file` or `key`.
    usage: &'static str,
    value: View<'a>,
    /// The key of the same credential lies beside it, where none belongs.
    with_key: bool,
    /// Where the key of a CA lies, if none belongs there. Only true if the certificate is one of a CA.
    ca_key: Option<View<'a>>,
    /// Something renews it by itself.
    managed: bool,
    /// What the place says that it is for.
    role: Option<roles::Role>,
}

/// The certificates of a document.
pub fn of_document(inventory: &Inventory, as_of: Date, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let mut subjects = Vec::new();
    for place in places::of(inventory, id, root) {
        let ders = pems(&place);
        let mut nodes: Vec<NodeId> =
            ders.iter().filter_map(|pem| certificate(&mut facts, as_of, &place, pem)).collect();
        if place.usage == "key" {
            nodes.push(bare_key(&mut facts, &place));
        }
        for node in nodes {
            let subject = Subject::of(SubjectKind::Certificate, NodeRef { tree, node }, inventory, id);
            subjects.push(named(inventory, id, subject));
        }
    }
    (!subjects.is_empty()).then(|| (facts.finish(), subjects))
}

/// What lies in a file of its own is called after it.
fn named(inventory: &Inventory, id: DocumentId, subject: Subject) -> Subject {
    if inventory.document(id).role == Role::Object {
        return subject;
    }
    let name = inventory.path(id).rsplit('/').next().unwrap_or_default().to_string();
    Subject { label: "File".into(), name: name.into(), ..subject }
}

/// The DER texts of a value, which is PEM or base64 of it.
fn pems(place: &Place<'_>) -> Vec<Vec<u8>> {
    let written = place.value.str().unwrap_or_default();
    let bytes = match written.trim_start().starts_with("-----BEGIN") {
        true => written.as_bytes().to_vec(),
        false => {
            let text: String = written.split_whitespace().collect();
            data_encoding::BASE64.decode(text.as_bytes()).unwrap_or_default()
        }
    };
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
    let is_own_ca = found.is_ca() && !matches!(place.usage, "caBundle" | "serving");
    let misfit = place.role.as_ref().and_then(|role| role.misfit(&found, &name, &groups));
    let ca_key = place.ca_key.filter(|_| found.is_ca());
    let groups: Vec<(&str, Origin)> = groups.into_iter().map(|group| (group, origin.clone())).collect();
    let fields = [
        ("name", facts.str(&name, origin.clone())),
        ("groups", facts.strings(groups, origin.clone())),
        ("usage", facts.str(if is_own_ca { "ca" } else { place.usage }, origin.clone())),
        ("ca", facts.bool(found.is_ca(), origin.clone())),
        ("expires", facts.str(&expiry[..10.min(expiry.len())], origin.clone())),
        ("daysLeft", facts.int((until - today).div_euclid(DAY), origin.clone())),
        ("lifetimeDays", facts.int((until - from) / DAY, origin.clone())),
        ("rsaBits", facts.opt_int(rsa_bits(&found), origin.clone())),
        ("sha1", facts.bool(is_sha1(&found), origin.clone())),
        ("withKey", facts.bool(place.with_key && !found.is_ca(), origin.clone())),
        ("managed", facts.bool(place.managed, origin.clone())),
        ("misfit", facts.opt_str(misfit.as_deref(), origin.clone())),
        ("caKey", ca_key_fact(facts, ca_key, &origin)),
    ];
    Some(facts.map(&fields, origin))
}

fn ca_key_fact(facts: &mut FactBuilder, key: Option<View<'_>>, origin: &Origin) -> NodeId {
    facts.bool(key.is_some(), key.map_or_else(|| origin.clone(), |key| Origin::Node(key.at())))
}

/// The key of a CA whose certificate is not beside it.
fn bare_key(facts: &mut FactBuilder, place: &Place<'_>) -> NodeId {
    let origin = Origin::Node(place.value.at());
    let fields = [
        ("name", facts.str("", origin.clone())),
        ("groups", facts.list_at(&[], origin.clone())),
        ("usage", facts.str(place.usage, origin.clone())),
        ("ca", facts.bool(false, origin.clone())),
        ("expires", facts.str("", origin.clone())),
        ("daysLeft", facts.int(ENDLESS, origin.clone())),
        ("lifetimeDays", facts.int(ENDLESS, origin.clone())),
        ("rsaBits", facts.null(origin.clone())),
        ("sha1", facts.bool(false, origin.clone())),
        ("withKey", facts.bool(false, origin.clone())),
        ("managed", facts.bool(false, origin.clone())),
        ("misfit", facts.null(origin.clone())),
        ("caKey", ca_key_fact(facts, place.ca_key, &origin)),
    ];
    facts.map(&fields, origin)
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
