//! The parameters that a binding gives to a policy, found in the input.

use super::policy::{ParamRef, Policy};
use super::resource::{Resource, is_cluster_kind};
use crate::facts::schema::Schemas;
use crate::inventory::{DocumentId, Fit, Inventory, Labels};
use crate::vocabulary::Reason;

/// What a policy is evaluated with.
#[derive(Debug, PartialEq)]
pub enum Params {
    /// Without any: `params` is null.
    None,
    /// Once with each of these; with none of them, not at all. There may be more, for a reason.
    These(Vec<DocumentId>, Option<Reason>),
    /// The binding is wrong, for this object.
    Error(String),
}

/// The parameters for an object.
pub fn find(
    inventory: &Inventory,
    schemas: &Schemas,
    policy: &Policy,
    wanted: Option<&ParamRef>,
    object: (DocumentId, &Resource),
) -> Params {
    let (Some((api_version, kind)), Some(wanted)) = (&policy.param_kind, wanted) else { return Params::None };
    let (id, of) = object;
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let candidates: Vec<DocumentId> = inventory
        .of_kind(kind, inventory.document(id).environment)
        .filter(|&found| inventory.document(found).key.as_ref().is_some_and(|key| *key.group == *group))
        .collect();
    let namespaced = match candidates.first().and_then(|&first| Resource::of(inventory, schemas, first)) {
        Some(found) => found.namespaced,
        None => !is_cluster_kind(group, kind),
    };
    // `None` where nobody says it; a candidate of which nobody says it either lies in the same.
    let namespace = wanted.namespace.clone().or_else(|| of.namespace.clone());
    if namespaced && namespace.as_deref() == Some("") {
        let text = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources";
        return Params::Error(format!("failed to configure binding: {text}"));
    }
    let here = |&found: &DocumentId| {
        let home = inventory.document(found).namespace();
        !namespaced || home.as_deref() == namespace.as_deref()
    };
    let there: Vec<DocumentId> = candidates.iter().copied().filter(here).collect();
    let doubt = inventory.completeness(kind, id).reason().cloned();
    let hidden = candidates.len() > there.len() && namespaced && namespace.is_none();
    let chosen = chosen(inventory, wanted, &there);
    let doubt = doubt.or(chosen.1).or_else(|| {
        hidden.then(|| because("the manifest does not name its namespace, nor which parameters are its own"))
    });
    match (wanted.required && chosen.0.is_empty(), &doubt) {
        (true, None) => {
            let text = "no params found for policy binding with `Deny` parameterNotFoundAction";
            Params::Error(format!("failed to configure binding: {text}"))
        }
        _ if wanted.name.is_some() && !chosen.0.is_empty() => Params::These(chosen.0, None),
        _ => Params::These(chosen.0, doubt),
    }
}

fn because(text: &str) -> Reason {
    Reason::new(crate::vocabulary::UnknownCode::Partial, text)
}

/// Those of the name or the labels, and why there may be more.
fn chosen(inventory: &Inventory, wanted: &ParamRef, all: &[DocumentId]) -> (Vec<DocumentId>, Option<Reason>) {
    if let Some(name) = &wanted.name {
        let named = |&&id: &&DocumentId| inventory.document(id).key.as_ref().is_some_and(|key| *key.name == **name);
        return (all.iter().filter(named).copied().collect(), None);
    }
    let Some(selector) = &wanted.selector else { return (Vec::new(), None) };
    let (mut found, mut doubt) = (Vec::new(), None);
    for &id in all {
        match Labels::of(inventory.document(id).view(inventory.forest())).fit(selector, |_, _| None) {
            Fit::Yes => found.push(id),
            Fit::No => {}
            Fit::Perhaps(reason) => doubt = Some(reason),
        }
    }
    (found, doubt)
}
