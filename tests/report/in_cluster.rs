//! The formats for clusters, read back by the rules of those who read them.

use std::collections::BTreeSet;

use k8sready::report::{Cluster, Format, Report, Style};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::any::any_report;
use crate::render;
use crate::sample::{Texts, sample};

fn in_cluster() -> (Report, Texts) {
    let (report, texts) = sample();
    let cluster = Cluster {
        name: "prod \"eu\"".to_string(),
        context: String::new(),
        server: "https://10.0.0.1:6443".to_string(),
        version: "v1.37.1".to_string(),
        taken_at: "2026-11-24T10:00:00Z".to_string(),
    };
    (Report { cluster: Some(cluster), ..report }, texts)
}

#[test]
fn formats_of_the_sample() {
    let (report, texts) = in_cluster();
    for format in [Format::Prometheus, Format::Openreports] {
        insta::assert_snapshot!(format!("sample_as_{format}"), render(format, &report, &texts, &Style::default()));
    }
}

/// Name, labels and value.
type Sample = (String, Vec<(String, String)>, f64);

/// Splits a sample into name, labels and value by the grammar of the text format; an error says what breaks it.
fn parsed(line: &str) -> Result<Sample, String> {
    let wrong = |what: &str| Err(format!("{what}: {line}"));
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').unwrap_or(line.len());
    let (name, mut rest) = line.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return wrong("no name");
    }
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let Some((label, after)) = rest.split_once("=\"") else { return wrong("no label") };
            let (mut value, mut closed) = (String::new(), None);
            let mut chars = after.char_indices();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => closed = Some(at),
                    '\\' => match chars.next() {
                        Some((_, c @ ('\\' | '"'))) => value.push(c),
                        Some((_, 'n')) => value.push('\n'),
                        _ => return wrong("a backslash escapes nothing"),
                    },
                    c => value.push(c),
                }
                if closed.is_some() {
                    break;
                }
            }
            let Some(at) = closed else { return wrong("a label is not closed") };
            labels.push((label.to_string(), value));
            rest = after[at + 1..].strip_prefix(',').unwrap_or(&after[at + 1..]);
        }
        rest = &rest[1..];
    }
    let Ok(value) = rest.trim_start().parse() else { return wrong("no value") };
    if rest.starts_with(' ') { Ok((name.to_string(), labels, value)) } else { wrong("no blank before the value") }
}

/// What is wrong with a text, by the rules of the text format: one HELP and TYPE a family, its samples behind them and
/// together, no series twice.
fn faults(text: &str) -> Vec<String> {
    let (mut faults, mut family) = (Vec::new(), String::new());
    let (mut families, mut series) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap_or_default().to_string();
            if !families.insert(family.clone()) {
                faults.push(format!("{family} comes twice"));
            }
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            if kind != format!("{family} gauge") {
                faults.push(format!("out of place: {line}"));
            }
        } else {
            match parsed(line) {
                Ok((name, labels, _)) => {
                    if name != family || !series.insert((name, labels)) {
                        faults.push(format!("of another family, or twice: {line}"));
                    }
                }
                Err(fault) => faults.push(fault),
            }
        }
    }
    if !text.ends_with('\n') {
        faults.push("the last line has no end".to_string());
    }
    faults
}

#[test]
fn the_checker_of_metrics_finds_faults() {
    let head = "# HELP a b\n# TYPE a gauge\n";
    assert_eq!(faults(&format!("{head}a{{b=\"c\\\"\"}} 1\n")), Vec::<String>::new());
    for bad in ["a{b=\"c} 1", "a{b=c} 1", "a", "a x", "1a 1", "a{b=\"\\q\"} 1", "other 1", "a 1\na 1", "a1"] {
        assert_ne!(faults(&format!("{head}{bad}\n")), Vec::<String>::new(), "{bad}");
    }
}

#[test]
fn a_rule_without_findings_has_a_series_so_that_alerts_end() {
    let (mut report, texts) = in_cluster();
    report.findings.clear();
    let text = render(Format::Prometheus, &report, &texts, &Style::default());
    let zeros = text.lines().filter(|line| line.starts_with("k8sready_findings{") && line.ends_with(" 0")).count();
    assert_eq!(zeros, report.rules.len());
    assert!(text.contains("k8sready_scan_timestamp_seconds 1795514400\n"), "{text}");
}

/// One result.
fn entry_schema() -> Value {
    json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["policy"],
            "properties": {
                "source": {"type": "string"}, "policy": {"type": "string"}, "category": {"type": "string"},
                "message": {"type": "string"}, "scored": {"type": "boolean"},
                "severity": {"enum": ["critical", "high", "medium", "low", "info"]},
                "result": {"enum": ["pass", "fail", "warn", "error", "skip"]},
                "timestamp": {"type": "object", "required": ["seconds", "nanos"],
                    "properties": {"seconds": {"type": "integer"}, "nanos": {"type": "integer"}}},
                "resources": {"type": "array", "items": {"type": "object", "required": ["kind", "name"],
                    "additionalProperties": false, "properties": {
                        "apiVersion": {"type": "string"}, "kind": {"type": "string"},
                        "namespace": {"type": "string"}, "name": {"type": "string"}}}},
                "properties": {"type": "object", "additionalProperties": {"type": "string"}}
            }
    })
}

/// What the two CRDs document of a report's body.
fn schema(version: &str, kinds: [&str; 2]) -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    json!({
        "type": "object",
        "required": ["apiVersion", "kind", "items"],
        "properties": {"items": {"type": "array", "minItems": 1, "items": {
            "type": "object",
            "required": ["apiVersion", "kind", "metadata", "summary", "results"],
            "properties": {
                "apiVersion": {"const": version},
                "kind": {"enum": kinds},
                "metadata": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string", "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}}},
                "source": {"type": "string"},
                "summary": {"type": "object", "additionalProperties": false,
                    "properties": {"pass": count, "fail": count, "warn": count, "error": count, "skip": count}},
                "results": {"type": "array", "items": entry_schema()}
            }
        }}}
    })
}

fn schemas() -> [(Format, Value); 2] {
    [
        (Format::Openreports, schema("openreports.io/v1alpha1", ["Report", "ClusterReport"])),
        (Format::Policyreport, schema("wgpolicyk8s.io/v1alpha2", ["PolicyReport", "ClusterPolicyReport"])),
    ]
}

#[test]
fn summaries_count_what_the_results_say() {
    let (report, texts) = in_cluster();
    let text = render(Format::Openreports, &report, &texts, &Style::default());
    let list: Value = serde_json::from_str(&text).unwrap();
    let items = list["items"].as_array().unwrap();
    assert!(items.len() > 1, "{text}");
    for item in items {
        let results = item["results"].as_array().unwrap();
        for word in ["pass", "fail", "warn", "error", "skip"] {
            let count = results.iter().filter(|result| result["result"] == word).count();
            assert_eq!(item["summary"][word], count, "{item}");
        }
        let namespaced = item["metadata"].get("namespace").is_some();
        assert_eq!(item["kind"] == "Report", namespaced, "{item}");
    }
}

#[test]
fn many_results_are_divided_into_objects_that_fit() {
    let (mut report, texts) = in_cluster();
    report.findings = vec![report.findings[0].clone(); 2001];
    let text = render(Format::Openreports, &report, &texts, &Style::default());
    let list: Value = serde_json::from_str(&text).unwrap();
    let sizes: Vec<usize> =
        list["items"].as_array().unwrap().iter().map(|item| item["results"].as_array().unwrap().len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 2001);
    assert!(sizes.iter().all(|size| *size <= 1000), "{sizes:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn metrics_of_any_report_can_be_read((report, texts) in any_report()) {
        let text = render(Format::Prometheus, &report, &texts, &Style::default());
        prop_assert_eq!(faults(&text), Vec::<String>::new());
    }

    #[test]
    fn reports_of_any_report_fit_their_definitions((report, texts) in any_report()) {
        for (format, schema) in schemas() {
            let text = render(format, &report, &texts, &Style::default());
            let value: Value = serde_json::from_str(&text).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            prop_assert_eq!(errors, Vec::<String>::new());
        }
    }
}

#[test]
fn a_name_that_begins_with_colons_begins_no_line() {
    let (mut report, texts) = in_cluster();
    report.findings.truncate(1);
    report.findings[0].location.path = String::new();
    report.findings[0].location.object = "::error::x".to_string();
    let text = render(Format::Concise, &report, &texts, &Style::default());
    assert!(text.lines().all(|line| !line.starts_with("::")), "{text}");
}
