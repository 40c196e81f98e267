//! Holds a custom resource against the structural schema of its definition, as the API server does.
//!
//! Types, required and unknown fields, and value checks (`enum`, `pattern`, ranges, lengths, `allOf`, `anyOf`, `oneOf`, `not`).
//! `x-kubernetes-validations` are evaluated by `validations`.

use super::patterns::Patterns;
use super::violation::{Found, Path, Violation, Wrong};
use crate::inventory::hides;
use crate::syntax::{Data, Origin, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, UnknownCode, nearest};

/// What every object has besides its own fields.
const OBJECT_FIELDS: &[&str] = &["apiVersion", "kind", "metadata"];

/// What every check needs.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Compiled patterns.
    pub patterns: &'a Patterns,
    /// Kustomize may add what is missing.
    pub kustomized: bool,
}

/// Everything wrong in `root`.
pub fn check<'a>(context: Context<'a>, schema: View<'a>, root: View<'a>) -> Found {
    let mut check = Check { context, path: Path::default(), found: Found::default() };
    check.value(root, schema, true);
    check.found
}

struct Check<'a> {
    context: Context<'a>,
    path: Path<'a>,
    found: Found,
}

impl<'a> Check<'a> {
    /// `embedded`: the value is an object with `apiVersion`, `kind` and `metadata`.
    fn value(&mut self, at: View<'a>, schema: View<'a>, embedded: bool) {
        match at.data() {
            Data::Null | Data::Unknown | Data::Redacted(_) | Data::Ref(_) => return,
            Data::Str(_) if is_placeholder(at) => {
                return self.doubt(&[Wrong::Type, Wrong::Value], UnknownCode::Templated, "is a placeholder");
            }
            data => {
                if let Some(wanted) = wanted(schema, data) {
                    return self.push(Wrong::Type, self.path.with(""), at, wanted);
                }
            }
        }
        self.values(at, schema);
        match at.data() {
            Data::Map(_) => self.map(at, schema, embedded || flag(schema, "x-kubernetes-embedded-resource")),
            Data::List(_) => self.list(at, schema),
            _ => {}
        }
    }

    fn list(&mut self, at: View<'a>, schema: View<'a>) {
        let Some(inner) = schema.get("items") else { return };
        for (index, element) in at.items().enumerate() {
            self.path.index(index);
            self.value(element, inner, false);
            self.path.leave();
        }
    }

    fn map(&mut self, at: View<'a>, schema: View<'a>, embedded: bool) {
        let tree = at.tree();
        for (key, value) in tree.entries(at.at().node) {
            let Some(name) = tree.str(key) else { continue };
            let top = self.path.keys().next().is_none();
            if embedded && OBJECT_FIELDS.contains(&name) || (top && name == "status") {
                continue;
            }
            let inner = schema.get("properties").and_then(|all| all.get(name)).or_else(|| additional(schema));
            match inner {
                Some(inner) => {
                    self.path.key(name);
                    self.value(at.child(value), inner, false);
                    self.path.leave();
                }
                None => self.unknown(at, schema, name, key),
            }
        }
        if hides(at).is_none() {
            self.required(at, schema);
        }
    }

    fn unknown(&mut self, at: View<'a>, schema: View<'a>, name: &str, key: NodeId) {
        let open = flag(schema, "x-kubernetes-preserve-unknown-fields")
            || schema.get("additionalProperties").is_some_and(|additional| additional.bool() == Some(true));
        // A schema without properties says nothing about them.
        if open || schema.get("properties").is_none() {
            return;
        }
        let known = schema.get("properties").into_iter().flat_map(View::entries).map(|(name, _)| name);
        let text = match nearest(name, known) {
            Some(near) => format!("the nearest name is `{near}`"),
            None => "nothing of that name belongs here".to_string(),
        };
        let origin = Origin::Key(NodeRef { tree: at.at().tree, node: key });
        self.found.violations.push(Violation { wrong: Wrong::Unknown, path: self.path.with(name), origin, text });
    }

    fn required(&mut self, at: View<'a>, schema: View<'a>) {
        for name in schema.get("required").into_iter().flat_map(View::items).filter_map(View::str) {
            let filled_in = || schema.get("properties").and_then(|all| all.get(name)?.get("default")).is_some();
            if at.get(name).is_some_and(|value| !value.is_null()) || filled_in() {
                continue;
            }
            self.found.missing(at.at(), self.path.with(name), name.to_string().into(), self.context.kustomized);
        }
    }

    /// Checks of the value as a whole.
    fn values(&mut self, at: View<'a>, schema: View<'a>) {
        let wrong = enumeration(at, schema)
            .or_else(|| range(at, schema))
            .or_else(|| size(at, schema))
            .or_else(|| self.pattern(at, schema))
            .or_else(|| self.junctions(at, schema));
        if let Some(text) = wrong {
            self.push(Wrong::Value, self.path.with(""), at, text);
        }
    }

    fn pattern(&self, at: View<'a>, schema: View<'a>) -> Option<String> {
        let (text, pattern) = (at.str()?, schema.str_at("pattern")?);
        let matches = self.context.patterns.matches(pattern, text)?;
        (!matches).then(|| format!("it must match `{pattern}`"))
    }

    fn junctions(&self, at: View<'a>, schema: View<'a>) -> Option<String> {
        let holds = |schema: View<'a>| {
            let mut check = Check { context: self.context, path: Path::default(), found: Found::default() };
            check.value(at, schema, false);
            check.found.violations.is_empty()
        };
        let count = |name: &str| {
            let all: Vec<View<'a>> = schema.get(name)?.items().collect();
            Some((all.iter().filter(|schema| holds(**schema)).count(), all.len()))
        };
        if count("allOf").is_some_and(|(good, all)| good < all) {
            return Some("it must fit all of `allOf`".to_string());
        }
        if count("anyOf").is_some_and(|(good, _)| good == 0) {
            return Some("it must fit one of `anyOf`".to_string());
        }
        if count("oneOf").is_some_and(|(good, _)| good != 1) {
            return Some("it must fit exactly one of `oneOf`".to_string());
        }
        schema.get("not").filter(|inner| holds(*inner)).map(|_| "it must not fit `not`".to_string())
    }

    fn push(&mut self, wrong: Wrong, path: String, at: View<'_>, text: String) {
        self.found.violations.push(Violation { wrong, path, origin: Origin::Node(at.at()), text });
    }

    fn doubt(&mut self, wrong: &[Wrong], code: UnknownCode, what: &str) {
        let path = self.path.with("");
        let name = if path.is_empty() { "the object".to_string() } else { format!("`{path}`") };
        self.found.doubt(wrong, Reason::new(code, format!("{name} {what}")));
    }
}

fn flag(schema: View<'_>, name: &str) -> bool {
    schema.get(name).and_then(View::bool) == Some(true)
}

fn additional(schema: View<'_>) -> Option<View<'_>> {
    schema.get("additionalProperties").filter(|schema| schema.is_map())
}

fn is_placeholder(at: View<'_>) -> bool {
    at.str().is_some_and(|text| text.contains("${") || text.starts_with("{{"))
}

/// What type is wanted, when it is another one.
fn wanted(schema: View<'_>, data: Data) -> Option<String> {
    if flag(schema, "x-kubernetes-int-or-string") {
        return (!matches!(data, Data::Int(_) | Data::Str(_)))
            .then(|| "a whole number or a text is wanted".to_string());
    }
    let wanted = match (schema.str_at("type")?, data) {
        ("object", Data::Map(_))
        | ("array", Data::List(_))
        | ("string", Data::Str(_))
        | ("integer", Data::Int(_))
        | ("number", Data::Int(_) | Data::Float(_))
        | ("boolean", Data::Bool(_)) => return None,
        ("integer", Data::Float(value)) if value.fract() == 0.0 => return None,
        ("object", _) => "a mapping",
        ("array", _) => "a list",
        ("string", _) => "a text",
        ("integer", _) => "a whole number",
        ("number", _) => "a number",
        ("boolean", _) => "a boolean",
        _ => return None,
    };
    Some(format!("{wanted} is wanted"))
}

fn enumeration(at: View<'_>, schema: View<'_>) -> Option<String> {
    let values: Vec<View<'_>> = schema.get("enum")?.items().collect();
    let equal = |value: &View<'_>| match (value.data(), at.data()) {
        (Data::Str(_), Data::Str(_)) => value.str() == at.str(),
        (a, b) => a == b,
    };
    // Lists and maps among the values are too rare to be compared here.
    if values.iter().any(|value| equal(value) || value.is_map() || value.is_list()) {
        return None;
    }
    let shown: Vec<String> =
        values.iter().map(|value| format!("`{}`", value.str().unwrap_or(value.tree().raw(value.at().node)))).collect();
    Some(format!("it must be one of {}", shown.join(", ")))
}

fn number(view: View<'_>) -> Option<f64> {
    match view.data() {
        Data::Int(value) => Some(value as f64),
        Data::Float(value) => Some(value),
        _ => None,
    }
}

fn range(at: View<'_>, schema: View<'_>) -> Option<String> {
    let value = number(at)?;
    let bound = |name: &str| schema.get(name).and_then(number);
    if let Some(least) = bound("minimum")
        && (value < least || (value == least && flag(schema, "exclusiveMinimum")))
    {
        return Some(format!("it must be at least {least}"));
    }
    if let Some(most) = bound("maximum")
        && (value > most || (value == most && flag(schema, "exclusiveMaximum")))
    {
        return Some(format!("it must be at most {most}"));
    }
    None
}

fn size(at: View<'_>, schema: View<'_>) -> Option<String> {
    let (least, most, what, size) = match at.data() {
        Data::Str(_) => ("minLength", "maxLength", "characters", at.str()?.chars().count()),
        Data::List(_) => ("minItems", "maxItems", "elements", at.items().count()),
        Data::Map(_) => ("minProperties", "maxProperties", "fields", at.entries().count()),
        _ => return None,
    };
    let bound = |name: &str| schema.get(name).and_then(View::int).and_then(|bound| usize::try_from(bound).ok());
    match (bound(least), bound(most)) {
        // An open list or mapping may hold more than is written.
        (Some(least), _) if size < least && hides(at).is_none() => Some(format!("it needs {least} {what} or more")),
        (_, Some(most)) if size > most => Some(format!("it may have {most} {what} at most")),
        _ => None,
    }
}
