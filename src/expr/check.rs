//! The rules of types: what operators and functions accept, and what a field is.
//!
//! Only certain mistakes are reported: a `dyn` operand is always accepted, numbers of all kinds compare, `null` compares with
//! anything (a document may hold it anywhere). The walk over the expression is `lower`.

use std::rc::Rc;

use super::ast::Binary;
use super::functions::{self, Function, Param, Returns};
use super::types::{Field, Object, Shape, Ty, Type};
use crate::vocabulary::Span;

/// A mistake found while compiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckError {
    /// The sentence, without a full stop.
    pub message: String,
    /// The part of the expression.
    pub span: Span,
    /// What would be right, if that can be said.
    pub help: Option<String>,
}

impl CheckError {
    pub(super) fn new(message: impl Into<String>, span: Span) -> Self {
        CheckError { message: message.into(), span, help: None }
    }

    pub(super) fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }
}

/// "did you mean `x`?", if one of the words is close.
pub(super) fn suggestion<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<String> {
    let best = words.map(|known| (strsim::damerau_levenshtein(word, known), known)).min()?;
    (best.0 <= word.len().max(3) / 3 && best.0 < word.len()).then(|| format!("did you mean `{}`?", best.1))
}

/// What lies under a field of a type.
pub(super) enum Member {
    /// It has this type.
    Is(Ty),
    /// It is described.
    Described(&'static Object, &'static Field),
    /// There is no such field; the names that exist.
    Unknown(String, Vec<String>),
    /// The type has no fields.
    NoFields,
}

/// Looks a field up in a type; optionals are looked through.
pub(super) fn member(ty: &Ty, field: &str) -> Member {
    match ty {
        Ty::Plain(Type::Object(object)) => match object.field(field) {
            Some(found) => Member::Described(object, found),
            None => Member::Unknown(
                object.name.to_string(),
                object.fields.iter().map(|field| field.name.to_string()).collect(),
            ),
        },
        Ty::Record(fields) => match fields.iter().find(|(name, _)| name == field) {
            Some((_, ty)) => Member::Is(Ty::Plain(*ty)),
            None => Member::Unknown("this".to_string(), fields.iter().map(|(name, _)| name.clone()).collect()),
        },
        Ty::Optional(_) | Ty::Plain(Type::Optional(_)) => member(&ty.inner().unwrap_or(Ty::DYN), field),
        _ => ty.entry().map_or(Member::NoFields, Member::Is),
    }
}

/// The type of `a[i]`; an error if that cannot be indexed.
pub(super) fn element(base: &Ty, index: &Ty) -> Result<Ty, String> {
    let base = if base.shape() == Shape::Optional { base.inner().unwrap_or(Ty::DYN) } else { base.clone() };
    if base.shape() == Shape::List && !matches!(index.shape(), Shape::Number | Shape::Dyn) {
        return Err(format!("a list is indexed by int, not {index}"));
    }
    match base.element().or_else(|| base.entry()) {
        Some(ty) => Ok(ty),
        None => Err(format!("{base} cannot be indexed")),
    }
}

/// The type of the elements a walk visits, keys for a map.
pub(super) fn walked(range: &Ty, two: bool) -> Result<(Ty, Ty), String> {
    if range.is_dyn() {
        return Ok((Ty::DYN, Ty::DYN));
    }
    if let Some(element) = range.element() {
        return Ok((Ty::Plain(Type::Int), element));
    }
    match range.entry() {
        Some(value) if two => Ok((Ty::Plain(Type::String), value)),
        Some(_) => Ok((Ty::DYN, Ty::Plain(Type::String))),
        None => Err(format!("a list or a map is needed here, not {range}")),
    }
}

/// The type of a binary operator's result.
pub(super) fn binary(op: Binary, a: &Ty, b: &Ty) -> Result<Ty, String> {
    let boolean = Ok(Ty::Plain(Type::Bool));
    match op {
        Binary::Equal | Binary::NotEqual => {
            if a.comparable(b) {
                boolean
            } else {
                Err(format!("{a} never equals {b}"))
            }
        }
        Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
            if ordered(a) && ordered(b) && a.comparable(b) {
                boolean
            } else {
                Err(format!("{a} and {b} have no order"))
            }
        }
        Binary::In => contained(a, b),
        _ => arithmetic(op, a, b),
    }
}

fn ordered(ty: &Ty) -> bool {
    !matches!(ty.shape(), Shape::Null | Shape::List | Shape::Map | Shape::Type | Shape::Optional | Shape::Opaque(_))
}

fn contained(item: &Ty, container: &Ty) -> Result<Ty, String> {
    if let Some(element) = container.element() {
        let possible = item.comparable(&element);
        return if possible { Ok(Ty::Plain(Type::Bool)) } else { Err(format!("{item} is never in {container}")) };
    }
    match container.entry() {
        Some(_) => Ok(Ty::Plain(Type::Bool)),
        None => Err(format!("`in` needs a list or a map, not {container}")),
    }
}

fn arithmetic(op: Binary, a: &Ty, b: &Ty) -> Result<Ty, String> {
    let wrong = || Err(format!("`{}` cannot take {a} and {b}", op.text()));
    let add = op == Binary::Add;
    match (a.shape(), b.shape()) {
        (Shape::Dyn, _) | (_, Shape::Dyn) => Ok(Ty::DYN),
        (Shape::Number, Shape::Number) if a.to_string() == b.to_string() => Ok(a.clone()),
        (Shape::String, Shape::String) | (Shape::Bytes, Shape::Bytes) if add => Ok(a.clone()),
        (Shape::List, Shape::List) if add => Ok(a.clone().join(b)),
        (Shape::Duration, Shape::Duration) if add || op == Binary::Subtract => Ok(a.clone()),
        (Shape::Timestamp, Shape::Duration) if add || op == Binary::Subtract => Ok(a.clone()),
        (Shape::Duration, Shape::Timestamp) if add => Ok(b.clone()),
        (Shape::Timestamp, Shape::Timestamp) if op == Binary::Subtract => Ok(Ty::Plain(Type::Duration)),
        _ => wrong(),
    }
}

/// The row a call means.
pub(super) fn function(name: &str, method: bool, span: Span) -> Result<&'static Function, CheckError> {
    if let Some(found) = functions::find(name, method) {
        return Ok(found);
    }
    let help = match functions::find(name, !method) {
        Some(_) if method => Some(format!("`{name}` is called without a receiver: `{name}(…)`")),
        Some(_) => Some(format!("`{name}` is called on a value: `value.{name}(…)`")),
        None => suggestion(name, functions::all().filter(|f| f.callable(method)).map(|f| f.name)),
    };
    Err(CheckError::new(format!("there is no function `{name}`"), span).help(help))
}

/// Checks the arguments of a call and gives the type of its result.
pub(super) fn call(function: &Function, args: &[(Ty, Span)], errors: &mut Vec<CheckError>) -> Ty {
    for (i, (ty, span)) in args.iter().enumerate() {
        let param = function.params.get(i).or(function.params.last()).copied().unwrap_or_default();
        if !accepts(param, ty) {
            errors.push(CheckError::new(format!("`{}` takes {}, not {ty}", function.name, listed(param)), *span));
        }
    }
    let first = args.first().map_or(Ty::DYN, |(ty, _)| ty.clone());
    match function.returns {
        Returns::Always(ty) => Ty::Plain(ty),
        Returns::First => first,
        Returns::Element => first.element().unwrap_or(Ty::DYN),
        Returns::Inner => first.inner().unwrap_or(Ty::DYN),
        Returns::OptionalOfFirst => Ty::Optional(Rc::new(first)),
        Returns::OptionalOfElement => Ty::Optional(Rc::new(first.element().unwrap_or(Ty::DYN))),
    }
}

/// Whether that many arguments are too few or too many.
pub(super) fn count(function: &Function, count: usize, method: bool, span: Span) -> Option<CheckError> {
    if function.takes(count) {
        return None;
    }
    let receiver = usize::from(method);
    let most = function.params.len() - receiver;
    let least = most - function.optional;
    let wanted = match (function.repeats, least == most, most) {
        (true, _, _) => format!("{least} or more arguments"),
        (false, true, 1) => "1 argument".to_string(),
        (false, true, _) => format!("{most} arguments"),
        (false, false, _) => format!("{least} to {most} arguments"),
    };
    Some(CheckError::new(format!("`{}` takes {wanted}, not {}", function.name, count - receiver), span))
}

fn accepts(param: Param, ty: &Ty) -> bool {
    if param.is_empty() || matches!(ty.shape(), Shape::Dyn) {
        return true;
    }
    param.iter().any(|wanted| {
        let wanted = Ty::Plain(*wanted);
        wanted.shape() == ty.shape() && (ty.shape() != Shape::Number || wanted.to_string() == ty.to_string())
    })
}

fn listed(param: Param) -> String {
    let names: Vec<String> = param.iter().map(ToString::to_string).collect();
    names.join(" or ")
}
