//! `--render`: charts and Kustomize roots of the input become what their tools make of them.
//!
//! A chart is rendered once, with the settings that fit its folder. Of Kustomize roots those are built that no other root of
//! the input builds on. What was rendered takes the place of the files it was made from; where a tool fails, the files are
//! read as they are and a problem says why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::inventory::{BUILDS_ON, Input, ROOT_NAMES, Rendered, Rendering};
use crate::settings::Settings;
use crate::source::{FileRef, RenderError, RenderedPiece, helm, kustomize, slashes};
use crate::syntax::yaml;
use crate::vocabulary::{Problem, ProblemKind, SourceId, Span};

/// A folder to render.
struct Folder {
    path: PathBuf,
    /// As reports show it, without a slash at its end; empty for the working directory.
    display: String,
    /// The file that makes it one, as reports show it.
    marker: String,
}

impl Folder {
    fn of(file: &FileRef) -> Folder {
        let path = file.path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let display = file.display.rsplit_once('/').map_or("", |(folder, _)| folder).to_string();
        Folder { path, display, marker: file.display.clone() }
    }

    fn inside(&self, path: &str) -> String {
        if self.display.is_empty() { path.to_string() } else { format!("{}/{path}", self.display) }
    }

    fn holds(&self, path: &str) -> bool {
        self.display.is_empty() || path.strip_prefix(&self.display).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Renders what the files hold.
pub fn render(settings: &Settings, files: &[FileRef], inputs: &[Input]) -> (Rendering, Vec<Problem>) {
    let texts: BTreeMap<&str, &str> =
        inputs.iter().map(|input| (input.path.as_str(), input.text.as_deref().unwrap_or_default())).collect();
    let (mut rendering, mut problems) = (Rendering::default(), Vec::new());
    let charts = charts(files);
    let made: Vec<_> = charts.par_iter().map(|chart| helm(&chart.path, &settings.release(&chart.display))).collect();
    for (chart, made) in charts.iter().zip(made) {
        match made {
            Ok(pieces) => rendering.add_chart(chart, pieces, &texts),
            Err(error) => problems.push(problem("chart", chart, &error)),
        }
    }
    let roots = Roots::find(files, &texts);
    let tops = roots.tops();
    let displays: BTreeMap<PathBuf, &str> = match tops.as_slice() {
        [] => BTreeMap::new(),
        _ => files.iter().filter_map(|file| Some((file.path.canonicalize().ok()?, file.display.as_str()))).collect(),
    };
    let made: Vec<_> = tops.par_iter().map(|&top| kustomize(&roots.folders[top].path)).collect();
    for (&top, made) in tops.iter().zip(made) {
        match made {
            Ok(pieces) => rendering.add_root(&roots, top, pieces, &displays),
            Err(error) => problems.push(problem("Kustomize root", &roots.folders[top], &error)),
        }
    }
    (rendering, problems)
}

fn problem(what: &str, folder: &Folder, error: &RenderError) -> Problem {
    let name = if folder.display.is_empty() { "." } else { &folder.display };
    Problem::run(ProblemKind::TemplateNotEvaluated, format!("{what} `{name}` was not rendered: {error}"))
}

/// The charts that no other chart brings along.
fn charts(files: &[FileRef]) -> Vec<Folder> {
    let all: Vec<Folder> = files.iter().filter(|file| is_named(file, "Chart.yaml")).map(Folder::of).collect();
    let brought =
        |chart: &Folder| all.iter().any(|other| chart.display != other.display && other.holds(&chart.display));
    let outer: Vec<bool> = all.iter().map(|chart| !brought(chart)).collect();
    all.into_iter().zip(outer).filter_map(|(chart, outer)| outer.then_some(chart)).collect()
}

fn is_named(file: &FileRef, name: &str) -> bool {
    file.display.rsplit('/').next() == Some(name)
}

impl Rendering {
    fn add_chart(&mut self, chart: &Folder, pieces: Vec<RenderedPiece>, texts: &BTreeMap<&str, &str>) {
        for piece in pieces {
            let file = piece.file.map_or_else(|| chart.marker.clone(), |file| chart.inside(&slashes(&file)));
            let file = if texts.contains_key(file.as_str()) { file } else { chart.marker.clone() };
            self.texts.push(Rendered { file, home: None, text: piece.text });
        }
        let templates = texts.keys().filter(|path| chart.holds(path) && path.contains("templates/"));
        self.replaced.extend(templates.map(|path| path.to_string()));
    }

    fn add_root(&mut self, roots: &Roots, top: usize, pieces: Vec<RenderedPiece>, displays: &BTreeMap<PathBuf, &str>) {
        let marker = &roots.folders[top].marker;
        for piece in pieces {
            let known = piece.file.and_then(|file| displays.get(&file).map(|file| file.to_string()));
            let file = known.unwrap_or_else(|| marker.clone());
            self.texts.push(Rendered { file, home: Some(marker.clone()), text: piece.text });
        }
        let closure = roots.closure(top);
        let replaced = displays.values().filter(|file| roots.owner(file).is_some_and(|root| closure.contains(&root)));
        self.replaced.extend(replaced.map(|file| file.to_string()));
    }
}

/// The Kustomize roots of the input and what they build on.
struct Roots {
    folders: Vec<Folder>,
    builds_on: Vec<Vec<usize>>,
}

impl Roots {
    fn find(files: &[FileRef], texts: &BTreeMap<&str, &str>) -> Roots {
        let text = |marker: &str| texts.get(marker).copied().unwrap_or_default();
        // A component is no root: it is built as part of one.
        let is_root = |file: &&FileRef| {
            ROOT_NAMES.iter().any(|name| is_named(file, name)) && !text(&file.display).contains("kind: Component")
        };
        let folders: Vec<Folder> = files.iter().filter(is_root).map(Folder::of).collect();
        let by_path: BTreeMap<PathBuf, usize> = folders
            .iter()
            .enumerate()
            .filter_map(|(root, folder)| Some((folder.path.canonicalize().ok()?, root)))
            .collect();
        let builds_on = |folder: &Folder| {
            let named = named(text(&folder.marker)).into_iter();
            named.filter_map(|name| by_path.get(&folder.path.join(name).canonicalize().ok()?).copied()).collect()
        };
        let builds_on = folders.iter().map(builds_on).collect();
        Roots { folders, builds_on }
    }

    /// Roots that no other root builds on.
    fn tops(&self) -> Vec<usize> {
        let bases: BTreeSet<usize> = self.builds_on.iter().flatten().copied().collect();
        (0..self.folders.len()).filter(|root| !bases.contains(root)).collect()
    }

    fn closure(&self, top: usize) -> BTreeSet<usize> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![top]);
        while let Some(root) = open.pop() {
            if seen.insert(root) {
                open.extend(&self.builds_on[root]);
            }
        }
        seen
    }

    /// The root in whose folder a file lies.
    fn owner(&self, path: &str) -> Option<usize> {
        let around = (0..self.folders.len()).filter(|&root| self.folders[root].holds(path));
        around.max_by_key(|&root| self.folders[root].display.len())
    }
}

/// What a root builds on, as it says it.
fn named(text: &str) -> Vec<String> {
    let shared: Arc<str> = Arc::from(text);
    let (trees, _) = yaml::read(SourceId::default(), &shared, Span::new(0, text.len()));
    let Some(tree) = trees.into_iter().find(|tree| !tree.is_empty()) else { return Vec::new() };
    let root = tree.root();
    let lists = BUILDS_ON.iter().filter_map(|list| tree.get(root, list));
    lists.flat_map(|list| tree.elements(list).to_vec()).filter_map(|item| tree.str(item).map(str::to_string)).collect()
}
