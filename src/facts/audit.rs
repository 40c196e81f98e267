//! The `audit-policy` subject: what is logged of requests for sensitive resources, first match first.
//!
//! Source: "Auditing" of the Kubernetes documentation and apiserver `pkg/audit/policy/checker.go`: rules are tried in
//! order, a rule without a criterion matches everything, and the first that matches decides.

use super::builder::FactBuilder;
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Resources whose bodies hold credentials: group and resource.
const SENSITIVE: &[(&str, &str)] =
    &[("", "secrets"), ("", "serviceaccounts/token"), ("authentication.k8s.io", "tokenreviews")];

/// Criteria by which a rule may leave a request to later rules.
const CONDITIONS: &[&str] = &["users", "userGroups", "verbs", "namespaces"];

/// The facts of an audit policy.
pub fn policy(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    if &*document.key.as_ref()?.group != "audit.k8s.io" {
        return None;
    }
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let rules: Vec<View<'_>> = root.get("rules").into_iter().flat_map(View::items).collect();
    let exposed: Vec<NodeId> =
        SENSITIVE.iter().filter_map(|(group, resource)| exposure(&mut facts, &rules, group, resource)).collect();
    let anchor = facts.anchor();
    let fields = [
        ("object", facts.refer(root.at())),
        ("rules", facts.lookup(root, "rules", super::Fallback::Null)),
        ("exposed", facts.list_at(&exposed, root.origin_of("rules"))),
    ];
    let node = facts.map(&fields, anchor);
    let subject = Subject::of(SubjectKind::AuditPolicy, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// The first rule that logs bodies of a resource, unless an earlier one without conditions has decided.
fn exposure(facts: &mut FactBuilder, rules: &[View<'_>], group: &str, resource: &str) -> Option<NodeId> {
    let matching = rules.iter().filter(|rule| matches(**rule, group, resource));
    for rule in matching {
        let level = rule.get("level");
        if let Some(level) = level.filter(|level| matches!(level.str(), Some("Request" | "RequestResponse"))) {
            let origin = Origin::Node(level.at());
            let fields = [("resource", facts.str(resource, origin.clone())), ("level", facts.refer(level.at()))];
            return Some(facts.map(&fields, origin));
        }
        if is_final(*rule) {
            return None;
        }
    }
    None
}

/// Whether a rule can match a request for the resource.
fn matches(rule: View<'_>, group: &str, resource: &str) -> bool {
    let some = |key: &str| rule.get(key).is_some_and(|list| list.items().len() > 0);
    if some("nonResourceURLs") {
        return false;
    }
    if !some("resources") {
        return true;
    }
    let plain = resource.split('/').next().unwrap_or(resource);
    rule.get("resources").into_iter().flat_map(View::items).any(|entry| {
        let mut names = entry.get("resources").into_iter().flat_map(View::items).filter_map(View::str).peekable();
        let covers =
            |name: &str| name == resource || name == "*" || (resource.contains('/') && name == format!("{plain}/*"));
        entry.str_at("group").unwrap_or_default() == group && (names.peek().is_none() || names.any(covers))
    })
}

/// Whether a rule leaves nothing of a matching resource to later rules.
fn is_final(rule: View<'_>) -> bool {
    let conditional = CONDITIONS.iter().any(|key| rule.get(key).is_some_and(|list| list.items().len() > 0));
    let named = rule
        .get("resources")
        .into_iter()
        .flat_map(View::items)
        .any(|entry| entry.get("resourceNames").is_some_and(|names| names.items().len() > 0));
    !conditional && !named
}
