//! The division of a tree into environments, against divisions written by hand.
//!
//! `fixtures/environments/<name>/` is a tree; `fixtures/environments/<name>.txt` its division: a line for each environment
//! that holds documents, with the environments it sees besides itself, and below it whether it is a part only, and the files
//! whose documents it holds.

#![allow(clippy::expect_used, reason = "helpers of tests may panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use k8sready::inventory::{self, EnvironmentId, Input, Inventory, Role};
use k8sready::source::SourceKind;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/environments")
}

fn read(folder: &Path, base: &Path, inputs: &mut Vec<Input>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read(&path, base, inputs);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a readable file");
        let path = path.strip_prefix(base).expect("below the base").to_string_lossy().replace('\\', "/");
        inputs.push(Input { path, kind: SourceKind::File, named: false, text: Ok(text) });
    }
}

fn division(inventory: &Inventory) -> String {
    let mut files: BTreeMap<EnvironmentId, Vec<String>> = BTreeMap::new();
    for (id, document) in inventory.documents().filter(|(_, document)| document.role == Role::Object) {
        let held = files.entry(document.environment).or_default();
        let path = inventory.path(id).to_string();
        if held.last() != Some(&path) {
            held.push(path);
        }
    }
    let environments = inventory.environments();
    let mut lines: Vec<String> = Vec::new();
    for (id, held) in &files {
        let environment = &environments[id.index()];
        let others = environment.visible.iter().filter(|other| **other != *id && files.contains_key(other));
        let mut seen: Vec<&str> = others.map(|other| environments[other.index()].path.as_str()).collect();
        seen.sort_unstable();
        let mut line = environment.path.clone();
        if !seen.is_empty() {
            let _ = write!(line, " sees {}", seen.join(", "));
        }
        let incomplete = environment.incomplete.iter().map(|why| format!("  incomplete: {why}\n"));
        let fragment = environment.fragment.then(|| "  fragment\n".to_string());
        let held = held.iter().map(|path| format!("  {path}\n"));
        lines.push(format!("{line}\n{}", incomplete.chain(fragment).chain(held).collect::<String>()));
    }
    lines.sort();
    lines.concat()
}

fn check(name: &str) {
    let base = root();
    let mut inputs = Vec::new();
    read(&base.join(name), &base.join(name), &mut inputs);
    let loaded = inventory::load(inputs, false);
    let expected = fs::read_to_string(base.join(format!("{name}.txt"))).expect("the division");
    let found = division(&loaded.inventory);
    assert_eq!(found, expected, "\nthe division of {name}:\n{found}");
}

#[test]
fn rendered_releases_are_variants_and_roots_see_what_they_are_built_of() {
    check("rendered-releases");
}

#[test]
fn components_meet_the_base_of_the_roots_that_use_them() {
    check("demo-with-components");
}

#[test]
fn configurations_of_one_cluster_each_stand_alone() {
    check("configurations-by-version");
}
