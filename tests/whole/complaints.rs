//! What users of other tools complained about, one folder a story in `fixtures/complaints`.
//!
//! `case.yaml` says who told it, how k8sready is called, and all that comes of it: findings, unknowns and suppressed findings as
//! `rule path:line`, problems as `kind path:line`, the exit code. Baselines, SARIF and paths of reports have tests of their
//! own in `tests/gate`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[allow(dead_code, reason = "for readers")]
    told: String,
    args: Vec<String>,
    #[serde(default)]
    findings: BTreeSet<String>,
    #[serde(default)]
    unknown: BTreeSet<String>,
    #[serde(default)]
    suppressed: BTreeSet<String>,
    #[serde(default)]
    problems: BTreeSet<String>,
    exit: i32,
    #[serde(default)]
    stderr: Option<String>,
}

/// What differs from the story, if anything.
fn told_otherwise(folder: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(folder.join("case.yaml")).map_err(|error| error.to_string())?;
    let case: Case = serde_saphyr::from_str(&text).map_err(|error| error.to_string())?;
    // A copy outside of the repository, so that nothing but the story's own files counts.
    let copy = tempfile::tempdir().map_err(|error| error.to_string())?;
    copy_files(folder, copy.path());
    let output = Command::new(env!("CARGO_BIN_EXE_k8sready"))
        .current_dir(copy.path())
        .args(["audit", ".", "--format", "json", "--as-of", "2026-11-24"])
        .args(&case.args)
        .output()
        .map_err(|error| error.to_string())?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}: {stderr}"))?;
    let results = report["results"].as_array().ok_or("no results")?;
    let of = |wanted: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        results.iter().filter(|result| wanted(result)).map(|result| at(&result["rule"], &result["location"])).collect()
    };
    let open = |result: &Value| result["suppressed"].is_null();
    let problems = report["problems"].as_array().ok_or("no problems")?;
    let pairs = [
        ("findings", &case.findings, of(&|result| result["status"] == "fail" && open(result))),
        ("unknown", &case.unknown, of(&|result| result["status"] == "unknown")),
        ("suppressed", &case.suppressed, of(&|result| !open(result))),
        ("problems", &case.problems, problems.iter().map(|one| at(&one["code"], &one["location"])).collect()),
    ];
    for (what, expected, found) in pairs {
        if *expected != found {
            return Err(format!("{what}: expected {expected:?}, found {found:?}"));
        }
    }
    if output.status.code() != Some(case.exit) {
        return Err(format!("exit: expected {}, found {:?}", case.exit, output.status.code()));
    }
    match case.stderr {
        Some(expected) if !stderr.contains(&expected) => {
            Err(format!("stderr: expected `{expected}`, found `{stderr}`"))
        }
        _ => Ok(()),
    }
}

fn at(what: &Value, location: &Value) -> String {
    let what = what.as_str().unwrap_or_default();
    match (location["path"].as_str(), location["line"].as_u64()) {
        (Some(path), Some(line)) => format!("{what} {path}:{line}"),
        (Some(path), None) => format!("{what} {path}"),
        _ => what.to_string(),
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            std::fs::create_dir(&target).expect("a folder");
            copy_files(&path, &target);
        } else if path.file_name().is_some_and(|name| name != "case.yaml") {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

#[test]
fn every_story_ends_well() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/complaints");
    let mut folders: Vec<_> =
        std::fs::read_dir(&root).expect("stories").map(|entry| entry.expect("one").path()).collect();
    folders.sort();
    assert!(folders.len() >= 30, "the stories are gone");
    let wrong: Vec<String> = folders
        .iter()
        .filter_map(|folder| {
            Some(format!("{}: {}", folder.file_name()?.to_string_lossy(), told_otherwise(folder).err()?))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
