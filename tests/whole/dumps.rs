//! A dump says the same as its objects one by one.

use crate::common::{audit, shop};

/// What is reported, without places.
fn said(files: &[(String, String)]) -> Vec<String> {
    let audit = audit(files, &["--profile", "strict", "--ignore", "value-type-surprise,duplicate-key"]);
    let findings = audit.report.findings.iter();
    let mut said: Vec<String> = findings
        .map(|finding| format!("{} {:?} {} {}", finding.rule, finding.status, finding.message, finding.location.field))
        .collect();
    said.sort();
    said
}

#[test]
fn a_list_of_objects_is_audited_like_the_objects() {
    let files: Vec<(String, String)> = shop().into_iter().filter(|(name, _)| name.contains("/apps/")).collect();
    let documents: Vec<&str> = files.iter().flat_map(|(_, text)| text.split("---\n")).collect();
    let item = |document: &&str| {
        let lines = document.lines().filter(|line| !line.starts_with('#'));
        let text: Vec<String> = lines.map(|line| format!("  {line}\n")).collect();
        text.concat().replacen("  ", "- ", 1)
    };
    let dump = format!("apiVersion: v1\nitems:\n{}kind: List\n", documents.iter().map(item).collect::<String>());
    let expected = said(&files);
    assert!(expected.len() > 10, "the objects have findings");
    assert_eq!(said(&[("dump.yaml".to_string(), dump)]), expected);
}
