//! A rule's own text: complete, and every part of it used.

use k8sready::rule::{Judge, Rule};
use libtest_mimic::Failed;

use crate::fixture::{Fixture, Side};

/// Checks everything about a rule that needs no judging.
pub fn check(rule: &Rule, fixtures: &[Fixture]) -> Result<(), Failed> {
    let complain = |what: &str| Err(Failed::from(format!("rules/{}/{}.yaml: {what}", rule.area, rule.id)));
    let id = rule.id.as_str();
    if id.len() > 40
        || id.starts_with("no-")
        || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    {
        return complain("the id is not short lower-case words joined by `-`, without `no-`");
    }
    for (field, text) in [("title", &rule.file.title), ("why", &rule.file.why), ("fix", &rule.file.fix)] {
        if text.trim().is_empty() {
            return complain(&format!("`{field}` is empty"));
        }
    }
    if rule.file.title.ends_with('.') || rule.file.message.as_deref().is_some_and(|message| message.ends_with('.')) {
        return complain("title and message end without a full stop");
    }
    if rule.file.references.is_empty() {
        return complain("`references` is empty");
    }
    if let Err(error) = rule.late() {
        return complain(&error.to_string());
    }
    if matches!(rule.judge, Judge::Expressions) {
        if rule.file.message.is_none() {
            return complain("`message` is missing");
        }
        for name in rule.file.params.keys() {
            if !expressions(rule).any(|text| text.contains(&format!("params.{name}"))) {
                return complain(&format!("parameter `{name}` is never used"));
            }
        }
    }
    for side in [Side::Fail, Side::Pass] {
        if !fixtures.iter().any(|fixture| fixture.side == side) {
            return complain(&format!("there is no `{id}.{}` fixture", side.as_str()));
        }
    }
    Ok(())
}

fn expressions(rule: &Rule) -> impl Iterator<Item = &String> {
    let file = &rule.file;
    file.when.iter().chain(&file.expect).chain(file.severity_when.values()).chain(&file.message).chain(&file.at)
}
