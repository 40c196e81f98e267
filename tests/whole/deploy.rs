//! The manifests of `deploy/`: they pass our own audit, and their rights are those that `k8sready rbac` prints.

use std::process::Command;

use k8sready::vocabulary::Severity;

use crate::common::{audit, folder};

#[test]
fn the_audit_of_our_own_manifests_ends_in_an_a() {
    let audit = audit(&folder("deploy"), &["--profile", "strict"]);
    let headline = audit.report.score.headline.expect("a score");
    assert!(headline.grade.as_str().starts_with('A'), "{}", headline.grade.as_str());
    let bad = audit.report.findings.iter().filter(|finding| finding.severity >= Severity::Medium);
    assert_eq!(bad.map(|finding| &finding.message).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_rights_are_those_that_the_rules_need() {
    let arguments = ["rbac", "--service-account", "k8sready/k8sready"];
    let output = Command::new(env!("CARGO_BIN_EXE_k8sready")).args(arguments).output().expect("it runs");
    let files = folder("deploy");
    let written = files.iter().find(|(name, _)| name == "deploy/rbac.yaml").expect("the file");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        written.1,
        "k8sready rbac --service-account k8sready/k8sready > deploy/rbac.yaml"
    );
}
