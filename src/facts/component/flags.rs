//! Flags of control-plane components: the typed table (`data/flags.yaml`), and what a set of flags amounts to.
//!
//! Follows pflag: lists join when repeated (etcd's do not), everything else is last-wins. `extraArgs` of kubeadm replace
//! kubeadm's own value. Reading flags from where tools keep them is the business of `words` and `files`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::words::Setting;
use crate::facts::builder::FactBuilder;
use crate::syntax::{Origin, View};
use crate::values::{GoDuration, Quantity};
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagTable {
    /// When the table was last checked.
    pub date: String,
    components: BTreeMap<String, BTreeMap<String, FlagRow>>,
    /// What other tools set themselves, over kubeadm's values: tool, component, flag.
    tools: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
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
    file: Option<String>,
    #[serde(default)]
    kubeadm: Option<String>,
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    path: bool,
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
    Map,
}

impl FlagTable {
    /// The table that is compiled in.
    pub fn load() -> Result<FlagTable, String> {
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/flags.json")))
            .map_err(|error| format!("data/flags.yaml: {error}"))
    }

    fn rows(&self, component: &str) -> impl Iterator<Item = (&String, &FlagRow)> {
        self.components.get(component).into_iter().flatten()
    }

    fn row(&self, component: &str, flag: &str) -> Option<&FlagRow> {
        self.components.get(component)?.get(flag)
    }

    /// What a tool sets itself.
    fn by_tool(&self, tool: &str, component: &str, flag: &str) -> Option<&String> {
        self.tools.get(tool)?.get(component)?.get(flag)
    }

    /// The flags of a component, by name.
    pub fn names(&self, component: &str) -> impl Iterator<Item = &str> {
        self.rows(component).map(|(name, _)| name.as_str())
    }

    /// Whether the table has a flag.
    pub fn knows(&self, component: &str, flag: &str) -> bool {
        self.row(component, flag).is_some()
    }

    /// Whether kubeadm sets a flag itself, so that no variable comes through.
    pub fn set_by_kubeadm(&self, component: &str, flag: &str) -> bool {
        self.row(component, flag).is_some_and(|row| row.kubeadm.is_some())
    }

    /// The flags of a component that stand in its configuration file, each with its path there.
    pub fn fields(&self, component: &str) -> impl Iterator<Item = (&str, &str)> {
        self.rows(component).filter_map(|(name, row)| Some((name.as_str(), row.field.as_deref()?)))
    }

    /// Whether a flag is a duration that lasts unless somebody says otherwise.
    pub fn lasts_by_default(&self, component: &str, flag: &str) -> bool {
        self.row(component, flag).is_some_and(|row| {
            let nonzero = |text: &String| text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
            row.kind == FlagType::Duration && row.default.as_ref().is_some_and(nonzero)
        })
    }

    /// Whether a flag names a file that must be there when the component starts.
    pub fn names_file(&self, component: &str, flag: &str) -> bool {
        self.row(component, flag).is_some_and(|row| row.path)
    }

    /// Whether a flag takes a value only after `=`.
    pub fn is_bool(&self, component: &str, flag: &str) -> bool {
        self.row(component, flag).is_some_and(|row| row.kind == FlagType::Bool)
    }
}

/// Whose defaults hold where nothing is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaults {
    /// The binary's own.
    Binary,
    /// Those of a configuration file over the binary's.
    File,
    /// kubeadm's over those of a configuration file.
    Kubeadm,
    /// Another tool's over kubeadm's.
    Tool(&'static str),
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

/// What the flags of one component amount to.
pub struct Flags<'a> {
    /// The component.
    pub component: String,
    /// Everything that is set, in order.
    pub set: Vec<SetFlag<'a>>,
    /// Why flags may be set that are not listed.
    pub open: Option<Reason>,
    /// Why flags may be set that a configuration file does not hold.
    pub beside: Option<Reason>,
    /// Whose defaults hold.
    pub defaults: Defaults,
    /// Where an unset flag would be written.
    pub home: Home<'a>,
}

impl FlagRow {
    /// Whether repeated flags join.
    fn repeats(&self) -> bool {
        matches!(self.kind, FlagType::List | FlagType::Map)
    }

    /// Whether somebody's flag is the one called `name` today.
    fn means(&self, name: &str, flag: &SetFlag<'_>) -> bool {
        flag.name == name || self.formerly.contains(&flag.name)
    }
}

/// A text that is no value of its flag's type: the component would refuse it, or only the shell knows it.
fn unreadable(text: &str) -> Reason {
    Reason::new(UnknownCode::Partial, format!("`{text}` cannot be read as a value of its flag"))
}

/// One flag as it takes effect.
pub struct Effective<'f, 'a> {
    text: Option<Result<String, Reason>>,
    set: Option<&'f SetFlag<'a>>,
    kind: FlagType,
}

impl<'a> Flags<'a> {
    /// The flags that a component is given.
    pub fn new(component: &str, setting: Setting<'a>, defaults: Defaults, home: Home<'a>) -> Flags<'a> {
        let Setting { flags: set, open } = setting;
        Flags { component: component.to_string(), set, open, beside: None, defaults, home }
    }

    fn effective(&self, table: &FlagTable, name: &str, row: &FlagRow) -> Effective<'_, 'a> {
        let mut set = self.set.iter().filter(|flag| row.means(name, flag)).rev();
        let last = set.next();
        let kubeadm = || row.kubeadm.clone().or_else(|| row.file.clone()).or_else(|| row.default.clone());
        let default = match self.defaults {
            Defaults::Tool(tool) => table.by_tool(tool, &self.component, name).cloned().or_else(kubeadm),
            Defaults::Kubeadm => kubeadm(),
            Defaults::File => row.file.clone().or_else(|| row.default.clone()),
            Defaults::Binary => row.default.clone(),
        };
        let open = self.open.as_ref().or(self.beside.as_ref().filter(|_| row.field.is_none()));
        let text = match (last, open) {
            // A file without a name is no file.
            (Some(flag), _) if row.path && flag.value.as_ref().is_ok_and(String::is_empty) => None,
            (Some(flag), _) if row.repeats() && self.component != "etcd" => Some(joined(flag, set)),
            (Some(flag), _) => Some(flag.value.clone()),
            (None, Some(reason)) => Some(Err(reason.clone())),
            (None, None) => default.map(Ok),
        };
        Effective { text, set: last, kind: row.kind }
    }

    /// The text of a flag as it takes effect; `None` without value and default, or where the table lacks it.
    pub fn text(&self, table: &FlagTable, name: &str) -> Result<Option<String>, Reason> {
        match table.row(&self.component, name) {
            Some(row) => self.effective(table, name, row).text.transpose(),
            None => Ok(None),
        }
    }

    /// A duration in milliseconds and as text, and where it stands or would stand.
    pub fn duration(&self, table: &FlagTable, name: &str) -> (Result<(i64, String), Reason>, Origin) {
        let text = self.text(table, name).map(Option::unwrap_or_default);
        let value = text.and_then(|text| match text.parse::<GoDuration>() {
            Ok(duration) => Ok((duration.millis(), text)),
            Err(_) => Err(unreadable(&text)),
        });
        (value, self.origin(table, name))
    }

    /// Where a flag stands, or would stand.
    pub fn origin(&self, table: &FlagTable, name: &str) -> Origin {
        let Some(row) = table.row(&self.component, name) else { return self.missing(name) };
        match self.set.iter().rev().find(|flag| row.means(name, flag)) {
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
            let effective = self.effective(table, name, row);
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
        let set = match (&self.set, &self.text) {
            (None, Some(Err(reason))) => facts.unknown(reason.clone(), origin.clone()),
            (set, _) => facts.bool(set.is_some(), origin.clone()),
        };
        let fields = [("set", set), ("value", value), ("text", text)];
        facts.map(&fields, origin)
    }

    /// Durations are milliseconds, amounts of bytes are numbers; a text that does not parse is unknown.
    fn typed(&self, facts: &mut FactBuilder, text: &str, origin: &Origin) -> NodeId {
        let number = match self.kind {
            FlagType::Int => text.parse().ok(),
            FlagType::Bytes => text.parse::<Quantity>().ok().and_then(Quantity::as_integer),
            FlagType::Duration => text.parse::<GoDuration>().ok().map(GoDuration::millis),
            FlagType::Bool | FlagType::String | FlagType::List | FlagType::Map => None,
        };
        match (self.kind, number) {
            (_, Some(number)) => facts.int(number, origin.clone()),
            (FlagType::Bool, _) => match text {
                "true" | "True" | "TRUE" | "t" | "T" | "1" => facts.bool(true, origin.clone()),
                "false" | "False" | "FALSE" | "f" | "F" | "0" => facts.bool(false, origin.clone()),
                _ => facts.unknown(unreadable(text), origin.clone()),
            },
            (FlagType::List, _) => {
                let items = text.split(',').filter(|item| !item.is_empty()).map(|item| (item, origin.clone()));
                facts.strings(items, origin.clone())
            }
            (FlagType::Map, _) => {
                let pairs = text.split(',').filter_map(|item| item.split_once(['=', '<']));
                let fields: Vec<(String, NodeId)> =
                    pairs.map(|(key, value)| (key.to_string(), facts.str(value, origin.clone()))).collect();
                facts.named_map(&fields, origin.clone())
            }
            (FlagType::String, _) => facts.str(text, origin.clone()),
            _ => facts.unknown(unreadable(text), origin.clone()),
        }
    }
}
