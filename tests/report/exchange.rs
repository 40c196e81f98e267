//! The formats for other people's servers, read back the way those servers read them.

use std::collections::{BTreeMap, BTreeSet};

use k8sready::report::{Finding, Format, Report, Status, Style, escape};
use k8sready::vocabulary::Severity;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use crate::any::any_report;
use crate::render;
use crate::sample::sample;

/// A workflow command as GitHub's runner reads it.
#[derive(Debug, PartialEq)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    message: String,
}

fn unescaped(text: &str, pairs: &[(&str, &str)]) -> String {
    let text = pairs.iter().fold(text.to_string(), |text, (code, sign)| text.replace(code, sign));
    text.replace("%25", "%")
}

/// The runner's rules: a line that begins with `::`; the name up to a blank, properties by comma up to `::`, then data.
fn command(line: &str) -> Option<Command> {
    let (head, data) = line.trim_start().strip_prefix("::")?.split_once("::")?;
    let (name, list) = head.split_once(' ').unwrap_or((head, ""));
    let in_data = [("%0D", "\r"), ("%0A", "\n")];
    let in_properties = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")];
    let pairs = list.split(',').filter_map(|pair| pair.split_once('='));
    Some(Command {
        name: name.to_string(),
        properties: pairs.map(|(key, value)| (key.to_string(), unescaped(value, &in_properties))).collect(),
        message: unescaped(data, &in_data),
    })
}

fn open(report: &Report) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.is_open_failure()).collect()
}

#[test]
fn formats_of_the_sample() {
    let (mut report, texts) = sample();
    report.findings[2].new = false;
    report.counts.known = 1;
    let style = Style {
        uri_prefix: "infra/".to_string(),
        link_base: Some("https://example.org/shop/blob/0a1b2c/".to_string()),
        ..Style::default()
    };
    for format in [Format::Github, Format::Gitlab, Format::Junit, Format::Markdown] {
        insta::assert_snapshot!(format!("sample_as_{format}"), render(format, &report, &texts, &style));
    }
}

#[test]
fn annotations_beyond_what_the_runner_keeps_are_counted_and_the_worst_are_first() {
    let (mut report, texts) = sample();
    let of = |severity| Finding { severity, ..report.findings[0].clone() };
    let mut findings = vec![of(Severity::High); 12];
    findings.extend(vec![of(Severity::Low); 12]);
    findings.push(of(Severity::Critical));
    report.findings = findings;
    report.problems.clear();
    let text = render(Format::Github, &report, &texts, &Style::default());
    let commands: Vec<Command> = text.lines().filter_map(command).collect();
    let count = |name: &str| commands.iter().filter(|command| command.name == name).count();
    assert_eq!((count("error"), count("warning"), count("notice")), (10, 0, 10), "{text}");
    assert!(commands[0].properties["title"].starts_with("critical: "), "{text}");
    assert_eq!(commands.last().unwrap().message, "6 more not annotated: see the summary or the log");
    assert_eq!(text.lines().last().unwrap().rsplit(", ").next(), Some("6 not shown"));
}

/// What GitLab documents as required of a code quality report.
fn code_quality_schema() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "additionalProperties": false,
            "properties": {
                "description": { "type": "string" },
                "check_name": { "type": "string", "pattern": "^k8sready/[a-z0-9-]+$" },
                "fingerprint": { "type": "string", "minLength": 1 },
                "severity": { "enum": ["info", "minor", "major", "critical", "blocker"] },
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": { "type": "string", "not": { "pattern": "^\\./" } },
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": { "begin": { "type": "integer", "minimum": 1 } }
                        }
                    }
                }
            }
        }
    })
}

#[test]
fn what_does_not_fail_the_gate_is_no_failed_test() {
    let (mut report, texts) = sample();
    for (fail_on, failures) in [(Some(Severity::Critical), 2), (Some(Severity::Info), open(&report).len()), (None, 0)] {
        report.fail_on = fail_on;
        let text = render(Format::Junit, &report, &texts, &Style::default());
        let suites = junit_parser::from_reader(text.as_bytes()).expect("JUnit");
        assert_eq!(suites.failures as usize, failures, "{fail_on:?}");
    }
}

#[test]
fn a_clean_run_is_one_test_that_passes() {
    let (mut report, texts) = sample();
    report.findings.clear();
    let text = render(Format::Junit, &report, &texts, &Style::default());
    let suites = junit_parser::from_reader(text.as_bytes()).expect("JUnit");
    assert_eq!((suites.tests, suites.failures, suites.skipped), (1, 0, 0), "{text}");
}

#[test]
fn a_summary_stays_below_what_github_shows_and_counts_what_it_leaves_out() {
    let (mut report, texts) = sample();
    report.findings = vec![report.findings[0].clone(); 20_000];
    let text = render(Format::Markdown, &report, &texts, &Style::default());
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
    let rows = text.lines().filter(|line| line.contains("one node drain")).count();
    let last = text.lines().last().unwrap();
    assert!(rows > 1_000 && last.contains(&format!("{} not shown", 20_000 - rows)), "{rows} rows, {last}");
}

/// What a page does, beyond saying something.
#[derive(Debug, Default, PartialEq)]
struct Page {
    links: Vec<String>,
    html: BTreeSet<String>,
    rows: usize,
    headings: usize,
    cells: BTreeSet<usize>,
    text: String,
}

fn page(markdown: &str) -> Page {
    let mut page = Page::default();
    let mut cells = 0;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.into_string())
            }
            Event::Start(Tag::Heading { .. }) => page.headings += 1,
            Event::Start(Tag::TableRow) => (page.rows, cells) = (page.rows + 1, 0),
            Event::Start(Tag::TableCell) => cells += 1,
            Event::Start(Tag::Emphasis | Tag::Strikethrough | Tag::CodeBlock(_) | Tag::BlockQuote(_)) => {
                panic!("markup from the input:\n{markdown}")
            }
            Event::End(TagEnd::TableRow) => drop(page.cells.insert(cells)),
            Event::Html(html) | Event::InlineHtml(html) => drop(page.html.insert(html.trim().to_string())),
            Event::Text(text) => page.text.push_str(&text),
            Event::Code(text) => panic!("a code span from the input: {text}"),
            _ => {}
        }
    }
    page
}

/// References that GitHub finds in rendered text, outside of `code`.
fn no_reference(markdown: &str) {
    let mut in_code = false;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::InlineHtml(html) if html.starts_with("<code") => in_code = true,
            Event::InlineHtml(html) if html.starts_with("</code") => in_code = false,
            Event::Text(text) if !in_code => {
                for sign in ["@", "#", "://", "www."] {
                    assert!(!text.contains(sign), "`{sign}` in {text}");
                }
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_line_of_annotations_is_one_command_with_the_text_of_a_finding((report, texts) in any_report()) {
        let text = render(Format::Github, &report, &texts, &Style::default());
        let (commands, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("::"));
        prop_assert_eq!(rest.len(), 1, "only the counts are no command:\n{}", text);
        let messages: BTreeSet<String> = open(&report).iter().map(|finding| escape(&finding.message).into_owned()).collect();
        for line in commands {
            let command = command(line).expect("a command");
            let name = &command.name;
            prop_assert!(["error", "warning", "notice"].contains(&name.as_str()), "{}", line);
            let known = ["file", "line", "col", "endColumn", "title"];
            prop_assert!(command.properties.keys().all(|key| known.contains(&key.as_str())), "{}", line);
            let first = command.message.split('\n').next().unwrap_or_default();
            let problem = command.properties["title"].starts_with("problem: ") || command.properties["title"] == "k8sready";
            prop_assert!(problem || messages.contains(first), "{} is no finding's message", first);
        }
    }

    #[test]
    fn code_quality_has_what_gitlab_requires_and_unique_fingerprints((report, texts) in any_report()) {
        let value: Value = serde_json::from_str(&render(Format::Gitlab, &report, &texts, &Style::default())).unwrap();
        let validator = jsonschema::draft202012::new(&code_quality_schema()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        prop_assert_eq!(errors, Vec::<String>::new());
        let entries = value.as_array().unwrap();
        prop_assert_eq!(entries.len(), open(&report).len());
        let prints: BTreeSet<&str> = entries.iter().map(|entry| entry["fingerprint"].as_str().unwrap()).collect();
        prop_assert_eq!(prints.len(), entries.len());
    }

    #[test]
    fn test_results_are_read_back_with_the_same_counts_and_texts((report, texts) in any_report()) {
        let report = Report { fail_on: Some(Severity::Info), ..report };
        let text = render(Format::Junit, &report, &texts, &Style::default());
        let suites = junit_parser::from_reader(text.as_bytes()).expect("JUnit");
        prop_assert_eq!(suites.tests as usize, report.findings.len() + 1);
        prop_assert_eq!(suites.failures as usize, open(&report).len());
        let cases: usize = suites.suites.iter().map(|suite| suite.cases.len()).sum();
        prop_assert_eq!(cases, report.findings.len() + 1);
        let waived = report.findings.iter().filter(|finding| {
            finding.suppressed.is_some() || finding.status == Status::Unknown || (finding.status == Status::Fail && !finding.is_open_failure())
        });
        prop_assert_eq!(suites.skipped as usize, waived.count());
    }

    #[test]
    fn a_page_has_our_structure_whatever_the_names_are((report, texts) in any_report()) {
        let style = Style { link_base: Some("https://example.org/blob/".to_string()), ..Style::default() };
        let text = render(Format::Markdown, &report, &texts, &style);
        let page = page(&text);
        no_reference(&text);
        prop_assert_eq!(page.rows, open(&report).len() + 1, "a row a finding, and one of pillars:\n{}", text);
        prop_assert_eq!(page.headings, 1, "{}", text);
        prop_assert!(page.links.iter().all(|link| link.starts_with("https://example.org/blob/")), "{:?}", page.links);
        let ours = ["<code>", "</code>", "<br>", "</details>"];
        let foreign: Vec<&String> = page
            .html
            .iter()
            .filter(|html| !ours.contains(&html.as_str()) && !html.starts_with("<details><summary>"))
            .collect();
        prop_assert!(foreign.is_empty(), "{:?}", foreign);
        for finding in open(&report) {
            let said = escape(&finding.message).replace('`', "");
            // Markdown takes no notice of space at the ends of a cell.
            let said = said.trim();
            prop_assert!(page.text.replace('`', "").contains(said), "{} is not said in\n{}", said, page.text);
        }
    }
}
