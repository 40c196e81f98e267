//! `RuleSet`: the rules that are compiled in, with those of further folders, and their changes by settings.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::file::{AreaFile, Bundle, BundledRule, RuleFile};
use super::{Rule, RuleError};
use crate::vocabulary::Pillar;

/// All rules, sorted by area and id.
#[derive(Debug)]
pub struct RuleSet {
    /// Areas by id.
    pub areas: BTreeMap<String, AreaFile>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// Why rules cannot be loaded: exit code 2.
#[derive(Debug)]
pub enum LoadError {
    /// A file or folder cannot be read, or does not fit the types of a rule file.
    File {
        /// The path.
        path: PathBuf,
        /// What is wrong, with line and column where known.
        message: String,
    },
    /// An expression is wrong.
    Rule(RuleError),
    /// Two files with one id.
    Twice(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::File { path, message } => write!(f, "{}: {message}", path.display()),
            LoadError::Rule(error) => write!(f, "{error}"),
            LoadError::Twice(id) => write!(f, "two rules are called `{id}`"),
        }
    }
}

impl std::error::Error for LoadError {}

/// `Rule::new`, or `Rule::unchecked`.
type MakeRule = fn(&str, &str, Pillar, RuleFile) -> Result<Rule, RuleError>;

impl RuleSet {
    /// The rules that are compiled in.
    pub fn built_in() -> Result<RuleSet, LoadError> {
        let bundle: Bundle = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/rules.json")))
            .map_err(|error| LoadError::File { path: "rules.json".into(), message: error.to_string() })?;
        Self::assemble(bundle, Rule::unchecked)
    }

    /// The rules that are compiled in, with those of further folders.
    pub fn with_folders(folders: &[PathBuf]) -> Result<RuleSet, LoadError> {
        let mut set = Self::built_in()?;
        for folder in folders {
            let bundle = read_folder(folder, &set.areas)?;
            set.add(Self::compile(bundle)?)?;
        }
        Ok(set)
    }

    /// The rules of one folder alone.
    pub fn from_folder(folder: &Path) -> Result<RuleSet, LoadError> {
        Self::compile(read_folder(folder, &BTreeMap::new())?)
    }

    fn compile(bundle: Bundle) -> Result<RuleSet, LoadError> {
        Self::assemble(bundle, Rule::new)
    }

    fn assemble(bundle: Bundle, make: MakeRule) -> Result<RuleSet, LoadError> {
        let pillar = |area: &str| bundle.areas.get(area).map_or(Pillar::Operations, |area| area.pillar);
        let rules = bundle.rules.into_iter();
        let rules = rules
            .map(|BundledRule { id, area, file }| make(&id, &area, pillar(&area), file).map_err(LoadError::Rule))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(RuleSet { areas: bundle.areas, rules })
    }

    fn add(&mut self, other: RuleSet) -> Result<(), LoadError> {
        for rule in other.rules {
            if self.get(rule.id.as_str()).is_some() {
                return Err(LoadError::Twice(rule.id.to_string()));
            }
            self.rules.push(rule);
        }
        self.areas.extend(other.areas);
        Ok(())
    }

    /// The rule of that id or alias.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        let by_alias = || self.rules.iter().find(|rule| rule.file.aliases.iter().any(|alias| alias == id));
        self.rules.iter().find(|rule| rule.id.as_str() == id).or_else(by_alias)
    }
}

/// Reads a folder laid out like `rules/`: one folder an area, one file a rule. `areas.yaml` may add areas.
fn read_folder(folder: &Path, known: &BTreeMap<String, AreaFile>) -> Result<Bundle, LoadError> {
    let own = folder.join("areas.yaml");
    let mut areas = known.clone();
    if own.is_file() {
        areas.extend(read::<BTreeMap<String, AreaFile>>(&own)?);
    }
    let mut bundle = Bundle { areas, rules: Vec::new() };
    for area in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let name = stem(&area);
        if !bundle.areas.contains_key(&name) {
            return Err(LoadError::File {
                path: area,
                message: format!("`{name}` is no area; declare it in areas.yaml"),
            });
        }
        for path in entries(&area)? {
            let file: RuleFile = read(&path)?;
            bundle.rules.push(BundledRule { id: stem(&path), area: name.clone(), file });
        }
    }
    Ok(bundle)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let fail = |error: std::io::Error| LoadError::File { path: folder.to_path_buf(), message: error.to_string() };
    let mut paths = fs::read_dir(folder)
        .map_err(fail)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(fail)?;
    paths.sort();
    Ok(paths)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, LoadError> {
    let fail = |message: String| LoadError::File { path: path.to_path_buf(), message };
    let text = fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    serde_saphyr::from_str(&text).map_err(|error| fail(error.to_string()))
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
