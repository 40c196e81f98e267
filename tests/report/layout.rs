//! What people see, as snapshots.

use insta::assert_snapshot;
use k8sready::report::{Detail, Format, Report, Style, score_input};

use crate::render;
use crate::sample::{Texts, sample};

fn show(format: Format, style: Style) -> String {
    let (report, texts) = sample();
    render(format, &report, &texts, &style)
}

#[test]
fn full_on_80_columns() {
    assert_snapshot!(show(Format::Full, Style { width: 80, ..Style::default() }));
}

#[test]
fn full_on_140_columns_with_unicode() {
    assert_snapshot!(show(Format::Full, Style { width: 140, unicode: true, ..Style::default() }));
}

#[test]
fn concise() {
    assert_snapshot!(show(Format::Concise, Style::default()));
}

#[test]
fn full_of_a_clean_audit() {
    let (mut report, texts) = sample();
    report.findings.clear();
    report.problems.clear();
    report.counts = Default::default();
    report.score = k8sready::score::score(&k8sready::score::Input {
        assessed: k8sready::vocabulary::Pillar::ALL.to_vec(),
        ..Default::default()
    });
    assert_snapshot!(render(Format::Full, &report, &texts, &Style::default()));
}

#[test]
fn full_explains_a_cap_and_what_forbids_an_a_plus() {
    let (mut report, texts) = sample();
    report.findings.retain(|finding| finding.rule.as_str() == "privileged-container");
    let assessed = k8sready::vocabulary::Pillar::ALL.to_vec();
    report.score = k8sready::score::score(&score_input(report.findings.iter(), assessed.clone(), true));
    let capped = render(Format::Full, &report, &texts, &Style::default());
    assert!(capped.contains("Score 69 of 100, grade D, based on 5 of 5 pillars\n"), "{capped}");
    let cap = "  Capped at 69 (from 88) while anything critical fails: privileged-container\n";
    assert!(capped.contains(cap), "{capped}");
    report.score = k8sready::score::score(&score_input([].iter(), assessed, true));
    let clean = render(Format::Full, &report, &texts, &Style::default());
    assert!(clean.contains("grade A,") && clean.contains("  No A+: the evaluation is incomplete\n"), "{clean}");
    report.score = k8sready::score::score(&score_input([].iter(), vec![], true));
    let nothing = render(Format::Full, &report, &texts, &Style::default());
    assert!(nothing.contains("Score n/a: no rule of weight applied to this input\n"), "{nothing}");
}

#[test]
fn full_colours_only_repeat_what_is_written() {
    let plain = show(Format::Full, Style::default());
    let coloured = show(Format::Full, Style { colour: true, ..Style::default() });
    assert_ne!(plain, coloured);
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        stripped.push_str(before);
        rest = after.split_once('m').expect("a colour sequence ends with m").1;
    }
    assert_eq!(stripped + rest, plain);
}

#[test]
fn full_shows_every_finding_on_request() {
    let all = show(Format::Full, Style { detail: Detail::All, ..Style::default() });
    let (report, _) = sample();
    let open = report.findings.iter().filter(|finding| finding.is_open_failure()).count();
    assert_eq!(all.matches("-->").count(), open + report.problems.len());
}

#[test]
fn full_survives_texts_that_are_gone() {
    let (report, _) = sample();
    let text = render(Format::Full, &report, &Texts(vec![]), &Style::default());
    assert!(text.contains("--> k8s/shop.yaml:7:3\n"), "{text}");
}

#[test]
fn full_counts_what_it_does_not_show() {
    let (mut report, texts) = sample();
    let first = report.findings[0].clone();
    report.findings = vec![first; 20];
    let text = render(Format::Full, &report, &texts, &Style::default());
    assert!(text.contains("high[single-replica]: 17 more\n") && text.contains("7 not shown\n"), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("20 findings (20 high), ") && words.contains(", 7 not shown"), "{text}");
}

fn longest(report: &Report, texts: &Texts, width: usize) -> usize {
    let text = render(Format::Full, report, texts, &Style { width, ..Style::default() });
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn full_keeps_to_the_width() {
    let (report, texts) = sample();
    for width in [80, 100, 140] {
        assert!(longest(&report, &texts, width) <= width, "{width} columns are exceeded");
    }
}
