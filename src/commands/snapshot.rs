//! `k8sready snapshot`: keeps what a cluster answers to all rules there are, so that any of them can be asked later.

use std::process::ExitCode;

use super::{CommandError, live};
use crate::audit::wants;
use crate::cli::SnapshotArgs;
use crate::rule::RuleSet;
use crate::source::write_snapshot;

/// Scans and writes.
pub fn run(args: &SnapshotArgs) -> Result<ExitCode, CommandError> {
    let set = RuleSet::with_folders(&args.rules)?;
    let scan = live::scan(&args.cluster, &[], args.quiet, &wants(&set.rules))?;
    write_snapshot(&args.output, &scan)
        .map_err(|error| CommandError::Io(format!("`{}` cannot be written: {error}", args.output.display())))?;
    Ok(ExitCode::SUCCESS)
}
