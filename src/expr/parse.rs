//! Tokens to `Expr`: a Pratt parser for the whole CEL grammar.
//!
//! Two bounds keep hostile text harmless: its length, and the height of the tree, counted both on the way down (brackets)
//! and on the way up (long chains of `a + a + …`). Message construction is refused: there are no message types.

use super::SyntaxError;
use super::ast::{Binary, Element, Entry, Expr, ExprKind, Literal, MAX_HEIGHT, Unary};
use super::lex::{Token, lex};
use super::macros;
use crate::vocabulary::Span;

/// Longest expression text, in bytes.
pub const MAX_LENGTH: usize = 32 * 1024;

/// Words that CEL keeps for itself.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Parses an expression.
pub(super) fn parse(text: &str) -> Result<Expr, SyntaxError> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxError::new("the expression is too long", MAX_LENGTH, text.len()));
    }
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0 };
    let expr = parser.expr()?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected("the end of the expression")),
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: u16,
}

type Parsed<T> = Result<T, SyntaxError>;

/// Binding strength and meaning of the operators between operands.
fn infix(token: &Token) -> Option<(u8, Infix)> {
    Some(match token {
        Token::Mark("||") => (1, Infix::Or),
        Token::Mark("&&") => (2, Infix::And),
        Token::Mark("==") => (3, Infix::Binary(Binary::Equal)),
        Token::Mark("!=") => (3, Infix::Binary(Binary::NotEqual)),
        Token::Mark("<") => (3, Infix::Binary(Binary::Less)),
        Token::Mark("<=") => (3, Infix::Binary(Binary::LessEqual)),
        Token::Mark(">") => (3, Infix::Binary(Binary::Greater)),
        Token::Mark(">=") => (3, Infix::Binary(Binary::GreaterEqual)),
        Token::Word(word) if word == "in" => (3, Infix::Binary(Binary::In)),
        Token::Mark("+") => (4, Infix::Binary(Binary::Add)),
        Token::Mark("-") => (4, Infix::Binary(Binary::Subtract)),
        Token::Mark("*") => (5, Infix::Binary(Binary::Multiply)),
        Token::Mark("/") => (5, Infix::Binary(Binary::Divide)),
        Token::Mark("%") => (5, Infix::Binary(Binary::Remainder)),
        _ => return None,
    })
}

#[derive(Clone, Copy)]
enum Infix {
    Or,
    And,
    Binary(Binary),
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Span {
        self.tokens[self.at].1
    }

    fn next(&mut self) -> (Token, Span) {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Token::Mark(found) if *found == mark);
        if found {
            self.next();
        }
        found
    }

    fn need(&mut self, mark: &'static str) -> Parsed<Span> {
        let span = self.span();
        if self.take(mark) { Ok(span) } else { Err(self.unexpected(&format!("`{mark}`"))) }
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let found = match self.peek() {
            Token::Word(word) | Token::Quoted(word) => format!("`{word}`"),
            Token::Literal(_) | Token::LeastInt => "a literal".to_string(),
            Token::Mark(mark) => format!("`{mark}`"),
            Token::End => "the end".to_string(),
        };
        SyntaxError { message: format!("expected {wanted}, found {found}"), span: self.span() }
    }

    /// A node from `start` to the token read last, if the tree does not get too high.
    fn node(&self, kind: ExprKind, start: u32) -> Parsed<Expr> {
        let end = self.tokens[self.at.saturating_sub(1)].1.end;
        let expr = Expr::new(kind, Span { start, end });
        if expr.height() > MAX_HEIGHT { Err(too_deep(expr.span)) } else { Ok(expr) }
    }

    fn expr(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_HEIGHT {
            return Err(too_deep(self.span()));
        }
        let start = self.span().start;
        let test = self.operation(1)?;
        let expr = if self.take("?") {
            let then = self.operation(1)?;
            self.need(":")?;
            let otherwise = self.expr()?;
            self.node(ExprKind::Ternary(Box::new(test), Box::new(then), Box::new(otherwise)), start)?
        } else {
            test
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn operation(&mut self, least: u8) -> Parsed<Expr> {
        let start = self.span().start;
        let mut left = self.unary()?;
        while let Some((strength, operator)) = infix(self.peek()).filter(|(strength, _)| *strength >= least) {
            self.next();
            let right = self.operation(strength + 1)?;
            left = match operator {
                Infix::Binary(op) => self.node(ExprKind::Binary(op, Box::new(left), Box::new(right)), start)?,
                Infix::And => self.node(ExprKind::And(vec![left, right]), start)?,
                Infix::Or => self.node(ExprKind::Or(vec![left, right]), start)?,
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let start = self.span().start;
        let operator = match self.peek() {
            Token::Mark("!") => Unary::Not,
            Token::Mark("-") if self.negative_literal() => return self.member(),
            Token::Mark("-") => Unary::Negate,
            _ => return self.member(),
        };
        self.next();
        self.depth += 1;
        if self.depth > MAX_HEIGHT {
            return Err(too_deep(self.span()));
        }
        let operand = self.unary()?;
        self.depth -= 1;
        self.node(ExprKind::Unary(operator, Box::new(operand)), start)
    }

    fn negative_literal(&self) -> bool {
        matches!(
            self.tokens.get(self.at + 1),
            Some((Token::LeastInt | Token::Literal(Literal::Int(_) | Literal::Double(_)), _))
        )
    }

    fn member(&mut self) -> Parsed<Expr> {
        let start = self.span().start;
        let mut expr = self.primary()?;
        loop {
            if self.take(".") {
                expr = self.after_dot(expr, start)?;
            } else if self.take("[") {
                let optional = self.take("?");
                let index = Box::new(self.expr()?);
                self.need("]")?;
                expr = self.node(ExprKind::Index { operand: Box::new(expr), index, optional }, start)?;
            } else if matches!(self.peek(), Token::Mark("{")) {
                return Err(SyntaxError::new_at("message construction is not supported", self.span()));
            } else {
                return Ok(expr);
            }
        }
    }

    fn after_dot(&mut self, operand: Expr, start: u32) -> Parsed<Expr> {
        let optional = self.take("?");
        let quoted = matches!(self.peek(), Token::Quoted(_));
        let field = match self.peek() {
            Token::Quoted(name) => name.clone(),
            Token::Word(name) if !matches!(name.as_str(), "in" | "true" | "false" | "null") => name.clone(),
            _ => return Err(self.unexpected("a field name")),
        };
        self.next();
        if !optional && !quoted && self.take("(") {
            let args = self.list_until(")")?;
            let kind = macros::method(operand, &field, args)?;
            return self.node(kind, start);
        }
        self.node(ExprKind::Select { operand: Box::new(operand), field, optional }, start)
    }

    fn list_until(&mut self, close: &'static str) -> Parsed<Vec<Expr>> {
        let mut all = Vec::new();
        while !self.take(close) {
            if !all.is_empty() {
                self.need(",")?;
            }
            all.push(self.expr()?);
        }
        Ok(all)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let (token, span) = (self.peek().clone(), self.span());
        let kind = match token {
            Token::Literal(literal) => self.literal(literal),
            Token::Mark("-") => {
                self.next();
                let literal = match self.peek() {
                    Token::Literal(Literal::Int(value)) => Literal::Int(-value),
                    Token::Literal(Literal::Double(value)) => Literal::Double(-value),
                    _ => Literal::Int(i64::MIN),
                };
                self.literal(literal)
            }
            Token::LeastInt => return Err(SyntaxError::new_at("the number is out of range for an int", span)),
            Token::Word(word) => return self.word(word, span),
            Token::Mark(".") => {
                self.next();
                match self.peek().clone() {
                    Token::Word(word) => return self.name(format!(".{word}"), span.start),
                    _ => return Err(self.unexpected("a name")),
                }
            }
            Token::Mark("(") => {
                self.next();
                let mut inner = self.expr()?;
                inner.span = Span { start: span.start, end: self.need(")")?.end };
                return Ok(inner);
            }
            Token::Mark("[") => self.list()?,
            Token::Mark("{") => self.map()?,
            _ => return Err(self.unexpected("an operand")),
        };
        self.node(kind, span.start)
    }

    fn literal(&mut self, literal: Literal) -> ExprKind {
        self.next();
        ExprKind::Literal(literal)
    }

    fn word(&mut self, word: String, span: Span) -> Parsed<Expr> {
        let literal = match word.as_str() {
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            "null" => Literal::Null,
            "in" => return Err(self.unexpected("an operand")),
            reserved if RESERVED.contains(&reserved) => {
                return Err(SyntaxError::new_at(format!("`{word}` is a reserved word"), span));
            }
            _ => return self.name(word, span.start),
        };
        let kind = self.literal(literal);
        self.node(kind, span.start)
    }

    fn name(&mut self, name: String, start: u32) -> Parsed<Expr> {
        self.next();
        if self.take("(") {
            let args = self.list_until(")")?;
            let kind = macros::call(name, args)?;
            return self.node(kind, start);
        }
        self.node(ExprKind::Ident(name), start)
    }

    fn list(&mut self) -> Parsed<ExprKind> {
        self.next();
        let mut elements = Vec::new();
        while !self.take("]") {
            if !elements.is_empty() {
                self.need(",")?;
                if self.take("]") {
                    break;
                }
            }
            let optional = self.take("?");
            elements.push(Element { optional, value: self.expr()? });
        }
        Ok(ExprKind::List(elements))
    }

    fn map(&mut self) -> Parsed<ExprKind> {
        self.next();
        let mut entries = Vec::new();
        while !self.take("}") {
            if !entries.is_empty() {
                self.need(",")?;
                if self.take("}") {
                    break;
                }
            }
            let optional = self.take("?");
            let key = self.expr()?;
            self.need(":")?;
            entries.push(Entry { optional, key, value: self.expr()? });
        }
        Ok(ExprKind::Map(entries))
    }
}

fn too_deep(span: Span) -> SyntaxError {
    SyntaxError::new_at(format!("the expression is nested more than {MAX_HEIGHT} levels deep"), span)
}
