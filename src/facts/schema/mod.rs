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
mod patterns;
mod table;
mod violation;

use super::{Built, FactBuilder, Fallback, SubjectKind, anchor, name};
use crate::facts::Subject;
use crate::inventory::{DocumentId, Inventory, Key};
use crate::syntax::View;
use crate::vocabulary::{NodeId, NodeRef, TreeId};

use definitions::Definitions;
use deprecated::DeprecatedFields;
use lifecycle::{Life, Lives};
use patterns::Patterns;
use table::Schema;
use violation::{Found, Wrong};

pub use admitted::{Admitted, Defaults, Types};

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

    /// What API servers add to objects; read when somebody asks.
    pub fn defaults(&self) -> Result<Defaults, String> {
        Defaults::load(&self.schema)
    }

    /// What objects are copied by, the way admission policies see them.
    pub fn types<'a>(&'a self, defaults: &'a Defaults) -> Types<'a> {
        Types { schema: &self.schema, defaults, definitions: &self.definitions, minor: self.minor }
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
                let context = custom::Context { forest: inventory.forest(), patterns: &self.patterns, kustomized };
                custom::check(context, schema, root)
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
        ];
        let origin = facts.anchor();
        facts.map(&fields, origin)
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
