//! `openreports` and `policyreport`: the report as custom resources, which dashboards of policy engines show.
//!
//! One Report a namespace and one ClusterReport for the rest, in parts that fit into etcd: not one resource an object, which
//! has brought clusters down. k8sready writes nothing into a cluster; whoever wants them there applies this list.
//! Sources: the CRDs of `openreports.io/v1alpha1` and of its predecessor `wgpolicyk8s.io/v1alpha2`, whose bodies are alike.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::concise::position;
use super::{Finding, Report, SourceText, Status, Style, json_text};
use crate::vocabulary::Severity;

/// Results in one resource; each takes about half a kilobyte, and an object may have 1.5 MB.
const MOST_RESULTS: usize = 1000;

/// How a generation of the API calls things.
struct Api {
    version: &'static str,
    report: &'static str,
    cluster_report: &'static str,
}

const OPEN_REPORTS: Api = Api { version: "openreports.io/v1alpha1", report: "Report", cluster_report: "ClusterReport" };
const POLICY_REPORTS: Api =
    Api { version: "wgpolicyk8s.io/v1alpha2", report: "PolicyReport", cluster_report: "ClusterPolicyReport" };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    api_version: &'static str,
    kind: &'static str,
    items: Vec<Resource<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    summary: Summary,
    results: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    labels: BTreeMap<&'static str, &'static str>,
}

#[derive(Default, Serialize)]
struct Summary {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    source: &'static str,
    policy: &'a str,
    category: &'a str,
    severity: &'static str,
    result: &'static str,
    scored: bool,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Reference<'a>>,
    properties: BTreeMap<&'static str, String>,
}

#[derive(Clone, Copy, Serialize)]
struct Timestamp {
    seconds: i64,
    nanos: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
}

pub(super) fn write(report: &Report, _: &dyn SourceText, _: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_as(&OPEN_REPORTS, report, out)
}

/// The older generation.
pub(super) fn write_policy(report: &Report, _: &dyn SourceText, _: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_as(&POLICY_REPORTS, report, out)
}

fn write_as(api: &Api, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut by_namespace: BTreeMap<Option<&str>, Vec<&Finding>> = BTreeMap::new();
    // The report about the whole is there even when there is nothing to tell, so that an older one goes.
    by_namespace.entry(None).or_default();
    for finding in &report.findings {
        by_namespace.entry(finding.subject.namespace.as_deref()).or_default().push(finding);
    }
    let mut items = Vec::new();
    for (namespace, findings) in by_namespace {
        let parts = if findings.is_empty() { vec![&findings[..]] } else { findings.chunks(MOST_RESULTS).collect() };
        let parts = parts.into_iter().enumerate();
        items.extend(parts.map(|(at, part)| resource(api, report, namespace, at, part)));
    }
    json_text::write(&List { api_version: "v1", kind: "List", items }, out)
}

fn resource<'a>(
    api: &Api,
    report: &'a Report,
    namespace: Option<&'a str>,
    part: usize,
    findings: &[&'a Finding],
) -> Resource<'a> {
    let results: Vec<Entry<'a>> = findings.iter().map(|finding| entry(report, finding)).collect();
    let mut summary = Summary::default();
    for entry in &results {
        match entry.result {
            "pass" => summary.pass += 1,
            "fail" => summary.fail += 1,
            "warn" => summary.warn += 1,
            "error" => summary.error += 1,
            _ => summary.skip += 1,
        }
    }
    let name = if part == 0 { "k8sready".to_string() } else { format!("k8sready-{}", part + 1) };
    Resource {
        api_version: api.version,
        kind: if namespace.is_some() { api.report } else { api.cluster_report },
        metadata: Metadata { name, namespace, labels: BTreeMap::from([("app.kubernetes.io/managed-by", "k8sready")]) },
        source: (api.version == OPEN_REPORTS.version).then_some("k8sready"),
        summary,
        results,
    }
}

fn entry<'a>(report: &'a Report, finding: &'a Finding) -> Entry<'a> {
    let subject = &finding.subject;
    let named = !subject.name.is_empty() && !subject.kind.is_empty();
    let reference = named.then(|| Reference {
        api_version: &subject.api_version,
        kind: &subject.kind,
        namespace: subject.namespace.as_deref(),
        name: &subject.name,
    });
    let message = match (&finding.reason, &finding.suppressed) {
        (Some(reason), _) => format!("{}: {reason}", finding.message),
        (None, Some(suppressed)) => format!("{} (suppressed: {})", finding.message, suppressed.reason),
        (None, None) => finding.message.clone(),
    };
    let mut properties = BTreeMap::from([("fingerprint", finding.fingerprint.clone())]);
    properties.insert("place", position(&finding.location));
    let seconds = report.cluster.as_ref().and_then(super::model::Cluster::seconds);
    Entry {
        source: "k8sready",
        policy: finding.rule.as_str(),
        category: report.card(&finding.rule).map_or("", |card| card.area.as_str()),
        severity: finding.severity.as_str(),
        result: result(finding),
        scored: !finding.preview && finding.status != Status::Unknown,
        message,
        timestamp: seconds.map(|seconds| Timestamp { seconds, nanos: 0 }),
        resources: reference.into_iter().collect(),
        properties,
    }
}

/// What cannot be decided is an error there, what somebody waved through is skipped, what is for information a warning.
fn result(finding: &Finding) -> &'static str {
    match finding.status {
        Status::Pass => "pass",
        Status::Unknown => "error",
        Status::Fail if finding.suppressed.is_some() || finding.baselined || !finding.new => "skip",
        Status::Fail if finding.severity == Severity::Info => "warn",
        Status::Fail => "fail",
    }
}
