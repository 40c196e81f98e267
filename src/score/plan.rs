//! "Fix these N rules to reach B": the shortest way to a better letter.
//!
//! With few failing rules every combination of up to three is tried, so that the answer is the shortest there is; with
//! more, the most rewarding rule is taken until the letter is reached. Ties go to the rule whose id sorts first.

use super::arithmetic::{Model, Value, shown};
use super::table::{ENUMERATE_RULES, ENUMERATE_STEPS, PLAN_STEPS};
use super::{Grade, Plan, Step};

/// Aims at B, or at the next letter from B on; at the next letter as well when B is too far away to be advice.
pub(super) fn plan(model: &Model) -> Option<Plan> {
    let now = model.headline().grade;
    let next = next_letter(now)?;
    let far = next.max(Grade::B);
    let to_far = steps_to(model, far).map(|steps| Plan { target: far, steps });
    match to_far {
        Some(plan) if plan.steps.len() <= PLAN_STEPS || far == next => Some(plan),
        _ => steps_to(model, next).map(|steps| Plan { target: next, steps }),
    }
}

fn next_letter(grade: Grade) -> Option<Grade> {
    match grade {
        Grade::F => Some(Grade::D),
        Grade::D => Some(Grade::C),
        Grade::C => Some(Grade::B),
        Grade::B => Some(Grade::A),
        Grade::A => Some(Grade::APlus),
        Grade::APlus => None,
    }
}

/// The rules to fix, in the order to fix them; `None` when not even fixing all of them is enough.
fn steps_to(model: &Model, target: Grade) -> Option<Vec<Step>> {
    let rules = model.items.len();
    if grade_without(model, &vec![true; rules]) < target {
        return None;
    }
    let shortest = if rules <= ENUMERATE_RULES { smallest(model, target) } else { None };
    Some(ordered(model, shortest.unwrap_or_else(|| greedy(model, target))))
}

/// The smallest set of at most three rules that reaches the target; among equals the one that scores highest.
fn smallest(model: &Model, target: Grade) -> Option<Vec<usize>> {
    let rules = model.items.len();
    (1..=ENUMERATE_STEPS.min(rules)).find_map(|size| {
        let mut best: Option<(f64, Vec<usize>)> = None;
        for set in combinations(rules, size) {
            let fixed: Vec<bool> = (0..rules).map(|rule| set.contains(&rule)).collect();
            let exact = value_without(model, &fixed).exact;
            let better = best.as_ref().is_none_or(|(most, _)| exact > *most);
            if better && grade_without(model, &fixed) >= target {
                best = Some((exact, set));
            }
        }
        best.map(|(_, set)| set)
    })
}

/// Every set of `size` indexes below `count`, in lexicographic order.
fn combinations(count: usize, size: usize) -> Vec<Vec<usize>> {
    let mut sets = vec![Vec::new()];
    for _ in 0..size {
        sets = sets
            .into_iter()
            .flat_map(|set: Vec<usize>| {
                let from = set.last().map_or(0, |last| last + 1);
                (from..count).map(move |next| [set.as_slice(), &[next]].concat())
            })
            .collect();
    }
    sets
}

/// Takes the rule that helps most, one after the other, until the letter is reached.
fn greedy(model: &Model, target: Grade) -> Vec<usize> {
    let mut left: Vec<usize> = (0..model.items.len()).collect();
    let mut fixed = vec![false; model.items.len()];
    let mut chosen = Vec::new();
    while grade_without(model, &fixed) < target && !left.is_empty() {
        let next = left.remove(best_next(model, &fixed, &left));
        fixed[next] = true;
        chosen.push(next);
    }
    chosen
}

/// The chosen rules in the order to fix them: what caps the score before what it hides, then the most rewarding.
fn ordered(model: &Model, mut left: Vec<usize>) -> Vec<Step> {
    left.sort_unstable();
    let mut fixed = vec![false; model.items.len()];
    let mut steps = Vec::new();
    while let Some(worst) = left.iter().map(|rule| model.items[*rule].urgency()).max() {
        let (urgent, later): (Vec<usize>, Vec<usize>) =
            left.into_iter().partition(|rule| model.items[*rule].urgency() == worst);
        let next = urgent[best_next(model, &fixed, &urgent)];
        left = urgent.into_iter().chain(later).filter(|rule| *rule != next).collect();
        let before = value_without(model, &fixed);
        fixed[next] = true;
        let after = value_without(model, &fixed);
        steps.push(Step {
            rule: model.items[next].rule.clone(),
            subjects: model.items[next].subjects,
            points: after.exact - before.exact,
            value: shown(after.exact),
            grade: grade_without(model, &fixed),
        });
    }
    steps
}

/// The position in `left` of the rule whose repair gives most; before caps when caps hide the difference.
fn best_next(model: &Model, fixed: &[bool], left: &[usize]) -> usize {
    let mut best = (0, Value { exact: f64::NEG_INFINITY, uncapped: f64::NEG_INFINITY });
    for (position, rule) in left.iter().enumerate() {
        let value = model.value_of(|at| at != *rule && !fixed[at]);
        let order = value.exact.total_cmp(&best.1.exact).then(value.uncapped.total_cmp(&best.1.uncapped));
        if order.is_gt() {
            best = (position, value);
        }
    }
    best.0
}

fn value_without(model: &Model, fixed: &[bool]) -> Value {
    model.value_of(|at| !fixed[at])
}

fn grade_without(model: &Model, fixed: &[bool]) -> Grade {
    model.grade_of(value_without(model, fixed), |at| !fixed[at])
}
