//! Lists. A function that must see every element is unknown on an open list.

use std::cmp::Ordering;

use super::{Function, GIVES_ANY, GIVES_BOOL, INT, LIST, NUMBER, Param, Returns, built, int, length, list};
use crate::expr::arithmetic;
use crate::expr::ast::Binary;
use crate::expr::steps::Steps;
use crate::expr::types::Type;
use crate::expr::value::{Outcome, Value, fail};

const NUMBER_OR_LIST: Param = &[Type::Int, Type::Uint, Type::Double, Type::List(&Type::Dyn)];

pub(super) const TABLE: &[Function] = &[
    Function::method("sum", &[LIST], Returns::Element, sum),
    Function::method("min", &[LIST], Returns::Element, |s, a| extreme(s, &list(a, 0)?, Ordering::Less)),
    Function::method("max", &[LIST], Returns::Element, |s, a| extreme(s, &list(a, 0)?, Ordering::Greater)),
    Function::method("isSorted", &[LIST], GIVES_BOOL, is_sorted),
    Function::method("includes", &[&[], &[]], GIVES_BOOL, includes),
    Function::method("sort", &[LIST], Returns::First, sort),
    Function::method("distinct", &[LIST], Returns::First, distinct),
    Function::method("flatten", &[LIST, INT], Returns::Always(Type::List(&Type::Dyn)), flatten).optional(1),
    Function::method("slice", &[LIST, INT, INT], Returns::First, slice),
    Function::method("first", &[LIST], Returns::OptionalOfElement, |_, a| end(&list(a, 0)?, true)),
    Function::method("last", &[LIST], Returns::OptionalOfElement, |_, a| end(&list(a, 0)?, false)),
    Function::global("lists.range", &[INT], Returns::Always(Type::List(&Type::Int)), range),
    Function::global("math.greatest", &[NUMBER_OR_LIST, NUMBER], GIVES_ANY, |s, a| of_numbers(s, a, Ordering::Greater))
        .optional(1)
        .repeats(),
    Function::global("math.least", &[NUMBER_OR_LIST, NUMBER], GIVES_ANY, |s, a| of_numbers(s, a, Ordering::Less))
        .optional(1)
        .repeats(),
];

/// Where an equal element stands, or -1.
pub(super) fn index_of<'a>(steps: &Steps, args: &[Value<'a>], last: bool) -> Outcome<Value<'a>> {
    if args.len() > 2 {
        return fail("a list is searched from its start: leave the position out");
    }
    let mut found = None;
    for (i, item) in list(args, 0)?.iter().enumerate() {
        steps.charge(1)?;
        if item.equals(&args[1], steps)? {
            found = Some(i);
            if !last {
                break;
            }
        }
    }
    Ok(found.map_or(Value::Int(-1), length))
}

/// Whether a list has an element, or a value is that element.
fn includes<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    if args[0].sequence().is_none() {
        return args[0].equals(&args[1], steps).map(Value::Bool);
    }
    let found = index_of(steps, args, false)?;
    Ok(Value::Bool(!matches!(found, Value::Int(-1))))
}

fn sum<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let mut items = list(args, 0)?.into_iter();
    let Some(mut total) = items.next() else { return Ok(Value::Int(0)) };
    for item in items {
        steps.charge(1)?;
        total = match (&total, &item) {
            (Value::Quantity(a), Value::Quantity(b)) => match a.checked_add(**b) {
                Some(sum) => Value::quantity(sum),
                None => return fail("the sum is out of range"),
            },
            _ => arithmetic::apply(Binary::Add, total, item, steps)?,
        };
    }
    match total {
        Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_) | Value::Quantity(_) => Ok(total),
        other => fail(format!("{} cannot be summed", other.type_name())),
    }
}

fn extreme<'a>(steps: &Steps, items: &[Value<'a>], wanted: Ordering) -> Outcome<Value<'a>> {
    let Some(mut best) = items.first() else { return fail("an empty list has no least or greatest element") };
    for item in items {
        steps.charge(1)?;
        if item.order(best)? == Some(wanted) {
            best = item;
        }
    }
    Ok(best.clone())
}

fn of_numbers<'a>(steps: &Steps, args: &[Value<'a>], wanted: Ordering) -> Outcome<Value<'a>> {
    let listed;
    let numbers = match args {
        [only] if only.sequence().is_some() => {
            listed = list(args, 0)?;
            &listed
        }
        _ => args,
    };
    match numbers.iter().find(|n| !matches!(n, Value::Int(_) | Value::Uint(_) | Value::Double(_))) {
        Some(other) => fail(format!("a number is needed here, not {}", other.type_name())),
        None => extreme(steps, numbers, wanted),
    }
}

fn is_sorted<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    for pair in list(args, 0)?.windows(2) {
        steps.charge(1)?;
        if pair[0].order(&pair[1])? == Some(Ordering::Greater) {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn sort<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let mut items = list(args, 0)?;
    steps.charge(items.len().saturating_mul(items.len().checked_ilog2().unwrap_or(0) as usize + 1))?;
    let mut failed = Ok(());
    let one_type = |a: &Value<'_>, b: &Value<'_>| a.type_name() == b.type_name();
    if items.windows(2).any(|pair| !one_type(&pair[0], &pair[1])) {
        return fail("only elements of one type can be sorted");
    }
    items.sort_by(|a, b| match a.order(b) {
        Ok(order) => order.unwrap_or(Ordering::Equal),
        Err(halt) => {
            failed = Err(halt);
            Ordering::Equal
        }
    });
    failed.map(|()| built(items))
}

fn distinct<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let mut kept: Vec<Value<'a>> = Vec::new();
    for item in list(args, 0)? {
        let mut new = true;
        for known in &kept {
            steps.charge(1)?;
            if known.equals(&item, steps)? {
                new = false;
                break;
            }
        }
        if new {
            kept.push(item);
        }
    }
    Ok(built(kept))
}

fn flatten<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let depth = if args.len() > 1 { int(args, 1)? } else { 1 };
    if depth < 0 {
        return fail("a list cannot be flattened a negative number of times");
    }
    let mut items = list(args, 0)?;
    for _ in 0..depth {
        let mut flat = Vec::with_capacity(items.len());
        let mut nested = false;
        for item in items {
            steps.charge(1)?;
            match item.sequence() {
                Some(inner) => {
                    nested = true;
                    steps.charge(inner.len())?;
                    flat.extend(inner.loaded()?);
                }
                None => flat.push(item),
            }
        }
        items = flat;
        if !nested {
            break;
        }
    }
    Ok(built(items))
}

fn slice<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let items = list(args, 0)?;
    let bound = |index| int(args, index).map(|value| usize::try_from(value).unwrap_or(usize::MAX));
    match items.get(bound(1)?..bound(2)?) {
        Some(part) => Ok(built(part.to_vec())),
        None => fail("the slice lies outside the list"),
    }
}

fn end<'a>(items: &[Value<'a>], first: bool) -> Outcome<Value<'a>> {
    let item = if first { items.first() } else { items.last() };
    Ok(Value::Optional(item.cloned().map(Box::new)))
}

fn range<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let end = int(args, 0)?;
    steps.charge(usize::try_from(end).unwrap_or(0))?;
    Ok(built((0..end).map(Value::Int).collect()))
}
