//! `json`: the machine contract, version 1 (`schemas/report.v1.schema.json`).
//!
//! Version 1 only grows: keys are added, never renamed, retyped or removed, and keep the order of the structs below.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::vocabulary::{self, Confidence, Severity};

use super::{Finding, Location, ProblemNote, Report, SourceText, Status, Style, json_text};

pub(super) fn write(report: &Report, _: &dyn SourceText, _: &Style, out: &mut dyn Write) -> io::Result<()> {
    json_text::write(&Root::new(report), out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Root<'a> {
    schema_version: u32,
    tool: Tool<'a>,
    ruleset: &'a str,
    command: &'a str,
    as_of: String,
    target_version: &'a str,
    score: Score<'a>,
    results: Vec<Result<'a>>,
    skipped: Vec<Skipped<'a>>,
    problems: Vec<Problem<'a>>,
    coverage: Coverage<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Groups<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<Compared<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<Cluster<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cluster<'a> {
    name: &'a str,
    context: &'a str,
    server: &'a str,
    version: &'a str,
    taken_at: &'a str,
}

#[derive(Serialize)]
struct Compared<'a> {
    with: &'a str,
    score: Option<u8>,
    resolved: usize,
}

#[derive(Serialize)]
struct Groups<'a> {
    by: &'a str,
    scores: Vec<GroupScore<'a>>,
}

#[derive(Serialize)]
struct GroupScore<'a> {
    name: &'a str,
    failures: usize,
    score: Score<'a>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    version: &'a str,
}

/// Numbers are rounded down, as everywhere.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Score<'a> {
    value: Option<u8>,
    grade: Option<&'a str>,
    pillars: Pillars,
    assessed_pillars: usize,
}

#[derive(Serialize)]
struct Pillars {
    availability: Option<u8>,
    security: Option<u8>,
    operations: Option<u8>,
    recovery: Option<u8>,
    scaling: Option<u8>,
}

#[derive(Serialize)]
struct Result<'a> {
    rule: &'a str,
    status: &'a str,
    severity: Severity,
    confidence: Confidence,
    message: &'a str,
    reason: Option<Reason<'a>>,
    environment: &'a str,
    subject: Subject<'a>,
    location: Place<'a>,
    related: Vec<Related<'a>>,
    fingerprint: &'a str,
    suppressed: Option<Suppressed<'a>>,
    new: bool,
    count: usize,
}

#[derive(Serialize)]
struct Reason<'a> {
    code: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subject<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    container: Option<&'a str>,
    component: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    source: &'a str,
    path: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    field: &'a str,
    object: &'a str,
}

#[derive(Serialize)]
struct Related<'a> {
    location: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Suppressed<'a> {
    by: &'a str,
    reason: &'a str,
    until: Option<String>,
}

#[derive(Serialize)]
struct Skipped<'a> {
    rule: &'a str,
    reason: &'a str,
    count: usize,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'a str,
    message: &'a str,
    location: Option<ProblemPlace<'a>>,
}

#[derive(Serialize)]
struct ProblemPlace<'a> {
    source: &'a str,
    path: &'a str,
    line: Option<usize>,
}

#[derive(Serialize)]
struct Coverage<'a> {
    rules: Rules,
    documents: Documents,
    kinds: BTreeMap<&'a str, Kind<'a>>,
}

#[derive(Serialize)]
struct Rules {
    assessed: usize,
    unknown: usize,
    skipped: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Documents {
    read: usize,
    failed: usize,
    templated: usize,
    without_schema: usize,
}

#[derive(Serialize)]
struct Kind<'a> {
    state: &'a str,
    reason: Option<Reason<'a>>,
}

impl<'a> Root<'a> {
    fn new(report: &'a Report) -> Self {
        let skipped = report.skipped.iter();
        Root {
            schema_version: 1,
            tool: Tool { name: "k8sready", version: &report.tool_version },
            ruleset: &report.ruleset,
            command: &report.command,
            as_of: report.as_of.to_string(),
            target_version: &report.target_version,
            score: Score::new(&report.score),
            results: report.findings.iter().map(Result::new).collect(),
            skipped: skipped.map(|s| Skipped { rule: s.rule.as_str(), reason: &s.reason, count: s.count }).collect(),
            problems: report.problems.iter().map(Problem::new).collect(),
            coverage: Coverage::new(&report.coverage),
            groups: report.groups.as_ref().map(Groups::new),
            compared: report.compared.as_ref().map(|compared| Compared {
                with: &compared.with,
                score: compared.score,
                resolved: compared.resolved,
            }),
            cluster: report.cluster.as_ref().map(|cluster| Cluster {
                name: &cluster.name,
                context: &cluster.context,
                server: &cluster.server,
                version: &cluster.version,
                taken_at: &cluster.taken_at,
            }),
        }
    }
}

impl<'a> Groups<'a> {
    fn new(groups: &'a super::Groups) -> Self {
        let score = |group: &'a super::GroupScore| GroupScore {
            name: &group.name,
            failures: group.failures,
            score: Score::new(&group.score),
        };
        Groups { by: groups.by.as_str(), scores: groups.scores.iter().map(score).collect() }
    }
}

impl Score<'_> {
    fn new(score: &crate::score::Score) -> Self {
        let pillar = |wanted| score.pillars.iter().find(|pillar| pillar.pillar == wanted)?.shown();
        use vocabulary::Pillar::{Availability, Operations, Recovery, Scaling, Security};
        Score {
            value: score.headline.map(|headline| headline.value),
            grade: score.headline.map(|headline| headline.grade.as_str()),
            pillars: Pillars {
                availability: pillar(Availability),
                security: pillar(Security),
                operations: pillar(Operations),
                recovery: pillar(Recovery),
                scaling: pillar(Scaling),
            },
            assessed_pillars: score.assessed_pillars(),
        }
    }
}

impl<'a> Result<'a> {
    fn new(finding: &'a Finding) -> Self {
        let subject = &finding.subject;
        Result {
            rule: finding.rule.as_str(),
            status: finding.status.as_str(),
            severity: finding.severity,
            confidence: finding.confidence,
            message: &finding.message,
            reason: finding.reason.as_ref().filter(|_| finding.status == Status::Unknown).map(Reason::new),
            environment: &finding.environment,
            subject: Subject {
                api_version: &subject.api_version,
                kind: &subject.kind,
                namespace: subject.namespace.as_deref(),
                name: &subject.name,
                container: subject.container.as_deref(),
                component: subject.component.as_deref(),
            },
            location: Place::new(&finding.location),
            related: finding
                .related
                .iter()
                .map(|related| Related { location: Place::new(&related.location), text: &related.text })
                .collect(),
            fingerprint: &finding.fingerprint,
            suppressed: finding.suppressed.as_ref().map(Suppressed::new),
            new: finding.new,
            count: finding.count,
        }
    }
}

impl<'a> Suppressed<'a> {
    fn new(suppressed: &'a super::Suppressed) -> Self {
        Suppressed {
            by: suppressed.by.as_str(),
            reason: &suppressed.reason,
            until: suppressed.until.map(|date| date.to_string()),
        }
    }
}

impl<'a> Reason<'a> {
    fn new(reason: &'a vocabulary::Reason) -> Self {
        Reason { code: reason.code.as_str(), text: &reason.text }
    }
}

impl<'a> Place<'a> {
    fn new(location: &'a Location) -> Self {
        let region = location.region;
        Place {
            source: location.source.as_str(),
            path: &location.path,
            line: region.map(|region| region.line),
            column: region.map(|region| region.column),
            end_line: region.map(|region| region.end_line),
            end_column: region.map(|region| region.end_column),
            field: &location.field,
            object: &location.object,
        }
    }
}

impl<'a> Problem<'a> {
    fn new(problem: &'a ProblemNote) -> Self {
        let location = problem.location.as_ref();
        Problem {
            code: problem.code.code(),
            message: &problem.message,
            location: location.map(|at| ProblemPlace {
                source: at.source.as_str(),
                path: &at.path,
                line: at.region.map(|region| region.line),
            }),
        }
    }
}

impl<'a> Coverage<'a> {
    fn new(coverage: &'a super::Coverage) -> Self {
        let kind = |kind: &'a super::KindCoverage| {
            (kind.kind.as_str(), Kind { state: kind.state.as_str(), reason: kind.reason.as_ref().map(Reason::new) })
        };
        Coverage {
            rules: Rules {
                assessed: coverage.rules_assessed,
                unknown: coverage.rules_unknown,
                skipped: coverage.rules_skipped,
            },
            documents: Documents {
                read: coverage.documents_read,
                failed: coverage.documents_failed,
                templated: coverage.documents_templated,
                without_schema: coverage.documents_without_schema,
            },
            kinds: coverage.kinds.iter().map(kind).collect(),
        }
    }
}
