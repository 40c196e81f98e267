//! `k8sready explain`: the text of a rule, or the facts that a subject offers.

use std::process::ExitCode;

use super::CommandError;
use super::rules::{describe, print};
use crate::cli::ExplainArgs;
use crate::expr::{Object, Type};
use crate::facts::{SubjectKind, descriptor};
use crate::rule::{Rule, RuleSet};
use crate::settings::UsageError;
use crate::vocabulary::nearest;

/// Explains a rule or a subject.
pub fn run(args: &ExplainArgs) -> Result<ExitCode, CommandError> {
    if let Some(subject) = &args.subject {
        return print(&explain_subject(subject)?);
    }
    let id = args.rule.as_deref().unwrap_or_default();
    let set = RuleSet::with_folders(&args.rules)?;
    let rule = set.get(id).ok_or_else(|| unknown(&set, id))?;
    match args.format.as_str() {
        "json" => print(&format!("{:#}\n", describe(rule))),
        "text" => print(&explain(rule)),
        other => Err(UsageError::new(format!("`{other}` is neither text nor json")).into()),
    }
}

fn unknown(set: &RuleSet, id: &str) -> UsageError {
    let error = UsageError::new(format!("there is no rule `{id}`"));
    match nearest(id, set.rules.iter().map(|rule| rule.id.as_str())) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("`k8sready rules` lists them"),
    }
}

fn explain(rule: &Rule) -> String {
    let file = &rule.file;
    let mut text = format!("{}: {}\n\n", rule.id, file.title);
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<12}{value}\n"));
    line("severity", severities(rule));
    line("confidence", file.confidence.to_string());
    line("area", format!("{} ({})", rule.area, rule.pillar));
    line("profile", file.profile.to_string());
    line("since", file.since.clone());
    line("judges", file.subject.clone());
    for (name, expression) in [("when", &file.when), ("expect", &file.expect), ("raised by", &file.raised_by)] {
        if let Some(expression) = expression {
            line(name, expression.trim().to_string());
        }
    }
    for (name, param) in &file.params {
        line("parameter", format!("{name} = {} ({})", param.default, param.doc));
    }
    text.push_str(&format!("\nWhy\n  {}\n\nWhat to do\n  {}\n", file.why.trim(), file.fix.trim()));
    text.push_str(&also(rule));
    text.push_str(&format!(
        "\nTo live with it\n  # k8sready: ignore[{id}] reason        on the line, or on the line above\n  \
         k8sready.io/ignore: \"{id}: reason\"     as an annotation on the object\n",
        id = rule.id
    ));
    text
}

fn severities(rule: &Rule) -> String {
    let others = rule.file.severity_when.iter().rev();
    let others: Vec<String> = others.map(|(severity, when)| format!("{severity} when {}", when.trim())).collect();
    if others.is_empty() {
        rule.file.severity.to_string()
    } else {
        format!("{}; {}", rule.file.severity, others.join("; "))
    }
}

/// References, frameworks and other tools' names.
fn also(rule: &Rule) -> String {
    let mut text = String::from("\nReferences\n");
    for reference in &rule.file.references {
        text.push_str(&format!("  {reference}\n"));
    }
    for (title, table) in [("Frameworks", &rule.file.frameworks), ("Also known as", &rule.file.equivalents)] {
        if !table.is_empty() {
            text.push_str(&format!("\n{title}\n"));
            table.iter().for_each(|(name, ids)| text.push_str(&format!("  {name}: {}\n", ids.join(", "))));
        }
    }
    text
}

fn explain_subject(word: &str) -> Result<String, UsageError> {
    let kind: SubjectKind = word.parse().map_err(|error: crate::vocabulary::UnknownWord| {
        let near = nearest(word, SubjectKind::WORDS.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        UsageError { message: format!("subject {error}"), help: near }
    })?;
    let Some(object) = descriptor(kind) else {
        return Ok(format!("{kind} offers no facts: its rules read `{}` as it is written\n", kind.variable()));
    };
    let mut text = format!("{}: {}\n", kind.variable(), object.doc);
    fields(&mut text, object, 1, &mut vec![object.name]);
    Ok(text)
}

/// The fields of an object, nested ones below it; an object that contains itself is not repeated.
fn fields(text: &mut String, object: &'static Object, depth: usize, open: &mut Vec<&'static str>) {
    let names = object.fields.iter().map(|field| field.name.len()).max().unwrap_or_default();
    let types = object.fields.iter().map(|field| type_text(field.ty).len()).max().unwrap_or_default();
    for field in object.fields {
        let (name, ty, indent) = (field.name, type_text(field.ty), depth * 2);
        text.push_str(&format!("{:indent$}{name:names$}  {ty:types$}  {}\n", "", field.doc));
        if let Some(inner) = inner(field.ty).filter(|inner| !open.contains(&inner.name)) {
            open.push(inner.name);
            fields(text, inner, depth + 1, open);
            open.pop();
        }
    }
}

fn inner(ty: Type) -> Option<&'static Object> {
    match ty {
        Type::Object(object) => Some(object),
        Type::List(inner_type) | Type::Map(inner_type) => inner(*inner_type),
        _ => None,
    }
}

fn type_text(ty: Type) -> String {
    match ty {
        Type::Dyn => "any".to_string(),
        Type::Object(object) => object.name.to_string(),
        Type::List(element) => format!("list of {}", type_text(*element)),
        Type::Map(value) => format!("map of {}", type_text(*value)),
        other => format!("{other:?}").to_lowercase(),
    }
}
