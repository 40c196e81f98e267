//! `k8sready init`: a commented configuration that fits what lies in the folder.

use std::fs;
use std::process::ExitCode;

use super::CommandError;
use super::rules::print;
use crate::cli::InitArgs;
use crate::settings::{NEWEST_KUBERNETES, UsageError};
use crate::source::walk;

/// Folders that usually hold what nobody runs.
const NOT_RUN: &[&str] = &["test", "tests", "testdata", "examples", "hack", "vendor", "node_modules"];

/// Writes the file.
pub fn run(args: &InitArgs) -> Result<ExitCode, CommandError> {
    let target = args.path.join("k8sready.yaml");
    if target.exists() && !args.force {
        let error = UsageError::new(format!("`{}` exists already", target.display()));
        return Err(error.help("--force overwrites it").into());
    }
    let found = walk(std::slice::from_ref(&args.path), &args.path);
    let mut folders: Vec<String> = found
        .files
        .iter()
        .filter_map(|file| file.display.split_once('/').map(|(folder, _)| folder.to_string()))
        .filter(|folder| NOT_RUN.contains(&folder.as_str()))
        .collect();
    folders.dedup();
    let text = configuration(&folders);
    fs::write(&target, text)
        .map_err(|error| CommandError::Io(format!("`{}` cannot be written: {error}", target.display())))?;
    print(&format!("wrote {} ({} files found to audit)\n", target.display(), found.files.len()))
}

fn configuration(not_run: &[String]) -> String {
    let mut exclude = String::new();
    if not_run.is_empty() {
        exclude.push_str("# exclude: [\"examples/**\"]\n");
    } else {
        let globs: Vec<String> = not_run.iter().map(|folder| format!("\"{folder}/**\"")).collect();
        exclude.push_str(&format!("exclude: [{}]\n", globs.join(", ")));
    }
    format!(
        r#"# Configuration of k8sready, found from the audited folder up to the git root.
# Every key is optional; the values shown are the defaults unless a line is active.

# How much to ask: essential, production or strict.
profile: production

# Only these rules, or not these: ids, areas, pillars, frameworks, globs.
# select: [etcd, backup, "rbac-*"]
# ignore: [zone-spread-missing]

# Another severity for a rule.
# severity:
#   single-replica: medium

# Another threshold for a rule (`k8sready explain RULE` shows its parameters).
# params:
#   single-replica: {{ minimum: 3 }}

# Less strict in some paths. What is ignored there is counted as suppressed.
# overrides:
#   - path: "dev/**"
#     ignore: [single-replica]
#     severity: {{ memory-limit-missing: low }}
#     reason: nobody depends on it

# Another file of this repository to build on.
# extends: [shared/k8sready.yaml]

# With --render: what charts are rendered with.
# charts:
#   - path: charts/*
#     values: [values/prod.yaml]
#     namespace: shop

# Paths that nobody runs.
{exclude}
# The Kubernetes version to judge for.
# targetVersion: "{NEWEST_KUBERNETES}"

# The gate: critical, high, medium, low, info or none; and the least score.
failOn: high
# minScore: 80

# The input is part of a larger whole: what is absent is then unknown, not missing.
# partial: true

# A provider runs the control plane: eks, gke, aks …
# managed: eks

# etcd is backed up by something that is not in this repository.
# assumeExternalBackup: true

# Findings to live with. A reason is required; `until` is the last day.
# suppress:
#   - rule: single-replica
#     kind: Deployment
#     name: batch-*
#     reason: restarts within seconds, nobody waits for it
#     until: 2027-06-30
"#
    )
}

#[cfg(test)]
mod tests {
    use super::configuration;
    use crate::cli::Config;

    #[test]
    fn the_written_configuration_can_be_read() {
        for folders in [vec![], vec!["tests".to_string()]] {
            let config: Config = serde_saphyr::from_str(&configuration(&folders)).expect("valid");
            assert_eq!(config.fail_on.as_deref(), Some("high"));
            assert_eq!(config.exclude.len(), folders.len());
        }
    }
}
