//! What our evaluation of admission policies says, held to what a real API server said.
//!
//! A case is `admission/CASE.world.yaml` (policies, bindings, parameters, definitions), `CASE.objects.yaml` and
//! `CASE.expected`, which `admission/against-apiserver --record` wrote. The API server names the first denial only; ours
//! must be among all that we find. Validations of definitions are held to their verdict and the text of their message.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The fewest verdicts that are held to an API server's.
const FEWEST: usize = 350;

/// What is said about one object.
#[derive(Debug, Default)]
struct Said {
    denials: Vec<String>,
    warnings: Vec<String>,
    unknown: bool,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/admission")
}

fn cases() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".world.yaml").map(str::to_string))
        .collect();
    names.sort();
    names
}

/// What we say, by object.
fn ours(case: &str) -> BTreeMap<String, Said> {
    let input = tempfile::tempdir().unwrap();
    for part in ["world", "objects"] {
        std::fs::copy(folder().join(format!("{case}.{part}.yaml")), input.path().join(format!("{part}.yaml"))).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_k8sready"))
        .args(["audit", "--exit-zero", "--format", "json", "--select"])
        .arg("admission-policy-violated,invalid-field-value")
        .arg(input.path())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{case}: {error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    let mut said: BTreeMap<String, Said> = BTreeMap::new();
    for result in report["results"].as_array().unwrap() {
        let subject = &result["subject"];
        let part = |name: &str| subject[name].as_str().unwrap_or_default();
        let of = said.entry(format!("{}/{}/{}", part("kind"), part("namespace"), part("name"))).or_default();
        let message = result["message"].as_str().unwrap_or_default().to_string();
        match (result["status"].as_str(), result["severity"].as_str()) {
            (Some("fail"), Some("low")) if message.contains("audit log") => {}
            (Some("fail"), Some("low")) => of.warnings.push(message),
            (Some("fail"), _) => of.denials.push(message),
            _ => of.unknown = true,
        }
    }
    said
}

/// Complaints about an object: its recorded lines against what we say.
fn complaint(recorded: &[&str], said: &Said) -> Option<String> {
    let ends = |messages: &[String], wanted: &str| messages.iter().any(|message| same(message, wanted));
    for line in recorded {
        let good = match line.split_once(' ') {
            None => said.denials.is_empty(),
            Some(("deny", message)) => ends(&said.denials, message),
            Some((_, message)) => ends(&said.warnings, message),
        };
        if !good || said.unknown {
            return Some(format!("the API server: {line}\n    we: {said:?}"));
        }
    }
    let warned = recorded.iter().filter(|line| line.starts_with("warn ")).count();
    (warned != said.warnings.len()).then(|| format!("{warned} warnings, we: {said:?}"))
}

/// Our sentence ends in the API server's. Evaluation errors are worded differently; a definition's message stands at the
/// end of what the API server says.
fn same(ours: &str, theirs: &str) -> bool {
    if theirs.contains("resulted in error") {
        return ours.contains("resulted in error");
    }
    if let Some((_, text)) = ours.split_once("that is not allowed: ") {
        return theirs.ends_with(text);
    }
    ours.split_whitespace().collect::<Vec<_>>().join(" ").ends_with(theirs)
}

#[test]
fn policies_say_what_an_api_server_says() {
    let (mut verdicts, mut wrong) = (0, Vec::new());
    for case in cases() {
        let said = ours(&case);
        let expected = std::fs::read_to_string(folder().join(format!("{case}.expected"))).unwrap();
        let mut recorded: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in expected.lines() {
            let (object, line) = line.split_once("  ").expect("an object and a verdict");
            recorded.entry(object).or_default().push(line);
        }
        let nothing = Said::default();
        for (object, lines) in recorded {
            verdicts += lines.len();
            let complaint = complaint(&lines, said.get(object).unwrap_or(&nothing));
            wrong.extend(complaint.map(|complaint| format!("{case}: {object}\n    {complaint}")));
        }
    }
    assert!(wrong.is_empty(), "{} of {verdicts} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(verdicts >= FEWEST, "{verdicts} verdicts are few");
}
