//! `schema`: an object of a known kind, its API version's life, and what its type finds wrong with it.
//!
//! Built-in kinds are held against `table`. What a rule may say about meaning (ports that nobody listens on, names that
//! clash) is no business of this module.

mod check;
mod lifecycle;
mod limits;
mod table;
mod violation;

use super::{Built, FactBuilder, Fallback, SubjectKind, anchor, name};
use crate::facts::Subject;
use crate::inventory::{DocumentId, Inventory, Key};
use crate::syntax::View;
use crate::vocabulary::{NodeId, NodeRef, TreeId};

use lifecycle::{Life, Lives};
use table::Schema;
use violation::{Found, Wrong};

/// The dated tables.
#[derive(Debug)]
pub struct Schemas {
    schema: Schema,
    lives: Lives,
    /// The minor of Kubernetes 1 to judge for.
    minor: u32,
}

impl Schemas {
    /// Reads the tables.
    pub fn load(minor: u32) -> Result<Schemas, String> {
        Ok(Schemas { schema: Schema::load()?, lives: Lives::load()?, minor })
    }

    /// The day the types were collected.
    pub fn date(&self) -> &'static str {
        self.schema.date
    }

    /// The facts of an object whose kind is known, now or once.
    pub fn build(&self, inventory: &Inventory, id: DocumentId, tree: TreeId) -> Built {
        let document = inventory.document(id);
        let key = document.key.as_ref()?;
        let api_version = key.api_version();
        let life = self.lives.of(&api_version, &key.kind);
        let ty = self.schema.kind(&api_version, &key.kind, self.minor);
        if ty.is_none() && life.is_none() {
            return None;
        }
        let root = document.view(inventory.forest());
        let kustomized = inventory.environments()[document.environment.index()].kustomized;
        let check = |ty| check::check(&self.schema, ty, self.minor, root, kustomized);
        let found = ty.map(check).unwrap_or_default();
        let mut facts = FactBuilder::new(tree, anchor(root));
        let node = self.object(&mut facts, root, key, life, &found);
        let subject = Subject::of(SubjectKind::Schema, NodeRef { tree, node }, inventory, id);
        Some((facts.finish(), vec![subject]))
    }

    fn object(&self, facts: &mut FactBuilder, root: View<'_>, key: &Key, life: Option<Life>, found: &Found) -> NodeId {
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
