//! `k8sready audit`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use super::base::Against;
use super::texts::Texts;
use super::{CommandError, environment, live};
use crate::audit::{Audit, active, audit, audit_scan, wants};
use crate::cli::AuditArgs;
use crate::report::{Format, write};
use crate::rule::RuleSet;
use crate::settings::{Gate, Settings};
use crate::source::SourceKind;

/// Audits, reports, and decides the exit code. Reports are written in every case.
pub fn run(args: &AuditArgs) -> Result<ExitCode, CommandError> {
    #[cfg(feature = "live")]
    if args.preflight {
        return super::preflight::run(args);
    }
    let started = Instant::now();
    let (settings, mut audit) = audited(args)?;
    audit.report.elapsed = (settings.format == Format::Full).then(|| started.elapsed());
    if args.verbose > 0 {
        say_what_is_in_use(&settings, &audit)?;
    }
    for (format, path) in &settings.outputs {
        write_file(args, *format, path, &audit)?;
    }
    print(args, &settings, &audit)?;
    let code = exit_code(&settings.gate, &audit);
    if code == NOTHING_OR_INCOMPLETE {
        say_what_is_missing(args, &settings, &audit)?;
    }
    // The process ends here; taking a large inventory apart first would only cost time.
    std::mem::forget(audit);
    Ok(ExitCode::from(code))
}

/// What the arguments mean, and what comes of them.
pub(super) fn audited(args: &AuditArgs) -> Result<(Settings, Audit), CommandError> {
    let (settings, against) = understood(args)?;
    let audit = if args.live { of_cluster(args, &settings)? } else { audit(&settings, against.revision.as_ref())? };
    Ok((settings, audit))
}

/// What the arguments mean, and what is compared with.
pub(super) fn understood(args: &AuditArgs) -> Result<(Settings, Against), CommandError> {
    live::check(args.live, &args.cluster)?;
    let mut against = Against::find(args)?;
    let config = against.config(args)?;
    let mut settings = Settings::build(args, &config, environment::today())?;
    settings.prefix = environment::uri_prefix();
    against.settle(&mut settings);
    Ok((settings, against))
}

/// Scans the cluster for what the rules need, and audits what it answered.
fn of_cluster(args: &AuditArgs, settings: &Settings) -> Result<Audit, CommandError> {
    let set = RuleSet::with_folders(&settings.rules.folders)?;
    let rules = active(&set, &settings.rules).map_err(CommandError::from)?;
    let scan =
        live::scan(&args.cluster, &args.compare, args.quiet > 0, &wants(rules.iter().map(|active| active.rule)))?;
    Ok(audit_scan(settings, scan, &SourceKind::Live)?)
}

fn say_what_is_in_use(settings: &Settings, audit: &Audit) -> io::Result<()> {
    let mut stderr = anstream::stderr().lock();
    match &settings.config_path {
        Some(path) => writeln!(stderr, "configuration: {}", path.display())?,
        None => writeln!(stderr, "configuration: none")?,
    }
    for (index, environment) in audit.inventory.environments().iter().enumerate() {
        let id = crate::inventory::EnvironmentId(u32::try_from(index).unwrap_or(u32::MAX));
        let documents = audit.inventory.members(id).len();
        if documents > 0 {
            let shared = environment.visible.len() - 1;
            writeln!(stderr, "environment {}: {documents} documents, shares with {shared} others", environment.path)?;
        }
    }
    Ok(())
}

/// Writes a report beside its target and moves it there, so that a reader never sees half of it. What is no ordinary file
/// (a pipe, a device) is written to as it is; a symbolic link is refused, lest somebody else chose the target.
fn write_file(args: &AuditArgs, format: Format, path: &Path, audit: &Audit) -> Result<(), CommandError> {
    let style = environment::style(args, format, false);
    let mut bytes = Vec::new();
    write(format, &audit.report, &Texts(audit.inventory.sources()), &style, &mut bytes)?;
    let kind = fs::symlink_metadata(path).map(|metadata| metadata.file_type());
    let written = match kind {
        Ok(kind) if kind.is_symlink() => Err(io::Error::other("it is a symbolic link")),
        Ok(kind) if !kind.is_file() => {
            fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(&bytes))
        }
        _ => write_beside(path, &bytes),
    };
    written.map_err(|error| CommandError::Io(format!("`{}` cannot be written: {error}", path.display())))
}

pub(super) fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".partial");
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // What is half written helps nobody; the first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn print(args: &AuditArgs, settings: &Settings, audit: &Audit) -> Result<(), CommandError> {
    if args.quiet > 1 {
        return Ok(());
    }
    let style = environment::style(args, settings.format, environment::stdout_is_terminal());
    let texts = Texts(audit.inventory.sources());
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let written = write(settings.format, &audit.report, &texts, &style, &mut stdout).and_then(|()| stdout.flush());
    match written {
        // Whoever closed the pipe has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn say_what_is_missing(args: &AuditArgs, settings: &Settings, audit: &Audit) -> io::Result<()> {
    let quoted = |path: &PathBuf| format!("`{}`", path.display());
    let mut stderr = anstream::stderr().lock();
    if audit.empty {
        let (input, other) = match &settings.snapshot {
            _ if args.live => ("the cluster".to_string(), "use an account that may read something"),
            Some(snapshot) => (quoted(snapshot), "take another snapshot"),
            None => (settings.paths.iter().map(quoted).collect::<Vec<_>>().join(", "), "name other paths"),
        };
        writeln!(stderr, "error: nothing to audit in {input}\n  help: {other}, or allow it with --allow-empty")
    } else {
        let (unknown, failed) = (audit.report.counts.unknown, audit.report.coverage.documents_failed);
        writeln!(
            stderr,
            "error: incomplete: {unknown} results unknown, {failed} documents not read (--require-complete)"
        )
    }
}

/// Exit code of an audit without input, or without all that it needs.
const NOTHING_OR_INCOMPLETE: u8 = 3;

/// The precedence of exit codes: 4, 3, 1.
fn exit_code(gate: &Gate, audit: &Audit) -> u8 {
    let report = &audit.report;
    let incomplete = report.counts.unknown > 0 || report.coverage.documents_failed > 0;
    if audit.failed {
        return 4;
    }
    if (audit.empty && !gate.allow_empty) || (incomplete && gate.require_complete) {
        return NOTHING_OR_INCOMPLETE;
    }
    let bad =
        |severity| report.findings.iter().any(|finding| finding.is_open_failure() && finding.severity >= severity);
    let below =
        gate.min_score.is_some_and(|least| report.score.headline.as_ref().is_some_and(|score| score.value < least));
    if (gate.fail_on.is_some_and(bad) || below) && !gate.exit_zero { 1 } else { 0 }
}
