//! `k8sready.yaml`: found from the input up to the git root; unknown keys are errors with a suggestion.
//!
//! The file comes from the repository that is audited and is not trusted: it cannot choose an output path, a kubeconfig or
//! a command to run, because it has no key for them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::vocabulary::{Profile, Severity};

/// Names under which a configuration is found, in this order.
pub const CONFIG_NAMES: &[&str] = &["k8sready.yaml", ".k8sready.yaml"];

/// The keys of the file.
const KEYS: &[&str] = &[
    "profile",
    "select",
    "ignore",
    "severity",
    "params",
    "exclude",
    "targetVersion",
    "failOn",
    "minScore",
    "partial",
    "managed",
    "assumeExternalBackup",
    "suppress",
];

/// What a configuration file may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// Which rules to run.
    pub profile: Option<Profile>,
    /// Only these rules.
    pub select: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// Severity by rule.
    pub severity: BTreeMap<String, Severity>,
    /// Thresholds by rule and parameter.
    pub params: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// Globs of paths to skip, relative to the file.
    pub exclude: Vec<String>,
    /// Kubernetes version to judge for.
    pub target_version: Option<String>,
    /// The gate.
    pub fail_on: Option<String>,
    /// The gate's score.
    pub min_score: Option<u8>,
    /// The input is part of a larger whole.
    pub partial: bool,
    /// The provider that runs the control plane.
    pub managed: Option<String>,
    /// Backups run outside.
    pub assume_external_backup: bool,
    /// Findings to live with.
    pub suppress: Vec<Suppress>,
}

/// One suppression: matches findings by all that it names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Suppress {
    /// The rule.
    pub rule: String,
    /// Why; required.
    pub reason: String,
    /// Last day it holds: YYYY-MM-DD.
    pub until: Option<String>,
    /// Glob of the path.
    pub path: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Namespace, a glob.
    pub namespace: Option<String>,
    /// Name, a glob.
    pub name: Option<String>,
    /// Container, a glob.
    pub container: Option<String>,
}

/// A configuration with the place it came from.
#[derive(Clone, Debug, Default)]
pub struct ConfigFile {
    /// The file; `None` when there is none.
    pub path: Option<PathBuf>,
    /// What it says.
    pub config: Config,
}

/// A configuration that cannot be used: the user's fault, exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, with line and column where the file says so.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for ConfigError {}

impl ConfigFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let fail = |message: String| ConfigError { path: path.to_path_buf(), message };
        let text = fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
        let config = if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            Config::default()
        } else {
            serde_saphyr::from_str(&text).map_err(|error| fail(with_suggestion(&error.to_string())))?
        };
        Ok(ConfigFile { path: Some(path.to_path_buf()), config })
    }

    /// Finds the file that governs `input`: in its folder or above, up to the git root (or the file system's root).
    pub fn find(input: &Path) -> Result<Self, ConfigError> {
        let start = fs::canonicalize(input).unwrap_or_else(|_| input.to_path_buf());
        let folder = if start.is_dir() { Some(start.as_path()) } else { start.parent() };
        for folder in folder.into_iter().flat_map(Path::ancestors) {
            let found = CONFIG_NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
            if let Some(path) = found {
                return Self::read(&path);
            }
            if folder.join(".git").exists() {
                break;
            }
        }
        Ok(ConfigFile::default())
    }
}

/// Adds "did you mean" to serde's complaint about an unknown field.
fn with_suggestion(message: &str) -> String {
    let unknown = message.split("unknown field `").nth(1).and_then(|rest| rest.split('`').next());
    let best = unknown.and_then(|word| crate::vocabulary::nearest(word, KEYS.iter().copied()));
    match best {
        Some(best) => format!("{message}\n  help: did you mean `{best}`?"),
        None => message.to_string(),
    }
}
