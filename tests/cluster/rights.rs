//! What rules need of a cluster, and what becomes of them without it.

use k8sready::audit::{active, wants, without};
use k8sready::rule::RuleSet;
use k8sready::settings::RuleSettings;
use k8sready::source::{Want, Wants};

fn denied(group: &str, plural: &str, only: &[(&str, &str)]) -> Wants {
    let only = only.iter().map(|(namespace, name)| ((*namespace).to_string(), (*name).to_string())).collect();
    Wants { resources: vec![Want { group: group.to_string(), plural: plural.to_string(), only }], ..Wants::default() }
}

/// What rules lack without something, by id.
fn lacking(rules: &[&str], denied: &Wants) -> Vec<(String, Vec<String>)> {
    let set = RuleSet::with_folders(&[]).unwrap();
    let select = rules.iter().map(|rule| (*rule).to_string()).collect();
    let rules = active(&set, &RuleSettings { select, ..RuleSettings::default() }).unwrap();
    without(&rules, denied).into_iter().map(|(rule, lacks)| (rule.to_string(), lacks)).collect()
}

#[test]
fn a_refusal_touches_the_rules_that_need_it_and_no_others() {
    let rules = ["pdb-missing", "single-replica", "node-cordoned", "hpa-target-missing"];
    let budgets = lacking(&rules, &denied("policy", "poddisruptionbudgets", &[]));
    assert_eq!(budgets, [("pdb-missing".to_string(), vec!["poddisruptionbudgets.policy".to_string()])]);
    let nodes = lacking(&rules, &denied("", "nodes", &[]));
    assert_eq!(nodes.iter().map(|(rule, _)| rule.as_str()).collect::<Vec<_>>(), ["node-cordoned"]);
    let deployments = lacking(&rules, &denied("apps", "deployments", &[]));
    assert_eq!(deployments.len(), 3, "{deployments:?}");
}

#[test]
fn a_single_object_that_is_refused_touches_who_reads_it() {
    let rules = ["control-plane-endpoint-missing", "kubelet-read-only-port"];
    let one = denied("", "configmaps", &[("kube-system", "kubeadm-config")]);
    assert_eq!(
        lacking(&rules, &one).iter().map(|(rule, _)| rule.as_str()).collect::<Vec<_>>(),
        ["control-plane-endpoint-missing"]
    );
}

#[test]
fn what_several_rules_need_is_asked_for_once() {
    let set = RuleSet::with_folders(&[]).unwrap();
    let wants = wants(&set.rules);
    let mut keys: Vec<(&str, &str)> =
        wants.resources.iter().map(|want| (want.group.as_str(), want.plural.as_str())).collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
    let maps = wants.resources.iter().find(|want| want.plural == "configmaps").unwrap();
    assert!(maps.only.is_empty(), "a list of all holds the single ones");
}
