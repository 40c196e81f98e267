//! From what a cluster answered to an inventory: every object a document of its own, in one environment.
//!
//! `trim` makes each object small and safe while it arrives, before a scan or a snapshot holds it; `listing` says what may be
//! concluded from an absence; `cluster` turns answers that are no objects into documents. Where a scan comes from is no
//! question of this module.

mod cluster;
mod listing;
mod marker;
mod shipped;
mod trim;

use std::sync::Arc;

use rayon::prelude::*;

pub use listing::{Listings, is_optional, reason};
pub use shipped::is_shipped;
pub use trim::trim;

use super::load::{Loading, read_all};
use super::{Document, Input, Inventory, Loaded, Rendering, Role, redaction};
use crate::source::{ListState, Listed, Scan, SourceKind};
use crate::syntax::{Forest, Format, Tree, View, json};
use crate::vocabulary::{Problem, ProblemKind, SourceId, Span, UnknownCode};

/// Reads a scan. `kind` says whether it is the cluster itself or a snapshot of it.
pub fn load_scan(mut scan: Scan, kind: &SourceKind) -> Loaded {
    let listings = Listings::new(&scan.lists).answered(&scan.answers).named(scan.cluster.clone());
    let mut loading = Loading::default();
    loading.problems.extend(notes(&scan));
    for (path, text) in cluster::documents(&scan) {
        let tree = read(loading.next_source(), Arc::from(text));
        loading.add_object(kind, path.trim_end_matches('/'), tree);
    }
    let first = loading.next_source().0;
    let objects = std::mem::take(&mut scan.objects);
    let read: Vec<(String, Result<Tree, Problem>)> = objects
        .into_par_iter()
        .enumerate()
        .map(|(at, object)| {
            let source = SourceId(first.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)));
            let tree = read(source, Arc::from(object.text));
            (tree.as_ref().map_or_else(|_| format!("object {}", at + 1), name), tree)
        })
        .collect();
    for (path, tree) in read {
        loading.add_object(kind, &path, tree);
    }
    loading.embedded();
    finish(loading, listings)
}

/// Reads files that hold the objects of a whole cluster, as `kubectl get` prints them; findings keep their lines.
pub fn load_dump(inputs: Vec<Input>, lists: &[Listed]) -> Loaded {
    let (loading, _) = read_all(inputs, Rendering::default());
    finish(loading, Listings::new(lists))
}

fn finish(loading: Loading, listings: Listings) -> Loaded {
    let Loading { sources, forest, mut documents, mut problems, counts, failed_named, marks } = loading;
    find_parts(&forest, &mut documents);
    problems.sort();
    let inventory = Inventory::of_cluster(sources, forest, documents, listings);
    Loaded { inventory, problems, failed_named, counts, marks }
}

/// An object's tree. Objects were redacted when they arrived; answers, and what somebody else wrote into a file, were not.
fn read(source: SourceId, mut text: Arc<str>) -> Result<Tree, Problem> {
    let (mut trees, problems) = json::read(source, &text, Span::new(0, text.len()));
    let broken = problems.into_iter().find(|problem| problem.kind != ProblemKind::DuplicateKey);
    let nothing = || Problem::at(ProblemKind::ParseError, source, Span::default(), "JSON does not parse: no object");
    if let Some(problem) = broken.or_else(|| (trees.len() != 1).then(nothing)) {
        return Err(problem);
    }
    trees.iter_mut().for_each(marker::restore);
    redaction::redact(&mut trees, &mut text);
    let mut tree = trees.pop().ok_or_else(nothing)?;
    tree.shrink();
    Ok(tree)
}

/// The text of an answer without its secrets, of the same length.
pub fn without_secrets(text: &str) -> String {
    let mut shared: Arc<str> = Arc::from(text);
    let (mut trees, _) = json::read(SourceId::default(), &shared, Span::new(0, text.len()));
    redaction::redact(&mut trees, &mut shared);
    shared.to_string()
}

/// `Deployment/shop/web`
fn name(tree: &Tree) -> String {
    let root = tree.root();
    let text = |at| tree.get(at?, "name").and_then(|name| tree.str(name));
    let metadata = tree.get(root, "metadata");
    let namespace = metadata.and_then(|metadata| tree.get(metadata, "namespace")).and_then(|name| tree.str(name));
    let kind = tree.get(root, "kind").and_then(|kind| tree.str(kind));
    let parts = [kind, namespace, text(metadata)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}

/// Objects that are judged with the controller that made them.
fn find_parts(forest: &Forest, documents: &mut [Document]) {
    for document in documents.iter_mut().filter(|document| document.role == Role::Object) {
        let owners = owners(document.view(forest));
        if trim::controller_of(document.kind(), owners.iter().map(|(kind, _, controls)| (*kind, *controls))).is_some() {
            document.role = Role::Part;
        }
    }
}

/// Kind and name of every owner, and whether it controls the object.
fn owners(root: View<'_>) -> Vec<(&str, &str, bool)> {
    let owners = root.path("metadata.ownerReferences").into_iter().flat_map(View::items);
    owners.filter_map(owner).collect()
}

/// The controller of an object that is judged with it: kind and name.
pub fn controller(root: View<'_>) -> Option<(&str, &str)> {
    let (kind, name, _) = owners(root).into_iter().find(|(.., controls)| *controls)?;
    Some((kind, name))
}

fn owner(owner: View<'_>) -> Option<(&str, &str, bool)> {
    let controls = owner.get("controller").and_then(View::bool).unwrap_or(false);
    Some((owner.str_at("kind")?, owner.str_at("name")?, controls))
}

/// What a reader must know of lists that did not come through.
fn notes(scan: &Scan) -> Vec<Problem> {
    let mut refused: Vec<&str> = Vec::new();
    let mut notes = Vec::new();
    for listed in &scan.lists {
        let plural = &listed.resource.plural;
        match (&listed.state, reason(listed)) {
            (ListState::Failed(why), _) => notes.push(format!("the list of `{plural}` broke off: {why}")),
            (_, Some(reason)) if reason.code == UnknownCode::Forbidden => refused.push(plural),
            (_, Some(reason)) => notes.push(reason.text.to_string()),
            _ => {}
        }
        if listed.inconsistent {
            notes.push(format!("the list of `{plural}` took so long that its pages are not of one moment"));
        }
    }
    if !refused.is_empty() {
        notes.push(format!("the account may not list {}; what needs them is unknown", refused.join(", ")));
    }
    notes.into_iter().map(|note| Problem::run(ProblemKind::Unreadable, note)).collect()
}

impl Loading {
    fn next_source(&self) -> SourceId {
        SourceId(u32::try_from(self.sources.iter().len()).unwrap_or(u32::MAX))
    }

    /// An object with a source of its own.
    fn add_object(&mut self, kind: &SourceKind, path: &str, tree: Result<Tree, Problem>) {
        let text = tree.as_ref().map_or_else(|_| Arc::from(""), |tree| tree.source_text().clone());
        let source = self.sources.push(kind.clone(), path, text);
        match tree {
            Ok(tree) => {
                self.counts.read += 1;
                self.add_trees(source, Format::Json, vec![tree]);
            }
            Err(problem) => {
                self.counts.failed += 1;
                self.problems.push(problem);
            }
        }
    }
}
