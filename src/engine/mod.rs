//! The engine: subjects × rules → outcomes, in one total order whatever the number of threads.
//!
//! Knows rules, facts and places; knows nothing of severities that users changed, suppressions or formats.

mod outcome;
mod place;
mod raised;
mod trail;

pub use outcome::{About, Outcome, Verdict};
pub use place::{Spot, field_around};

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::expr::{Env, Failure, Program, Truth, Value, blame, origin};
use crate::facts::{Facts, Subject, SubjectKind, anchor};
use crate::inventory::Inventory;
use crate::rule::{Expressions, Judge, Late, LateRelated, Part, Rule, SLOTS};
use crate::syntax::{Forest, Origin};
use crate::vocabulary::{NodeRef, Problem, ProblemKind, Reason, Severity, SourceId, UnknownCode};

/// Slots of the variables, in the order in which rules are compiled.
const SUBJECT: usize = 0;
const OBJECT: usize = 1;
const PARAMS: usize = 2;
const CLUSTER: usize = 3;
const EACH: usize = 4;

/// What came of all rules.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// In total order; passes only on request.
    pub outcomes: Vec<Outcome>,
    /// By rule: whether it came to a verdict on anything.
    pub assessed: Vec<bool>,
    /// Defects met on the way.
    pub problems: Vec<Problem>,
}

/// A rule with the values of its parameters.
#[derive(Debug)]
pub struct ActiveRule<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// Its parameters.
    pub params: Value<'static>,
}

/// Judges every subject by every rule that applies, and turns noticed problems into outcomes of the rules they raise.
pub fn evaluate(
    inventory: &Inventory,
    facts: &Facts,
    rules: &[ActiveRule<'_>],
    noticed: &[Problem],
    passes: Passes,
) -> Evaluation {
    let mut evaluating = Evaluating::new(rules, passes);
    evaluating.judge(inventory, facts, 0..facts.subjects.len());
    evaluating.finish(inventory, facts, noticed)
}

/// An evaluation in parts, for those who do not keep all facts at once.
pub struct Evaluating<'r> {
    rules: &'r [ActiveRule<'r>],
    by_subject: BySubject,
    passes: Passes,
    assessed: Vec<AtomicBool>,
    evaluation: Evaluation,
}

impl<'r> Evaluating<'r> {
    /// Begins with nothing judged.
    pub fn new(rules: &'r [ActiveRule<'r>], passes: Passes) -> Self {
        let raised = |active: &ActiveRule<'_>| AtomicBool::new(matches!(active.rule.judge, Judge::RaisedBy(_)));
        let assessed = rules.iter().map(raised).collect();
        Evaluating { rules, by_subject: by_subject(rules), passes, assessed, evaluation: Evaluation::default() }
    }

    /// Judges some subjects, whose facts must be there. Each subject is judged once.
    pub fn judge(&mut self, inventory: &Inventory, facts: &Facts, subjects: Range<usize>) {
        let engine = Engine { inventory, facts, shared: self };
        let judged: Vec<Judged> =
            subjects.into_par_iter().with_min_len(64).map(|subject| engine.guarded(subject)).collect();
        for judged in judged {
            self.evaluation.outcomes.extend(judged.outcomes);
            self.evaluation.problems.extend(judged.problems);
        }
    }

    /// Says that there may be subjects of a rule that nobody saw.
    pub fn unseen(&mut self, rule: usize, source: SourceId, reason: Reason) {
        self.evaluation.outcomes.push(Outcome {
            rule,
            about: About::Source(source),
            verdict: Verdict::Unknown(reason),
            severity: self.rules[rule].rule.file.severity,
            message: String::new(),
            spot: None,
            related: Vec::new(),
            count: 1,
        });
    }

    /// Adds what was noticed, and puts everything in order.
    pub fn finish(self, inventory: &Inventory, facts: &Facts, noticed: &[Problem]) -> Evaluation {
        let Evaluation { mut outcomes, mut problems, .. } = self.evaluation;
        outcomes.extend(raised::outcomes(self.rules, noticed));
        outcomes.extend(raised::outcomes(self.rules, facts.stale.as_slice()));
        problems.sort();
        problems.dedup();
        Evaluation {
            outcomes: outcome::ordered(inventory, facts, self.rules, outcomes),
            assessed: self.assessed.iter().map(|assessed| assessed.load(Ordering::Relaxed)).collect(),
            problems,
        }
    }
}

/// Adds what was noticed after everything was judged, in its place. Whether there was anything that a rule stands for.
pub fn add_noticed(
    inventory: &Inventory,
    facts: &Facts,
    rules: &[ActiveRule<'_>],
    outcomes: &mut Vec<Outcome>,
    noticed: &[Problem],
) -> bool {
    let late = raised::outcomes(rules, noticed);
    let any = !late.is_empty();
    if any {
        outcomes.extend(late);
        *outcomes = outcome::ordered(inventory, facts, rules, std::mem::take(outcomes));
    }
    any
}

/// Whether passes are listed or only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// Only whether a rule came to a verdict.
    Count,
    /// Each one.
    List,
}

/// Indexes of rules by the subject they judge.
type BySubject = FxHashMap<SubjectKind, Vec<usize>>;

fn by_subject(rules: &[ActiveRule<'_>]) -> BySubject {
    let mut index = BySubject::default();
    for (at, active) in rules.iter().enumerate() {
        if matches!(active.rule.judge, Judge::Expressions) {
            index.entry(active.rule.subject).or_default().push(at);
        }
    }
    index
}

#[derive(Default)]
struct Judged {
    outcomes: Vec<Outcome>,
    problems: Vec<Problem>,
}

struct Engine<'e> {
    inventory: &'e Inventory,
    facts: &'e Facts,
    shared: &'e Evaluating<'e>,
}

impl<'e> Engine<'e> {
    /// A panic while judging one subject is a defect of ours; the others go on.
    fn guarded(&self, subject: usize) -> Judged {
        catch_unwind(AssertUnwindSafe(|| self.judge(subject))).unwrap_or_else(|_| {
            let at = self.facts.subjects[subject].document;
            let message = format!("judging `{}` failed inside k8sready; please report it", self.inventory.path(at));
            Judged { outcomes: Vec::new(), problems: vec![Problem::run(ProblemKind::InternalError, message)] }
        })
    }

    fn judge(&self, index: usize) -> Judged {
        let subject = &self.facts.subjects[index];
        let mut judged = Judged::default();
        let Some(rules) = self.shared.by_subject.get(&subject.kind) else { return judged };
        let key = self.inventory.document(subject.document).key.as_ref();
        let mut slots = self.slots(subject);
        for &at in rules {
            let rule = self.shared.rules[at].rule;
            let covered = subject.kind != SubjectKind::Object
                || key.is_some_and(|key| rule.covers(&key.group, &key.version, &key.kind));
            if covered {
                slots[PARAMS] = self.shared.rules[at].params.lend();
                self.judge_by(subject, index, at, &slots, &mut judged);
            }
        }
        judged
    }

    fn judge_by(
        &self,
        subject: &Subject,
        subject_index: usize,
        rule_index: usize,
        slots: &[Value<'e>; SLOTS],
        judged: &mut Judged,
    ) {
        let rule = self.shared.rules[rule_index].rule;
        match rule.expressions() {
            Ok(expressions) => {
                Judging { engine: self, subject, subject_index, rule_index, rule, expressions, slots }.run(judged);
            }
            Err(error) => judged.problems.push(Problem::run(ProblemKind::RuleError, error.to_string())),
        }
    }

    /// The variables that all rules see alike.
    fn slots(&self, subject: &Subject) -> [Value<'e>; SLOTS] {
        let forest = self.inventory.forest();
        let mut slots = [const { Value::Null }; SLOTS];
        slots[SUBJECT] = Value::node(forest, subject.node);
        slots[OBJECT] = Value::node(forest, self.inventory.document(subject.document).root);
        if let Some(&cluster) = self.facts.clusters.get(subject.environment.index()) {
            slots[CLUSTER] = Value::node(forest, cluster);
        }
        slots
    }
}

/// One rule on one subject, or on one element of a list of it.
#[derive(Clone, Copy)]
struct Judging<'j> {
    engine: &'j Engine<'j>,
    subject: &'j Subject,
    subject_index: usize,
    rule_index: usize,
    rule: &'j Rule,
    expressions: &'j Expressions,
    slots: &'j [Value<'j>; SLOTS],
}

impl<'j> Judging<'j> {
    fn forest(&self) -> &'j Forest {
        self.engine.inventory.forest()
    }

    fn env(&self) -> Env<'j, 'j> {
        Env { forest: self.forest(), slots: self.slots }
    }

    fn run(self, judged: &mut Judged) {
        let Some(list) = &self.expressions.each else { return self.element(judged) };
        match self.value(list).elements() {
            Ok((elements, open)) => {
                for element in elements {
                    let mut slots = self.slots.clone();
                    slots[EACH] = element;
                    Judging { slots: &slots, ..self }.element(judged);
                }
                if let Some(reason) = open {
                    judged.outcomes.push(self.outcome(Verdict::Unknown(reason), self.rule.file.severity));
                }
            }
            Err(truth) => self.undecided(truth, judged),
        }
    }

    fn value(&self, program: &'j Program) -> Value<'j> {
        program.eval(&self.env())
    }

    fn truth(&self, program: &'j Program) -> Truth {
        self.value(program).truth()
    }

    fn element(&self, judged: &mut Judged) {
        match self.expressions.when.as_ref().map_or(Truth::True, |when| self.truth(when)) {
            Truth::True => {}
            Truth::False => return,
            undecided => return self.undecided(undecided, judged),
        }
        match self.truth(&self.expressions.expect) {
            Truth::True => self.passed(judged),
            Truth::False => self.failed(judged),
            undecided => self.undecided(undecided, judged),
        }
    }

    fn passed(&self, judged: &mut Judged) {
        self.assessed();
        if self.engine.shared.passes == Passes::List {
            judged.outcomes.push(self.outcome(Verdict::Pass, self.rule.file.severity));
        }
    }

    fn assessed(&self) {
        self.engine.shared.assessed[self.rule_index].store(true, Ordering::Relaxed);
    }

    /// Neither true nor false. An error is the rule's own fault and said once a rule.
    fn undecided(&self, truth: Truth, judged: &mut Judged) {
        let reason = match truth {
            Truth::Unknown(reason) => reason,
            Truth::Error(failure) => {
                judged.problems.push(self.rule_error(&failure));
                Reason::new(UnknownCode::RuleError, failure.message)
            }
            Truth::True | Truth::False => return,
        };
        judged.outcomes.push(self.outcome(Verdict::Unknown(reason), self.rule.file.severity));
    }

    fn rule_error(&self, failure: &Failure) -> Problem {
        Problem::run(ProblemKind::RuleError, format!("rule `{}`: {}", self.rule.id, failure.message))
    }

    fn failed(&self, judged: &mut Judged) {
        self.assessed();
        let late = match self.rule.late() {
            Ok(late) => late,
            Err(error) => return judged.problems.push(Problem::run(ProblemKind::RuleError, error.to_string())),
        };
        let severities = self.expressions.severity_when.iter();
        let severity =
            severities.filter(|(_, when)| self.truth(when) == Truth::True).map(|(severity, _)| *severity).next();
        let (spot, mut related) = self.blamed(late);
        for place in &late.related {
            self.relate(place, &mut related);
        }
        related.retain(|(other, _)| other.place != spot.place);
        let outcome = self.outcome(Verdict::Fail, severity.unwrap_or(self.rule.file.severity));
        judged.outcomes.push(Outcome { message: self.text(&late.message), spot: Some(spot), related, ..outcome });
    }

    /// Adds a further place, or one for each element of its list.
    fn relate(&self, place: &'j LateRelated, related: &mut Vec<(Spot, String)>) {
        let Some(list) = &place.each else {
            related.extend(self.further(place));
            return;
        };
        for element in self.value(list).elements().map(|(elements, _)| elements).unwrap_or_default() {
            let mut slots = self.slots.clone();
            slots[EACH] = element;
            related.extend(Judging { slots: &slots, ..*self }.further(place));
        }
    }

    fn further(&self, place: &'j LateRelated) -> Option<(Spot, String)> {
        let origin = origin(&place.at, &self.env())?;
        Some((self.spot(&origin), self.text(&place.text)))
    }

    /// What the rule says to point at, else what decided.
    fn blamed(&self, late: &'j Late) -> (Spot, Vec<(Spot, String)>) {
        let stated = late.at.as_ref().and_then(|at| origin(at, &self.env()));
        if let Some(origin) = stated {
            return (self.spot(&origin), Vec::new());
        }
        let blame = blame(&self.expressions.expect, &self.env());
        let own = Origin::Anchor(self.root_anchor());
        let related = blame.related.iter().map(|origin| (self.spot(origin), "here too".to_string())).collect();
        (self.spot(blame.primary.as_ref().unwrap_or(&own)), related)
    }

    fn root_anchor(&self) -> NodeRef {
        anchor(self.engine.inventory.document(self.subject.document).view(self.forest()))
    }

    fn spot(&self, origin: &Origin) -> Spot {
        place::spot(self.forest(), origin, self.engine.inventory.document(self.subject.document).root)
    }

    fn text(&self, parts: &'j [Part]) -> String {
        let parts = parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(program) => self.value(program).to_text().unwrap_or_else(|| "?".to_string()),
        });
        parts.collect()
    }

    fn outcome(&self, verdict: Verdict, severity: Severity) -> Outcome {
        let about = About::Subject(self.subject_index);
        Outcome {
            rule: self.rule_index,
            about,
            verdict,
            severity,
            message: String::new(),
            spot: None,
            related: Vec::new(),
            count: 1,
        }
    }
}
