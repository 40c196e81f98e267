//! What an audit policy leaves out: rules that nothing reaches, and requests that nobody hears of.
//!
//! Source: apiserver `pkg/audit/policy/checker.go`. Noise filters that the documentation and large distributors use (kube-proxy's
//! watches, kubelets reading their nodes, events, leases, health paths, one service account's own objects) are no gap.

use super::{matches_resource, some};
use crate::facts::builder::FactBuilder;
use crate::syntax::{Origin, View};
use crate::vocabulary::NodeId;

/// Criteria that are plain lists; an empty one matches everything.
const LISTS: &[&str] = &["users", "userGroups", "verbs", "namespaces", "nonResourceURLs"];

/// Groups to which people belong, too.
const WIDE_GROUPS: &[&str] =
    &["system:authenticated", "system:masters", "system:unauthenticated", "system:serviceaccounts", "*"];

/// Resources whose changes are security events, with the verbs that matter; none for all of them.
const GUARDED: &[(&str, &str, &[&str])] = &[
    ("", "secrets", &["get", "list", "create", "update", "patch", "delete"]),
    ("", "serviceaccounts/token", &["create"]),
    ("", "pods/exec", &["create", "get"]),
    ("", "pods/attach", &["create", "get"]),
    ("", "pods/portforward", &["create", "get"]),
    ("", "pods", &["create"]),
    ("apps", "deployments", &["create"]),
    ("rbac.authorization.k8s.io", "clusterrolebindings", &["create", "update", "patch"]),
    ("rbac.authorization.k8s.io", "rolebindings", &["create", "update", "patch"]),
    ("rbac.authorization.k8s.io", "clusterroles", &["create", "update", "patch"]),
    ("rbac.authorization.k8s.io", "roles", &["create", "update", "patch"]),
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", &["create", "update", "patch"]),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations", &["create", "update", "patch"]),
];

/// Whether a rule has no criterion at all.
fn is_catch_all(rule: View<'_>) -> bool {
    !some(rule, "resources") && LISTS.iter().all(|key| !some(rule, key))
}

fn texts<'a>(rule: View<'a>, key: &str) -> Vec<&'a str> {
    rule.get(key).into_iter().flat_map(View::items).filter_map(View::str).collect()
}

/// Whether everything that `later` matches is taken by `earlier`.
fn covers(earlier: View<'_>, later: View<'_>) -> bool {
    let list = |key: &&str| {
        let wide = texts(earlier, key);
        let narrow = texts(later, key);
        let has = |text: &&str| wide.contains(text) || (*key == "nonResourceURLs" && by_prefix(&wide, text));
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(has))
    };
    LISTS.iter().all(list) && covers_resources(earlier, later)
}

fn by_prefix(wide: &[&str], path: &str) -> bool {
    wide.iter().filter_map(|pattern| pattern.strip_suffix('*')).any(|prefix| path.starts_with(prefix))
}

fn covers_resources(earlier: View<'_>, later: View<'_>) -> bool {
    if !some(earlier, "resources") {
        return true;
    }
    let entries = |rule: View<'_>| rule.get("resources").into_iter().flat_map(View::items).collect::<Vec<_>>().len();
    let wide: Vec<View<'_>> = earlier.get("resources").into_iter().flat_map(View::items).collect();
    let narrow = later.get("resources").into_iter().flat_map(View::items);
    entries(later) > 0 && narrow.into_iter().all(|entry| wide.iter().any(|by| covers_entry(*by, entry)))
}

fn covers_entry(by: View<'_>, entry: View<'_>) -> bool {
    let group = |entry: View<'_>| entry.str_at("group").unwrap_or_default().to_string();
    let (wide, narrow) = (texts(by, "resources"), texts(entry, "resources"));
    let names = texts(by, "resourceNames");
    let named = names.is_empty() || {
        let own = texts(entry, "resourceNames");
        !own.is_empty() && own.iter().all(|name| names.contains(name))
    };
    let all = wide.is_empty() || wide.contains(&"*");
    group(by) == group(entry) && named && (all || (!narrow.is_empty() && narrow.iter().all(|name| wide.contains(name))))
}

/// Whether a rule speaks of people at large, and not of one component.
fn is_for_everybody(rule: View<'_>) -> bool {
    let groups = texts(rule, "userGroups");
    let wide_group = groups.iter().any(|group| WIDE_GROUPS.contains(group));
    (!some(rule, "users") && !some(rule, "userGroups")) || (!some(rule, "users") && wide_group)
}

/// The first guarded resource that a rule without logging hides, whoever asks, wherever.
fn hidden(rule: View<'_>) -> Option<&'static str> {
    if rule.str_at("level") != Some("None") || !is_for_everybody(rule) || some(rule, "namespaces") {
        return None;
    }
    let unnamed = |entry: View<'_>| !some(entry, "resourceNames");
    let entries: Vec<View<'_>> = rule.get("resources").into_iter().flat_map(View::items).collect();
    if !entries.is_empty() && !entries.iter().any(|entry| unnamed(*entry)) {
        return None;
    }
    let by_verb = |(group, resource, verbs): &&(&str, &'static str, &[&str])| {
        verbs.iter().any(|verb| matches_resource(rule, group, resource, verb))
    };
    GUARDED.iter().find(by_verb).map(|(_, resource, _)| *resource)
}

/// Rules that are never reached, with the rule that takes their requests.
pub fn unreachable(facts: &mut FactBuilder, rules: &[View<'_>]) -> NodeId {
    let mut nodes = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        if let Some(by) = rules[..at].iter().position(|earlier| covers(*earlier, *rule)) {
            let place = Origin::Node(rule.get("level").unwrap_or(*rule).at());
            let number = |index: usize| i64::try_from(index + 1).unwrap_or(i64::MAX);
            let fields =
                [("number", facts.int(number(at), place.clone())), ("by", facts.int(number(by), place.clone()))];
            nodes.push(facts.map(&fields, place));
        }
    }
    facts.list(&nodes)
}

/// Gaps: rules that hide security events, and the missing rule for everything else. Rules that nothing reaches hide nothing.
pub fn blind_spots(facts: &mut FactBuilder, rules: &[View<'_>], place: &Origin) -> NodeId {
    let mut nodes = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let dead = rules[..at].iter().any(|earlier| covers(*earlier, *rule));
        if let Some(resource) = hidden(*rule).filter(|_| !dead) {
            let origin = Origin::Node(rule.get("level").unwrap_or(*rule).at());
            let what = if some(*rule, "resources") { resource } else { "every resource" };
            nodes.push(gap(facts, what, false, &origin));
        }
    }
    if !rules.iter().any(|rule| is_catch_all(*rule)) {
        nodes.push(gap(facts, "everything that no rule names", true, place));
    }
    facts.list(&nodes)
}

fn gap(facts: &mut FactBuilder, what: &str, rest: bool, origin: &Origin) -> NodeId {
    let fields = [("what", facts.str(what, origin.clone())), ("rest", facts.bool(rest, origin.clone()))];
    facts.map(&fields, origin.clone())
}

/// The level of the rule that takes everything else; null without one.
pub fn rest_level(facts: &mut FactBuilder, rules: &[View<'_>], place: &Origin) -> NodeId {
    match rules.iter().find(|rule| is_catch_all(**rule)).and_then(|rule| rule.get("level")) {
        Some(level) => facts.refer(level.at()),
        None => facts.null(place.clone()),
    }
}
