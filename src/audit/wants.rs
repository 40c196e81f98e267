//! What rules need of a cluster: the union over what their subjects are made of and what the facts that they name read.
//!
//! The scan asks for nothing else, `k8sready rbac` grants nothing else, and what cannot be read makes exactly the rules
//! unknown that need it.

use std::collections::BTreeMap;

use crate::engine::ActiveRule;
use crate::expr::Program;
use crate::facts::{APIS, Api, SubjectRead, api_of, subject_reads};
use crate::inventory::{Listings, without_secrets};
use crate::rule::{Expressions, Judge, KindPattern, Rule};
use crate::source::{ListState, Scan, Want, Wants};
use crate::vocabulary::Reason;

/// What some rules need together.
pub fn wants<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Wants {
    let mut all: BTreeMap<(String, String), Vec<(String, String)>> = BTreeMap::new();
    let mut wants = Wants::default();
    let mut all_metrics = false;
    for rule in rules {
        let needs = of_rule(rule);
        for Want { group, plural, only } in needs.resources {
            let entry = all.entry((group, plural));
            match entry {
                std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(only)),
                // A list of all holds the single ones.
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    if only.is_empty() || known.get().is_empty() {
                        known.get_mut().clear();
                    } else {
                        known.get_mut().extend(only);
                    }
                }
            }
        }
        all_metrics |= reads_metrics(rule) && needs.metrics.is_empty();
        wants.paths.extend(needs.paths);
        wants.metrics.extend(needs.metrics);
        wants.kubelet_config |= needs.kubelet_config;
    }
    if all_metrics {
        wants.metrics.clear();
    }
    wants.resources = all.into_iter().map(|((group, plural), only)| Want { group, plural, only }).collect();
    for want in &mut wants.resources {
        want.only.sort();
        want.only.dedup();
    }
    wants.paths.sort();
    wants.paths.dedup();
    wants.metrics.sort();
    wants.metrics.dedup();
    wants
}

/// What one rule needs.
pub fn of_rule(rule: &Rule) -> Wants {
    let mut wants = Wants::default();
    if !matches!(rule.judge, Judge::Expressions) {
        return wants;
    }
    subject_reads(rule.subject).iter().for_each(|read| add_read(&mut wants, *read));
    let of_kinds = APIS.iter().filter(|api| rule.kinds.iter().any(|pattern| covers(pattern, api)));
    of_kinds.for_each(|api| add(&mut wants, api.group, api.plural));
    if reads_metrics(rule) {
        wants.paths.push("/metrics".to_string());
        wants.metrics.extend(metric_names(rule));
    }
    for program in rule.expressions().map(programs).unwrap_or_default() {
        for read in program.reads() {
            match read.resource.starts_with('/') {
                true => wants.paths.push(read.resource.to_string()),
                false if read.names.is_empty() => add_linked(&mut wants, read.group, read.resource),
                false => read.names.iter().for_each(|name| add_one(&mut wants, read.group, read.resource, name)),
            }
        }
    }
    wants
}

/// Why a rule may not have seen all that it is about.
pub(super) fn unseen(rule: &Rule, listings: &Listings) -> Vec<Reason> {
    if !matches!(rule.judge, Judge::Expressions) {
        return Vec::new();
    }
    let of_subject = subject_reads(rule.subject).iter().filter_map(|read| match read {
        SubjectRead::All(group, plural) => listings.missing(api_of(group, plural)?.kind),
        SubjectRead::One(group, plural, ..) => listings.unread(api_of(group, plural)?.kind),
        SubjectRead::KubeletConfig => listings.without_kubelets().cloned(),
    });
    let of_kinds = APIS.iter().filter(|api| rule.kinds.iter().any(|pattern| covers(pattern, api)));
    let of_kinds = of_kinds.filter_map(|api| listings.missing(api.kind));
    let metrics = listings.without_metrics().filter(|_| reads_metrics(rule)).cloned();
    let mut reasons: Vec<Reason> = of_subject.chain(of_kinds).chain(metrics).collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

/// Rules about what is known of a cluster besides its objects read its metrics.
fn reads_metrics(rule: &Rule) -> bool {
    rule.kinds.iter().any(|pattern| pattern.group == "k8sready.io" && pattern.kind == "Cluster")
}

/// The names of the metrics that a rule's expressions quote, without the endings that a histogram has several of. Of the tens
/// of thousands of samples of a large API server no others are kept.
fn metric_names(rule: &Rule) -> Vec<String> {
    let file = &rule.file;
    let severities = file.severity_when.values();
    let texts = file.each.iter().map(|each| &each.list).chain(&file.when).chain(&file.expect).chain(severities);
    let quoted = texts.flat_map(|text| text.split('"').skip(1).step_by(2));
    let named = quoted.filter(|text| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == ':';
        text.contains('_') && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(plain)
    });
    let stem = |name: &str| {
        let ended = ["_bucket", "_count", "_sum"].iter().find_map(|ending| name.strip_suffix(ending));
        ended.unwrap_or(name).to_string()
    };
    named.map(stem).collect()
}

fn programs(expressions: &Expressions) -> Vec<&Program> {
    let severities = expressions.severity_when.iter().map(|(_, program)| program);
    let first = expressions.each.iter().chain(&expressions.when).chain([&expressions.expect]);
    first.chain(severities).collect()
}

fn covers(pattern: &KindPattern, api: &Api) -> bool {
    let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    fits(&pattern.group, api.group) && fits(&pattern.version, api.version) && fits(&pattern.kind, api.kind)
}

fn add_read(wants: &mut Wants, read: SubjectRead) {
    match read {
        SubjectRead::All(group, plural) => add(wants, group, plural),
        SubjectRead::One(group, plural, namespace, name) => {
            add_one(wants, group, plural, &format!("{namespace}/{name}"));
        }
        SubjectRead::KubeletConfig => wants.kubelet_config = true,
    }
}

/// Whoever looks for the pods of something looks for everything that makes pods.
fn add_linked(wants: &mut Wants, group: &str, plural: &str) {
    add(wants, group, plural);
    if (group, plural) == ("", "pods") {
        let makers = subject_reads(crate::facts::SubjectKind::Workload);
        makers.iter().for_each(|read| add_read(wants, *read));
    }
}

fn add(wants: &mut Wants, group: &str, plural: &str) {
    // What no table knows cannot be listed.
    if api_of(group, plural).is_some() {
        wants.resources.push(Want { group: group.to_string(), plural: plural.to_string(), only: Vec::new() });
    }
}

/// `NAMESPACE/NAME`.
fn add_one(wants: &mut Wants, group: &str, plural: &str, object: &str) {
    let (namespace, name) = object.split_once('/').unwrap_or(("", object));
    let only = vec![(namespace.to_string(), name.to_string())];
    wants.resources.push(Want { group: group.to_string(), plural: plural.to_string(), only });
}

/// A scan as it may be kept: of what the cluster does not serve, the kind is known here; and where only single objects were
/// asked for, that is said, so that nobody takes them for all there are. Answers lose their secrets, as objects did before.
pub fn settled(mut scan: Scan, wants: &Wants) -> Scan {
    for answer in &mut scan.answers {
        answer.text = without_secrets(&answer.text);
    }
    for listed in &mut scan.lists {
        let resource = &mut listed.resource;
        if let Some(api) = api_of(&resource.group, &resource.plural).filter(|_| resource.kind.is_empty()) {
            (resource.kind, resource.version) = (api.kind.to_string(), api.version.to_string());
        }
        let same = |want: &&Want| want.group == resource.group && want.plural == resource.plural;
        let only = wants.resources.iter().find(same).map_or(&[][..], |want| &want.only);
        if !only.is_empty() && listed.state == ListState::Complete {
            let names: Vec<String> = only.iter().map(|(namespace, name)| format!("{namespace}/{name}")).collect();
            listed.state = ListState::Selected(names.join(", "));
        }
    }
    scan
}

/// Which rules cannot come to a verdict, or not on everything, without these: ids and the plurals that they lack. `denied`
/// holds what the account may not read.
pub fn without<'r>(rules: &'r [ActiveRule<'r>], denied: &Wants) -> Vec<(&'r str, Vec<String>)> {
    let mut lacking = Vec::new();
    for active in rules {
        let needs = of_rule(active.rule);
        let mut lacks: Vec<String> = needs
            .resources
            .iter()
            .filter(|want| denied.resources.iter().any(|denied| is_denied(want, denied)))
            .map(|want| qualified(&want.group, &want.plural))
            .chain(needs.paths.iter().filter(|path| denied.paths.contains(path)).cloned())
            .chain((needs.kubelet_config && denied.kubelet_config).then(|| "nodes/configz".to_string()))
            .collect();
        lacks.sort();
        lacks.dedup();
        if !lacks.is_empty() {
            lacking.push((active.rule.id.as_str(), lacks));
        }
    }
    lacking
}

fn is_denied(want: &Want, denied: &Want) -> bool {
    let same = want.group == denied.group && want.plural == denied.plural;
    same && (denied.only.is_empty() || want.only.is_empty() || want.only.iter().any(|one| denied.only.contains(one)))
}

/// `deployments.apps`, as kubectl has it.
pub fn qualified(group: &str, plural: &str) -> String {
    if group.is_empty() { plural.to_string() } else { format!("{plural}.{group}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    #[test]
    fn the_metrics_that_rules_quote_are_kept_and_no_others() {
        let set = RuleSet::with_folders(&[]).expect("the rules");
        let metrics = wants(&set.rules).metrics;
        for name in
            ["apiserver_requested_deprecated_apis", "etcd_disk_wal_fsync_duration_seconds", "etcd_server_has_leader"]
        {
            assert!(metrics.iter().any(|kept| kept == name), "{name} of {metrics:?}");
        }
        assert!(metrics.iter().all(|kept| kept.contains('_') && !kept.starts_with('_')), "{metrics:?}");
        for rule in set.rules.iter().filter(|rule| reads_metrics(rule)) {
            assert!(!metric_names(rule).is_empty(), "`{}` names no metric, so all would be kept", rule.id.as_str());
        }
    }
}
