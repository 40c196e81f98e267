//! From texts to an inventory: read in parallel, redact, number, and look for documents inside documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::document::{key_of, objects_in};
use super::{Document, EnvironmentId, Inventory, Role, captured, duplicates, embedded, redaction, script, surprise};
use crate::source::{SourceKind, Sources, align};
use crate::syntax::template::Template;
use crate::syntax::{Forest, Format, Mark, Read, Tree, detect, items, marks, split, template};
use crate::vocabulary::{NodeRef, Problem, ProblemKind, SourceId, Span};

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

/// A text that a renderer made from a file of the input.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Path of the file as reports show it.
    pub file: String,
    /// The path that decides its environment, where that is not the file's.
    pub home: Option<String>,
    /// The documents.
    pub text: String,
}

/// What renderers made, and the files it stands for.
#[derive(Clone, Debug, Default)]
pub struct Rendering {
    /// The texts.
    pub texts: Vec<Rendered>,
    /// Paths of files that are not read by themselves any more.
    pub replaced: BTreeSet<String>,
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
    /// Suppression comments by source.
    pub marks: Vec<(SourceId, Mark)>,
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

/// Reads, divides and links the inputs; in which order they come makes no difference.
pub fn load(inputs: Vec<Input>, partial: bool) -> Loaded {
    load_rendered(inputs, Rendering::default(), partial)
}

/// The same where some files are taken as renderers made them.
pub fn load_rendered(inputs: Vec<Input>, rendering: Rendering, partial: bool) -> Loaded {
    let (mut loading, charts) = read_all(inputs, rendering);
    loading.problems.sort();
    let (sources, forest, documents) = (loading.sources, loading.forest, loading.documents);
    let inventory = Inventory::new(sources, forest, documents, partial);
    loading.problems.extend(duplicates::find(&inventory));
    one_note_a_chart(&mut loading.problems, inventory.sources(), &charts);
    loading.problems.sort();
    let (problems, failed_named, counts, marks) =
        (loading.problems, loading.failed_named, loading.counts, loading.marks);
    Loaded { inventory, problems, failed_named, counts, marks }
}

/// All inputs, read in parallel and numbered, with what lies inside of them; and the folders of charts.
pub(super) fn read_all(mut inputs: Vec<Input>, rendering: Rendering) -> (Loading, BTreeSet<String>) {
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    let charts = charts(&inputs);
    let read: Vec<ReadText> = inputs
        .into_par_iter()
        .enumerate()
        .map(|(index, input)| read_text(SourceId(u32::try_from(index).unwrap_or(u32::MAX)), input, &charts))
        .collect();
    let mut loading = Loading::default();
    for mut text in read {
        if rendering.replaced.contains(&text.path) {
            text.redacted.forget_documents();
        }
        loading.add(text);
    }
    if !rendering.texts.is_empty() {
        loading.add_rendered(rendering.texts);
    }
    loading.embedded();
    (loading, charts)
}

/// One text, read and redacted.
struct ReadText {
    path: String,
    kind: SourceKind,
    named: bool,
    redacted: Redacted,
}

fn read_text(source: SourceId, input: Input, charts: &BTreeSet<String>) -> ReadText {
    let Input { path, kind, named, text } = input;
    match text {
        Ok(text) => {
            let foreign = !named && !text.contains("apiVersion");
            let mut redacted = read_and_redact(source, &path, text, charts);
            // What holds no object is other people's: their dialect of YAML or JSON is no error here.
            if foreign && matches!(redacted.read.format, Format::Yaml | Format::Json) {
                redacted.read.problems.retain(|problem| problem.kind != ProblemKind::ParseError);
            }
            ReadText { path, kind, named, redacted }
        }
        Err((problem, message)) => {
            let problem = Problem::at(problem, source, Span::default(), format!("`{path}` {message}"));
            let read = Read { trees: Vec::new(), problems: vec![problem], format: Format::Unknown };
            ReadText {
                path,
                kind,
                named,
                redacted: Redacted { text: Arc::from(""), read, marks: Vec::new(), unread: Vec::new() },
            }
        }
    }
}

/// Nothing after this sees an unredacted text.
fn read_and_redact(source: SourceId, path: &str, text: String, charts: &BTreeSet<String>) -> Redacted {
    let mut text: Arc<str> = Arc::from(text);
    let mut read = read_plain_or_template(source, path, &text, charts);
    let misread = if read.format == Format::Yaml { surprise::find(&read.trees) } else { Vec::new() };
    redaction::redact(&mut read.trees, &mut text);
    read.problems.extend(surprise::problems(&misread, &read.trees));
    read.trees.iter_mut().for_each(Tree::shrink);
    let marks = marks(&text, &read.trees);
    let unread = unread(&text, &read);
    Redacted { text, read, marks, unread }
}

/// A file of a chart is a template; of others the text itself must say so.
fn read_plain_or_template(source: SourceId, path: &str, text: &Arc<str>, charts: &BTreeSet<String>) -> Read {
    let format = detect(path, text);
    if format == Format::Yaml && in_chart(path, charts) && text.contains("{{") {
        return template::read(source, text, Template::Helm);
    }
    if matches!(format, Format::Shell | Format::Markdown) {
        return script::read(format, source, text);
    }
    if let Some(dump) = items::read(format, source, text) {
        return dump;
    }
    let plain = crate::syntax::read(format, source, text);
    let placeholders = format == Format::Yaml && ["{{", "{%", "${"].iter().any(|mark| text.contains(mark));
    let evidence = if placeholders { template::evidence(path, text, &plain) } else { None };
    if let Some(template) = evidence {
        return template::read(source, text, template);
    }
    // A template of another tool's making, in which braces alone say what it is.
    if format == Format::Yaml && failed(&plain) && text.contains("{{") {
        let masked = template::read(source, text, Template::Helm);
        let whole = masked.problems.iter().all(|problem| problem.kind != ProblemKind::TemplateNotEvaluated);
        return if whole { masked } else { plain };
    }
    plain
}

fn failed(read: &Read) -> bool {
    read.problems.iter().any(|problem| problem.kind == ProblemKind::ParseError)
}

/// Whether a path lies below the `templates` folder of one of the charts.
fn in_chart(path: &str, charts: &BTreeSet<String>) -> bool {
    path.match_indices("templates/").any(|(at, _)| charts.contains(&path[..at]))
}

/// Templates that cannot be read are told once a chart, at the first of them.
fn one_note_a_chart(problems: &mut Vec<Problem>, sources: &Sources, charts: &BTreeSet<String>) {
    let mut noted: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut kept: Vec<Problem> = Vec::with_capacity(problems.len());
    for problem in problems.drain(..) {
        let path = problem.place.map_or("", |place| &**sources.get(place.source).path());
        let mut starts = path.match_indices("templates/").map(|(at, _)| &path[..at]);
        let chart = starts.find(|start| charts.contains(*start));
        match chart.filter(|_| problem.kind == ProblemKind::TemplateNotEvaluated) {
            Some(chart) => match noted.get_mut(chart) {
                Some((_, count)) => *count += 1,
                None => {
                    noted.insert(chart, (kept.len(), 1));
                    kept.push(problem);
                }
            },
            None => kept.push(problem),
        }
    }
    for (chart, (at, count)) in noted.into_iter().filter(|(_, (_, count))| *count > 1) {
        let chart = chart.trim_end_matches('/');
        kept[at].message =
            format!("{count} templates of chart `{chart}` cannot be read without rendering them; not evaluated");
    }
    *problems = kept;
}

/// The folders, with a slash at their end, that hold a `Chart.yaml`.
fn charts(inputs: &[Input]) -> BTreeSet<String> {
    inputs.iter().filter_map(|input| input.path.strip_suffix("Chart.yaml")).map(str::to_string).collect()
}

/// The documents of a text that could not be read: nobody knows what in them is secret.
fn unread(text: &str, read: &Read) -> Vec<Span> {
    let whole = Span::new(0, text.len());
    let failed = [ProblemKind::ParseError, ProblemKind::BudgetExceeded, ProblemKind::TemplateNotEvaluated];
    let places =
        read.problems.iter().filter(|problem| failed.contains(&problem.kind)).filter_map(|problem| problem.place);
    let starts: Vec<u32> = places.map(|place| place.span.start).collect();
    match (starts.is_empty(), read.format) {
        (true, _) => Vec::new(),
        (false, Format::Yaml) => {
            let around = |piece: &Span| starts.iter().any(|start| (piece.start..=piece.end).contains(start));
            split(text, whole).into_iter().filter(around).collect()
        }
        (false, _) => vec![whole],
    }
}

/// A text as everybody else may see it.
struct Redacted {
    text: Arc<str>,
    read: Read,
    marks: Vec<Mark>,
    /// What must not be shown, whether or not its problem is told.
    unread: Vec<Span>,
}

impl Redacted {
    /// Leaves the text, for reports to show.
    fn forget_documents(&mut self) {
        self.read.trees.clear();
        self.read.problems.clear();
        self.marks.clear();
    }
}

/// An inventory in the making.
#[derive(Default)]
pub(super) struct Loading {
    pub(super) sources: Sources,
    pub(super) forest: Forest,
    pub(super) documents: Vec<Document>,
    pub(super) problems: Vec<Problem>,
    pub(super) counts: DocumentCounts,
    pub(super) failed_named: bool,
    pub(super) marks: Vec<(SourceId, Mark)>,
}

impl Loading {
    fn add(&mut self, text: ReadText) {
        let Redacted { text: redacted, read, marks, unread } = text.redacted;
        let source = self.sources.push(text.kind, &text.path, redacted);
        self.sources.hide(source, unread);
        let documents = if matches!(read.format, Format::Shell | Format::Markdown) { 0 } else { read.trees.len() };
        self.count(&read.problems, documents, text.named);
        self.problems.extend(read.problems);
        self.marks.extend(marks.into_iter().map(|mark| (source, mark)));
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

    pub(super) fn add_trees(&mut self, source: SourceId, format: Format, trees: Vec<Tree>) {
        for tree in trees.into_iter().filter(|tree| !tree.is_empty()) {
            let root = tree.root();
            let tree = self.forest.push(tree);
            let root = self.forest.view(NodeRef { tree, node: root });
            let is_data = matches!(format, Format::Yaml | Format::Json);
            let captured = captured::objects(format, root);
            for (object, key) in &captured {
                self.documents.push(Document {
                    root: object.at(),
                    source,
                    format,
                    key: Some(key.clone()),
                    role: Role::Object,
                    environment: EnvironmentId::default(),
                });
            }
            if !captured.is_empty() {
                continue;
            }
            for object in objects_in(root) {
                let key = key_of(object).filter(|_| is_data);
                let role = match (&key, is_data) {
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
    pub(super) fn embedded(&mut self) {
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
        let Some(source) = self.sources.push_embedded(outer, found.map, found.text.clone()) else { return };
        let Redacted { text, read, .. } =
            read_and_redact(source, &found.name, found.text.to_string(), &BTreeSet::new());
        self.sources.set_text(source, text);
        // What only looks like a document inside a text is no error of the file.
        if read.problems.iter().any(|problem| problem.kind == ProblemKind::ParseError) {
            return;
        }
        self.problems.extend(read.problems);
        self.add_trees(source, read.format, read.trees);
    }

    /// A text that was made from a file stands in that file, line by line.
    fn add_rendered(&mut self, texts: Vec<Rendered>) {
        let files: BTreeMap<Arc<str>, SourceId> =
            self.sources.iter().map(|source| (source.path().clone(), source.id())).collect();
        for Rendered { file, home, text } in texts {
            let Some(&outer) = files.get(file.as_str()) else { continue };
            let map = align(&text, self.sources.get(outer).text());
            let Some(source) = self.sources.push_embedded(outer, map, Arc::from(text.as_str())) else { continue };
            let Redacted { text, read, marks, .. } = read_and_redact(source, &file, text, &BTreeSet::new());
            self.sources.set_text(source, text);
            if let Some(home) = home {
                self.sources.set_home(source, home.into());
            }
            self.count(&read.problems, read.trees.len(), false);
            self.problems.extend(read.problems);
            self.marks.extend(marks.into_iter().map(|mark| (source, mark)));
            self.add_trees(source, read.format, read.trees);
        }
    }
}
