//! The authorizer's methods. Only an API server can answer them: `authorizer` is a variable that is unknown, so that a call
//! never runs; the rows make expressions compile that ask.

use super::{ANY, Function, GIVES_ANY, TEXT};
use crate::expr::value::{Outcome, Value, fail};

pub(super) const TABLE: &[Function] = &[
    asks("path", 1),
    asks("group", 1),
    asks("serviceAccount", 2),
    asks("resource", 1),
    asks("subresource", 1),
    asks("namespace", 1),
    asks("name", 1),
    asks("fieldSelector", 1),
    asks("labelSelector", 1),
    asks("check", 1),
    asks("allowed", 0),
    asks("reason", 0),
    asks("errored", 0),
    asks("error", 0),
];

const fn asks(name: &'static str, arguments: usize) -> Function {
    const PARAMS: [super::Param; 3] = [ANY, TEXT, TEXT];
    const SLICES: [&[super::Param]; 3] = [&[PARAMS[0]], &[PARAMS[0], PARAMS[1]], &PARAMS];
    Function::method(name, SLICES[arguments], GIVES_ANY, nobody)
}

fn nobody<'a>(_: &crate::expr::steps::Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    fail(format!("{} has no such function", args.first().map_or("nothing", Value::type_name)))
}
