//! Label selectors of objects, and an index that finds the pods they select without looking at every pair.

use rustc_hash::FxHashMap;

use super::{DocumentId, Inventory, pod_template};
use crate::syntax::View;
use crate::values::{Operator, Requirement, Selector};

/// Reads a `LabelSelector` (`matchLabels`, `matchExpressions`). `None` when it is null or no map: that selects nothing.
pub fn label_selector(view: View<'_>) -> Option<Selector> {
    if !view.is_map() {
        return None;
    }
    let expressions = view.get("matchExpressions").into_iter().flat_map(View::items).filter_map(requirement).collect();
    Some(Selector { match_labels: view.get("matchLabels").map(pairs).unwrap_or_default(), expressions })
}

/// Reads a plain map of labels, as Services and ReplicationControllers have it. `None` when absent or empty: selects nothing.
pub fn map_selector(view: View<'_>) -> Option<Selector> {
    let match_labels = pairs(view);
    (!match_labels.is_empty()).then_some(Selector { match_labels, expressions: Vec::new() })
}

fn pairs(view: View<'_>) -> Vec<(String, String)> {
    view.entries().filter_map(|(key, value)| Some((key.to_string(), value.str()?.to_string()))).collect()
}

fn requirement(view: View<'_>) -> Option<Requirement> {
    let operator = match view.get("operator")?.str()? {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        _ => return None,
    };
    let values =
        view.get("values").into_iter().flat_map(View::items).filter_map(View::str).map(str::to_string).collect();
    Some(Requirement { key: view.get("key")?.str()?.to_string(), op: operator, values })
}

/// Pods by label, so that a selector only looks at candidates that carry its rarest pair.
pub struct PodIndex<'a> {
    pods: Vec<PodEntry<'a>>,
    by_pair: FxHashMap<(&'a str, &'a str), Vec<u32>>,
}

struct PodEntry<'a> {
    document: DocumentId,
    labels: Vec<(&'a str, &'a str)>,
}

impl<'a> PodIndex<'a> {
    /// Indexes every object that makes pods.
    pub fn new(inventory: &'a Inventory) -> Self {
        let mut index = PodIndex { pods: Vec::new(), by_pair: FxHashMap::default() };
        for (id, document) in inventory.objects() {
            let Some(template) = pod_template(document, inventory.forest()) else { continue };
            let labels: Vec<(&str, &str)> = template
                .labels()
                .into_iter()
                .flat_map(View::entries)
                .filter_map(|(key, value)| Some((key, value.str()?)))
                .collect();
            let pod = u32::try_from(index.pods.len()).unwrap_or(u32::MAX);
            for pair in &labels {
                index.by_pair.entry(*pair).or_default().push(pod);
            }
            index.pods.push(PodEntry { document: id, labels });
        }
        index
    }

    /// The objects whose pods `selector` selects, from the point of view of `from`: visible to it and in its namespace.
    pub fn select(&self, inventory: &Inventory, from: DocumentId, selector: &Selector) -> Vec<DocumentId> {
        let all: Vec<u32>;
        let candidates = match self.rarest(selector) {
            Some(candidates) => candidates,
            None => {
                all = (0..u32::try_from(self.pods.len()).unwrap_or(u32::MAX)).collect();
                &all
            }
        };
        candidates
            .iter()
            .map(|&pod| &self.pods[pod as usize])
            .filter(|pod| selector.matches(|key| label(&pod.labels, key)) && inventory.meets(from, pod.document))
            .map(|pod| pod.document)
            .collect()
    }

    fn rarest<'s>(&'s self, selector: &'s Selector) -> Option<&'s [u32]> {
        let lists = selector.match_labels.iter().map(|(key, value)| {
            self.by_pair.get(&(key.as_str(), value.as_str())).map_or(&[][..], |pods| pods.as_slice())
        });
        lists.min_by_key(|pods| pods.len())
    }
}

fn label<'a>(labels: &[(&'a str, &'a str)], key: &str) -> Option<&'a str> {
    labels.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
}
