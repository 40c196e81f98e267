//! `+ - * / %` and unary minus on loaded values. Overflow is an error, as CEL wants it.

use jiff::SignedDuration;

use super::ast::Binary;
use super::site::Sequence;
use super::steps::Steps;
use super::value::{Held, List, Outcome, Value, fail, secret};

/// The result of an arithmetic operator.
pub(super) fn apply<'a>(op: Binary, a: Value<'a>, b: Value<'a>, steps: &Steps) -> Outcome<Value<'a>> {
    match (&a, &b) {
        (Value::Int(a), Value::Int(b)) => int(op, *a, *b),
        (Value::Uint(a), Value::Uint(b)) => uint(op, *a, *b),
        (Value::Double(a), Value::Double(b)) => double(op, *a, *b),
        (Value::Str(a), Value::Str(b)) if op == Binary::Add => {
            steps.charge_text(a.len() + b.len())?;
            Ok(Value::text([&**a, &**b].concat()))
        }
        (Value::Bytes(a), Value::Bytes(b)) if op == Binary::Add => {
            steps.charge_text(a.len() + b.len())?;
            Ok(Value::Bytes(Held::Shared([&**a, &**b].concat().into())))
        }
        (Value::Duration(_) | Value::Timestamp(_), _) | (_, Value::Timestamp(_)) => time(op, &a, &b),
        _ => match (a.sequence(), b.sequence()) {
            (Some(first), Some(second)) if op == Binary::Add => concat(&first, &second, steps),
            _ => mismatch(op, &a, &b),
        },
    }
}

fn mismatch<'a>(op: Binary, a: &Value<'_>, b: &Value<'_>) -> Outcome<Value<'a>> {
    if a.is_secret() || b.is_secret() {
        return secret();
    }
    fail(format!("`{}` cannot take {} and {}", op.text(), a.type_name(), b.type_name()))
}

fn checked<'a, T>(result: Option<T>, wrap: impl Fn(T) -> Value<'a>) -> Outcome<Value<'a>> {
    result.map_or_else(|| fail("the result is out of range"), |value| Ok(wrap(value)))
}

fn int<'a>(op: Binary, a: i64, b: i64) -> Outcome<Value<'a>> {
    let result = match op {
        Binary::Add => a.checked_add(b),
        Binary::Subtract => a.checked_sub(b),
        Binary::Multiply => a.checked_mul(b),
        Binary::Divide | Binary::Remainder if b == 0 => return fail("division by zero"),
        Binary::Divide => a.checked_div(b),
        Binary::Remainder => a.checked_rem(b),
        _ => return mismatch(op, &Value::Int(a), &Value::Int(b)),
    };
    checked(result, Value::Int)
}

fn uint<'a>(op: Binary, a: u64, b: u64) -> Outcome<Value<'a>> {
    let result = match op {
        Binary::Add => a.checked_add(b),
        Binary::Subtract => a.checked_sub(b),
        Binary::Multiply => a.checked_mul(b),
        Binary::Divide | Binary::Remainder if b == 0 => return fail("division by zero"),
        Binary::Divide => a.checked_div(b),
        Binary::Remainder => a.checked_rem(b),
        _ => return mismatch(op, &Value::Uint(a), &Value::Uint(b)),
    };
    checked(result, Value::Uint)
}

fn double<'a>(op: Binary, a: f64, b: f64) -> Outcome<Value<'a>> {
    Ok(Value::Double(match op {
        Binary::Add => a + b,
        Binary::Subtract => a - b,
        Binary::Multiply => a * b,
        Binary::Divide => a / b,
        _ => return mismatch(op, &Value::Double(a), &Value::Double(b)),
    }))
}

fn time<'a>(op: Binary, a: &Value<'_>, b: &Value<'_>) -> Outcome<Value<'a>> {
    match (op, a, b) {
        (Binary::Add, Value::Duration(a), Value::Duration(b)) => checked(a.checked_add(*b), Value::Duration),
        (Binary::Subtract, Value::Duration(a), Value::Duration(b)) => checked(a.checked_sub(*b), Value::Duration),
        (Binary::Add, Value::Timestamp(at), Value::Duration(by))
        | (Binary::Add, Value::Duration(by), Value::Timestamp(at)) => {
            checked(at.checked_add(*by).ok(), Value::Timestamp)
        }
        (Binary::Subtract, Value::Timestamp(at), Value::Duration(by)) => {
            checked(at.checked_sub(*by).ok(), Value::Timestamp)
        }
        (Binary::Subtract, Value::Timestamp(a), Value::Timestamp(b)) => {
            Ok(Value::Duration(SignedDuration::from_nanos_i128(a.as_nanosecond() - b.as_nanosecond())))
        }
        _ => mismatch(op, a, b),
    }
}

/// A joined list is open if one of its parts is.
fn concat<'a>(a: &Sequence<'_, 'a>, b: &Sequence<'_, 'a>, steps: &Steps) -> Outcome<Value<'a>> {
    steps.charge(a.len() + b.len())?;
    let items = (0..a.len()).map(|i| a.at(i)).chain((0..b.len()).map(|i| b.at(i))).collect();
    let open = a.open().or(b.open()).cloned();
    Ok(Value::List(Held::Shared(List { items, open }.into())))
}

/// `-x`
pub(super) fn negate<'a>(value: Value<'a>) -> Outcome<Value<'a>> {
    match value {
        Value::Int(value) => checked(value.checked_neg(), Value::Int),
        Value::Double(value) => Ok(Value::Double(-value)),
        Value::Duration(value) => checked(value.checked_neg(), Value::Duration),
        other if other.is_secret() => secret(),
        other => fail(format!("`-` cannot take {}", other.type_name())),
    }
}
