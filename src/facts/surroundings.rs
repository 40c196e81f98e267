//! Surroundings: what other documents decide for a container, gathered once for the whole input.
//!
//! LimitRanges that fill in a memory limit, and images that Kustomize roots replace. Other transformers are not read.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::inventory::{DocumentId, Inventory};
use crate::syntax::View;
use crate::values::ImageRef;

/// Documents that decide for containers elsewhere.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// LimitRanges that default memory, by namespace.
    memory_defaults: FxHashMap<Option<Arc<str>>, Vec<DocumentId>>,
    /// Replacements by registry and repository of the image that they replace.
    images: FxHashMap<(String, String), Vec<Replacement>>,
}

/// What takes the place of an image; only tag and digest matter here.
#[derive(Debug)]
struct Replacement {
    /// Index of the Kustomize root's environment.
    environment: usize,
    /// No digest, and a tag that moves.
    mutable: bool,
}

impl Surroundings {
    /// Reads all documents once.
    pub fn gather(inventory: &Inventory) -> Self {
        let environments: FxHashMap<&str, usize> =
            inventory.environments().iter().enumerate().map(|(at, found)| (found.path.as_str(), at)).collect();
        let mut surroundings = Surroundings::default();
        for (id, document) in inventory.objects() {
            let root = document.view(inventory.forest());
            match document.kind() {
                "LimitRange" if defaults_memory(root) => {
                    surroundings.memory_defaults.entry(namespace(inventory, id)).or_default().push(id);
                }
                // The environment of what a Kustomize root pulls in is named after the root's directory.
                "Kustomization" | "Component" => {
                    let path = inventory.path(id);
                    let directory = path.rsplit_once('/').map_or(".", |(directory, _)| directory);
                    if let Some(&environment) = environments.get(directory) {
                        surroundings.add_replacements(environment, root);
                    }
                }
                _ => {}
            }
        }
        surroundings
    }

    fn add_replacements(&mut self, environment: usize, root: View<'_>) {
        for entry in root.get("images").into_iter().flat_map(View::items) {
            let text = |key| entry.str_at(key).map(str::to_string);
            let name = entry.str_at("name").and_then(|name| name.parse::<ImageRef>().ok());
            let (tag, digest) = (text("newTag"), text("digest"));
            if let (Some(name), true) = (name, tag.is_some() || digest.is_some()) {
                let key = (name.registry.clone(), name.repository.clone());
                let mutable = ImageRef { tag, digest, ..name }.is_mutable_tag();
                self.images.entry(key).or_default().push(Replacement { environment, mutable });
            }
        }
    }

    /// The LimitRange that gives a container of `of` a memory limit.
    pub fn memory_default(&self, inventory: &Inventory, of: DocumentId) -> Option<DocumentId> {
        let ranges = self.memory_defaults.get(&namespace(inventory, of))?;
        ranges.iter().copied().find(|&range| inventory.sees(of, range))
    }

    /// Whether the image that runs can change under its reference, after Kustomize replaced it.
    pub fn mutable(&self, inventory: &Inventory, of: DocumentId, image: &ImageRef) -> bool {
        let visible = &inventory.environments()[inventory.document(of).environment.index()].visible;
        let seen = |entry: &&Replacement| visible.iter().any(|environment| environment.index() == entry.environment);
        let entries = self.images.get(&(image.registry.clone(), image.repository.clone()));
        entries.into_iter().flatten().find(seen).map_or_else(|| image.is_mutable_tag(), |entry| entry.mutable)
    }
}

fn namespace(inventory: &Inventory, id: DocumentId) -> Option<Arc<str>> {
    inventory.document(id).key.as_ref().and_then(|key| key.namespace.clone())
}

/// Without `default`, the API server takes `max` for it (`SetDefaults_LimitRangeItem` of core/v1).
fn defaults_memory(root: View<'_>) -> bool {
    let items = root.path("spec.limits").into_iter().flat_map(View::items);
    items
        .filter(|item| item.str_at("type") == Some("Container"))
        .any(|item| item.path("default.memory").is_some() || item.path("max.memory").is_some())
}
