//! `Settings`: what the command line, the configuration file and the environment mean together, built once.
//!
//! Everything that can be wrong about them is found here, before any input is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};
use jiff::civil::Date;

use crate::cli::{AuditArgs, Chart, Config, ConfigFile, ConfigFrom, Named, Override, Suppress};
use crate::report::{Format, in_repository};
use crate::source::{Ignores, Release};
use crate::values::KubeVersion;
use crate::vocabulary::{GroupBy, Problem, Profile, Severity, nearest};

/// The newest Kubernetes release that rules know; the default of `--target-version`.
pub const NEWEST_KUBERNETES: &str = "1.37";

/// Something the user must change: exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl UsageError {
    /// An error without further advice.
    pub fn new(message: impl Into<String>) -> Self {
        UsageError { message: message.into(), help: None }
    }

    /// The same error with advice.
    pub fn help(self, help: impl Into<String>) -> Self {
        UsageError { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UsageError {}

/// Which rules run, and how they are changed.
#[derive(Clone, Debug, Default)]
pub struct RuleSettings {
    /// The profile.
    pub profile: Option<Profile>,
    /// Only these.
    pub select: Vec<String>,
    /// Not these.
    pub ignore: Vec<String>,
    /// Severities by rule.
    pub severity: BTreeMap<String, Severity>,
    /// Thresholds by rule and parameter.
    pub params: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// Rules that overrides of paths name.
    pub overridden: Vec<String>,
    /// Folders with further rules.
    pub folders: Vec<PathBuf>,
}

/// What becomes of charts and Kustomize roots.
#[derive(Clone, Debug, Default)]
pub struct RenderSettings {
    /// They are rendered.
    pub asked: bool,
    /// What was typed for all charts.
    pub typed: Release,
    /// What the configuration says about some of them, the last that fits first.
    pub charts: Vec<(GlobMatcher, Release)>,
}

/// What decides the exit code.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The least severity that fails; `None` for never.
    pub fail_on: Option<Severity>,
    /// The least score.
    pub min_score: Option<u8>,
    /// Findings do not change the exit code.
    pub exit_zero: bool,
    /// No input is no error.
    pub allow_empty: bool,
    /// Unknown results are an error.
    pub require_complete: bool,
}

/// Everything `audit` needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What to read.
    pub paths: Vec<PathBuf>,
    /// Paths to skip.
    pub exclude: GlobSet,
    /// Paths of the repository to skip, as the configuration says.
    pub exclude_in_repository: GlobSet,
    /// Where further custom resource definitions lie.
    pub crds: Vec<PathBuf>,
    /// Whether and how charts and Kustomize roots are rendered.
    pub render: RenderSettings,
    /// Rules.
    pub rules: RuleSettings,
    /// The version to judge for.
    pub target_version: KubeVersion,
    /// The day to judge for.
    pub as_of: Date,
    /// The input is part of a larger whole.
    pub partial: bool,
    /// The provider that runs the control plane.
    pub managed: Option<String>,
    /// Backups run outside.
    pub external_backup: bool,
    /// The gate.
    pub gate: Gate,
    /// The report on standard output.
    pub format: Format,
    /// Further reports.
    pub outputs: Vec<(Format, PathBuf)>,
    /// List what passed.
    pub include_passes: bool,
    /// What parts are scored by themselves.
    pub group_by: Option<GroupBy>,
    /// Suppressions of the configuration.
    pub suppress: Vec<Suppress>,
    /// What is different below some paths, the last that fits first.
    pub overrides: Vec<PathOverride>,
    /// The configuration in use.
    pub config_path: Option<PathBuf>,
    /// Findings that do not count as new.
    pub baseline: Option<PathBuf>,
    /// Suppressions in the audited files do not hold.
    pub disallow_annotations: bool,
    /// The files at hand may not decide what counts: what they suppress holds only for findings that the compared revision has
    /// too, and what they ignore is audited.
    pub distrust: bool,
    /// What leads from the git root to the working directory, with a slash at its end; empty at the root.
    pub prefix: String,
    /// What was noticed before anything was read.
    pub notices: Vec<Problem>,
}

impl Settings {
    /// Combines what was typed with the configuration; the command line wins. `today` decides where neither says.
    pub fn build(args: &AuditArgs, file: &ConfigFile, today: Date) -> Result<Settings, UsageError> {
        let config = &file.config;
        Ok(Settings {
            paths: args.paths.clone(),
            exclude: globs(&args.exclude)?,
            exclude_in_repository: globs(&config.exclude)?,
            crds: args.crds.clone(),
            render: render(args, config)?,
            rules: rule_settings(args, config)?,
            target_version: version(args.target_version.as_deref().or(config.target_version.as_deref()))?,
            as_of: args.as_of.as_deref().map_or(Ok(today), date)?,
            partial: args.partial || config.partial.unwrap_or_default(),
            managed: args.managed.clone().or_else(|| config.managed.clone()),
            external_backup: args.assume_external_backup || config.assume_external_backup.unwrap_or_default(),
            gate: gate(args, config)?,
            format: args.format.as_deref().map_or(Ok(Format::Full), format)?,
            outputs: args.output.iter().map(output).collect::<Result<_, _>>()?,
            include_passes: args.include_passes,
            group_by: args.group_by,
            suppress: config.suppress.clone(),
            overrides: overrides(&config.overrides)?,
            config_path: file.path.clone(),
            baseline: args.baseline.clone(),
            disallow_annotations: args.disallow_annotations,
            distrust: args.config_from == ConfigFrom::Base,
            prefix: String::new(),
            notices: Vec::new(),
        })
    }
}

impl Settings {
    /// A path as globs of the configuration see it: that of the repository.
    pub fn in_repository<'p>(&self, path: &'p str) -> Cow<'p, str> {
        in_repository(&self.prefix, path).map_or(Cow::Borrowed(path), Cow::Owned)
    }

    /// How a chart is rendered: as configured, and then as typed.
    pub fn release(&self, chart: &str) -> Release {
        let path = self.in_repository(chart);
        let configured = self.render.charts.iter().find(|(glob, _)| glob.is_match(&*path));
        let mut release = configured.map(|(_, release)| release.clone()).unwrap_or_default();
        let typed = self.render.typed.clone();
        release.values.extend(typed.values);
        release.set.extend(typed.set);
        release.name = typed.name.or(release.name);
        release.namespace = typed.namespace.or(release.namespace);
        release
    }

    /// Ignore files are configuration too.
    pub fn ignores(&self) -> Ignores {
        if self.distrust { Ignores::Disregarded } else { Ignores::Honoured }
    }
}

fn rule_settings(args: &AuditArgs, config: &Config) -> Result<RuleSettings, UsageError> {
    let or = |typed: &Vec<String>, file: &Vec<String>| if typed.is_empty() { file.clone() } else { typed.clone() };
    let mut severity = config.severity.clone();
    for Named { name, value } in &args.severity {
        severity.insert(name.clone(), word("--severity", value)?);
    }
    Ok(RuleSettings {
        profile: args.profile.or(config.profile),
        select: or(&args.select, &config.select),
        ignore: args.ignore.iter().chain(&config.ignore).cloned().collect(),
        severity,
        params: config.params.clone(),
        overridden: config
            .overrides
            .iter()
            .flat_map(|all| all.ignore.iter().chain(all.severity.keys()))
            .cloned()
            .collect(),
        folders: args.rules.clone(),
    })
}

fn gate(args: &AuditArgs, config: &Config) -> Result<Gate, UsageError> {
    let fail_on = match args.fail_on.as_deref().or(config.fail_on.as_deref()) {
        None => Some(Severity::High),
        Some("none") => None,
        Some(severity) => Some(word("--fail-on", severity)?),
    };
    let min_score = args.min_score.or(config.min_score);
    if min_score.is_some_and(|score| score > 100) {
        return Err(UsageError::new("--min-score is above 100").help("the score runs from 0 to 100"));
    }
    Ok(Gate {
        fail_on,
        min_score,
        exit_zero: args.exit_zero,
        allow_empty: args.allow_empty,
        require_complete: args.require_complete,
    })
}

/// Parses one of a list of words.
fn word<T: FromStr<Err = crate::vocabulary::UnknownWord>>(option: &str, text: &str) -> Result<T, UsageError> {
    text.parse().map_err(|error: crate::vocabulary::UnknownWord| {
        let near = nearest(text, error.allowed.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        UsageError { message: format!("{option}: {error}"), help: near }
    })
}

fn version(text: Option<&str>) -> Result<KubeVersion, UsageError> {
    let text = text.unwrap_or(NEWEST_KUBERNETES);
    text.parse()
        .map_err(|error| UsageError::new(format!("--target-version: `{text}`: {error}")).help("write it as 1.36"))
}

/// Parses a date given by the user.
pub fn date(text: &str) -> Result<Date, UsageError> {
    text.parse().map_err(|_| UsageError::new(format!("`{text}` is not a date")).help("write it as 2026-11-30"))
}

/// Parses the name of a format.
pub fn format(text: &str) -> Result<Format, UsageError> {
    word("--format", text)
}

fn output(named: &Named) -> Result<(Format, PathBuf), UsageError> {
    Ok((format(&named.name)?, PathBuf::from(&named.value)))
}

/// What is different for paths of the repository that fit a glob.
#[derive(Clone, Debug)]
pub struct PathOverride {
    /// The paths.
    pub path: GlobMatcher,
    /// What the configuration says about them.
    pub says: Override,
}

fn overrides(all: &[Override]) -> Result<Vec<PathOverride>, UsageError> {
    let compile = |says: &Override| {
        let glob = Glob::new(&says.path).map_err(|error| UsageError::new(format!("overrides: {error}")))?;
        Ok(PathOverride { path: glob.compile_matcher(), says: says.clone() })
    };
    all.iter().rev().map(compile).collect()
}

fn render(args: &AuditArgs, config: &Config) -> Result<RenderSettings, UsageError> {
    let configured = |chart: &Chart| {
        let glob = Glob::new(&chart.path).map_err(|error| UsageError::new(format!("charts: {error}")))?;
        let Chart { values, set, release, namespace, .. } = chart.clone();
        Ok((glob.compile_matcher(), Release { values, set, name: release, namespace }))
    };
    Ok(RenderSettings {
        asked: args.render,
        typed: Release {
            values: args.values.clone(),
            set: args.set.clone(),
            name: args.release_name.clone(),
            namespace: args.release_namespace.clone(),
        },
        charts: config.charts.iter().rev().map(configured).collect::<Result<_, UsageError>>()?,
    })
}

fn globs(patterns: &[String]) -> Result<GlobSet, UsageError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern).map_err(|error| UsageError::new(format!("--exclude: {error}")))?;
        set.add(glob);
    }
    set.build().map_err(|error| UsageError::new(format!("--exclude: {error}")))
}
