//! Trees to documents: identities, environments, links, completeness, redaction.
//!
//! Knows how Kubernetes names and selects things, and where secrets stand. Knows nothing of rules, and judges nothing.

mod captured;
mod completeness;
mod document;
mod duplicates;
mod embedded;
mod environment;
mod inner;
mod isolation;
mod kustomize;
mod links;
mod load;
mod operators;
mod pod_index;
mod pods;
pub mod redaction;
mod scan;
mod script;
mod selectors;
mod surprise;

pub use completeness::Completeness;
pub use document::{Document, DocumentId, Key, Role};
pub use environment::{Environment, EnvironmentId};
pub use isolation::policy_selectors;
pub use kustomize::{BUILDS_ON, ROOT_NAMES};
pub use links::{Link, Links};
pub use load::{DocumentCounts, Input, Loaded, Rendered, Rendering, load, load_rendered};
pub use operators::makes_pods;
pub use pod_index::scope;
pub use pods::{POD_KINDS, PodKind, PodTemplate, anti_affinity_terms, pod_kind, pod_template};
pub use scan::{Listings, controller, is_optional, load_dump, load_scan, trim, without_secrets};
pub use selectors::{Fit, Labels, Shown, hides, label_selector};

use std::sync::Arc;

use crate::source::Sources;
use crate::syntax::{Forest, Tree};
use crate::vocabulary::{Reason, TreeId, UnknownCode};

/// Everything that was read, divided and linked.
#[derive(Debug)]
pub struct Inventory {
    sources: Sources,
    forest: Forest,
    documents: Vec<Document>,
    environments: Vec<Environment>,
    members: Vec<Vec<DocumentId>>,
    names: links::Names,
    links: Links,
    inner: inner::Inner,
    partial: bool,
    listings: Option<Listings>,
}

impl Inventory {
    /// Divides and links documents. `partial`: the input is declared to be part of a larger whole.
    pub fn new(sources: Sources, forest: Forest, mut documents: Vec<Document>, partial: bool) -> Self {
        let environments = environment::divide(&forest, &sources, &mut documents);
        Inventory::linked(sources, forest, documents, environments, partial, None)
    }

    /// The documents of one cluster, and what was seen of each kind.
    pub fn of_cluster(sources: Sources, forest: Forest, documents: Vec<Document>, listings: Listings) -> Self {
        let environments = vec![Environment::whole()];
        Inventory::linked(sources, forest, documents, environments, false, Some(listings))
    }

    fn linked(
        sources: Sources,
        forest: Forest,
        documents: Vec<Document>,
        environments: Vec<Environment>,
        partial: bool,
        listings: Option<Listings>,
    ) -> Self {
        let members = environment::members(&environments, &documents);
        let (names, links) = (links::Names::default(), Links::default());
        let inner = inner::Inner::find(&sources, &documents);
        let mut inventory =
            Inventory { sources, forest, documents, environments, members, names, links, inner, partial, listings };
        inventory.names = inventory.name_objects();
        inventory.links = Links::find(&inventory);
        inventory
    }

    /// Whether the control plane itself made an object: nobody can be told to change it.
    fn is_shipped(&self, id: DocumentId) -> bool {
        self.listings.is_some() && scan::is_shipped(self.document(id), &self.forest)
    }

    /// What was seen of each kind, where the input is a cluster. Then pods that nobody wrote down are there too.
    pub fn listings(&self) -> Option<&Listings> {
        self.listings.as_ref()
    }

    fn name_objects(&self) -> links::Names {
        let mut names = links::Names::default();
        for (id, document) in self.objects() {
            if let Some(key) = &document.key {
                names.add(&key.kind, &key.name, id);
            }
        }
        names
    }

    /// The source texts.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// All trees.
    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// Adds a fact tree.
    pub fn add_tree(&mut self, tree: Tree) -> TreeId {
        self.forest.push(tree)
    }

    /// Forgets the fact trees from `first` on.
    pub fn forget_trees(&mut self, first: TreeId) {
        self.forest.truncate(first);
    }

    /// All environments; ids index them.
    pub fn environments(&self) -> &[Environment] {
        &self.environments
    }

    /// The documents of an environment, in order.
    pub fn members(&self, id: EnvironmentId) -> &[DocumentId] {
        &self.members[id.index()]
    }

    /// A document.
    pub fn document(&self, id: DocumentId) -> &Document {
        &self.documents[id.index()]
    }

    /// All documents in order.
    pub fn documents(&self) -> impl Iterator<Item = (DocumentId, &Document)> {
        self.documents
            .iter()
            .enumerate()
            .map(|(i, document)| (DocumentId(u32::try_from(i).unwrap_or(u32::MAX)), document))
    }

    /// Documents that are objects of their own (no patches, no foreign files).
    pub fn objects(&self) -> impl Iterator<Item = (DocumentId, &Document)> {
        self.documents().filter(|(_, document)| document.role == Role::Object)
    }

    /// The objects that may be wrong: all but those that the control plane made.
    pub fn judged(&self) -> impl Iterator<Item = DocumentId> {
        self.objects().map(|(id, _)| id).filter(|&id| !self.is_shipped(id))
    }

    /// The links.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Whether `to` is visible from `from`: same or related environment.
    pub fn sees(&self, from: DocumentId, to: DocumentId) -> bool {
        let visible = &self.environments[self.document(from).environment.index()].visible;
        visible.binary_search(&self.document(to).environment).is_ok()
    }

    /// Whether two namespaced objects can meet: visible, and in one namespace. A namespace that nobody wrote is set at apply
    /// time and may be any.
    pub fn meets(&self, from: DocumentId, to: DocumentId) -> bool {
        let namespace = |id: DocumentId| self.document(id).key.as_ref().and_then(|key| key.namespace.as_ref());
        let same = match (namespace(from), namespace(to)) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        same && self.sees(from, to)
    }

    /// The objects that `kind` and `name` mean, seen from `from`.
    pub fn named(&self, from: DocumentId, kind: &str, name: &str) -> Vec<DocumentId> {
        self.names.get(kind, name).iter().copied().filter(|&to| self.meets(from, to)).collect()
    }

    /// The same in a namespace that `from` names.
    pub fn named_in(&self, from: DocumentId, namespace: &str, kind: &str, name: &str) -> Vec<DocumentId> {
        let there = |id: DocumentId| {
            let home = self.document(id).key.as_ref().and_then(|key| key.namespace.as_deref());
            home.is_none_or(|home| home == namespace)
        };
        self.names.get(kind, name).iter().copied().filter(|&to| self.sees(from, to) && there(to)).collect()
    }

    /// Whether an object of that kind and name is declared anywhere, in another variant say, that `named` does not see. A
    /// cluster has no variants.
    pub fn is_named_elsewhere(&self, kind: &str, name: &str) -> bool {
        self.listings.is_none() && !self.names.get(kind, name).is_empty()
    }

    /// Whether an object of a kind has a name of some form.
    pub fn named_anywhere(&self, kind: &str, form: impl Fn(&str) -> bool) -> bool {
        let mut keys = self.objects().filter_map(|(_, document)| document.key.as_ref());
        keys.any(|key| &*key.kind == kind && form(&key.name))
    }

    /// Whether an object of that kind and name is declared where `from` does not see it: in a variant beside it.
    pub fn is_named_out_of_sight(&self, from: DocumentId, kind: &str, name: &str) -> bool {
        self.names.get(kind, name).iter().any(|&to| !self.sees(from, to))
    }

    /// Why the replicas of an object are not what it says, seen from an environment: a Kustomize patch sets them.
    pub fn rescaled(&self, id: DocumentId, seen_from: EnvironmentId) -> Option<Reason> {
        let name = &self.document(id).key.as_ref()?.name;
        let scaled = self.environments[seen_from.index()].scaled.iter().any(|scaled| **scaled == **name);
        scaled.then(|| {
            Reason::new(UnknownCode::Partial, "a Kustomize patch, which is not applied here, sets the replicas")
        })
    }

    /// Whether an operator made an object to guard pods that it replaces by itself.
    pub fn operated(&self, id: DocumentId) -> bool {
        operators::made(self.document(id).view(&self.forest))
    }

    /// Whether the input shows all objects of `kind` that `from` could see.
    pub fn completeness(&self, kind: &str, from: DocumentId) -> Completeness {
        let document = self.document(from);
        match &self.listings {
            Some(listings) => listings.of(kind, document.key.as_ref().and_then(|key| key.namespace.as_deref())),
            None => self.completeness_in(kind, document.environment),
        }
    }

    /// Whether the input shows all objects of `kind` in an environment and what it sees.
    pub fn completeness_in(&self, kind: &str, environment: EnvironmentId) -> Completeness {
        if let Some(listings) = &self.listings {
            return listings.of(kind, None);
        }
        let visible = &self.environments[environment.index()].visible;
        let fragment = self.environments[environment.index()].fragment.then_some(environment::FRAGMENT);
        let remote = visible.iter().find_map(|id| self.environments[id.index()].incomplete.as_deref()).or(fragment);
        completeness::of_files(kind, self.partial, remote)
    }

    /// Objects of one kind that an environment sees.
    pub fn of_kind<'a>(&'a self, kind: &'a str, environment: EnvironmentId) -> impl Iterator<Item = DocumentId> + 'a {
        let visible = &self.environments[environment.index()].visible;
        visible
            .iter()
            .flat_map(|id| self.members(*id))
            .copied()
            .filter(move |&id| self.document(id).role == Role::Object && self.document(id).kind() == kind)
    }

    /// The path of the source a document stands in.
    pub fn path(&self, id: DocumentId) -> &str {
        self.sources.get(self.document(id).source).path()
    }

    /// The text of a source.
    pub fn text(&self, id: DocumentId) -> &Arc<str> {
        self.sources.get(self.document(id).source).text()
    }
}
