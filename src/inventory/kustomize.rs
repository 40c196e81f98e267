//! Kustomize roots: which files a `kustomization.yaml` pulls in as objects, which are patches, which roots build on which.
//!
//! Nothing is rendered here: transformers other than `namespace` are not applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Document, Role};
use crate::source::Sources;
use crate::syntax::{Forest, View};

/// Names under which Kustomize looks for a root.
pub const ROOT_NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Lists of a root that name files and other roots.
pub const BUILDS_ON: &[&str] = &["resources", "bases", "components"];

/// One directory with a `kustomization.yaml`.
#[derive(Clone, Debug)]
pub struct Root {
    /// The directory.
    pub path: String,
    /// The `namespace:` transformer.
    pub namespace: Option<Arc<str>>,
    /// Says that something is pulled in, or builds on it, that is not in the input.
    pub incomplete: Option<String>,
    component: bool,
    labels: Vec<(String, String)>,
    /// Names of the objects whose replicas it sets, by `replicas` or by a patch.
    scales: Vec<String>,
    builds_on: Vec<String>,
    files: Vec<String>,
    patches: Vec<String>,
}

/// All Kustomize roots of the input.
#[derive(Debug, Default)]
pub struct Roots {
    roots: Vec<Root>,
    owners: BTreeMap<String, usize>,
    /// By root: everything it builds on, itself included.
    closures: Vec<BTreeSet<usize>>,
    /// By root: the roots that nothing builds on and that build on it; itself where nothing builds on it.
    tops: Vec<Vec<usize>>,
}

impl Roots {
    fn new(roots: Vec<Root>, owners: BTreeMap<String, usize>, builds_on: &[Vec<usize>]) -> Self {
        let closures: Vec<BTreeSet<usize>> = (0..roots.len()).map(|root| closure(builds_on, root)).collect();
        let bases: BTreeSet<usize> = builds_on.iter().flatten().copied().collect();
        let mut tops = vec![Vec::new(); roots.len()];
        for top in (0..roots.len()).filter(|top| !bases.contains(top)) {
            closures[top].iter().for_each(|&root| tops[root].push(top));
        }
        Roots { roots, owners, closures, tops }
    }

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

    /// Names of objects whose replicas are set by patches in every cluster that a root is part of.
    pub fn scaled(&self, root: usize) -> Vec<String> {
        let names = self.tops[root].iter().map(|&top| {
            let members = self.closures[top].iter();
            members.flat_map(|member| self.roots[*member].scales.iter().cloned()).collect::<BTreeSet<String>>()
        });
        names.reduce(|some, others| &some & &others).unwrap_or_default().into_iter().collect()
    }

    /// Gives a root what lies in its directory beside the files it pulls in, its own `kustomization.yaml` too, unless a file
    /// varies an object that the root holds already.
    fn adopt(&mut self, sources: &Sources, documents: &[Document]) {
        let path = |document: &Document| sources.get(document.source).home().clone();
        let name = |document: &Document| {
            document.key.as_ref().map(|key| (key.group.clone(), key.kind.clone(), key.name.clone()))
        };
        let mut held: BTreeSet<_> = BTreeSet::new();
        for document in documents {
            if let Some(root) = self.owner(&path(document)) {
                held.insert((root, name(document)));
            }
        }
        let directories: BTreeMap<String, usize> =
            self.roots.iter().enumerate().map(|(index, root)| (root.path.clone(), index)).collect();
        let mut adopted: BTreeMap<Arc<str>, Option<usize>> = BTreeMap::new();
        for document in documents.iter().filter(|document| document.role != Role::Patch) {
            let path = path(document);
            let directory = path.rsplit_once('/').map_or(".", |(directory, _)| directory);
            let Some(&root) = directories.get(directory).filter(|_| !self.owns(&path)) else { continue };
            let varies = self.closures[root].iter().any(|base| held.contains(&(*base, name(document))));
            let entry = adopted.entry(path).or_insert(Some(root));
            *entry = entry.filter(|_| !varies);
        }
        let kept = adopted.into_iter().filter_map(|(path, root)| Some((path.to_string(), root?)));
        self.owners.extend(kept);
    }

    /// What the objects of a root meet in some cluster.
    pub fn visible(&self, root: usize) -> BTreeSet<usize> {
        let worlds = self.tops[root].iter().chain([&root]);
        worlds.flat_map(|&top| &self.closures[top]).copied().collect()
    }

    /// Labels that get on the pods of a root in some cluster: from the roots that build on it, and from their components.
    pub fn labels(&self, root: usize) -> Vec<(String, String)> {
        let mut labels = BTreeSet::new();
        for other in self.visible(root) {
            if self.closures[other].contains(&root) || self.roots[other].component {
                labels.extend(self.roots[other].labels.iter().cloned());
            }
        }
        labels.into_iter().collect()
    }
}

/// A root with everything it builds on.
fn closure(builds_on: &[Vec<usize>], root: usize) -> BTreeSet<usize> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![root]);
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(&builds_on[next]);
        }
    }
    seen
}

/// Kustomize goes by the name of the file: `apiVersion` and `kind` may be left out.
fn is_root(document: &Document, sources: &Sources) -> bool {
    match &document.key {
        Some(key) => &*key.group == "kustomize.config.k8s.io",
        None => {
            let path = sources.get(document.source).path();
            let name = path.rsplit('/').next().unwrap_or(path);
            document.role == Role::Other && ROOT_NAMES.contains(&name)
        }
    }
}

/// Finds the roots, marks patches, and applies the `namespace` transformer.
pub fn apply(forest: &Forest, sources: &Sources, documents: &mut [Document]) -> Roots {
    let mut roots: Vec<Root> = documents
        .iter()
        .filter(|document| is_root(document, sources))
        .map(|document| read_root(document.view(forest), sources.get(document.source).home()))
        .collect();
    roots.sort_by(|a, b| a.path.cmp(&b.path));
    roots.dedup_by(|a, b| a.path == b.path);
    let index: BTreeMap<&str, usize> = roots.iter().enumerate().map(|(i, root)| (root.path.as_str(), i)).collect();
    let builds_on: Vec<Vec<usize>> = roots
        .iter()
        .map(|root| root.builds_on.iter().filter_map(|path| index.get(path.as_str()).copied()).collect())
        .collect();
    let paths: BTreeSet<&str> = documents.iter().map(|document| &**sources.get(document.source).home()).collect();
    let mut owners = BTreeMap::new();
    for (i, root) in roots.iter().enumerate() {
        root.files.iter().for_each(|file| {
            owners.entry(file.clone()).or_insert(i);
        });
    }
    let found = |entry: &&String| !index.contains_key(entry.as_str()) && !paths.contains(entry.as_str());
    let missing: Vec<Option<String>> = roots
        .iter()
        .map(|root| root.files.iter().chain(&root.builds_on).find(found).map(|entry| absent(entry)))
        .collect();
    let used: BTreeSet<usize> = builds_on.iter().flatten().copied().collect();
    drop(index);
    for (i, (root, missing)) in roots.iter_mut().zip(missing).enumerate() {
        let unused =
            (root.component && !used.contains(&i)).then(|| "no root of the input uses the component".to_string());
        root.incomplete = root.incomplete.take().or(missing).or(unused);
    }
    let patches: BTreeSet<&str> = roots.iter().flat_map(|root| root.patches.iter().map(String::as_str)).collect();
    let mut scaled_by_files: Vec<(String, String)> = Vec::new();
    for document in documents.iter_mut() {
        let path = &**sources.get(document.source).home();
        if patches.contains(path) {
            document.role = Role::Patch;
            scaled_by_files.extend(scaled_by_file(document, forest).map(|name| (path.to_string(), name)));
        }
        let namespace = owners.get(path).and_then(|&root| roots[root].namespace.clone());
        if let (Some(key), Some(namespace)) = (&mut document.key, namespace) {
            key.namespace = Some(namespace);
        }
    }
    for root in &mut roots {
        let own = scaled_by_files.iter().filter(|(path, _)| root.patches.contains(path));
        root.scales.extend(own.map(|(_, name)| name.clone()));
    }
    let mut all = Roots::new(roots, owners, &builds_on);
    all.adopt(sources, documents);
    all
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
    let listed: Vec<String> = BUILDS_ON.iter().flat_map(|key| strings(key)).collect();
    let (remote, local): (Vec<&String>, Vec<&String>) = listed.iter().partition(|entry| is_remote(entry));
    let local: Vec<String> = local.into_iter().map(|entry| join(directory, entry)).collect();
    let generators = ["helmCharts", "helmChartInflationGenerator", "generators"];
    let generated = generators.into_iter().find(|key| root.get(key).is_some_and(|list| !list.is_null()));
    let generated = generated.map(|key| format!("the Kustomize root makes objects by `{key}`"));
    let is_file = |entry: &String| [".yaml", ".yml", ".json"].iter().any(|extension| entry.ends_with(extension));
    Root {
        path: if directory.is_empty() { ".".to_string() } else { directory.to_string() },
        namespace: root.str_at("namespace").map(Arc::from),
        incomplete: remote.first().map(|entry| format!("the Kustomize root pulls in `{entry}`")).or(generated),
        labels: added_labels(root),
        scales: scaled_names(root),
        component: root.str_at("kind") == Some("Component"),
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

/// Labels that a root adds to pods and selectors alike, or to pods alone.
fn added_labels(root: View<'_>) -> Vec<(String, String)> {
    let reaches_pods = |entry: &View<'_>| {
        ["includeSelectors", "includeTemplates"].iter().any(|key| entry.get(key).and_then(View::bool) == Some(true))
    };
    let entries = root.get("labels").into_iter().flat_map(View::items).filter(reaches_pods);
    let maps = root.get("commonLabels").into_iter().chain(entries.filter_map(|entry| entry.get("pairs")));
    maps.flat_map(View::entries).filter_map(|(key, value)| Some((key.to_string(), value.str()?.to_string()))).collect()
}

/// Names in `replicas`, and in patches written into the root that mention replicas.
fn scaled_names(root: View<'_>) -> Vec<String> {
    let listed = root.get("replicas").into_iter().flat_map(View::items).filter_map(|entry| entry.str_at("name"));
    let named = |patch: &View<'_>| -> Option<String> {
        let text = patch.str_at("patch").filter(|text| text.contains("replicas"))?;
        let written = text.lines().find_map(|line| line.trim().strip_prefix("name: "));
        patch.str_at("target.name").or(written).map(|name| name.trim_matches(['"', '\'']).to_string())
    };
    let patches: Vec<View<'_>> = root.get("patches").into_iter().flat_map(View::items).collect();
    listed.map(str::to_string).chain(patches.iter().filter_map(named)).collect()
}

/// The object whose replicas a patch file sets.
fn scaled_by_file(document: &Document, forest: &Forest) -> Option<String> {
    document.view(forest).path("spec.replicas")?;
    document.key.as_ref().map(|key| key.name.to_string())
}

fn absent(entry: &str) -> String {
    format!("the Kustomize root pulls in `{entry}`, which is not in the input")
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
