//! From texts to an inventory: read in parallel, redact, number, and look for documents inside documents.

use std::sync::Arc;

use rayon::prelude::*;

use super::document::{key_of, objects_in};
use super::{Document, EnvironmentId, Inventory, Role, embedded, redaction};
use crate::source::{SourceKind, Sources};
use crate::syntax::{Forest, Format, Tree};
use crate::vocabulary::{Problem, ProblemKind, SourceId, Span};

/// One text to read.
#[derive(Clone, Debug)]
pub struct Input {
    /// Path as reports show it.
    pub path: String,
    /// File or standard input.
    pub kind: SourceKind,
    /// Named on the command line, not found in a folder.
    pub named: bool,
    /// The text, or why there is none.
    pub text: Result<String, (ProblemKind, String)>,
}

/// An inventory with what was noticed on the way.
#[derive(Debug)]
pub struct Loaded {
    /// The inventory.
    pub inventory: Inventory,
    /// What readers noticed.
    pub problems: Vec<Problem>,
    /// Sources of named inputs that could not be read or parsed (exit code 4).
    pub failed_named: bool,
    /// Documents that were read, failed, and are templates.
    pub counts: DocumentCounts,
}

/// How many documents came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DocumentCounts {
    /// Parsed.
    pub read: usize,
    /// Not parsed.
    pub failed: usize,
    /// Templates that could not be evaluated.
    pub templated: usize,
}

/// Reads, divides and links the inputs.
pub fn load(inputs: Vec<Input>, partial: bool) -> Loaded {
    let read: Vec<ReadText> = inputs
        .into_par_iter()
        .enumerate()
        .map(|(index, input)| read_text(SourceId(u32::try_from(index).unwrap_or(u32::MAX)), input))
        .collect();
    let mut loading = Loading::default();
    for text in read {
        loading.add(text);
    }
    loading.embedded();
    let inventory = Inventory::new(loading.sources, loading.forest, loading.documents, partial);
    loading.problems.sort();
    Loaded { inventory, problems: loading.problems, failed_named: loading.failed_named, counts: loading.counts }
}

/// One text, read and redacted.
struct ReadText {
    path: String,
    kind: SourceKind,
    named: bool,
    text: Arc<str>,
    format: Format,
    trees: Vec<Tree>,
    problems: Vec<Problem>,
}

fn read_text(source: SourceId, input: Input) -> ReadText {
    let Input { path, kind, named, text } = input;
    match text {
        Ok(text) => {
            let (text, format, trees, problems) = read_and_redact(source, &path, text);
            ReadText { path, kind, named, text, format, trees, problems }
        }
        Err((problem, message)) => {
            let problem = Problem::at(problem, source, Span::default(), format!("`{path}` {message}"));
            ReadText {
                path,
                kind,
                named,
                text: Arc::from(""),
                format: Format::Unknown,
                trees: Vec::new(),
                problems: vec![problem],
            }
        }
    }
}

/// Nothing after this sees an unredacted text.
fn read_and_redact(source: SourceId, path: &str, text: String) -> (Arc<str>, Format, Vec<Tree>, Vec<Problem>) {
    let shared: Arc<str> = Arc::from(text);
    let format = Format::detect(path, &shared);
    let mut read = crate::syntax::read(format, path, source, &shared);
    let mut text = String::from(&*shared);
    if redaction::redact(&mut read.trees, &mut text) {
        let redacted: Arc<str> = Arc::from(text);
        read.trees.iter_mut().for_each(|tree| tree.set_source_text(redacted.clone()));
        return (redacted, format, read.trees, read.problems);
    }
    (shared, format, read.trees, read.problems)
}

#[derive(Default)]
struct Loading {
    sources: Sources,
    forest: Forest,
    documents: Vec<Document>,
    problems: Vec<Problem>,
    counts: DocumentCounts,
    failed_named: bool,
}

impl Loading {
    fn add(&mut self, read: ReadText) {
        let source = self.sources.push(read.kind, &read.path, read.text);
        self.count(&read.problems, read.trees.len(), read.named);
        self.problems.extend(read.problems);
        self.add_trees(source, read.format, read.trees);
    }

    fn count(&mut self, problems: &[Problem], trees: usize, named: bool) {
        let of = |kinds: &[ProblemKind]| problems.iter().filter(|problem| kinds.contains(&problem.kind)).count();
        let failed = of(&[ProblemKind::ParseError, ProblemKind::BudgetExceeded, ProblemKind::Unreadable]);
        self.counts.read += trees;
        self.counts.failed += failed;
        self.counts.templated += of(&[ProblemKind::TemplateNotEvaluated]);
        self.failed_named |= named && failed > 0;
    }

    fn add_trees(&mut self, source: SourceId, format: Format, trees: Vec<Tree>) {
        for tree in trees.into_iter().filter(|tree| !tree.is_empty()) {
            let root = tree.root();
            let tree = self.forest.push(tree);
            let root = self.forest.view(crate::vocabulary::NodeRef { tree, node: root });
            for object in objects_in(root) {
                let key = key_of(object).filter(|_| format.is_data());
                let role = match (&key, format.is_data()) {
                    (Some(_), _) => Role::Object,
                    (None, true) => Role::Other,
                    (None, false) => Role::Foreign,
                };
                let root = object.at();
                self.documents.push(Document {
                    root,
                    source,
                    format,
                    key,
                    role,
                    environment: EnvironmentId::default(),
                });
            }
        }
    }

    /// Documents inside scalars; each level is looked through once, to the depth that sources allow.
    fn embedded(&mut self) {
        let mut from = 0;
        while from < self.documents.len() {
            let upto = self.documents.len();
            for index in from..upto {
                for found in embedded::find(&self.forest, &self.documents[index]) {
                    self.add_embedded(self.documents[index].source, found);
                }
            }
            from = upto;
        }
    }

    fn add_embedded(&mut self, outer: SourceId, found: embedded::Found) {
        let text: Arc<str> = Arc::from(found.text);
        let Some(source) = self.sources.push_embedded(outer, found.map, text.clone()) else { return };
        let (text, format, trees, problems) = read_and_redact(source, &found.name, text.to_string());
        self.sources.set_text(source, text);
        // What only looks like a document inside a text is no error of the file.
        if problems.iter().any(|problem| problem.kind == ProblemKind::ParseError) {
            return;
        }
        self.problems.extend(problems);
        self.add_trees(source, format, trees);
    }
}
