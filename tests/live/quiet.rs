//! Without `--live` no socket is opened: every system call about the network is traced, and there must be none.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::binary::program;
use super::server;

/// The network calls of a run, or `None` where nothing can be traced here.
fn network_calls(args: &[&str], folder: &Path) -> Option<String> {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let plain = program();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o"]).arg(trace.path());
    traced.arg(plain.get_program()).args(args).current_dir(folder);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => traced.env(name, value),
            None => traced.env_remove(name),
        };
    }
    let ran = traced.output().ok().filter(|output| !is_refused(&output.stderr));
    if ran.is_none() {
        assert!(std::env::var_os("K8SREADY_NO_SKIPPED_TESTS").is_none(), "system calls cannot be traced here");
        // Past the capture of output: who reads the log must see what was left out.
        let _ = writeln!(std::io::stderr(), "no system calls are traced: strace is missing or may not trace");
        return None;
    }
    Some(std::fs::read_to_string(trace.path()).expect("a trace"))
}

/// Where tracing is not allowed, strace says so and the program may not even start.
fn is_refused(stderr: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stderr);
    text.lines().any(|line| line.starts_with("strace:"))
}

#[test]
fn nothing_but_a_scan_opens_a_socket() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let runs: &[&[&str]] = &[
        &["audit", "fixtures/projects/shop"],
        &["audit", "fixtures/projects/clusters", "--format", "sarif"],
        &["audit", "fixtures/projects/shop", "--since", "HEAD"],
        &["rules"],
        &["explain", "single-replica"],
        &["rbac"],
    ];
    for args in runs {
        let Some(calls) = network_calls(args, root) else { return };
        assert_eq!(calls, "", "`k8sready {}` uses the network", args.join(" "));
    }
}

#[test]
fn a_scan_does_open_one_so_the_trace_would_show_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = server::kubeconfig(&folder, "http://127.0.0.1:1").display().to_string();
    let args = ["audit", "--live", "--kubeconfig", &kubeconfig];
    let Some(calls) = network_calls(&args, folder.path()) else { return };
    assert!(calls.contains("socket(AF_INET"), "{calls}");
}
