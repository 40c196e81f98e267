//! The schemas of custom resources: every CustomResourceDefinition in the input, or in the folders named beside it.

use rustc_hash::FxHashMap;

use super::validations::has_any;
use crate::inventory::{DocumentId, Inventory, Key};
use crate::syntax::View;
use crate::vocabulary::NodeRef;

/// Group, version and kind.
type Kind = (String, String, String);

/// Where a schema lies.
#[derive(Clone, Copy, Debug)]
struct Definition {
    document: DocumentId,
    schema: NodeRef,
    root: NodeRef,
    /// The schema has validations.
    validated: bool,
    /// In the inventory beside the input.
    beside: bool,
}

/// All schemas.
#[derive(Debug)]
pub struct Definitions {
    by_kind: FxHashMap<Kind, Vec<Definition>>,
    beside: Option<Inventory>,
}

impl Definitions {
    /// Gathers them; `beside` holds definitions that are no part of the input.
    pub fn gather(inventory: &Inventory, beside: Option<Inventory>) -> Definitions {
        let mut by_kind = FxHashMap::default();
        add(&mut by_kind, inventory, false);
        if let Some(beside) = &beside {
            add(&mut by_kind, beside, true);
        }
        Definitions { by_kind, beside }
    }

    /// The schema of a custom resource: one that its environment sees, else any.
    pub fn schema<'a>(&'a self, inventory: &'a Inventory, id: DocumentId, key: &Key) -> Option<View<'a>> {
        let (home, found) = self.find(inventory, id, key)?;
        Some(home.forest().view(found.schema))
    }

    /// Whether the schema of a custom resource has validations.
    pub fn validates(&self, inventory: &Inventory, id: DocumentId, key: &Key) -> bool {
        self.find(inventory, id, key).is_some_and(|(_, found)| found.validated)
    }

    /// The definition itself.
    pub fn definition<'a>(&'a self, inventory: &'a Inventory, id: DocumentId, key: &Key) -> Option<View<'a>> {
        let (home, found) = self.find(inventory, id, key)?;
        Some(home.forest().view(found.root))
    }

    fn find<'a>(
        &'a self,
        inventory: &'a Inventory,
        id: DocumentId,
        key: &Key,
    ) -> Option<(&'a Inventory, &'a Definition)> {
        let kind = (key.group.to_string(), key.version.to_string(), key.kind.to_string());
        let all = self.by_kind.get(&kind)?;
        let seen = |definition: &&Definition| !definition.beside && inventory.sees(id, definition.document);
        let found = all.iter().find(seen).or(all.first())?;
        let home = if found.beside { self.beside.as_ref()? } else { inventory };
        Some((home, found))
    }
}

fn add(by_kind: &mut FxHashMap<Kind, Vec<Definition>>, inventory: &Inventory, beside: bool) {
    for (document, found) in inventory.objects() {
        if !found.key.as_ref().is_some_and(|key| key.is("apiextensions.k8s.io", "CustomResourceDefinition")) {
            continue;
        }
        let root = found.view(inventory.forest());
        let (Some(group), Some(kind)) = (root.str_at("spec.group"), root.str_at("spec.names.kind")) else { continue };
        for version in root.path("spec.versions").into_iter().flat_map(View::items) {
            let schema =
                version.path("schema.openAPIV3Schema").or_else(|| root.path("spec.validation.openAPIV3Schema"));
            if let (Some(name), Some(schema)) = (version.str_at("name"), schema) {
                let kind = (group.to_string(), name.to_string(), kind.to_string());
                by_kind.entry(kind).or_default().push(Definition {
                    document,
                    schema: schema.at(),
                    root: root.at(),
                    validated: has_any(schema),
                    beside,
                });
            }
        }
    }
}
