//! Claims: what several objects may want at once, and names that something outside the input may fill in.
//!
//! Gathered once, so that each object finds its rivals without looking at all others. Who is right is not said here.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::ingress::{class_of, is_canary, paths_of};
use crate::inventory::{DocumentId, Inventory, hides, makes_pods, scope};
use crate::syntax::View;
use crate::vocabulary::{Reason, UnknownCode};

/// Something that only one object should have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// Requests for a host and path, of an ingress class.
    Path {
        /// The class; empty where none is named.
        class: String,
        /// The host; empty for every host.
        host: String,
        /// The path with its type.
        path: String,
    },
    /// The pods of a namespace that a Service's selector fits; the selector as text.
    Selector(Option<Arc<str>>, String),
    /// The replicas of a workload.
    Scale(Option<Arc<str>>, String, String),
}

/// Every claim of the input.
#[derive(Debug, Default)]
pub struct Claims {
    held: FxHashMap<Claim, Vec<DocumentId>>,
    /// Objects whose name a template decides, by kind and by how far templates reach.
    unnamed: FxHashMap<(Arc<str>, String), Reason>,
    /// Custom resources by name: their operators may make objects named after them.
    custom: FxHashMap<Arc<str>, Vec<DocumentId>>,
}

impl Claims {
    /// Reads all objects once.
    pub fn gather(inventory: &Inventory) -> Self {
        let mut claims = Claims::default();
        for (id, document) in inventory.objects() {
            let Some(key) = &document.key else { continue };
            let root = document.view(inventory.forest());
            for claim in claims_of(inventory, id) {
                claims.held.entry(claim).or_default().push(id);
            }
            if let Some(reason) = root.path("metadata.name").and_then(hides) {
                let scope = scope(inventory.path(id)).to_string();
                claims.unnamed.entry((key.kind.clone(), scope)).or_insert_with(|| reason.clone());
            }
            if makes_pods(key) && !key.name.is_empty() {
                claims.custom.entry(key.name.clone()).or_default().push(id);
            }
        }
        claims
    }

    /// The first object further up in the input that makes the same claim and is in sight.
    pub fn rival(&self, inventory: &Inventory, id: DocumentId, claim: &Claim) -> Option<DocumentId> {
        let holders = self.held.get(claim)?.iter().copied();
        holders.take_while(|&other| other < id).find(|&other| inventory.sees(id, other))
    }

    /// Why an object that `from` names may exist although the input does not hold it.
    pub fn may_exist(&self, inventory: &Inventory, from: DocumentId, kind: &str, name: &str) -> Option<Reason> {
        if let Some(reason) = inventory.completeness(kind, from).reason() {
            return Some(reason.clone());
        }
        if inventory.listings().is_some() {
            return None;
        }
        let scope = scope(inventory.path(from)).to_string();
        if let Some(reason) = self.unnamed.get(&(Arc::from(kind), scope)) {
            return Some(reason.clone());
        }
        let ends = name.match_indices(['-', '.']).map(|(at, _)| at).chain([name.len()]);
        let makers = ends.filter_map(|end| self.custom.get(&name[..end])).flatten();
        let maker = makers.copied().find(|&maker| inventory.meets(from, maker))?;
        let key = inventory.document(maker).key.as_ref()?;
        let text = format!("an operator may make it for {} `{}`", key.kind, key.name);
        Some(Reason::new(UnknownCode::Partial, text))
    }
}

fn claims_of(inventory: &Inventory, id: DocumentId) -> Vec<Claim> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    match document.kind() {
        "Ingress" if !is_canary(root) => {
            let class = class_of(root).unwrap_or_default().to_string();
            let paths = paths_of(root).into_iter().filter_map(|path| path.claim(&class));
            paths.collect()
        }
        "Service" => selector_claim(inventory, id).into_iter().collect(),
        "HorizontalPodAutoscaler" | "ScaledObject" => scale_claim(inventory, id).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// What a Service of Kubernetes selects; `None` without a selector, or where something hides in it.
pub fn selector_claim(inventory: &Inventory, id: DocumentId) -> Option<Claim> {
    let document = inventory.document(id);
    document.key.as_ref().filter(|key| key.is("", "Service"))?;
    let selector = document.view(inventory.forest()).path("spec.selector")?;
    let mut pairs: Vec<String> = Vec::new();
    for (key, value) in selector.entries() {
        pairs.push(format!("{key}={}", value.str()?));
    }
    pairs.sort();
    let whole = !pairs.is_empty() && hides(selector).is_none();
    whole.then(|| Claim::Selector(inventory.document(id).namespace(), pairs.join(",")))
}

/// What an autoscaler scales.
pub fn scale_claim(inventory: &Inventory, id: DocumentId) -> Option<Claim> {
    let target = inventory.document(id).view(inventory.forest()).path("spec.scaleTargetRef")?;
    let kind = target.str_at("kind").unwrap_or("Deployment");
    Some(Claim::Scale(inventory.document(id).namespace(), kind.to_string(), target.str_at("name")?.to_string()))
}

/// The value of an annotation.
pub fn annotation<'a>(root: View<'a>, key: &str) -> Option<View<'a>> {
    root.path("metadata.annotations")?.get(key)
}
