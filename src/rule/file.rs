//! The rule file: what an author writes, field for field. Compiled into `Rule` by `compile`.
//!
//! Plain data; nothing here knows expressions or facts. `build.rs` reads the same types, so that a file that does not
//! fit them cannot ship.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::vocabulary::{Confidence, Profile, Severity, Stability};

/// `rules/<area>/<id>.yaml`. The file's stem is the id, the folder is the area.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleFile {
    /// One line that states the bad pattern: "A workload runs a single replica".
    pub title: String,
    /// Severity of a failure, unless `severityWhen` says otherwise.
    pub severity: Severity,
    /// How sure a failure is.
    #[serde(default = "high")]
    pub confidence: Confidence,
    /// The smallest profile that contains the rule.
    #[serde(default = "production")]
    pub profile: Profile,
    /// `preview` rules are reported and not scored.
    #[serde(default = "stable")]
    pub status: Stability,
    /// The version that brought the rule.
    pub since: String,
    /// What it judges: a subject with facts, or `object` for raw objects of the listed kinds.
    pub subject: String,
    /// For `subject: object`: `group/version/Kind` or `version/Kind`; `*` means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// One result for each element of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// The rule applies where this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What must hold. Absent only with `raisedBy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// The problem kind that raises this rule, in place of `expect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_by: Option<String>,
    /// Named thresholds that users may change.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
    /// Other severities and when they hold; the worst that holds wins over `severity`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub severity_when: BTreeMap<Severity, String>,
    /// What to point at; by default the engine finds out what decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Further places worth showing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedAt>,
    /// The finding's sentence, with `{expressions}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Edits for `k8sready fix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
    /// In no profile: it runs only where it is selected by id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_in: bool,
    /// A failure caps the score.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocker: bool,
    /// Pages that say more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Controls of published frameworks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub frameworks: BTreeMap<String, Vec<String>>,
    /// The same verdict under another tool's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub equivalents: BTreeMap<String, Vec<String>>,
    /// Another tool's checks that this rule covers with another reading, and why it differs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub supersedes: BTreeMap<String, BTreeMap<String, String>>,
    /// Former ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Mutants of the expressions that cannot change a result, with the reason; the fixture harness skips them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub equivalent_mutants: BTreeMap<String, String>,
}

fn high() -> Confidence {
    Confidence::High
}

fn production() -> Profile {
    Profile::Production
}

fn stable() -> Stability {
    Stability::Stable
}

/// `each: { as: port, in: object.spec.ports }`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Name of the variable.
    #[serde(rename = "as")]
    pub name: String,
    /// Expression of the list.
    #[serde(rename = "in")]
    pub list: String,
}

/// A threshold.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// Its value unless configured.
    pub default: serde_json::Value,
    /// What it means, with the unit.
    pub doc: String,
}

/// Types of thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// A whole number.
    Int,
    /// A boolean.
    Bool,
    /// A text.
    String,
    /// A list of texts.
    List,
}

impl ParamKind {
    /// Whether a value is of this type.
    pub fn admits(self, value: &serde_json::Value) -> bool {
        match self {
            ParamKind::Int => value.is_i64(),
            ParamKind::Bool => value.is_boolean(),
            ParamKind::String => value.is_string(),
            ParamKind::List => value.as_array().is_some_and(|items| items.iter().all(serde_json::Value::is_string)),
        }
    }
}

/// A further place, or one for each element of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelatedAt {
    /// The list, whose element `at` and `text` may use; only in rules without an `each` of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// Expression of the place.
    pub at: String,
    /// What it shows, with `{expressions}`.
    pub text: String,
}

/// Edits for `k8sready fix`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// Whether the edit may change how the workload runs.
    pub safety: Safety,
    /// The edits.
    pub edits: Vec<Edit>,
}

/// Whether an edit may be applied without a second look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// Changes nothing that runs.
    Safe,
    /// Changes how something runs.
    Unsafe,
}

/// One edit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Expression of the value to set.
    pub set: String,
    /// Expression of the new value.
    pub to: String,
}

/// `rules/areas.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaFile {
    /// What the area is called in reports.
    pub title: String,
    /// The pillar it counts for.
    pub pillar: crate::vocabulary::Pillar,
}

/// What `build.rs` compiles in: every area and rule, sorted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bundle {
    /// Areas by id.
    pub areas: BTreeMap<String, AreaFile>,
    /// Rules in order of area and id.
    pub rules: Vec<BundledRule>,
}

/// One rule of the bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BundledRule {
    /// The file's stem.
    pub id: String,
    /// The folder.
    pub area: String,
    /// The file.
    pub file: RuleFile,
}
