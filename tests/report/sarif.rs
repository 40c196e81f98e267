//! SARIF as GitHub's ingester and our own promises want it.

use std::collections::BTreeSet;

use k8sready::report::{Format, Report, SourceText, Status, Style};
use k8sready::vocabulary::{RuleId, Severity};
use proptest::prelude::*;
use serde_json::Value;

use crate::any::any_report;
use crate::render;
use crate::sample::sample;

fn log(report: &Report, texts: &dyn SourceText, style: &Style) -> Value {
    serde_json::from_str(&render(Format::Sarif, report, texts, style)).unwrap()
}

fn run(log: &Value) -> &Value {
    &log["runs"][0]
}

fn results(log: &Value) -> &Vec<Value> {
    run(log)["results"].as_array().expect("results are present even when there are none")
}

fn notes(log: &Value) -> Vec<&str> {
    let notes = &run(log)["invocations"][0]["toolExecutionNotifications"];
    notes.as_array().unwrap().iter().map(|note| note["message"]["text"].as_str().unwrap()).collect()
}

#[test]
fn sarif_of_the_sample() {
    let (report, texts) = sample();
    let text = render(Format::Sarif, &report, &texts, &Style { uri_prefix: "infra".to_string(), ..Style::default() });
    insta::assert_snapshot!(text);
}

#[test]
fn a_clean_run_has_results_and_rules() {
    let (mut report, texts) = sample();
    report.findings.clear();
    let log = log(&report, &texts, &Style::default());
    assert_eq!(results(&log).len(), 0);
    assert_eq!(run(&log)["tool"]["driver"]["rules"].as_array().unwrap().len(), report.rules.len());
    assert_eq!(notes(&log), [""; 0]);
    assert!(run(&log).get("automationDetails").is_none());
}

#[test]
fn a_category_ends_in_a_slash() {
    let (report, texts) = sample();
    let log = log(&report, &texts, &Style { category: Some("infra".to_string()), ..Style::default() });
    assert_eq!(run(&log)["automationDetails"]["id"], "infra/");
}

#[test]
fn findings_without_a_file_are_counted_instead() {
    let (report, texts) = sample();
    let log = log(&report, &texts, &Style::default());
    assert_eq!(notes(&log), ["1 finding that no file in the repository holds is left out."]);
    assert!(results(&log).iter().all(|result| result["ruleId"] != "anonymous-binding"));
}

#[test]
fn what_exceeds_the_limit_is_the_mildest_and_is_counted() {
    let (mut report, texts) = sample();
    let worst = report.findings.iter().find(|finding| finding.rule.as_str() == "privileged-container").unwrap().clone();
    let mut mild = worst.clone();
    mild.severity = Severity::Low;
    report.findings = vec![mild; 25_001];
    report.findings.push(worst);
    let log = log(&report, &texts, &Style::default());
    assert_eq!(results(&log).len(), 25_000);
    assert_eq!(results(&log)[0]["level"], "error", "the worst comes first");
    assert_eq!(notes(&log), ["2 findings beyond the limit of 25000 results, the mildest, are left out."]);
}

#[test]
fn a_value_over_several_lines_is_marked_on_its_first() {
    let (report, texts) = sample();
    let log = log(&report, &texts, &Style::default());
    let block = results(&log).iter().find(|r| r["message"]["text"].as_str().unwrap().contains("six lines")).unwrap();
    let region = &block["locations"][0]["physicalLocation"]["region"];
    assert_eq!(*region, serde_json::json!({"startLine": 7, "startColumn": 11, "endLine": 7, "endColumn": 12}));
}

#[test]
fn columns_count_utf_16_units() {
    let (report, texts) = sample();
    let log = log(&report, &texts, &Style::default());
    let name = results(&log).iter().find(|r| r["message"]["text"].as_str().unwrap().contains("second line")).unwrap();
    // The 13 characters before it are 14 units: the rocket takes two.
    assert_eq!(name["locations"][0]["physicalLocation"]["region"]["startColumn"], 15);
    assert_eq!(run(&log)["columnKind"], "utf16CodeUnits");
}

#[test]
fn text_of_the_input_makes_no_links_and_related_places_do() {
    let (report, texts) = sample();
    let log = log(&report, &texts, &Style::default());
    let messages: Vec<&str> = results(&log).iter().map(|result| result["message"]["text"].as_str().unwrap()).collect();
    assert!(!messages.iter().any(|message| message.contains("](http")), "{messages:#?}");
    let linked = messages.iter().find(|message| message.contains("[this Service sends it traffic](1)"));
    assert!(linked.is_some(), "{messages:#?}");
}

#[test]
fn security_severity_is_the_rule_s_maximum_and_only_for_security() {
    let (report, texts) = sample();
    let log = log(&report, &texts, &Style::default());
    for rule in run(&log)["tool"]["driver"]["rules"].as_array().unwrap() {
        let expected = match rule["id"].as_str().unwrap() {
            "privileged-container" | "anonymous-binding" => Some("9.5"),
            _ => None,
        };
        let properties = &rule["properties"];
        assert_eq!(properties.get("security-severity").map(|value| value.as_str().unwrap()), expected, "{rule}");
        let tagged = properties["tags"].as_array().unwrap().iter().any(|tag| tag == "security");
        assert_eq!(tagged, expected.is_some(), "{rule}");
    }
}

#[test]
fn the_directory_one_stands_in_does_not_matter() {
    let (report, texts) = sample();
    let from_root = render(Format::Sarif, &report, &texts, &Style::default());
    let mut inside = report.clone();
    let (mut locations, _): (Vec<_>, ()) = (vec![], ());
    for finding in &mut inside.findings {
        locations.push(&mut finding.location);
        locations.extend(finding.related.iter_mut().map(|related| &mut related.location));
    }
    for location in locations.into_iter().filter(|location| !location.path.is_empty()) {
        location.path = match location.path.strip_prefix("k8s/") {
            Some(below) => format!("./{below}"),
            None => format!("../{}", location.path),
        };
    }
    let style = Style { uri_prefix: "k8s".to_string(), ..Style::default() };
    assert_eq!(render(Format::Sarif, &inside, &texts, &style), from_root);
}

fn severity_rank(report: &Report, result: &Value) -> (std::cmp::Reverse<u8>, String) {
    let rank = match result["level"].as_str().unwrap() {
        "error" => 2,
        "warning" => 1,
        "note" => 0,
        other => panic!("{other} is no level"),
    };
    let rule = result["ruleId"].as_str().unwrap().to_string();
    assert!(report.card(&RuleId::new(&rule)).is_some());
    (std::cmp::Reverse(rank), rule)
}

fn check_location(location: &Value) {
    let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
    assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.contains(':'), "{uri}");
    assert!(uri.split('/').all(|part| !part.is_empty() && part != "." && part != ".."), "{uri}");
    let region = &location["physicalLocation"]["region"];
    let at = |key: &str| region[key].as_u64().unwrap();
    assert!(at("startLine") >= 1 && at("startColumn") >= 1);
    assert_eq!(at("startLine"), at("endLine"));
    assert!(at("endColumn") > at("startColumn"));
}

fn check_rules(rules: &[Value]) {
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let sorted: Vec<&str> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(ids, sorted, "rules are sorted and unique");
    for rule in rules {
        for text in ["shortDescription", "fullDescription"] {
            let length = rule[text]["text"].as_str().unwrap().chars().count();
            assert!((1..=1024).contains(&length));
        }
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 20);
        if let Some(number) = rule["properties"].get("security-severity") {
            let number: f64 = number.as_str().unwrap().parse().unwrap();
            assert!((0.1..=10.0).contains(&number));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn invariants((report, texts) in any_report(), prefix in prop::sample::select(&["", "a", "a/b"][..])) {
        let style = Style { uri_prefix: prefix.to_string(), ..Style::default() };
        let text = render(Format::Sarif, &report, &texts, &style);
        prop_assert!(!text.contains("\"snippet\"") && !text.contains("\"suppressions\""));
        let log: Value = serde_json::from_str(&text).unwrap();
        let rules = run(&log)["tool"]["driver"]["rules"].as_array().unwrap();
        check_rules(rules);
        for result in results(&log) {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            prop_assert_eq!(&rules[index]["id"], &result["ruleId"]);
            let mut ids = BTreeSet::new();
            check_location(&result["locations"][0]);
            for related in result.get("relatedLocations").and_then(Value::as_array).into_iter().flatten() {
                check_location(related);
                let id = related["id"].as_u64().unwrap();
                prop_assert!(ids.insert(id));
                let link = format!("]({id})");
                prop_assert!(result["message"]["text"].as_str().unwrap().contains(&link), "it must be linked to");
            }
        }
        let order: Vec<_> = results(&log).iter().map(|result| severity_rank(&report, result).0).collect();
        prop_assert!(order.is_sorted());
        let failures = report.findings.iter().filter(|f| f.status == Status::Fail && f.suppressed.is_none()).count();
        let left_out = failures - results(&log).len();
        prop_assert_eq!(left_out > 0, !notes(&log).is_empty(), "what is left out is counted");
    }
}

/// The schema of OASIS as `serde-sarif` carries it.
fn oasis_schema() -> Value {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").expect("a dependency of the tests");
    let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
    let text =
        std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).expect("it carries the schema");
    // Its pattern for languages, which we do not write, has a stray bracket that no strict reader of patterns takes.
    serde_json::from_str(&text.replace("{2}]?$", "{2}$")).unwrap()
}

#[test]
fn the_schema_of_oasis_and_another_reader_take_what_we_write() {
    let (report, texts) = sample();
    let log = log(&report, &texts, &Style { category: Some("infra".to_string()), ..Style::default() });
    let validator = jsonschema::validator_for(&oasis_schema()).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut broken = log.clone();
    broken["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&broken), "the schema has teeth");
    let read: serde_sarif::sarif::Sarif = serde_json::from_value(log.clone()).expect("another reader");
    assert_eq!(read.runs[0].results.as_ref().map(Vec::len), Some(results(&log).len()));
}
