//! What went wrong in other tools' SARIF, each as a test of ours. The number stands beside each.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::repository::{PRIVILEGED, Repository, deployment};

const SECRET: &str = "cAnArY-0f7b2e91d4c8";

fn repository() -> Repository {
    let two = format!("{}---\n{}", deployment("one", PRIVILEGED), deployment("two", PRIVILEGED));
    let password = format!("          env:\n            - {{ name: DB_PASSWORD, value: {SECRET} }}\n");
    let map =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: \"\u{1f680}\u{96e8}\", name: \"\u{1f680}\u{96e8}\" }\n";
    Repository::new(&[
        ("deploy/manifests/two.yaml", &two),
        ("deploy/manifests/password.yaml", &deployment("db", &password)),
        ("deploy/manifests/emoji.yaml", map),
    ])
}

fn sarif(repository: &Repository, folder: &str, arguments: &[&str]) -> (i32, String) {
    let run = repository.run_in(folder, &[&["audit", "--format", "sarif", "--profile", "strict"], arguments].concat());
    (run.code, run.stdout)
}

fn results(text: &str) -> Vec<Value> {
    let log: Value = serde_json::from_str(text).expect("one JSON document and nothing else");
    log["runs"][0]["results"].as_array().expect("results").clone()
}

fn place(result: &Value) -> (String, u64) {
    let at = &result["locations"][0]["physicalLocation"];
    let uri = at["artifactLocation"]["uri"].as_str().expect("a URI").to_string();
    (uri, at["region"]["startLine"].as_u64().expect("a line"))
}

#[test]
fn a_tree_has_the_same_bytes_under_five_names_from_two_folders() {
    // checkov 5401, 4539: a folder named twice; kube-linter: relative to wherever one stands; kubescape 2393: absolute paths.
    let repository = repository();
    let absolute = repository.path("deploy/manifests");
    let absolute = absolute.to_str().unwrap();
    let (_, expected) = sarif(&repository, ".", &["deploy/manifests"]);
    assert!(results(&expected).iter().all(|result| place(result).0.starts_with("deploy/manifests/")), "{expected}");
    for (folder, path) in [
        (".", "./deploy/manifests/"),
        (".", "deploy/../deploy/manifests"),
        (".", absolute),
        ("deploy", "manifests"),
        ("deploy", "./../deploy/manifests"),
        ("deploy/manifests", "."),
        ("deploy/manifests", absolute),
    ] {
        assert_eq!(sarif(&repository, folder, &[path]).1, expected, "`{path}` from `{folder}`");
    }
}

#[test]
fn kube_linter_45_every_finding_has_its_own_line_and_line_hash() {
    let (_, text) = sarif(&repository(), ".", &["--select", "privileged-container"]);
    let results = results(&text);
    assert_eq!(results.len(), 2);
    assert_ne!(place(&results[0]).1, place(&results[1]).1);
    let hash = |result: &Value| result["partialFingerprints"]["primaryLocationLineHash"].clone();
    assert_ne!(hash(&results[0]), hash(&results[1]), "or code scanning would show one of them");
}

#[test]
fn kube_linter_213_a_clean_run_has_results() {
    let (code, text) = sarif(&repository(), ".", &["--select", "etcd"]);
    assert_eq!((code, results(&text).len()), (0, 0));
}

#[test]
fn kube_linter_193_standard_output_holds_one_document_whatever_is_found() {
    let (code, text) = sarif(&repository(), ".", &["-v"]);
    assert_eq!(code, 1, "the code is the same in every format");
    assert!(!results(&text).is_empty());
}

#[test]
fn kube_linter_212_every_uri_is_a_file_of_the_repository() {
    let repository = repository();
    for result in results(&sarif(&repository, "deploy", &["."]).1) {
        assert!(repository.path(&place(&result).0).is_file(), "{}", place(&result).0);
    }
}

#[test]
fn trivy_5003_no_uri_is_empty_or_has_a_scheme_and_what_has_no_file_is_counted() {
    let repository = repository();
    let mut child = Command::new(env!("CARGO_BIN_EXE_k8sready"))
        .args(["audit", "--format", "sarif", "-"])
        .current_dir(repository.root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), deployment("x", PRIVILEGED).as_bytes()).unwrap();
    let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(results(&text).len(), 0);
    assert!(text.contains("that no file in the repository holds are left out."), "{text}");
}

#[test]
fn trivy_action_22_no_rule_occurs_twice() {
    let (_, text) = sarif(&repository(), ".", &[]);
    let log: Value = serde_json::from_str(&text).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert!(ids.len() == rules.len() && rules.len() > 50, "all rules, each once");
}

#[test]
fn checkov_no_text_of_a_manifest_is_quoted_and_no_region_is_a_whole_object() {
    let (_, text) = sarif(&repository(), ".", &[]);
    assert!(!text.contains(SECRET) && !text.contains("\"snippet\""));
    let levels: BTreeSet<String> = results(&text).iter().map(|result| result["level"].to_string()).collect();
    assert!(levels.len() > 1, "not everything is an error: {levels:?}");
    for result in results(&text) {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"], region["endLine"], "{result}");
    }
}

#[test]
fn kubescape_2497_a_report_that_cannot_be_written_is_an_error_and_leaves_no_file() {
    let repository = repository();
    repository.write("taken/file", "");
    let run = repository.run(&["audit", "-qq", "--output", "sarif=taken"]);
    assert_eq!(run.code, 4, "{}", run.stderr);
    let left: Vec<_> = std::fs::read_dir(repository.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".partial")), "{left:?}");
}

#[test]
fn kubescape_2967_a_reader_that_goes_away_stops_nothing() {
    let repository = repository();
    let mut child = Command::new(env!("CARGO_BIN_EXE_k8sready"))
        .args(["audit", "--format", "sarif"])
        .current_dir(repository.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn cppcheck_7662_a_security_severity_is_a_string() {
    let (_, text) = sarif(&repository(), ".", &[]);
    let log: Value = serde_json::from_str(&text).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().clone();
    let severities: Vec<Value> =
        rules.iter().filter_map(|rule| rule["properties"].get("security-severity").cloned()).collect();
    assert!(
        !severities.is_empty()
            && severities.iter().all(|severity| severity.as_str().is_some_and(|text| text.parse::<f64>().is_ok()))
    );
}

#[test]
fn zizmor_every_rule_has_both_descriptions() {
    let (_, text) = sarif(&repository(), ".", &[]);
    let log: Value = serde_json::from_str(&text).unwrap();
    for rule in log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap() {
        for key in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[key]["text"].as_str().is_some_and(|text| !text.is_empty()), "{key} of {}", rule["id"]);
        }
    }
}

#[test]
fn gitleaks_1962_columns_count_neither_bytes_nor_characters() {
    let (_, text) = sarif(&repository(), ".", &["--select", "duplicate-key"]);
    let results = results(&text);
    assert_eq!(results.len(), 1, "{text}");
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    // `metadata: { name: "` is 19 units, the rocket two, the other character one, `", ` three.
    assert_eq!(region["startColumn"], 26);
}
