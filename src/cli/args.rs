//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand, ValueEnum};

use super::live::LiveArgs;
use crate::vocabulary::{GroupBy, Profile, Severity};

const EXIT_CODES: &str = "Exit codes:
  0  no finding at or above --fail-on, and the score is not below --min-score
  1  findings at or above --fail-on, or a score below --min-score
  2  usage, configuration, or a bad rule
  3  nothing to audit (see --allow-empty), or incomplete with --require-complete
  4  an I/O or internal error, or a file named on the command line that does not parse
  5  the cluster cannot be reached
When several hold, the order is 5, 2, 4, 3, 1. Reports are written in every case.";

/// Production-readiness auditor for Kubernetes: manifests, control planes, balancers and backups, on the exact line.
#[derive(Debug, Parser)]
#[command(name = "k8sready", version, after_long_help = EXIT_CODES, max_term_width = 110, disable_help_subcommand = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Audit files and folders, or standard input with `-`
    Audit(Box<AuditArgs>),
    /// Explain a rule, or the facts that a subject offers to rules
    Explain(ExplainArgs),
    /// List the rules
    Rules(RulesArgs),
    /// Print the rights that an audit of a cluster needs
    Rbac(RbacArgs),
    /// Keep what a cluster answers in a file, for `audit --snapshot`
    Snapshot(Box<SnapshotArgs>),
    /// See what configures an audit, and where each value comes from
    Config(ConfigArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
    /// Accept today's findings, or see which accepted ones are gone
    Baseline(BaselineArgs),
    /// Write a commented k8sready.yaml
    Init(InitArgs),
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR or TERM=dumb say otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Which revision is trusted to configure the audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ConfigFrom {
    /// The files at hand
    #[default]
    Head,
    /// The revision to compare with: for pull requests from people who must not relax the gate
    Base,
}

/// `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Left of the first `=`.
    pub name: String,
    /// Right of it.
    pub value: String,
}

impl FromStr for Named {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`"))?;
        Ok(Named { name: name.to_string(), value: value.to_string() })
    }
}

/// Arguments of `audit`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub struct AuditArgs {
    /// Files and folders; `-` reads standard input
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// Audit a cluster as a snapshot kept it, instead of files
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "since"], help_heading = "Cluster")]
    pub snapshot: Option<PathBuf>,
    /// Audit a running cluster instead of files: lists and gets only, never a Secret
    #[arg(long, conflicts_with_all = ["paths", "since", "snapshot"], help_heading = "Cluster")]
    pub live: bool,
    /// Also say what the cluster has otherwise than these files or folders declare it (repeatable)
    #[arg(long, value_name = "PATH", help_heading = "Cluster")]
    pub compare: Vec<PathBuf>,
    /// Only say what the account may read of the cluster, and which rules lack something
    #[arg(long, requires = "live", help_heading = "Cluster")]
    pub preflight: bool,
    /// Which cluster, and as whom
    #[command(flatten)]
    pub cluster: LiveArgs,

    /// Only these rules: ids, areas, pillars, frameworks or globs, comma separated
    #[arg(long, value_delimiter = ',', value_name = "RULES", help_heading = "Rules")]
    pub select: Vec<String>,
    /// Not these rules
    #[arg(long, value_delimiter = ',', value_name = "RULES", help_heading = "Rules")]
    pub ignore: Vec<String>,
    /// How much to ask: essential, production (default) or strict
    #[arg(long, help_heading = "Rules")]
    pub profile: Option<Profile>,
    /// Change a rule's severity: RULE=SEVERITY (repeatable)
    #[arg(long, value_name = "RULE=SEVERITY", help_heading = "Rules")]
    pub severity: Vec<Named>,
    /// More rules from a folder laid out like `rules/` (repeatable)
    #[arg(long, value_name = "DIR", help_heading = "Rules")]
    pub rules: Vec<PathBuf>,

    /// Kubernetes version to judge for, e.g. 1.36
    #[arg(long, value_name = "VERSION", help_heading = "Input")]
    pub target_version: Option<String>,
    /// The date that decides support windows and expiries: YYYY-MM-DD
    #[arg(long, value_name = "DATE", env = "K8SREADY_AS_OF", help_heading = "Input")]
    pub as_of: Option<String>,
    /// Skip paths that match a glob (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Input")]
    pub exclude: Vec<String>,
    /// The input is part of a larger whole: what is absent is unknown
    #[arg(long, help_heading = "Input")]
    pub partial: bool,
    /// Files or folders with custom resource definitions that are not part of the input (repeatable)
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub crds: Vec<PathBuf>,
    /// Render charts with `helm` and Kustomize roots with `kustomize`, where they are on the PATH
    #[arg(long, help_heading = "Input")]
    pub render: bool,
    /// Values for all charts (repeatable)
    #[arg(long, value_name = "FILE", requires = "render", help_heading = "Input")]
    pub values: Vec<PathBuf>,
    /// A value for all charts: KEY=VALUE (repeatable)
    #[arg(long, value_name = "KEY=VALUE", requires = "render", help_heading = "Input")]
    pub set: Vec<String>,
    /// Name of the release that charts are rendered for; by default the chart's folder
    #[arg(long, value_name = "NAME", requires = "render", help_heading = "Input")]
    pub release_name: Option<String>,
    /// Namespace that charts are rendered for
    #[arg(long, value_name = "NAMESPACE", requires = "render", help_heading = "Input")]
    pub release_namespace: Option<String>,
    /// A provider runs the control plane (eks, gke, aks …): its rules are skipped with the reason
    #[arg(long, value_name = "PROVIDER", help_heading = "Input")]
    pub managed: Option<String>,
    /// etcd is backed up by something that is not in the input
    #[arg(long, help_heading = "Input")]
    pub assume_external_backup: bool,
    /// Configuration file; by default k8sready.yaml, from the input up to the git root
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub config: Option<PathBuf>,
    /// Whose configuration, baseline and rules count: those at hand, or those of the revision that --since names
    #[arg(long, value_enum, default_value = "head", hide_possible_values = true, value_name = "head|base")]
    #[arg(help_heading = "Input")]
    pub config_from: ConfigFrom,
    /// Read no configuration file
    #[arg(long, conflicts_with = "config", help_heading = "Input")]
    pub isolated: bool,

    /// Fail on findings of this severity or worse: critical, high (default), medium, low, info or none
    #[arg(long, value_name = "SEVERITY", help_heading = "Gate")]
    pub fail_on: Option<String>,
    /// Fail below this score (0-100)
    #[arg(long, value_name = "SCORE", help_heading = "Gate")]
    pub min_score: Option<u8>,
    /// Findings that this file lists do not fail; `k8sready baseline write` makes it
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub baseline: Option<PathBuf>,
    /// Only what is new since this revision fails: the commit where HEAD left its history is audited too
    #[arg(long, value_name = "REVISION", help_heading = "Gate")]
    pub since: Option<String>,
    /// Suppressions in the audited files (annotations and comments) do not hold
    #[arg(long, help_heading = "Gate")]
    pub disallow_annotations: bool,
    /// Exit with 0 where findings would give 1
    #[arg(long, help_heading = "Gate")]
    pub exit_zero: bool,
    /// Nothing to audit is no error
    #[arg(long, help_heading = "Gate")]
    pub allow_empty: bool,
    /// Anything unknown is an error (exit 3)
    #[arg(long, help_heading = "Gate")]
    pub require_complete: bool,

    /// Format of the report: full, concise, json, sarif, github, gitlab, junit,
    /// markdown, prometheus, openreports or policyreport
    #[arg(long, short, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,
    /// Write a further report to a file: FORMAT=FILE (repeatable)
    #[arg(long, short, value_name = "FORMAT=FILE", help_heading = "Output")]
    pub output: Vec<Named>,
    /// Also score every environment or namespace by itself: environment or namespace
    #[arg(long, value_name = "PART", help_heading = "Output")]
    pub group_by: Option<GroupBy>,
    /// Category of the results in code scanning, for several audits of one commit
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub sarif_category: Option<String>,
    /// Also list what passed
    #[arg(long, help_heading = "Output")]
    pub include_passes: bool,
    /// Show every finding in full, not the first three of a rule
    #[arg(long, help_heading = "Output")]
    pub show_all: bool,
    /// When to colour
    #[arg(long, value_enum, default_value = "auto", help_heading = "Output")]
    pub color: ColorChoice,
    /// Width of the report in columns; by default that of the terminal
    #[arg(long, value_name = "COLUMNS", help_heading = "Output")]
    pub width: Option<usize>,
    /// Only the summary of full and concise; twice: nothing but the exit code
    #[arg(long, short, action = clap::ArgAction::Count, help_heading = "Output")]
    pub quiet: u8,
    /// Also say on standard error which configuration and environments are in use
    #[arg(long, short, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
}

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The rule's id
    #[arg(required_unless_present = "subject")]
    pub rule: Option<String>,
    /// Explain a subject's facts instead
    #[arg(long, conflicts_with = "rule")]
    pub subject: Option<String>,
    /// text or json
    #[arg(long, default_value = "text")]
    pub format: String,
    /// More rules from a folder (repeatable)
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

/// Arguments of `rules`.
#[derive(Debug, clap::Args)]
pub struct RulesArgs {
    /// Only these rules: ids, areas, pillars, frameworks or globs, comma separated
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub select: Vec<String>,
    /// Not these rules
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub ignore: Vec<String>,
    /// The profile whose rules to list
    #[arg(long, default_value = "strict")]
    pub profile: Profile,
    /// Only rules of this severity or worse
    #[arg(long)]
    pub severity: Option<Severity>,
    /// Print which rules answer another tool's checks: kube-linter, kube-score, polaris …
    #[arg(long, value_name = "TOOL")]
    pub from: Option<String>,
    /// text or json
    #[arg(long, default_value = "text")]
    pub format: String,
    /// More rules from a folder (repeatable)
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

/// Arguments of `snapshot`.
#[derive(Debug, clap::Args)]
pub struct SnapshotArgs {
    /// The file to write; only its owner may read it
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// More rules from a folder, whose needs are kept too (repeatable)
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Not a word on standard error
    #[arg(long, short)]
    pub quiet: bool,
    /// Which cluster, and as whom
    #[command(flatten)]
    pub cluster: LiveArgs,
}

/// Arguments of `rbac`.
#[derive(Debug, clap::Args)]
pub struct RbacArgs {
    /// Only for these rules: ids, areas, pillars, frameworks or globs, comma separated
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub select: Vec<String>,
    /// Not for these rules
    #[arg(long, value_delimiter = ',', value_name = "RULES")]
    pub ignore: Vec<String>,
    /// For the rules of this profile
    #[arg(long, default_value = "production")]
    pub profile: Profile,
    /// More rules from a folder (repeatable)
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Name of the roles
    #[arg(long, default_value = "k8sready")]
    pub name: String,
    /// Also bind them to a service account: NAMESPACE/NAME
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub service_account: Option<String>,
}

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// What to do
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// The commands of `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting of the audit that these arguments would start, with its origin
    Show(Box<AuditArgs>),
}

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `baseline`.
#[derive(Debug, clap::Args)]
pub struct BaselineArgs {
    /// What to do
    #[command(subcommand)]
    pub command: BaselineCommand,
}

/// The commands of `baseline`.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Write today's findings into a baseline
    Write(Box<BaselineFile>),
    /// List the lines of a baseline that match no finding any more (exit code 1 if there are any)
    Check(Box<BaselineFile>),
}

/// A baseline, and the audit that it belongs to.
#[derive(Debug, clap::Args)]
pub struct BaselineFile {
    /// The baseline
    pub file: PathBuf,
    /// The audit
    #[command(flatten)]
    pub audit: AuditArgs,
}

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The folder to write k8sready.yaml into
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Overwrite an existing file
    #[arg(long)]
    pub force: bool,
}
