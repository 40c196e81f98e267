//! `k8sready audit`.

use std::path::Path;
use std::process::ExitCode;

use super::{CommandError, environment};
use crate::audit::audit;
use crate::cli::{AuditArgs, ConfigFile};
use crate::settings::Settings;

/// Audits, reports, and decides the exit code.
pub fn run(args: &AuditArgs) -> Result<ExitCode, CommandError> {
    let config = config(args)?;
    let settings = Settings::build(args, &config, environment::today())?;
    let audit = audit(&settings)?;
    for finding in &audit.report.findings {
        use std::io::Write as _;
        let region = finding.location.region;
        writeln!(
            anstream::stdout(),
            "{}:{}: {}[{}] {} {:?} {}",
            finding.location.path,
            region.map_or(0, |r| r.line),
            finding.severity,
            finding.rule,
            finding.message,
            finding.reason,
            finding.location.field
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn config(args: &AuditArgs) -> Result<ConfigFile, CommandError> {
    if args.isolated {
        return Ok(ConfigFile::default());
    }
    match &args.config {
        Some(path) => Ok(ConfigFile::read(path)?),
        None => Ok(ConfigFile::find(args.paths.first().map_or(Path::new("."), |path| path))?),
    }
}
