//! Rules: reading, checking, selecting.
//!
//! `file` is what an author writes, `compile` what the engine runs, `set` where rules come from. A rule may name the
//! descriptors of facts; it never sees an inventory.

mod compile;
mod file;
mod select;
mod set;
mod template;

pub use compile::{Expressions, Judge, KindPattern, Late, LateRelated, Part, Rule, RuleError, SLOTS};
pub use file::{AreaFile, Param, ParamKind, RuleFile};
pub use select::{SelectError, select};
pub use set::{LoadError, RuleSet};
