//! `Expr` to `Code`: names are resolved, types checked, constants folded and patterns compiled, in one walk that collects
//! every mistake.

use std::rc::Rc;
use std::sync::LazyLock;
use std::sync::atomic::AtomicU32;

use regex::{Regex, RegexBuilder};

use super::ast::{Entry, Expr, ExprKind, Literal, Loop, LoopKind, Unary};
use super::check::{self, CheckError, Member};
use super::code::{Code, Op, Walk};
use super::eval::Machine;
use super::functions::{self, Body, Function};
use super::library;
use super::program::Uses;
use super::scope::Scope;
use super::steps::Steps;
use super::types::{Shape, Ty, Type};
use super::value::{Halt, Held, Value};
use crate::syntax::Forest;
use crate::vocabulary::Span;

/// Bytes a compiled pattern may take.
const REGEX_LIMIT: usize = 1 << 20;

/// The names of types, which are values too.
const TYPE_NAMES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "int",
    "uint",
    "string",
    "list",
    "map",
    "null_type",
    "type",
    "optional_type",
    "google.protobuf.Duration",
    "google.protobuf.Timestamp",
    "kubernetes.Quantity",
    library::IP,
    library::CIDR,
    library::URL,
    library::SEMVER,
    library::FORMAT,
];

/// Compiles a pattern, within a size limit.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(REGEX_LIMIT).dfa_size_limit(REGEX_LIMIT).build().map_err(|error| {
        let text = error.to_string();
        let cause = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string();
        format!("the pattern does not compile: {cause}")
    })
}

/// The walk and what it gathers.
pub(super) struct Lowering<'s> {
    scope: &'s Scope,
    /// Whether mistakes of type are reported.
    typed: bool,
    locals: Vec<(String, Ty)>,
    /// Most locals in use at once.
    pub most: usize,
    pub errors: Vec<CheckError>,
    pub uses: Uses,
}

type Lowered = (Code, Ty);

impl<'s> Lowering<'s> {
    pub fn new(scope: &'s Scope, typed: bool) -> Self {
        Lowering { scope, typed, locals: Vec::new(), most: 0, errors: Vec::new(), uses: Uses::default() }
    }

    /// Compiles an expression and what is in it.
    pub fn lower(&mut self, expr: &Expr) -> Lowered {
        let span = expr.span;
        let (op, ty) = match &expr.kind {
            ExprKind::Literal(literal) => constant(literal),
            ExprKind::Ident(name) => self.name(name, span),
            ExprKind::Select { operand, field, optional } => match self.qualified(expr) {
                Some(type_name) => (Op::Const(Value::Type(type_name)), Ty::Plain(Type::Type)),
                None => self.select(operand, field, *optional, span),
            },
            ExprKind::Index { operand, index, optional } => self.index(operand, index, *optional),
            ExprKind::Has { operand, field } => self.has(operand, field, span),
            ExprKind::Call { receiver, function, args } => self.call(receiver.as_deref(), function, args, span),
            ExprKind::Unary(Unary::Not, operand) => (Op::Not(Box::new(self.boolean(operand))), Ty::Plain(Type::Bool)),
            ExprKind::Unary(Unary::Negate, operand) => self.negate(operand, span),
            ExprKind::Binary(op, a, b) => {
                let ((a, ty_a), (b, ty_b)) = (self.lower(a), self.lower(b));
                let ty = check::binary(*op, &ty_a, &ty_b);
                let ty = self.typed_or_dyn(ty, span);
                let pair = Box::new([a, b]);
                match op {
                    super::ast::Binary::In => (Op::In(pair), ty),
                    op if ty.shape() == Shape::Bool => (Op::Compare(*op, pair), ty),
                    op if is_comparison(*op) => (Op::Compare(*op, pair), Ty::Plain(Type::Bool)),
                    op => (Op::Arithmetic(*op, pair), ty),
                }
            }
            ExprKind::And(operands) => (Op::And(self.booleans(operands)), Ty::Plain(Type::Bool)),
            ExprKind::Or(operands) => (Op::Or(self.booleans(operands)), Ty::Plain(Type::Bool)),
            ExprKind::Ternary(test, then, otherwise) => {
                let test = self.boolean(test);
                let ((then, ty), (otherwise, other)) = (self.lower(then), self.lower(otherwise));
                (Op::Ternary(Box::new([test, then, otherwise])), ty.join(&other))
            }
            ExprKind::List(elements) => self.list(elements),
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Loop(walk) => self.walk(walk),
            ExprKind::Bind { name, value, body } => {
                let (value, ty) = self.lower(value);
                let (local, (body, ty)) = self.with_local(name, ty, |this| this.lower(body));
                (Op::Bind(local, Box::new([value, body])), ty)
            }
            ExprKind::OptMap { operand, name, body, flat } => self.opt_map(operand, name, body, *flat),
        };
        (fold(Code { op: declared(op, &ty, span), span }), ty)
    }

    fn error(&mut self, message: impl Into<String>, span: Span) {
        self.errors.push(CheckError::new(message, span));
    }

    fn type_error(&mut self, message: impl Into<String>, span: Span) {
        if self.typed {
            self.error(message, span);
        }
    }

    fn typed_or_dyn(&mut self, ty: Result<Ty, String>, span: Span) -> Ty {
        ty.unwrap_or_else(|message| {
            self.type_error(message, span);
            Ty::DYN
        })
    }

    fn with_local<T>(&mut self, name: &str, ty: Ty, run: impl FnOnce(&mut Self) -> T) -> (usize, T) {
        let local = self.locals.len();
        self.locals.push((name.to_string(), ty));
        self.most = self.most.max(self.locals.len());
        let result = run(self);
        self.locals.truncate(local);
        (local, result)
    }

    /// A name: a macro's variable, a variable of the scope, a type.
    fn name(&mut self, name: &str, span: Span) -> (Op, Ty) {
        let global = name.strip_prefix('.');
        if let Some(local) = self.locals.iter().rposition(|(known, _)| known == name) {
            return (Op::Local(local), self.locals[local].1.clone());
        }
        let name = global.unwrap_or(name);
        if let Some(slot) = self.scope.slot(name) {
            self.uses.roots.insert(name.to_string());
            return (Op::Slot(slot), self.scope.variables()[slot].ty.clone());
        }
        if let Some(type_name) = TYPE_NAMES.iter().find(|known| **known == name) {
            return (Op::Const(Value::Type(type_name)), Ty::Plain(Type::Type));
        }
        let locals = self.locals.iter().map(|(name, _)| name.as_str());
        let known = locals.chain(self.scope.variables().iter().map(|variable| variable.name.as_str()));
        let help = check::suggestion(name, known);
        self.errors.push(CheckError::new(format!("there is no variable `{name}`"), span).help(help));
        (Op::Const(Value::Null), Ty::DYN)
    }

    /// `google.protobuf.Timestamp`
    fn qualified(&self, expr: &Expr) -> Option<&'static str> {
        let mut at = expr;
        while let ExprKind::Select { operand, .. } = &at.kind {
            at = operand;
        }
        match &at.kind {
            ExprKind::Ident(root) if !self.is_variable(root) => {
                let text = expr.to_string();
                TYPE_NAMES.iter().find(|name| **name == text).copied()
            }
            _ => None,
        }
    }

    fn is_variable(&self, name: &str) -> bool {
        self.locals.iter().any(|(known, _)| known == name) || self.scope.slot(name).is_some()
    }

    /// The type of a field, with a complaint if there is none.
    fn field(&mut self, base: &Ty, operand: &Expr, field: &str, span: Span) -> Ty {
        match check::member(base, field) {
            Member::Is(ty) => {
                if let (Ty::Record(_), ExprKind::Ident(root)) = (base, &operand.kind) {
                    self.uses.members.insert((root.trim_start_matches('.').to_string(), field.to_string()));
                }
                ty
            }
            Member::Described(object, found) => {
                self.uses.add_field(object, found);
                Ty::Plain(found.ty)
            }
            Member::Unknown(owner, known) => {
                let help = check::suggestion(field, known.iter().map(String::as_str));
                let owner = if owner == "this" { operand.to_string() } else { owner };
                self.errors.push(CheckError::new(format!("{owner} has no field `{field}`"), span).help(help));
                Ty::DYN
            }
            Member::NoFields => {
                self.type_error(format!("{base} has no fields"), span);
                Ty::DYN
            }
        }
    }

    fn select(&mut self, operand: &Expr, field: &str, optional: bool, span: Span) -> (Op, Ty) {
        let (base, base_ty) = self.lower(operand);
        let ty = self.field(&base_ty, operand, field, span);
        let viral = optional || base_ty.shape() == Shape::Optional;
        let ty = if viral { ty.optional() } else { ty };
        (Op::Select { base: Box::new(base), key: field.into(), optional, hint: AtomicU32::new(0) }, ty)
    }

    fn has(&mut self, operand: &Expr, field: &str, span: Span) -> (Op, Ty) {
        let (base, base_ty) = self.lower(operand);
        self.field(&base_ty, operand, field, span);
        (Op::Has { base: Box::new(base), key: field.into(), hint: AtomicU32::default() }, Ty::Plain(Type::Bool))
    }

    fn index(&mut self, operand: &Expr, index: &Expr, optional: bool) -> (Op, Ty) {
        let (base, base_ty) = self.lower(operand);
        let (index_code, index_ty) = self.lower(index);
        let described = match &index.kind {
            ExprKind::Literal(Literal::Str(key)) if matches!(base_ty, Ty::Record(_) | Ty::Plain(Type::Object(_))) => {
                Some(self.field(&base_ty, operand, key, index.span))
            }
            _ => None,
        };
        let ty = described.map_or_else(|| check::element(&base_ty, &index_ty), Ok);
        let ty = self.typed_or_dyn(ty, index.span);
        let viral = optional || base_ty.shape() == Shape::Optional;
        let ty = if viral { ty.optional() } else { ty };
        (Op::Index { pair: Box::new([base, index_code]), optional }, ty)
    }

    fn boolean(&mut self, operand: &Expr) -> Code {
        let (code, ty) = self.lower(operand);
        if !matches!(ty.shape(), Shape::Bool | Shape::Dyn) {
            self.type_error(format!("a bool is needed here, not {ty}"), operand.span);
        }
        code
    }

    fn booleans(&mut self, operands: &[Expr]) -> Box<[Code]> {
        operands.iter().map(|operand| self.boolean(operand)).collect()
    }

    fn negate(&mut self, operand: &Expr, span: Span) -> (Op, Ty) {
        let (code, ty) = self.lower(operand);
        if !matches!(ty.shape(), Shape::Number | Shape::Duration | Shape::Dyn) {
            self.type_error(format!("`-` cannot take {ty}"), span);
        }
        (Op::Negate(Box::new(code)), ty)
    }

    fn list(&mut self, elements: &[super::ast::Element]) -> (Op, Ty) {
        let mut common: Option<Ty> = None;
        let mut codes = Vec::with_capacity(elements.len());
        for element in elements {
            let (code, ty) = self.lower(&element.value);
            let ty = if element.optional { ty.inner().unwrap_or(Ty::DYN) } else { ty };
            common = Some(common.map_or(ty.clone(), |common| common.join(&ty)));
            codes.push((element.optional, code));
        }
        (Op::List(codes.into()), Ty::List(Rc::new(common.unwrap_or(Ty::DYN))))
    }

    fn map(&mut self, entries: &[Entry]) -> (Op, Ty) {
        let mut common: Option<Ty> = None;
        let mut codes = Vec::with_capacity(entries.len());
        for entry in entries {
            let (key, _) = self.lower(&entry.key);
            let (value, ty) = self.lower(&entry.value);
            let ty = if entry.optional { ty.inner().unwrap_or(Ty::DYN) } else { ty };
            common = Some(common.map_or(ty.clone(), |common| common.join(&ty)));
            codes.push((entry.optional, key, value));
        }
        (Op::Map(codes.into()), Ty::Map(Rc::new(common.unwrap_or(Ty::DYN))))
    }

    fn walk(&mut self, walk: &Loop) -> (Op, Ty) {
        let (range, range_ty) = self.lower(&walk.range);
        let two = walk.variables.len() == 2;
        let ty = check::walked(&range_ty, two);
        let (key_ty, value_ty) = ty.unwrap_or_else(|message| {
            self.type_error(message, walk.range.span);
            (Ty::DYN, Ty::DYN)
        });
        let local = self.locals.len();
        let types = if two { vec![key_ty, value_ty] } else { vec![value_ty] };
        self.locals.extend(walk.variables.iter().cloned().zip(types));
        self.most = self.most.max(self.locals.len());
        let filter = walk.filter.as_ref().map(|filter| self.boolean(filter));
        let tests = matches!(walk.kind, LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne | LoopKind::Filter);
        let (body, body_ty) =
            if tests { (self.boolean(&walk.body), Ty::Plain(Type::Bool)) } else { self.lower(&walk.body) };
        self.locals.truncate(local);
        let ty = match walk.kind {
            LoopKind::Filter if range_ty.element().is_some() => range_ty,
            LoopKind::Filter => Ty::List(Rc::new(Ty::DYN)),
            LoopKind::Map | LoopKind::TransformList => Ty::List(Rc::new(body_ty)),
            LoopKind::SortBy => range_ty,
            LoopKind::TransformMap => Ty::Map(Rc::new(body_ty)),
            LoopKind::TransformMapEntry => body_ty,
            _ => Ty::Plain(Type::Bool),
        };
        (Op::Loop(Box::new(Walk { kind: walk.kind, range, local, two, filter, body })), ty)
    }

    fn opt_map(&mut self, operand: &Expr, name: &str, body: &Expr, flat: bool) -> (Op, Ty) {
        let (optional, ty) = self.lower(operand);
        let inner = ty.inner().unwrap_or_else(|| {
            self.type_error(format!("an optional is needed here, not {ty}"), operand.span);
            Ty::DYN
        });
        let (local, (body, body_ty)) = self.with_local(name, inner, |this| this.lower(body));
        let ty = if flat { body_ty.optional() } else { Ty::Optional(Rc::new(body_ty)) };
        (Op::OptMap { local, pair: Box::new([optional, body]), flat }, ty)
    }

    fn call(&mut self, receiver: Option<&Expr>, name: &str, args: &[Expr], span: Span) -> (Op, Ty) {
        let space = receiver.and_then(|receiver| match &receiver.kind {
            ExprKind::Ident(space) if !self.is_variable(space) && functions::is_namespace(space) => Some(space),
            _ => None,
        });
        let (receiver, name) = match space {
            Some(space) => (None, format!("{space}.{name}")),
            None => (receiver, name.to_string()),
        };
        let method = receiver.is_some();
        let lowered: Vec<Lowered> = receiver.into_iter().chain(args).map(|arg| self.lower(arg)).collect();
        let function = match check::function(&name, method, span) {
            Ok(function) => function,
            Err(error) => {
                self.errors.push(error);
                return (Op::Const(Value::Null), Ty::DYN);
            }
        };
        if let Some(error) = check::count(function, lowered.len(), method, span) {
            self.errors.push(error);
            return (Op::Const(Value::Null), Ty::DYN);
        }
        let types: Vec<(Ty, Span)> = lowered.iter().map(|(code, ty)| (ty.clone(), code.span)).collect();
        let mut errors = Vec::new();
        let ty = check::call(function, &types, &mut errors);
        if self.typed {
            self.errors.extend(errors);
        }
        let args = lowered.into_iter().map(|(code, _)| code).collect();
        let op = self.call_op(function, args, span);
        self.constant_that_cannot_be_read(function, &op);
        (op, ty)
    }

    /// `quantity("1GB")`: an error whenever it is evaluated, so better one now.
    fn constant_that_cannot_be_read(&mut self, function: &Function, op: &Op) {
        let Op::Call { run, args } = op else { return };
        if !matches!(function.name, "quantity" | "duration" | "timestamp") {
            return;
        }
        let Some(Value::Str(text)) = args.first().and_then(Code::constant) else { return };
        if let Err(halt) = run(&Steps::new(), &[Value::Str(text.clone())])
            && let Halt::Error(failure) = *halt
        {
            self.type_error(failure.message, args[0].span);
        }
    }

    fn call_op(&mut self, function: &'static Function, args: Box<[Code]>, span: Span) -> Op {
        match function.body {
            Body::Native(run) => Op::Call { run, args },
            Body::Regex(run) => {
                let regex = match args[1].constant() {
                    Some(Value::Str(text)) => match pattern(text) {
                        Ok(regex) => Some(Box::new(regex)),
                        Err(message) => {
                            self.error(message, args[1].span);
                            None
                        }
                    },
                    _ => None,
                };
                Op::Regex { run, regex, args }
            }
            Body::OrValue | Body::Or => match <[Code; 2]>::try_from(args.into_vec()) {
                Ok(pair) => Op::OrValue { pair: Box::new(pair), wrapped: matches!(function.body, Body::Or) },
                Err(_) => {
                    self.error(format!("`{}` takes 1 argument", function.name), span);
                    Op::Const(Value::Null)
                }
            },
        }
    }
}

fn is_comparison(op: super::ast::Binary) -> bool {
    use super::ast::Binary as B;
    matches!(op, B::Equal | B::NotEqual | B::Less | B::LessEqual | B::Greater | B::GreaterEqual)
}

fn constant(literal: &Literal) -> (Op, Ty) {
    let (value, ty) = match literal {
        Literal::Null => (Value::Null, Type::Null),
        Literal::Bool(value) => (Value::Bool(*value), Type::Bool),
        Literal::Int(value) => (Value::Int(*value), Type::Int),
        Literal::Uint(value) => (Value::Uint(*value), Type::Uint),
        Literal::Double(value) => (Value::Double(*value), Type::Double),
        Literal::Str(text) => (Value::text(text.as_str()), Type::String),
        Literal::Bytes(bytes) => (Value::Bytes(Held::Shared(bytes.as_slice().into())), Type::Bytes),
    };
    (Op::Const(value), Ty::Plain(ty))
}

/// A quantity, duration or timestamp of a descriptor lies in its tree as text, and is read where it is used.
fn declared(op: Op, ty: &Ty, span: Span) -> Op {
    let inner = ty.inner().filter(|_| ty.shape() == Shape::Optional);
    let name = match inner.as_ref().unwrap_or(ty).shape() {
        Shape::Quantity => "quantity",
        Shape::Duration => "duration",
        Shape::Timestamp => "timestamp",
        _ => return op,
    };
    match (&op, functions::find(name, false).map(|function| function.body)) {
        (Op::Select { .. } | Op::Index { .. } | Op::Local(_) | Op::Slot(_), Some(Body::Native(run))) => {
            Op::Read(run, Box::new(Code { op, span }))
        }
        _ => op,
    }
}

/// Replaces a step whose operands are all known by its value, unless it fails: failures belong to run time.
fn fold(code: Code) -> Code {
    let known = match &code.op {
        Op::Call { args, .. } => args.iter().all(|arg| arg.constant().is_some()),
        Op::List(elements) => elements.iter().all(|(optional, value)| !optional && value.constant().is_some()),
        Op::Arithmetic(_, pair) => pair.iter().all(|operand| operand.constant().is_some()),
        Op::Negate(operand) => operand.constant().is_some(),
        _ => false,
    };
    if !known {
        return code;
    }
    // Nothing known at compile time lies in a tree.
    static NOWHERE: LazyLock<Forest> = LazyLock::new(Forest::default);
    let value = Machine { slots: &[], locals: &mut [], steps: &Steps::new() }.eval(&code).map(|v| v.settle(&NOWHERE));
    match value {
        Ok(value) => Code { op: Op::Const(value), span: code.span },
        Err(_) => code,
    }
}
