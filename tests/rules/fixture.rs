//! A fixture: inputs, marks, settings; judged by one rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use k8sready::audit::audit_inputs;
use k8sready::cli::{Args, Command, ConfigFile};
use k8sready::engine::{self, ActiveRule, Passes, Verdict};
use k8sready::expr::Value;
use k8sready::facts::{self, Assumptions, Facts};
use k8sready::inventory::{self, Input, Loaded};
use k8sready::rule::{Judge, Rule};
use k8sready::settings::Settings;
use k8sready::source::{ListState, Listed, Resource, SourceKind};
use k8sready::vocabulary::{ProblemKind, Severity};
use libtest_mimic::Failed;
use serde::Deserialize;

use crate::marks;

/// Problems that triage notices, after all rules have judged.
const TRIAGE: &[ProblemKind] =
    &[ProblemKind::UnusedSuppression, ProblemKind::ExpiredSuppression, ProblemKind::BadSuppression];

/// What a fixture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Fail,
    Pass,
    Unknown,
}

impl Side {
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Fail => "fail",
            Side::Pass => "pass",
            Side::Unknown => "unknown",
        }
    }
}

/// `audit.yaml` of a folder.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    partial: bool,
    /// The files hold the objects of a cluster that showed everything, status included.
    live: bool,
    /// Plurals that the account may not list there.
    forbidden: Vec<String>,
    assume_external_backup: bool,
    /// As `1.29`.
    target_version: Option<String>,
    /// As `2027-01-15`.
    as_of: Option<String>,
    params: BTreeMap<String, serde_json::Value>,
}

/// One reported line: file, line, whether unknown, severity.
pub type Reported = (String, u32, bool, Severity);

pub struct Fixture {
    pub path: PathBuf,
    pub side: Side,
    options: Options,
    files: Vec<(String, String)>,
}

impl Fixture {
    /// The fixtures of a rule.
    pub fn find(folder: &Path, id: &str) -> Vec<Fixture> {
        entries(folder).into_iter().filter_map(|path| Fixture::read(&path, id)).collect()
    }

    fn read(path: &Path, id: &str) -> Option<Fixture> {
        let file_name = name(path);
        let rest = file_name.strip_prefix(id)?.strip_prefix('.')?;
        let side = rest.split(['.', '-']).next()?;
        let side = [Side::Fail, Side::Pass, Side::Unknown].into_iter().find(|known| known.as_str() == side)?;
        if file_name.ends_with(".expect") {
            return None;
        }
        let mut files = Vec::new();
        collect(path, path.parent().unwrap_or(path), &mut files);
        let is_options = |file: &(String, String)| file.0.ends_with("/audit.yaml");
        let options = files.iter().find(|file| is_options(file)).map(|(_, text)| {
            serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{}/audit.yaml: {error}", path.display()))
        });
        files.retain(|file| !is_options(file));
        Some(Fixture { path: path.to_path_buf(), side, options: options.unwrap_or_default(), files })
    }

    fn inputs(&self) -> Vec<Input> {
        let files = self.files.iter().filter(|(name, _)| !name.ends_with(".expect"));
        let input = |(name, text): &(String, String)| Input {
            path: name.clone(),
            kind: SourceKind::File,
            named: true,
            text: Ok(text.clone()),
        };
        files.map(input).collect()
    }

    /// How the lists of the cluster ended.
    fn lists(&self) -> Vec<Listed> {
        let listed = |api: &facts::Api| {
            let refused = self.options.forbidden.iter().any(|plural| plural == api.plural);
            let resource = Resource {
                group: api.group.to_string(),
                version: api.version.to_string(),
                kind: api.kind.to_string(),
                plural: api.plural.to_string(),
                namespaced: api.namespaced,
            };
            let state = if refused { ListState::Forbidden } else { ListState::Complete };
            Listed { resource, state, inconsistent: false }
        };
        facts::APIS.iter().map(listed).collect()
    }

    /// Reads the inputs and builds the facts.
    pub fn prepare(&self) -> (Loaded, Facts) {
        let mut loaded = match self.options.live {
            true => inventory::load_dump(self.inputs(), &self.lists()),
            false => inventory::load(self.inputs(), self.options.partial),
        };
        let minor =
            |version: &String| version.strip_prefix("1.").and_then(|minor| minor.parse().ok()).expect("1.MINOR");
        let assumptions = Assumptions {
            external_backup: self.options.assume_external_backup,
            target_minor: self.options.target_version.as_ref().map_or(facts::NEWEST_MINOR, minor),
            as_of: self
                .options
                .as_of
                .as_ref()
                .map_or(Assumptions::default().as_of, |day| day.parse().expect("YYYY-MM-DD")),
        };
        let facts = facts::build(&mut loaded.inventory, assumptions).expect("facts");
        (loaded, facts)
    }

    /// What a rule reports, message included.
    pub fn judge(&self, rule: &Rule, loaded: &Loaded, facts: &Facts) -> Result<Vec<(Reported, String)>, Failed> {
        if let Judge::RaisedBy(kind) = rule.judge
            && TRIAGE.contains(&kind)
        {
            return Ok(self.triaged(rule));
        }
        let active = [ActiveRule { rule, params: self.params(rule) }];
        let evaluation = engine::evaluate(&loaded.inventory, facts, &active, &loaded.problems, Passes::Count);
        if let Some(problem) = evaluation.problems.first() {
            return Err(Failed::from(format!("{}: {}", self.path.display(), problem.message)));
        }
        let sources = loaded.inventory.sources();
        let mut reported = Vec::new();
        for outcome in evaluation.outcomes {
            let place = outcome.place(&loaded.inventory, facts);
            let position = sources.locate(place.source, place.span);
            let unknown = matches!(outcome.verdict, Verdict::Unknown(_));
            for _ in 0..outcome.count {
                let severity = if unknown { rule.file.severity } else { outcome.severity };
                reported.push(((position.path.to_string(), position.line, unknown, severity), outcome.message.clone()));
            }
        }
        reported.sort();
        Ok(reported)
    }

    /// What a rule reports that stands for what triage notices: only a whole audit does.
    fn triaged(&self, rule: &Rule) -> Vec<(Reported, String)> {
        use clap::Parser as _;
        let args = Args::parse_from(["k8sready", "audit", "--profile", "strict"]);
        let Command::Audit(args) = args.command else { panic!("`audit` was asked for") };
        let today = "2026-11-24".parse().expect("a date");
        let settings = Settings::build(&args, &ConfigFile::default(), today).expect("valid settings");
        let audit = audit_inputs(&settings, self.inputs(), Vec::new()).expect("an audit");
        let findings = audit.report.findings.iter().filter(|finding| finding.rule == rule.id);
        let mut reported: Vec<(Reported, String)> = findings
            .map(|finding| {
                let line = finding.location.region.map_or(0, |region| u32::try_from(region.line).expect("a line"));
                ((finding.location.path.clone(), line, false, finding.severity), finding.message.clone())
            })
            .collect();
        reported.sort();
        reported
    }

    fn params(&self, rule: &Rule) -> Value<'static> {
        let value =
            |name: &String, default| k8sready::audit::json_value(self.options.params.get(name).unwrap_or(default));
        Value::map(rule.file.params.iter().map(|(name, param)| (name.as_str(), value(name, &param.default))))
    }

    /// Exactly the marked lines, and messages without a gap.
    pub fn check(&self, rule: &Rule) -> Result<(), Failed> {
        let (loaded, facts) = self.prepare();
        let reported = self.judge(rule, &loaded, &facts)?;
        for (_, message) in &reported {
            if message.contains('?') || message.contains("null") {
                return Err(Failed::from(format!(
                    "{}: a value is missing in the message: {message}",
                    self.path.display()
                )));
            }
        }
        let mut expected = marks::expected(rule.id.as_str(), &self.files);
        expected.sort();
        let got: Vec<marks::Mark> =
            reported.iter().map(|((file, line, unknown, _), _)| (file.clone(), *line, *unknown)).collect();
        let wanted = match self.side {
            Side::Fail => expected.iter().any(|mark| !mark.2),
            Side::Pass => expected.is_empty(),
            Side::Unknown => expected.iter().any(|mark| mark.2),
        };
        if !wanted {
            return Err(Failed::from(format!(
                "{}: its marks do not fit a `{}` fixture",
                self.path.display(),
                self.side.as_str()
            )));
        }
        if got == expected {
            return Ok(());
        }
        Err(Failed::from(format!(
            "{}\n  marked but not reported: {}\n  reported but not marked: {}\n  messages: {:#?}",
            self.path.display(),
            listed(&expected, &got),
            listed(&got, &expected),
            reported.iter().map(|(_, message)| message).collect::<Vec<_>>(),
        )))
    }
}

/// What stands in `some` more often than in `other`.
fn listed(some: &[marks::Mark], other: &[marks::Mark]) -> String {
    let count = |list: &[marks::Mark], mark: &marks::Mark| list.iter().filter(|other| *other == mark).count();
    let mut more: Vec<&marks::Mark> = some.iter().filter(|mark| count(some, mark) > count(other, mark)).collect();
    more.dedup();
    let text = |mark: &&marks::Mark| format!("{}{}:{}", if mark.2 { "~" } else { "" }, mark.0, mark.1);
    if more.is_empty() { "nothing".to_string() } else { more.iter().map(text).collect::<Vec<_>>().join(", ") }
}

fn collect(path: &Path, base: &Path, files: &mut Vec<(String, String)>) {
    if path.is_dir() {
        entries(path).iter().for_each(|entry| collect(entry, base, files));
        return;
    }
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let relative = path.strip_prefix(base).unwrap_or(path).to_string_lossy().replace('\\', "/");
    files.push((relative, text));
    let expect = PathBuf::from(format!("{}.expect", path.display()));
    if path.parent() == Some(base) && expect.is_file() {
        collect(&expect, base, files);
    }
}

/// The entries of a folder, sorted; none where there is no folder.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// The last part of a path.
pub fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
