//! Copies of custom resources: pruned and defaulted by the structural schema of their definition.

use super::{Copied, Copier, below, written};
use crate::inventory::hides;
use crate::syntax::{Data, Origin, View};
use crate::vocabulary::NodeId;

impl<'a> Copier<'a> {
    /// The whole object; its metadata has the type that all metadata has.
    pub(super) fn custom(&mut self, root: View<'a>, schema: View<'a>) -> NodeId {
        let meta = self.types.schema.named("meta.v1.ObjectMeta");
        let mut fields = Vec::new();
        for (name, key, value) in written(Some(root)) {
            let value = match (name, meta) {
                ("apiVersion" | "kind", _) => self.raw(value),
                ("metadata", Some(meta)) => self.object(Some(value), Origin::Node(value.at()), meta, 1),
                _ => match self.property(value, schema, name) {
                    Some(value) => value,
                    None => continue,
                },
            };
            fields.push(Copied { name, key: self.facts.str(name, Origin::Key(key)), value });
        }
        self.defaults(&mut fields, schema, &Origin::Node(root.at()));
        self.close(&fields, Some(root), Origin::Node(root.at()))
    }

    /// The value of a field; `None` for one that is pruned.
    fn property(&mut self, value: View<'a>, schema: View<'a>, name: &str) -> Option<NodeId> {
        let inner = schema.get("properties").and_then(|all| all.get(name));
        let inner = inner.or_else(|| schema.get("additionalProperties").filter(|inner| inner.is_map()));
        let Some(inner) = inner else {
            let kept = schema.get("x-kubernetes-preserve-unknown-fields").and_then(View::bool) == Some(true)
                || schema.get("additionalProperties").and_then(View::bool) == Some(true);
            return kept.then(|| self.raw(value));
        };
        let nullable = inner.get("nullable").and_then(View::bool) == Some(true);
        // A null where none may be counts as absent, so that a default takes its place.
        (!value.is_null() || nullable).then(|| self.structural(value, inner))
    }

    fn structural(&mut self, at: View<'a>, schema: View<'a>) -> NodeId {
        match (at.data(), schema.get("items")) {
            (Data::List(_), Some(inner)) => self.list(at, |this, item| this.structural(item, inner)),
            (Data::Map(_), _) => {
                let embedded = schema.get("x-kubernetes-embedded-resource").and_then(View::bool) == Some(true);
                let mut fields = Vec::new();
                for (name, key, value) in written(Some(at)) {
                    let identity = embedded && matches!(name, "apiVersion" | "kind" | "metadata");
                    let value = if identity { Some(self.raw(value)) } else { self.property(value, schema, name) };
                    if let Some(value) = value {
                        fields.push(Copied { name, key: self.facts.str(name, Origin::Key(key)), value });
                    }
                }
                self.defaults(&mut fields, schema, &Origin::Node(at.at()));
                self.close(&fields, Some(at), Origin::Node(at.at()))
            }
            _ => self.raw(at),
        }
    }

    fn defaults(&mut self, fields: &mut Vec<Copied<'a>>, schema: View<'a>, origin: &Origin) {
        for (name, inner) in schema.get("properties").into_iter().flat_map(View::entries) {
            if let Some(default) = inner.get("default").filter(|default| hides(*default).is_none()) {
                self.add(fields, name, |this| this.literal(default, Some(inner), &below(origin, name)));
            }
        }
    }

    /// A default, and the defaults inside it, at the place where they would stand.
    fn literal(&mut self, value: View<'a>, schema: Option<View<'a>>, at: &Origin) -> NodeId {
        match value.data() {
            Data::Map(_) => {
                let mut fields = Vec::new();
                for (name, _, inner) in written(Some(value)) {
                    let schema = schema.and_then(|schema| schema.get("properties")?.get(name));
                    self.add(&mut fields, name, |this| this.literal(inner, schema, &below(at, name)));
                }
                if let Some(schema) = schema {
                    self.defaults(&mut fields, schema, at);
                }
                self.close(&fields, None, at.clone())
            }
            Data::List(_) => {
                let schema = schema.and_then(|schema| schema.get("items"));
                let items: Vec<NodeId> = value.items().map(|item| self.literal(item, schema, at)).collect();
                self.facts.list_at(&items, at.clone())
            }
            Data::Int(number) => self.facts.int(number, at.clone()),
            Data::Bool(value) => self.facts.bool(value, at.clone()),
            Data::Float(number) => self.facts.float(number, at.clone()),
            Data::Str(_) => self.facts.str(value.str().unwrap_or_default(), at.clone()),
            _ => self.facts.null(at.clone()),
        }
    }
}
