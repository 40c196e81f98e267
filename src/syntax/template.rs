//! YAML with placeholders: Helm and Jinja templates, and texts for `envsubst`.
//!
//! A placeholder is overwritten at equal length, so that the rest parses with true spans, and the scalar around it becomes
//! unknown. A line of nothing but actions is blanked; the list or map it stands in may then hold more or less than is
//! written and becomes open. Duplicate keys are no finding where branches may exclude each other. A document that still
//! does not parse is one `template-not-evaluated`. Nothing is rendered. Only a text with evidence is a template; elsewhere
//! braces are text.

use std::sync::Arc;

use super::format::{Format, Read};
use super::template_actions::actions;
use super::{Data, Style, Tree, split, yaml};
use crate::vocabulary::{NodeId, ProblemKind, Reason, SourceId, Span, UnknownCode};

/// A kind of template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// Go templates as Helm renders them.
    Helm,
    /// Jinja, as Ansible renders it.
    Jinja,
    /// `${VAR}` as clusterctl and Flux substitute it.
    EnvSubst,
}

impl Template {
    fn reason(self) -> &'static str {
        match self {
            Template::Helm => "a Helm template decides it",
            Template::Jinja => "a Jinja template decides it",
            Template::EnvSubst => "a substituted variable decides it",
        }
    }
}

/// Words that begin a control action of a Go template.
const CONTROL: &[&str] = &["if", "else", "end", "range", "with", "define", "template", "include", "block"];

/// What a text itself says about being a template: a line that begins with a control action, a value that is an action
/// without quotes, a name that is a variable (no resource can be named so), a file named like a clusterctl template.
/// `plain` is the text read as YAML: what stands in one of its strings is no evidence, so a ConfigMap that carries a
/// template is not one. That a file belongs to a chart is for the caller to know.
pub fn evidence(path: &str, text: &str, plain: &Read) -> Option<Template> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.starts_with("cluster-template") && text.contains("${") {
        return Some(Template::EnvSubst);
    }
    let strings = string_spans(plain);
    let mut offset = 0;
    text.split_inclusive('\n').find_map(|line| {
        let start = Span::new(offset + line.len() - line.trim_start().len(), 0).start;
        offset += line.len();
        line_evidence(line.trim()).filter(|_| !touches(&strings, Span { start, end: start + 1 }))
    })
}

fn line_evidence(line: &str) -> Option<Template> {
    let begins = |value: &str| value.trim_start_matches(['"', '\'']).starts_with("${");
    let control = line.strip_prefix("{{").and_then(|body| body.split_whitespace().next());
    if line.starts_with("{{-") || control.is_some_and(|word| CONTROL.contains(&word)) || line.contains(": {{ .") {
        Some(Template::Helm)
    } else if line.starts_with("{%") {
        Some(Template::Jinja)
    } else if ["name: ", "namespace: "].iter().any(|key| line.strip_prefix(key).is_some_and(begins)) {
        Some(Template::EnvSubst)
    } else {
        None
    }
}

/// Where quoted and block strings stand, in order.
fn string_spans(plain: &Read) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for tree in &plain.trees {
        let nodes = (0..u32::try_from(tree.len()).unwrap_or(u32::MAX)).map(|index| tree.node(NodeId(index)));
        spans.extend(
            nodes.filter(|node| matches!(node.data, Data::Str(_)) && node.style != Style::Plain).map(|node| node.span),
        );
    }
    spans.sort_unstable();
    spans
}

/// A text with its placeholders overwritten, byte for byte as long as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The text to parse.
    pub text: String,
    /// Placeholders inside values, in order.
    pub ranges: Vec<Span>,
    /// Lines that were blanked, in order.
    pub holes: Vec<Hole>,
}

/// A blanked line that may stand for any content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Where it stands.
    pub span: Span,
    /// The column (from 0) at which its content would stand.
    pub column: usize,
}

/// Overwrites the placeholders of a template. Blanked lines become line feeds: a line of blanks may be too long to stand
/// first in a block scalar, and only offsets count.
pub fn mask(text: &str, template: Template) -> Masked {
    let mut bytes = text.as_bytes().to_vec();
    let (mut ranges, mut holes) = (Vec::new(), Vec::new());
    let found = actions(text, template);
    for action in &found {
        let filler = if action.alone { b'\n' } else { b'x' };
        for byte in &mut bytes[action.span.range()] {
            *byte = if matches!(*byte, b'\n' | b'\r') { *byte } else { filler };
        }
        if !action.alone {
            ranges.push(action.span);
        } else if !action.silent {
            holes.push(Hole { span: action.span, column: action.column });
        }
    }
    let text = String::from_utf8(bytes).unwrap_or_else(|_| text.to_string());
    Masked { text, ranges, holes }
}

/// Reads a template as YAML: the trees have unknown scalars and open collections where the template decides.
pub fn read(source: SourceId, text: &Arc<str>, template: Template) -> Read {
    let masked = mask(text, template);
    let (mut trees, mut problems) = yaml::read(source, &Arc::from(masked.text.as_str()), Span::new(0, text.len()));
    let pieces = split(&masked.text, Span::new(0, text.len()));
    for tree in &mut trees {
        tree.set_source_text(text.clone());
        let root = tree.node(tree.root()).span;
        let after = pieces.partition_point(|piece| piece.start <= root.start);
        apply(tree, &masked, after.checked_sub(1).map_or(root.end, |piece| pieces[piece].end), template);
    }
    problems.retain(|problem| problem.kind != ProblemKind::DuplicateKey || masked.holes.is_empty());
    for problem in &mut problems {
        if problem.kind == ProblemKind::ParseError {
            problem.kind = ProblemKind::TemplateNotEvaluated;
            problem.message = "template cannot be read without rendering it; not evaluated".to_string();
        }
    }
    Read { trees, problems, format: Format::Yaml }
}

/// Marks what the template decides in the tree of the document that ends at `end`.
fn apply(tree: &mut Tree, masked: &Masked, end: u32, template: Template) {
    let reason = Reason::new(UnknownCode::Templated, template.reason());
    for index in 0..u32::try_from(tree.len()).unwrap_or(u32::MAX) {
        let id = NodeId(index);
        let span = tree.node(id).span;
        match tree.data(id) {
            // A map with a masked key may have any key.
            Data::Map(_) if tree.entries(id).any(|(key, _)| touches(&masked.ranges, tree.node(key).span)) => {
                tree.set_reason(id, reason.clone());
            }
            Data::List(_) | Data::Map(_) => {}
            _ if touches(&masked.ranges, span) => unknown(tree, id, &reason),
            _ => {}
        }
    }
    let root = tree.node(tree.root()).span;
    let first = masked.holes.partition_point(|hole| hole.span.start < root.start);
    for hole in masked.holes[first..].iter().take_while(|hole| hole.span.start < end) {
        open(tree, *hole, &reason);
    }
}

fn touches(ranges: &[Span], span: Span) -> bool {
    let first = ranges.partition_point(|range| range.end <= span.start);
    ranges.get(first).is_some_and(|range| range.start < span.end)
}

fn unknown(tree: &mut Tree, id: NodeId, reason: &Reason) {
    tree.set_data(id, Data::Unknown);
    tree.set_reason(id, reason.clone());
}

/// Opens the collection in which the hole's content would stand: the one on the way down to it whose members have its
/// column; without one, the innermost.
fn open(tree: &mut Tree, hole: Hole, reason: &Reason) {
    let text = tree.source_text().clone();
    let (mut at, mut innermost, mut fitting) = (tree.root(), None, None);
    loop {
        let inner = last_before(tree, at, hole.span.start);
        if matches!(tree.data(at), Data::List(_) | Data::Map(_)) {
            innermost = Some(at);
            if is_at_column(&text, tree.node(at).span.start as usize, hole.column) {
                fitting = Some(at);
            }
        }
        match inner {
            // An alias leads out of the text's order.
            Some(next) if next.0 < at.0 => at = next,
            _ => break,
        }
    }
    let node = tree.node(at);
    let is_block = matches!(node.style, Style::Literal | Style::Folded);
    if !matches!(node.data, Data::List(_) | Data::Map(_)) && node.span.contains(hole.span.start) {
        return unknown(tree, at, reason);
    }
    match (fitting, innermost) {
        (None, _) if tree.data(at) == Data::Null => unknown(tree, at, reason),
        (None, _) if is_block => unknown(tree, at, reason),
        (Some(collection), _) | (None, Some(collection)) => tree.set_reason(collection, reason.clone()),
        (None, None) => unknown(tree, at, reason),
    }
}

/// The last element or value of a collection that begins (a value with its key) before an offset.
fn last_before(tree: &Tree, at: NodeId, offset: u32) -> Option<NodeId> {
    let begins = |id: NodeId| tree.node(id).span.start <= offset;
    match tree.data(at) {
        Data::List(items) => {
            let elements = tree.items(items);
            elements[..elements.partition_point(|&id| begins(id))].last().copied()
        }
        Data::Map(items) => {
            let entries = tree.items(items).as_chunks::<2>().0;
            entries[..entries.partition_point(|entry| begins(entry[0]))].last().map(|entry| entry[1])
        }
        _ => None,
    }
}

/// Whether an offset stands at a column (in bytes, from 0) of its line.
fn is_at_column(text: &str, offset: usize, column: usize) -> bool {
    let Some(line_start) = offset.checked_sub(column) else { return false };
    let bytes = text.as_bytes();
    (line_start == 0 || bytes[line_start - 1] == b'\n') && !bytes[line_start..offset].contains(&b'\n')
}
