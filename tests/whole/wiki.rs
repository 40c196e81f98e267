//! A wiki page as there are many, on how a cluster was made and is kept: each of its traps is found on its line.

use k8sready::report::Status;

use crate::common::{audit, folder};

/// Rule, and a part of the line it points at.
const TRAPS: &[(&str, &str)] = &[
    ("join-without-ca-verification", "kubeadm join"),
    ("addon-install-path-dead", "v0.13.7/manifests/namespace.yaml"),
    ("addon-install-path-dead", "v0.13.7/manifests/metallb.yaml"),
    ("rbac-cluster-admin-bound", "name: alice"),
    ("backup-through-load-balancer", "snapshot save --endpoints=https://lb.example.com:2379"),
    ("backup-on-same-host", "/backups/etcd-$(date +%F).db"),
    ("backup-retention-unsafe", "/backups/etcd-$(date +%F).db"),
    ("backup-unverified", "etcdctl snapshot save"),
    ("kubernetes-end-of-life", "kubeadm upgrade apply v1.28.0"),
    ("apiserver-basic-auth-file", "--basic-auth-file"),
    ("component-flag-removed", "--basic-auth-file"),
];

#[test]
fn every_trap_of_the_wiki_page_is_found_on_its_line() {
    let files = folder("fixtures/projects/wiki");
    let report = audit(&files, &["--profile", "strict"]).report;
    let lines: Vec<(String, String)> = report
        .findings
        .iter()
        .filter(|finding| finding.status == Status::Fail)
        .map(|finding| {
            let place = &finding.location;
            let text = files.iter().find(|(path, _)| *path == place.path).map_or("", |(_, text)| text);
            let line = place.region.as_ref().map_or(0, |region| region.line);
            (finding.rule.to_string(), text.lines().nth(line.wrapping_sub(1)).unwrap_or_default().to_string())
        })
        .collect();
    let missing: Vec<_> = TRAPS
        .iter()
        .filter(|(rule, part)| !lines.iter().any(|(found, line)| found == rule && line.contains(part)))
        .collect();
    assert!(missing.is_empty(), "not found: {missing:#?} among {lines:#?}");
}
