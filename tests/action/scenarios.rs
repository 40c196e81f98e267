//! Pull requests to a small repository of services, from the checkout to the gate, with the k8sready of this build.

use std::fs;

use crate::repository::Repository;
use crate::runner::{Outcome, Runner};

const DEBUG_POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: debug
  namespace: boutique
spec:
  containers:
    - name: shell
      image: registry.example.com/tools/shell:1.0.0
      securityContext:
        privileged: true
";

/// Line of the only place in the file that holds the text.
fn line_of(runner: &Runner, file: &str, text: &str) -> usize {
    let lines = fs::read_to_string(runner.workspace.join(file)).expect("the file");
    let mut hits = lines.lines().enumerate().filter(|(_, line)| line.contains(text));
    let (index, _) = hits.next().unwrap_or_else(|| panic!("{file} has no `{text}`"));
    assert!(hits.next().is_none(), "{file} has `{text}` more than once");
    index + 1
}

/// `path:line rule` of every open result in the SARIF file that was uploaded.
fn alerts(outcome: &Outcome) -> Vec<String> {
    let sarif = &outcome.uploaded.as_ref().expect("an upload")["sarif"];
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let alert = |result: &serde_json::Value| {
        let place = &result["locations"][0]["physicalLocation"];
        let region = &place["region"];
        assert_eq!(region["startLine"], region["endLine"], "an alert on several lines is not shown");
        assert!(region.get("snippet").is_none(), "no text of the repository");
        let path = place["artifactLocation"]["uri"].as_str().expect("a path");
        format!("{path}:{} {}", region["startLine"], result["ruleId"].as_str().expect("a rule"))
    };
    results.iter().map(alert).collect()
}

fn add(repository: &Repository, file: &str, text: &str) {
    fs::write(repository.path(file), text).expect("written");
}

/// Removes the budget of the cart.
fn delete_budget(repository: &Repository) {
    let text = fs::read_to_string(repository.path("budgets.yaml")).expect("budgets");
    let (_, others) = text.split_once("---\n").expect("three budgets");
    add(repository, "budgets.yaml", others);
}

fn run(repository: &Repository, name: &str, head: &str) -> (Runner, Outcome) {
    let runner = repository.runner(name, head).with("annotations", "true");
    let outcome = runner.run();
    (runner, outcome)
}

#[test]
fn a_clean_project_passes_with_an_empty_upload_that_closes_alerts() {
    let repository = Repository::boutique();
    repository.pull_request(|here| add(here, "README.txt", "x"), None);
    let (_, outcome) = run(&repository, "clean", "team/shop");
    assert_eq!((outcome.code, outcome.output("findings"), outcome.output("grade")), (0, "0", "A"), "{}", outcome.log);
    assert_eq!(alerts(&outcome), Vec::<String>::new());
    assert_eq!(outcome.annotations(), Vec::<String>::new());
}

#[test]
fn a_deleted_budget_is_seen_although_the_workload_did_not_change() {
    let repository = Repository::boutique();
    repository.pull_request(delete_budget, None);
    let (runner, outcome) = run(&repository, "budget", "team/shop");
    let line = line_of(&runner, "services/cart.yaml", "kind: Deployment") + 2;
    assert_eq!(outcome.annotations(), [format!("warning services/cart.yaml:{line}")], "{}", outcome.log);
    assert_eq!((outcome.code, outcome.output("new-findings")), (1, "1"), "the team's gate is medium");
    assert_eq!(alerts(&outcome), [format!("services/cart.yaml:{line} pdb-missing")]);
    assert!(outcome.summary.contains("pdb-missing") && outcome.summary.contains("cart"), "{}", outcome.summary);
}

#[test]
fn a_privileged_pod_is_annotated_on_the_line_that_makes_it_so() {
    let repository = Repository::boutique();
    repository.pull_request(|here| add(here, "services/debug.yaml", DEBUG_POD), None);
    let (runner, outcome) = run(&repository, "pod", "team/shop");
    let line = line_of(&runner, "services/debug.yaml", "privileged: true");
    let annotations = outcome.annotations();
    assert!(annotations.contains(&format!("error services/debug.yaml:{line}")), "{annotations:?}");
    assert!(annotations.iter().all(|place| place.contains(" services/debug.yaml:")), "{annotations:?}");
    assert_eq!(outcome.code, 1);
    assert!(alerts(&outcome).iter().any(|alert| alert.starts_with(&format!("services/debug.yaml:{line} "))));
}

#[test]
fn a_fork_cannot_hide_what_it_adds() {
    let repository = Repository::boutique();
    let hide = |here: &Repository| {
        let pod = DEBUG_POD
            .replace("  name: debug\n", "  name: debug\n  annotations:\n    k8sready.io/ignore: \"*: trust me\"\n");
        add(
            here,
            "services/debug.yaml",
            &pod.replace("privileged: true", "privileged: true # k8sready: ignore[*] really"),
        );
        add(
            here,
            "k8sready.yaml",
            "failOn: none\nexclude: [\"services/**\"]\nsuppress:\n  - { rule: \"*\", reason: nothing to see }\n",
        );
        // Ignored and committed all the same.
        add(here, ".ignore", "services/\n");
    };
    repository.pull_request(hide, None);
    let (runner, outcome) = run(&repository, "hidden", "mallory/shop");
    let line = line_of(&runner, "services/debug.yaml", "privileged: true");
    assert_eq!(outcome.code, 1, "{}", outcome.log);
    assert!(
        outcome.annotations().contains(&format!("error services/debug.yaml:{line}")),
        "{:?}",
        outcome.annotations()
    );
}

#[test]
fn a_fork_whose_base_cannot_be_had_is_judged_by_the_defaults() {
    let repository = Repository::boutique();
    let hide = |here: &Repository| {
        add(here, "services/debug.yaml", DEBUG_POD);
        add(here, "k8sready.yaml", "failOn: none\nexclude: [\"services/**\"]\n");
    };
    repository.pull_request(hide, None);
    let runner = repository.runner("hidden-alone", "mallory/shop").with("annotations", "true");
    repository.take_server_away();
    let outcome = runner.run();
    assert_eq!(outcome.code, 1, "{}", outcome.log);
    assert!(!outcome.annotations().is_empty());
}

#[test]
fn what_main_had_before_is_not_the_pull_requests_fault() {
    let repository = Repository::boutique();
    repository.pull_request(|here| add(here, "README.txt", "x"), Some(("services/debug.yaml", DEBUG_POD)));
    let (_, outcome) = run(&repository, "old", "team/shop");
    assert_eq!((outcome.code, outcome.output("new-findings")), (0, "0"), "{}", outcome.log);
    assert_ne!(outcome.output("findings"), "0", "they are still counted");
    assert_eq!(outcome.annotations(), Vec::<String>::new());
}

#[test]
fn without_a_base_every_finding_counts() {
    let repository = Repository::boutique();
    repository.pull_request(|here| add(here, "README.txt", "x"), Some(("services/debug.yaml", DEBUG_POD)));
    let runner = repository.runner("all", "team/shop");
    repository.take_server_away();
    let outcome = runner.run();
    assert_eq!(outcome.code, 1, "never none: {}", outcome.log);
    assert_eq!(outcome.output("findings"), outcome.output("new-findings"));
}

#[test]
fn annotations_name_files_from_the_root_of_the_repository() {
    let repository = Repository::boutique();
    repository.pull_request(|here| add(here, "services/debug.yaml", DEBUG_POD), None);
    let runner = repository.runner("inside", "team/shop").with("working-directory", "services");
    let outcome = runner.with("annotations", "true").run();
    assert!(!outcome.annotations().is_empty(), "{}", outcome.log);
    for annotation in outcome.annotations() {
        assert!(annotation.contains(" services/"), "{annotation}");
    }
}

#[test]
fn hostile_names_of_objects_and_files_are_no_commands() {
    let repository = Repository::boutique();
    let hostile = |here: &Repository| {
        let pod = DEBUG_POD
            .replace("name: debug", "name: \"::add-mask::x\\n::error::forged\\r::set-output name=score::100\"");
        add(here, "services/::error::forged,line=1.yaml", &pod);
        add(
            here,
            "services/a\u{202e}b%0A::error::c.yaml",
            &pod.replace("name: shell", "name: \"\\e]8;;http://evil\\a@everyone|\""),
        );
    };
    repository.pull_request(hostile, None);
    let (_, outcome) = run(&repository, "hostile", "team/shop");
    assert!(outcome.annotations().len() >= 2, "{}", outcome.log);
    for command in &outcome.obeyed {
        assert!(["error", "warning", "notice"].contains(&command.kind.as_str()), "{command:?}");
        assert!(!command.message.starts_with("forged") && !command.message.contains('\u{202e}'), "{command:?}");
    }
    assert_ne!(outcome.output("score"), "100");
    assert!(!outcome.summary.contains("@everyone|") && !outcome.summary.contains('\u{1b}'), "{}", outcome.summary);
}
