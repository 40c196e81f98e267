//! The macros, recognised while parsing: a call whose name and argument count are those of a macro becomes its node.
//!
//! As in CEL, a call of the same name with another count of arguments stays a call (`list.filter()` is an unknown function),
//! but a macro's variable must be a plain name.

use super::SyntaxError;
use super::ast::{Expr, ExprKind, Loop, LoopKind};

/// A call without receiver: `has(a.b)`, or a function.
pub(super) fn call(function: String, mut args: Vec<Expr>) -> Result<ExprKind, SyntaxError> {
    if function == "has" && args.len() == 1 {
        let Some(arg) = args.pop() else { return Ok(ExprKind::Call { receiver: None, function, args }) };
        return match arg.kind {
            ExprKind::Select { operand, field, optional: false } => Ok(ExprKind::Has { operand, field }),
            _ => Err(SyntaxError::new_at("`has` needs a field selection: `has(a.b)`", arg.span)),
        };
    }
    Ok(ExprKind::Call { receiver: None, function, args })
}

/// A call with a receiver: one of the walking macros, `cel.bind`, an optional's macro, or a function.
pub(super) fn method(receiver: Expr, function: &str, mut args: Vec<Expr>) -> Result<ExprKind, SyntaxError> {
    if receiver.kind == ExprKind::Ident("cel".to_string()) && function == "bind" && args.len() == 3 {
        let [name, value, body] = three(args)?;
        return Ok(ExprKind::Bind { name: variable(&name)?, value: Box::new(value), body: Box::new(body) });
    }
    if matches!(function, "optMap" | "optFlatMap") && args.len() == 2 {
        let body = Box::new(args.remove(1));
        let name = variable(&args[0])?;
        let flat = function == "optFlatMap";
        return Ok(ExprKind::OptMap { operand: Box::new(receiver), name, body, flat });
    }
    match shape(function, args.len()) {
        Some((kind, variables, filtered)) => walk(receiver, kind, variables, filtered, args),
        None => Ok(ExprKind::Call { receiver: Some(Box::new(receiver)), function: function.to_string(), args }),
    }
}

/// Which macro a name and an argument count mean: the kind, how many variables, whether a test precedes the value.
fn shape(function: &str, count: usize) -> Option<(LoopKind, usize, bool)> {
    Some(match (function, count) {
        ("all", 2) => (LoopKind::All, 1, false),
        ("all", 3) => (LoopKind::All, 2, false),
        ("exists", 2) => (LoopKind::Exists, 1, false),
        ("exists", 3) => (LoopKind::Exists, 2, false),
        ("exists_one" | "existsOne", 2) => (LoopKind::ExistsOne, 1, false),
        ("exists_one" | "existsOne", 3) => (LoopKind::ExistsOne, 2, false),
        ("filter", 2) => (LoopKind::Filter, 1, false),
        ("map", 2) => (LoopKind::Map, 1, false),
        ("map", 3) => (LoopKind::Map, 1, true),
        ("transformList", 3) => (LoopKind::TransformList, 2, false),
        ("transformList", 4) => (LoopKind::TransformList, 2, true),
        ("transformMap", 3) => (LoopKind::TransformMap, 2, false),
        ("transformMap", 4) => (LoopKind::TransformMap, 2, true),
        ("transformMapEntry", 3) => (LoopKind::TransformMapEntry, 2, false),
        ("transformMapEntry", 4) => (LoopKind::TransformMapEntry, 2, true),
        ("sortBy", 2) => (LoopKind::SortBy, 1, false),
        _ => return None,
    })
}

fn walk(range: Expr, kind: LoopKind, count: usize, filtered: bool, args: Vec<Expr>) -> Result<ExprKind, SyntaxError> {
    let variables = args[..count].iter().map(variable).collect::<Result<Vec<_>, _>>()?;
    if count == 2 && variables[0] == variables[1] {
        return Err(SyntaxError::new_at("the two variables need different names", args[1].span));
    }
    let mut rest = args.into_iter().skip(count);
    let filter = if filtered { rest.next() } else { None };
    match rest.next() {
        Some(body) => Ok(ExprKind::Loop(Box::new(Loop { kind, range, variables, filter, body }))),
        None => Err(SyntaxError::new_at("the macro lacks its last argument", range.span)),
    }
}

fn three(args: Vec<Expr>) -> Result<[Expr; 3], SyntaxError> {
    args.try_into().map_err(|_| SyntaxError::new("`cel.bind` takes a name, a value and an expression", 0, 0))
}

fn variable(expr: &Expr) -> Result<String, SyntaxError> {
    match &expr.kind {
        ExprKind::Ident(name) if !name.starts_with('.') => Ok(name.clone()),
        _ => Err(SyntaxError::new_at("a macro's variable is a plain name", expr.span)),
    }
}
