//! Where a failing rule points: the code is walked again and the decisive part of the input is found.
//!
//! - `a && b`: the first false operand. `a || b`: the first operand about a value that is there, else about a key, else the
//!   last about something missing. Under `!` the two change places; a guard (`has(x) && …`) yields to the value it guards.
//! - `has(a.b)` that should be true: the missing path; that should be false: the key. `x in map` likewise.
//! - `all`: the decisive part of the first offender, the other offenders become related. `exists` that is false: the list;
//!   that should be false: the element that hit. Where the list itself is never blamed, what its elements are compared with.
//! - Comparisons and functions: the first operand that comes from the input. Literals and unblamed variables never.
//! - A path that stops at a missing key: the deepest node that exists, and the rest of the path.
//!
//! Nothing here runs unless a rule failed, so it may evaluate parts again and again; the step budget is shared.

use super::ast::LoopKind;
use super::code::{Code, Op, Walk};
use super::eval::Machine;
use super::program::{Env, Program};
use super::site::Site;
use super::value::Value;
use super::walk::Rounds;
use crate::syntax::Origin;
use crate::vocabulary::TreeId;

/// Other offenders that are listed at most.
const MAX_RELATED: usize = 20;

/// What decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blame {
    /// Where the finding points; `None` if nothing of the input decided.
    pub primary: Option<Origin>,
    /// What is wrong in the same way.
    pub related: Vec<Origin>,
}

/// Finds what made the program give `false`.
pub fn blame(program: &Program, env: &Env<'_, '_>) -> Blame {
    program.with_machine(env.slots, |machine| {
        let mut tracer = Tracer::new(program, machine);
        tracer.verdict(&program.code, true)
    })
}

/// Where the value of the program comes from, or what it lacks: what `at` and a patch point to.
pub fn origin(program: &Program, env: &Env<'_, '_>) -> Option<Origin> {
    program.with_machine(env.slots, |machine| Tracer::new(program, machine).value(&program.code))
}

impl Blame {
    fn at(primary: Option<Origin>) -> Self {
        Blame { primary, related: Vec::new() }
    }

    /// How good a place is to point at: a value, then a key, then something missing, then nothing.
    fn rank(&self) -> u8 {
        self.primary.as_ref().map_or(0, rank)
    }
}

fn rank(origin: &Origin) -> u8 {
    match origin {
        Origin::Node(_) => 3,
        Origin::Key(_) => 2,
        Origin::Missing { .. } | Origin::Anchor(_) => 1,
        Origin::Derived { from, decisive } => from.get(*decisive).map_or(3, rank),
    }
}

struct Tracer<'t, 'm, 'a> {
    machine: &'t mut Machine<'m, 'a>,
    /// Trees of unblamed variables.
    spared: Vec<TreeId>,
    blamed: &'a [bool],
    /// For each local: where a value that lies in no tree came from.
    locals: Vec<Option<Origin>>,
}

impl<'t, 'm, 'a> Tracer<'t, 'm, 'a> {
    fn new(program: &'a Program, machine: &'t mut Machine<'m, 'a>) -> Self {
        let slots = machine.slots.iter().zip(&program.blamed);
        let spared = slots.filter(|(_, blamed)| !**blamed).filter_map(|(value, _)| value.site());
        let spared = spared.map(|site| site.at().tree).collect();
        Tracer { machine, spared, blamed: &program.blamed, locals: vec![None; program.locals] }
    }

    fn truth(&mut self, code: &'a Code) -> Option<bool> {
        self.machine.truth(code).ok()
    }

    /// Why the code does not give `wanted`.
    fn verdict(&mut self, code: &'a Code, wanted: bool) -> Blame {
        match &code.op {
            Op::Not(operand) => self.verdict(operand, !wanted),
            Op::And(operands) => self.junction(operands, wanted, true),
            Op::Or(operands) => self.junction(operands, wanted, false),
            Op::Has { base, key, .. } => Blame::at(self.has(base, key, wanted)),
            Op::In(pair) => Blame::at(self.contained(pair, wanted)),
            Op::Ternary(parts) => self.branch(parts, |this, chosen| this.verdict(chosen, wanted)),
            Op::Loop(walk) if is_test(walk.kind) => self.walk(walk, wanted),
            Op::Bind(local, pair) => {
                self.bind(*local, &pair[0]);
                self.verdict(&pair[1], wanted)
            }
            _ => Blame::at(self.value(code)),
        }
    }

    /// A conjunction that should be true, and a disjunction that should be false, fail by their first wrong operand. The
    /// other two fail by all of their operands together: the one with the best place to point at is chosen.
    fn junction(&mut self, operands: &'a [Code], wanted: bool, conjunction: bool) -> Blame {
        let wrong: Vec<&Code> = operands.iter().filter(|operand| self.truth(operand) == Some(!wanted)).collect();
        if wanted == conjunction {
            return wrong.first().map_or_else(Blame::default, |first| self.verdict(first, wanted));
        }
        let blames: Vec<Blame> = wrong.into_iter().map(|operand| self.verdict(operand, wanted)).collect();
        let best = blames.iter().map(Blame::rank).max().unwrap_or(0);
        let mut equals = blames.into_iter().filter(|blame| blame.rank() == best);
        let chosen = if best > 1 { equals.next() } else { equals.next_back() };
        chosen.unwrap_or_default()
    }

    /// The branch taken; the test, if nothing in the branch comes from the input.
    fn branch(&mut self, parts: &'a [Code; 3], run: impl FnOnce(&mut Self, &'a Code) -> Blame) -> Blame {
        let Some(test) = self.truth(&parts[0]) else { return Blame::at(self.value(&parts[0])) };
        let blame = run(self, if test { &parts[1] } else { &parts[2] });
        if blame.primary.is_some() { blame } else { self.verdict(&parts[0], !test) }
    }

    fn has(&mut self, base: &'a Code, key: &str, wanted: bool) -> Option<Origin> {
        if wanted {
            return self.lacking(base, key);
        }
        let site = self.site(base)?;
        match site.entry(key) {
            Some((key, _)) => self.spare(key).map(|key| key_origin(key)),
            None => self.value(base),
        }
    }

    fn contained(&mut self, pair: &'a [Code; 2], wanted: bool) -> Option<Origin> {
        let [item, container] = pair;
        let is_list = self.machine.loaded(container).is_ok_and(|value| value.sequence().is_some());
        if !is_list {
            return self.key_in_map(item, container, wanted);
        }
        let item_origin = self.value(item);
        if item_origin.is_some() || wanted {
            return item_origin.or_else(|| self.value(container));
        }
        self.hit(item, container).or_else(|| self.value(container))
    }

    fn key_in_map(&mut self, item: &'a Code, container: &'a Code, wanted: bool) -> Option<Origin> {
        let key = self.machine.loaded(item).ok().and_then(|key| key.to_text())?;
        let map = self.value(container);
        match (map, wanted) {
            (Some(_), false) => self.has(container, &key, false),
            (Some(_), true) => self.value(item).or_else(|| self.lacking(container, &key)),
            (None, _) => self.value(item),
        }
    }

    /// The element of a list that equals the item.
    fn hit(&mut self, item: &'a Code, container: &'a Code) -> Option<Origin> {
        let item = self.machine.loaded(item).ok()?;
        let container = self.machine.loaded(container).ok()?;
        let list = container.sequence()?;
        let equal = |index: &usize| list.at(*index).load().is_ok_and(|e| e.same_scalar(&item) == Some(true));
        let found = (0..list.len()).find(equal)?;
        list.at(found).site().and_then(|site| self.spare(site)).map(Site::origin)
    }

    // Values

    /// The node a value lies in, unless it belongs to an unblamed variable.
    fn site(&mut self, code: &'a Code) -> Option<Site<'a>> {
        let site = self.machine.eval(code).ok()?.site()?;
        self.spare(site)
    }

    fn spare(&self, site: Site<'a>) -> Option<Site<'a>> {
        (!self.spared.contains(&site.at().tree)).then_some(site)
    }

    fn first(&mut self, mut operands: impl Iterator<Item = &'a Code>) -> Option<Origin> {
        operands.find_map(|operand| self.value(operand))
    }

    /// Where the value of the code comes from, or what it lacks.
    fn value(&mut self, code: &'a Code) -> Option<Origin> {
        match &code.op {
            Op::Const(_) => None,
            Op::Slot(slot) if !self.blamed[*slot] => None,
            Op::Slot(_) => self.site(code).map(Site::origin),
            Op::Local(local) => match self.machine.locals[*local].site() {
                Some(site) => self.spare(site).map(Site::origin),
                None => self.locals[*local].clone(),
            },
            Op::Select { base, key, .. } => match self.found(code) {
                Ok(Some(site)) => self.spare(site).map(Site::origin),
                Ok(None) => self.value(base),
                Err(()) => self.lacking(base, key),
            },
            Op::Index { pair, .. } => match self.found(code) {
                Ok(Some(site)) => self.spare(site).map(Site::origin),
                Ok(None) => self.value(&pair[0]),
                Err(()) => self.lacking_element(pair),
            },
            Op::Has { .. } | Op::And(_) | Op::Or(_) | Op::In(_) | Op::Not(_) => self.boolean(code),
            Op::Loop(walk) if is_test(walk.kind) => self.boolean(code),
            Op::Loop(walk) => self.value(&walk.range),
            Op::Ternary(parts) => self.branch(parts, |this, chosen| Blame::at(this.value(chosen))).primary,
            Op::Negate(operand) | Op::Read(_, operand) => self.value(operand),
            Op::Compare(_, pair) | Op::Arithmetic(_, pair) | Op::OrValue { pair, .. } => self.first(pair.iter()),
            Op::Call { args, .. } | Op::Regex { args, .. } => self.first(args.iter()),
            Op::List(elements) => self.first(elements.iter().map(|(_, element)| element)),
            Op::Map(entries) => self.first(entries.iter().map(|(_, _, value)| value)),
            Op::Bind(local, pair) => {
                self.bind(*local, &pair[0]);
                self.value(&pair[1])
            }
            Op::OptMap { local, pair, .. } => self.opt_map(*local, pair),
        }
    }

    /// A boolean as a value: what made it what it is.
    fn boolean(&mut self, code: &'a Code) -> Option<Origin> {
        let value = self.truth(code)?;
        self.verdict(code, !value).primary
    }

    /// The node a path leads to, `None` for a value outside trees, `Err` if the path leads nowhere.
    fn found(&mut self, code: &'a Code) -> Result<Option<Site<'a>>, ()> {
        match self.machine.eval(code) {
            Err(_) | Ok(Value::Optional(None)) => Err(()),
            Ok(value) => Ok(value.site()),
        }
    }

    /// `key` is missing: below the deepest node of `base` that exists.
    fn lacking(&mut self, base: &'a Code, key: &str) -> Option<Origin> {
        Some(below(self.value(base)?, key))
    }

    fn lacking_element(&mut self, pair: &'a [Code; 2]) -> Option<Origin> {
        let key = match self.machine.loaded(&pair[1]) {
            Ok(Value::Str(key)) => key.to_string(),
            Ok(index) => format!("[{}]", index.to_text()?),
            Err(_) => return self.value(&pair[0]),
        };
        self.lacking(&pair[0], &key)
    }

    fn bind(&mut self, local: usize, value: &'a Code) {
        self.locals[local] = self.value(value);
        self.machine.locals[local] = self.machine.eval(value).unwrap_or_else(|halt| (*halt).into());
    }

    fn opt_map(&mut self, local: usize, pair: &'a [Code; 2]) -> Option<Origin> {
        let origin = self.value(&pair[0]);
        match self.machine.loaded(&pair[0]) {
            Ok(Value::Optional(Some(value))) => {
                self.machine.locals[local] = *value;
                self.locals[local] = origin.clone();
                self.value(&pair[1]).or(origin)
            }
            _ => origin,
        }
    }

    // Walks

    fn walk(&mut self, walk: &'a Walk, wanted: bool) -> Blame {
        let list = self.value(&walk.range);
        let range = self.machine.loaded(&walk.range).and_then(Rounds::of);
        let Ok((rounds, _)) = range else { return Blame::at(list) };
        let offenders = match (walk.kind, wanted) {
            (LoopKind::All, true) => self.offenders(walk, &rounds, &list, false),
            (LoopKind::Exists | LoopKind::ExistsOne, false) => self.offenders(walk, &rounds, &list, true),
            (LoopKind::ExistsOne, true) => {
                let mut hits = self.offenders(walk, &rounds, &list, true);
                hits.reverse();
                hits
            }
            _ => Vec::new(),
        };
        let mut offenders = offenders.into_iter();
        match offenders.next() {
            Some(primary) => Blame { primary: Some(primary), related: offenders.take(MAX_RELATED).collect() },
            None if list.is_none() && rounds.len() > 0 => {
                self.enter(walk, &rounds, 0, &list);
                self.verdict(&walk.body, wanted)
            }
            None => Blame::at(list),
        }
    }

    /// The elements whose test gives `outcome`: for an `all`, the decisive part inside each.
    fn offenders(&mut self, walk: &'a Walk, rounds: &Rounds<'a>, list: &Option<Origin>, outcome: bool) -> Vec<Origin> {
        let mut found = Vec::new();
        for index in 0..rounds.len() {
            if self.machine.steps.charge(1).is_err() {
                break;
            }
            self.enter(walk, rounds, index, list);
            if self.truth(&walk.body) != Some(outcome) {
                continue;
            }
            let element = match rounds.round(index, walk.two).value.site() {
                Some(site) => self.spare(site).map(Site::origin),
                None => list.clone(),
            };
            let inside = self.verdict(&walk.body, !outcome).primary;
            let decisive = if walk.kind == LoopKind::All { inside.or(element) } else { element.or(inside) };
            found.extend(decisive.filter(|origin| !found.contains(origin)));
        }
        found
    }

    fn enter(&mut self, walk: &'a Walk, rounds: &Rounds<'a>, index: usize, list: &Option<Origin>) {
        self.machine.enter(walk, rounds.round(index, walk.two));
        self.locals[walk.local].clone_from(list);
        if walk.two {
            self.locals[walk.local + 1].clone_from(list);
        }
    }
}

fn is_test(kind: LoopKind) -> bool {
    matches!(kind, LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne)
}

/// The origin of a key: the key itself in a document, what the fact builder says in a fact tree.
fn key_origin(key: Site<'_>) -> Origin {
    match key.origin() {
        Origin::Node(at) => Origin::Key(at),
        stated => stated,
    }
}

/// Something is missing below what another origin names.
fn below(origin: Origin, key: &str) -> Origin {
    match origin {
        Origin::Node(parent) => Origin::Missing { parent, path: key.to_string().into() },
        Origin::Missing { parent, path } => {
            let dot = if key.starts_with('[') { "" } else { "." };
            Origin::Missing { parent, path: format!("{path}{dot}{key}").into() }
        }
        Origin::Derived { from, decisive } => match from.get(decisive) {
            Some(at) => below(at.clone(), key),
            None => Origin::Derived { from, decisive },
        },
        decided => decided,
    }
}
