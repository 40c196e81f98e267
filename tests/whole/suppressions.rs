//! Suppressions by comment, annotation and configuration: they hold, they need a reason, and useless ones are reported.

use k8sready::audit::{Audit, audit_inputs};
use k8sready::cli::Suppress;
use k8sready::report::{Status, SuppressedBy};
use k8sready::vocabulary::ProblemKind;

use crate::common::{inputs, settings};

/// A Deployment that fails `single-replica` on its line `replicas`.
fn deployment(annotation: &str, comment: &str) -> Vec<(String, String)> {
    let text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations:\n    team: shop\n{annotation}spec:\n  \
         replicas: 1{comment}\n  selector: {{ matchLabels: {{ app: web }} }}\n  template:\n    \
         metadata: {{ labels: {{ app: web }} }}\n    spec:\n      containers: [{{ name: web, image: \"example.com/web:1\" }}]\n"
    );
    vec![("web.yaml".to_string(), text)]
}

fn audit(files: &[(String, String)], suppress: Vec<Suppress>) -> Audit {
    let mut settings = settings(&["--select", "single-replica"]);
    settings.suppress = suppress;
    audit_inputs(&settings, inputs(files), Vec::new()).expect("an audit")
}

/// Who suppressed the one finding.
fn suppressed_by(audit: &Audit) -> Option<SuppressedBy> {
    let failures: Vec<_> = audit.report.findings.iter().filter(|finding| finding.status == Status::Fail).collect();
    assert_eq!(failures.len(), 1, "one finding: {failures:?}");
    failures[0].suppressed.as_ref().map(|suppressed| suppressed.by)
}

fn problems(audit: &Audit) -> Vec<ProblemKind> {
    audit.report.problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn a_comment_on_the_line_suppresses() {
    let audit = audit(&deployment("", " # k8sready: ignore[single-replica] one writer"), Vec::new());
    assert_eq!((suppressed_by(&audit), problems(&audit)), (Some(SuppressedBy::Comment), vec![]));
    assert_eq!(audit.report.counts.suppressed, 1);
}

#[test]
fn a_comment_of_its_own_covers_the_next_line() {
    let files = deployment("", "");
    let text = files[0].1.replace("  replicas", "  # k8sready: ignore[single-replica] one writer\n  replicas");
    let audit = audit(&[("web.yaml".to_string(), text)], Vec::new());
    assert_eq!(suppressed_by(&audit), Some(SuppressedBy::Comment));
}

#[test]
fn a_comment_elsewhere_is_unused() {
    let files = deployment("", "");
    let text = files[0].1.replace("  name: web\n", "  name: web # k8sready: ignore[single-replica] one writer\n");
    let audit = audit(&[("web.yaml".to_string(), text)], Vec::new());
    assert_eq!((suppressed_by(&audit), problems(&audit)), (None, vec![ProblemKind::UnusedSuppression]));
}

#[test]
fn an_annotation_covers_the_object() {
    let note = "    k8sready.io/ignore: \"single-replica: one writer; until=2027-01-31\"\n";
    let audit = audit(&deployment(note, ""), Vec::new());
    assert_eq!((suppressed_by(&audit), problems(&audit)), (Some(SuppressedBy::Annotation), vec![]));
}

#[test]
fn an_expired_annotation_holds_no_longer_and_is_reported() {
    let note = "    k8sready.io/ignore: \"single-replica: one writer; until=2026-11-23\"\n";
    let audit = audit(&deployment(note, ""), Vec::new());
    assert_eq!((suppressed_by(&audit), problems(&audit)), (None, vec![ProblemKind::ExpiredSuppression]));
}

#[test]
fn the_last_day_still_counts() {
    let note = "    k8sready.io/ignore: \"single-replica: one writer; until=2026-11-24\"\n";
    assert_eq!(suppressed_by(&audit(&deployment(note, ""), Vec::new())), Some(SuppressedBy::Annotation));
}

#[test]
fn without_a_reason_nothing_is_suppressed() {
    for (annotation, comment) in
        [("    k8sready.io/ignore: single-replica\n", ""), ("", " # k8sready: ignore[single-replica]")]
    {
        let audit = audit(&deployment(annotation, comment), Vec::new());
        assert_eq!((suppressed_by(&audit), problems(&audit)), (None, vec![ProblemKind::BadSuppression]));
    }
}

#[test]
fn the_configuration_suppresses_by_globs_and_says_what_it_missed() {
    let by_name = |name: &str| Suppress {
        rule: "single-replica".to_string(),
        reason: "one writer".to_string(),
        kind: Some("Deployment".to_string()),
        name: Some(name.to_string()),
        ..Suppress::default()
    };
    let hit = audit(&deployment("", ""), vec![by_name("w*")]);
    assert_eq!((suppressed_by(&hit), problems(&hit)), (Some(SuppressedBy::Config), vec![]));
    let missed = audit(&deployment("", ""), vec![by_name("api")]);
    assert_eq!((suppressed_by(&missed), problems(&missed)), (None, vec![ProblemKind::UnusedSuppression]));
}

#[test]
fn a_suppression_of_a_rule_that_did_not_run_is_not_called_unused() {
    let audit = audit(&deployment("", " # k8sready: ignore[run-as-root] builds images"), Vec::new());
    assert_eq!(problems(&audit), vec![]);
}

#[test]
fn a_rule_that_stands_for_useless_suppressions_reports_them_in_its_place() {
    let settings = settings(&["--select", "single-replica,suppression-without-reason,suppression-unused"]);
    let files = deployment("    k8sready.io/ignore: single-replica\n", " # k8sready: ignore[probe-port-unknown] none");
    let audit = audit_inputs(&settings, inputs(&files), Vec::new()).expect("an audit");
    let rules: Vec<&str> = audit.report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!((rules, problems(&audit)), (vec!["suppression-without-reason", "single-replica"], vec![]));
}
