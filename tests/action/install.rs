//! Where the program comes from, and what is checked before it is started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::runner::{Runner, folder, script};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGET: &str = "x86_64-unknown-linux-musl";

/// A folder laid out like releases, whose program is a script that says its version and ends with 0.
fn mirror(version: &str, says: &str) -> PathBuf {
    let root = folder("mirror");
    let name = format!("k8sready-{TARGET}-v{version}");
    let release = root.join(format!("v{version}"));
    script(&release.join(&name).join("k8sready"), &format!("#!/bin/sh\necho 'k8sready {says}'\n"));
    shell(&release, &format!("tar -czf {name}.tar.gz {name} && rm -r {name} && sha256sum *.tar.gz >SHA256SUMS"));
    root
}

fn shell(folder: &Path, text: &str) -> String {
    let done = Command::new("bash").args(["-ec", text]).current_dir(folder).output().expect("bash runs");
    assert!(done.status.success(), "{text}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_string()
}

fn downloading(name: &str, mirror: &Path) -> Runner {
    let runner = Runner::new(name).with("binary", "").with("mirror", &mirror.display().to_string());
    without_gh(&runner);
    runner
}

/// A `gh` that is too old to verify anything; machines differ in having one.
fn without_gh(runner: &Runner) {
    script(&runner.programs.join("gh"), "#!/bin/sh\nexit 1\n");
}

/// A `gh` that writes down what it was asked, and verifies or not.
fn with_gh(runner: &Runner, code: i32) {
    let asked = runner.programs.join("asked");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *--help) exit 0;; esac\necho \"$GH_TOKEN $*\" >>{}\nexit {code}\n",
        asked.display()
    );
    script(&runner.programs.join("gh"), &text);
}

fn archive(mirror: &Path) -> PathBuf {
    mirror.join(format!("v{VERSION}/k8sready-{TARGET}-v{VERSION}.tar.gz"))
}

#[test]
fn the_version_is_that_of_the_actions_own_commit() {
    let outcome = downloading("own-version", &mirror(VERSION, VERSION)).run();
    assert_eq!((outcome.code, outcome.output("exit-code")), (0, "0"), "{}", outcome.log);
}

#[test]
fn another_version_can_be_asked_for() {
    let runner = downloading("other-version", &mirror("9.8.7", "9.8.7")).with("version", "9.8.7");
    assert_eq!(runner.run().code, 0);
}

#[test]
fn a_version_is_not_a_path_or_a_command() {
    for version in ["../../x", "1.2.3; echo INJECTED", "latest", "1.2.3\n4", "$(id)"] {
        let outcome = downloading("bad-version", &mirror(VERSION, VERSION)).with("version", version).run();
        assert_eq!(outcome.failed.as_deref(), Some("Install k8sready"), "{version}");
        assert!(outcome.said("error")[0].contains("is no version like 1.2.3"), "{:?}", outcome.obeyed);
    }
}

#[test]
fn an_archive_that_differs_from_the_published_sum_is_not_unpacked() {
    let mirror = mirror(VERSION, VERSION);
    let mut bytes = fs::read(archive(&mirror)).expect("read");
    bytes.push(0);
    fs::write(archive(&mirror), bytes).expect("written");
    let outcome = downloading("changed", &mirror).run();
    assert_eq!(outcome.failed.as_deref(), Some("Install k8sready"));
    assert!(outcome.said("error")[0].contains("has the SHA-256"), "{:?}", outcome.obeyed);
}

#[test]
fn an_archive_that_no_sum_names_is_refused() {
    let mirror = mirror(VERSION, VERSION);
    fs::write(mirror.join(format!("v{VERSION}/SHA256SUMS")), "").expect("written");
    let outcome = downloading("no-sum", &mirror).run();
    assert!(outcome.said("error")[0].contains("no SHA-256 is known"), "{:?}", outcome.obeyed);
}

#[test]
fn the_workflows_own_checksum_wins_over_the_published_one() {
    let mirror = mirror(VERSION, VERSION);
    let sum = shell(&mirror, &format!("sha256sum <{} | cut -c-64", archive(&mirror).display()));
    assert_eq!(downloading("own-sum", &mirror).with("checksum", &sum).run().code, 0);
    let other = "0".repeat(64);
    let outcome = downloading("other-sum", &mirror).with("checksum", &other).run();
    assert!(outcome.said("error")[0].contains(&other), "{:?}", outcome.obeyed);
}

#[test]
fn an_archive_in_the_tool_cache_is_used_without_a_release_and_verified_again() {
    let mirror = mirror(VERSION, VERSION);
    let runner = downloading("cached", &mirror);
    assert_eq!(runner.run().code, 0);
    fs::remove_dir_all(&mirror).expect("removed");
    assert_eq!(runner.run().code, 0, "from the cache");
    let cached = runner.tool_cache.join(format!("k8sready/{VERSION}/{TARGET}/k8sready-{TARGET}-v{VERSION}.tar.gz"));
    fs::write(cached, "poisoned").expect("written");
    assert!(runner.run().said("error")[0].contains("has the SHA-256"));
}

#[test]
fn a_program_of_another_version_than_its_archive_says_is_refused() {
    let outcome = downloading("wrong-program", &mirror(VERSION, "6.6.6")).run();
    assert!(outcome.said("error")[0].contains("found k8sready 6.6.6"), "{:?}", outcome.obeyed);
}

#[test]
fn only_https_and_folders_are_mirrors() {
    for from in ["http://example.invalid", "ftp://example.invalid"] {
        let outcome = downloading("plain", Path::new(from)).run();
        assert!(outcome.said("error")[0].contains("a mirror is an https URL or a folder"), "{:?}", outcome.obeyed);
    }
}

#[test]
fn releases_are_fetched_from_the_actions_repository_over_https_only() {
    let release = mirror(VERSION, VERSION);
    let runner = Runner::new("curl").with("binary", "");
    with_gh(&runner, 0);
    let asked = runner.programs.join("urls");
    // Answers from the folder what is asked for by URL, and writes down how.
    let curl = format!(
        "#!/usr/bin/env bash\nprintf '%s ' \"$@\" >>{0}; echo >>{0}\nfor a; do url=$a; [ \"$p\" != -o ] || to=$a; p=$a; done\n\
         cp \"{1}/v{VERSION}/${{url##*/}}\" \"$to\"\n",
        asked.display(),
        release.display()
    );
    script(&runner.programs.join("curl"), &curl);
    let outcome = runner.run();
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    let urls = fs::read_to_string(asked).expect("curl ran");
    for name in ["SHA256SUMS".to_string(), format!("k8sready-{TARGET}-v{VERSION}.tar.gz")] {
        assert!(urls.contains(&format!("https://github.com/example/k8sready/releases/download/v{VERSION}/{name}")));
    }
    assert!(urls.lines().all(|line| line.contains("--proto =https ")), "{urls}");
    let verified = fs::read_to_string(runner.programs.join("asked")).expect("gh ran");
    assert!(verified.starts_with("t0ken attestation verify "), "{verified}");
    assert!(verified.contains("--repo example/k8sready"), "{verified}");
    assert!(verified.contains("--signer-workflow example/k8sready/.github/workflows/release.yml"), "{verified}");
}

#[test]
fn an_attestation_that_does_not_verify_stops_the_action() {
    let runner = downloading("forged", &mirror(VERSION, VERSION)).with("require-attestation", "true");
    with_gh(&runner, 1);
    let outcome = runner.run();
    assert_eq!(outcome.failed.as_deref(), Some("Install k8sready"));
    assert!(outcome.said("error")[0].contains("does not verify"), "{:?}", outcome.obeyed);
}

#[test]
fn a_required_attestation_that_nobody_can_verify_stops_the_action() {
    let outcome = downloading("unverifiable", &mirror(VERSION, VERSION)).with("require-attestation", "true").run();
    assert!(outcome.said("error")[0].contains("GitHub CLI"), "{:?}", outcome.obeyed);
}

#[test]
fn machines_without_a_release_are_told_what_to_do() {
    let mut runner = downloading("riscv", &mirror(VERSION, VERSION));
    runner.environment.insert("RUNNER_ARCH".into(), "RISCV64".into());
    assert!(runner.run().said("error")[0].contains("build-from-source"));
}

#[test]
fn every_target_of_the_release_workflow_can_be_installed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = fs::read_to_string(root.join("action/run.sh")).expect("run.sh");
    let workflow = fs::read_to_string(root.join(".github/workflows/release.yml")).expect("release.yml");
    let targets: Vec<&str> =
        workflow.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("target: ")).collect();
    assert_eq!(targets.len(), 5, "{targets:?}");
    for target in targets {
        assert!(script.contains(&format!("echo {target} ")), "run.sh does not know {target}");
    }
}

#[test]
fn the_source_is_built_only_when_asked() {
    let runner = Runner::new("source").with("binary", "").with("build-from-source", "true");
    let cargo = format!(
        "#!/usr/bin/env bash\n[ \"$*\" = \"install --locked --quiet --path {0} --root ${{*: -1}}\" ]\nmkdir -p \"${{*: -1}}/bin\"\n\
         printf '#!/bin/sh\\necho k8sready {VERSION}\\n' >\"${{*: -1}}/bin/k8sready\"; chmod +x \"${{*: -1}}/bin/k8sready\"\n",
        runner.action.display()
    );
    script(&runner.programs.join("cargo"), &cargo);
    let outcome = runner.run();
    assert_eq!(outcome.code, 0, "{}", outcome.log);
}

#[test]
fn a_binary_that_is_not_there_is_an_error() {
    let outcome = Runner::new("absent").with("binary", "tools/k8sready").run();
    assert!(outcome.said("error")[0].contains("is no executable file"), "{:?}", outcome.obeyed);
}
