//! The audit as a whole: settings → inputs → inventory → facts → outcomes → triage → score → report.
//!
//! This is the one place that knows every layer; each step is one call.

mod assemble;
mod groups;
mod inputs;
mod known;
mod render;
mod suppressions;

pub use known::{met, read as read_baseline};

use std::fmt;

use crate::engine::{ActiveRule, Evaluating, Evaluation, Passes};
use crate::expr::Value;
use crate::facts::{Assumptions, Facts, Maker};
use crate::inventory::{self, DocumentId, Inventory};
use crate::report::Report;
use crate::rule::{LoadError, Rule, RuleSet, select};
use crate::settings::{RuleSettings, Settings, UsageError};
use crate::source::Revision;
use crate::vocabulary::{Problem, Profile};
use inputs::Inputs;
use known::Known;

/// A report with what decides the exit code besides it, and the texts to show.
#[derive(Debug)]
pub struct Audit {
    /// The report.
    pub report: Report,
    /// The inventory, for source texts and the division into environments.
    pub inventory: Inventory,
    /// An input named on the command line could not be read or parsed, or k8sready itself failed.
    pub failed: bool,
    /// Nothing was there to audit.
    pub empty: bool,
}

/// Why there is no report.
#[derive(Debug)]
pub enum AuditError {
    /// The user's settings.
    Usage(UsageError),
    /// A rule.
    Rules(LoadError),
    /// k8sready's own data.
    Internal(String),
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuditError::Usage(error) => write!(f, "{error}"),
            AuditError::Rules(error) => write!(f, "{error}"),
            AuditError::Internal(error) => write!(f, "{error} (a defect of k8sready; please report it)"),
        }
    }
}

impl std::error::Error for AuditError {}

impl From<UsageError> for AuditError {
    fn from(error: UsageError) -> Self {
        AuditError::Usage(error)
    }
}

impl From<LoadError> for AuditError {
    fn from(error: LoadError) -> Self {
        AuditError::Rules(error)
    }
}

/// Reads the inputs that the settings name and audits them. Findings that the baseline lists or `revision` has are not new.
pub fn audit(settings: &Settings, revision: Option<&Revision>) -> Result<Audit, AuditError> {
    let inputs = inputs::collect(settings)?;
    let known = Known::gather(settings, revision)?;
    audit_known(settings, inputs, &known)
}

/// Audits inputs that were read already. `noticed` are problems met while reading them.
pub fn audit_inputs(
    settings: &Settings,
    inputs: Vec<inventory::Input>,
    noticed: Vec<Problem>,
) -> Result<Audit, AuditError> {
    let inputs = Inputs { texts: inputs, problems: noticed, ..Inputs::default() };
    audit_known(settings, inputs, &Known::default())
}

fn audit_known(settings: &Settings, inputs: Inputs, known: &Known) -> Result<Audit, AuditError> {
    let rules = RuleSet::with_folders(&settings.rules.folders)?;
    let (skipped, active): (Vec<_>, Vec<_>) = active(&rules, &settings.rules)?
        .into_iter()
        .partition(|active| settings.managed.is_some() && active.rule.subject.is_provider_business());
    let definitions = inputs::definitions(settings)?;
    let beside = (!definitions.is_empty()).then(|| inventory::load(definitions, true).inventory);
    let mut loaded = inventory::load_rendered(inputs.texts, inputs.rendering, settings.partial);
    loaded.problems.extend(inputs.problems);
    loaded.problems.extend(settings.notices.iter().cloned());
    let passes = if settings.include_passes { Passes::List } else { Passes::Count };
    let assumptions = Assumptions {
        external_backup: settings.external_backup,
        target_minor: settings.target_version.minor,
        as_of: settings.as_of,
    };
    let (facts, evaluation) = judge(&mut loaded.inventory, beside, assumptions, &active, &loaded.problems, passes)
        .map_err(AuditError::Internal)?;
    let rules = assemble::Rules { active: &active, skipped: &skipped };
    Ok(assemble::report(settings, loaded, &facts, rules, evaluation, known))
}

/// Objects whose facts are kept at a time: enough to keep all cores busy, few enough not to matter in memory.
const CHUNK: usize = 1024;

/// Judges the control plane, then the objects a chunk at a time; an object's facts go when its rules have run.
fn judge(
    inventory: &mut Inventory,
    definitions: Option<Inventory>,
    assumptions: Assumptions,
    rules: &[ActiveRule<'_>],
    noticed: &[Problem],
    passes: Passes,
) -> Result<(Facts, Evaluation), String> {
    let judged = rules.iter().map(|active| active.rule.subject).collect();
    let maker = Maker::new(inventory, assumptions, definitions, judged)?;
    let mut evaluating = Evaluating::new(rules, passes);
    let mut facts = maker.control_plane(inventory, assumptions);
    evaluating.judge(inventory, &facts, 0..facts.subjects.len());
    let ids: Vec<DocumentId> = inventory.objects().map(|(id, _)| id).collect();
    for chunk in ids.chunks(CHUNK) {
        let (first_tree, first_subject) = (inventory.forest().next_id(), facts.subjects.len());
        maker.objects(inventory, chunk, &mut facts);
        evaluating.judge(inventory, &facts, first_subject..facts.subjects.len());
        inventory.forget_trees(first_tree);
    }
    let evaluation = evaluating.finish(inventory, &facts, noticed);
    Ok((facts, evaluation))
}

/// The rules that run, with their parameters.
pub fn active<'r>(rules: &'r RuleSet, settings: &RuleSettings) -> Result<Vec<ActiveRule<'r>>, UsageError> {
    check_names(rules, settings)?;
    let profile = settings.profile.unwrap_or(Profile::Production);
    let selected = select(&rules.rules, profile, &settings.select, &settings.ignore).map_err(|error| {
        let usage = UsageError::new(format!("`{}` fits no rule, area, pillar or framework", error.word));
        match error.near {
            Some(near) => usage.help(format!("did you mean `{near}`? `k8sready rules` lists them")),
            None => usage.help("`k8sready rules` lists them"),
        }
    })?;
    selected.into_iter().map(|rule| Ok(ActiveRule { rule, params: params(rule, settings)? })).collect()
}

fn check_names(rules: &RuleSet, settings: &RuleSettings) -> Result<(), UsageError> {
    let overridden = settings.overridden.iter();
    let named = settings.severity.keys().chain(settings.params.keys()).chain(overridden);
    for name in named {
        if rules.get(name).is_none() {
            let ids = rules.rules.iter().map(|rule| rule.id.as_str());
            let near = crate::vocabulary::nearest(name, ids).unwrap_or("single-replica");
            return Err(UsageError::new(format!("there is no rule `{name}`")).help(format!("did you mean `{near}`?")));
        }
    }
    Ok(())
}

/// A rule's parameters: its defaults, overridden by settings.
fn params(rule: &Rule, settings: &RuleSettings) -> Result<Value<'static>, UsageError> {
    let given = settings.params.get(rule.id.as_str());
    for name in given.into_iter().flat_map(|given| given.keys()) {
        if !rule.file.params.contains_key(name) {
            return Err(UsageError::new(format!("rule `{}` has no parameter `{name}`", rule.id)));
        }
    }
    let mut values = Vec::new();
    for (name, param) in &rule.file.params {
        let value = given.and_then(|given| given.get(name)).unwrap_or(&param.default);
        if !param.kind.admits(value) {
            return Err(UsageError::new(format!("parameter `{name}` of rule `{}` is not of its type", rule.id)));
        }
        values.push((name.as_str(), json_value(value)));
    }
    Ok(Value::map(values))
}

/// A parameter as a value of expressions.
pub fn json_value(value: &serde_json::Value) -> Value<'static> {
    match value {
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => number.as_i64().map_or(Value::Null, Value::Int),
        serde_json::Value::String(text) => Value::text(text.as_str()),
        serde_json::Value::Array(items) => Value::list(items.iter().map(json_value).collect()),
        _ => Value::Null,
    }
}
