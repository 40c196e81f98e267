//! Any report at all: hostile names, odd places, every status, for properties that must hold of all of them.

use k8sready::report::*;
use k8sready::score::score;
use k8sready::vocabulary::*;
use proptest::prelude::*;

use crate::sample::{Texts, card, fail, sample};

/// Text as an attacker would choose it, or any other.
pub fn hostile() -> impl Strategy<Value = String> {
    let known = [
        "",
        "web",
        "\u{1b}[2J",
        "\u{202e}gpj",
        "a\nb",
        "\u{9b}31m",
        "::error::x",
        "\n::set-output name=a::b",
        "##vso[task.setvariable variable=a]b",
        "##[group]x",
        "</script>",
        "| a | b |",
        "@all https://x www.x #1",
        "]]>",
        "*a* _b_ ~~c~~",
        "\u{fffe}",
        "](http://x) [",
        "\u{200b}",
        "{0}",
        "<script>",
        "=1+1",
        "`",
        "\u{1f680}",
        "..",
        "/",
        "%",
        "\"\\",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_string), any::<String>()]
}

fn any_text() -> impl Strategy<Value = String> {
    let line = prop_oneof![hostile(), Just("key: value".to_string()), Just("\ttab: \u{96e8}".to_string())];
    let end = prop::sample::select(&["\n", "\r\n", "\n\n"][..]);
    prop::collection::vec((line, end), 0..8)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect::<String>())
}

fn any_location() -> impl Strategy<Value = Location> {
    let sources = [
        LocationSource::File,
        LocationSource::Stdin,
        LocationSource::Embedded,
        LocationSource::Live,
        LocationSource::Snapshot,
    ];
    let path = prop_oneof![Just("k8s/web.yaml".to_string()), Just("../x.yaml".to_string()), hostile()];
    // Positions need not exist in the text: a format must survive what it is told.
    let region = prop::option::of((1usize..12, 1usize..20, 0usize..6, 1usize..20));
    (prop::sample::select(sources.to_vec()), path, region, hostile(), hostile(), prop::option::of(0u32..3)).prop_map(
        |(source, path, region, field, object, text)| Location {
            source,
            path,
            region: region.map(|(line, column, taller, end)| Region {
                line,
                column,
                end_line: line + taller,
                end_column: if taller == 0 { column + end - 1 } else { end },
            }),
            field,
            object,
            place: text.map(|text| Place { source: SourceId(text), span: Span::new(0, 0) }),
        },
    )
}

fn rules() -> Vec<RuleCard> {
    let severities = Severity::ALL.iter().zip(Pillar::ALL);
    severities
        .enumerate()
        .map(|(n, (severity, pillar))| {
            let why = "because ".repeat(200);
            card(&format!("rule-{n}"), "area", *pillar, *severity, "A title", &why, "Do it.")
        })
        .collect()
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let status = prop::sample::select(&[Status::Fail, Status::Fail, Status::Unknown, Status::Pass][..]);
    let severity = prop::sample::select(Severity::ALL);
    let related = prop::collection::vec((any_location(), hostile()), 0..3);
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), any::<bool>());
    ((0usize..5, status, severity), hostile(), (hostile(), hostile()), any_location(), related, flags).prop_map(
        |((rule, status, severity), message, (name, kind), location, related, flags)| {
            let (preview, baselined, suppressed, new) = flags;
            let subject = SubjectName { name: name.clone(), kind, ..SubjectName::default() };
            let finding = fail(&rules(), &format!("rule-{rule}"), subject, location, &message);
            let reason = Reason::new(UnknownCode::Templated, &name);
            let by = SuppressedBy::Annotation;
            Finding {
                status,
                severity,
                preview,
                baselined,
                new,
                reason: (status == Status::Unknown).then_some(reason),
                suppressed: suppressed.then(|| Suppressed { by, reason: message.clone(), until: None }),
                related: related.into_iter().map(|(location, text)| Related { location, text }).collect(),
                ..finding
            }
        },
    )
}

/// A report and its texts.
pub fn any_report() -> impl Strategy<Value = (Report, Texts)> {
    let texts = prop::collection::vec((hostile(), any_text()), 3);
    let problem = prop::option::of((hostile(), prop::option::of(any_location())));
    (prop::collection::vec(any_finding(), 0..12), texts, problem).prop_map(|(findings, texts, problem)| {
        let (base, _) = sample();
        let problems = problem.into_iter().map(|(message, location)| {
            let code = ProblemKind::ParseError;
            ProblemNote { code, message, location }
        });
        let report = Report {
            score: score(&score_input(findings.iter(), vec![Pillar::Security], false)),
            findings,
            problems: problems.collect(),
            rules: rules(),
            ..base
        };
        (report, Texts(texts))
    })
}
