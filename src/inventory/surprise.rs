//! Plain scalars where Kubernetes wants a text and kubectl reads another type.
//!
//! kubectl turns YAML into JSON by the types of `syntax::scalar`, and the API server's decoder takes nothing but a JSON
//! string for a string field: `value: 8080` is refused exactly as `value: NO` (the boolean `false`) and `value: 0644` (420)
//! are, so every boolean and number counts here, surprising or not. `null` leaves a field unset and dates stay texts; both
//! are right. A key is always a text in JSON, but `on` becomes `true` without a word. JSON files show their types and are
//! left alone. Fields of custom resources have types that only their schema knows; of them only metadata is looked at.

use rustc_hash::FxHashSet;

use super::pods::POD_KINDS;
use crate::syntax::scalar::{Surprise, surprise};
use crate::syntax::{Data, Style, Tree};
use crate::vocabulary::{NodeId, Problem, ProblemKind};

/// A scalar that is no text, found before redaction; what it said is only told if redaction lets it stand.
pub struct Misread {
    tree: usize,
    node: NodeId,
    /// What it is the value of: "label `tier`".
    what: String,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Bool(bool),
    Number,
    Key,
}

/// Finds them in the documents of one text.
pub fn find(trees: &[Tree]) -> Vec<Misread> {
    let mut found = Vec::new();
    for (index, tree) in trees.iter().enumerate().filter(|(_, tree)| !tree.is_empty()) {
        let mut search = Search { index, tree, seen: FxHashSet::default(), found: &mut found };
        search.object(tree.root());
    }
    found
}

/// The problems, after redaction.
pub fn problems(found: &[Misread], trees: &[Tree]) -> Vec<Problem> {
    let problem = |misread: &Misread| {
        let tree = &trees[misread.tree];
        let place = tree.node(misread.node);
        Problem::at(ProblemKind::ValueTypeSurprise, tree.source(), place.span, sentence(misread, tree))
    };
    found.iter().map(problem).collect()
}

fn sentence(misread: &Misread, tree: &Tree) -> String {
    let (what, raw) = (&misread.what, tree.raw(misread.node));
    let secret = matches!(tree.data(misread.node), Data::Redacted(_));
    match misread.kind {
        Kind::Key => {
            let read = tree.str(misread.node).unwrap_or_default();
            format!("{what} `{raw}` is read as `{read}`: it gets another name")
        }
        Kind::Bool(_) if secret => format!("{what} is read as a boolean, not as a text: the API server refuses it"),
        Kind::Number if secret => format!("{what} is read as a number, not as a text: the API server refuses it"),
        Kind::Bool(value) => {
            format!("{what} is read as the boolean `{value}`, not as the text `{raw}`: the API server refuses it")
        }
        Kind::Number => {
            let value = match surprise(raw) {
                Some(Surprise::Int(value)) => value.to_string(),
                Some(Surprise::Float(value)) => value.to_string(),
                _ => raw.to_string(),
            };
            format!("{what} is read as the number `{value}`, not as the text `{raw}`: the API server refuses it")
        }
    }
}

struct Search<'a> {
    index: usize,
    tree: &'a Tree,
    seen: FxHashSet<NodeId>,
    found: &'a mut Vec<Misread>,
}

impl<'a> Search<'a> {
    fn path(&self, at: NodeId, path: &str) -> Option<NodeId> {
        path.split('.').filter(|key| !key.is_empty()).try_fold(at, |at, key| self.tree.get(at, key))
    }

    fn text(&self, at: NodeId, path: &str) -> Option<&'a str> {
        self.tree.str(self.path(at, path)?)
    }

    fn elements(&self, at: NodeId, path: &str) -> Vec<NodeId> {
        self.path(at, path).map(|list| self.tree.elements(list).to_vec()).unwrap_or_default()
    }

    fn object(&mut self, root: NodeId) {
        let (Some(version), Some(kind)) = (self.text(root, "apiVersion"), self.text(root, "kind")) else { return };
        if kind.ends_with("List") {
            self.elements(root, "items").into_iter().for_each(|item| self.object(item));
        }
        self.metadata(root);
        let group = version.rsplit_once('/').map_or("", |(group, _)| group);
        if let Some(row) = POD_KINDS.iter().find(|row| row.kind == kind && row.group == group) {
            if let Some(template) = self.path(root, row.template) {
                self.metadata(template);
                self.path(template, "spec").into_iter().for_each(|spec| self.pod(spec));
            }
            self.map(self.path(root, "spec.selector.matchLabels"), "selector label");
        }
        match (group, kind) {
            ("", "ConfigMap") => self.map(self.path(root, "data"), "ConfigMap data"),
            ("", "Secret") => {
                self.map(self.path(root, "data"), "Secret data");
                self.map(self.path(root, "stringData"), "Secret data");
            }
            ("", "Service") => self.map(self.path(root, "spec.selector"), "selector label"),
            ("policy", "PodDisruptionBudget") => {
                self.map(self.path(root, "spec.selector.matchLabels"), "selector label");
            }
            _ => {}
        }
    }

    fn metadata(&mut self, holder: NodeId) {
        let Some(metadata) = self.tree.get(holder, "metadata") else { return };
        self.value(self.tree.get(metadata, "name"), || "metadata.name".to_string());
        self.value(self.tree.get(metadata, "namespace"), || "metadata.namespace".to_string());
        self.map(self.tree.get(metadata, "labels"), "label");
        self.map(self.tree.get(metadata, "annotations"), "annotation");
    }

    fn pod(&mut self, spec: NodeId) {
        self.map(self.tree.get(spec, "nodeSelector"), "node selector label");
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for container in self.elements(spec, list) {
                self.container(container);
            }
        }
    }

    fn container(&mut self, container: NodeId) {
        self.value(self.tree.get(container, "name"), || "the name of a container".to_string());
        let name = self.text(container, "name").unwrap_or_default();
        for list in ["command", "args"] {
            for word in self.elements(container, list) {
                self.value(Some(word), || format!("a word in `{list}` of container `{name}`"));
            }
        }
        for variable in self.elements(container, "env") {
            self.value(self.tree.get(variable, "name"), || format!("the name of a variable of container `{name}`"));
            let variable_name = self.text(variable, "name").unwrap_or_default();
            self.value(self.tree.get(variable, "value"), || format!("env `{variable_name}`"));
        }
    }

    /// A map of texts.
    fn map(&mut self, map: Option<NodeId>, what: &str) {
        let entries: Vec<(NodeId, NodeId)> = map.map(|map| self.tree.entries(map).collect()).unwrap_or_default();
        for (key, value) in entries {
            let name = self.tree.str(key).unwrap_or_default();
            self.key(key, what);
            self.value(Some(value), || format!("{what} `{name}`"));
        }
    }

    fn key(&mut self, key: NodeId, what: &str) {
        let renamed = self.tree.str(key).is_some_and(|read| read != self.tree.raw(key));
        if renamed && self.tree.node(key).style == Style::Plain && self.seen.insert(key) {
            self.push(key, format!("the key of {what}"), Kind::Key);
        }
    }

    fn value(&mut self, value: Option<NodeId>, what: impl FnOnce() -> String) {
        let Some(value) = value.filter(|value| self.tree.node(*value).style == Style::Plain) else { return };
        let kind = match self.tree.data(value) {
            Data::Bool(value) => Kind::Bool(value),
            Data::Int(_) | Data::Float(_) => Kind::Number,
            _ => return,
        };
        if self.seen.insert(value) {
            self.push(value, what(), kind);
        }
    }

    fn push(&mut self, node: NodeId, what: String, kind: Kind) {
        self.found.push(Misread { tree: self.index, node, what, kind });
    }
}
