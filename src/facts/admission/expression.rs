//! The expressions of a policy, compiled once, and their variables.

use std::sync::OnceLock;

use crate::expr::{Blame, CheckError, Env, Expr, ExprKind, Program, Scope, Type, Value, blame, compile, parse};
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeRef, Reason, Span, UnknownCode};

/// Slots of the variables, in the order of [`scope`]. The second, `oldObject`, is always null: objects are created.
pub const OBJECT: usize = 0;
/// `request`
pub const REQUEST: usize = 2;
/// `params`
pub const PARAMS: usize = 3;
/// `namespaceObject`
pub const NAMESPACE: usize = 4;
/// `variables`
pub const VARIABLES: usize = 5;
/// `authorizer`
pub const AUTHORIZER: usize = 6;
/// How many there are.
pub const SLOTS: usize = 7;

/// Longest text that variables are written into, to find what is to blame.
const LONGEST_INLINED: usize = 20_000;

fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.variable("object", Type::Dyn);
    for name in ["oldObject", "request", "params", "namespaceObject"] {
        scope.unblamed(name, Type::Dyn);
    }
    scope.variable("variables", Type::Dyn);
    scope.unblamed("authorizer", Type::Dyn);
    scope
}

/// An expression of a policy.
#[derive(Debug)]
pub struct Code {
    /// As written.
    pub text: String,
    /// Where it stands.
    pub at: NodeRef,
    program: Program,
    /// The same with its variables written out.
    plain: String,
    plain_program: OnceLock<Option<Program>>,
}

/// A variable of a policy, for those after it.
#[derive(Clone, Debug)]
pub struct Variable {
    name: String,
    /// Its expression, with the variables before it written out.
    plain: String,
}

impl Variable {
    /// The variable that an expression stands for.
    pub fn new(name: &str, code: &Code) -> Variable {
        Variable { name: name.to_string(), plain: code.plain.clone() }
    }
}

impl Code {
    /// Compiles the expression under a key; a reason where it is hidden or does not compile.
    pub fn read(at: View<'_>, key: &str, known: &[Variable]) -> Result<Code, Reason> {
        let wrong = |code, text: String| Err(Reason::new(code, text));
        let Some(found) = at.get(key) else { return wrong(UnknownCode::RuleError, format!("it lacks an `{key}`")) };
        if let Some(reason) = found.unknown() {
            return Err(reason.clone());
        }
        let Some(text) = found.str() else { return wrong(UnknownCode::RuleError, format!("its `{key}` is no text")) };
        match Code::compile(text, found.at(), known) {
            Ok(code) => Ok(code),
            Err(error) => {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                wrong(UnknownCode::RuleError, format!("its expression `{text}` does not compile: {}", error.message))
            }
        }
    }

    fn compile(text: &str, at: NodeRef, known: &[Variable]) -> Result<Code, CheckError> {
        let only = |errors: Vec<CheckError>| errors.into_iter().next();
        let refused = || CheckError { message: "it is refused".to_string(), span: Span::default(), help: None };
        let program = compile(text, &scope()).map_err(|errors| only(errors).unwrap_or_else(refused))?;
        let expr = parse(text).map_err(|_| refused())?;
        let plain = written_out(text, &expr, known)?;
        Ok(Code { text: text.to_string(), at, program, plain, plain_program: OnceLock::new() })
    }

    /// The text with every run of blanks and line breaks as one blank.
    pub fn on_one_line(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Its value.
    pub fn eval<'f>(&self, env: &Env<'_, 'f>) -> Value<'f> {
        self.program.eval(env)
    }

    /// What made it false.
    pub fn blame(&self, env: &Env<'_, '_>) -> Option<Origin> {
        let plain = self.plain_program.get_or_init(|| {
            let worth_it = self.plain != self.text && self.plain.len() <= LONGEST_INLINED;
            worth_it.then(|| compile(&self.plain, &scope()).ok()).flatten()
        });
        let found: Blame = blame(plain.as_ref().unwrap_or(&self.program), env);
        found.primary
    }
}

/// The expression with `variables.x` replaced by what `x` stands for; an error for one that is not known yet.
fn written_out(text: &str, expr: &Expr, known: &[Variable]) -> Result<String, CheckError> {
    let mut uses = Vec::new();
    find_uses(expr, &mut uses);
    uses.sort_by_key(|(span, _)| span.start);
    let mut out = String::new();
    let mut rest = 0;
    for (span, name) in uses {
        let Some(variable) = known.iter().rfind(|variable| variable.name == name) else {
            return Err(CheckError { message: format!("there is no variable `{name}` before it"), span, help: None });
        };
        if out.len() <= LONGEST_INLINED {
            out.push_str(&text[rest..span.start as usize]);
            out.push_str(&format!("({})", variable.plain));
        }
        rest = span.end as usize;
    }
    out.push_str(&text[rest..]);
    Ok(out)
}

/// Where variables are named.
fn find_uses<'e>(expr: &'e Expr, uses: &mut Vec<(Span, &'e str)>) {
    if let ExprKind::Select { operand, field, optional: false } = &expr.kind
        && operand.kind == ExprKind::Ident("variables".to_string())
    {
        return uses.push((expr.span, field));
    }
    for child in expr.children() {
        find_uses(child, uses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str, known: &[Variable]) -> Result<Code, CheckError> {
        Code::compile(text, NodeRef::default(), known)
    }

    #[test]
    fn variables_are_written_out_in_order() {
        let first = Variable::new("a", &code("object.a", &[]).unwrap());
        let second = Variable::new("b", &code("variables.a + 1", std::slice::from_ref(&first)).unwrap());
        let last = code("variables.b > variables.a", &[first, second]).unwrap();
        assert_eq!(last.plain, "((object.a) + 1) > (object.a)");
    }

    #[test]
    fn a_variable_that_comes_later_is_an_error() {
        assert_eq!(code("variables.b", &[]).unwrap_err().message, "there is no variable `b` before it");
    }
}
