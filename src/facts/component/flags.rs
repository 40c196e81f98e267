//! Flags of control-plane components: the typed table (`data/flags.yaml`), and reading them from where tools keep them.
//!
//! Follows pflag: booleans take a value only after `=`, lists join when repeated, everything else is last-wins.
//! `extraArgs` of kubeadm replace kubeadm's own value.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::facts::builder::FactBuilder;
use crate::syntax::{Origin, View};
use crate::values::{GoDuration, Quantity};
use crate::vocabulary::{NodeId, Reason};

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagTable {
    /// When the table was last checked.
    pub date: String,
    components: BTreeMap<String, BTreeMap<String, FlagRow>>,
}

/// One flag.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagRow {
    #[serde(rename = "type")]
    kind: FlagType,
    #[serde(default)]
    default: Option<String>,
    #[serde(default)]
    kubeadm: Option<String>,
    #[serde(default)]
    formerly: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FlagType {
    Bool,
    Int,
    Duration,
    String,
    List,
    Bytes,
}

impl FlagTable {
    /// The table that is compiled in.
    pub fn load() -> Result<FlagTable, String> {
        serde_saphyr::from_str(include_str!("../../../data/flags.yaml"))
            .map_err(|error| format!("data/flags.yaml: {error}"))
    }

    fn rows(&self, component: &str) -> impl Iterator<Item = (&String, &FlagRow)> {
        self.components.get(component).into_iter().flatten()
    }

    /// Whether a flag takes a value only after `=`.
    fn is_bool(&self, component: &str, flag: &str) -> bool {
        self.components.get(component).and_then(|rows| rows.get(flag)).is_some_and(|row| row.kind == FlagType::Bool)
    }
}

/// Whose defaults hold where nothing is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaults {
    /// The binary's own.
    Binary,
    /// kubeadm's over the binary's.
    Kubeadm,
}

/// One flag that somebody set.
#[derive(Clone, Debug)]
pub struct SetFlag<'a> {
    /// Name without dashes.
    pub name: String,
    /// Its text, or why it is unknown.
    pub value: Result<String, Reason>,
    /// Where it stands.
    pub place: View<'a>,
}

/// Where a flag that is not set would be written: below `parent`, at `path`.
#[derive(Clone, Debug)]
pub struct Home<'a> {
    /// The nearest map or list that exists.
    pub parent: View<'a>,
    /// The path below it; the flag's name is appended.
    pub path: String,
}

/// kubeadm's `extraArgs`: a map in v1beta3, a list of `{name, value}` in v1beta4. Names carry no dashes in either.
pub fn extra_args<'a>(component: View<'a>) -> Vec<SetFlag<'a>> {
    let Some(args) = component.get("extraArgs") else { return Vec::new() };
    let text = |value: View<'a>| value.unknown().map_or_else(|| Ok(scalar_text(value)), |reason| Err(reason.clone()));
    let from_list = args.items().filter_map(|arg| {
        let value = arg.get("value")?;
        Some(SetFlag { name: arg.str_at("name")?.to_string(), value: text(value), place: value })
    });
    let from_map =
        args.entries().map(|(name, value)| SetFlag { name: name.to_string(), value: text(value), place: value });
    from_list.chain(from_map).collect()
}

/// The command line of a container: `command` and `args`, both `--x=y` and `--x y`.
pub fn command_line<'a>(table: &FlagTable, component: &str, container: View<'a>) -> Vec<SetFlag<'a>> {
    let words: Vec<View<'a>> =
        ["command", "args"].into_iter().flat_map(|key| container.get(key)).flat_map(View::items).collect();
    let mut flags = Vec::new();
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        at += 1;
        let Some(flag) = word.str().and_then(|text| text.strip_prefix("--").or_else(|| text.strip_prefix('-'))) else {
            continue;
        };
        let (name, value, place) = match flag.split_once('=') {
            Some((name, value)) => (name, value.to_string(), word),
            None if table.is_bool(component, flag) => (flag, "true".to_string(), word),
            None => match words.get(at).filter(|next| next.str().is_some_and(|text| !text.starts_with("--"))) {
                Some(&next) => {
                    at += 1;
                    (flag, next.str().unwrap_or_default().to_string(), next)
                }
                None => (flag, "true".to_string(), word),
            },
        };
        flags.push(SetFlag { name: name.to_string(), value: Ok(value), place });
    }
    flags
}

/// etcd's environment: `ETCD_QUOTA_BACKEND_BYTES` is `--quota-backend-bytes`. A flag wins over its variable.
pub fn etcd_environment<'a>(container: View<'a>) -> Vec<SetFlag<'a>> {
    let variables = container.get("env").into_iter().flat_map(View::items);
    variables
        .filter_map(|variable| {
            let name = variable.str_at("name")?.strip_prefix("ETCD_")?.to_lowercase().replace('_', "-");
            let place = variable.get("value")?;
            Some(SetFlag { name, value: Ok(scalar_text(place)), place })
        })
        .collect()
}

/// The text of a scalar as a command line would carry it.
fn scalar_text(value: View<'_>) -> String {
    use crate::syntax::Data;
    match value.data() {
        Data::Str(_) => value.str().unwrap_or_default().to_string(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => value.to_string(),
        _ => String::new(),
    }
}

/// What the flags of one component amount to.
pub struct Flags<'a> {
    /// The component.
    pub component: String,
    /// Everything that is set, in order.
    pub set: Vec<SetFlag<'a>>,
    /// Whose defaults hold.
    pub defaults: Defaults,
    /// Where an unset flag would be written.
    pub home: Home<'a>,
}

/// One flag as it takes effect.
pub struct Effective<'f, 'a> {
    text: Option<Result<String, Reason>>,
    set: Option<&'f SetFlag<'a>>,
    kind: FlagType,
}

impl<'a> Flags<'a> {
    fn effective(&self, name: &str, row: &FlagRow) -> Effective<'_, 'a> {
        let named = |flag: &&SetFlag<'a>| flag.name == name || row.formerly.contains(&flag.name);
        let mut set = self.set.iter().filter(named).rev();
        let last = set.next();
        let default = match self.defaults {
            Defaults::Kubeadm => row.kubeadm.clone().or_else(|| row.default.clone()),
            Defaults::Binary => row.default.clone(),
        };
        let text = match last {
            Some(flag) if row.kind == FlagType::List => Some(joined(flag, set)),
            Some(flag) => Some(flag.value.clone()),
            None => default.map(Ok),
        };
        Effective { text, set: last, kind: row.kind }
    }

    /// The text of a flag as it takes effect, by the table.
    pub fn text(&self, table: &FlagTable, name: &str) -> Option<String> {
        let row = table.components.get(&self.component)?.get(name)?;
        self.effective(name, row).text?.ok()
    }

    /// Where a flag stands, or would stand.
    pub fn origin(&self, name: &str) -> Origin {
        match self.set.iter().rev().find(|flag| flag.name == name) {
            Some(flag) => Origin::Node(flag.place.at()),
            None => self.missing(name),
        }
    }

    fn missing(&self, name: &str) -> Origin {
        let path = if self.home.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.home.path) };
        Origin::Missing { parent: self.home.parent.at(), path: path.into() }
    }

    /// The map of all flags in the table.
    pub fn facts(&self, facts: &mut FactBuilder, table: &FlagTable) -> NodeId {
        let mut fields = Vec::new();
        for (name, row) in table.rows(&self.component) {
            let effective = self.effective(name, row);
            let origin = match effective.set {
                Some(flag) => Origin::Node(flag.place.at()),
                None => self.missing(name),
            };
            fields.push((name.clone(), effective.facts(facts, origin)));
        }
        let origin = facts.anchor();
        facts.named_map(&fields, origin)
    }
}

fn joined<'f, 'a: 'f>(last: &SetFlag<'a>, earlier: impl Iterator<Item = &'f SetFlag<'a>>) -> Result<String, Reason> {
    let mut parts = vec![last.value.clone()?];
    for flag in earlier {
        parts.push(flag.value.clone()?);
    }
    parts.reverse();
    Ok(parts.join(","))
}

impl Effective<'_, '_> {
    /// `{set, value, text}`; `value` is typed, null where nothing is set and there is no default.
    fn facts(&self, facts: &mut FactBuilder, origin: Origin) -> NodeId {
        let (value, text) = match &self.text {
            None => (facts.null(origin.clone()), facts.null(origin.clone())),
            Some(Err(reason)) => {
                (facts.unknown(reason.clone(), origin.clone()), facts.unknown(reason.clone(), origin.clone()))
            }
            Some(Ok(text)) => (self.typed(facts, text, &origin), facts.str(text, origin.clone())),
        };
        let fields = [("set", facts.bool(self.set.is_some(), origin.clone())), ("value", value), ("text", text)];
        facts.map(&fields, origin)
    }

    /// Durations are milliseconds, amounts of bytes are numbers; a text that does not parse stays a text.
    fn typed(&self, facts: &mut FactBuilder, text: &str, origin: &Origin) -> NodeId {
        let number = match self.kind {
            FlagType::Int => text.parse().ok(),
            FlagType::Bytes => text.parse::<Quantity>().ok().and_then(Quantity::as_integer),
            FlagType::Duration => text.parse::<GoDuration>().ok().map(GoDuration::millis),
            FlagType::Bool | FlagType::String | FlagType::List => None,
        };
        match (self.kind, number) {
            (_, Some(number)) => facts.int(number, origin.clone()),
            (FlagType::Bool, _) => {
                facts.bool(matches!(text, "true" | "True" | "TRUE" | "t" | "T" | "1"), origin.clone())
            }
            (FlagType::List, _) => {
                let items = text.split(',').filter(|item| !item.is_empty()).map(|item| (item, origin.clone()));
                facts.strings(items, origin.clone())
            }
            _ => facts.str(text, origin.clone()),
        }
    }
}
