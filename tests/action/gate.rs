//! What the action makes of an audit: outputs, summary, uploads, annotations, and the exit code at the very end.

use crate::runner::{Outcome, Runner, Upload};

/// A report in the layout that k8sready writes: two findings, one of them new, one suppressed, one unknown.
const REPORT: &str = include_str!("report.json");
const SARIF: &str = "{\"version\": \"2.1.0\", \"runs\": []}";
const ANNOTATIONS: &str = "::error file=apps/web.yaml,line=3,title=privileged::bad\n::notice::1 more, see summary\n";

fn fake(name: &str, code: i32) -> Runner {
    let reports =
        [("json", REPORT), ("sarif", SARIF), ("github", ANNOTATIONS), ("markdown", "## k8sready\n\n| a | b |\n")];
    Runner::new(name).with_fake(code, "report\n", &reports)
}

fn shown(outcome: &Outcome) -> bool {
    outcome.annotations() == ["error apps/web.yaml:3"]
}

#[test]
fn every_exit_code_passes_through_and_is_explained() {
    for (code, meaning) in [
        (1, "1 new findings, score 69"),
        (2, "wrong usage"),
        (3, "nothing to audit"),
        (4, "could not be read"),
        (101, "report this"),
    ] {
        let outcome = fake("codes", code).run();
        assert_eq!((outcome.code, outcome.failed.as_deref()), (code, Some("Gate")));
        assert_eq!(outcome.output("exit-code"), code.to_string());
        assert!(outcome.said("error")[0].contains(meaning), "{:?}", outcome.obeyed);
    }
    let clean = fake("clean", 0).run();
    assert_eq!((clean.code, clean.output("exit-code")), (0, "0"));
    assert!(clean.said("error").is_empty());
}

#[test]
fn outputs_count_what_the_report_says() {
    let outcome = fake("outputs", 1).run();
    let values = ["score", "grade", "findings", "new-findings", "critical", "high", "complete"];
    assert_eq!(values.map(|name| outcome.output(name)), ["69", "D", "2", "1", "1", "1", "false"]);
    assert!(outcome.output("json-file").ends_with("/k8sready.json"));
    assert!(outcome.output("sarif-file").ends_with("/k8sready.sarif"));
}

#[test]
fn the_upload_happens_before_the_gate_fails() {
    let outcome = fake("order", 1).with("sarif-category", "prod").run();
    let uploaded = outcome.uploaded.expect("an upload");
    assert_eq!(uploaded["category"], "prod");
    assert_eq!(uploaded["sarif_file"], outcome.outputs["sarif-file"]);
    assert_eq!(outcome.code, 1);
}

#[test]
fn annotations_show_only_where_code_scanning_does_not() {
    assert!(!shown(&fake("uploaded", 1).run()), "each finding would be seen twice");
    assert!(shown(&fake("asked", 1).with("annotations", "true").run()));
    assert!(shown(&fake("no-upload", 1).with("upload-sarif", "false").run()));
    assert!(!shown(&fake("never", 1).with("upload-sarif", "false").with("annotations", "false").run()));
}

#[test]
fn a_refused_upload_degrades_to_annotations_with_one_notice() {
    for code in [0, 1] {
        let mut runner = fake("refused", code);
        runner.upload = Upload::Refused;
        let outcome = runner.run();
        assert_eq!(outcome.code, code, "the gate does not depend on the upload");
        assert!(shown(&outcome));
        let notices = outcome.said("notice");
        assert_eq!(notices.iter().filter(|text| text.contains("Code scanning")).count(), 1, "{notices:?}");
    }
}

#[test]
fn a_refused_upload_fails_where_it_was_demanded() {
    let mut runner = fake("demanded", 0).with("upload-sarif", "true");
    runner.upload = Upload::Refused;
    let outcome = runner.run();
    assert_eq!((outcome.code, outcome.failed.as_deref()), (1, Some("Gate")));
}

#[test]
fn an_audit_that_wrote_nothing_uploads_nothing_and_still_fails() {
    let outcome = Runner::new("nothing").with_fake(2, "error: bad flag\n", &[]).run();
    assert_eq!(outcome.code, 2);
    assert!(outcome.uploaded.is_none());
    assert_eq!((outcome.output("score"), outcome.output("json-file")), ("", ""));
    assert!(outcome.log.contains("error: bad flag"), "the log says what");
}

#[test]
fn the_summary_is_shown_and_never_too_long() {
    assert_eq!(fake("summary", 1).run().summary, "## k8sready\n\n| a | b |\n");
    assert_eq!(fake("no-summary", 1).with("step-summary", "false").run().summary, "");
    let long = "x".repeat(1_000_001);
    let outcome = Runner::new("long").with_fake(1, "", &[("markdown", &long)]).run();
    assert!(outcome.summary.len() < 200, "GitHub drops a summary above one mebibyte altogether");
}

#[test]
fn misspelt_switches_are_errors() {
    for (name, value) in [
        ("only-new", "yes"),
        ("config-from", "fork"),
        ("annotations", "True"),
        ("upload-sarif", "1"),
        ("step-summary", "no"),
        ("require-attestation", "maybe"),
    ] {
        let outcome = fake("switch", 0).with(name, value).run();
        assert_eq!(outcome.code, 1, "{name}: {value}");
        assert!(outcome.said("error")[0].contains(&format!("`{name}: {value}`")), "{:?}", outcome.obeyed);
    }
}

#[test]
fn the_working_directory_is_entered() {
    let runner = fake("folder", 0).with("working-directory", "deploy here");
    std::fs::create_dir(runner.workspace.join("deploy here")).expect("a folder");
    assert_eq!(runner.run().code, 0);
    assert_eq!(fake("no-folder", 0).with("working-directory", "-P").run().code, 1);
}
