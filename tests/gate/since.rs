//! `audit --since` and `--config-from base`.

use std::process::Command;

use crate::repository::{PRIVILEGED, Repository, budget, deployment};

fn repository() -> Repository {
    let repository = Repository::new(&[
        ("apps/web.yaml", &deployment("web", "")),
        ("apps/web-pdb.yaml", &budget("web")),
        ("apps/cart.yaml", &deployment("cart", "")),
    ]);
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    repository
}

fn rules(new: &[String]) -> Vec<&str> {
    new.iter().map(|finding| finding.split(' ').next().unwrap()).collect()
}

#[test]
fn without_a_change_nothing_is_new_and_the_gate_is_open() {
    let repository = repository();
    assert_eq!(repository.audit(&["--fail-on", "medium"]).code, 1, "there are findings");
    let run = repository.audit(&["--since", "main", "--fail-on", "medium"]);
    assert_eq!((run.code, run.news()), (0, vec![]), "{:?}", run.problems());
    let compared = &run.json()["compared"];
    assert_eq!((&compared["with"], &compared["resolved"]), (&"main".into(), &0.into()));
    assert_eq!(compared["score"], run.json()["score"]["value"]);
}

#[test]
fn a_deleted_budget_is_new_on_the_workload_that_lost_it() {
    let repository = repository();
    repository.remove("apps/web-pdb.yaml");
    repository.commit();
    let run = repository.audit(&["--since", "main", "--fail-on", "medium"]);
    assert_eq!((run.code, run.news()), (1, vec!["pdb-missing apps/web.yaml:4".to_string()]));
}

#[test]
fn a_privileged_container_is_new_and_what_was_repaired_is_counted() {
    let repository = repository();
    repository.write("apps/cart-pdb.yaml", &budget("cart"));
    assert_eq!(repository.audit(&["--since", "main"]).json()["compared"]["resolved"], 1);
    repository.write("apps/cart.yaml", &deployment("cart", PRIVILEGED));
    let run = repository.audit(&["--since", "main"]);
    assert_eq!(run.code, 1);
    assert!(run.news().contains(&"privileged-container apps/cart.yaml:15".to_string()), "{:?}", run.news());
}

#[test]
fn it_does_not_matter_where_one_stands_or_how_files_are_named() {
    let repository = repository();
    repository.write("apps/cart.yaml", &deployment("cart", PRIVILEGED));
    let expected = repository.audit(&["--since", "main"]).news().len();
    let absolute = repository.path("apps");
    let spellings = [(".", "apps"), ("apps", "."), ("apps", "../apps"), (".", absolute.to_str().unwrap())];
    for (folder, path) in spellings {
        let run = repository.run_in(folder, &["audit", "--format", "json", "--since", "main", path]);
        assert_eq!(run.news().len(), expected, "{path} from {folder}: {:?} {:?}", run.news(), run.problems());
    }
}

#[test]
fn what_main_gained_since_is_not_held_against_the_branch() {
    let repository = repository();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("apps/cart-pdb.yaml", &budget("cart"));
    repository.commit();
    repository.git(&["checkout", "--quiet", "change"]);
    assert_eq!(repository.audit(&["--since", "main"]).news(), Vec::<String>::new(), "the merge base counts");
}

#[test]
fn environments_that_are_divided_anew_make_nothing_new() {
    let repository = repository();
    repository.write("copy/web.yaml", &deployment("web", ""));
    let new = repository.audit(&["--since", "main"]).news();
    assert!(new.iter().all(|finding| finding.contains("copy/")), "{new:?}");
}

#[test]
fn a_base_that_cannot_be_had_makes_everything_new_with_a_warning() {
    let repository = repository();
    let all = repository.audit(&[]);
    for base in ["no-such-branch", "--upload-pack=x", "0123456789012345678901234567890123456789"] {
        let since = format!("--since={base}");
        let run = repository.audit(&[&since]);
        assert_eq!((run.code, run.news()), (all.code, all.news()), "{base}");
        assert!(run.problems().iter().any(|problem| problem.starts_with("base-unavailable: ")), "{:?}", run.problems());
    }
}

#[test]
fn a_shallow_clone_that_holds_the_base_is_compared_with_it() {
    let repository = repository();
    repository.write("apps/cart.yaml", &deployment("cart", PRIVILEGED));
    repository.commit();
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", repository.root().display());
    let git = |arguments: &[&str]| {
        let status = Command::new("git").args(arguments).current_dir(clone.path()).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    };
    git(&["clone", "--quiet", "--depth=1", "--branch=change", &url, "."]);
    git(&["fetch", "--quiet", "--depth=1", "origin", "main:refs/heads/main"]);
    let run = Command::new(env!("CARGO_BIN_EXE_k8sready"))
        .args(["audit", "--format", "json", "--since", "main"])
        .current_dir(clone.path())
        .output()
        .unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(text.contains("compared with `main` itself"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let new: Vec<&serde_json::Value> = json["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["status"] == "fail" && result["new"] == true)
        .collect();
    assert!(!new.is_empty() && new.iter().all(|result| result["location"]["path"] == "apps/cart.yaml"), "{new:#?}");
}

/// A pull request from a fork that hides what it adds, in every way there is.
fn fork() -> Repository {
    let repository = repository();
    repository.write("apps/bad.yaml", &deployment("bad", PRIVILEGED));
    repository
}

fn is_caught(repository: &Repository, way: &str) {
    let run = repository.audit(&["--since", "main", "--config-from", "base"]);
    assert_eq!(run.code, 1, "{way}: {:?}", run.problems());
    assert!(run.news().contains(&"privileged-container apps/bad.yaml:15".to_string()), "{way}: {:?}", run.news());
}

#[test]
fn a_fork_cannot_hide_what_it_adds() {
    let ways: [(&str, &str, &str); 5] = [
        ("ignoring the rule", "k8sready.yaml", "ignore: [privileged-container]\n"),
        (
            "a suppression in the configuration",
            "k8sready.yaml",
            "suppress: [{ rule: privileged-container, reason: mine }]\n",
        ),
        (
            "a lower severity and an open gate",
            ".github/k8sready.yaml",
            "failOn: none\nseverity: { privileged-container: info }\n",
        ),
        ("an ignore file of ours", ".k8sreadyignore", "bad.yaml\n"),
        ("an ignore file of git", ".gitignore", "apps/bad.yaml\n"),
    ];
    for (way, path, text) in ways {
        let repository = fork();
        repository.write(path, text);
        is_caught(&repository, way);
    }
    let repository = fork();
    let hidden = deployment("bad", PRIVILEGED)
        .replace("privileged: true", "privileged: true # k8sready: ignore[privileged-container] mine");
    repository.write("apps/bad.yaml", &hidden);
    assert!(!rules(&repository.audit(&["--since", "main"]).news()).contains(&"privileged-container"), "trusted");
    is_caught(&repository, "a comment");
    let annotated = deployment("bad", PRIVILEGED).replacen(
        "  name: bad\n",
        "  name: bad\n  annotations: { k8sready.io/ignore: \"privileged-container: mine\" }\n",
        1,
    );
    repository.write("apps/bad.yaml", &annotated);
    let run = repository.audit(&["--since", "main", "--config-from", "base"]);
    assert!(rules(&run.news()).contains(&"privileged-container"), "an annotation: {:?}", run.news());
}

#[test]
fn the_configuration_and_the_baseline_of_the_base_count() {
    let repository = Repository::new(&[
        ("k8sready.yaml", "ignore: [privileged-container]\n"),
        ("apps/web.yaml", &deployment("web", "")),
    ]);
    repository.run(&["baseline", "write", "known.baseline"]);
    repository.commit();
    repository.git(&["checkout", "--quiet", "-b", "change"]);
    repository.write("k8sready.yaml", "profile: essential\n");
    repository.write("known.baseline", "");
    repository.write("apps/web.yaml", &deployment("web", PRIVILEGED));
    let flags = ["--since", "main", "--config-from", "base", "--baseline", "known.baseline"];
    let run = repository.audit(&flags);
    assert!(!rules(&run.news()).contains(&"privileged-container"), "the base ignores it: {:?}", run.news());
    let full = repository.run(&[&["audit", "-v"], &flags[..]].concat());
    assert!(full.stderr.contains("configuration: main:k8sready.yaml"), "{}", full.stderr);
    assert!(full.stdout.contains("baselined"), "{}", full.stdout);
}

#[test]
fn without_a_base_no_configuration_is_trusted() {
    let repository = fork();
    repository.write("k8sready.yaml", "ignore: [privileged-container]\n");
    let run = repository.audit(&["--since", "nowhere", "--config-from", "base"]);
    assert!(run.news().contains(&"privileged-container apps/bad.yaml:15".to_string()), "{:?}", run.news());
    assert_eq!(run.problems().iter().filter(|problem| problem.starts_with("base-unavailable: ")).count(), 2);
    assert_eq!(repository.audit(&["--config-from", "base"]).code, 2, "a base must be named");
}

#[test]
fn suppressions_in_files_do_not_hold_where_they_are_disallowed() {
    let repository = repository();
    let hidden = deployment("web", PRIVILEGED)
        .replace("privileged: true", "privileged: true # k8sready: ignore[privileged-container] mine");
    repository.write("apps/web.yaml", &hidden);
    assert!(!rules(&repository.audit(&[]).news()).contains(&"privileged-container"));
    let run = repository.audit(&["--disallow-annotations"]);
    assert!(rules(&run.news()).contains(&"privileged-container"));
    assert!(run.problems().iter().any(|problem| problem.contains("1 suppression in the audited files does not hold")));
}

#[test]
fn nothing_that_a_repository_configures_is_started() {
    let repository = repository();
    let marker = repository.path("started");
    let script = repository.path("run.sh");
    std::fs::write(&script, format!("#!/bin/sh\ntouch {}\ncat\n", marker.display())).unwrap();
    repository.git(&["update-index", "--chmod=+x", "--add", "run.sh"]);
    Command::new("chmod").arg("+x").arg(&script).status().unwrap();
    let program = script.to_str().unwrap();
    std::fs::create_dir_all(repository.path("hooks")).unwrap();
    for hook in ["post-checkout", "reference-transaction", "post-index-change"] {
        std::fs::copy(&script, repository.path("hooks").join(hook)).unwrap();
    }
    repository.write(".gitattributes", "*.yaml filter=evil diff=evil\n");
    repository.commit();
    let hooks = repository.path("hooks");
    for (key, value) in [
        ("core.fsmonitor", program),
        ("core.hooksPath", hooks.to_str().unwrap()),
        ("core.sshCommand", program),
        ("core.pager", program),
        ("filter.evil.smudge", program),
        ("filter.evil.clean", program),
        ("diff.evil.textconv", program),
        ("core.alternateRefsCommand", program),
        ("uploadpack.packObjectsHook", program),
    ] {
        repository.git(&["config", key, value]);
    }
    let _ = std::fs::remove_file(&marker);
    assert_eq!(repository.audit(&["--since", "main"]).code, 0);
    assert!(!marker.exists(), "something was started");
}
