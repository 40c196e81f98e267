//! From files to one configuration: found from the input up to the git root, each with what it extends, every value with
//! the place it comes from.
//!
//! A file is read only if it is a regular file inside of the repository that it governs: neither a link nor `extends` leads
//! to other files, whose text an error message could show.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use super::config::Config;
use crate::source::{git_root, slashes};
use crate::vocabulary::nearest;

/// Names under which a configuration is found in a folder, in this order.
pub const CONFIG_NAMES: &[&str] = &["k8sready.yaml", ".k8sready.yaml", ".github/k8sready.yaml"];
/// Most files that build on each other.
const DEEPEST: usize = 8;
/// Largest file.
const MAX_BYTES: u64 = 1 << 20;
/// Lists to which each file adds; others it replaces.
const ADDED_TO: &[&str] = &["ignore", "exclude", "suppress", "overrides", "charts"];

/// A configuration with the places it came from.
#[derive(Clone, Debug, Default)]
pub struct ConfigFile {
    /// The file; `None` when there is none.
    pub path: Option<PathBuf>,
    /// What it says, with what it extends.
    pub config: Config,
    /// Every value with its origin, in the order of the files.
    pub values: Vec<Setting>,
}

/// A value and where it was set.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The key, e.g. `severity.single-replica`; elements of a list share theirs.
    pub key: Vec<String>,
    /// The value.
    pub value: Value,
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; `None` where it cannot be told.
    pub line: Option<usize>,
}

/// A configuration that cannot be used: the user's fault, exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file.
    pub path: PathBuf,
    /// Line and column, where the fault has a place.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

fn fail(path: &Path, message: impl Into<String>) -> ConfigError {
    ConfigError { path: path.to_path_buf(), place: None, message: message.into() }
}

impl ConfigFile {
    /// Reads a file that the user named, and what it extends.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut values = Vec::new();
        layer(path, &bounds(path), DEEPEST, &mut values)?;
        let config = serde_json::from_value(joined(&values)).map_err(|error| fail(path, error.to_string()))?;
        Ok(ConfigFile { path: Some(path.to_path_buf()), config, values })
    }

    /// Finds the file that governs `input`: in its folder or above, up to the git root (or the file system's root).
    pub fn find(input: &Path) -> Result<Self, ConfigError> {
        let start = fs::canonicalize(input).unwrap_or_else(|_| input.to_path_buf());
        let folder = if start.is_dir() { Some(start.as_path()) } else { start.parent() };
        for folder in folder.into_iter().flat_map(Path::ancestors) {
            let found = CONFIG_NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
            if let Some(path) = found {
                return match is_inside(&path, &bounds(&path)) {
                    true => Self::read(&path),
                    false => Err(fail(&path, "is a symbolic link that leaves the repository; not followed")),
                };
            }
            if folder.join(".git").exists() {
                break;
            }
        }
        Ok(ConfigFile::default())
    }
}

/// The folder that a file and all it extends must lie in: its repository, or else its own folder.
fn bounds(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = absolute.parent().unwrap_or(&absolute);
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    git_root(&folder).unwrap_or(folder)
}

fn is_inside(path: &Path, bounds: &Path) -> bool {
    path.canonicalize().is_ok_and(|real| real.starts_with(bounds))
}

/// Adds the values of a file, after those of what it extends.
fn layer(path: &Path, bounds: &Path, deeper: usize, values: &mut Vec<Setting>) -> Result<(), ConfigError> {
    let text = read_text(path)?;
    let (config, raw) = parse(path, &text)?;
    for extended in &config.extends {
        let line = line_of(&text, &["extends".to_string()]);
        let complain =
            |message: String| ConfigError { path: path.to_path_buf(), place: line.map(|line| (line, 1)), message };
        let target = path.parent().unwrap_or(Path::new("")).join(extended);
        if deeper == 0 {
            return Err(complain(format!("`extends` goes deeper than {DEEPEST} files (in a circle?)")));
        }
        if !target.is_file() {
            return Err(complain(format!("`extends: {extended}`: there is no such file")));
        }
        if !is_inside(&target, bounds) {
            return Err(complain(format!("`extends: {extended}` leads out of the repository")));
        }
        layer(&target, bounds, deeper - 1, values)?;
    }
    let below = folder_in(path, bounds);
    for (key, value) in raw {
        add(path, &text, &key, at_home(path, &key, value, &below), values);
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    let about = fs::metadata(path).map_err(|error| fail(path, error.to_string()))?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return Err(fail(path, format!("is no regular file of at most {MAX_BYTES} bytes")));
    }
    fs::read_to_string(path).map_err(|error| fail(path, error.to_string()))
}

fn parse(path: &Path, text: &str) -> Result<(Config, Map<String, Value>), ConfigError> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok((Config::default(), Map::new()));
    }
    let complain = |error: serde_saphyr::Error| {
        let place = error.location().map(|at| (at.line() as usize, at.column() as usize));
        // Without the snippet: the place says enough, and nothing of the file is repeated.
        let message = with_suggestion(&error.without_snippet().to_string());
        ConfigError { path: path.to_path_buf(), place, message }
    };
    let config = serde_saphyr::from_str(text).map_err(complain)?;
    let raw = serde_saphyr::from_str(text).map_err(complain)?;
    Ok((config, raw))
}

/// "unknown key `selct`", with what was probably meant, in place of a list of everything that could have been.
fn with_suggestion(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message =
        message.split_once(": ").filter(|(place, _)| place.starts_with("line ")).map_or(message, |(_, rest)| rest);
    let Some((unknown, expected)) = message.split_once(", expected ") else { return message.to_string() };
    let Some(word) = unknown.split('`').nth(1) else { return message.to_string() };
    let known: Vec<&str> = expected
        .trim_start_matches("one of ")
        .split(", ")
        .map(|key| key.trim_matches(|c: char| c == '`' || c.is_whitespace()))
        .collect();
    let unknown = unknown.replace("unknown field", "unknown key");
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("{unknown}\n  help: did you mean `{near}`?"),
        None => format!("{unknown}\n  help: known are {}", known.join(", ")),
    }
}

/// What leads from the repository's root to the file's folder, with a slash at its end; empty at the root.
fn folder_in(path: &Path, bounds: &Path) -> String {
    let folder =
        path.canonicalize().ok().and_then(|real| Some(real.parent()?.strip_prefix(bounds).ok()?.to_path_buf()));
    let inside: PathBuf =
        folder.unwrap_or_default().components().filter(|part| matches!(part, Component::Normal(_))).collect();
    // A file in `.github` speaks for the folder above it.
    let inside = if inside.ends_with(".github") { inside.parent().unwrap_or(&inside).to_path_buf() } else { inside };
    let shown = slashes(&inside);
    if shown.is_empty() { shown } else { format!("{shown}/") }
}

/// Globs of paths become those of the repository, paths of files become absolute.
fn at_home(file: &Path, key: &str, mut value: Value, below: &str) -> Value {
    let homed = |glob: &mut Value| {
        if let Value::String(text) = glob {
            *text = format!("{}{text}", globset::escape(below));
        }
    };
    match (key, &mut value) {
        ("exclude", Value::Array(globs)) => globs.iter_mut().for_each(homed),
        ("suppress" | "overrides", Value::Array(items)) => {
            items.iter_mut().filter_map(|item| item.get_mut("path")).for_each(homed);
        }
        ("charts", Value::Array(items)) => {
            items.iter_mut().filter_map(|item| item.get_mut("path")).for_each(homed);
            let lists = items.iter_mut().filter_map(|item| item.get_mut("values")?.as_array_mut());
            lists.flatten().for_each(|values| beside(file, values));
        }
        _ => {}
    }
    value
}

/// A path that is relative to the configuration file.
fn beside(file: &Path, value: &mut Value) {
    if let Value::String(text) = value {
        let joined = file.parent().unwrap_or(Path::new("")).join(&*text);
        *text = std::path::absolute(&joined).unwrap_or(joined).to_string_lossy().into_owned();
    }
}

/// Takes a key: maps by entry, lists by element, all else as a whole; what it replaces goes.
fn add(path: &Path, text: &str, key: &str, value: Value, values: &mut Vec<Setting>) {
    let line = |key: &[String]| line_of(text, key);
    let setting = |key: Vec<String>, value| Setting { line: line(&key), key, value, file: path.to_path_buf() };
    let key = vec![key.to_string()];
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                let inner = [key.clone(), vec![name]].concat();
                match value {
                    Value::Object(params) => {
                        for (param, value) in params {
                            replace(setting([inner.clone(), vec![param]].concat(), value), values);
                        }
                    }
                    value => replace(setting(inner, value), values),
                }
            }
        }
        Value::Array(items) => {
            if !ADDED_TO.contains(&key[0].as_str()) {
                values.retain(|setting| setting.key != key);
            }
            values.extend(items.into_iter().map(|item| setting(key.clone(), item)));
        }
        value => replace(setting(key, value), values),
    }
}

fn replace(setting: Setting, values: &mut Vec<Setting>) {
    values.retain(|before| before.key != setting.key);
    values.push(setting);
}

/// The values as one document.
fn joined(values: &[Setting]) -> Value {
    let lists = ["extends", "select"].iter().chain(ADDED_TO);
    let lists: Vec<&str> = lists.copied().collect();
    let mut root = Map::new();
    for Setting { key, value, .. } in values {
        let is_list = lists.contains(&key[0].as_str());
        let mut at =
            root.entry(key[0].clone()).or_insert_with(|| if is_list { Value::Array(Vec::new()) } else { Value::Null });
        if let Value::Array(items) = at {
            items.push(value.clone());
            continue;
        }
        for name in &key[1..] {
            if at.is_null() {
                *at = Value::Object(Map::new());
            }
            let Value::Object(map) = at else { break };
            at = map.entry(name.clone()).or_insert(Value::Null);
        }
        *at = value.clone();
    }
    Value::Object(root)
}

/// The line on which a key stands, in a file that is written one key a line.
fn line_of(text: &str, key: &[String]) -> Option<usize> {
    let mut lines = text.lines().enumerate();
    let mut found = None;
    for (depth, name) in key.iter().enumerate() {
        let is_it = |line: &str| {
            let indented = line.starts_with(' ');
            let rest = line.trim_start().trim_matches(|c| c == '"' || c == '\'');
            let rest = rest.strip_prefix(name.as_str()).map(|rest| rest.trim_start_matches(['"', '\'']));
            (depth > 0) == indented && rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
        };
        match lines.find(|(_, line)| is_it(line)) {
            Some((at, _)) => found = Some(at + 1),
            // Written in one line with what is above it.
            None => break,
        }
    }
    found
}

/// What each key holds, for readers: the last origin of each.
pub fn origins(values: &[Setting]) -> BTreeMap<String, Vec<&Setting>> {
    let mut origins: BTreeMap<String, Vec<&Setting>> = BTreeMap::new();
    for setting in values {
        origins.entry(setting.key.join(".")).or_default().push(setting);
    }
    origins
}
