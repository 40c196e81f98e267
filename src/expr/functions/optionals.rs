//! Optionals: `optional.of`, `optional.none`, `orValue` and the rest.

use super::{ANY, Body, Function, GIVES_ANY, GIVES_BOOL, LIST, Param, Returns, Style, built, list};
use crate::expr::types::Type;
use crate::expr::value::{Outcome, Value, fail};

const OPTIONAL: Param = &[Type::Optional(&Type::Dyn)];

pub(super) const TABLE: &[Function] = &[
    Function::global("optional.of", &[ANY], Returns::OptionalOfFirst, |_, args| Ok(Value::some(args[0].clone()))),
    Function::global("optional.none", &[], GIVES_ANY, |_, _| Ok(Value::Optional(None))),
    Function::global("optional.ofNonZeroValue", &[ANY], Returns::OptionalOfFirst, |_, args| {
        Ok(Value::Optional((!is_zero(&args[0])).then(|| Box::new(args[0].clone()))))
    }),
    Function::method("hasValue", &[OPTIONAL], GIVES_BOOL, |_, args| match &args[0] {
        Value::Optional(value) => Ok(Value::Bool(value.is_some())),
        other => no_optional(other),
    }),
    Function::method("value", &[OPTIONAL], Returns::Inner, |_, args| match &args[0] {
        Value::Optional(Some(value)) => Ok((**value).clone()),
        Value::Optional(None) => fail("the optional is none"),
        other => no_optional(other),
    }),
    Function::global("optional.unwrap", &[LIST], GIVES_ANY, |_, args| unwrapped(args)),
    Function::method("unwrapOpt", &[LIST], GIVES_ANY, |_, args| unwrapped(args)),
    Function::new("orValue", Style::Method, &[OPTIONAL, ANY], Returns::Inner, Body::OrValue),
    Function::new("or", Style::Method, &[OPTIONAL, OPTIONAL], Returns::First, Body::Or),
];

/// What the optionals of a list hold, empty ones left out.
fn unwrapped<'a>(args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let mut kept = Vec::new();
    for item in list(args, 0)? {
        match item {
            Value::Optional(value) => kept.extend(value.map(|value| *value)),
            other => return no_optional(&other),
        }
    }
    Ok(built(kept))
}

fn no_optional<'a>(value: &Value<'_>) -> Outcome<Value<'a>> {
    fail(format!("an optional is needed here, not {}", value.type_name()))
}

fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) | Value::Optional(None) => true,
        Value::Double(value) => *value == 0.0,
        Value::Duration(value) => value.is_zero(),
        Value::Str(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Node(_) => {
            matches!(value.size(), Ok(0))
        }
        _ => false,
    }
}
