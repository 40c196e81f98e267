//! The parameters that a binding gives to a policy, found in the input.

use std::sync::Arc;

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
    let namespaced = match policy.candidates.first().and_then(|&first| Resource::of(inventory, schemas, first)) {
        Some(found) => found.namespaced,
        None => !is_cluster_kind(group, kind),
    };
    // `None` where nobody says it; a candidate of which nobody says it either lies in the same.
    let namespace = wanted.namespace.clone().or_else(|| of.namespace.clone());
    if namespaced && namespace.as_deref() == Some("") {
        let text = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources";
        return Params::Error(format!("failed to configure binding: {text}"));
    }
    let seen = candidates(inventory, policy, (kind, group), wanted, id);
    let here = |found: &&DocumentId| {
        !namespaced || inventory.document(**found).namespace() == namespace.as_deref().map(Arc::from)
    };
    let there: Vec<DocumentId> = seen.iter().filter(here).copied().collect();
    let hidden = seen.len() > there.len() && namespaced && namespace.is_none();
    let unsaid =
        || hidden.then(|| because("the manifest does not name its namespace, nor which parameters are its own"));
    let (found, doubt) = chosen(inventory, wanted, &there);
    let doubt = doubt.or_else(|| inventory.completeness(kind, id).reason().cloned()).or_else(unsaid);
    match (wanted.required && found.is_empty(), &doubt) {
        (true, None) => {
            let text = "no params found for policy binding with `Deny` parameterNotFoundAction";
            Params::Error(format!("failed to configure binding: {text}"))
        }
        _ if wanted.name.is_some() && !found.is_empty() => Params::These(found, None),
        _ => Params::These(found, doubt),
    }
}

/// What an object sees of the parameters' kind; of the name, where one is wanted.
fn candidates(
    inventory: &Inventory,
    policy: &Policy,
    (kind, group): (&str, &str),
    wanted: &ParamRef,
    id: DocumentId,
) -> Vec<DocumentId> {
    let of_group = |found: &DocumentId| inventory.document(*found).key.as_ref().is_some_and(|key| *key.group == *group);
    let mut found = match (&wanted.name, &wanted.namespace) {
        (Some(name), Some(namespace)) => inventory.named_in(id, namespace, kind, name),
        (Some(name), None) => inventory.named(id, kind, name),
        (None, _) => policy.candidates.iter().copied().filter(|&found| inventory.sees(id, found)).collect(),
    };
    found.retain(of_group);
    found
}

fn because(text: &str) -> Reason {
    Reason::new(crate::vocabulary::UnknownCode::Partial, text)
}

/// Those with the labels, if it is labels that are wanted, and why there may be more.
fn chosen(inventory: &Inventory, wanted: &ParamRef, all: &[DocumentId]) -> (Vec<DocumentId>, Option<Reason>) {
    let Some(selector) = wanted.selector.as_ref().filter(|_| wanted.name.is_none()) else {
        return (all.to_vec(), None);
    };
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
