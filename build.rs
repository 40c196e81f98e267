//! Compiles `rules/` into one JSON text: sorted, and checked against the types of a rule file. A rule that does not fit
//! them fails the build with its path and position. The tables of `data/` become JSON too, which is read much faster.

#![allow(clippy::print_stdout, reason = "build scripts talk to cargo on standard output")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[path = "src/vocabulary/grade.rs"]
#[allow(dead_code, missing_docs)]
mod grade;

#[allow(missing_docs)]
mod vocabulary {
    pub use super::grade::{Confidence, Pillar, Profile, Severity, Stability};
}

#[path = "src/rule/file.rs"]
#[allow(dead_code, missing_docs)]
mod file;

use file::{AreaFile, Bundle, BundledRule, RuleFile};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match bundle().and_then(|()| tables()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A message may have several lines; cargo takes one.
            println!("cargo::error={}", error.to_string().replace('\n', " | "));
            ExitCode::FAILURE
        }
    }
}

fn bundle() -> Result<(), Failure> {
    let rules = Path::new("rules");
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=src/rule/file.rs");
    println!("cargo::rerun-if-changed=src/vocabulary/grade.rs");
    let areas: BTreeMap<String, AreaFile> = read(&rules.join("areas.yaml"))?;
    let mut bundle = Bundle { areas, rules: Vec::new() };
    for area in sorted(rules)?.into_iter().filter(|path| path.is_dir()) {
        let name = stem(&area)?;
        if !bundle.areas.contains_key(&name) {
            return Err(format!("{}: `{name}` is not in rules/areas.yaml", area.display()).into());
        }
        for path in sorted(&area)? {
            let file: RuleFile = read(&path)?;
            bundle.rules.push(BundledRule { id: stem(&path)?, area: name.clone(), file });
        }
    }
    let target = PathBuf::from(std::env::var("OUT_DIR")?).join("rules.json");
    fs::write(target, serde_json::to_string(&bundle)?)?;
    Ok(())
}

/// The YAML tables of `data/`, one JSON text each.
fn tables() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=data");
    let target = PathBuf::from(std::env::var("OUT_DIR")?);
    for path in sorted(Path::new("data"))?.into_iter().filter(|path| path.extension() == Some("yaml".as_ref())) {
        let table: serde_json::Value = read(&path)?;
        fs::write(target.join(format!("{}.json", stem(&path)?)), serde_json::to_string(&table)?)?;
    }
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> Result<String, Failure> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    Ok(stem.ok_or_else(|| format!("{}: the name is no text", path.display()))?.to_string())
}
