//! Input made to hurt: every one ends in trees and problems, on a small stack.

use std::sync::Arc;
use std::thread;

use k8sready::syntax::{Format, Read, read};
use k8sready::vocabulary::{ProblemKind, SourceId};

/// Reads on a thread whose stack would not survive recursion in proportion to the input.
fn read_on_small_stack(format: Format, text: String) -> Read {
    let work = move || read(format, SourceId(0), &Arc::from(text));
    thread::Builder::new().stack_size(256 << 10).spawn(work).unwrap().join().unwrap()
}

fn kinds(format: Format, text: impl Into<String>) -> Vec<ProblemKind> {
    read_on_small_stack(format, text.into()).problems.into_iter().map(|problem| problem.kind).collect()
}

fn alias_bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
    for n in 1..10 {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{aliases}]\n"));
    }
    text
}

fn merge_bomb() -> String {
    let mut text = "a0: &a0 {k1: 1, k2: 2}\n".to_string();
    for n in 1..40 {
        let before = n - 1;
        text.push_str(&format!("a{n}: &a{n}\n  <<: [*a{before}, *a{before}]\n"));
    }
    text
}

#[test]
fn alias_and_merge_bombs_are_over_budget() {
    assert_eq!(kinds(Format::Yaml, alias_bomb()), [ProblemKind::BudgetExceeded]);
    assert_eq!(kinds(Format::Yaml, merge_bomb()), [ProblemKind::BudgetExceeded]);
}

#[test]
fn deep_nesting_is_over_budget() {
    let blocks =
        |line: &str, depth: usize| (0..depth).map(|n| format!("{}{line}\n", " ".repeat(n))).collect::<String>();
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(50_000) + "x",
        "? ".repeat(20_000),
        blocks("a:", 3_000),
    ] {
        assert_eq!(kinds(Format::Yaml, text.clone()), [ProblemKind::BudgetExceeded], "{}", &text[..20]);
    }
    for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        assert_eq!(kinds(Format::Json, text), [ProblemKind::BudgetExceeded]);
    }
    assert!(kinds(Format::Nginx, "a {".repeat(100_000)).contains(&ProblemKind::BudgetExceeded));
    assert!(kinds(Format::Keepalived, "a {\n".repeat(100_000)).contains(&ProblemKind::BudgetExceeded));
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    let text = format!("{}1{}", "[".repeat(128), "]".repeat(128));
    assert_eq!(kinds(Format::Yaml, text.clone()), []);
    assert_eq!(kinds(Format::Json, text), []);
}

#[test]
fn an_anchor_that_holds_itself_is_a_parse_error() {
    for text in ["a: &a [*a]\n", "&a {b: *a}\n", "&a [[[*a]]]\n", "a: &a\n  <<: *a\n", "&a ? *a\n: 1\n"] {
        assert_eq!(kinds(Format::Yaml, text), [ProblemKind::ParseError], "{text}");
    }
}

#[test]
fn nul_bytes_and_odd_indentation_are_parse_errors() {
    for text in ["a: \u{0}\n", "a:\n\t- b\n", "a: b: c\n", "\u{0}"] {
        assert_eq!(kinds(Format::Yaml, text), [ProblemKind::ParseError], "{text:?}");
    }
    assert_eq!(kinds(Format::Json, "{\"a\": \u{0}}"), [ProblemKind::ParseError]);
}

#[test]
fn large_but_honest_input_is_read() {
    for (name, text) in [
        ("one line of 5 MB", format!("a: {}\n", "x".repeat(5 << 20))),
        ("300,000 keys", (0..300_000).map(|n| format!("key{n}: v\n")).collect()),
        ("windows line ends", "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: [1,\r\n 2]\r\n".to_string()),
        ("escaped surrogates", "a: \"\\ud83d\\ude00\"\n".to_string()),
        ("a byte order mark", "\u{feff}a: 1\n".to_string()),
    ] {
        let found = read_on_small_stack(Format::Yaml, text);
        assert_eq!((found.trees.len(), found.problems), (1, vec![]), "{name}");
    }
}

#[test]
fn many_duplicates_cost_no_more_than_they_are() {
    let text: String = (0..60_000).map(|n| format!("k{}: v\n", n % 30_000)).collect();
    let found = read_on_small_stack(Format::Yaml, text);
    assert_eq!(found.problems.len(), 30_000);
    assert!(
        found.problems[0].message.ends_with("the value 30000 lines above is ignored"),
        "{}",
        found.problems[0].message
    );
}

#[test]
fn a_hundred_thousand_documents_are_the_limit() {
    let found = read_on_small_stack(Format::Yaml, "--- 1\n".repeat(100_002));
    assert_eq!(found.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [ProblemKind::BudgetExceeded]);
}

#[test]
fn endless_lines_end_line_readers() {
    for format in
        [Format::HAProxy, Format::Keepalived, Format::Nginx, Format::Ini, Format::SystemdUnit, Format::EnvFile]
    {
        for text in ["a=b \\\n".repeat(100_000), "global\n".repeat(100_000), "\"".repeat(100_000), "\\".repeat(100_001)]
        {
            read_on_small_stack(format, text);
        }
    }
}
