//! `Expr` to text. What is printed parses to an equal tree; brackets appear only where the grammar needs them.

use std::fmt::{self, Display, Formatter, Write as _};

use super::ast::{Binary, Entry, Expr, ExprKind, Literal, Loop, Unary};

/// How tightly a node binds: a node inside brackets tighter than itself needs parentheses.
fn strength(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Ternary(..) => 0,
        ExprKind::Or(_) => 1,
        ExprKind::And(_) => 2,
        ExprKind::Binary(op, ..) => match op {
            Binary::Add | Binary::Subtract => 4,
            Binary::Multiply | Binary::Divide | Binary::Remainder => 5,
            _ => 3,
        },
        ExprKind::Unary(..) => 6,
        ExprKind::Literal(Literal::Int(value)) if *value < 0 => 6,
        ExprKind::Literal(Literal::Double(value)) if value.is_sign_negative() => 6,
        _ => 7,
    }
}

struct AtLeast<'e>(&'e Expr, u8);

impl Display for AtLeast<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if strength(self.0) < self.1 { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Literal(literal) => literal.fmt(f),
            ExprKind::Ident(name) => f.write_str(name),
            ExprKind::Select { operand, field, optional } => {
                let dot = if *optional { ".?" } else { "." };
                write!(f, "{}{dot}{}", AtLeast(operand, 7), Name(field))
            }
            ExprKind::Index { operand, index, optional } => {
                write!(f, "{}[{}{index}]", AtLeast(operand, 7), mark(*optional))
            }
            ExprKind::Has { operand, field } => write!(f, "has({}.{})", AtLeast(operand, 7), Name(field)),
            ExprKind::Call { receiver, function, args } => {
                if let Some(receiver) = receiver {
                    write!(f, "{}.", AtLeast(receiver, 7))?;
                }
                write!(f, "{function}(")?;
                separated(f, args)?;
                f.write_str(")")
            }
            ExprKind::Unary(op, operand) => unary(f, *op, operand),
            ExprKind::Binary(op, left, right) => {
                let own = strength(self);
                write!(f, "{} {} {}", AtLeast(left, own), op.text(), AtLeast(right, own + 1))
            }
            ExprKind::And(operands) => chain(f, operands, " && ", 3),
            ExprKind::Or(operands) => chain(f, operands, " || ", 2),
            ExprKind::Ternary(test, then, otherwise) => {
                write!(f, "{} ? {} : {otherwise}", AtLeast(test, 1), AtLeast(then, 1))
            }
            ExprKind::List(elements) => {
                f.write_str("[")?;
                separated(f, elements.iter().map(|e| Marked(e.optional, &e.value)))?;
                f.write_str("]")
            }
            ExprKind::Map(entries) => {
                f.write_str("{")?;
                separated(f, entries)?;
                f.write_str("}")
            }
            ExprKind::Loop(walk) => walk.fmt(f),
            ExprKind::Bind { name, value, body } => write!(f, "cel.bind({name}, {value}, {body})"),
            ExprKind::OptMap { operand, name, body, flat } => {
                let function = if *flat { "optFlatMap" } else { "optMap" };
                write!(f, "{}.{function}({name}, {body})", AtLeast(operand, 7))
            }
        }
    }
}

fn mark(optional: bool) -> &'static str {
    if optional { "?" } else { "" }
}

struct Marked<'e>(bool, &'e Expr);

impl Display for Marked<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", mark(self.0), self.1)
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}: {}", mark(self.optional), self.key, self.value)
    }
}

impl Display for Loop {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}({}, ", AtLeast(&self.range, 7), self.kind.name(), self.variables.join(", "))?;
        if let Some(filter) = &self.filter {
            write!(f, "{filter}, ")?;
        }
        write!(f, "{})", self.body)
    }
}

/// A minus in front of a number would make it a negative literal, so a number is bracketed.
fn unary(f: &mut Formatter<'_>, op: Unary, operand: &Expr) -> fmt::Result {
    match op {
        Unary::Not => write!(f, "!{}", AtLeast(operand, 6)),
        Unary::Negate if leads_with_number(operand) => write!(f, "-({operand})"),
        Unary::Negate => write!(f, "-{}", AtLeast(operand, 6)),
    }
}

fn leads_with_number(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(_) | Literal::Double(_)) => true,
        ExprKind::Select { operand, .. } | ExprKind::Index { operand, .. } | ExprKind::OptMap { operand, .. } => {
            leads_with_number(operand)
        }
        ExprKind::Call { receiver: Some(receiver), .. } => leads_with_number(receiver),
        ExprKind::Loop(walk) => leads_with_number(&walk.range),
        _ => false,
    }
}

fn separated<T: Display>(f: &mut Formatter<'_>, items: impl IntoIterator<Item = T>) -> fmt::Result {
    for (i, item) in items.into_iter().enumerate() {
        let comma = if i > 0 { ", " } else { "" };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}

fn chain(f: &mut Formatter<'_>, operands: &[Expr], operator: &str, least: u8) -> fmt::Result {
    for (i, operand) in operands.iter().enumerate() {
        let operator = if i > 0 { operator } else { "" };
        write!(f, "{operator}{}", AtLeast(operand, least))?;
    }
    Ok(())
}

/// A field name, in backticks if it is no plain name.
struct Name<'e>(&'e str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plain = !self.0.starts_with(|c: char| c.is_ascii_digit())
            && self.0.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !matches!(self.0, "in" | "true" | "false" | "null");
        if plain { f.write_str(self.0) } else { write!(f, "`{}`", self.0) }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Bool(value) => write!(f, "{value}"),
            Literal::Int(value) => write!(f, "{value}"),
            Literal::Uint(value) => write!(f, "{value}u"),
            Literal::Double(value) => write!(f, "{value:?}"),
            Literal::Str(text) => quote(f, text),
            Literal::Bytes(bytes) => {
                f.write_str("b\"")?;
                for byte in bytes {
                    write!(f, "\\x{byte:02x}")?;
                }
                f.write_str("\"")
            }
        }
    }
}

fn quote(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
