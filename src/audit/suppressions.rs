//! Finds the suppressions of a run: comments, annotations, configuration.

use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::settings::{Settings, UsageError, date};
use crate::syntax::{Mark, View};
use crate::triage::{Globs, Scope, Suppression, WaiverKind, parse_note, split_until};
use crate::vocabulary::{Place, SourceId};

/// The annotation that suppresses.
const ANNOTATION: &str = "k8sready.io/ignore";

/// Every suppression, comments first.
pub fn collect(
    settings: &Settings,
    inventory: &Inventory,
    marks: &[(SourceId, Mark)],
) -> Result<Vec<Suppression>, UsageError> {
    let mut all = if settings.disallow_annotations { Vec::new() } else { in_files(inventory, marks) };
    for suppress in &settings.suppress {
        let globs = [&suppress.path, &suppress.kind, &suppress.namespace, &suppress.name, &suppress.container];
        let globs =
            Globs::new(globs.map(Option::as_deref)).map_err(|error| UsageError::new(format!("suppress: {error}")))?;
        all.push(Suppression {
            kind: WaiverKind::Config,
            rules: vec![suppress.rule.clone()],
            reason: suppress.reason.clone(),
            until: suppress.until.as_deref().map(date).transpose()?,
            place: None,
            scope: Scope::Globs(Box::new(globs)),
        });
    }
    Ok(all)
}

/// What the audited files suppress by themselves.
pub fn in_files(inventory: &Inventory, marks: &[(SourceId, Mark)]) -> Vec<Suppression> {
    let mut all: Vec<Suppression> = marks.iter().map(|(source, mark)| comment(inventory, *source, mark)).collect();
    for (id, _) in inventory.documents() {
        all.extend(annotations(inventory, id));
    }
    all
}

/// `# k8sready: ignore[rule] reason` covers its own line, or the next one where it stands alone.
fn comment(inventory: &Inventory, source: SourceId, mark: &Mark) -> Suppression {
    let position = inventory.sources().locate(source, mark.span);
    let (reason, until) = split_until(&mark.reason);
    Suppression {
        kind: WaiverKind::Comment,
        rules: mark.ids.clone(),
        reason,
        until,
        place: Some(Place { source, span: mark.span }),
        scope: Scope::Lines {
            path: position.path.to_string(),
            from: position.line,
            to: position.line + u32::from(mark.alone),
        },
    }
}

/// The annotation on the object or its pod template covers every finding about the object.
fn annotations(inventory: &Inventory, id: DocumentId) -> Vec<Suppression> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let template = pod_template(document, inventory.forest()).map(|pod| pod.template);
    let holders = [Some(root), template.filter(|template| template.at() != root.at())];
    let notes = holders.into_iter().flatten().filter_map(|holder| holder.path("metadata.annotations")?.get(ANNOTATION));
    notes.filter_map(|note| annotation(id, document.source, note)).collect()
}

fn annotation(id: DocumentId, source: SourceId, note: View<'_>) -> Option<Suppression> {
    let (rules, reason, until) = parse_note(note.str()?).unwrap_or_else(|| {
        let rules = note.str().unwrap_or_default().split(',').map(|rule| rule.trim().to_string()).collect();
        (rules, String::new(), None)
    });
    Some(Suppression {
        kind: WaiverKind::Annotation,
        rules,
        reason,
        until,
        place: Some(Place { source, span: note.span() }),
        scope: Scope::Document(id.0),
    })
}
