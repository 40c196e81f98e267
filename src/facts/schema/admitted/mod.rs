//! An object the way an admission policy sees it: decoded into its type and defaulted, as a fact tree of its own.
//!
//! Nulls, dropped zero values and fields that the type does not have are gone; what the API server adds is there, with the
//! place where it would stand as its origin; what only the cluster knows is unknown. Custom resources get the defaults of
//! their definition. What mutating webhooks and policies would change is not known here and not considered.

mod custom;
mod defaults;

use super::definitions::Definitions;
use super::table::{Schema, Ty, TypeId};
use crate::facts::{FactBuilder, anchor};
use crate::inventory::{DocumentId, Inventory, hides};
use crate::syntax::{Data, Origin, Tree, View};
use crate::values::{ImageRef, Quantity};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId, UnknownCode};

pub use defaults::Defaults;
use defaults::{Added, Condition, Value, lists};

/// A copy, and how much of it is known.
#[derive(Debug)]
pub struct Admitted {
    /// The object; its tree is the first of a forest of its own.
    pub tree: Tree,
    /// Why something that is missing may be there after all: neither type nor definition is known.
    pub guessed: Option<Reason>,
}

/// What copies are made by.
#[derive(Clone, Copy, Debug)]
pub struct Types<'a> {
    /// Kubernetes' own types.
    pub schema: &'a Schema,
    /// Their defaults.
    pub defaults: &'a Defaults,
    /// Custom types.
    pub definitions: &'a Definitions,
    /// The minor of Kubernetes 1 to judge for.
    pub minor: u32,
}

impl Types<'_> {
    /// The copy of an object.
    pub fn admit(&self, inventory: &Inventory, id: DocumentId, namespaced: bool) -> Admitted {
        let document = inventory.document(id);
        let root = document.view(inventory.forest());
        let mut copier = self.copier(inventory, id, document.kind(), namespaced);
        let key = document.key.as_ref();
        let ty = key.and_then(|key| self.schema.kind(&key.api_version(), &key.kind, self.minor));
        let custom = key.and_then(|key| self.definitions.schema(inventory, id, key));
        let mut guessed = None;
        let node = match (ty, custom) {
            (Some(ty), _) => copier.object(Some(root), Origin::Node(root.at()), ty, 0),
            (None, Some(schema)) => copier.custom(root, schema),
            (None, None) => {
                let text = format!("the type of {} is not known: its definition is not in the input", document.kind());
                guessed = Some(Reason::new(UnknownCode::Partial, text));
                copier.raw(root)
            }
        };
        Admitted { tree: copier.finish(node), guessed }
    }

    /// The copy of a pod that a controller makes of an object's template.
    pub fn admit_pod(&self, inventory: &Inventory, id: DocumentId, template: View<'_>) -> Admitted {
        let mut copier = self.copier(inventory, id, "Pod", true);
        let node = match self.schema.kind("v1", "Pod", self.minor) {
            Some(ty) => copier.object(Some(template), Origin::Node(template.at()), ty, 0),
            None => copier.raw(template),
        };
        Admitted { tree: copier.finish(node), guessed: None }
    }

    fn copier<'a>(&'a self, inventory: &'a Inventory, id: DocumentId, kind: &'a str, namespaced: bool) -> Copier<'a> {
        let document = inventory.document(id);
        Copier {
            types: *self,
            facts: FactBuilder::new(TreeId(0), anchor(document.view(inventory.forest()))),
            kind,
            of_template: kind == "Pod" && document.kind() != "Pod",
            namespace: document.namespace().map_or(Err(namespaced), |name| Ok(name.to_string())),
            kustomized: inventory.environments()[document.environment.index()].kustomized,
        }
    }
}

struct Copier<'a> {
    types: Types<'a>,
    facts: FactBuilder,
    /// Of the whole object.
    kind: &'a str,
    /// It is a pod that a controller makes.
    of_template: bool,
    /// The namespace, or whether there is one that nobody wrote.
    namespace: Result<String, bool>,
    kustomized: bool,
}

/// A field of a map that is being copied.
struct Copied<'a> {
    name: &'a str,
    key: NodeId,
    value: NodeId,
}

fn below(origin: &Origin, key: &str) -> Origin {
    match origin {
        Origin::Missing { parent, path } => Origin::Missing { parent: *parent, path: format!("{path}.{key}").into() },
        Origin::Node(parent) => Origin::Missing { parent: *parent, path: key.to_string().into() },
        other => other.clone(),
    }
}

fn cluster_decides(field: &str) -> Reason {
    Reason::new(UnknownCode::Partial, format!("the cluster decides what `{field}` is"))
}

impl<'a> Copier<'a> {
    fn finish(self, root: NodeId) -> Tree {
        let mut tree = self.facts.finish();
        tree.set_root(root);
        tree
    }

    /// A map of a type. `at` is what is written, if anything is.
    fn object(&mut self, at: Option<View<'a>>, origin: Origin, ty: TypeId, depth: usize) -> NodeId {
        let types = self.types;
        let of = types.defaults.of(ty);
        let mut fields: Vec<Copied<'a>> = Vec::new();
        for (name, key, value) in written(at) {
            let known = types.schema.field(ty, name);
            let reported = depth == 0 && name == "status";
            let Some(field) = known.filter(|_| !value.is_null() && !reported) else { continue };
            let value = self.value(value, &field.ty, depth + 1);
            if self.is_zero(value) && of.is_some_and(|of| lists(of.drops, name)) {
                continue;
            }
            fields.push(Copied { name, key: self.facts.str(name, Origin::Key(key)), value });
        }
        if let Some(of) = of {
            for name in of.structs.split(',').filter(|name| !name.is_empty()) {
                if let Some(Ty::Object(inner)) = types.schema.field(ty, name).map(|field| &field.ty) {
                    self.add(&mut fields, name, |this| this.object(None, below(&origin, name), *inner, depth + 1));
                }
            }
            for default in of.defaults.iter().filter(|_| at.is_none_or(|at| hides(at).is_none())) {
                self.default(&mut fields, default, (&origin, ty, depth));
            }
        }
        if depth == 0 && self.of_template {
            for (name, text) in [("apiVersion", "v1"), ("kind", self.kind)] {
                self.add(&mut fields, name, |this| this.facts.str(text, below(&origin, name)));
            }
        }
        if depth == 1 && Some(ty) == types.schema.named("meta.v1.ObjectMeta") {
            self.metadata(&mut fields, &origin);
        }
        self.close(&fields, at, origin)
    }

    fn close(&mut self, fields: &[Copied<'_>], at: Option<View<'a>>, origin: Origin) -> NodeId {
        let pairs: Vec<(NodeId, NodeId)> = fields.iter().map(|field| (field.key, field.value)).collect();
        let node = self.facts.entries(&pairs, origin);
        if let Some(reason) = at.and_then(hides) {
            self.facts.open(node, reason.clone());
        }
        node
    }

    /// Adds a field that is not there yet.
    fn add(&mut self, fields: &mut Vec<Copied<'a>>, name: &'a str, make: impl FnOnce(&mut Self) -> NodeId) {
        if fields.iter().any(|field| field.name == name) {
            return;
        }
        let value = make(self);
        let key = self.facts.anchor();
        let key = self.facts.str(name, key);
        fields.push(Copied { name, key, value });
    }

    /// The namespace and what Kustomize may add.
    fn metadata(&mut self, fields: &mut Vec<Copied<'a>>, origin: &Origin) {
        match self.namespace.clone() {
            Ok(name) => self.add(fields, "namespace", |this| this.facts.str(&name, below(origin, "namespace"))),
            Err(true) => {
                let reason = Reason::new(UnknownCode::Partial, "the manifest does not name its namespace");
                self.add(fields, "namespace", |this| this.facts.unknown(reason, below(origin, "namespace")));
            }
            Err(false) => {}
        }
        if self.of_template {
            let reason = Reason::new(UnknownCode::Partial, "a controller names the pods that it makes");
            for name in ["name", "generateName", "ownerReferences"] {
                self.add(fields, name, |this| this.facts.unknown(reason.clone(), below(origin, name)));
            }
        }
        if self.kind == "Namespace" {
            self.name_label(fields, origin);
        }
        if self.kustomized {
            let reason = Reason::new(UnknownCode::Partial, "Kustomize may add labels and annotations");
            for name in ["labels", "annotations"] {
                match fields.iter().find(|field| field.name == name) {
                    Some(field) => self.facts.open(field.value, reason.clone()),
                    None => self.add(fields, name, |this| this.facts.unknown(reason.clone(), below(origin, name))),
                }
            }
        }
    }

    /// Every Namespace carries its name as a label.
    fn name_label(&mut self, fields: &mut Vec<Copied<'a>>, origin: &Origin) {
        const LABEL: &str = "kubernetes.io/metadata.name";
        let Some(name) = fields.iter().find(|field| field.name == "name").map(|field| field.value) else { return };
        let Some(name) = self.facts.text(name).map(str::to_string) else { return };
        let place = below(origin, "labels");
        let label = (self.facts.str(LABEL, place.clone()), self.facts.str(&name, place.clone()));
        match fields.iter_mut().find(|field| field.name == "labels") {
            Some(labels) => {
                let mut pairs = self.facts.pairs(labels.value);
                pairs.push(label);
                let origin = self.facts.origin(labels.value);
                labels.value = self.facts.entries(&pairs, origin);
            }
            None => self.add(fields, "labels", |this| this.facts.entries(&[label], place)),
        }
    }

    fn default(&mut self, fields: &mut Vec<Copied<'a>>, default: &'a Added, place: (&Origin, TypeId, usize)) {
        let (origin, ty, depth) = place;
        let holds = |(condition, wanted): &(Condition, bool)| self.holds(fields, *condition, depth) == *wanted;
        if !default.conditions.iter().all(holds) {
            return;
        }
        let name = default.field;
        if default.value == Value::Gone {
            return fields.retain(|field| field.name != name);
        }
        let found = fields.iter().find(|field| field.name == name).map(|field| field.value);
        if default.value == Value::More
            && let Some(node) = found
        {
            return self.facts.open(node, cluster_decides(name));
        }
        let at = below(origin, name);
        let value = |this: &mut Self, fields: &[Copied<'a>]| {
            let sibling = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.value);
            Some(match default.value {
                Value::Int(number) => this.facts.int(number, at),
                Value::Bool(value) => this.facts.bool(value, at),
                Value::Str(text) => this.facts.str(text, at),
                Value::List(words) => {
                    this.facts.strings(words.split(',').map(|word| (word, Origin::clone(origin))), at.clone())
                }
                Value::Copy(other) => sibling(other)?,
                Value::PullPolicy => this.pull_policy(sibling("image"), at),
                Value::Unknown | Value::More | Value::Gone => this.facts.unknown(cluster_decides(name), at),
                Value::Map => match this.types.schema.field(ty, name).map(|field| &field.ty) {
                    Some(Ty::Object(inner)) => this.object(None, at, *inner, depth + 1),
                    _ => return None,
                },
            })
        };
        if found.is_none()
            && let Some(value) = value(self, fields)
        {
            self.add(fields, name, |_| value);
        }
    }

    fn pull_policy(&mut self, image: Option<NodeId>, at: Origin) -> NodeId {
        let Some(text) = image.and_then(|image| self.facts.text(image)) else {
            return self.facts.unknown(cluster_decides("imagePullPolicy"), at);
        };
        let latest = text.parse::<ImageRef>().is_ok_and(|image| {
            image.tag.as_deref() == Some("latest") || (image.tag.is_none() && image.digest.is_none())
        });
        self.facts.str(if latest { "Always" } else { "IfNotPresent" }, at)
    }

    fn holds(&self, fields: &[Copied<'_>], condition: Condition, depth: usize) -> bool {
        let field = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.value);
        match condition {
            Condition::Top => depth == 1,
            Condition::Kind(kind) => self.kind == kind,
            Condition::Present(name) => field(name).is_some(),
            Condition::Is(name, values) => field(name).is_some_and(|node| match self.facts.data(node) {
                Data::Bool(value) => values.split('|').any(|wanted| wanted == value.to_string()),
                _ => self.facts.text(node).is_some_and(|text| values.split('|').any(|wanted| wanted == text)),
            }),
        }
    }

    fn is_zero(&self, node: NodeId) -> bool {
        match self.facts.data(node) {
            Data::Null | Data::Bool(false) | Data::Int(0) => true,
            Data::Str(_) => self.facts.text(node) == Some(""),
            Data::List(items) | Data::Map(items) => items.is_empty() && !self.facts.is_open(node),
            _ => false,
        }
    }

    fn value(&mut self, at: View<'a>, ty: &'a Ty, depth: usize) -> NodeId {
        let origin = Origin::Node(at.at());
        match (ty, at.data()) {
            (Ty::Object(inner), Data::Map(_)) => self.object(Some(at), origin, *inner, depth),
            (Ty::List(inner), Data::List(_)) => self.list(at, |this, item| this.value(item, inner, depth + 1)),
            (Ty::Map(inner), Data::Map(_)) => self.map(at, |this, value| Some(this.value(value, inner, depth + 1))),
            (Ty::Quantity, _) => self.quantity(at),
            _ => self.raw(at),
        }
    }

    /// Amounts are written in their canonical form.
    fn quantity(&mut self, at: View<'a>) -> NodeId {
        let parsed: Option<Quantity> = match at.data() {
            Data::Int(value) => Some(Quantity::from_integer(value)),
            Data::Float(value) => value.to_string().parse().ok(),
            _ => at.str().and_then(|text| text.parse().ok()),
        };
        match parsed {
            Some(quantity) => self.facts.str(&quantity.to_string(), Origin::Node(at.at())),
            None => self.raw(at),
        }
    }

    fn list(&mut self, at: View<'a>, mut copy: impl FnMut(&mut Self, View<'a>) -> NodeId) -> NodeId {
        let items: Vec<NodeId> = at.items().map(|item| copy(self, item)).collect();
        let node = self.facts.list_at(&items, Origin::Node(at.at()));
        if let Some(reason) = hides(at) {
            self.facts.open(node, reason.clone());
        }
        node
    }

    fn map(&mut self, at: View<'a>, mut copy: impl FnMut(&mut Self, View<'a>) -> Option<NodeId>) -> NodeId {
        let mut fields = Vec::new();
        for (name, key, value) in written(Some(at)) {
            if let Some(value) = copy(self, value) {
                fields.push(Copied { name, key: self.facts.str(name, Origin::Key(key)), value });
            }
        }
        self.close(&fields, Some(at), Origin::Node(at.at()))
    }

    /// A value as it is written.
    fn raw(&mut self, at: View<'a>) -> NodeId {
        match at.data() {
            Data::List(_) => self.list(at, Self::raw),
            Data::Map(_) => self.map(at, |this, value| Some(this.raw(value))),
            _ => self.facts.scalar(at),
        }
    }
}

/// The entries of a map: name, key and value, of repeated keys the last.
fn written(at: Option<View<'_>>) -> Vec<(&str, NodeRef, View<'_>)> {
    let Some(at) = at else { return Vec::new() };
    let (tree, id) = (at.tree(), at.at().tree);
    let mut all: Vec<(&str, NodeRef, View<'_>)> = Vec::new();
    for (key, value) in tree.entries(at.at().node) {
        let name = match tree.data(key) {
            // `y: 1` is `"true": 1` to kubectl.
            Data::Bool(value) => {
                if value {
                    "true"
                } else {
                    "false"
                }
            }
            Data::Int(_) => tree.raw(key),
            _ => match tree.str(key) {
                Some(name) => name,
                None => continue,
            },
        };
        let entry = (name, NodeRef { tree: id, node: key }, at.child(value));
        match all.iter_mut().find(|(known, ..)| *known == name) {
            Some(known) => *known = entry,
            None => all.push(entry),
        }
    }
    all
}
