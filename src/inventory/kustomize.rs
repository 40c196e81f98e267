//! Kustomize roots: which files a `kustomization.yaml` pulls in as objects, which are patches, which roots build on which.
//!
//! Nothing is rendered here: transformers other than `namespace` are not applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Document, Role};
use crate::source::Sources;
use crate::syntax::{Forest, View};

/// One directory with a `kustomization.yaml`.
#[derive(Clone, Debug)]
pub struct Root {
    /// The directory.
    pub path: String,
    /// The `namespace:` transformer.
    pub namespace: Option<Arc<str>>,
    /// Says that something remote is pulled in.
    pub remote: Option<String>,
    builds_on: Vec<String>,
    files: Vec<String>,
    patches: Vec<String>,
}

/// All Kustomize roots of the input.
#[derive(Debug, Default)]
pub struct Roots {
    roots: Vec<Root>,
    owners: BTreeMap<String, usize>,
    builds_on: Vec<Vec<usize>>,
}

impl Roots {
    /// In path order.
    pub fn all(&self) -> &[Root] {
        &self.roots
    }

    /// Whether some root pulls in this file as objects.
    pub fn owns(&self, path: &str) -> bool {
        self.owners.contains_key(path)
    }

    /// Which root does.
    pub fn owner(&self, path: &str) -> Option<usize> {
        self.owners.get(path).copied()
    }

    /// Everything a root builds on, itself included.
    fn closure(&self, root: usize, seen: &mut BTreeSet<usize>) {
        if seen.insert(root) {
            self.builds_on[root].iter().for_each(|&base| self.closure(base, seen));
        }
    }

    /// The closures of all top roots that contain `root`: what its objects meet in some cluster.
    pub fn visible(&self, root: usize) -> BTreeSet<usize> {
        let built_on: BTreeSet<usize> = self.builds_on.iter().flatten().copied().collect();
        let mut visible = BTreeSet::new();
        for top in (0..self.roots.len()).filter(|top| *top == root || !built_on.contains(top)) {
            let mut closure = BTreeSet::new();
            self.closure(top, &mut closure);
            if closure.contains(&root) {
                visible.extend(closure);
            }
        }
        visible
    }
}

/// Finds the roots, marks patches, and applies the `namespace` transformer.
pub fn apply(forest: &Forest, sources: &Sources, documents: &mut [Document]) -> Roots {
    let mut roots: Vec<Root> = documents
        .iter()
        .filter(|document| document.key.as_ref().is_some_and(|key| &*key.group == "kustomize.config.k8s.io"))
        .map(|document| read_root(document.view(forest), sources.get(document.source).path()))
        .collect();
    roots.sort_by(|a, b| a.path.cmp(&b.path));
    roots.dedup_by(|a, b| a.path == b.path);
    let index: BTreeMap<&str, usize> = roots.iter().enumerate().map(|(i, root)| (root.path.as_str(), i)).collect();
    let builds_on: Vec<Vec<usize>> = roots
        .iter()
        .map(|root| root.builds_on.iter().filter_map(|path| index.get(path.as_str()).copied()).collect())
        .collect();
    let mut owners = BTreeMap::new();
    for (i, root) in roots.iter().enumerate() {
        root.files.iter().for_each(|file| {
            owners.entry(file.clone()).or_insert(i);
        });
    }
    let patches: BTreeSet<&str> = roots.iter().flat_map(|root| root.patches.iter().map(String::as_str)).collect();
    for document in documents.iter_mut() {
        let path = &**sources.get(document.source).path();
        if patches.contains(path) {
            document.role = Role::Patch;
        }
        let namespace = owners.get(path).and_then(|&root| roots[root].namespace.clone());
        if let (Some(key), Some(namespace)) = (&mut document.key, namespace) {
            key.namespace = Some(namespace);
        }
    }
    Roots { roots, owners, builds_on }
}

fn read_root(root: View<'_>, path: &str) -> Root {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let strings = |key: &str| -> Vec<String> {
        root.get(key).into_iter().flat_map(View::items).filter_map(View::str).map(str::to_string).collect()
    };
    let patch_files = ["patches", "patchesJson6902"]
        .into_iter()
        .flat_map(|key| root.get(key).into_iter().flat_map(View::items))
        .filter_map(|patch| patch.str_at("path"));
    let listed: Vec<String> = ["resources", "bases", "components"].into_iter().flat_map(strings).collect();
    let (remote, local): (Vec<&String>, Vec<&String>) = listed.iter().partition(|entry| is_remote(entry));
    let local: Vec<String> = local.into_iter().map(|entry| join(directory, entry)).collect();
    let is_file = |entry: &String| [".yaml", ".yml", ".json"].iter().any(|extension| entry.ends_with(extension));
    Root {
        path: if directory.is_empty() { ".".to_string() } else { directory.to_string() },
        namespace: root.str_at("namespace").map(Arc::from),
        remote: remote.first().map(|entry| format!("the Kustomize root pulls in `{entry}`")),
        files: local.iter().filter(|entry| is_file(entry)).cloned().collect(),
        builds_on: local.into_iter().filter(|entry| !is_file(entry)).collect(),
        patches: strings("patchesStrategicMerge")
            .iter()
            .map(String::as_str)
            .chain(patch_files)
            .filter(|entry| !entry.contains('\n'))
            .map(|entry| join(directory, entry))
            .collect(),
    }
}

fn is_remote(entry: &str) -> bool {
    entry.contains("://") || entry.contains("?ref=") || entry.starts_with("git@") || entry.starts_with("github.com/")
}

/// `directory/entry` with `.` and `..` resolved; the same form in which sources name their paths.
fn join(directory: &str, entry: &str) -> String {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    for part in entry.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let path = parts.join("/");
    if directory.starts_with('/') {
        format!("/{path}")
    } else if path.is_empty() {
        ".".to_string()
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_resolve_against_the_directory() {
        assert_eq!(join("deploy/prod", "../base"), "deploy/base");
        assert_eq!(join("deploy", "./web.yaml"), "deploy/web.yaml");
        assert_eq!(join("", "../base"), "../base");
        assert_eq!(join("deploy", ".."), ".");
        assert_eq!(join("/tmp/a", "../b"), "/tmp/b");
    }
}
