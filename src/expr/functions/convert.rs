//! `size`, `type`, `dyn` and the conversions between scalar types.

use jiff::{SignedDuration, Timestamp};

use super::{ANY, Body, Function, GIVES_BOOL, GIVES_INT, GIVES_TEXT, Returns, Style, length, text, time};
use crate::expr::library;
use crate::expr::steps::Steps;
use crate::expr::types::Type;
use crate::expr::value::{Held, Outcome, Value, double_text, duration_text, fail, secret};

pub(super) const TABLE: &[Function] = &[
    Function::new("size", Style::Both, &[SIZED], GIVES_INT, Body::Native(size)),
    Function::global("type", &[ANY], Returns::Always(Type::Type), |_, args| Ok(Value::Type(args[0].type_name()))),
    Function::global("dyn", &[ANY], Returns::Always(Type::Dyn), |_, args| Ok(args[0].clone())),
    Function::global("string", &[SCALAR], GIVES_TEXT, string),
    Function::global("int", &[SCALAR], GIVES_INT, int),
    Function::global("uint", &[SCALAR], Returns::Always(Type::Uint), uint),
    Function::global("double", &[SCALAR], Returns::Always(Type::Double), double),
    Function::global("bool", &[SCALAR], GIVES_BOOL, bool),
    Function::global("bytes", &[SCALAR], Returns::Always(Type::Bytes), bytes),
    Function::global("duration", &[DURATION], Returns::Always(Type::Duration), duration),
    Function::global("timestamp", &[TIMESTAMP], Returns::Always(Type::Timestamp), timestamp),
];

const SIZED: super::Param = &[Type::String, Type::Bytes, Type::List(&Type::Dyn), Type::Map(&Type::Dyn)];
const SCALAR: super::Param = &[
    Type::Bool,
    Type::Int,
    Type::Uint,
    Type::Double,
    Type::String,
    Type::Bytes,
    Type::Duration,
    Type::Timestamp,
    Type::Quantity,
    Type::Opaque(library::IP),
    Type::Opaque(library::CIDR),
];
const DURATION: super::Param = &[Type::String, Type::Duration];
const TIMESTAMP: super::Param = &[Type::String, Type::Timestamp, Type::Int];

fn size<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    if let Value::Str(text) = &args[0] {
        steps.charge_text(text.len())?;
    }
    args[0].size().map(length)
}

fn cannot<'a>(value: &Value<'_>, wanted: &str) -> Outcome<Value<'a>> {
    if value.is_secret() {
        return secret();
    }
    fail(format!("this {} cannot become {wanted}", value.type_name()))
}

fn string<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    Ok(Value::text(match &args[0] {
        Value::Str(_) => return Ok(args[0].clone()),
        Value::Node(_) if args[0].is_secret() => return Ok(args[0].clone()),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => double_text(*value),
        Value::Duration(value) => duration_text(*value),
        Value::Timestamp(value) => value.to_string(),
        Value::Quantity(value) => value.to_string(),
        Value::Library(value) => value.to_string(),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_string(),
            Err(_) => return fail("the bytes are no UTF-8 text"),
        },
        other => return cannot(other, "a string"),
    }))
}

fn int<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let value = match &args[0] {
        Value::Int(value) => Some(*value),
        Value::Uint(value) => i64::try_from(*value).ok(),
        // Both ends are excluded, as in CEL: the doubles there are no longer exact.
        Value::Double(value) => (value.abs() < 9.223_372_036_854_775e18).then_some(*value as i64),
        Value::Str(text) => text.parse().ok(),
        Value::Timestamp(value) => Some(value.as_second()),
        other => return cannot(other, "an int"),
    };
    value.map_or_else(|| cannot(&args[0], "an int"), |value| Ok(Value::Int(value)))
}

fn uint<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let value = match &args[0] {
        Value::Uint(value) => Some(*value),
        Value::Int(value) => u64::try_from(*value).ok(),
        Value::Double(value) => (*value >= 0.0 && *value < 1.844_674_407_370_955e19).then_some(*value as u64),
        Value::Str(text) => text.parse().ok(),
        other => return cannot(other, "a uint"),
    };
    value.map_or_else(|| cannot(&args[0], "a uint"), |value| Ok(Value::Uint(value)))
}

fn double<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let value = match &args[0] {
        Value::Double(value) => Some(*value),
        Value::Int(value) => Some(*value as f64),
        Value::Uint(value) => Some(*value as f64),
        Value::Str(text) => text.parse().ok(),
        other => return cannot(other, "a double"),
    };
    value.map_or_else(|| cannot(&args[0], "a double"), |value| Ok(Value::Double(value)))
}

fn bool<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    match &args[0] {
        Value::Bool(value) => Ok(Value::Bool(*value)),
        Value::Str(text) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => cannot(&args[0], "a bool"),
        },
        other => cannot(other, "a bool"),
    }
}

fn bytes<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    match &args[0] {
        Value::Bytes(_) => Ok(args[0].clone()),
        Value::Str(text) => Ok(Value::Bytes(Held::Shared(text.as_bytes().into()))),
        other => cannot(other, "bytes"),
    }
}

fn duration<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    if let Value::Duration(value) = args[0] {
        return Ok(Value::Duration(value));
    }
    match time::parse_duration(text(args, 0)?) {
        Some(nanos) => Ok(Value::Duration(SignedDuration::from_nanos(nanos))),
        None => fail("this is no duration: write `1h30m`, `15s`, `100ms`"),
    }
}

fn timestamp<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let parsed = match &args[0] {
        Value::Timestamp(value) => return Ok(Value::Timestamp(*value)),
        Value::Int(seconds) => Timestamp::from_second(*seconds).ok(),
        _ => time::parse_timestamp(text(args, 0)?),
    };
    parsed.map_or_else(|| fail("this is no timestamp: write `2027-01-31T00:00:00Z`"), |at| Ok(Value::Timestamp(at)))
}
