//! What scripts call.

use std::fmt::Write;

use k8sready::values::{Separator, ShellCommand, shell_commands};
use proptest::prelude::*;

fn show(command: &ShellCommand) -> String {
    let mut line = "+".repeat(command.depth.into());
    for assignment in &command.assignments {
        write!(line, " !{}", assignment.text).unwrap();
    }
    for word in &command.words {
        write!(line, " [{}]", word.text).unwrap();
    }
    for redirect in &command.redirects {
        write!(line, " {}{}", redirect.operator, redirect.target.text).unwrap();
    }
    let separator = match command.then {
        Separator::Sequence => ";",
        Separator::And => "&&",
        Separator::Or => "||",
        Separator::Pipe => "|",
        Separator::Background => "&",
    };
    format!("{line} {separator}").trim_start().replace('\n', "↵")
}

#[test]
fn scripts_split_into_the_commands_they_call() {
    let cases: Vec<&str> = include_str!("shellwords.txt").split("---\n").skip(1).collect();
    assert!(cases.len() > 5, "the case file is read");
    for case in cases {
        let (script, expected) = case.split_once("=>\n").unwrap();
        let found: Vec<String> = shell_commands(script).iter().map(show).collect();
        assert_eq!(found, expected.lines().collect::<Vec<_>>(), "{script}");
    }
}

#[test]
fn words_say_where_they_stand_and_where_their_text_does() {
    let script = "cp '/a b'  \"/c\" d\\ e";
    let command = &shell_commands(script)[0];
    let spans: Vec<&str> = command.words.iter().map(|word| &script[word.span.range()]).collect();
    assert_eq!(spans, ["cp", "'/a b'", "\"/c\"", "d\\ e"]);
    let inner: Vec<Option<&str>> = command.words.iter().map(|word| Some(&script[word.inner?.range()])).collect();
    assert_eq!(inner, [Some("cp"), Some("/a b"), Some("/c"), None]);
}

#[test]
fn a_here_document_is_text_of_its_redirection() {
    let script = "cat <<A <<B\none\nA\ntwo\nB\nls";
    let commands = shell_commands(script);
    let bodies: Vec<&str> = commands[0].redirects.iter().map(|r| &script[r.body.unwrap().range()]).collect();
    assert_eq!(bodies, ["one\n", "two\n"]);
    assert_eq!(commands[1].program(), Some("ls"));
}

#[test]
fn programs_are_named_without_their_directory() {
    assert_eq!(shell_commands("/usr/local/bin/etcdctl version")[0].program(), Some("etcdctl"));
    assert_eq!(shell_commands("A=1")[0].program(), None);
}

#[test]
fn deep_nesting_ends_in_text() {
    let deep = "$(\"".repeat(10_000);
    assert!(shell_commands(&deep).iter().all(|command| command.depth <= 8));
    assert!(shell_commands(&"(`${".repeat(10_000)).len() < 100_000);
}

proptest! {
    #[test]
    fn every_text_is_split_and_every_span_lies_in_it(text in "[a-z '\"\\\\$(){}`;&|<>#\n=é-]{0,60}") {
        for command in shell_commands(&text) {
            for word in command.words.iter().chain(&command.assignments) {
                prop_assert!(text.get(word.span.range()).is_some());
                if let Some(inner) = word.inner {
                    prop_assert_eq!(&text[inner.range()], &word.text);
                }
            }
        }
    }

    #[test]
    fn quoted_words_come_back(words in proptest::collection::vec("[^'\\x00]{1,12}", 1..5)) {
        let script = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let found: Vec<String> = shell_commands(&format!("echo {script}"))[0].words.iter().skip(1).map(|w| w.text.clone()).collect();
        prop_assert_eq!(found, words);
    }
}
