//! The program on snapshot files: exit codes, and baselines of what has no file.

use std::path::Path;
use std::process::{Command, Output};

use k8sready::source::{ListState, Scan, write_snapshot};

use super::making::{SHOP, ended, scan};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_k8sready");
    Command::new(binary).current_dir(folder).args(arguments).args(["--isolated"]).output().expect("it runs")
}

fn kept(scan: &Scan) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_snapshot(&folder.path().join("prod.json.gz"), scan).unwrap();
    folder
}

const AUDIT: &[&str] = &["audit", "--snapshot", "prod.json.gz", "--select", "single-replica,pdb-missing"];

#[test]
fn findings_fail_and_what_could_not_be_seen_only_where_that_is_asked_for() {
    let bad = kept(&scan(&SHOP.replace("replicas: 3", "replicas: 1")));
    assert_eq!(run(bad.path(), AUDIT).status.code(), Some(1));
    let hidden = kept(&ended(scan(SHOP), "poddisruptionbudgets", ListState::Forbidden));
    assert_eq!(run(hidden.path(), AUDIT).status.code(), Some(0));
    let complete = [AUDIT, &["--require-complete"]].concat();
    assert_eq!(run(hidden.path(), &complete).status.code(), Some(3));
    assert_eq!(run(kept(&scan(SHOP)).path(), &complete).status.code(), Some(0));
}

#[test]
fn a_baseline_knows_objects_of_a_cluster_again() {
    let folder = kept(&scan(&SHOP.replace("replicas: 3", "replicas: 1")));
    let write = [&["baseline", "write", "known.txt"], &AUDIT[1..]].concat();
    let written = run(folder.path(), &write);
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    assert_eq!(run(folder.path(), &[AUDIT, &["--baseline", "known.txt"]].concat()).status.code(), Some(0));
    let more = kept(&scan(&SHOP.replace("replicas: 3", "replicas: 1").replace("name: web,", "name: other,")));
    std::fs::copy(folder.path().join("known.txt"), more.path().join("known.txt")).unwrap();
    assert_eq!(run(more.path(), &[AUDIT, &["--baseline", "known.txt"]].concat()).status.code(), Some(1));
}

#[test]
fn a_cut_snapshot_is_an_error_and_no_smaller_cluster() {
    let folder = kept(&scan(SHOP));
    let path = folder.path().join("prod.json.gz");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let output = run(folder.path(), AUDIT);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{error}");
    assert!(error.contains("the snapshot `prod.json.gz` is"), "{error}");
}
