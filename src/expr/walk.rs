//! The walks: `all`, `exists`, `exists_one`, `filter`, `map` and the transforms.
//!
//! An open list decides `all` by a known offender and `exists` by a known hit and is otherwise unknown; what is filtered or
//! mapped from it stays open.

use std::cmp::Ordering;

use super::ast::LoopKind;
use super::code::Walk;
use super::eval::{Machine, worse};
use super::value::{Halt, Held, List, Map, Outcome, Value, fail, unknown};
use crate::vocabulary::Reason;

/// What the variables stand for in one round: one value, and for two variables the position or key in front of it.
pub(super) struct Round<'a> {
    pub key: Option<Value<'a>>,
    pub value: Value<'a>,
}

/// The rounds of a walk.
pub(super) enum Rounds<'a> {
    List(Value<'a>, usize),
    Pairs(Vec<(Value<'a>, Value<'a>)>),
}

impl<'a> Rounds<'a> {
    /// The rounds over a loaded list or map, and why there may be more.
    pub fn of(range: Value<'a>) -> Outcome<(Rounds<'a>, Option<Reason>)> {
        if let Some(list) = range.sequence() {
            let (len, open) = (list.len(), list.open().cloned());
            return Ok((Rounds::List(range, len), open));
        }
        match range.pairs() {
            Some((pairs, open)) => Ok((Rounds::Pairs(pairs), open)),
            None => fail(format!("a list or a map is needed here, not {}", range.type_name())),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Rounds::List(_, len) => *len,
            Rounds::Pairs(pairs) => pairs.len(),
        }
    }

    /// A map with one variable walks its keys.
    pub fn round(&self, index: usize, two: bool) -> Round<'a> {
        match self {
            Rounds::List(list, _) => Round {
                key: two.then(|| Value::Int(i64::try_from(index).unwrap_or(i64::MAX))),
                value: list.sequence().map_or(Value::Null, |list| list.at(index)),
            },
            Rounds::Pairs(pairs) if two => Round { key: Some(pairs[index].0.clone()), value: pairs[index].1.clone() },
            Rounds::Pairs(pairs) => Round { key: None, value: pairs[index].0.clone() },
        }
    }
}

impl<'a> Machine<'_, 'a> {
    /// Sets the variables of a walk.
    pub fn enter(&mut self, walk: &Walk, round: Round<'a>) {
        match round.key {
            Some(key) => {
                self.locals[walk.local] = key;
                self.locals[walk.local + 1] = round.value;
            }
            None => self.locals[walk.local] = round.value,
        }
    }

    pub(super) fn walk(&mut self, walk: &'a Walk) -> Outcome<Value<'a>> {
        let (rounds, open) = Rounds::of(self.loaded(&walk.range)?)?;
        match walk.kind {
            LoopKind::All => self.quantifier(walk, &rounds, open, false),
            LoopKind::Exists => self.quantifier(walk, &rounds, open, true),
            LoopKind::ExistsOne => self.exists_one(walk, &rounds, open),
            LoopKind::Filter | LoopKind::Map | LoopKind::TransformList => self.listed(walk, &rounds, open),
            LoopKind::TransformMap => self.mapped(walk, &rounds, open),
            LoopKind::TransformMapEntry => self.entries(walk, &rounds, open),
            LoopKind::SortBy => self.sorted(walk, &rounds, open),
        }
    }

    fn quantifier(
        &mut self,
        walk: &'a Walk,
        rounds: &Rounds<'a>,
        open: Option<Reason>,
        end: bool,
    ) -> Outcome<Value<'a>> {
        let mut held: Option<Box<Halt>> = None;
        for index in 0..rounds.len() {
            self.steps.charge(1)?;
            self.enter(walk, rounds.round(index, walk.two));
            match self.truth(&walk.body) {
                Ok(value) if value == end => return Ok(Value::Bool(end)),
                Ok(_) => {}
                Err(halt) => held = Some(worse(held, halt)),
            }
        }
        match (held, open) {
            (Some(halt), None) => Err(halt),
            (Some(halt), Some(reason)) => Err(worse(Some(halt), Box::new(Halt::Unknown(reason)))),
            (None, Some(reason)) => unknown(&reason),
            (None, None) => Ok(Value::Bool(!end)),
        }
    }

    fn exists_one(&mut self, walk: &'a Walk, rounds: &Rounds<'a>, open: Option<Reason>) -> Outcome<Value<'a>> {
        let mut hits = 0;
        for index in 0..rounds.len() {
            self.steps.charge(1)?;
            self.enter(walk, rounds.round(index, walk.two));
            hits += usize::from(self.truth(&walk.body)?);
        }
        match open {
            Some(reason) if hits < 2 => unknown(&reason),
            _ => Ok(Value::Bool(hits == 1)),
        }
    }

    /// Whether the round passes the test in front of the value; a filter's test is its body.
    fn admits(&mut self, walk: &'a Walk) -> Outcome<bool> {
        match (&walk.filter, walk.kind) {
            (Some(test), _) => self.truth(test),
            (None, LoopKind::Filter) => self.truth(&walk.body),
            (None, _) => Ok(true),
        }
    }

    fn listed(&mut self, walk: &'a Walk, rounds: &Rounds<'a>, open: Option<Reason>) -> Outcome<Value<'a>> {
        let mut items = Vec::new();
        for index in 0..rounds.len() {
            self.steps.charge(1)?;
            self.enter(walk, rounds.round(index, walk.two));
            if !self.admits(walk)? {
                continue;
            }
            items.push(match walk.kind {
                LoopKind::Filter => rounds.round(index, false).value,
                _ => self.eval(&walk.body)?,
            });
        }
        Ok(Value::List(Held::Shared(List { items, open }.into())))
    }

    /// Every round gives a map; no two may give the same key.
    fn entries(&mut self, walk: &'a Walk, rounds: &Rounds<'a>, open: Option<Reason>) -> Outcome<Value<'a>> {
        let mut entries: Vec<(Value<'a>, Value<'a>)> = Vec::new();
        for index in 0..rounds.len() {
            self.steps.charge(1)?;
            self.enter(walk, rounds.round(index, true));
            if !self.admits(walk)? {
                continue;
            }
            let made = self.loaded(&walk.body)?;
            let Some((pairs, _)) = made.pairs() else {
                return fail(format!("a map is needed here, not {}", made.type_name()));
            };
            for (key, value) in pairs {
                let key = key.load()?;
                self.steps.charge(1 + entries.len() / 8)?;
                if entries.iter().any(|(known, _)| known.same_scalar(&key) == Some(true)) {
                    return fail("two rounds give the same key");
                }
                entries.push((key, value));
            }
        }
        Ok(Value::Map(Held::Shared(Map { entries, open }.into())))
    }

    fn sorted(&mut self, walk: &'a Walk, rounds: &Rounds<'a>, open: Option<Reason>) -> Outcome<Value<'a>> {
        if let Some(reason) = open {
            return unknown(&reason);
        }
        let mut keyed = Vec::with_capacity(rounds.len());
        for index in 0..rounds.len() {
            self.steps.charge(1 + rounds.len().checked_ilog2().unwrap_or(0) as usize)?;
            self.enter(walk, rounds.round(index, false));
            keyed.push((self.loaded(&walk.body)?, rounds.round(index, false).value));
        }
        let mut failed = Ok(());
        keyed.sort_by(|(a, _), (b, _)| match a.order(b) {
            Ok(order) => order.unwrap_or(Ordering::Equal),
            Err(halt) => {
                failed = Err(halt);
                Ordering::Equal
            }
        });
        failed.map(|()| Value::list(keyed.into_iter().map(|(_, value)| value).collect()))
    }

    fn mapped(&mut self, walk: &'a Walk, rounds: &Rounds<'a>, open: Option<Reason>) -> Outcome<Value<'a>> {
        let mut entries = Vec::new();
        for index in 0..rounds.len() {
            self.steps.charge(1)?;
            let round = rounds.round(index, true);
            let key = round.key.clone().unwrap_or(Value::Null).load()?;
            self.enter(walk, round);
            if self.admits(walk)? {
                entries.push((key, self.eval(&walk.body)?));
            }
        }
        Ok(Value::Map(Held::Shared(Map { entries, open }.into())))
    }
}
