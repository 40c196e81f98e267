//! Surroundings: what other documents decide for a container, gathered once for the whole input.
//!
//! LimitRanges that fill in a memory limit, and images that Kustomize roots replace. Other transformers are not read.

use crate::inventory::{DocumentId, Inventory};
use crate::syntax::View;
use crate::values::ImageRef;

/// Documents that decide for containers elsewhere.
#[derive(Debug, Default)]
pub struct Surroundings {
    memory_defaults: Vec<DocumentId>,
    images: Vec<Replacement>,
}

/// An entry of a Kustomize root's `images`.
#[derive(Debug)]
struct Replacement {
    root: DocumentId,
    /// The image that is replaced.
    name: ImageRef,
    /// What takes its place; only tag and digest matter here.
    mutable: bool,
}

impl Surroundings {
    /// Reads all documents once.
    pub fn gather(inventory: &Inventory) -> Self {
        let mut surroundings = Surroundings::default();
        for (id, document) in inventory.objects() {
            let root = document.view(inventory.forest());
            match document.kind() {
                "LimitRange" if defaults_memory(root) => surroundings.memory_defaults.push(id),
                "Kustomization" | "Component" => surroundings.images.extend(replacements(id, root)),
                _ => {}
            }
        }
        surroundings
    }

    /// The LimitRange that gives a container of `of` a memory limit.
    pub fn memory_default(&self, inventory: &Inventory, of: DocumentId) -> Option<DocumentId> {
        let namespace = |id: DocumentId| inventory.document(id).key.as_ref().and_then(|key| key.namespace.clone());
        let own = namespace(of);
        self.memory_defaults.iter().copied().find(|&range| namespace(range) == own && inventory.sees(of, range))
    }

    /// Whether the image that runs can change under its reference, after Kustomize replaced it.
    pub fn mutable(&self, inventory: &Inventory, of: DocumentId, image: &ImageRef) -> bool {
        let same = |other: &ImageRef| other.registry == image.registry && other.repository == image.repository;
        let found = self.images.iter().find(|entry| same(&entry.name) && inventory.sees(of, entry.root));
        found.map_or_else(|| image.is_mutable_tag(), |entry| entry.mutable)
    }
}

/// Without `default`, the API server takes `max` for it (`SetDefaults_LimitRangeItem` of core/v1).
fn defaults_memory(root: View<'_>) -> bool {
    let items = root.path("spec.limits").into_iter().flat_map(View::items);
    items
        .filter(|item| item.str_at("type") == Some("Container"))
        .any(|item| item.path("default.memory").is_some() || item.path("max.memory").is_some())
}

fn replacements(root: DocumentId, view: View<'_>) -> Vec<Replacement> {
    let entries = view.get("images").into_iter().flat_map(View::items);
    entries
        .filter_map(|entry| {
            let name: ImageRef = entry.str_at("name")?.parse().ok()?;
            let text = |key| entry.str_at(key).map(str::to_string);
            let (tag, digest) = (text("newTag"), text("digest"));
            if tag.is_none() && digest.is_none() {
                return None;
            }
            let mutable = ImageRef { tag, digest, ..name.clone() }.is_mutable_tag();
            Some(Replacement { root, name, mutable })
        })
        .collect()
}
