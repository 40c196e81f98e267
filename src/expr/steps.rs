//! The step budget of one evaluation: a count, never a clock, so that results do not depend on load.

use std::cell::Cell;

use super::value::{Outcome, unknown};
use crate::vocabulary::{Reason, UnknownCode};

/// Steps an evaluation may take: loop rounds, compared elements, and 64 bytes of text each.
pub const STEP_BUDGET: u32 = 1_000_000;

/// What is left of the budget.
#[derive(Debug)]
pub(super) struct Steps {
    left: Cell<u32>,
}

impl Steps {
    pub(super) fn new() -> Self {
        Steps { left: Cell::new(STEP_BUDGET) }
    }

    /// Takes `count` steps. Once the budget is spent it stays spent.
    #[inline]
    pub(super) fn charge(&self, count: usize) -> Outcome<()> {
        let left = self.left.get().saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        self.left.set(left);
        if left == 0 { unknown(&Steps::reason()) } else { Ok(()) }
    }

    /// Takes the steps for that many bytes of text.
    pub(super) fn charge_text(&self, bytes: usize) -> Outcome<()> {
        self.charge(bytes / 64)
    }

    pub(super) fn spent(&self) -> bool {
        self.left.get() == 0
    }

    pub(super) fn reason() -> Reason {
        Reason::new(UnknownCode::Budget, format!("the expression takes more than {STEP_BUDGET} steps"))
    }
}
