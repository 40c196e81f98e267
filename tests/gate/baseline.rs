//! `baseline write`, `baseline check`, `audit --baseline`.

use crate::repository::{PRIVILEGED, Repository, deployment};

fn repository() -> Repository {
    Repository::new(&[("apps/web.yaml", &deployment("web", PRIVILEGED)), ("apps/cart.yaml", &deployment("cart", ""))])
}

#[test]
fn what_is_accepted_does_not_fail_and_what_is_added_does() {
    let repository = repository();
    assert_eq!(repository.audit(&[]).code, 1, "there is something to accept");
    let wrote = repository.run(&["baseline", "write", "accepted.txt"]);
    assert_eq!(wrote.code, 0, "{}{}", wrote.stdout, wrote.stderr);
    let accepted = repository.audit(&["--baseline", "accepted.txt"]);
    assert_eq!((accepted.code, accepted.news()), (0, vec![]));
    let full = repository.run(&["audit", "--baseline", "accepted.txt"]);
    let last = full.stdout.lines().find(|line| line.contains("baselined"));
    assert!(last.is_some_and(|line| line.starts_with("0 findings, ")), "counted: {}", full.stdout);

    repository.write("db/db.yaml", &deployment("db", PRIVILEGED));
    let more = repository.audit(&["--baseline", "accepted.txt"]);
    assert_eq!(more.code, 1);
    assert!(more.news().iter().all(|finding| finding.contains("db/db.yaml")), "{:?}", more.news());
}

#[test]
fn it_is_sorted_one_finding_a_line_and_the_same_from_any_folder() {
    let repository = repository();
    repository.run(&["baseline", "write", "a.txt"]);
    repository.run(&["baseline", "write", "a.txt"]);
    repository.run_in("apps", &["baseline", "write", "../b.txt", "."]);
    repository.run_in("apps", &["baseline", "write", "../c.txt", "web.yaml", "./../apps/cart.yaml"]);
    let text = repository.read("a.txt");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let rule = |line: &&str| line.split(' ').nth(1).unwrap().to_string();
    assert!(lines.len() > 5 && lines.iter().map(rule).is_sorted(), "{text}");
    assert!(lines.iter().any(|line| line.ends_with(" privileged-container apps/web.yaml Deployment/web")), "{text}");
    assert_eq!(text, repository.read("b.txt"));
    assert_eq!(text, repository.read("c.txt"));
}

#[test]
fn lines_and_other_files_may_move_without_anything_being_new() {
    let repository = repository();
    repository.run(&["baseline", "write", "a.txt"]);
    repository.write("apps/web.yaml", &format!("# a comment\n\n{}", deployment("web", PRIVILEGED)));
    repository.write("other/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m }\n");
    assert_eq!(repository.audit(&["--baseline", "a.txt"]).news(), Vec::<String>::new());
}

#[test]
fn stale_lines_are_reported_and_listed() {
    let repository = repository();
    repository.run(&["baseline", "write", "a.txt"]);
    assert_eq!(repository.run(&["baseline", "check", "a.txt"]).code, 0);
    repository.write("apps/web.yaml", &deployment("web", ""));
    let audit = repository.audit(&["--baseline", "a.txt"]);
    let stale = audit.problems().into_iter().filter(|problem| problem.starts_with("stale-baseline: ")).count();
    assert_eq!(stale, 1, "{:?}", audit.problems());
    let check = repository.run(&["baseline", "check", "a.txt"]);
    assert_eq!(check.code, 1);
    assert!(check.stdout.contains("stale: privileged-container apps/web.yaml Deployment/web\n"), "{}", check.stdout);
    // A rule that did not run says nothing about its lines.
    assert_eq!(repository.run(&["baseline", "check", "a.txt", "--select", "disruption"]).code, 0);
}

#[test]
fn a_baseline_that_cannot_be_used_is_the_user_s_business() {
    let repository = repository();
    let missing = repository.audit(&["--baseline", "none.txt"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("baseline write none.txt"), "{}", missing.stderr);
    repository.write("torn.txt", "<<<<<<< ours\n");
    let torn = repository.audit(&["--baseline", "torn.txt"]);
    assert_eq!(torn.code, 2);
    assert!(torn.stderr.contains("line 1"), "{}", torn.stderr);
}
