//! Mutants: every small change to a rule's expressions must change what its fixtures report.
//!
//! A mutant that cannot change anything is named in the rule's `equivalentMutants`, with the reason.

use k8sready::expr::{Binary, Expr, ExprKind, Literal, Unary, parse};
use k8sready::facts::Facts;
use k8sready::inventory::Loaded;
use k8sready::rule::{Rule, RuleFile};
use libtest_mimic::Failed;

use crate::fixture::{Fixture, Reported};

/// What all fixtures report.
type Reports = Vec<Vec<Reported>>;

/// Tries every mutant.
pub fn check(rule: &Rule, fixtures: &[Fixture]) -> Result<(), Failed> {
    let prepared: Vec<(Loaded, Facts)> = fixtures.iter().map(Fixture::prepare).collect();
    let original = reports(rule, fixtures, &prepared).ok_or_else(|| Failed::from("the rule itself fails to run"))?;
    let mut survivors = Vec::new();
    let mut unused: Vec<&String> = rule.file.equivalent_mutants.keys().collect();
    for (name, file) in mutated_files(&rule.file) {
        unused.retain(|known| **known != name);
        if rule.file.equivalent_mutants.contains_key(&name) {
            continue;
        }
        let Ok(mutant) = Rule::new(rule.id.as_str(), &rule.area, rule.pillar, file) else { continue };
        if reports(&mutant, fixtures, &prepared).as_ref() == Some(&original) {
            survivors.push(name);
        }
    }
    if let Some(name) = unused.first() {
        return Err(Failed::from(format!("`equivalentMutants` names `{name}`, which is no mutant of the rule")));
    }
    if survivors.is_empty() {
        return Ok(());
    }
    Err(Failed::from(format!(
        "{} change(s) that no fixture of `{}` notices; add a case, or name them in `equivalentMutants`:\n  {}",
        survivors.len(),
        rule.id,
        survivors.join("\n  ")
    )))
}

/// `None` where the mutant fails to run, which its fixtures notice.
fn reports(rule: &Rule, fixtures: &[Fixture], prepared: &[(Loaded, Facts)]) -> Option<Reports> {
    let judged = fixtures.iter().zip(prepared).map(|(fixture, (loaded, facts))| {
        let reported = fixture.judge(rule, loaded, facts).ok()?;
        Some(reported.into_iter().map(|(reported, _)| reported).collect())
    });
    judged.collect()
}

/// Every mutant with its name: the field and the changed text.
fn mutated_files(file: &RuleFile) -> Vec<(String, RuleFile)> {
    let mut all = Vec::new();
    for text in changed(file.expect.as_deref()) {
        all.push((format!("expect: {text}"), RuleFile { expect: Some(text), ..file.clone() }));
    }
    for text in changed(file.when.as_deref()) {
        all.push((format!("when: {text}"), RuleFile { when: Some(text), ..file.clone() }));
    }
    if file.when.is_some() {
        all.push(("when: true".to_string(), RuleFile { when: None, ..file.clone() }));
    }
    for (severity, when) in &file.severity_when {
        let with = |text: Option<String>| {
            let mut changed = file.clone();
            match text {
                Some(text) => changed.severity_when.insert(*severity, text),
                None => changed.severity_when.remove(severity),
            };
            changed
        };
        all.push((format!("severityWhen.{severity}: false"), with(None)));
        all.extend(
            changed(Some(when)).into_iter().map(|text| (format!("severityWhen.{severity}: {text}"), with(Some(text)))),
        );
    }
    all
}

fn changed(text: Option<&str>) -> Vec<String> {
    let Some((text, expr)) = text.and_then(|text| Some((text, parse(text).ok()?))) else { return Vec::new() };
    let mut texts = Vec::new();
    each_node(&expr, &mut |node| {
        let (before, after) = (&text[..node.span.start as usize], &text[node.span.end as usize..]);
        let replaced = replacements(node, text).into_iter();
        texts.extend(replaced.map(|replacement| format!("{before}{replacement}{after}")));
    });
    texts
}

fn each_node(expr: &Expr, visit: &mut impl FnMut(&Expr)) {
    visit(expr);
    expr.children().into_iter().for_each(|child| each_node(child, visit));
}

/// What may stand in place of a node: an operand less, a moved boundary, a number one off.
fn replacements(expr: &Expr, text: &str) -> Vec<String> {
    let source = |expr: &Expr| &text[expr.span.range()];
    match &expr.kind {
        ExprKind::And(operands) => without_each(operands, " && ", source),
        ExprKind::Or(operands) => without_each(operands, " || ", source),
        ExprKind::Unary(Unary::Not, operand) => vec![source(operand).to_string()],
        ExprKind::Binary(operator, left, right) => boundary(*operator)
            .map(|operator| format!("{} {} {}", source(left), operator.text(), source(right)))
            .into_iter()
            .collect(),
        ExprKind::Literal(Literal::Int(value)) => [-1, 1].iter().map(|step| (value + step).to_string()).collect(),
        _ => Vec::new(),
    }
}

fn without_each<'t>(operands: &[Expr], operator: &str, source: impl Fn(&Expr) -> &'t str) -> Vec<String> {
    let without = |left_out: usize| {
        let kept = operands.iter().enumerate().filter(|(index, _)| *index != left_out);
        kept.map(|(_, operand)| source(operand)).collect::<Vec<_>>().join(operator)
    };
    (0..operands.len()).map(without).map(|text| format!("({text})")).collect()
}

/// A comparison with its boundary moved.
fn boundary(operator: Binary) -> Option<Binary> {
    match operator {
        Binary::Less => Some(Binary::LessEqual),
        Binary::LessEqual => Some(Binary::Less),
        Binary::Greater => Some(Binary::GreaterEqual),
        Binary::GreaterEqual => Some(Binary::Greater),
        Binary::Equal => Some(Binary::NotEqual),
        Binary::NotEqual => Some(Binary::Equal),
        _ => None,
    }
}
