//! The expression language of rules: CEL with the Kubernetes libraries and optionals.
//!
//! `parse` gives an [`Expr`], [`compile`] resolves and checks it against a [`Scope`] and gives a [`Program`], which
//! `eval`uates to a [`Value`] over the forest and, when a rule failed, `blame`s the decisive part of the input. Parser,
//! checker and evaluator are our own, because values must know where they come from. Nothing here knows resources or rules.
//!
//! Where it departs from CEL, on purpose:
//! - Integers of documents are `int`, whatever their sign.
//! - `null` has no fields: `has(null.x)` is false and `null.?x` is none, because Kubernetes treats a null as absent.
//! - The checker accepts comparisons between numbers of different kinds without `dyn(…)`.
//! - A value can be unknown (a template's placeholder, a forbidden API) and a list or map can be *open* (there may be more
//!   than is listed). Unknowns follow CEL's rules through `&&`, `||` and walks; looking past the end of what is known is
//!   unknown and no error.
//! - Secrets are opaque: not empty, their length known, any other question unknown.
//! - A descriptor's quantity, duration or timestamp lies in its tree as text and is converted where it is read.
//! - A map of a fact tree reached by reference equals another if and only if it is the same node: fact trees can be cyclic.
//! - Messages and named time zones are absent. Of the authorizer there are the names only: it is never known.
//!
//! Variables: parameters are best handed in as [`Value::map`]; a tree works as well if its variable is declared unblamed.

mod arithmetic;
mod ast;
mod blame;
mod check;
mod code;
mod compare;
mod eval;
mod functions;
mod lex;
mod library;
mod lower;
mod macros;
mod parse;
mod print;
mod program;
mod quoted;
mod scope;
mod site;
mod steps;
mod types;
mod value;
mod walk;

use crate::vocabulary::Span;

pub use ast::{Binary, Element, Entry, Expr, ExprKind, Literal, Loop, LoopKind, MAX_HEIGHT, Unary};
pub use blame::{Blame, blame, origin};
pub use check::CheckError;
pub use functions::{Function, Param, Returns, Style, all as functions};
pub use library::Library;
pub use parse::MAX_LENGTH;
pub use program::{Env, Program, Uses};
pub use scope::{Scope, Variable};
pub use site::Site;
pub use steps::STEP_BUDGET;
pub use types::{Field, Object, Read, Ty, Type};
pub use value::{Failure, Held, List, Map, Truth, Value};

/// Text that is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The sentence, without a full stop.
    pub message: String,
    /// The part of the text.
    pub span: Span,
}

impl SyntaxError {
    fn new(message: impl Into<String>, start: usize, end: usize) -> Self {
        SyntaxError { message: message.into(), span: Span::new(start, end) }
    }

    fn new_at(message: impl Into<String>, span: Span) -> Self {
        SyntaxError { message: message.into(), span }
    }
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Parses an expression.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    parse::parse(text)
}

/// Parses and compiles an expression for the variables of a scope, with every check that needs no input. A syntax error is
/// the only error then.
pub fn compile(text: &str, scope: &Scope) -> Result<Program, Vec<CheckError>> {
    match parse(text) {
        Ok(expr) => compile_expr(&expr, scope),
        Err(error) => Err(vec![CheckError { message: error.message, span: error.span, help: None }]),
    }
}

/// Compiles a parsed expression, e.g. a mutant of a rule's.
pub fn compile_expr(expr: &Expr, scope: &Scope) -> Result<Program, Vec<CheckError>> {
    Program::compile(expr, scope, true)
}

/// Compiles without checking types, as CEL implementations without a checker do; names must still exist.
pub fn compile_untyped(expr: &Expr, scope: &Scope) -> Result<Program, Vec<CheckError>> {
    Program::compile(expr, scope, false)
}
