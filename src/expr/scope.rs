//! The variables an expression may name.

use std::rc::Rc;

use super::types::{Ty, Type};

/// A variable.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// Whether a finding may point at it: parameters and dated tables are not what is wrong.
    pub blamed: bool,
}

/// The variables of an expression, each with a slot: the order of `Env::slots` is the order they were added in.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    variables: Vec<Variable>,
}

impl Scope {
    /// No variables.
    pub fn new() -> Self {
        Scope::default()
    }

    /// Adds a variable that findings may point at.
    pub fn variable(&mut self, name: &str, ty: Type) {
        self.add(name, Ty::Plain(ty), true);
    }

    /// Adds a variable that is never blamed, e.g. a dated table.
    pub fn unblamed(&mut self, name: &str, ty: Type) {
        self.add(name, Ty::Plain(ty), false);
    }

    /// Adds a map with exactly these fields that is never blamed: the parameters of a rule.
    pub fn parameters(&mut self, name: &str, fields: impl IntoIterator<Item = (String, Type)>) {
        self.add(name, Ty::Record(Rc::new(fields.into_iter().collect())), false);
    }

    fn add(&mut self, name: &str, ty: Ty, blamed: bool) {
        self.variables.push(Variable { name: name.to_string(), ty, blamed });
    }

    /// All variables, by slot.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The slot of a name.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.variables.iter().rposition(|variable| variable.name == name)
    }
}
