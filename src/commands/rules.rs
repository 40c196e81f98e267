//! `k8sready rules`: the list, the migration table of another tool, and the machine-readable form.

use std::io::{self, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::CommandError;
use crate::cli::RulesArgs;
use crate::rule::{Rule, RuleSet, select};
use crate::settings::UsageError;

/// Lists rules.
pub fn run(args: &RulesArgs) -> Result<ExitCode, CommandError> {
    let set = RuleSet::with_folders(&args.rules)?;
    let selected = select(&set.rules, args.profile, &args.select, &args.ignore)
        .map_err(|error| UsageError::new(format!("`{}` fits no rule, area, pillar or framework", error.word)))?;
    let rules: Vec<&Rule> =
        selected.into_iter().filter(|rule| args.severity.is_none_or(|least| rule.worst_severity() >= least)).collect();
    let text = match (args.format.as_str(), &args.from) {
        ("json", _) => json_list(&rules),
        ("text", Some(tool)) => migration(&rules, tool)?,
        ("text", None) => list(&set, &rules),
        (other, _) => return Err(UsageError::new(format!("`{other}` is neither text nor json")).into()),
    };
    print(&text)
}

/// Prints to standard output; a closed pipe is no error.
pub(super) fn print(text: &str) -> Result<ExitCode, CommandError> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn list(set: &RuleSet, rules: &[&Rule]) -> String {
    let widest = rules.iter().map(|rule| rule.id.as_str().len()).max().unwrap_or_default();
    let mut text = String::new();
    for (area, about) in &set.areas {
        let of_area: Vec<&&Rule> = rules.iter().filter(|rule| rule.area == *area).collect();
        if of_area.is_empty() {
            continue;
        }
        text.push_str(&format!("{} ({})\n", about.title, about.pillar));
        for rule in of_area {
            text.push_str(&format!(
                "  {:widest$}  {:8}  {}\n",
                rule.id.as_str(),
                rule.worst_severity(),
                rule.file.title
            ));
        }
    }
    text.push_str(&format!("{} rules; `k8sready explain RULE` says more about one\n", rules.len()));
    text
}

/// Which rules answer another tool's checks.
fn migration(rules: &[&Rule], tool: &str) -> Result<String, UsageError> {
    let mut rows: Vec<(&str, &str, &str)> = Vec::new();
    for rule in rules {
        let same = rule.file.equivalents.get(tool).into_iter().flatten();
        rows.extend(same.map(|check| (check.as_str(), rule.id.as_str(), "the same verdict")));
        let other = rule.file.supersedes.get(tool).into_iter().flatten();
        rows.extend(other.map(|(check, why)| (check.as_str(), rule.id.as_str(), why.as_str())));
    }
    if rows.is_empty() {
        let mut tools: Vec<&str> =
            rules.iter().flat_map(|rule| rule.file.equivalents.keys().map(String::as_str)).collect();
        tools.sort_unstable();
        tools.dedup();
        return Err(UsageError::new(format!("no rule names `{tool}`")).help(format!("known are {}", tools.join(", "))));
    }
    rows.sort_unstable();
    let width = |column: fn(&(&str, &str, &str)) -> usize| rows.iter().map(column).max().unwrap_or_default();
    let (checks, ids) = (width(|row| row.0.len()), width(|row| row.1.len()));
    Ok(rows.iter().map(|(check, id, why)| format!("{check:checks$}  {id:ids$}  {why}\n")).collect())
}

fn json_list(rules: &[&Rule]) -> String {
    let rules: Vec<Value> = rules.iter().map(|rule| describe(rule)).collect();
    format!("{:#}\n", json!({ "rules": rules }))
}

/// Every field of a rule, with its id, area and pillar.
pub(super) fn describe(rule: &Rule) -> Value {
    let mut fields = serde_json::Map::new();
    fields.insert("id".to_string(), json!(rule.id.as_str()));
    fields.insert("area".to_string(), json!(rule.area));
    fields.insert("pillar".to_string(), json!(rule.pillar));
    if let Ok(Value::Object(file)) = serde_json::to_value(&rule.file) {
        fields.extend(file);
    }
    Value::Object(fields)
}
