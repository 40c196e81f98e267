//! A compiled expression and how it is run.

use std::collections::BTreeSet;

use super::ast::{Expr, MAX_HEIGHT};
use super::check::CheckError;
use super::code::Code;
use super::eval::Machine;
use super::lower::Lowering;
use super::scope::Scope;
use super::steps::Steps;
use super::types::{Field, Object, Read};
use super::value::Value;
use crate::syntax::Forest;

/// Locals that fit on the stack.
const FEW_LOCALS: usize = 4;

/// What an expression names.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Variables of the scope.
    pub roots: BTreeSet<String>,
    /// Fields of record variables: `("params", "minimum")`.
    pub members: BTreeSet<(String, String)>,
    /// Fields of descriptors, each once, in order of appearance.
    pub fields: Vec<(&'static Object, &'static Field)>,
}

impl Uses {
    pub(super) fn add_field(&mut self, object: &'static Object, field: &'static Field) {
        if !self.fields.iter().any(|(_, known)| std::ptr::eq(*known, field)) {
            self.fields.push((object, field));
        }
    }
}

/// A compiled expression. It may be shared between threads.
#[derive(Debug)]
pub struct Program {
    pub(super) code: Code,
    pub(super) locals: usize,
    /// By slot: whether a finding may point at the variable.
    pub(super) blamed: Box<[bool]>,
    uses: Uses,
    reads: BTreeSet<Read>,
    shown_type: String,
}

/// What an expression is evaluated against.
#[derive(Clone, Copy, Debug)]
pub struct Env<'s, 'f> {
    /// Every tree.
    pub forest: &'f Forest,
    /// The variables, in the order of the scope. What lies in a tree lies in that forest.
    pub slots: &'s [Value<'f>],
}

impl Program {
    pub(super) fn compile(expr: &Expr, scope: &Scope, typed: bool) -> Result<Program, Vec<CheckError>> {
        if expr.height() > MAX_HEIGHT {
            let message = format!("the expression is nested more than {MAX_HEIGHT} levels deep");
            return Err(vec![CheckError::new(message, expr.span)]);
        }
        let mut lowering = Lowering::new(scope, typed);
        let (code, ty) = lowering.lower(expr);
        if !lowering.errors.is_empty() {
            return Err(lowering.errors);
        }
        let reads = lowering.uses.fields.iter().flat_map(|(_, field)| field.reads).copied().collect();
        Ok(Program {
            code,
            locals: lowering.most,
            blamed: scope.variables().iter().map(|variable| variable.blamed).collect(),
            uses: lowering.uses,
            reads,
            shown_type: ty.to_string(),
        })
    }

    /// Evaluates. `env.slots` must have a value for each variable of the scope. A scalar that lies in a tree comes back as
    /// the node it lies in, so that `Value::site` says where; `truth` and `to_text` look at it.
    pub fn eval<'f>(&self, env: &Env<'_, 'f>) -> Value<'f> {
        self.with_machine(env.slots, |machine| {
            let result = machine.eval(&self.code);
            if machine.steps.spent() {
                return Value::Unknown(Steps::reason());
            }
            match result {
                Ok(value) => value.settle(env.forest),
                Err(halt) => (*halt).into(),
            }
        })
    }

    pub(super) fn with_machine<'a, T>(
        &'a self,
        slots: &'a [Value<'a>],
        run: impl FnOnce(&mut Machine<'_, 'a>) -> T,
    ) -> T {
        let steps = &Steps::new();
        if self.locals == 0 {
            run(&mut Machine { slots, locals: &mut [], steps })
        } else if self.locals <= FEW_LOCALS {
            run(&mut Machine { slots, locals: &mut [const { Value::Null }; FEW_LOCALS], steps })
        } else {
            run(&mut Machine { slots, locals: &mut vec![Value::Null; self.locals], steps })
        }
    }

    /// The type of the result, for messages: `bool`, `list(string)`, `dyn`.
    pub fn result_type(&self) -> &str {
        &self.shown_type
    }

    /// What a live cluster must show for every fact that the expression names.
    pub fn reads(&self) -> impl Iterator<Item = &Read> {
        self.reads.iter()
    }

    /// The variables, parameters and facts that the expression names.
    pub fn uses(&self) -> &Uses {
        &self.uses
    }
}
