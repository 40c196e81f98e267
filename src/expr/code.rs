//! What is evaluated: the expression with its names resolved to slots, its constants built and its patterns compiled.

use std::sync::atomic::AtomicU32;

use regex::Regex;

use super::ast::{Binary, LoopKind};
use super::functions::{Native, WithRegex};
use super::value::Value;
use crate::vocabulary::Span;

/// A step and the bytes of the expression it came from.
#[derive(Debug)]
pub(super) struct Code {
    pub op: Op,
    pub span: Span,
}

/// A step.
#[derive(Debug)]
pub(super) enum Op {
    Const(Value<'static>),
    /// A variable of the scope.
    Slot(usize),
    /// A variable of a macro.
    Local(usize),
    Select {
        base: Box<Code>,
        key: Box<str>,
        optional: bool,
        /// Where the key stood last, see `Site::hinted`.
        hint: AtomicU32,
    },
    Index {
        pair: Box<[Code; 2]>,
        optional: bool,
    },
    Has {
        base: Box<Code>,
        key: Box<str>,
        /// As in `Select`.
        hint: AtomicU32,
    },
    Not(Box<Code>),
    Negate(Box<Code>),
    And(Box<[Code]>),
    Or(Box<[Code]>),
    Ternary(Box<[Code; 3]>),
    /// `== != < <= > >=`
    Compare(Binary, Box<[Code; 2]>),
    In(Box<[Code; 2]>),
    Arithmetic(Binary, Box<[Code; 2]>),
    Call {
        run: Native,
        args: Box<[Code]>,
    },
    /// A call whose second argument is a pattern, compiled here if it is a constant.
    Regex {
        run: WithRegex,
        regex: Option<Box<Regex>>,
        args: Box<[Code]>,
    },
    /// `optional.orValue(x)`, or `optional.or(other)` where the result stays an optional.
    OrValue {
        pair: Box<[Code; 2]>,
        wrapped: bool,
    },
    /// Text of a tree that its descriptor declares to be a quantity, duration or timestamp.
    Read(Native, Box<Code>),
    List(Box<[(bool, Code)]>),
    Map(Box<[(bool, Code, Code)]>),
    Loop(Box<Walk>),
    /// Value and body; the variable is a local.
    Bind(usize, Box<[Code; 2]>),
    /// Optional and body.
    OptMap {
        local: usize,
        pair: Box<[Code; 2]>,
        flat: bool,
    },
}

/// A walk over a list or map.
#[derive(Debug)]
pub(super) struct Walk {
    pub kind: LoopKind,
    pub range: Code,
    /// The first variable's local; a second one follows it.
    pub local: usize,
    /// Whether there are two variables.
    pub two: bool,
    pub filter: Option<Code>,
    pub body: Code,
}

impl Code {
    /// The value, if it is known now.
    pub fn constant(&self) -> Option<&Value<'static>> {
        match &self.op {
            Op::Const(value) => Some(value),
            _ => None,
        }
    }
}
