//! The sets library: lists whose order and repetitions do not count.

use super::{Function, GIVES_BOOL, LIST, list};
use crate::expr::steps::Steps;
use crate::expr::value::{Outcome, Value};

pub(super) const TABLE: &[Function] = &[
    Function::global("sets.contains", &[LIST, LIST], GIVES_BOOL, |s, a| {
        contains(s, &list(a, 0)?, &list(a, 1)?).map(Value::Bool)
    }),
    Function::global("sets.equivalent", &[LIST, LIST], GIVES_BOOL, |s, a| {
        let (first, second) = (list(a, 0)?, list(a, 1)?);
        Ok(Value::Bool(contains(s, &first, &second)? && contains(s, &second, &first)?))
    }),
    Function::global("sets.intersects", &[LIST, LIST], GIVES_BOOL, |s, a| {
        let (first, second) = (list(a, 0)?, list(a, 1)?);
        for item in &second {
            if holds(s, &first, item)? {
                return Ok(Value::Bool(true));
            }
        }
        Ok(Value::Bool(false))
    }),
];

fn contains<'a>(steps: &Steps, set: &[Value<'a>], items: &[Value<'a>]) -> Outcome<bool> {
    for item in items {
        if !holds(steps, set, item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn holds<'a>(steps: &Steps, set: &[Value<'a>], item: &Value<'a>) -> Outcome<bool> {
    for member in set {
        steps.charge(1)?;
        if member.equals(item, steps)? {
            return Ok(true);
        }
    }
    Ok(false)
}
