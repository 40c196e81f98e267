//! `k8sready config show`: every setting of an audit, and what set it: a file's line, the command line, or nobody.

use std::process::ExitCode;

use serde_json::Value;

use super::CommandError;
use super::base::Against;
use super::rules::print;
use crate::cli::{AuditArgs, ConfigArgs, ConfigCommand, ConfigFile, Setting, origins};
use crate::report::escape;
use crate::settings::NEWEST_KUBERNETES;

/// A line of the table.
struct Row {
    key: String,
    value: String,
    origin: String,
}

/// Shows the configuration.
pub fn run(args: &ConfigArgs) -> Result<ExitCode, CommandError> {
    let ConfigCommand::Show(args) = &args.command;
    let config = Against::find(args)?.config(args)?;
    let rows = rows(&config, args);
    let width = |column: fn(&Row) -> usize| rows.iter().map(column).max().unwrap_or(0);
    let (keys, values) = (width(|row| row.key.len()), width(|row| row.value.chars().count()).min(40));
    let mut text = match &config.path {
        Some(path) => format!("configuration: {}\n\n", path.display()),
        None => "configuration: none found\n\n".to_string(),
    };
    for Row { key, value, origin } in &rows {
        text.push_str(&format!("{key:keys$}  {value:values$}  {origin}\n"));
    }
    print(&text)
}

fn rows(config: &ConfigFile, args: &AuditArgs) -> Vec<Row> {
    let typed = typed(args);
    let is_typed = |key: &str| typed.iter().any(|row| row.key == key);
    let set = origins(&config.values);
    let mut rows: Vec<Row> = Vec::new();
    for (key, value) in DEFAULTS {
        if !set.contains_key(*key) && !is_typed(key) {
            rows.push(Row { key: (*key).to_string(), value: (*value).to_string(), origin: "default".to_string() });
        }
    }
    for (key, settings) in &set {
        // Typed words replace these; what is ignored or excluded adds up.
        if !is_typed(key) || ["ignore", "exclude"].contains(&key.as_str()) {
            rows.extend(settings.iter().map(|setting| of_file(key, setting)));
        }
    }
    rows.extend(typed);
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}

/// What holds where nobody says otherwise.
const DEFAULTS: &[(&str, &str)] = &[
    ("assumeExternalBackup", "false"),
    ("failOn", "high"),
    ("partial", "false"),
    ("profile", "production"),
    ("targetVersion", NEWEST_KUBERNETES),
];

fn of_file(key: &str, setting: &Setting) -> Row {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let value = match &setting.value {
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {}", plain(value))).collect();
            fields.join(", ")
        }
        value => plain(value),
    };
    let line = setting.line.map_or_else(String::new, |line| format!(":{line}"));
    Row {
        key: escape(key).into_owned(),
        value: escape(&value).into_owned(),
        origin: format!("{}{line}", setting.file.display()),
    }
}

/// What the command line says.
fn typed(args: &AuditArgs) -> Vec<Row> {
    let flag = |given: bool| given.then(|| "true".to_string()).into_iter().collect::<Vec<String>>();
    let one = |value: Option<String>| value.into_iter().collect::<Vec<String>>();
    let severities = args.severity.iter().map(|named| (format!("severity.{}", named.name), named.value.clone()));
    let words: [(&str, &str, Vec<String>); 10] = [
        ("profile", "--profile", one(args.profile.map(|profile| profile.as_str().to_string()))),
        ("select", "--select", args.select.clone()),
        ("ignore", "--ignore", args.ignore.clone()),
        ("exclude", "--exclude", args.exclude.clone()),
        ("targetVersion", "--target-version", one(args.target_version.clone())),
        ("failOn", "--fail-on", one(args.fail_on.clone())),
        ("minScore", "--min-score", one(args.min_score.map(|score| score.to_string()))),
        ("partial", "--partial", flag(args.partial)),
        ("managed", "--managed", one(args.managed.clone())),
        ("assumeExternalBackup", "--assume-external-backup", flag(args.assume_external_backup)),
    ];
    let row = |key: String, value: String, flag: &str| Row { key, value, origin: format!("command line, {flag}") };
    let words = words
        .into_iter()
        .flat_map(|(key, flag, values)| values.into_iter().map(move |value| (key.to_string(), value, flag)));
    words
        .map(|(key, value, flag)| row(key, value, flag))
        .chain(severities.map(|(key, value)| row(key, value, "--severity")))
        .collect()
}
