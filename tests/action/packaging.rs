//! The archive that the release workflow publishes: complete, laid out as installers expect, the same bytes twice.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::runner::{folder, script};

const TARGET: &str = "x86_64-unknown-linux-musl";

/// A program that answers as k8sready does; what it generates has its own tests.
fn program(folder: &Path, generates: &str) -> PathBuf {
    let path = folder.join("k8sready");
    script(&path, &format!("#!/bin/sh\ncase $1 in --version) echo k8sready 1.2.3;; *) {generates};; esac\n"));
    path
}

fn package(binary: &Path, into: &Path) -> std::process::Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/scripts/package.sh");
    let mut command = Command::new(script);
    command.arg(binary).arg(TARGET).arg(into).env("SOURCE_DATE_EPOCH", "1700000000");
    command.output().expect("the script runs")
}

fn shell(text: &str, folder: &Path) -> String {
    let done = Command::new("bash").args(["-ec", text]).current_dir(folder).output().expect("bash runs");
    assert!(done.status.success(), "{text}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_string()
}

#[test]
fn an_archive_holds_what_an_installation_needs() {
    let root = folder("package");
    let done = package(&program(&root, "echo \"$*\""), &root.join("dist"));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let name = format!("k8sready-{TARGET}-v1.2.3");
    let listed = shell(&format!("tar -tzf {name}.tar.gz"), &root.join("dist"));
    for file in [
        "k8sready",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "completions/k8sready.bash",
        "completions/_k8sready",
        "completions/k8sready.fish",
        "completions/_k8sready.ps1",
        "man/k8sready.1",
    ] {
        assert!(listed.lines().any(|line| line == format!("{name}/{file}")), "no {file} in {listed}");
    }
    shell(&format!("sha256sum --check --strict {name}.tar.gz.sha256"), &root.join("dist"));
    let owners =
        shell(&format!("tar --numeric-owner -tvzf {name}.tar.gz | awk '{{ print $2 }}' | sort -u"), &root.join("dist"));
    assert_eq!(owners, "0/0");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let root = folder("twice");
    let binary = program(&root, "echo \"$*\"");
    for dist in ["one", "two"] {
        assert!(package(&binary, &root.join(dist)).status.success());
        shell("touch ../k8sready", &root.join(dist));
    }
    let sums = ["one", "two"].map(|dist| shell("cat ./*.sha256", &root.join(dist)));
    assert_eq!(sums[0], sums[1]);
}

#[test]
fn a_program_that_generates_nothing_is_not_packaged() {
    let root = folder("silent");
    let done = package(&program(&root, ":"), &root.join("dist"));
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("is empty"));
}
