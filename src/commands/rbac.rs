//! `k8sready rbac`: the rights that an audit of a cluster needs, and nothing beyond them.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::CommandError;
use super::rules::print;
use crate::audit::wants;
use crate::cli::RbacArgs;
use crate::rule::{RuleSet, select};
use crate::settings::UsageError;
use crate::source::{Want, Wants};

/// Prints the manifests.
pub fn run(args: &RbacArgs) -> Result<ExitCode, CommandError> {
    let set = RuleSet::with_folders(&args.rules)?;
    let selected = select(&set.rules, args.profile, &args.select, &args.ignore)
        .map_err(|error| UsageError::new(format!("`{}` fits no rule, area, pillar or framework", error.word)))?;
    let account = args.service_account.as_deref().map(account).transpose()?;
    print(&manifests(&wants(selected), &args.name, account))
}

/// `NAMESPACE/NAME`.
fn account(text: &str) -> Result<(&str, &str), UsageError> {
    let parts = text.split_once('/').filter(|(namespace, name)| is_name(namespace) && is_name(name));
    parts.ok_or_else(|| UsageError::new(format!("`{text}` is not NAMESPACE/NAME of a service account")))
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | ':');
    !text.is_empty() && text.chars().all(plain)
}

/// A ClusterRole, a Role in each namespace of which single objects are read, and bindings for an account.
pub fn manifests(wants: &Wants, name: &str, account: Option<(&str, &str)>) -> String {
    let mut documents = vec![role("ClusterRole", name, None, &cluster_rules(wants))];
    let single = single(wants);
    for (namespace, rules) in &single {
        documents.push(role("Role", name, Some(namespace), rules));
    }
    if let Some(account) = account {
        documents.push(binding("ClusterRole", name, None, account));
        documents.extend(single.keys().map(|namespace| binding("Role", name, Some(namespace), account)));
    }
    documents.join("---\n")
}

/// Lists by API group, then what is no list.
fn cluster_rules(wants: &Wants) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Want { group, plural, .. } in wants.resources.iter().filter(|want| want.only.is_empty()) {
        groups.entry(group).or_default().push(plural);
    }
    let mut rules: Vec<String> = groups
        .iter()
        .map(|(group, plurals)| {
            let resources: String = plurals.iter().map(|plural| format!("      - {plural}\n")).collect();
            format!("  - apiGroups: [\"{group}\"]\n    resources:\n{resources}    verbs: [\"list\"]\n")
        })
        .collect();
    if wants.kubelet_config {
        rules.push("  - apiGroups: [\"\"]\n    resources: [\"nodes/configz\"]\n    verbs: [\"get\"]\n".to_string());
    }
    if !wants.paths.is_empty() {
        let paths: Vec<String> = wants.paths.iter().map(|path| format!("\"{path}\"")).collect();
        rules.push(format!("  - nonResourceURLs: [{}]\n    verbs: [\"get\"]\n", paths.join(", ")));
    }
    rules
}

/// Single objects by namespace.
fn single(wants: &Wants) -> BTreeMap<&str, Vec<String>> {
    let mut namespaces: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Want { group, plural, only } in &wants.resources {
        let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (namespace, name) in only {
            names.entry(namespace).or_default().push(format!("\"{name}\""));
        }
        for (namespace, names) in names {
            namespaces.entry(namespace).or_default().push(format!(
                "  - apiGroups: [\"{group}\"]\n    resources: [\"{plural}\"]\n    resourceNames: [{}]\n    verbs: [\"get\"]\n",
                names.join(", ")
            ));
        }
    }
    namespaces
}

fn head(kind: &str, name: &str, namespace: Option<&str>) -> String {
    let namespace = namespace.map_or_else(String::new, |namespace| format!("  namespace: {namespace}\n"));
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{namespace}  labels:\n    app.kubernetes.io/name: k8sready\n"
    )
}

fn role(kind: &str, name: &str, namespace: Option<&str>, rules: &[String]) -> String {
    let rules = if rules.is_empty() { "rules: []\n".to_string() } else { format!("rules:\n{}", rules.concat()) };
    format!("{}{rules}", head(kind, name, namespace))
}

fn binding(kind: &str, name: &str, namespace: Option<&str>, account: (&str, &str)) -> String {
    format!(
        "{}roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: {kind}\n  name: {name}\nsubjects:\n  - kind: ServiceAccount\n    name: {}\n    namespace: {}\n",
        head(&format!("{kind}Binding"), name, namespace),
        account.1,
        account.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Wants {
        let set = RuleSet::with_folders(&[]).unwrap();
        wants(&set.rules)
    }

    #[test]
    fn no_rule_needs_secrets_or_anything_that_reaches_into_pods() {
        let text = manifests(&all(), "k8sready", Some(("k8sready", "k8sready")));
        for word in ["secrets", "proxy", "exec", "*", "watch", "create", "update", "patch", "delete"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert!(text.contains("resources: [\"nodes/configz\"]"), "{text}");
    }

    #[test]
    fn fewer_rules_need_fewer_rights() {
        let set = RuleSet::with_folders(&[]).unwrap();
        let one = set.rules.iter().filter(|rule| rule.id.as_str() == "psa-enforcement-missing");
        assert_eq!(
            manifests(&wants(one), "few", None),
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: few\n  labels:\n    app.kubernetes.io/name: k8sready\nrules:\n  - apiGroups: [\"\"]\n    resources:\n      - namespaces\n    verbs: [\"list\"]\n"
        );
    }

    #[test]
    fn accounts_are_named_with_their_namespace() {
        assert_eq!(account("a/b").unwrap(), ("a", "b"));
        for bad in ["a", "a/", "/b", "a/b/c", "a/b\nkind: x"] {
            assert!(account(bad).is_err(), "{bad}");
        }
    }
}
