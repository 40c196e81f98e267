//! Finds the suppressions of a run: comments, annotations, configuration.

use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::settings::{Settings, UsageError, date};
use crate::syntax::{View, suppression_marks};
use crate::triage::{Globs, Scope, Suppression, WaiverKind, parse_note, split_until};
use crate::vocabulary::Place;

/// The annotation that suppresses.
const ANNOTATION: &str = "k8sready.io/ignore";

/// Every suppression, comments first.
pub fn collect(settings: &Settings, inventory: &Inventory) -> Result<Vec<Suppression>, UsageError> {
    let mut all = comments(inventory);
    for (id, _) in inventory.documents() {
        all.extend(annotations(inventory, id));
    }
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

/// `# k8sready: ignore[rule] reason` covers its own line, or the next one where it stands alone.
fn comments(inventory: &Inventory) -> Vec<Suppression> {
    let mut all = Vec::new();
    for source in inventory.sources().iter() {
        let trees: Vec<_> = inventory
            .forest()
            .trees()
            .map(|(_, tree)| tree)
            .filter(|tree| !tree.has_origins() && tree.source() == source.id())
            .collect();
        if !source.text().contains("k8sready:") {
            continue;
        }
        for mark in suppression_marks(source.text(), &trees) {
            let position = inventory.sources().locate(source.id(), mark.span);
            let alone = mark.alone;
            let (reason, until) = split_until(&mark.reason);
            all.push(Suppression {
                kind: WaiverKind::Comment,
                rules: mark.ids,
                reason,
                until,
                place: Some(Place { source: source.id(), span: mark.span }),
                scope: Scope::Lines {
                    path: position.path.to_string(),
                    from: position.line,
                    to: position.line + u32::from(alone),
                },
            });
        }
    }
    all
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

fn annotation(id: DocumentId, source: crate::vocabulary::SourceId, note: View<'_>) -> Option<Suppression> {
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
