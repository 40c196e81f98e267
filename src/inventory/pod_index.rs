//! An index that finds the pods a selector fits without looking at every pair.
//!
//! Besides the kinds of `pods`, every custom resource that holds something shaped like a pod template counts as a maker of
//! pods. What a template hides relates documents of one chart or folder only.

use rustc_hash::{FxHashMap, FxHashSet};

use super::pods::pod_holder;
use super::selectors::{Fit, Labels, Shown};
use super::{Document, DocumentId, EnvironmentId, Inventory};
use crate::syntax::View;
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// Pods by label, so that a selector only looks at candidates that carry its rarest pair.
pub struct PodIndex<'a> {
    pods: Vec<PodEntry<'a>>,
    by_pair: FxHashMap<(&'a str, &'a str), Vec<u32>>,
    by_scope: FxHashMap<&'a str, Vec<u32>>,
    hidden_by_scope: FxHashMap<&'a str, Vec<u32>>,
    homes: FxHashMap<EnvironmentId, FxHashSet<Option<&'a str>>>,
}

struct PodEntry<'a> {
    document: DocumentId,
    kind: &'a str,
    name: &'a str,
    labels: Labels<'a>,
    /// Labels that Kustomize roots add.
    kustomized: &'a [(String, String)],
}

impl PodEntry<'_> {
    /// Whether somebody but the template gives the pod a label with one of the values; `None` if nobody gives that label.
    fn added(&self, key: &str, values: &[&str]) -> Option<bool> {
        let kustomized = self.kustomized.iter().any(|(name, value)| name == key && values.contains(&value.as_str()));
        if kustomized { Some(true) } else { added_label(self.kind, self.name, key, values) }
    }
}

/// What a selector finds.
#[derive(Debug, Default)]
pub struct Found {
    /// Makers of pods that it selects.
    pub sure: Vec<DocumentId>,
    /// Makers of pods that it may select, and why that is open.
    pub perhaps: Vec<(DocumentId, Reason)>,
    /// It would select pods of another namespace.
    pub elsewhere: bool,
}

impl<'a> PodIndex<'a> {
    /// Indexes every object that makes pods.
    pub fn new(inventory: &'a Inventory) -> Self {
        let mut index = PodIndex {
            pods: Vec::new(),
            by_pair: FxHashMap::default(),
            by_scope: FxHashMap::default(),
            hidden_by_scope: FxHashMap::default(),
            homes: FxHashMap::default(),
        };
        for (id, document) in inventory.objects() {
            match pod_holder(document, inventory.forest()) {
                Some(template) => index.add(inventory, id, template),
                // In a cluster, what custom resources make is there by itself.
                None if inventory.listings().is_some() => {}
                None => custom_templates(document, inventory).into_iter().for_each(|at| index.add(inventory, id, at)),
            }
        }
        index
    }

    fn add(&mut self, inventory: &'a Inventory, document: DocumentId, template: View<'a>) {
        let labels = Labels::of(template);
        let pod = u32::try_from(self.pods.len()).unwrap_or(u32::MAX);
        let environment = inventory.document(document).environment;
        let kustomized = &inventory.environments()[environment.index()].labels;
        let written = labels.pairs.iter().filter_map(|(key, value)| Some((*key, (*value)?)));
        for pair in written.chain(kustomized.iter().map(|(key, value)| (&**key, &**value))) {
            self.by_pair.entry(pair).or_default().push(pod);
        }
        let scope = scope(inventory.path(document));
        self.by_scope.entry(scope).or_default().push(pod);
        if labels.hidden.is_some() {
            self.hidden_by_scope.entry(scope).or_default().push(pod);
        }
        let key = inventory.document(document).key.as_ref();
        self.homes.entry(environment).or_default().insert(key.and_then(|key| key.namespace.as_deref()));
        let (kind, name) = key.map_or(("", ""), |key| (&*key.kind, &*key.name));
        self.pods.push(PodEntry { document, kind, name, labels, kustomized });
    }

    /// The objects whose pods a selector fits, from the point of view of `from`: visible to it and in its namespace.
    pub fn select(&self, inventory: &Inventory, from: DocumentId, shown: &Shown) -> Found {
        let mut found = Found::default();
        for pod in self.candidates(scope(inventory.path(from)), shown) {
            let pod = &self.pods[pod as usize];
            let meets = inventory.meets(from, pod.document);
            if !meets && !inventory.sees(from, pod.document) {
                continue;
            }
            match pod.labels.fit(shown, |key, values| pod.added(key, values)) {
                Fit::Yes if !meets => found.elsewhere = true,
                _ if !meets => {}
                Fit::Yes => found.sure.push(pod.document),
                Fit::Perhaps(reason) => found.perhaps.push((pod.document, reason)),
                Fit::No => {}
            }
        }
        found.sure.dedup();
        found
    }

    /// Whether any maker of pods stands in an object's namespace and in sight of it.
    pub fn any_meets(&self, inventory: &Inventory, from: DocumentId) -> bool {
        let document = inventory.document(from);
        let namespace = document.key.as_ref().and_then(|key| key.namespace.as_deref());
        let seen = &inventory.environments()[document.environment.index()].visible;
        let mut homes = seen.iter().filter_map(|id| self.homes.get(id));
        homes.any(|homes| namespace.is_none() || homes.contains(&namespace))
    }

    /// Pods worth a look, in order.
    fn candidates(&self, scope: &str, shown: &Shown) -> Vec<u32> {
        let list = |pods: Option<&Vec<u32>>| pods.cloned().unwrap_or_default();
        let mut candidates = match self.rarest(shown) {
            Some(pods) => list(Some(pods)),
            None if templated(shown) => list(self.by_scope.get(scope)),
            None => return (0..u32::try_from(self.pods.len()).unwrap_or(u32::MAX)).collect(),
        };
        candidates.extend(list(self.hidden_by_scope.get(scope)));
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    fn rarest<'s>(&'s self, shown: &'s Shown) -> Option<&'s Vec<u32>> {
        static NONE: Vec<u32> = Vec::new();
        let labels = shown.selector.match_labels.iter().filter(|(key, _)| !is_added(key));
        labels
            .map(|(key, value)| self.by_pair.get(&(key.as_str(), value.as_str())).unwrap_or(&NONE))
            .min_by_key(|pods| pods.len())
    }
}

/// Whether a template decides what a selector is.
fn templated(shown: &Shown) -> bool {
    shown.hidden.as_ref().is_some_and(|reason| reason.code == UnknownCode::Templated)
}

/// How far a template's secrets reach: its chart, else its folder.
pub fn scope(path: &str) -> &str {
    let chart = path.rfind("/templates/").map(|at| &path[..at]);
    chart.unwrap_or_else(|| path.rsplit_once('/').map_or("", |(folder, _)| folder))
}

/// The value of a label that a controller adds.
enum Value {
    /// The object's name.
    Name,
    /// The object's name and a number.
    Ordinal,
    /// Anything.
    Any,
}

/// Labels that controllers add to the pods they make: by the kind of object that is written down.
/// Source: "Well-Known Labels, Annotations and Taints" of Kubernetes, and the documentation of Argo Rollouts and Knative.
const ADDED: &[(&str, &[&str], Value)] = &[
    ("statefulset.kubernetes.io/pod-name", &["StatefulSet"], Value::Ordinal),
    ("apps.kubernetes.io/pod-index", &["StatefulSet"], Value::Any),
    ("controller-revision-hash", &["StatefulSet", "DaemonSet"], Value::Any),
    ("pod-template-hash", &["Deployment", "ReplicaSet"], Value::Any),
    ("rollouts-pod-template-hash", &["Rollout"], Value::Any),
    ("job-name", &["Job"], Value::Name),
    ("batch.kubernetes.io/job-name", &["Job"], Value::Name),
    ("serving.knative.dev/service", &["Service"], Value::Name),
];

fn is_added(key: &str) -> bool {
    ADDED.iter().any(|(name, ..)| *name == key)
}

/// Whether a label that an object's controller adds has one of the values; `None` for labels that nobody adds.
fn added_label(kind: &str, name: &str, key: &str, values: &[&str]) -> Option<bool> {
    let (_, kinds, value) = ADDED.iter().find(|(label, ..)| *label == key)?;
    let ordinal = |text: &str| text.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).map(str::parse::<u32>);
    let fits = match value {
        Value::Name => values.contains(&name),
        Value::Ordinal => values.iter().any(|text| matches!(ordinal(text), Some(Ok(_)))),
        Value::Any => true,
    };
    Some(kinds.contains(&kind) && fits)
}

/// How deep a pod template may lie in a custom resource.
const DEEPEST: usize = 10;

/// What is shaped like a pod template in an object of a kind that is not Kubernetes' own.
fn custom_templates<'a>(document: &Document, inventory: &'a Inventory) -> Vec<View<'a>> {
    let mut found = Vec::new();
    if document.key.as_ref().is_some_and(super::operators::is_custom) {
        let spec = document.view(inventory.forest()).get("spec");
        spec.into_iter().for_each(|spec| search(spec, DEEPEST, &mut FxHashSet::default(), &mut found));
    }
    found
}

fn search<'a>(at: View<'a>, depth: usize, seen: &mut FxHashSet<NodeId>, found: &mut Vec<View<'a>>) {
    if depth == 0 || !seen.insert(at.at().node) {
        return;
    }
    if at.path("spec.containers").is_some_and(View::is_list) {
        found.push(at);
    }
    at.entries().map(|(_, value)| value).chain(at.items()).for_each(|inner| search(inner, depth - 1, seen, found));
}
