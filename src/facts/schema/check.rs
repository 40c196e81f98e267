//! Holds an object of a built-in kind against its type, as strict field validation of the API server and its decoder do.
//!
//! A null is a field that is not there. Templates and secrets are not judged: nobody knows what stands there. Plain texts
//! that YAML reads as another type are left to the reader, which says it better; ranges and names are the business of
//! `limits`.

use jiff::Timestamp;
use rustc_hash::FxHashSet;

use super::limits;
use super::table::{Field, Schema, Ty, TypeId};
use super::violation::{Found, Path, Violation, Wrong};
use crate::inventory::hides;
use crate::syntax::{Data, Origin, Style, View};
use crate::values::Quantity;
use crate::vocabulary::{NodeId, NodeRef, Reason, UnknownCode, nearest};

/// Values that the reader reports itself when they are plain and no text, by the field that holds them.
const READ_AS_TEXT: &[&str] = &[
    "annotations",
    "args",
    "command",
    "data",
    "labels",
    "matchLabels",
    "name",
    "namespace",
    "nodeSelector",
    "selector",
    "stringData",
    "value",
];

/// Everything wrong in `root`, in document order, and why more may be wrong. What a `kustomized` object lacks may be added
/// to it.
pub fn check(schema: &Schema, ty: TypeId, minor: u32, root: View<'_>, kustomized: bool) -> Found {
    let mut check = Check { schema, minor, kustomized, path: Path::default(), found: Found::default() };
    check.object(root, ty);
    check.found
}

struct Check<'a> {
    schema: &'a Schema,
    minor: u32,
    kustomized: bool,
    path: Path<'a>,
    found: Found,
}

impl<'a> Check<'a> {
    fn object(&mut self, at: View<'a>, ty: TypeId) {
        let fields = self.schema.fields(ty);
        let tree = at.tree();
        if let Some(reason) = hides(at).filter(|_| has_duplicates(at)) {
            // Branches of a template, of which one is rendered, stand in one document.
            self.found.doubt(Wrong::ALL, reason.clone());
            return;
        }
        for (key, value) in tree.entries(at.at().node) {
            let Some(name) = tree.str(key) else { continue };
            match self.schema.field(ty, name).filter(|field| self.schema.has(field, self.minor)) {
                Some(field) => self.enter(at, name, value, field),
                None => self.unknown(at, name, key, ty),
            }
        }
        if hides(at).is_none() {
            let missing = |field: &&Field| {
                field.required
                    && self.schema.has(field, self.minor)
                    && at.get(field.name).is_none_or(|value| value.is_null())
            };
            let missing: Vec<&'static str> = fields.iter().filter(missing).map(|field| field.name).collect();
            for name in missing {
                self.found.missing(at.at(), self.path.with(name), name.into(), self.kustomized);
            }
        }
    }

    fn enter(&mut self, at: View<'a>, name: &'a str, value: NodeId, field: &'a Field) {
        // What the cluster reports about an object is not declared by anybody.
        if name == "status" && self.path.keys().next().is_none() {
            return;
        }
        self.path.key(name);
        self.value(at.child(value), &field.ty);
        self.path.leave();
    }

    fn unknown(&mut self, at: View<'a>, name: &str, key: NodeId, ty: TypeId) {
        let fields = self.schema.fields(ty);
        let text = match self.schema.field(ty, name) {
            Some(field) => format!("Kubernetes 1.{} has it first", self.schema.since(field)),
            None => {
                let known = fields.iter().filter(|field| self.schema.has(field, self.minor));
                match nearest(name, known.map(|field| field.name)) {
                    Some(near) => format!("the nearest name is `{near}`"),
                    None => "nothing of that name belongs here".to_string(),
                }
            }
        };
        let key = NodeRef { tree: at.at().tree, node: key };
        self.push(Wrong::Unknown, self.path.with(name), Origin::Key(key), text);
    }

    fn push(&mut self, wrong: Wrong, path: String, origin: Origin, text: String) {
        self.found.violations.push(Violation { wrong, path, origin, text });
    }

    fn value(&mut self, at: View<'a>, ty: &'a Ty) {
        match (ty, at.data()) {
            (Ty::Any, _) | (_, Data::Null | Data::Unknown | Data::Redacted(_) | Data::Ref(_)) => {}
            (Ty::Object(ty), Data::Map(_)) => self.object(at, *ty),
            (Ty::Map(inner), Data::Map(_)) => {
                for (key, value) in at.entries() {
                    self.path.key(key);
                    self.value(value, inner);
                    self.path.leave();
                }
            }
            (Ty::List(inner), Data::List(_)) => {
                for (index, element) in at.items().enumerate() {
                    self.path.index(index);
                    self.value(element, inner);
                    self.path.leave();
                }
            }
            (ty, data) => self.scalar(at, ty, data),
        }
    }

    fn scalar(&mut self, at: View<'a>, ty: &Ty, data: Data) {
        let text = || at.str().unwrap_or_default();
        if !matches!((ty, data), (Ty::Str(""), Data::Str(_))) && is_placeholder(at) {
            let text = format!("`{}` is a placeholder of some template", self.path.with(""));
            let reason = Reason::new(UnknownCode::Templated, text);
            self.found.doubt(&[Wrong::Type, Wrong::Value], reason);
            return;
        }
        let wrong = match (ty, data) {
            (Ty::Str(values), Data::Str(_)) => not_among(values, text()),
            (Ty::Str(_), Data::Bool(_) | Data::Int(_) | Data::Float(_)) if self.is_said_by_reader(at) => None,
            (Ty::Bool, Data::Bool(_)) | (Ty::I64, Data::Int(_)) | (Ty::Num, Data::Int(_) | Data::Float(_)) => None,
            (Ty::I32, Data::Int(value)) => {
                i32::try_from(value).err().map(|_| "a number of 32 bits is wanted".to_string())
            }
            (Ty::Quantity, Data::Int(_) | Data::Float(_)) => None,
            (Ty::Quantity, Data::Str(_)) => {
                let wrong = text().parse::<Quantity>().err();
                wrong.map(|_| "an amount such as `500m`, `2` or `1Gi` is wanted".to_string())
            }
            (Ty::IntOrStr, Data::Int(_) | Data::Str(_)) => None,
            (Ty::Time, Data::Str(_)) => {
                text().parse::<Timestamp>().err().map(|_| "a time such as `2026-01-31T12:00:00Z` is wanted".to_string())
            }
            (Ty::Bytes, Data::Str(_)) => (!is_base64(text())).then(|| "bytes in base 64 are wanted".to_string()),
            _ => {
                let text = format!("{} is wanted, not {}", wanted(ty), what(data));
                return self.push(Wrong::Type, self.path.with(""), Origin::Node(at.at()), text);
            }
        };
        let wrong = wrong.or_else(|| limits::check(&self.path, data));
        if let Some(text) = wrong {
            self.push(Wrong::Value, self.path.with(""), Origin::Node(at.at()), text);
        }
    }

    fn is_said_by_reader(&self, at: View<'_>) -> bool {
        let is_plain = at.tree().node(at.at().node).style == Style::Plain;
        is_plain && self.path.keys().take(2).any(|key| READ_AS_TEXT.contains(&key))
    }
}

/// `{{x}}` and `${x}`, in whatever template language: it is no value yet.
fn is_placeholder(at: View<'_>) -> bool {
    let raw = at.tree().raw(at.at().node);
    raw.trim_start_matches(['"', '\'']).starts_with("{{") || raw.contains("${") || raw.starts_with('<')
}

fn has_duplicates(at: View<'_>) -> bool {
    let mut seen = FxHashSet::default();
    at.entries().any(|(key, _)| !seen.insert(key))
}

/// An empty text stands for the default.
fn not_among(values: &str, text: &str) -> Option<String> {
    if values.is_empty() || text.is_empty() || values.split('|').any(|value| value == text) {
        return None;
    }
    let near = nearest(text, values.split('|'));
    let all: Vec<String> = values.split('|').map(|value| format!("`{value}`")).collect();
    Some(match near {
        Some(near) if all.len() > 6 => format!("the nearest name is `{near}`"),
        _ => format!("it must be one of {}", all.join(", ")),
    })
}

fn is_base64(text: &str) -> bool {
    let mut length = 0usize;
    let mut padding = 0usize;
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')) {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        length += 1;
    }
    length.is_multiple_of(4) && padding <= 2
}

fn wanted(ty: &Ty) -> &'static str {
    match ty {
        Ty::Any => "anything",
        Ty::Str(_) | Ty::Bytes | Ty::Time => "a text",
        Ty::Bool => "a boolean",
        Ty::I32 | Ty::I64 => "a whole number",
        Ty::Num => "a number",
        Ty::Quantity => "an amount",
        Ty::IntOrStr => "a whole number or a text",
        Ty::List(_) => "a list",
        Ty::Map(_) | Ty::Object(_) => "a mapping",
    }
}

fn what(data: Data) -> &'static str {
    match data {
        Data::Bool(_) => "a boolean",
        Data::Int(_) => "a number",
        Data::Float(_) => "a fraction",
        Data::List(_) => "a list",
        Data::Map(_) => "a mapping",
        _ => "a text",
    }
}
