//! What a `k8sready.yaml` may say.
//!
//! The file comes from the repository that is audited and is not trusted: it cannot choose an output path, a kubeconfig or
//! a command to run, because it has no key for them. `schemas/config.v1.schema.json` publishes the same keys for editors.
//! Where files are found and how several become one is `layers`' business.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::vocabulary::{Profile, Severity};

/// What a configuration file may say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// Files to build on, relative to this one: what this one says comes on top.
    pub extends: Vec<String>,
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
    /// Globs of paths to skip, relative to the file that holds them.
    pub exclude: Vec<String>,
    /// Kubernetes version to judge for.
    pub target_version: Option<String>,
    /// The gate.
    pub fail_on: Option<String>,
    /// The gate's score.
    pub min_score: Option<u8>,
    /// The input is part of a larger whole.
    pub partial: Option<bool>,
    /// The provider that runs the control plane.
    pub managed: Option<String>,
    /// Backups run outside.
    pub assume_external_backup: Option<bool>,
    /// Findings to live with.
    pub suppress: Vec<Suppress>,
    /// Other severities, or no findings of some rules, in some paths.
    pub overrides: Vec<Override>,
    /// How charts are rendered; the last that fits a chart counts.
    pub charts: Vec<Chart>,
}

/// How charts are rendered under `--render`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Chart {
    /// Glob of the chart's folder, relative to the file that holds it.
    pub path: String,
    /// Values files, relative to the file that holds them; later ones win.
    pub values: Vec<PathBuf>,
    /// Assignments as for `helm --set`.
    pub set: Vec<String>,
    /// Name of the release.
    pub release: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
}

/// What is different below some paths.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Override {
    /// Glob of the path, relative to the file that holds it.
    pub path: String,
    /// Rules whose findings do not count there: they are suppressed, and counted as such.
    pub ignore: Vec<String>,
    /// Severity by rule.
    pub severity: BTreeMap<String, Severity>,
    /// Why; shown with what is suppressed.
    pub reason: Option<String>,
}

/// One suppression: matches findings by all that it names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
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
