//! The function library: one table that evaluator and checker share.
//!
//! A row says how a function is called, what it takes, what it gives and what it does; the rows of a subject stand in that
//! subject's file. A row takes loaded values: unknown and failed arguments never reach it. Not here: the macros (`macros`).

mod authorizer;
mod convert;
mod format;
mod kubernetes;
mod lists;
mod named_formats;
mod net;
mod optionals;
mod semantic;
mod sets;
mod strings;
mod time;

use regex::Regex;

use super::steps::Steps;
use super::types::Type;
use super::value::{Held, Outcome, Value, fail, secret};

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `f(x)`
    Global,
    /// `x.f()`
    Method,
    /// Either way.
    Both,
}

/// What a parameter accepts; an empty list accepts anything.
pub type Param = &'static [Type];

/// What a function gives.
#[derive(Clone, Copy, Debug)]
pub enum Returns {
    /// Always that type.
    Always(Type),
    /// The type of its first argument.
    First,
    /// The type of the elements of its first argument.
    Element,
    /// What the optional holds that is its first argument.
    Inner,
    /// An optional of its first argument.
    OptionalOfFirst,
    /// An optional of the elements of its first argument.
    OptionalOfElement,
}

/// What a function does with its loaded arguments.
pub(super) type Native = for<'a> fn(&Steps, &[Value<'a>]) -> Outcome<Value<'a>>;

/// What a function with a pattern as its second argument does.
pub(super) type WithRegex = for<'a> fn(&Regex, &[Value<'a>], &Steps) -> Outcome<Value<'a>>;

/// How a function runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// On its loaded arguments.
    Native(Native),
    /// On its loaded arguments and the pattern, which is compiled once if it is a constant.
    Regex(WithRegex),
    /// The second argument is evaluated only if the optional in front is none.
    OrValue,
    /// The same, but the second argument and the result are optionals.
    Or,
}

/// A row of the table.
#[derive(Debug)]
pub struct Function {
    /// The name; `math.greatest` is a name with its namespace.
    pub name: &'static str,
    /// How it is called.
    pub style: Style,
    /// What it takes, the receiver first.
    pub params: &'static [Param],
    /// How many of the last parameters may be left out.
    pub optional: usize,
    /// Whether the last parameter may be repeated.
    pub repeats: bool,
    /// What it gives.
    pub returns: Returns,
    pub(super) body: Body,
}

impl Function {
    const fn new(name: &'static str, style: Style, params: &'static [Param], returns: Returns, body: Body) -> Self {
        Function { name, style, params, optional: 0, repeats: false, returns, body }
    }

    const fn method(name: &'static str, params: &'static [Param], returns: Returns, run: Native) -> Self {
        Function::new(name, Style::Method, params, returns, Body::Native(run))
    }

    const fn global(name: &'static str, params: &'static [Param], returns: Returns, run: Native) -> Self {
        Function::new(name, Style::Global, params, returns, Body::Native(run))
    }

    const fn optional(mut self, count: usize) -> Self {
        self.optional = count;
        self
    }

    const fn repeats(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// Whether it takes that many arguments, the receiver included.
    pub fn takes(&self, count: usize) -> bool {
        count >= self.params.len() - self.optional && (self.repeats || count <= self.params.len())
    }

    /// Whether it may be called that way.
    pub fn callable(&self, method: bool) -> bool {
        match self.style {
            Style::Both => true,
            Style::Method => method,
            Style::Global => !method,
        }
    }
}

/// Every function, subject by subject.
pub fn all() -> impl Iterator<Item = &'static Function> {
    let subjects: [&'static [Function]; 12] = [
        convert::TABLE,
        strings::TABLE,
        format::TABLE,
        lists::TABLE,
        time::TABLE,
        kubernetes::TABLE,
        optionals::TABLE,
        net::TABLE,
        semantic::TABLE,
        sets::TABLE,
        named_formats::TABLE,
        authorizer::TABLE,
    ];
    subjects.into_iter().flatten()
}

/// The function of that name that can be called that way.
pub fn find(name: &str, method: bool) -> Option<&'static Function> {
    all().find(|function| function.name == name && function.callable(method))
}

/// Whether `name` is a namespace of functions: `math` in `math.greatest`.
pub fn is_namespace(name: &str) -> bool {
    all().any(|function| function.name.split_once('.').is_some_and(|(space, _)| space == name))
}

// What the tables are written with.

const ANY: Param = &[];
const TEXT: Param = &[Type::String];
const INT: Param = &[Type::Int, Type::Uint];
const LIST: Param = &[Type::List(&Type::Dyn)];
const NUMBER: Param = &[Type::Int, Type::Uint, Type::Double];
const GIVES_BOOL: Returns = Returns::Always(Type::Bool);
const GIVES_INT: Returns = Returns::Always(Type::Int);
const GIVES_TEXT: Returns = Returns::Always(Type::String);
const GIVES_TEXTS: Returns = Returns::Always(Type::List(&Type::String));
const GIVES_ANY: Returns = Returns::Always(Type::Dyn);

// What the functions read their arguments with.

fn text<'v>(args: &'v [Value<'_>], index: usize) -> Outcome<&'v str> {
    match args.get(index) {
        Some(Value::Str(text)) => Ok(text),
        Some(value) if value.is_secret() => secret(),
        other => fail(format!("a string is needed here, not {}", other.map_or("nothing", Value::type_name))),
    }
}

fn int(args: &[Value<'_>], index: usize) -> Outcome<i64> {
    match args.get(index) {
        Some(Value::Int(value)) => Ok(*value),
        other => fail(format!("an int is needed here, not {}", other.map_or("nothing", Value::type_name))),
    }
}

fn list<'a>(args: &[Value<'a>], index: usize) -> Outcome<Vec<Value<'a>>> {
    match args.get(index).and_then(Value::sequence) {
        Some(list) => list.loaded(),
        None => fail(format!("a list is needed here, not {}", args.get(index).map_or("nothing", Value::type_name))),
    }
}

fn length(value: usize) -> Value<'static> {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn built<'a>(items: Vec<Value<'a>>) -> Value<'a> {
    Value::list(items)
}

fn quantity_of<'v>(args: &'v [Value<'_>], index: usize) -> Outcome<&'v crate::values::Quantity> {
    match args.get(index) {
        Some(Value::Quantity(Held::Borrowed(quantity))) => Ok(quantity),
        Some(Value::Quantity(Held::Shared(quantity))) => Ok(quantity),
        other => fail(format!("a quantity is needed here, not {}", other.map_or("nothing", Value::type_name))),
    }
}
