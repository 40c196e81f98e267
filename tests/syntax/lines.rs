//! The line-oriented readers: the trees they make, and what they make of broken input.

use std::sync::Arc;

use k8sready::syntax::{Format, Read, read};
use k8sready::vocabulary::SourceId;

use crate::print::print;

fn parse(format: Format, text: &str) -> Read {
    read(format, SourceId(0), &Arc::from(text))
}

fn printed(format: Format, text: &str) -> String {
    let found = parse(format, text);
    assert_eq!(found.problems, [], "{text}");
    print(&found.trees[0])
}

fn messages(format: Format, text: &str) -> Vec<String> {
    parse(format, text).problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn haproxy_sections_and_lines_keep_their_places() {
    let text = "global\n  maxconn 5 # c\nbackend api from base\n  server 'a b' 10.0.0.1:6443 check\\ x\n  http-check \\\n    send\n";
    insta::assert_snapshot!(printed(Format::HAProxy, text));
}

#[test]
fn haproxy_reads_quotes_escapes_and_variables() {
    let text = "listen \"x\\\"y\"\n  bind \"${ADDR}:80\" '$ADDR' a\\#b \"q#r\"'s'\n";
    insta::assert_snapshot!(printed(Format::HAProxy, text));
}

#[test]
fn haproxy_names_a_quote_that_is_not_closed_and_goes_on() {
    let found = parse(Format::HAProxy, "backend a\n  server \"x\n  option y\n");
    assert_eq!(found.problems[0].message, "HAProxy configuration: a quote is not closed");
    assert_eq!(found.problems[0].place.unwrap().span.start, 19);
    assert!(print(&found.trees[0]).contains("\"option\""));
    assert_eq!(
        messages(Format::HAProxy, "server x\n"),
        ["HAProxy configuration: a line stands before the first section"]
    );
}

#[test]
fn keepalived_blocks_open_on_their_line_or_the_next() {
    let text = "vrrp_instance VI_1 {\n  state MASTER ! c\n  virtual_ipaddress\n  {\n    10.0.0.1/24 dev eth0\n  }\n}\n";
    insta::assert_snapshot!(printed(Format::Keepalived, text));
}

#[test]
fn nginx_entries_end_at_semicolons() {
    let text = "stream {\n  upstream api { server 10.0.0.1:6443\n    max_fails=3; }\n  log \"a;\\\"b\" ${x}y;\n}\n";
    insta::assert_snapshot!(printed(Format::Nginx, text));
}

#[test]
fn braces_that_do_not_match_are_named() {
    assert_eq!(messages(Format::Nginx, "a { b;\n"), ["configuration: a brace is not closed"]);
    assert_eq!(messages(Format::Nginx, "a; }\n"), ["configuration: a brace closes nothing"]);
    assert_eq!(messages(Format::Nginx, "a \"b;\n"), ["configuration: a quote is not closed"]);
    assert_eq!(messages(Format::Keepalived, "{ a\n}\n"), ["configuration: a block has no name"]);
    assert!(messages(Format::Nginx, &"a {".repeat(200)).iter().any(|message| message.contains("budget")));
}

#[test]
fn units_join_lines_and_keep_repeated_keys() {
    let text = "# c\n[Service]\nExecStart=\nExecStart=/usr/bin/etcd \\\n  # c\n  --name a\\\n\n[Unit]\nAfter = x\n";
    insta::assert_snapshot!(printed(Format::SystemdUnit, text));
}

#[test]
fn environment_files_lose_quotes_and_export() {
    let text = "export A=\"b c\"\nD='e'\nF=g#h\nI=\n";
    insta::assert_snapshot!(printed(Format::EnvFile, text));
}

#[test]
fn ini_lines_without_a_value_are_keys() {
    let text = "top=1\n[etcd:vars]\nnode1 ansible_host=10.0.0.1 ; x\nnode2\n";
    insta::assert_snapshot!(printed(Format::Ini, text));
}

#[test]
fn a_section_header_that_is_not_closed_is_named() {
    assert_eq!(messages(Format::Ini, "[a\nb=c\n"), ["section header is not closed with `]`"]);
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_a_line_reader(text in "[\\PC\n\r\t{};\"'\\\\#=\\[\\] $a]{0,60}") {
        for format in [Format::HAProxy, Format::Keepalived, Format::Nginx, Format::Ini, Format::SystemdUnit, Format::EnvFile] {
            for tree in parse(format, &text).trees {
                print(&tree);
                for id in 0..tree.len() {
                    let span = tree.node(k8sready::vocabulary::NodeId(id as u32)).span;
                    proptest::prop_assert!(text.get(span.range()).is_some(), "{format:?} {span:?}");
                }
            }
        }
    }
}
