//! Drift: what files declare and a cluster has otherwise.
//!
//! Only what is written down is compared. What a cluster adds (defaults, addresses, injected containers) is no drift, nor is
//! what an autoscaler sets. Quantities are compared by value; secrets cannot be compared, because nobody can read them.

use std::collections::BTreeMap;

use super::assemble::region;
use crate::inventory::{Document, DocumentId, Inventory, Link};
use crate::report::{Location, LocationSource, ProblemNote};
use crate::syntax::{Data, View};
use crate::values::Quantity;
use crate::vocabulary::{Place, ProblemKind};

/// Parts of an object that a cluster writes, or that say nothing of how it runs.
const NOT_COMPARED: &[&str] = &["apiVersion", "kind", "metadata", "status"];
/// Kinds of which a scan keeps parts only, or that it does not read.
const KINDS_NOT_COMPARED: &[&str] = &["Secret", "CustomResourceDefinition"];
/// Longest value that is shown.
const LONGEST: usize = 60;

/// What differs, as notes at the lines of the files, in their order.
pub(super) fn notes(files: &Inventory, cluster: &Inventory) -> Vec<ProblemNote> {
    let mut declared: BTreeMap<Identity<'_>, Vec<DocumentId>> = BTreeMap::new();
    for (id, document) in files.objects() {
        if let Some(identity) = identity(document) {
            declared.entry(identity).or_default().push(id);
        }
    }
    let mut running: BTreeMap<Name<'_>, Vec<(Option<&str>, DocumentId)>> = BTreeMap::new();
    for (id, document) in cluster.objects() {
        if let Some((name, namespace)) = identity(document) {
            running.entry(name).or_default().push((namespace, id));
        }
    }
    let mut drift = Drift { files, cluster, found: Vec::new() };
    let mut variants = 0;
    for ((name, namespace), ids) in &declared {
        match (ids.as_slice(), running.get(name).and_then(|alike| find(alike, *namespace))) {
            // Which of several variants is meant to run, nobody says.
            ([_, _, ..], _) => variants += 1,
            ([id], Some(running)) => drift.object(*id, running),
            ([id], None) => drift.absent(*id),
            ([], _) => {}
        }
    }
    let mut found = drift.found;
    found.sort_by_key(|(place, _)| *place);
    let mut notes: Vec<ProblemNote> = found.into_iter().map(|(place, message)| note(files, place, message)).collect();
    if variants > 0 {
        let message = format!("{variants} objects are declared more than once, and were not compared with the cluster");
        notes.push(ProblemNote { code: ProblemKind::LiveDrift, message, location: None });
    }
    notes
}

/// Group, kind, name.
type Name<'a> = (&'a str, &'a str, &'a str);

/// With the namespace.
type Identity<'a> = (Name<'a>, Option<&'a str>);

fn identity(document: &Document) -> Option<Identity<'_>> {
    let key = document.key.as_ref().filter(|key| !key.name.is_empty())?;
    let compared = !KINDS_NOT_COMPARED.contains(&&*key.kind);
    compared.then_some(((&*key.group, &*key.kind, &*key.name), key.namespace.as_deref()))
}

/// The same object among those of its name in the cluster. One without a namespace is found where only one namespace has it.
fn find(alike: &[(Option<&str>, DocumentId)], namespace: Option<&str>) -> Option<DocumentId> {
    if let Some((_, id)) = alike.iter().find(|(other, _)| *other == namespace) {
        return Some(*id);
    }
    match (namespace, alike) {
        (None, [(_, id)]) => Some(*id),
        _ => None,
    }
}

fn note(files: &Inventory, place: Place, message: String) -> ProblemNote {
    let position = files.sources().locate(place.source, place.span);
    let location = Location {
        source: LocationSource::File,
        path: position.path.to_string(),
        region: Some(region(&position)),
        field: String::new(),
        object: String::new(),
        // The report's texts are those of the cluster.
        place: None,
    };
    ProblemNote { code: ProblemKind::LiveDrift, message, location: Some(location) }
}

struct Drift<'a> {
    files: &'a Inventory,
    cluster: &'a Inventory,
    found: Vec<(Place, String)>,
}

impl<'a> Drift<'a> {
    fn name(&self, id: DocumentId) -> String {
        let document = self.files.document(id);
        let namespace = document.namespace();
        let name = document.key.as_ref().map(|key| key.name.clone()).unwrap_or_default();
        let parts = [Some(document.kind()), namespace.as_deref(), Some(&*name)];
        parts.into_iter().flatten().collect::<Vec<_>>().join("/")
    }

    /// What is not there is told where everything of its kind was seen.
    fn absent(&mut self, id: DocumentId) {
        let document = self.files.document(id);
        let namespace = document.namespace();
        let seen = self
            .cluster
            .listings()
            .is_some_and(|listings| listings.of_alone(document.kind(), namespace.as_deref()).reason().is_none());
        let root = document.view(self.files.forest());
        let name = root.path("metadata.name").filter(|name| name.unknown().is_none());
        if let Some(name) = name.filter(|_| seen) {
            let message = format!("`{}` is declared and not in the cluster", self.name(id));
            self.found.push((Place { source: document.source, span: name.span() }, message));
        }
    }

    fn object(&mut self, id: DocumentId, running_id: DocumentId) {
        let (declared, running) = (self.files.document(id), self.cluster.document(running_id));
        let same_version =
            declared.key.as_ref().map(|key| &key.version) == running.key.as_ref().map(|key| &key.version);
        if !same_version {
            return;
        }
        let name = self.name(id);
        let scaled = [(self.files, id), (self.cluster, running_id)]
            .iter()
            .any(|(inventory, id)| !inventory.links().to(Link::Scale, *id).is_empty());
        let (root, there) = (declared.view(self.files.forest()), running.view(self.cluster.forest()));
        for (key, value) in root.entries().filter(|(key, _)| !NOT_COMPARED.contains(key)) {
            let mut found = Vec::new();
            compare(key, value, there.get(key), &mut found);
            for Difference { path, at, text } in found {
                if !(scaled && path == "spec.replicas") {
                    let message = format!("`{name}` {path} {text}");
                    self.found.push((Place { source: declared.source, span: at.span() }, message));
                }
            }
        }
    }
}

/// One value that is not what was declared.
struct Difference<'a> {
    path: String,
    at: View<'a>,
    text: String,
}

/// Compares what is declared with what is there; only keys and elements that are declared.
fn compare<'a>(path: &str, declared: View<'a>, there: Option<View<'_>>, found: &mut Vec<Difference<'a>>) {
    if declared.is_map() {
        for (key, value) in declared.entries() {
            compare(&format!("{path}.{key}"), value, there.and_then(|there| there.get(key)), found);
        }
    } else if declared.is_list() {
        for (index, element) in declared.items().enumerate() {
            let (step, other) = counterpart(index, element, there);
            compare(&format!("{path}[{step}]"), element, other, found);
        }
    } else if let Some(text) = difference(declared, there) {
        found.push(Difference { path: path.to_string(), at: declared, text });
    }
}

/// The element of the same name, else that at the same place.
fn counterpart<'t>(index: usize, element: View<'_>, there: Option<View<'t>>) -> (String, Option<View<'t>>) {
    let mut others = there.into_iter().flat_map(View::items);
    match element.str_at("name") {
        Some(name) => (format!("name={name}"), others.find(|other| other.str_at("name") == Some(name))),
        None => (index.to_string(), others.nth(index)),
    }
}

/// What to say of two scalars that differ. What says nothing (null, a placeholder, a secret) differs from nothing, and what
/// is empty is the same as what is not there.
fn difference(declared: View<'_>, there: Option<View<'_>>) -> Option<String> {
    let hidden = |view: View<'_>| matches!(view.data(), Data::Unknown | Data::Redacted(_) | Data::Null);
    if hidden(declared) || there.is_some_and(hidden) {
        return None;
    }
    let wanted = text(declared);
    let Some(there) = there else {
        let empty = matches!(wanted.as_str(), "" | "0" | "false");
        return (!empty).then(|| format!("is {} in the files and unset in the cluster", shown(&wanted)));
    };
    let has = text(there);
    let same =
        wanted == has || matches!((wanted.parse::<Quantity>(), has.parse::<Quantity>()), (Ok(a), Ok(b)) if a == b);
    (!same).then(|| format!("is {} in the files and {} in the cluster", shown(&wanted), shown(&has)))
}

fn text(view: View<'_>) -> String {
    match view.data() {
        Data::Str(_) => view.str().unwrap_or_default().to_string(),
        Data::Int(value) => value.to_string(),
        Data::Bool(value) => value.to_string(),
        Data::Float(value) => value.to_string(),
        _ => String::new(),
    }
}

/// A short value as it is; of a long one, that there is one.
fn shown(text: &str) -> String {
    if text.len() > LONGEST || text.contains('\n') { "another text".to_string() } else { format!("`{text}`") }
}
