//! The Kubernetes libraries: quantities, and `find` and `findAll` with patterns.

use super::{
    Body, Function, GIVES_BOOL, GIVES_INT, GIVES_TEXT, GIVES_TEXTS, INT, Param, Returns, Style, TEXT, built, int,
    quantity_of, text,
};
use crate::expr::steps::Steps;
use crate::expr::types::Type;
use crate::expr::value::{Outcome, Value, fail};
use crate::values::Quantity;

const QUANTITY: Param = &[Type::Quantity];
const QUANTITY_OR_INT: Param = &[Type::Quantity, Type::Int];
const READABLE: Param = &[Type::String, Type::Int, Type::Double, Type::Quantity];
const GIVES_QUANTITY: Returns = Returns::Always(Type::Quantity);

pub(super) const TABLE: &[Function] = &[
    Function::global("quantity", &[READABLE], GIVES_QUANTITY, quantity),
    Function::global("isQuantity", &[READABLE], GIVES_BOOL, |_, a| Ok(Value::Bool(read(a)?.is_some()))),
    Function::method("asInteger", &[QUANTITY], GIVES_INT, |_, a| match quantity_of(a, 0)?.as_integer() {
        Some(value) => Ok(Value::Int(value)),
        None => fail("the quantity is no integer"),
    }),
    Function::method("asApproximateFloat", &[QUANTITY], Returns::Always(Type::Double), |_, a| {
        Ok(Value::Double(quantity_of(a, 0)?.as_f64()))
    }),
    Function::method("isInteger", &[QUANTITY], GIVES_BOOL, |_, a| {
        Ok(Value::Bool(quantity_of(a, 0)?.as_integer().is_some()))
    }),
    Function::new(
        "sign",
        Style::Both,
        &[QUANTITY],
        GIVES_INT,
        Body::Native(|_, a| Ok(Value::Int(quantity_of(a, 0)?.sign().into()))),
    ),
    Function::method("add", &[QUANTITY, QUANTITY_OR_INT], GIVES_QUANTITY, |_, a| {
        sum(quantity_of(a, 0)?.checked_add(second(a)?))
    }),
    Function::method("sub", &[QUANTITY, QUANTITY_OR_INT], GIVES_QUANTITY, |_, a| {
        sum(quantity_of(a, 0)?.checked_sub(second(a)?))
    }),
    Function::new("find", Style::Method, &[TEXT, TEXT], GIVES_TEXT, Body::Regex(find)),
    Function::new("findAll", Style::Method, &[TEXT, TEXT, INT], GIVES_TEXTS, Body::Regex(find_all)).optional(1),
];

/// The order of two quantities.
pub(super) fn compare(args: &[Value<'_>]) -> Outcome<std::cmp::Ordering> {
    Ok(quantity_of(args, 0)?.cmp(quantity_of(args, 1)?))
}

/// Numbers are quantities too: YAML turns `cpu: 2` into one before anybody asks.
fn read(args: &[Value<'_>]) -> Outcome<Option<Quantity>> {
    Ok(match &args[0] {
        Value::Quantity(quantity) => Some(**quantity),
        Value::Int(value) => Some(Quantity::from_integer(*value)),
        Value::Double(value) => value.to_string().parse().ok(),
        _ => text(args, 0)?.parse().ok(),
    })
}

fn quantity<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    match read(args)? {
        Some(quantity) => Ok(Value::quantity(quantity)),
        None => fail("this is no quantity: write `500m`, `1Gi`"),
    }
}

fn second(args: &[Value<'_>]) -> Outcome<Quantity> {
    match args[1] {
        Value::Int(value) => Ok(Quantity::from_integer(value)),
        _ => quantity_of(args, 1).copied(),
    }
}

fn sum<'a>(result: Option<Quantity>) -> Outcome<Value<'a>> {
    result.map_or_else(|| fail("the quantity is out of range"), |sum| Ok(Value::quantity(sum)))
}

fn find<'a>(regex: &regex::Regex, args: &[Value<'a>], steps: &Steps) -> Outcome<Value<'a>> {
    let subject = text(args, 0)?;
    steps.charge_text(subject.len())?;
    Ok(Value::text(regex.find(subject).map_or("", |found| found.as_str())))
}

/// A negative limit is none.
fn find_all<'a>(regex: &regex::Regex, args: &[Value<'a>], steps: &Steps) -> Outcome<Value<'a>> {
    let subject = text(args, 0)?;
    steps.charge(subject.len() / 8)?;
    let limit = if args.len() > 2 { int(args, 2)? } else { -1 };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(built(regex.find_iter(subject).take(limit).map(|found| Value::text(found.as_str())).collect()))
}
