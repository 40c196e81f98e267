//! The evaluator: walks `Code` and gives a value.
//!
//! `&&`, `||` and the walks absorb: `false && x` is false and `true || x` is true whatever `x` is; otherwise an unknown beats
//! an error. Depth is bounded by the height of the expression, work by the step budget. Where findings point is not known
//! here: `blame` walks the same code again when a rule fails.

use super::ast::Binary;
use super::code::{Code, Op};
use super::functions::{Native, WithRegex};
use super::site::{Sequence, Site};
use super::steps::Steps;
use super::value::{Halt, Map, Outcome, Value, fail, unknown};
use super::{arithmetic, lower};
use crate::syntax::Data;
use std::cmp::Ordering;

/// Arguments that fit on the stack.
const FEW: usize = 4;

/// The state of one evaluation.
pub(super) struct Machine<'m, 'a> {
    pub slots: &'a [Value<'a>],
    pub locals: &'m mut [Value<'a>],
    pub steps: &'m Steps,
}

/// Keeps the failure that matters more: an unknown beats an error, the first of equals stays.
pub(super) fn worse(held: Option<Box<Halt>>, new: Box<Halt>) -> Box<Halt> {
    match held {
        Some(held) if matches!((&*held, &*new), (Halt::Unknown(_), _) | (_, Halt::Error(_))) => held,
        _ => new,
    }
}

impl<'a> Machine<'_, 'a> {
    /// The value of a step; a value in a tree may not have been looked at yet.
    pub fn eval(&mut self, code: &'a Code) -> Outcome<Value<'a>> {
        self.step(code).map_err(|halt| at(code, halt))
    }

    /// The value of a step, scalars of trees turned into plain values.
    #[inline]
    pub fn loaded(&mut self, code: &'a Code) -> Outcome<Value<'a>> {
        match self.place(code) {
            Some(site) => site.load(),
            None => self.eval(code)?.load(),
        }
    }

    /// The boolean that a step gives.
    #[inline]
    pub fn truth(&mut self, code: &'a Code) -> Outcome<bool> {
        if let Some(verdict) = self.test(code) {
            return verdict.map_err(|halt| at(code, halt));
        }
        match self.loaded(code)? {
            Value::Bool(value) => Ok(value),
            other => Err(located(code, format!("a bool is needed here, not {}", other.type_name()))),
        }
    }

    /// The short cut for what rules do most: a path of plain keys that exists. Everything else is `None`, and `step`
    /// finds out what it is.
    #[inline]
    fn place(&self, code: &'a Code) -> Option<Site<'a>> {
        match &code.op {
            Op::Slot(slot) => self.slots[*slot].node_site(),
            Op::Local(local) => self.locals[*local].node_site(),
            Op::Select { base, key, optional: false, hint } => self.place(base)?.hinted(key, hint),
            _ => None,
        }
    }

    /// The short cut for `a.?b.?c`, which rules ask most: where the way ends, or that it ends before. What is open, unknown or no
    /// map on the way is `None`, and `step` says what comes of it.
    #[inline]
    fn optional_place(&self, code: &'a Code) -> Option<Option<Site<'a>>> {
        let Op::Select { base, key, optional: true, hint } = &code.op else { return None };
        let site = match &base.op {
            Op::Select { optional: true, .. } => match self.optional_place(base)? {
                Some(site) => site,
                None => return Some(None),
            },
            _ => self.place(base)?,
        };
        match site.data() {
            Data::Null => Some(None),
            Data::Map(_) => match site.hinted(key, hint) {
                Some(found) => Some(Some(found)),
                None => site.reason().is_none().then_some(None),
            },
            _ => None,
        }
    }

    /// The short cut for `params.x`: a field of a built map, borrowed.
    #[inline]
    fn parameter(&self, base: &Code, key: &str) -> Option<Value<'a>> {
        let Op::Slot(slot) = base.op else { return None };
        let Value::Map(map) = &self.slots[slot] else { return None };
        let is_key = |name: &Value<'_>| matches!(name, Value::Str(text) if **text == *key);
        map.entries.iter().find(|(name, _)| is_key(name)).map(|(_, value)| value.lend())
    }

    /// What a step that always gives a boolean gives; `None` for any other.
    #[inline]
    fn test(&mut self, code: &'a Code) -> Option<Outcome<bool>> {
        Some(match &code.op {
            Op::Compare(op, pair) => self.compare(*op, pair),
            Op::And(operands) => self.junction(operands, false),
            Op::Or(operands) => self.junction(operands, true),
            Op::Not(operand) => self.truth(operand).map(|value| !value),
            Op::In(pair) => self.contained(pair),
            Op::Has { base, key, hint } => match self.place(base).and_then(|site| site.hinted(key, hint)) {
                Some(_) => Ok(true),
                None => self.eval(base).and_then(|base| has(base, key)),
            },
            _ => return None,
        })
    }

    fn step(&mut self, code: &'a Code) -> Outcome<Value<'a>> {
        match &code.op {
            Op::Compare(..) | Op::And(_) | Op::Or(_) | Op::Not(_) | Op::In(_) | Op::Has { .. } => {
                self.truth(code).map(Value::Bool)
            }
            Op::Const(value) => Ok(value.lend()),
            Op::Slot(slot) => present(self.slots[*slot].lend()),
            Op::Local(local) => present(self.locals[*local].clone()),
            Op::Select { base, key, optional, .. } => match (self.place(code), self.optional_place(code)) {
                (Some(site), _) => Ok(Value::Node(site)),
                (None, Some(found)) => Ok(Value::Optional(found.map(|site| Box::new(Value::Node(site))))),
                (None, None) => match self.parameter(base, key) {
                    Some(value) if !optional => present(value),
                    _ => select(self.eval(base)?, key, *optional),
                },
            },
            Op::Index { pair, optional } => self.index(pair, *optional),
            Op::Negate(operand) => arithmetic::negate(self.loaded(operand)?),
            Op::Ternary(parts) => {
                let chosen = if self.truth(&parts[0])? { &parts[1] } else { &parts[2] };
                self.eval(chosen)
            }
            Op::Arithmetic(op, pair) => {
                let (a, b) = self.both(pair)?;
                arithmetic::apply(*op, a, b, self.steps)
            }
            Op::Call { run, args } => self.call(*run, args),
            Op::Regex { run, regex, args } => self.matching(*run, regex.as_deref(), args),
            Op::OrValue { pair, wrapped } => self.or_value(pair, *wrapped),
            Op::Read(run, operand) => self.read(*run, operand),
            Op::List(elements) => self.list(elements),
            Op::Map(entries) => self.map(entries),
            Op::Loop(walk) => self.walk(walk),
            Op::Bind(local, pair) => {
                // A failure is kept in the variable and counts only where it is used.
                self.locals[*local] = self.eval(&pair[0]).unwrap_or_else(|halt| (*halt).into());
                self.eval(&pair[1])
            }
            Op::OptMap { local, pair, flat } => self.opt_map(*local, pair, *flat),
        }
    }

    /// Both operands, loaded; if both fail, the failure that matters more.
    fn both(&mut self, pair: &'a [Code; 2]) -> Outcome<(Value<'a>, Value<'a>)> {
        match (self.loaded(&pair[0]), self.loaded(&pair[1])) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(a), Err(b)) => Err(worse(Some(a), b)),
            (Err(halt), _) | (_, Err(halt)) => Err(halt),
        }
    }

    /// `&&` (ends at the first false) or `||` (ends at the first true).
    fn junction(&mut self, operands: &'a [Code], end: bool) -> Outcome<bool> {
        let mut held = None;
        for operand in operands {
            match self.truth(operand) {
                Ok(value) if value == end => return Ok(end),
                Ok(_) => {}
                Err(halt) => held = Some(worse(held, halt)),
            }
        }
        held.map_or(Ok(!end), Err)
    }

    fn compare(&mut self, op: Binary, pair: &'a [Code; 2]) -> Outcome<bool> {
        if let Op::Const(constant) = &pair[1].op {
            return relate(op, &self.loaded(&pair[0])?, constant, self.steps);
        }
        let (a, b) = self.both(pair)?;
        relate(op, &a, &b, self.steps)
    }

    fn contained(&mut self, pair: &'a [Code; 2]) -> Outcome<bool> {
        if let Op::Const(Value::List(list)) = &pair[1].op {
            return in_list(&self.loaded(&pair[0])?, &Sequence::Built(list), self.steps);
        }
        let (item, container) = self.both(pair)?;
        if let Some(list) = container.sequence() {
            return in_list(&item, &list, self.steps);
        }
        match (&container, &item) {
            (Value::Map(_), _) => Ok(container.element(&item)?.is_some()),
            (Value::Node(site), _) if matches!(site.data(), Data::Map(_)) => Ok(container.element(&item)?.is_some()),
            _ => fail(format!("`in` needs a list or a map, not {}", container.type_name())),
        }
    }

    fn index(&mut self, pair: &'a [Code; 2], optional: bool) -> Outcome<Value<'a>> {
        let base = self.eval(&pair[0])?;
        let index = self.loaded(&pair[1])?;
        match base {
            Value::Optional(None) => Ok(Value::Optional(None)),
            Value::Optional(Some(value)) => element_or_none(value.load()?, &index),
            base if optional => element_or_none(base.load()?, &index),
            base => match base.load()?.element(&index)? {
                Some(value) => Ok(value),
                None => fail(format!("there is no element {}", index.to_text().unwrap_or_default())),
            },
        }
    }

    fn call(&mut self, run: Native, args: &'a [Code]) -> Outcome<Value<'a>> {
        if args.len() > FEW {
            let values = args.iter().map(|arg| self.loaded(arg)).collect::<Outcome<Vec<_>>>()?;
            return run(self.steps, &values);
        }
        let mut values = [const { Value::Null }; FEW];
        for (value, arg) in values.iter_mut().zip(args) {
            *value = self.loaded(arg)?;
        }
        run(self.steps, &values[..args.len()])
    }

    fn matching(&mut self, run: WithRegex, regex: Option<&regex::Regex>, args: &'a [Code]) -> Outcome<Value<'a>> {
        let mut values = [const { Value::Null }; FEW];
        for (value, arg) in values.iter_mut().zip(args) {
            *value = self.loaded(arg)?;
        }
        let values = &values[..args.len()];
        match (regex, values.get(1)) {
            (Some(regex), _) => run(regex, values, self.steps),
            (None, Some(Value::Str(pattern))) => match lower::pattern(pattern) {
                Ok(regex) => run(&regex, values, self.steps),
                Err(message) => fail(message),
            },
            _ => fail("a pattern is a string"),
        }
    }

    fn or_value(&mut self, pair: &'a [Code; 2], wrapped: bool) -> Outcome<Value<'a>> {
        if !wrapped && let Some(found) = self.optional_place(&pair[0]) {
            return found.map_or_else(|| self.eval(&pair[1]), |site| Ok(Value::Node(site)));
        }
        match self.loaded(&pair[0])? {
            Value::Optional(Some(value)) if wrapped => Ok(Value::Optional(Some(value))),
            Value::Optional(Some(value)) => Ok(*value),
            Value::Optional(None) => self.eval(&pair[1]),
            other => fail(format!("an optional is needed here, not {}", other.type_name())),
        }
    }

    fn read(&mut self, run: Native, operand: &'a Code) -> Outcome<Value<'a>> {
        match self.loaded(operand)? {
            Value::Null => Ok(Value::Null),
            Value::Optional(None) => Ok(Value::Optional(None)),
            Value::Optional(Some(value)) => match value.load()? {
                Value::Null => Ok(Value::some(Value::Null)),
                value => run(self.steps, &[value]).map(Value::some),
            },
            value => run(self.steps, &[value]),
        }
    }

    fn list(&mut self, elements: &'a [(bool, Code)]) -> Outcome<Value<'a>> {
        let mut items = Vec::with_capacity(elements.len());
        for (optional, element) in elements {
            let value = self.eval(element)?;
            if *optional { items.extend(held(value)?) } else { items.push(value) }
        }
        Ok(Value::list(items))
    }

    fn map(&mut self, written: &'a [(bool, Code, Code)]) -> Outcome<Value<'a>> {
        let mut entries: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(written.len());
        for (optional, key, value) in written {
            let key = self.loaded(key)?;
            if !matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Str(_)) {
                return fail(format!("{} is no key of a map", key.type_name()));
            }
            if entries.iter().any(|(known, _)| known.same_scalar(&key) == Some(true)) {
                return fail("a map has every key once");
            }
            let value = self.eval(value)?;
            if *optional {
                entries.extend(held(value)?.map(|value| (key, value)));
            } else {
                entries.push((key, value));
            }
        }
        Ok(Value::Map(super::value::Held::Shared(Map { entries, open: None }.into())))
    }

    fn opt_map(&mut self, local: usize, pair: &'a [Code; 2], flat: bool) -> Outcome<Value<'a>> {
        let Some(value) = held(self.loaded(&pair[0])?)? else { return Ok(Value::Optional(None)) };
        self.locals[local] = value;
        let result = self.eval(&pair[1])?;
        if flat { held(result).map(|value| Value::Optional(value.map(Box::new))) } else { Ok(Value::some(result)) }
    }
}

/// A comparison of loaded values.
#[inline]
fn relate<'a>(op: Binary, a: &Value<'a>, b: &Value<'a>, steps: &Steps) -> Outcome<bool> {
    Ok(match op {
        Binary::Equal => a.equals(b, steps)?,
        Binary::NotEqual => !a.equals(b, steps)?,
        Binary::Less => a.order(b)? == Some(Ordering::Less),
        Binary::LessEqual => matches!(a.order(b)?, Some(Ordering::Less | Ordering::Equal)),
        Binary::Greater => a.order(b)? == Some(Ordering::Greater),
        _ => matches!(a.order(b)?, Some(Ordering::Greater | Ordering::Equal)),
    })
}

/// Adds the part of the expression to an error that has none yet.
#[cold]
fn at(code: &Code, mut halt: Box<Halt>) -> Box<Halt> {
    if let Halt::Error(failure) = &mut *halt {
        failure.span.get_or_insert(code.span);
    }
    halt
}

/// An error with its place.
fn located(code: &Code, message: String) -> Box<Halt> {
    Box::new(Halt::Error(super::value::Failure { message, span: Some(code.span) }))
}

/// What an optional holds.
fn held<'a>(value: Value<'a>) -> Outcome<Option<Value<'a>>> {
    match value {
        Value::Optional(value) => Ok(value.map(|value| *value)),
        other => fail(format!("an optional is needed here, not {}", other.type_name())),
    }
}

/// Variables may hold unknowns and failures; they count where they are used.
#[inline]
fn present(value: Value<'_>) -> Outcome<Value<'_>> {
    match value {
        Value::Unknown(_) | Value::Error(_) => value.load(),
        other => Ok(other),
    }
}

/// `a[?i]`: nothing is in `null`.
fn element_or_none<'a>(base: Value<'a>, index: &Value<'a>) -> Outcome<Value<'a>> {
    match base {
        Value::Null => Ok(Value::Optional(None)),
        base => Ok(Value::Optional(base.element(index)?.map(Box::new))),
    }
}

/// `a.b`, `a.?b`: an optional in front makes the result one.
#[inline]
pub(super) fn select<'a>(base: Value<'a>, key: &str, optional: bool) -> Outcome<Value<'a>> {
    match base {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => select(*inner, key, true),
        base if optional => {
            if matches!(base.clone().load()?, Value::Null) {
                return Ok(Value::Optional(None));
            }
            Ok(Value::Optional(base.field(key)?.map(Box::new)))
        }
        base => match base.field(key)? {
            Some(value) => Ok(value),
            None => fail(format!("there is no `{key}`")),
        },
    }
}

/// `has(a.b)`: nothing is in `null` or in an empty optional.
fn has(base: Value<'_>, key: &str) -> Outcome<bool> {
    match base {
        Value::Optional(None) => Ok(false),
        Value::Optional(Some(inner)) => has(*inner, key),
        base => match base.load()? {
            Value::Null => Ok(false),
            base => Ok(base.field(key)?.is_some()),
        },
    }
}

/// A known hit decides; otherwise what is not known in the list makes the answer unknown.
fn in_list<'a>(item: &Value<'a>, list: &Sequence<'_, 'a>, steps: &Steps) -> Outcome<bool> {
    let mut doubt = None;
    let mut hit = |candidate: Outcome<Value<'a>>| match candidate.and_then(|value| value.equals(item, steps)) {
        Ok(same) => same,
        Err(halt) => {
            doubt = Some(worse(doubt.take(), halt));
            false
        }
    };
    steps.charge(list.len() / 8)?;
    let found = match list {
        Sequence::Built(list) => list.items.iter().any(|value| match value.same_scalar(item) {
            Some(same) => same,
            None => hit(value.clone().load()),
        }),
        Sequence::Nodes(..) => (0..list.len()).any(|i| hit(list.at(i).load())),
    };
    if found {
        return Ok(true);
    }
    match (doubt, list.open()) {
        (Some(halt), _) => Err(halt),
        (None, Some(reason)) => unknown(reason),
        (None, None) => Ok(false),
    }
}
