//! Which pods a network policy applies to, whichever engine it is for: Kubernetes' own, Cilium's, Calico's, the admin's.
//!
//! What a policy allows is not read here. A selector that this module cannot read is one that hides something: it may apply
//! to any pod.
//!
//! Sources: the API references of NetworkPolicy, AdminNetworkPolicy and ClusterNetworkPolicy; Cilium's `EndpointSelector`
//! (prefixes of label keys); Calico's selector grammar.

use super::Key;
use super::selectors::{Shown, label_selector};
use crate::syntax::View;
use crate::values::{Operator, Requirement, Selector};
use crate::vocabulary::{Reason, UnknownCode};

/// The pods a policy applies to, one selector each time it says so.
pub fn policy_selectors(key: &Key, root: View<'_>) -> Vec<Shown> {
    match (&*key.group, &*key.kind) {
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => {
            root.path("spec.podSelector").and_then(label_selector).into_iter().collect()
        }
        ("cilium.io", "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy") => {
            let specs = root.get("specs").into_iter().flat_map(View::items);
            let selectors = root.get("spec").into_iter().chain(specs).filter_map(|spec| spec.get("endpointSelector"));
            selectors.filter_map(label_selector).map(without_cilium_prefixes).collect()
        }
        (group, "NetworkPolicy" | "GlobalNetworkPolicy") if group.ends_with("projectcalico.org") => {
            root.get("spec").map(calico).into_iter().collect()
        }
        ("policy.networking.k8s.io", "AdminNetworkPolicy" | "BaselineAdminNetworkPolicy" | "ClusterNetworkPolicy") => {
            root.path("spec.subject").and_then(admin).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn everything() -> Shown {
    Shown { selector: Selector::default(), hidden: None }
}

fn hiding(selector: Selector, what: &str) -> Shown {
    Shown { selector, hidden: Some(Reason::new(UnknownCode::Partial, what)) }
}

/// `k8s:app` and `any:app` mean the label `app`. Labels that Cilium makes from the namespace are no labels of the pod.
fn without_cilium_prefixes(mut shown: Shown) -> Shown {
    let bare = |key: &str| key.strip_prefix("k8s:").or_else(|| key.strip_prefix("any:")).unwrap_or(key).to_string();
    shown.selector.match_labels.iter_mut().for_each(|(key, _)| *key = bare(key));
    shown.selector.expressions.iter_mut().for_each(|term| term.key = bare(&term.key));
    let made = |key: &str| key.starts_with("io.kubernetes.pod.") || key.starts_with("io.cilium.k8s.");
    let before = shown.selector.match_labels.len() + shown.selector.expressions.len();
    shown.selector.match_labels.retain(|(key, _)| !made(key));
    shown.selector.expressions.retain(|term| !made(&term.key));
    if shown.selector.match_labels.len() + shown.selector.expressions.len() < before {
        return hiding(shown.selector, "a Cilium policy chooses by namespace");
    }
    shown
}

/// `spec.selector` is an expression; without one the policy applies to every pod.
fn calico(spec: View<'_>) -> Shown {
    let selector = match spec.get("selector").filter(|selector| !selector.is_null()) {
        None => Some(Selector::default()),
        Some(text) => text.str().and_then(calico_selector),
    };
    let narrowed = ["namespaceSelector", "serviceAccountSelector"].into_iter().any(|key| spec.get(key).is_some());
    match selector {
        None => hiding(Selector::default(), "a Calico selector is not read here"),
        Some(selector) if narrowed => hiding(selector, "a Calico policy chooses by namespace or service account"),
        Some(selector) => Shown { selector, hidden: None },
    }
}

/// Reads terms that are joined by `&&`; `None` for anything else.
fn calico_selector(text: &str) -> Option<Selector> {
    let mut selector = Selector::default();
    for term in text.split("&&").map(str::trim).filter(|term| !matches!(*term, "" | "all()")) {
        selector.expressions.push(calico_term(term)?);
    }
    Some(selector)
}

fn calico_term(term: &str) -> Option<Requirement> {
    let quoted = |text: &str| {
        let text = text.trim();
        let inner = text.strip_prefix(['\'', '"']).and_then(|text| text.strip_suffix(['\'', '"']))?;
        (!inner.contains(['\'', '"'])).then(|| inner.to_string())
    };
    let key = |text: &str| {
        let text = text.trim();
        text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)).then(|| text.to_string())
    };
    let has = |term: &str| term.strip_prefix("has(").and_then(|rest| rest.strip_suffix(')')).and_then(key);
    if let Some(key) = has(term) {
        return Some(Requirement { key, op: Operator::Exists, values: Vec::new() });
    }
    if let Some(key) = term.strip_prefix('!').and_then(|term| has(term.trim())) {
        return Some(Requirement { key, op: Operator::DoesNotExist, values: Vec::new() });
    }
    let (name, op, value) = [("==", Operator::In), ("!=", Operator::NotIn)]
        .into_iter()
        .find_map(|(sign, op)| term.split_once(sign).map(|(name, value)| (name, op, value)))?;
    Some(Requirement { key: key(name)?, op, values: vec![quoted(value)?] })
}

/// `subject.namespaces`, or `subject.pods` with a selector of each. An empty selector of namespaces means all of them.
fn admin(subject: View<'_>) -> Option<Shown> {
    let pods = subject.get("pods");
    let namespaces = pods.and_then(|pods| pods.get("namespaceSelector")).or_else(|| subject.get("namespaces"));
    let shown = match pods.and_then(|pods| pods.get("podSelector")) {
        Some(selector) => label_selector(selector)?,
        None => everything(),
    };
    let all =
        namespaces.and_then(label_selector).is_some_and(|found| found.selector.is_empty() && found.hidden.is_none());
    Some(if all { shown } else { hiding(shown.selector, "an administrator's policy chooses namespaces by label") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calico_terms_read_as_requirements() {
        let text = |text: &str| calico_selector(text).map(|selector| selector.to_string());
        assert_eq!(text("all()").as_deref(), Some(""));
        assert_eq!(text("app == 'web' && has(tier)").as_deref(), Some("app in (web),tier"));
        assert_eq!(text("!has(tier) && env != \"dev\"").as_deref(), Some("!tier,env notin (dev)"));
    }

    #[test]
    fn what_calico_offers_beyond_that_is_left_unread() {
        assert_eq!(calico_selector("a == 'x' || b == 'y'"), None);
        assert_eq!(calico_selector("role in {'a', 'b'}"), None);
        assert_eq!(calico_selector("(a == 'x')"), None);
    }
}
