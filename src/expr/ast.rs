//! The syntax tree of an expression: what was written, macros recognised, nothing resolved.
//!
//! Every node carries the bytes of the expression text it came from. Equality ignores those bytes, so that a tree printed
//! by `print` and parsed again equals the one it was printed from. `&&` and `||` hold all their operands in one node.

use crate::vocabulary::Span;

/// How deep a tree may be: what bounds the stack of every walker.
pub const MAX_HEIGHT: u16 = 100;

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands in the expression text.
    pub span: Span,
    height: u16,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `-5`
    Int(i64),
    /// `5u`
    Uint(u64),
    /// `1.5`
    Double(f64),
    /// `"text"`
    Str(String),
    /// `b"bytes"`
    Bytes(Vec<u8>),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators with two operands, `&&` and `||` excepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `in`
    In,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
}

impl Binary {
    /// The operator as it is written.
    pub fn text(self) -> &'static str {
        match self {
            Binary::Equal => "==",
            Binary::NotEqual => "!=",
            Binary::Less => "<",
            Binary::LessEqual => "<=",
            Binary::Greater => ">",
            Binary::GreaterEqual => ">=",
            Binary::In => "in",
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::Remainder => "%",
        }
    }
}

/// The macros that walk a list or a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopKind {
    /// `list.all(x, test)`
    All,
    /// `list.exists(x, test)`
    Exists,
    /// `list.exists_one(x, test)`
    ExistsOne,
    /// `list.filter(x, test)`
    Filter,
    /// `list.map(x, value)`, `list.map(x, test, value)`
    Map,
    /// `list.transformList(i, x, value)`, with a test before the value if wanted
    TransformList,
    /// `map.transformMap(k, v, value)`, with a test before the value if wanted
    TransformMap,
    /// `map.transformMapEntry(k, v, {key: value})`, with a test before the entries if wanted
    TransformMapEntry,
    /// `list.sortBy(x, key)`
    SortBy,
}

impl LoopKind {
    /// The macro's name.
    pub fn name(self) -> &'static str {
        match self {
            LoopKind::All => "all",
            LoopKind::Exists => "exists",
            LoopKind::ExistsOne => "exists_one",
            LoopKind::Filter => "filter",
            LoopKind::Map => "map",
            LoopKind::TransformList => "transformList",
            LoopKind::TransformMap => "transformMap",
            LoopKind::TransformMapEntry => "transformMapEntry",
            LoopKind::SortBy => "sortBy",
        }
    }
}

/// A walk over a list or a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    /// Which macro.
    pub kind: LoopKind,
    /// What is walked.
    pub range: Expr,
    /// The loop variables: an element (or key), or index (or key) and element (or value).
    pub variables: Vec<String>,
    /// The test in front of the value, for `map` and the transforms.
    pub filter: Option<Expr>,
    /// The test or the value.
    pub body: Expr,
}

/// An element of a list literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Written `[?x]`: an optional, left out when it is none.
    pub optional: bool,
    /// The element.
    pub value: Expr,
}

/// An entry of a map literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Written `{?k: v}`: the value is an optional, the entry left out when it is none.
    pub optional: bool,
    /// The key.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal.
    Literal(Literal),
    /// A name; with a leading dot it cannot mean a loop variable.
    Ident(String),
    /// `a.b`, `a.?b`
    Select {
        /// What is looked into.
        operand: Box<Expr>,
        /// The key.
        field: String,
        /// Whether absence is `optional.none()` and no error.
        optional: bool,
    },
    /// `a[i]`, `a[?i]`
    Index {
        /// What is looked into.
        operand: Box<Expr>,
        /// The position or key.
        index: Box<Expr>,
        /// Whether absence is `optional.none()` and no error.
        optional: bool,
    },
    /// `has(a.b)`
    Has {
        /// What is looked into.
        operand: Box<Expr>,
        /// The key.
        field: String,
    },
    /// `f(x)`, `x.f(y)`
    Call {
        /// What stands before the dot.
        receiver: Option<Box<Expr>>,
        /// The function's name.
        function: String,
        /// What stands in the parentheses.
        args: Vec<Expr>,
    },
    /// `!x`, `-x`
    Unary(Unary, Box<Expr>),
    /// `a + b`
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `a && b && c`; two operands or more, none of them an `And`.
    And(Vec<Expr>),
    /// `a || b || c`; two operands or more, none of them an `Or`.
    Or(Vec<Expr>),
    /// `test ? then : otherwise`
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `[a, ?b]`
    List(Vec<Element>),
    /// `{k: v, ?k: v}`
    Map(Vec<Entry>),
    /// A macro that walks.
    Loop(Box<Loop>),
    /// `cel.bind(name, value, body)`
    Bind {
        /// The variable.
        name: String,
        /// What it stands for.
        value: Box<Expr>,
        /// Where it may be used.
        body: Box<Expr>,
    },
    /// `optional.optMap(name, body)`, `optional.optFlatMap(name, body)`
    OptMap {
        /// The optional.
        operand: Box<Expr>,
        /// The variable that stands for its value.
        name: String,
        /// What is made of it.
        body: Box<Expr>,
        /// Whether the body itself is an optional.
        flat: bool,
    },
}

impl Expr {
    /// An expression; nested `&&` and `||` are flattened.
    pub fn new(kind: ExprKind, span: Span) -> Self {
        let kind = match kind {
            ExprKind::And(operands) => ExprKind::And(flatten(operands, true)),
            ExprKind::Or(operands) => ExprKind::Or(flatten(operands, false)),
            other => other,
        };
        let mut height = 0;
        kind.each_child(|child| height = height.max(child.height));
        Expr { kind, span, height: height.saturating_add(1) }
    }

    /// Number of levels; `compile` refuses more than [`MAX_HEIGHT`].
    pub fn height(&self) -> u16 {
        self.height
    }

    /// The expressions directly inside, in source order.
    pub fn children(&self) -> Vec<&Expr> {
        let mut all = Vec::new();
        self.kind.each_child(|child| all.push(child));
        all
    }
}

fn flatten(operands: Vec<Expr>, and: bool) -> Vec<Expr> {
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match operand.kind {
            ExprKind::And(inner) if and => flat.extend(inner),
            ExprKind::Or(inner) if !and => flat.extend(inner),
            _ => flat.push(operand),
        }
    }
    flat
}

impl ExprKind {
    /// Visits the expressions directly inside, in source order.
    pub fn each_child<'e>(&'e self, mut visit: impl FnMut(&'e Expr)) {
        match self {
            ExprKind::Literal(_) | ExprKind::Ident(_) => {}
            ExprKind::Select { operand, .. } | ExprKind::Has { operand, .. } | ExprKind::Unary(_, operand) => {
                visit(operand);
            }
            ExprKind::Index { operand: first, index: second, .. }
            | ExprKind::Binary(_, first, second)
            | ExprKind::Bind { value: first, body: second, .. }
            | ExprKind::OptMap { operand: first, body: second, .. } => {
                [first, second].into_iter().for_each(|e| visit(e))
            }
            ExprKind::Call { receiver, args, .. } => {
                receiver.iter().for_each(|e| visit(e));
                args.iter().for_each(visit);
            }
            ExprKind::And(operands) | ExprKind::Or(operands) => operands.iter().for_each(visit),
            ExprKind::Ternary(test, then, otherwise) => [test, then, otherwise].into_iter().for_each(|e| visit(e)),
            ExprKind::List(elements) => elements.iter().for_each(|element| visit(&element.value)),
            ExprKind::Map(entries) => entries.iter().for_each(|entry| {
                visit(&entry.key);
                visit(&entry.value);
            }),
            ExprKind::Loop(walk) => {
                visit(&walk.range);
                walk.filter.iter().for_each(&mut visit);
                visit(&walk.body);
            }
        }
    }
}
