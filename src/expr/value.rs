//! Values of expressions, borrowed from the forest wherever possible.
//!
//! A value read from a tree stays a [`Site`] (forest and node) until an operator needs what lies there, so that selecting
//! fields costs nothing and where a value comes from is never lost. Literals and variables are borrowed; only what an
//! expression builds is counted by reference. Comparison lies in `compare`, look-ups in `site`.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::library::Library;
use super::site::Site;
use crate::syntax::{Data, Forest, Origin};
use crate::values::Quantity;
use crate::vocabulary::{NodeRef, Reason, Span, UnknownCode};

/// Borrowed from a tree or program, or shared.
#[derive(Debug)]
pub enum Held<'a, T: ?Sized> {
    /// Owned elsewhere.
    Borrowed(&'a T),
    /// Made during evaluation.
    Shared(Arc<T>),
}

impl<T: ?Sized> Clone for Held<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Held::Borrowed(value) => Held::Borrowed(value),
            Held::Shared(value) => Held::Shared(Arc::clone(value)),
        }
    }
}

impl<T: ?Sized> Deref for Held<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        match self {
            Held::Borrowed(value) => value,
            Held::Shared(value) => value,
        }
    }
}

impl<T: ?Sized> Held<'_, T> {
    /// The same without counting.
    pub fn lend(&self) -> Held<'_, T> {
        Held::Borrowed(self)
    }
}

/// A list built by an expression or handed in as a variable.
#[derive(Clone, Debug, Default)]
pub struct List<'a> {
    /// The elements.
    pub items: Vec<Value<'a>>,
    /// Why there may be more.
    pub open: Option<Reason>,
}

/// A map built by an expression or handed in as a variable. Keys are unique.
#[derive(Clone, Debug, Default)]
pub struct Map<'a> {
    /// Keys and values, in the order they were added.
    pub entries: Vec<(Value<'a>, Value<'a>)>,
    /// Why there may be more.
    pub open: Option<Reason>,
}

/// What went wrong in an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sentence, without a full stop.
    pub message: String,
    /// The part of the expression that failed.
    pub span: Option<Span>,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer; every integer of a document is one.
    Int(i64),
    /// An unsigned integer; only from literals and conversions.
    Uint(u64),
    /// A floating point number.
    Double(f64),
    /// A text.
    Str(Held<'a, str>),
    /// Bytes.
    Bytes(Held<'a, [u8]>),
    /// A span of time.
    Duration(SignedDuration),
    /// A point in time.
    Timestamp(Timestamp),
    /// A Kubernetes quantity.
    Quantity(Held<'a, Quantity>),
    /// An address, a range, a URL, a version or a format.
    Library(Arc<Library>),
    /// A list that lies in no tree.
    List(Held<'a, List<'a>>),
    /// A map that lies in no tree.
    Map(Held<'a, Map<'a>>),
    /// Something in a tree, not yet looked at.
    Node(Site<'a>),
    /// An optional.
    Optional(Option<Box<Value<'a>>>),
    /// A type, by its CEL name.
    Type(&'static str),
    /// A value that cannot be known.
    Unknown(Reason),
    /// No value: the evaluation failed.
    Error(Box<Failure>),
}

/// What a value means as the verdict of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// `true`
    True,
    /// `false`
    False,
    /// It cannot be known.
    Unknown(Reason),
    /// The expression failed, or is no boolean.
    Error(Failure),
}

/// Why there is no value.
#[derive(Clone, Debug)]
pub(super) enum Halt {
    /// It cannot be known.
    Unknown(Reason),
    /// The evaluation failed.
    Error(Failure),
}

/// The result of one step. The error is boxed to keep the good path small.
pub(super) type Outcome<T> = Result<T, Box<Halt>>;

/// An error without a position; the evaluator adds it.
pub(super) fn fail<T>(message: impl Into<String>) -> Outcome<T> {
    Err(Box::new(Halt::Error(Failure { message: message.into(), span: None })))
}

/// An unknown.
pub(super) fn unknown<T>(reason: &Reason) -> Outcome<T> {
    Err(Box::new(Halt::Unknown(reason.clone())))
}

/// What asking for the text of a secret gives.
pub(super) fn secret<T>() -> Outcome<T> {
    unknown(&Reason::new(UnknownCode::Forbidden, "the text of a redacted value is not read"))
}

impl<'a> Value<'a> {
    /// The value at a node.
    pub fn node(forest: &'a Forest, at: NodeRef) -> Self {
        Value::Node(Site::new(forest, at))
    }

    /// A text of its own.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Value::Str(Held::Shared(text.into()))
    }

    /// A list of its own.
    pub fn list(items: Vec<Value<'a>>) -> Self {
        Value::List(Held::Shared(Arc::new(List { items, open: None })))
    }

    /// A map with text keys, e.g. the parameters of a rule.
    pub fn map<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Value<'a>)>) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (Value::text(key), value)).collect();
        Value::Map(Held::Shared(Arc::new(Map { entries, open: None })))
    }

    /// A quantity.
    pub(super) fn quantity(quantity: Quantity) -> Self {
        Value::Quantity(Held::Shared(Arc::new(quantity)))
    }

    /// An optional that holds a value.
    pub(super) fn some(value: Value<'a>) -> Self {
        Value::Optional(Some(Box::new(value)))
    }

    /// The same value, borrowed from this one.
    pub fn lend(&self) -> Value<'_> {
        match self {
            Value::Str(text) => Value::Str(text.lend()),
            Value::Bytes(bytes) => Value::Bytes(bytes.lend()),
            Value::Quantity(quantity) => Value::Quantity(quantity.lend()),
            Value::List(list) => Value::List(list.lend()),
            Value::Map(map) => Value::Map(map.lend()),
            other => other.clone(),
        }
    }

    /// The same value without borrowing from program or variables: it may outlive both. Nodes must lie in `forest`.
    pub(super) fn settle<'f>(self, forest: &'f Forest) -> Value<'f> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Int(value) => Value::Int(value),
            Value::Uint(value) => Value::Uint(value),
            Value::Double(value) => Value::Double(value),
            Value::Str(text) => Value::text(&*text),
            Value::Bytes(bytes) => Value::Bytes(Held::Shared((*bytes).into())),
            Value::Duration(value) => Value::Duration(value),
            Value::Timestamp(value) => Value::Timestamp(value),
            Value::Quantity(quantity) => Value::quantity(*quantity),
            Value::Library(value) => Value::Library(value),
            Value::Type(name) => Value::Type(name),
            Value::Node(site) => Value::node(forest, site.at()),
            Value::Optional(value) => Value::Optional(value.map(|value| Box::new(value.settle(forest)))),
            Value::Unknown(reason) => Value::Unknown(reason),
            Value::Error(failure) => Value::Error(failure),
            Value::List(list) => {
                let items = list.items.iter().map(|item| item.lend().settle(forest)).collect();
                Value::List(Held::Shared(List { items, open: list.open.clone() }.into()))
            }
            Value::Map(map) => {
                let both =
                    |(key, value): &(Value<'_>, Value<'_>)| (key.lend().settle(forest), value.lend().settle(forest));
                let entries = map.entries.iter().map(both).collect();
                Value::Map(Held::Shared(Map { entries, open: map.open.clone() }.into()))
            }
        }
    }

    /// The elements of a list and why there may be more; otherwise what the value is instead.
    pub fn elements(&self) -> Result<(Vec<Value<'a>>, Option<Reason>), Truth> {
        let loaded = match self.clone().load() {
            Ok(loaded) => loaded,
            Err(_) => return Err(self.truth()),
        };
        match loaded.sequence() {
            Some(list) => Ok(((0..list.len()).map(|i| list.at(i)).collect(), list.open().cloned())),
            // In a document a null is an absent list.
            None if matches!(loaded, Value::Null) => Ok((Vec::new(), None)),
            None => {
                let message = format!("the expression gives {} and no list", loaded.type_name());
                Err(Truth::Error(Failure { message, span: None }))
            }
        }
    }

    /// Where a finding about the value points, if it lies in a tree.
    pub fn origin(&self) -> Option<Origin> {
        self.site().map(Site::origin)
    }

    /// Scalars of trees become plain values; unknown and failed values leave by `Err`. Lists, maps and secrets of trees
    /// stay where they are.
    #[inline]
    pub(super) fn load(self) -> Outcome<Value<'a>> {
        match self {
            Value::Node(site) => site.load(),
            Value::Unknown(reason) => unknown(&reason),
            Value::Error(failure) => Err(Box::new(Halt::Error(*failure))),
            other => Ok(other),
        }
    }

    /// The node that the value is; an optional is none.
    #[inline]
    pub(super) fn node_site(&self) -> Option<Site<'a>> {
        match self {
            Value::Node(site) => Some(*site),
            _ => None,
        }
    }

    /// Where the value lies in a tree, if it does; an optional lies where its value does.
    pub fn site(&self) -> Option<Site<'a>> {
        match self {
            Value::Node(site) => Some(*site),
            Value::Optional(Some(value)) => value.site(),
            _ => None,
        }
    }

    /// What the value means as a verdict.
    pub fn truth(&self) -> Truth {
        if let Value::Bool(value) = self {
            return if *value { Truth::True } else { Truth::False };
        }
        match self.clone().load() {
            Ok(Value::Bool(true)) => Truth::True,
            Ok(Value::Bool(false)) => Truth::False,
            Ok(other) => {
                let message = format!("the expression gives {} and no bool", other.type_name());
                Truth::Error(Failure { message, span: None })
            }
            Err(halt) => match *halt {
                Halt::Unknown(reason) => Truth::Unknown(reason),
                Halt::Error(failure) => Truth::Error(failure),
            },
        }
    }

    /// The value as it appears in a message: texts plain, numbers, lists of such joined by `, `. `None` for what has no
    /// short text (maps, unknowns, errors, an empty optional).
    pub fn to_text(&self) -> Option<String> {
        match self.clone().load().ok()? {
            Value::Null => Some("null".to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Int(value) => Some(value.to_string()),
            Value::Uint(value) => Some(value.to_string()),
            Value::Double(value) => Some(double_text(value)),
            Value::Str(text) => Some(text.to_string()),
            Value::Duration(duration) => Some(duration_text(duration)),
            Value::Timestamp(timestamp) => Some(timestamp.to_string()),
            Value::Quantity(quantity) => Some(quantity.to_string()),
            Value::Library(value) => Some(value.to_string()),
            Value::Type(name) => Some(name.to_string()),
            Value::Optional(Some(value)) => value.to_text(),
            Value::Node(site) if matches!(site.data(), Data::Redacted(_)) => Some("(redacted)".to_string()),
            other => {
                let list = other.sequence()?;
                let texts: Option<Vec<String>> = (0..list.len()).map(|i| list.at(i).to_text()).collect();
                Some(texts?.join(", "))
            }
        }
    }

    /// The CEL name of the value's type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null_type",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint",
            Value::Double(_) => "double",
            Value::Str(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::Duration(_) => "google.protobuf.Duration",
            Value::Timestamp(_) => "google.protobuf.Timestamp",
            Value::Quantity(_) => "kubernetes.Quantity",
            Value::Library(value) => value.type_name(),
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Optional(_) => "optional_type",
            Value::Type(_) => "type",
            Value::Unknown(_) => "unknown",
            Value::Error(_) => "error",
            Value::Node(site) => match site.data() {
                Data::Null => "null_type",
                Data::Bool(_) => "bool",
                Data::Int(_) => "int",
                Data::Float(_) => "double",
                Data::Str(_) | Data::Redacted(_) => "string",
                Data::List(_) => "list",
                Data::Map(_) => "map",
                Data::Unknown | Data::Ref(_) => "unknown",
            },
        }
    }
}

/// A number the way Go prints it: with an exponent from 1e21 on and below 1e-4.
pub(super) fn double_text(value: f64) -> String {
    let text = format!("{value:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return if value.is_infinite() { format!("{}Inf", if value > 0.0 { '+' } else { '-' }) } else { text };
    };
    match exponent.parse::<i32>() {
        Ok(power) if !(-4..21).contains(&power) => {
            format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
        }
        _ => value.to_string(),
    }
}

/// A duration the way CEL prints it: seconds, with as many decimals as needed.
pub(super) fn duration_text(duration: SignedDuration) -> String {
    let nanos = duration.subsec_nanos().unsigned_abs();
    let sign = if duration.is_negative() { "-" } else { "" };
    let decimals = if nanos == 0 { String::new() } else { format!(".{nanos:09}") };
    format!("{sign}{}{}s", duration.as_secs().unsigned_abs(), decimals.trim_end_matches('0'))
}

impl From<Halt> for Value<'_> {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Unknown(reason) => Value::Unknown(reason),
            Halt::Error(failure) => Value::Error(Box::new(failure)),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
