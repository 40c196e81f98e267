//! Fields that are deprecated while their API version lives on, from `data/deprecated-fields.yaml`.
//!
//! API versions as a whole are `lifecycle`'s.

use serde::Deserialize;

use crate::facts::builder::FactBuilder;
use crate::inventory::{Document, PodTemplate, pod_template};
use crate::syntax::{Forest, Origin, View};
use crate::vocabulary::{NodeId, NodeRef};

/// The dated table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeprecatedFields {
    /// When the table was last checked.
    pub date: String,
    fields: Vec<Field>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    kinds: Vec<String>,
    path: Vec<String>,
    value: Option<String>,
    /// A path from the same place; where it is set too, the field is an alias that the API server filled in.
    unless: Option<String>,
    /// Minor of the first release that called it deprecated.
    since: u32,
    #[serde(rename = "use")]
    instead: String,
}

impl DeprecatedFields {
    /// The table that is compiled in.
    pub fn load() -> Result<DeprecatedFields, String> {
        serde_saphyr::from_str(include_str!("../../../data/deprecated-fields.yaml"))
            .map_err(|error| format!("data/deprecated-fields.yaml: {error}"))
    }

    /// The deprecated fields that an object sets, seen from a release.
    pub fn of(&self, facts: &mut FactBuilder, document: &Document, forest: &Forest, minor: u32) -> NodeId {
        let pod = pod_template(document, forest).map(|PodTemplate { template, .. }| template);
        let mut nodes = Vec::new();
        for field in self.fields.iter().filter(|field| field.since <= minor) {
            let asked = field.kinds.iter().any(|kind| kind == document.kind()).then(|| document.view(forest));
            let asked = asked.or_else(|| pod.filter(|_| field.kinds.iter().any(|kind| kind == "pod")));
            let mut found = Vec::new();
            let alias = |from: &View<'_>| field.unless.as_ref().is_some_and(|path| from.path(path).is_some());
            asked.into_iter().filter(|from| !alias(from)).for_each(|from| places(from, &field.path, &mut found));
            let fits = |value: &View<'_>| field.value.is_none() || value.str() == field.value.as_deref();
            for (place, _) in found.into_iter().filter(|(_, value)| fits(value)) {
                nodes.push(fact(facts, field, place));
            }
        }
        facts.list(&nodes)
    }
}

fn fact(facts: &mut FactBuilder, field: &Field, place: NodeRef) -> NodeId {
    let origin = Origin::Node(place);
    let last = field.path.last().map_or("", String::as_str);
    let since = (field.since > 0).then(|| format!("1.{}", field.since));
    let fields = [
        ("field", facts.str(last, origin.clone())),
        ("since", facts.opt_str(since.as_deref(), origin.clone())),
        ("instead", facts.str(&field.instead, origin.clone())),
    ];
    facts.map(&fields, origin)
}

/// Every key that a path leads to, with its value.
fn places<'a>(from: View<'a>, path: &[String], found: &mut Vec<(NodeRef, View<'a>)>) {
    let Some((first, rest)) = path.split_first() else { return };
    if first == "*" {
        from.items().for_each(|item| places(item, rest, found));
        return;
    }
    let Some(value) = from.get(first).filter(|value| !value.is_null()) else { return };
    match rest {
        [] => found.extend(from.key(first).map(|key| (key, value))),
        rest => places(value, rest, found),
    }
}
