//! Environments: which documents of a repository are one cluster's worth, and which are variants of each other.
//!
//! A Kustomize root with its closure is an environment. Other documents form one environment until two of them carry the
//! same key; then the sibling paths that collide become environments of their own, and what collides with nothing stays
//! in the nearest common parent, visible to all of them. Links never leave what is visible.

use std::collections::{BTreeMap, BTreeSet};

use super::kustomize::{self, Roots};
use super::{Document, DocumentId, Key, Role, pod_kind};
use crate::source::Sources;
use crate::syntax::Forest;

/// Index of an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentId(pub u32);

impl EnvironmentId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One cluster's worth of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The path that names it: a directory, or a file where files of one directory collide.
    pub path: String,
    /// Environments whose documents its own may link to, itself included, sorted.
    pub visible: Vec<EnvironmentId>,
    /// The input is only part of it: a Kustomize root that pulls in what is not there.
    pub incomplete: Option<String>,
    /// Labels that the Kustomize roots it is built by add to its pods.
    pub labels: Vec<(String, String)>,
    /// Names of objects whose replicas Kustomize patches set, wherever it is built.
    pub scaled: Vec<String>,
    /// A variant without workloads of its own: what it varies completes it.
    pub fragment: bool,
    /// A Kustomize root: what its documents lack, its transformers and patches may add.
    pub kustomized: bool,
}

/// What is to be said of a fragment.
pub const FRAGMENT: &str = "the documents vary others and declare no workload themselves";

/// Divides documents into environments; sets each document's environment, role and Kustomize namespace.
pub fn divide(forest: &Forest, sources: &Sources, documents: &mut [Document]) -> Vec<Environment> {
    let roots = kustomize::apply(forest, sources, documents);
    let mut division = Division { environments: Vec::new(), parents: Vec::new() };
    let mut trie = PathNode::default();
    for (index, document) in documents.iter().enumerate() {
        let path = sources.get(document.source).home();
        if !roots.owns(path) && document.role != Role::Patch {
            trie.insert(path, index);
        }
    }
    let (base, trie) = trie.common_prefix();
    let root = division.add(if base.is_empty() { ".".to_string() } else { base.clone() }, None);
    division.assign(&trie, &base, root, documents);
    division.link_plain();
    division.find_fragments(documents);
    division.add_kustomize(&roots, sources, documents);
    division.environments
}

struct Division {
    environments: Vec<Environment>,
    parents: Vec<Option<EnvironmentId>>,
}

impl Division {
    fn add(&mut self, path: String, parent: Option<EnvironmentId>) -> EnvironmentId {
        let id = EnvironmentId(u32::try_from(self.environments.len()).unwrap_or(u32::MAX));
        self.environments.push(Environment {
            path,
            visible: vec![id],
            incomplete: None,
            labels: Vec::new(),
            scaled: Vec::new(),
            fragment: false,
            kustomized: false,
        });
        self.parents.push(parent);
        id
    }

    /// Gives the documents below `node` to `owner`, and colliding children environments of their own.
    fn assign(&mut self, node: &PathNode, path: &str, owner: EnvironmentId, documents: &mut [Document]) {
        for &index in &node.documents {
            documents[index].environment = owner;
        }
        let colliding = colliding_children(node, documents);
        for (name, child) in &node.children {
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let owner = if colliding.contains(name.as_str()) { self.add(path.clone(), Some(owner)) } else { owner };
            self.assign(child, &path, owner, documents);
        }
    }

    /// Plain environments see their ancestors and everything below themselves.
    fn link_plain(&mut self) {
        for index in 0..self.environments.len() {
            let id = self.environments[index].visible[0];
            let mut above = self.parents[index];
            while let Some(parent) = above {
                self.environments[index].visible.push(parent);
                self.environments[parent.index()].visible.push(id);
                above = self.parents[parent.index()];
            }
        }
        for environment in &mut self.environments {
            environment.visible.sort_unstable();
        }
    }

    /// Only variants can be fragments: what stands in the root is all there is.
    fn find_fragments(&mut self, documents: &[Document]) {
        let stands_alone = |key: &Key| pod_kind(key).is_some() || SINGLETONS.contains(&&*key.kind);
        let is_whole = |document: &&Document| document.key.as_ref().is_some_and(stands_alone);
        let whole: BTreeSet<EnvironmentId> =
            documents.iter().filter(is_whole).map(|document| document.environment).collect();
        let id = |index: usize| EnvironmentId(u32::try_from(index).unwrap_or(u32::MAX));
        for (index, environment) in self.environments.iter_mut().enumerate() {
            environment.fragment = self.parents[index].is_some() && !whole.contains(&id(index));
        }
    }

    /// A Kustomize root sees its closure; what roots share sees all of them.
    fn add_kustomize(&mut self, roots: &Roots, sources: &Sources, documents: &mut [Document]) {
        let ids: Vec<EnvironmentId> = roots.all().iter().map(|root| self.add(root.path.clone(), None)).collect();
        ids.iter().for_each(|id| self.environments[id.index()].kustomized = true);
        for document in documents.iter_mut() {
            if let Some(root) = roots.owner(sources.get(document.source).home()) {
                document.environment = ids[root];
            }
        }
        for (index, &id) in ids.iter().enumerate() {
            let visible: BTreeSet<EnvironmentId> = roots.visible(index).into_iter().map(|root| ids[root]).collect();
            let environment = &mut self.environments[id.index()];
            environment.visible = visible.into_iter().collect();
            environment.scaled = roots.scaled(index);
            environment.labels = roots.labels(index);
            environment.incomplete = roots.all()[index].incomplete.clone();
        }
    }
}

/// A directory or file on the way to documents.
#[derive(Default)]
struct PathNode {
    children: BTreeMap<String, PathNode>,
    documents: Vec<usize>,
}

impl PathNode {
    fn insert(&mut self, path: &str, document: usize) {
        let mut node = self;
        // The slash of an absolute path stays with its first part.
        let (lead, rest) = path.strip_prefix('/').map_or(("", path), |rest| ("/", rest));
        for (index, part) in rest.split('/').enumerate() {
            let name = if index == 0 { format!("{lead}{part}") } else { part.to_string() };
            node = node.children.entry(name).or_default();
        }
        node.documents.push(document);
    }

    /// The path all documents share, and the node there (never a file, so that a lone file's folder names it).
    fn common_prefix(self) -> (String, PathNode) {
        let (mut path, mut node) = (String::new(), self);
        while node.documents.is_empty() && node.children.len() == 1 {
            let is_directory = node.children.values().all(|child| child.documents.is_empty());
            let Some((name, child)) = node.children.pop_first().filter(|_| is_directory) else { break };
            path = if path.is_empty() { name } else { format!("{path}/{name}") };
            node = child;
        }
        (path, node)
    }

    fn each_document(&self, visit: &mut impl FnMut(usize)) {
        self.documents.iter().for_each(|&index| visit(index));
        self.children.values().for_each(|child| child.each_document(visit));
    }
}

/// Names of the children that carry a key which a sibling carries too.
fn colliding_children<'a>(node: &'a PathNode, documents: &[Document]) -> BTreeSet<&'a str> {
    let mut first: BTreeMap<CollisionKey, &str> = BTreeMap::new();
    let mut colliding = BTreeSet::new();
    if node.children.len() < 2 {
        return colliding;
    }
    for (name, child) in &node.children {
        child.each_document(&mut |index| {
            let Some(key) = documents[index].key.as_ref().and_then(collision_key) else { return };
            let other = *first.entry(key).or_insert(name);
            if other != name {
                colliding.extend([other, name.as_str()]);
            }
        });
    }
    colliding
}

type CollisionKey = (std::sync::Arc<str>, std::sync::Arc<str>, Option<std::sync::Arc<str>>, std::sync::Arc<str>);

/// Kinds without a name that a cluster has once: two of them are two clusters.
const SINGLETONS: &[&str] = &["ClusterConfiguration", "InitConfiguration", "EncryptionConfiguration", "Policy"];

/// What may occur once in an environment. Namespaces are declared by everybody who uses them; documents without a name
/// (joins, `generateName`) may repeat.
fn collision_key(key: &Key) -> Option<CollisionKey> {
    let singleton = key.name.is_empty() && SINGLETONS.contains(&&*key.kind);
    let repeats = key.is("", "Namespace") || (key.name.is_empty() && !singleton);
    (!repeats).then(|| (key.group.clone(), key.kind.clone(), key.namespace.clone(), key.name.clone()))
}

/// The documents of each environment, in order.
pub fn members(environments: &[Environment], documents: &[Document]) -> Vec<Vec<DocumentId>> {
    let mut members = vec![Vec::new(); environments.len()];
    for (index, document) in documents.iter().enumerate() {
        members[document.environment.index()].push(DocumentId(u32::try_from(index).unwrap_or(u32::MAX)));
    }
    members
}
