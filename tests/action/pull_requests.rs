//! What a pull request is compared with, and whose configuration is believed.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::repository::Repository;
use crate::runner::Runner;

const ZERO: &str = "0000000000000000000000000000000000000000";

fn changed() -> Repository {
    let repository = Repository::boutique();
    repository
        .pull_request(|here| fs::write(here.path("note.txt"), "x").expect("written"), Some(("main.txt", "later")));
    repository
}

fn fake(repository: &Repository, name: &str, head: &str) -> Runner {
    repository.runner(name, head).with_fake(0, "", &[])
}

fn rev_parse(runner: &Runner, what: &str) -> String {
    let done = Command::new("git")
        .args(["rev-parse", "--verify", what])
        .current_dir(&runner.workspace)
        .output()
        .expect("git runs");
    String::from_utf8_lossy(&done.stdout).trim().to_string()
}

fn flag(runner: &Runner, name: &str) -> Option<String> {
    let prefix = format!("--{name}=");
    runner.arguments().iter().find_map(|word| word.strip_prefix(&prefix)).map(String::from)
}

fn has(runner: &Runner, word: &str) -> bool {
    runner.arguments().iter().any(|argument| argument == word)
}

#[test]
fn a_pull_request_is_compared_with_what_it_was_merged_into() {
    let runner = fake(&changed(), "merged", "team/shop");
    assert_eq!(rev_parse(&runner, "HEAD^1"), "", "the checkout is one commit deep");
    let outcome = runner.run();
    let base = flag(&runner, "since").expect("--since");
    assert_eq!(base, rev_parse(&runner, "HEAD^1"), "{}", outcome.log);
    assert_ne!(json!(base), runner.github["event"]["pull_request"]["base"]["sha"], "main has moved on since");
    assert!(outcome.said("warning").is_empty());
}

#[test]
fn a_checkout_of_the_branch_itself_is_compared_with_the_events_base() {
    let mut runner = fake(&changed(), "branch", "team/shop");
    runner.github["sha"] = json!("1111111111111111111111111111111111111111");
    runner.run();
    assert_eq!(
        flag(&runner, "since").map(Value::from),
        Some(runner.github["event"]["pull_request"]["base"]["sha"].clone())
    );
}

#[test]
fn without_a_base_all_findings_count_and_a_warning_says_so() {
    let repository = changed();
    let runner = fake(&repository, "no-server", "team/shop").with("config", "gate.yaml").with("baseline", "old.txt");
    repository.take_server_away();
    let outcome = runner.run();
    assert_eq!(flag(&runner, "since"), None);
    assert_eq!(outcome.said("warning").len(), 1, "{:?}", outcome.obeyed);
    assert!(outcome.said("warning")[0].contains("all findings count"));
    assert_eq!(flag(&runner, "config").as_deref(), Some("gate.yaml"), "the team's own branch is believed");
    assert_eq!(flag(&runner, "baseline").as_deref(), Some("old.txt"));
}

#[test]
fn a_push_is_compared_with_nothing_unless_asked() {
    let repository = changed();
    let mut runner = fake(&repository, "push", "team/shop");
    let before = runner.github["event"]["pull_request"]["base"]["sha"].clone();
    runner.github["event_name"] = json!("push");
    runner.github["event"] = json!({ "before": before });
    runner.run();
    assert_eq!(flag(&runner, "since"), None);
    let runner = runner.with("only-new", "true");
    runner.run();
    assert_eq!(flag(&runner, "since").map(Value::from), Some(before));
}

#[test]
fn a_new_branch_has_no_base() {
    let mut runner = fake(&changed(), "new-branch", "team/shop").with("only-new", "true");
    runner.github["event_name"] = json!("push");
    runner.github["event"] = json!({ "before": ZERO });
    let outcome = runner.run();
    assert_eq!(flag(&runner, "since"), None);
    assert_eq!(outcome.said("warning").len(), 1);
}

#[test]
fn a_merge_group_is_compared_with_its_base() {
    let mut runner = fake(&changed(), "group", "team/shop");
    let base = runner.github["event"]["pull_request"]["base"]["sha"].clone();
    runner.github["event_name"] = json!("merge_group");
    runner.github["event"] = json!({ "merge_group": { "base_sha": base } });
    runner.run();
    assert_eq!(flag(&runner, "since").map(Value::from), Some(base));
}

#[test]
fn only_new_can_be_switched_off() {
    let runner = fake(&changed(), "off", "team/shop").with("only-new", "false");
    runner.run();
    assert_eq!(flag(&runner, "since"), None);
}

#[test]
fn a_base_that_is_no_commit_hash_is_not_used() {
    let mut runner = fake(&changed(), "forged", "team/shop");
    runner.github["sha"] = json!("");
    for forged in ["--upload-pack=touch INJECTED", "main", "$(touch INJECTED)", ""] {
        runner.github["event"]["pull_request"]["base"]["sha"] = json!(forged);
        let outcome = runner.run();
        assert_eq!(flag(&runner, "since"), None, "{forged}");
        assert_eq!(outcome.said("warning").len(), 1, "{forged}");
        assert!(!runner.workspace.join("INJECTED").exists());
    }
}

#[test]
fn the_teams_own_branches_are_believed() {
    let runner = fake(&changed(), "own", "team/shop");
    runner.run();
    assert!(!has(&runner, "--config-from=base") && !has(&runner, "--disallow-annotations"));
}

#[test]
fn a_fork_is_judged_by_the_base_commits_configuration() {
    for head in [json!("mallory/shop"), Value::Null] {
        let mut runner = fake(&changed(), "fork", "").with("config", "gate.yaml");
        runner.github["event"]["pull_request"]["head"]["repo"]["full_name"] = head;
        runner.run();
        assert!(has(&runner, "--config-from=base") && has(&runner, "--disallow-annotations"));
        assert!(flag(&runner, "since").is_some());
        assert_eq!(flag(&runner, "config").as_deref(), Some("gate.yaml"));
    }
}

/// k8sready takes this for a revision that cannot be had: no configuration of the repository, all findings.
#[test]
fn a_fork_without_a_base_is_still_not_believed() {
    let repository = changed();
    let runner = fake(&repository, "fork-alone", "mallory/shop");
    repository.take_server_away();
    let outcome = runner.run();
    assert!(has(&runner, "--config-from=base") && has(&runner, "--disallow-annotations"));
    assert_eq!(flag(&runner, "since").as_deref(), Some(ZERO));
    assert_eq!(outcome.said("warning").len(), 1, "{:?}", outcome.obeyed);
    let runner = fake(&changed(), "fork-all", "mallory/shop").with("only-new", "false");
    runner.run();
    assert!(has(&runner, "--config-from=base"));
    assert_eq!(flag(&runner, "since").as_deref(), Some(ZERO), "all findings count");
}

#[test]
fn whose_configuration_counts_can_be_chosen() {
    let runner = fake(&changed(), "base", "team/shop").with("config-from", "base");
    runner.run();
    assert!(has(&runner, "--config-from=base"));
    let runner = fake(&changed(), "head", "mallory/shop").with("config-from", "head");
    runner.run();
    assert!(!has(&runner, "--config-from=base"));
}

#[test]
fn private_repositories_are_fetched_with_the_token_where_the_checkout_left_none() {
    let runner = fake(&changed(), "private", "team/shop");
    // Fetches only with the header, as a server of private repositories, and shows what stands in the process list.
    let real = std::env::var("PATH").expect("PATH");
    let git = format!(
        "#!/usr/bin/env bash\nPATH='{real}'\nprintf '%s\\n' \"$*\" >>{}/git-log\ncase \" $* \" in *\" fetch \"*)\n\
         [ \"${{GIT_CONFIG_KEY_0:-}}\" = http.https://github.com/.extraheader ] || exit 1\n\
         [ \"$GIT_CONFIG_VALUE_0\" = \"AUTHORIZATION: basic $(printf x-access-token:t0ken | base64)\" ] || exit 1\n\
         unset GIT_CONFIG_COUNT;; esac\nexec git \"$@\"\n",
        runner.programs.display()
    );
    crate::runner::script(&runner.programs.join("git"), &git);
    runner.run();
    assert!(flag(&runner, "since").is_some());
    let shown = fs::read_to_string(runner.programs.join("git-log")).expect("git ran");
    assert!(shown.contains(" fetch ") && !shown.contains("AUTHORIZATION"), "{shown}");
}
