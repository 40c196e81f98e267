//! The program itself: exit codes, what it says and to whom, and how it ends.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::cluster::cluster;
use super::server::{Action, Server};

/// The program, with nothing of the surroundings that could name a cluster.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_k8sready"));
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    command.env("HOME", home).env_remove("KUBECONFIG").env_remove("KUBERNETES_SERVICE_HOST");
    command.env("K8SREADY_AS_OF", "2026-11-24").current_dir(home);
    command
}

fn run(args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = program().args(args).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

fn live<'a>(kubeconfig: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["audit", "--live", "--kubeconfig", kubeconfig], more].concat()
}

fn path(server: &Server) -> String {
    server.kubeconfig().display().to_string()
}

#[test]
fn a_cluster_that_cannot_be_reached_is_exit_code_five() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = super::server::kubeconfig(&folder, "http://127.0.0.1:1");
    let (code, stdout, stderr) = run(&live(&kubeconfig.display().to_string(), &["-f", "json"]));
    assert_eq!((code, stdout.as_str()), (5, ""), "{stderr}");
    assert!(stderr.contains("cannot be reached") && stderr.contains("help:"), "{stderr}");
}

#[test]
fn no_cluster_is_guessed() {
    let (code, _, stderr) = run(&["audit", "--live"]);
    assert_eq!(code, 5, "{stderr}");
    assert!(stderr.contains("--kubeconfig"), "{stderr}");
}

#[test]
fn one_line_says_which_cluster_it_is() {
    let server = Server::start(|_| None);
    let kubeconfig = path(&server);
    let (code, stdout, stderr) = run(&live(&kubeconfig, &["-f", "json", "--allow-empty"]));
    assert_eq!(stderr, format!("cluster bad via context test, as me, v1.37.0-test ({})\n", server.url));
    assert!(stdout.starts_with('{') && code != 5, "{code}: {stdout}");
    let (_, _, stderr) = run(&live(&kubeconfig, &["-q", "--allow-empty"]));
    assert_eq!(stderr, "", "quiet");
    assert_eq!(server.count("secrets"), 0, "secrets were asked for: {:?}", server.asked());
    assert_eq!(server.count("/proxy"), 0, "a proxy was asked: {:?}", server.asked());
}

#[test]
fn a_cluster_and_paths_exclude_each_other() {
    let (code, _, stderr) = run(&["audit", "--live", "."]);
    assert_eq!(code, 2, "{stderr}");
    let (code, _, stderr) = run(&["audit", "--context", "prod"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("--live"), "{stderr}");
}

#[test]
fn a_configuration_file_cannot_choose_a_cluster() {
    for key in ["kubeconfig: k", "context: prod", "live: true", "server: https://x", "execPlugins: allow"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("k8sready.yaml"), format!("{key}\n")).unwrap();
        let output = program().arg("audit").current_dir(folder.path()).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{key}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once_and_leaves_no_report() {
    let server = Server::start(|asked| asked.target.contains("limit=").then_some(Action::Hang));
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let output = format!("json={}", report.display());
    let kubeconfig = path(&server);
    let mut child = program()
        .args(live(&kubeconfig, &["--output", &output, "--request-timeout", "10m", "--timeout", "10m"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    while server.count("limit=") == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_real_cluster_is_audited() {
    let Some(cluster) = super::real::filled() else { return };
    let kubeconfig = cluster.settings("admin").kubeconfig.named.expect("a kubeconfig");
    let kubeconfig = kubeconfig.display().to_string();
    let (code, stdout, stderr) = run(&live(&kubeconfig, &["-f", "json"]));
    assert_eq!(code, 1, "there are findings: {stderr}");
    let report: serde_json::Value = serde_json::from_str(&stdout).expect("a report");
    let results = report["results"].as_array().expect("results");
    let single = results.iter().find(|result| {
        result["rule"] == "single-replica"
            && result["subject"]["namespace"] == "shop"
            && result["subject"]["name"] == "web"
    });
    assert_eq!(single.expect("shop/web runs one replica")["location"]["source"], "live");
    assert!(!stdout.contains("hunter2"), "the Secret's value is in the report");
    let (_, again, _) = run(&live(&kubeconfig, &["-f", "json"]));
    let undated = |text: &str| text.lines().filter(|line| !line.contains("\"takenAt\"")).collect::<Vec<_>>().join("\n");
    assert!(undated(&stdout) == undated(&again), "the same cluster, another report: {}", difference(&stdout, &again));
}

#[test]
fn the_roles_that_are_printed_are_enough() {
    let Some(cluster) = super::real::filled() else { return };
    let (_, roles, _) = run(&["rbac"]);
    let group = "rbac.authorization.k8s.io";
    let subjects = json!([{"apiGroup": group, "kind": "User", "name": "auditor"}]);
    let mut objects = Vec::new();
    for role in serde_saphyr::from_multiple::<serde_json::Value>(&roles).expect("YAML") {
        let (kind, name) = (role["kind"].as_str().expect("a kind"), role["metadata"]["name"].clone());
        let namespace =
            role["metadata"]["namespace"].as_str().map(|name| format!("namespaces/{name}/")).unwrap_or_default();
        let path = format!("/apis/{group}/v1/{namespace}{}", kind.to_lowercase());
        let reference = json!({"apiGroup": group, "kind": kind, "name": name});
        let binding = json!({
            "apiVersion": role["apiVersion"], "kind": format!("{kind}Binding"), "metadata": role["metadata"],
            "roleRef": reference, "subjects": subjects,
        });
        objects.extend([(format!("{path}s"), role), (format!("{path}bindings"), binding)]);
    }
    cluster.create(&objects);
    let kubeconfig = |user: &str| cluster.settings(user).kubeconfig.named.expect("a kubeconfig").display().to_string();
    let (code, stdout, stderr) = run(&live(&kubeconfig("auditor"), &["--preflight", "--require-complete"]));
    assert_eq!(code, 0, "{stdout}{stderr}");
    let unknown = |user: &str| {
        let (_, stdout, stderr) = run(&live(&kubeconfig(user), &["-f", "json"]));
        let report: serde_json::Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("no report: {stderr}"));
        let results = report["results"].as_array().expect("results").clone();
        results.into_iter().filter(|result| result["status"] == "unknown").collect::<Vec<_>>()
    };
    assert_eq!(unknown("auditor"), unknown("admin"), "an administrator knows more");
}

#[test]
fn a_snapshot_is_judged_like_the_cluster() {
    let Some(cluster) = super::real::filled() else { return };
    let kubeconfig = cluster.settings("admin").kubeconfig.named.expect("a kubeconfig").display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.json.gz").display().to_string();
    let (code, stdout, stderr) = run(&["snapshot", "--kubeconfig", &kubeconfig, "-o", &file]);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.starts_with("cluster real via context admin"), "{stderr}");
    let (_, kept, stderr) = run(&["audit", "--snapshot", &file, "-f", "json"]);
    let (_, seen, _) = run(&live(&kubeconfig, &["-f", "json"]));
    let results = |text: &str| {
        let report: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("no report: {stderr}"));
        report["results"].to_string().replace(r#""source":"snapshot""#, r#""source":"live""#)
    };
    assert!(results(&kept) == results(&seen), "another verdict: {}", difference(&kept, &seen));
    let (code, _, stderr) = run(&["snapshot", "--server", "http://127.0.0.1:1", "-o", &format!("{file}.none")]);
    assert_eq!(code, 5, "{stderr}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left of a scan that failed");
}

#[test]
fn a_preflight_says_what_is_lacking() {
    let Some(_) = super::real::filled() else { return };
    let cluster = cluster().expect("it is filled");
    let preflight = |user: &str, more: &[&str]| {
        let kubeconfig = cluster.settings(user).kubeconfig.named.expect("a kubeconfig").display().to_string();
        run(&live(&kubeconfig, &[&["--preflight"], more].concat()))
    };
    let (code, stdout, stderr) = preflight("admin", &["--require-complete"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert!(stdout.contains("allowed    list deployments.apps\n") && !stdout.contains("forbidden"), "{stdout}");
    let (code, stdout, _) = preflight("tenant", &["--require-complete"]);
    assert_eq!(code, 3, "{stdout}");
    assert!(stdout.contains("forbidden  list deployments.apps\n") && stdout.contains("single-replica: "), "{stdout}");
    let (_, stdout, _) = preflight("tenant", &["-n", "tenant-a"]);
    assert!(stdout.contains("allowed    list deployments.apps in tenant-a\n"), "{stdout}");
}

/// The first lines that differ.
fn difference(one: &str, other: &str) -> String {
    let lines = one.lines().zip(other.lines()).filter(|(one, other)| one != other);
    lines.take(5).map(|(one, other)| format!("{one} / {other}\n")).collect()
}

#[test]
fn whoever_may_read_nothing_gets_a_report_of_unknowns() {
    let Some(cluster) = cluster() else { return };
    let kubeconfig = cluster.settings("nobody").kubeconfig.named.expect("a kubeconfig");
    let kubeconfig = kubeconfig.display().to_string();
    let (code, stdout, stderr) = run(&live(&kubeconfig, &["-f", "json", "--require-complete"]));
    assert_eq!(code, 3, "{stderr}");
    let report: serde_json::Value = serde_json::from_str(&stdout).expect("a report");
    let results = report["results"].as_array().expect("results");
    let failed: Vec<_> = results.iter().filter(|result| result["status"] == "fail").collect();
    assert!(failed.is_empty(), "what was not seen cannot fail: {failed:?}");
    assert!(results.iter().any(|result| result["reason"]["code"] == "forbidden"), "{results:?}");
}
