//! Label selectors as documents show them, and whether they fit the labels of a pod.
//!
//! A template may hide part of a selector or of the labels; then a fit is neither sure nor excluded. Labels that a
//! controller adds to its pods count as there. Which pods there are is `pod_index`'s business.

use crate::syntax::{Data, View};
use crate::values::{Operator, Requirement, Selector};
use crate::vocabulary::Reason;

/// A selector as far as the document shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What is written.
    pub selector: Selector,
    /// Why there may be more.
    pub hidden: Option<Reason>,
}

/// Reads a `LabelSelector` (`matchLabels`, `matchExpressions`). `None` when it is null or no map: that selects nothing.
pub fn label_selector(view: View<'_>) -> Option<Shown> {
    let labels = view.get("matchLabels");
    let list = view.get("matchExpressions");
    let parts = [Some(view), labels, list].into_iter().flatten();
    let expressions: Vec<View<'_>> = list.into_iter().flat_map(View::items).collect();
    let words = expressions.iter().flat_map(|item| {
        let values = item.get("values").into_iter().flat_map(View::items);
        item.entries().map(|(_, value)| value).chain(values)
    });
    let hidden = parts.chain(pairs(labels).map(|(_, value)| value)).chain(words).find_map(hides).cloned();
    if !view.is_map() && hidden.is_none() {
        return None;
    }
    let selector = Selector {
        match_labels: texts(labels),
        expressions: expressions.into_iter().filter_map(requirement).collect(),
    };
    Some(Shown { selector, hidden })
}

/// Reads a plain map of labels, as Services and ReplicationControllers have it. `None` when absent or empty: selects nothing.
pub fn map_selector(view: View<'_>) -> Option<Shown> {
    let hidden = std::iter::once(view).chain(pairs(Some(view)).map(|(_, value)| value)).find_map(hides).cloned();
    let selector = Selector { match_labels: texts(Some(view)), expressions: Vec::new() };
    (!selector.is_empty() || hidden.is_some()).then_some(Shown { selector, hidden })
}

/// Why a value may be another, or hold more, than is written.
pub fn hides(view: View<'_>) -> Option<&Reason> {
    view.unknown().or_else(|| view.tree().reason(view.at().node))
}

fn pairs<'a>(view: Option<View<'a>>) -> impl Iterator<Item = (&'a str, View<'a>)> {
    view.into_iter().flat_map(View::entries)
}

fn texts(view: Option<View<'_>>) -> Vec<(String, String)> {
    pairs(view).filter_map(|(key, value)| Some((key.to_string(), value.str()?.to_string()))).collect()
}

fn requirement(view: View<'_>) -> Option<Requirement> {
    let operator: Operator = view.get("operator")?.str()?.parse().ok()?;
    let values: Vec<View<'_>> = view.get("values").into_iter().flat_map(View::items).collect();
    if values.iter().any(|value| hides(*value).is_some()) {
        return None;
    }
    let values = values.into_iter().filter_map(View::str).map(str::to_string).collect();
    Some(Requirement { key: view.get("key")?.str()?.to_string(), op: operator, values })
}

/// Whether a selector fits a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It selects the pod.
    Yes,
    /// It does not.
    No,
    /// Something hidden decides.
    Perhaps(Reason),
}

/// The labels of a pod as far as its template shows them.
#[derive(Debug)]
pub struct Labels<'a> {
    /// Label and value; no value where it is hidden.
    pub pairs: Vec<(&'a str, Option<&'a str>)>,
    /// Why there may be more, or other values.
    pub hidden: Option<Reason>,
}

impl<'a> Labels<'a> {
    /// The labels of what holds a pod's `metadata`.
    pub fn of(template: View<'a>) -> Self {
        let metadata = template.get("metadata");
        let labels = metadata.and_then(|metadata| metadata.get("labels"));
        let places = [metadata, labels].into_iter().flatten();
        let hidden = places.chain(pairs(labels).map(|(_, value)| value)).find_map(hides).cloned();
        let shown = |value: View<'a>| value.str().map(Some).or((value.data() == Data::Unknown).then_some(None));
        Labels { pairs: pairs(labels).filter_map(|(key, value)| Some((key, shown(value)?))).collect(), hidden }
    }

    /// The last value of a label.
    pub fn get(&self, key: &str) -> Option<Option<&'a str>> {
        self.pairs.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// Whether a selector fits; `added` says whether the pod's controller adds a label with that value, if it adds it.
    pub fn fit(&self, shown: &Shown, added: impl Fn(&str, &[&str]) -> Option<bool>) -> Fit {
        let mut hidden = shown.hidden.clone();
        let labels = shown.selector.match_labels.iter().map(|(key, value)| Requirement {
            key: key.clone(),
            op: Operator::In,
            values: vec![value.clone()],
        });
        for requirement in labels.chain(shown.selector.expressions.iter().cloned()) {
            let values: Vec<&str> = requirement.values.iter().map(String::as_str).collect();
            let holds = match (self.get(&requirement.key), added(&requirement.key, &values)) {
                (_, Some(fits)) => fits,
                (Some(None), _) | (None, None) if self.hidden.is_some() => {
                    hidden = hidden.or_else(|| self.hidden.clone());
                    true
                }
                (label, None) => requirement.matches(label.flatten()),
            };
            if !holds {
                return Fit::No;
            }
        }
        hidden.map_or(Fit::Yes, Fit::Perhaps)
    }
}
