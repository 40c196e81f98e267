//! The shape of the house: layers import only what stands to their left, and files and functions stay small.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop")]

use std::fs;
use std::path::{Path, PathBuf};

/// The layers in the order of the flow. A layer may name itself and those before it.
const LAYERS: &[&str] = &[
    "vocabulary",
    "source",
    "syntax",
    "values",
    "expr",
    "inventory",
    "facts",
    "rule",
    "engine",
    "triage",
    "score",
    "report",
    "cli",
    "settings",
    "audit",
    "commands",
];

/// Layers that may touch files, standard streams or the clock.
const MAY_DO_IO: &[&str] = &["source", "rule", "cli", "audit", "commands"];

/// Most lines of a file.
const LONGEST_FILE: usize = 600;

/// Most lines of the median file.
const MEDIAN_FILE: usize = 200;

/// Most lines of a function.
const LONGEST_FUNCTION: usize = 100;

/// Most lines of the median function.
const MEDIAN_FUNCTION: usize = 10;

struct SourceFile {
    path: PathBuf,
    layer: String,
    /// Without its tests.
    text: String,
}

fn files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).expect("below src");
            let first = inside.iter().next().expect("a name").to_string_lossy();
            let layer = first.trim_end_matches(".rs").to_string();
            let text = fs::read_to_string(&path).expect("readable");
            let text = text.split("#[cfg(test)]").next().expect("at least one part").to_string();
            SourceFile { path, layer, text }
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn position(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|known| *known == layer)
}

#[test]
fn every_folder_is_a_layer() {
    for file in files() {
        let known = position(&file.layer).is_some() || ["main", "lib"].contains(&file.layer.as_str());
        assert!(known, "{}: `{}` is no layer; give it its place in LAYERS", file.path.display(), file.layer);
    }
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for file in files() {
        let Some(own) = position(&file.layer) else { continue };
        for (number, line) in file.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for after in line.split("crate::").skip(1) {
                let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if position(&name).is_some_and(|other| other > own) {
                    wrong.push(format!(
                        "{}:{}: `{}` may not know `{name}`",
                        file.path.display(),
                        number + 1,
                        file.layer
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_edges_touch_the_world() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| !MAY_DO_IO.contains(&file.layer.as_str()) && file.layer != "main") {
        for word in [
            "std::fs",
            "std::env",
            "std::process",
            "std::net::Tcp",
            "std::net::Udp",
            "std::time::SystemTime",
            "Timestamp::now",
        ] {
            if file.text.contains(word) {
                wrong.push(format!("{}: `{word}`", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "only {MAY_DO_IO:?} may:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_cluster_source_knows_the_network() {
    const WORDS: &[&str] = &[
        "kube::",
        "hyper::",
        "hyper_util",
        "tokio::net",
        "tokio_rustls",
        "std::net::Tcp",
        "std::net::Udp",
        "UnixStream",
    ];
    let inside = |file: &SourceFile, part: &str| file.path.to_string_lossy().replace('\\', "/").contains(part);
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| !inside(file, "src/source/cluster/")) {
        wrong.extend(WORDS.iter().filter(|word| file.text.contains(**word)).map(|word| (file.path.clone(), *word)));
        let asks = ["cluster::scan(", "cluster::preflight("].iter().find(|call| file.text.contains(**call));
        wrong.extend(asks.filter(|_| !inside(file, "src/commands/live.rs")).map(|call| (file.path.clone(), *call)));
    }
    assert!(wrong.is_empty(), "only src/source/cluster, asked by src/commands/live.rs alone, may: {wrong:?}");
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> =
        files().into_iter().filter(|file| !file.text.starts_with("//!")).map(|file| file.path).collect();
    assert!(silent.is_empty(), "these begin without a `//!` paragraph: {silent:?}");
}

#[test]
fn files_stay_small() {
    let mut sizes: Vec<(usize, PathBuf)> =
        files().into_iter().map(|file| (file.text.lines().count(), file.path)).collect();
    sizes.sort();
    let longest = sizes.last().expect("files");
    assert!(longest.0 <= LONGEST_FILE, "{} has {} lines", longest.1.display(), longest.0);
    let median = sizes[sizes.len() / 2].0;
    assert!(median <= MEDIAN_FILE, "the median file has {median} lines");
}

#[test]
fn functions_stay_small() {
    let mut sizes: Vec<(usize, String)> = files().iter().flat_map(functions).collect();
    sizes.sort();
    let longest = sizes.last().expect("functions");
    assert!(longest.0 <= LONGEST_FUNCTION, "{} has {} lines", longest.1, longest.0);
    let median = sizes[sizes.len() / 2].0;
    assert!(median <= MEDIAN_FUNCTION, "the median function has {median} lines");
}

/// Lines of each function, by rustfmt's indentation: from `fn` to the brace that closes it.
fn functions(file: &SourceFile) -> Vec<(usize, String)> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let body = line.trim_start();
        let is_function = ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn ", "const fn ", "pub const fn "]
            .iter()
            .any(|prefix| body.starts_with(prefix));
        if !is_function || body.ends_with('}') || body.ends_with(';') {
            continue;
        }
        let closing = format!("{}}}", &line[..line.len() - body.len()]);
        let end = lines[start..].iter().position(|line| *line == closing).unwrap_or(0);
        found.push((end + 1, format!("{}:{}", file.path.display(), start + 1)));
    }
    found
}
