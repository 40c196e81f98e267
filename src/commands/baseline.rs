//! `k8sready baseline`: accept what is found today, and see what of it is gone.

use std::path::Path;
use std::process::ExitCode;

use super::CommandError;
use super::audit::{audited, write_beside};
use super::rules::print;
use crate::audit::{met, read_baseline};
use crate::cli::{AuditArgs, BaselineArgs, BaselineCommand};
use crate::report::{Finding, Status, escape, in_repository};
use crate::triage::{Baseline, Entry};

/// Writes or checks a baseline.
pub fn run(args: &BaselineArgs) -> Result<ExitCode, CommandError> {
    match &args.command {
        BaselineCommand::Write(args) => write(&args.file, &args.audit),
        BaselineCommand::Check(args) => check(&args.file, &args.audit),
    }
}

fn write(file: &Path, args: &AuditArgs) -> Result<ExitCode, CommandError> {
    let before = if file.exists() { read_baseline(file)? } else { Baseline::default() };
    let (settings, audit) = audited(args)?;
    let failures = audit.report.findings.iter().filter(|finding| is_open(finding));
    let now = Baseline::new(failures.map(|finding| entry(finding, &settings.prefix)));
    write_beside(file, now.text().as_bytes())
        .map_err(|error| CommandError::Io(format!("`{}` cannot be written: {error}", file.display())))?;
    let new = now.entries().filter(|entry| !before.has(&entry.fingerprint)).count();
    let gone = before.entries().filter(|entry| !now.has(&entry.fingerprint)).count();
    let count = now.entries().len();
    print(&format!("wrote {}: {count} findings ({new} added, {gone} removed)\n", file.display()))?;
    Ok(ExitCode::from(if audit.failed { 4 } else { 0 }))
}

fn check(file: &Path, args: &AuditArgs) -> Result<ExitCode, CommandError> {
    let baseline = read_baseline(file)?;
    let (_, audit) = audited(args)?;
    let ran = |rule: &str| audit.report.rules.iter().any(|card| card.id.as_str() == rule);
    let stale = baseline.stale(met(&audit.report.findings), ran);
    let listed = |finding: &&Finding| is_open(finding) && baseline.has(&finding.fingerprint);
    let open = || audit.report.findings.iter().filter(|finding| is_open(finding));
    let (known, all) = (open().filter(listed).count(), open().count());
    let mut text: String =
        stale.iter().map(|entry| format!("stale: {} {}\n", escape(&entry.rule), escape(&entry.place))).collect();
    let lines = baseline.entries().len();
    text.push_str(&format!(
        "{}: {lines} lines, {} stale; {known} of {all} findings listed\n",
        file.display(),
        stale.len()
    ));
    if !stale.is_empty() {
        text.push_str(&format!("Remove what is stale: k8sready baseline write {}\n", file.display()));
    }
    print(&text)?;
    Ok(ExitCode::from(if audit.failed { 4 } else { u8::from(!stale.is_empty()) }))
}

fn is_open(finding: &Finding) -> bool {
    finding.status == Status::Fail && finding.suppressed.is_none()
}

/// One line: nothing of the input may begin another.
fn entry(finding: &Finding, prefix: &str) -> Entry {
    let path = in_repository(prefix, &finding.location.path).unwrap_or_else(|| finding.location.path.clone());
    let place = format!("{path} {}", finding.location.object);
    Entry {
        rule: finding.rule.as_str().to_string(),
        place: escape(place.trim()).into_owned(),
        fingerprint: finding.fingerprint.clone(),
    }
}
