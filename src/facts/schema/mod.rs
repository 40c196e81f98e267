//! `schema`: an object of a known kind, its API version's life, and what its type finds wrong with it.
//!
//! Built-in kinds are held against `table`, custom ones against their definition. What a rule may say about meaning (ports that nobody listens on, names that
//! clash) is no business of this module.

mod admitted;
mod check;
mod custom;
mod definitions;
mod deprecated;
mod lifecycle;
mod limits;
mod order;
mod patterns;
mod table;
mod validations;
mod violation;

use std::sync::OnceLock;

use super::{Built, FactBuilder, Fallback, SubjectKind, anchor, name};
use crate::facts::Subject;
use crate::inventory::{DocumentId, Inventory, Key};
use crate::syntax::{Forest, Origin, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

use definitions::Definitions;
use deprecated::DeprecatedFields;
use lifecycle::{Life, Lives};
use patterns::Patterns;
use table::Schema;
use violation::{Found, Wrong};

use admitted::Defaults;
pub use admitted::{Admitted, Types};

/// The dated tables.
#[derive(Debug)]
pub struct Schemas {
    schema: Schema,
    lives: Lives,
    /// The minor of Kubernetes 1 to judge for.
    minor: u32,
    definitions: Definitions,
    deprecated: DeprecatedFields,
    patterns: Patterns,
    defaults: OnceLock<Defaults>,
}

impl Schemas {
    /// Reads the tables and gathers custom resource definitions; `beside` holds some that are no part of the input.
    pub fn load(minor: u32, inventory: &Inventory, beside: Option<Inventory>) -> Result<Schemas, String> {
        let definitions = Definitions::gather(inventory, beside);
        Ok(Schemas {
            schema: Schema::load()?,
            lives: Lives::load()?,
            minor,
            definitions,
            deprecated: DeprecatedFields::load()?,
            patterns: Patterns::default(),
            defaults: OnceLock::new(),
        })
    }

    /// The day the types were collected.
    pub fn date(&self) -> &'static str {
        self.schema.date
    }

    /// The day the deprecated fields were collected.
    pub fn fields_date(&self) -> &str {
        &self.deprecated.date
    }

    /// What objects are copied by, the way admission policies see them. What API servers add to objects is read when
    /// somebody asks first; a test holds that it can be read.
    pub fn types(&self) -> Types<'_> {
        let defaults = self.defaults.get_or_init(|| Defaults::load(&self.schema).unwrap_or_default());
        Types { schema: &self.schema, defaults, definitions: &self.definitions, minor: self.minor }
    }

    /// The validations of a custom resource. As in the API server they are left out where a type is wrong or a field missing.
    fn validate(&self, inventory: &Inventory, id: DocumentId, schema: View<'_>, found: &mut Found) {
        if found.violations.iter().any(|violation| matches!(violation.wrong, Wrong::Type | Wrong::Missing)) {
            return;
        }
        let mut forest = Forest::default();
        let tree = self.types().admit(inventory, id, true).tree;
        let node = tree.root();
        let root = NodeRef { tree: forest.push(tree), node };
        validations::check(&forest, &self.patterns, schema, forest.view(root), found);
    }

    /// The definition of a custom resource.
    pub fn definition<'a>(&'a self, inventory: &'a Inventory, id: DocumentId, key: &Key) -> Option<View<'a>> {
        self.definitions.definition(inventory, id, key)
    }

    /// Whether the target version serves one of Kubernetes' own kinds in a version.
    pub fn serves(&self, api_version: &str, kind: &str) -> bool {
        self.schema.kind(api_version, kind, self.minor).is_some()
    }

    /// The facts of an object whose kind is known, now or once.
    pub fn build(&self, inventory: &Inventory, id: DocumentId, tree: TreeId) -> Built {
        let document = inventory.document(id);
        let key = document.key.as_ref()?;
        let api_version = key.api_version();
        let life = self.lives.of(&api_version, &key.kind);
        let ty = self.schema.kind(&api_version, &key.kind, self.minor);
        let custom = if ty.is_none() { self.definitions.schema(inventory, id, key) } else { None };
        if ty.is_none() && life.is_none() && custom.is_none() {
            return None;
        }
        let root = document.view(inventory.forest());
        let kustomized = inventory.environments()[document.environment.index()].kustomized;
        let found = match (ty, custom) {
            (Some(ty), _) => check::check(&self.schema, ty, self.minor, root, kustomized),
            (None, Some(schema)) => {
                let mut found = custom::check(custom::Context { patterns: &self.patterns, kustomized }, schema, root);
                if self.definitions.validates(inventory, id, key) {
                    self.validate(inventory, id, schema, &mut found);
                }
                found
            }
            (None, None) => Found::default(),
        };
        let mut facts = FactBuilder::new(tree, anchor(root));
        let deprecated = self.deprecated.of(&mut facts, document, inventory.forest(), self.minor);
        let node = self.object(&mut facts, (root, key), life, &found, deprecated);
        let subject = Subject::of(SubjectKind::Schema, NodeRef { tree, node }, inventory, id);
        Some((facts.finish(), vec![subject]))
    }

    fn object(
        &self,
        facts: &mut FactBuilder,
        (root, key): (View<'_>, &Key),
        life: Option<Life>,
        found: &Found,
        deprecated: NodeId,
    ) -> NodeId {
        let at = root.origin_of("apiVersion");
        let life = life.unwrap_or(Life { deprecated: None, removed: None, replacement: "" });
        let past = |minor: Option<u32>| minor.is_some_and(|minor| minor <= self.minor);
        let fields = [
            ("apiVersion", facts.lookup(root, "apiVersion", Fallback::Str(""))),
            ("kind", facts.str(&key.kind, root.origin_of("kind"))),
            ("name", name(facts, root)),
            ("removed", facts.bool(past(life.removed), at.clone())),
            ("removedIn", facts.opt_str(release(life.removed).as_deref(), at.clone())),
            ("deprecated", facts.bool(past(life.deprecated) && !past(life.removed), at.clone())),
            ("deprecatedIn", facts.opt_str(release(life.deprecated).as_deref(), at.clone())),
            ("advice", facts.str(&advice(life), at)),
            ("unknownFields", found.list(facts, Wrong::Unknown)),
            ("wrongTypes", found.list(facts, Wrong::Type)),
            ("missingFields", found.list(facts, Wrong::Missing)),
            ("invalidValues", found.list(facts, Wrong::Value)),
            ("deprecatedFields", deprecated),
            ("unsortedKey", unsorted(facts, root)),
        ];
        let origin = facts.anchor();
        facts.map(&fields, origin)
    }
}

/// The first key that stands after a key it should stand before; null if there is none.
fn unsorted(facts: &mut FactBuilder, root: View<'_>) -> NodeId {
    match order::first_unsorted(root) {
        Some((key, name)) => facts.str(name, Origin::Key(key)),
        None => facts.null(Origin::Anchor(anchor(root))),
    }
}

fn advice(life: Life) -> String {
    match life.replacement.split_once(' ') {
        Some((api_version, kind)) => format!("`{api_version}` {kind} takes its place"),
        None => "nothing takes its place".to_string(),
    }
}

fn release(minor: Option<u32>) -> Option<String> {
    minor.map(|minor| format!("1.{minor}"))
}
