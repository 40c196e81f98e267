//! The JSON contract, and what holds of every format: no control character gets out.

use std::collections::BTreeSet;

use k8sready::report::{Detail, Finding, Format, Status, Style, is_unsafe, score_input};
use k8sready::score::score;
use k8sready::vocabulary::Pillar;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::any::any_report;
use crate::render;
use crate::sample::sample;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../schemas/report.v1.schema.json")).unwrap()
}

/// The schema with no key allowed that it does not name: what we write must be documented.
fn strict(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(map) => {
            if map.contains_key("properties") && map.contains_key("type") && !map.contains_key("additionalProperties") {
                map.insert("additionalProperties".to_string(), json!(false));
            }
            map.values_mut().for_each(|value| *value = strict(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = strict(value.take())),
        _ => {}
    }
    schema
}

fn errors(instance: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(&strict(schema())).unwrap();
    validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn example() -> Value {
    serde_json::from_str(include_str!("../../fixtures/report/example.json")).unwrap()
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

#[test]
fn the_documented_example_validates() {
    assert_eq!(errors(&example()), Vec::<String>::new());
}

#[test]
fn json_of_the_sample_validates() {
    let (report, texts) = sample();
    let text = render(Format::Json, &report, &texts, &Style::default());
    assert_eq!(errors(&serde_json::from_str(&text).unwrap()), Vec::<String>::new());
    insta::assert_snapshot!(text);
}

#[test]
fn a_broken_contract_is_noticed() {
    let breakages: [(&str, Value); 6] = [
        ("/schemaVersion", json!(2)),
        ("/score/value", json!(101)),
        ("/results/0/reason", json!({"code": "partial", "text": "x"})),
        ("/results/0/status", json!("unknown")),
        ("/results/0/location/line", json!(0)),
        ("/results/0/subject", json!({})),
    ];
    for (pointer, value) in breakages {
        let mut broken = example();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert_ne!(errors(&broken), Vec::<String>::new(), "{pointer} may not be that");
    }
}

/// Keys as they stand in the text; a parsed map would have sorted them.
fn keys(text: &str) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let quoted = text.split('"').skip(1).step_by(2).zip(text.split('"').skip(2).step_by(2));
    quoted.filter(|(key, after)| after.starts_with(':') && seen.insert(*key)).map(|(key, _)| key).collect()
}

#[test]
fn keys_come_in_the_documented_order() {
    let (report, texts) = sample();
    let text = render(Format::Json, &report, &texts, &Style::default());
    let documented = keys(include_str!("../../fixtures/report/example.json"));
    let mut written = keys(&text);
    written.retain(|key| documented.contains(key));
    let kind = "policy/v1/PodDisruptionBudget";
    // `code` and `text` also occur in results that are unknown, before the problems.
    let comparable = |keys: Vec<&str>| {
        keys.into_iter().filter(|key| !["code", "reason", kind].contains(key)).map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(comparable(written), comparable(documented));
}

#[test]
fn formats_know_their_names() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse::<Format>(), Ok(*format));
    }
    let error = "yaml".parse::<Format>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`yaml` is none of full, concise, json, sarif, github, gitlab, junit, markdown, prometheus, openreports, policyreport"
    );
}

#[test]
fn several_containers_of_one_object_are_one_subject_of_the_score() {
    let (report, _) = sample();
    let first = report.findings.iter().find(|f| f.subject.container.is_some()).unwrap();
    let mut second = first.clone();
    second.subject.container = Some("other".to_string());
    let input = score_input([first.clone(), second].iter(), vec![], false);
    assert_eq!(input.failing[0].offenders.total(), 1);
}

#[test]
fn suppressed_findings_count_only_in_the_score_without_suppressions() {
    let (report, _) = sample();
    let suppressed: Vec<Finding> = report.findings.into_iter().filter(|f| f.suppressed.is_some()).collect();
    let input = score_input(suppressed.iter(), vec![], false);
    assert_eq!((input.failing.len(), input.without_suppressions.len()), (0, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn json_of_any_report_validates((report, texts) in any_report()) {
        let text = render(Format::Json, &report, &texts, &Style::default());
        prop_assert_eq!(errors(&serde_json::from_str(&text).unwrap()), Vec::<String>::new());
    }

    #[test]
    fn nothing_invisible_gets_out_of_any_format((report, texts) in any_report()) {
        for format in Format::ALL {
            for style in [Style::default(), Style { width: 0, unicode: true, detail: Detail::All, ..Style::default() }] {
                let text = render(*format, &report, &texts, &style);
                let leaked = text.chars().find(|c| *c != '\n' && is_unsafe(*c));
                prop_assert_eq!(leaked, None, "{} leaks it", format);
            }
        }
    }

    #[test]
    fn no_format_gives_a_command_to_a_build_agent((report, texts) in any_report()) {
        for format in Format::ALL {
            let text = render(*format, &report, &texts, &Style::default());
            let lower = text.to_ascii_lowercase();
            prop_assert!(!lower.contains("##vso[") && !lower.contains("##["), "{}:\n{}", format, text);
            let begins = text.lines().any(|line| line.trim_start().starts_with("::"));
            prop_assert!(!begins || *format == Format::Github, "{}:\n{}", format, text);
        }
    }

    #[test]
    fn concise_has_a_line_a_finding((report, texts) in any_report()) {
        let text = render(Format::Concise, &report, &texts, &Style::default());
        let open = report.findings.iter().filter(|finding| finding.is_open_failure()).count();
        prop_assert_eq!(text.lines().count(), open + report.problems.len() + 1);
    }

    #[test]
    fn passing_objects_change_nothing_in_the_score((report, _texts) in any_report()) {
        let mut more = report.findings.clone();
        more.extend(report.findings.iter().map(|finding| Finding { status: Status::Pass, ..finding.clone() }));
        more.extend(report.findings.iter().map(|finding| Finding { status: Status::Unknown, ..finding.clone() }));
        let of = |findings: &[Finding]| score(&score_input(findings.iter(), vec![Pillar::Security], false));
        prop_assert_eq!(of(&report.findings), of(&more));
    }
}
