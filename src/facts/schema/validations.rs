//! `x-kubernetes-validations` of a custom resource, evaluated over its defaulted copy.
//!
//! As when the object is created: transition rules, which need an earlier state, are left out, `optionalOldSelf` or not.
//! What the API server would refuse for another reason first (types, required fields) is `custom`'s business.

use super::patterns::Patterns;
use super::violation::{Found, Path, Violation, Wrong};
use crate::expr::{Env, Site, Truth, Value, blame};
use crate::syntax::{Data, Forest, Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// Whether a schema has validations anywhere.
pub fn has_any(schema: View<'_>) -> bool {
    schema.entries().any(|(name, value)| match name {
        "x-kubernetes-validations" => value.items().len() > 0,
        "properties" => value.entries().any(|(_, inner)| has_any(inner)),
        "items" | "additionalProperties" => has_any(value),
        _ => false,
    })
}

/// Evaluates every validation; `copy` lies in `forest`, and its nodes know where they come from.
pub fn check<'a>(forest: &'a Forest, patterns: &'a Patterns, schema: View<'a>, copy: View<'a>, found: &mut Found) {
    Walk { forest, patterns, path: Path::default(), found }.value(copy, schema);
}

struct Walk<'a, 'w> {
    forest: &'a Forest,
    patterns: &'a Patterns,
    path: Path<'a>,
    found: &'w mut Found,
}

impl<'a> Walk<'a, '_> {
    fn value(&mut self, at: View<'a>, schema: View<'a>) {
        for validation in schema.get("x-kubernetes-validations").into_iter().flat_map(View::items) {
            self.validation(at, validation);
        }
        match at.data() {
            Data::Map(_) => {
                let additional = schema.get("additionalProperties").filter(|inner| inner.is_map());
                for (name, value) in at.entries() {
                    let inner = schema.get("properties").and_then(|all| all.get(name)).or(additional);
                    if let Some(inner) = inner {
                        self.path.key(name);
                        self.value(value, inner);
                        self.path.leave();
                    }
                }
            }
            Data::List(_) => {
                let Some(inner) = schema.get("items") else { return };
                for (index, element) in at.items().enumerate() {
                    self.path.index(index);
                    self.value(element, inner);
                    self.path.leave();
                }
            }
            _ => {}
        }
    }

    fn validation(&mut self, at: View<'a>, validation: View<'a>) {
        let Some(rule) = validation.str_at("rule").filter(|rule| !rule.contains("oldSelf")) else { return };
        let Some(program) = self.patterns.validation(rule) else {
            return self.doubt(UnknownCode::RuleError, "has a validation that is not understood here");
        };
        let slots = [Value::Node(Site::new(self.forest, at.at()))];
        let env = Env { forest: self.forest, slots: &slots };
        match program.eval(&env).truth() {
            Truth::True => {}
            Truth::False => {
                let computed = validation.str_at("messageExpression").and_then(|text| self.message(text, &env));
                let written = || validation.str_at("message").map(|text| text.trim().to_string());
                let text = computed.or_else(written).unwrap_or_else(|| format!("failed rule: {}", rule.trim()));
                let decisive = blame(&program, &env).primary;
                self.push(at, validation.str_at("fieldPath"), decisive, text);
            }
            // Formats such as `date-time` make values that a text here does not have, so that an error is not sure.
            Truth::Error(failure) => {
                let what = format!("has a validation that cannot be evaluated: {}", failure.message);
                self.doubt(UnknownCode::Partial, &what);
            }
            Truth::Unknown(reason) => self.found.doubt(&[Wrong::Value], reason),
        }
    }

    fn message(&self, text: &str, env: &Env<'_, '_>) -> Option<String> {
        let value = self.patterns.validation(text)?.eval(env);
        let text = (value.type_name() == "string").then(|| value.to_text()).flatten()?.trim().to_string();
        (!text.is_empty() && !text.contains('\n')).then_some(text)
    }

    /// `fieldPath` is `.spec.field` below the value; without one, what decided is pointed at.
    fn push(&mut self, at: View<'a>, field_path: Option<&str>, decisive: Option<Origin>, text: String) {
        let below = field_path.map(|path| path.trim_start_matches('.')).unwrap_or_default();
        let place = at.path(below).filter(|_| !below.is_empty()).map(|place| self.forest.origin(place.at()));
        let origin = place.or(decisive).unwrap_or_else(|| self.forest.origin(at.at()));
        let path = self.path.with(below);
        self.found.violations.push(Violation { wrong: Wrong::Value, path, origin, text });
    }

    fn doubt(&mut self, code: UnknownCode, what: &str) {
        let path = self.path.with("");
        let name = if path.is_empty() { "the object".to_string() } else { format!("`{path}`") };
        self.found.doubt(&[Wrong::Value], Reason::new(code, format!("{name} {what}")));
    }
}
