//! The `audit-policy` subject: what is logged of requests for sensitive resources, first match first.
//!
//! Source: "Auditing" of the Kubernetes documentation and apiserver `pkg/audit/policy/checker.go`: rules are tried in
//! order, a rule without a criterion matches everything, and the first that matches decides.

mod coverage;
mod shipping;

pub use shipping::shipped;

use super::builder::FactBuilder;
use super::component::openness;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId};

/// A resource whose bodies hold credentials.
struct Sensitive {
    group: &'static str,
    resource: &'static str,
    /// Requests whose own body holds them; the rest show them in the response only.
    sending: &'static [&'static str],
    answering: &'static [&'static str],
}

const SENSITIVE: &[Sensitive] = &[
    Sensitive { group: "", resource: "secrets", sending: &["create", "update", "patch"], answering: &["get", "list"] },
    // The token stands in the answer to its request.
    Sensitive { group: "", resource: "serviceaccounts/token", sending: &[], answering: &["create"] },
    Sensitive { group: "authentication.k8s.io", resource: "tokenreviews", sending: &["create"], answering: &[] },
];

/// Criteria by which a rule may leave a request to later rules; verbs are looked at one by one.
const CONDITIONS: &[&str] = &["users", "userGroups", "namespaces"];

/// The facts of an audit policy.
pub fn policy(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    if &*document.key.as_ref()?.group != "audit.k8s.io" {
        return None;
    }
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let rules: Vec<View<'_>> = root.get("rules").into_iter().flat_map(View::items).collect();
    let exposures: Result<Vec<_>, Reason> = SENSITIVE.iter().map(|sensitive| exposure(&rules, sensitive)).collect();
    let place = root.origin_of("rules");
    let hidden = root.get("rules").and_then(|rules| rules.unknown().cloned().or_else(|| openness(rules)));
    let rest = if rules.is_empty() { openness(root) } else { None };
    let open = hidden.clone().or(rest);
    let exposed = match (exposures, hidden) {
        (Ok(exposures), None) => {
            let found = SENSITIVE.iter().zip(exposures).filter_map(|(sensitive, level)| Some((sensitive, level?)));
            let nodes: Vec<NodeId> = found.map(|(sensitive, level)| exposed(&mut facts, sensitive, level)).collect();
            facts.list_at(&nodes, place)
        }
        (Err(reason), _) | (_, Some(reason)) => facts.unknown(reason, place),
    };
    let place = root.origin_of("rules");
    let blind_spots = match open {
        Some(reason) => facts.unknown(reason, place),
        None => coverage::blind_spots(&mut facts, &rules, &place),
    };
    let anchor = facts.anchor();
    let fields = [
        ("object", facts.refer(root.at())),
        ("rules", facts.lookup(root, "rules", super::Fallback::Null)),
        ("exposed", exposed),
        ("unreachable", coverage::unreachable(&mut facts, &rules)),
        ("blindSpots", blind_spots),
        ("restLevel", coverage::rest_level(&mut facts, &rules, &root.origin_of("rules"))),
    ];
    let node = facts.map(&fields, anchor);
    let subject = Subject::of(SubjectKind::AuditPolicy, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

fn exposed(facts: &mut FactBuilder, sensitive: &Sensitive, level: View<'_>) -> NodeId {
    let origin = Origin::Node(level.at());
    let fields = [("resource", facts.str(sensitive.resource, origin.clone())), ("level", facts.refer(level.at()))];
    facts.map(&fields, origin)
}

/// The level of the first rule that logs the credentials of a resource, whatever verb shows them.
fn exposure<'a>(rules: &[View<'a>], sensitive: &Sensitive) -> Result<Option<View<'a>>, Reason> {
    let sending = sensitive.sending.iter().map(|verb| (*verb, true));
    let verbs = sending.chain(sensitive.answering.iter().map(|verb| (*verb, false)));
    for (verb, is_sent) in verbs {
        let found = exposure_by(rules, sensitive, verb, is_sent)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn exposure_by<'a>(
    rules: &[View<'a>],
    sensitive: &Sensitive,
    verb: &str,
    is_sent: bool,
) -> Result<Option<View<'a>>, Reason> {
    for rule in rules.iter().filter(|rule| matches(**rule, sensitive, verb)) {
        let Some(level) = rule.get("level") else { continue };
        if let Some(reason) = level.unknown() {
            return Err(reason.clone());
        }
        match level.str() {
            Some("RequestResponse") => return Ok(Some(level)),
            Some("Request") if is_sent => return Ok(Some(level)),
            _ if is_final(*rule) => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}

fn some(rule: View<'_>, key: &str) -> bool {
    rule.get(key).is_some_and(|list| list.items().len() > 0)
}

/// Whether a rule can match a request for the resource.
fn matches(rule: View<'_>, sensitive: &Sensitive, verb: &str) -> bool {
    matches_resource(rule, sensitive.group, sensitive.resource, verb)
}

fn matches_resource(rule: View<'_>, in_group: &str, resource: &str, verb: &str) -> bool {
    let mut verbs = rule.get("verbs").into_iter().flat_map(View::items).filter_map(View::str);
    if some(rule, "nonResourceURLs") || (some(rule, "verbs") && !verbs.any(|named| named == verb)) {
        return false;
    }
    let mut groups = rule.get("resources").into_iter().flat_map(View::items);
    !some(rule, "resources") || groups.any(|group| covers(group, in_group, resource))
}

/// Whether an entry of `resources` covers a resource: all of its group, by name, `*`, `*/subresource` or `resource/*`.
fn covers(entry: View<'_>, group: &str, resource: &str) -> bool {
    let (plain, sub) = resource.split_once('/').unwrap_or((resource, ""));
    let mut names = entry.get("resources").into_iter().flat_map(View::items).filter_map(View::str);
    let covering = |name: &str| {
        let by_subresource = !sub.is_empty() && name.strip_prefix("*/") == Some(sub);
        name == resource || name == "*" || by_subresource || name.strip_suffix("/*") == Some(plain)
    };
    entry.str_at("group").unwrap_or_default() == group && (!some(entry, "resources") || names.any(covering))
}

/// Whether a rule leaves nothing of what it matches to later rules.
fn is_final(rule: View<'_>) -> bool {
    let named = |entry: View<'_>| some(entry, "resourceNames");
    let mut resources = rule.get("resources").into_iter().flat_map(View::items);
    !CONDITIONS.iter().any(|key| some(rule, key)) && !resources.any(named)
}
