//! The `monitor` subject: a ServiceMonitor or PodMonitor of the Prometheus operator, and what it selects.
//!
//! Source: the API reference of `monitoring.coreos.com/v1`. A ServiceMonitor selects Services by their own labels, a
//! PodMonitor pods; `namespaceSelector` names their namespaces, else they lie in the monitor's own.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Built, FactBuilder, Fallback, SubjectKind, anchor, neighbour};
use crate::facts::Subject;
use crate::inventory::{DocumentId, Fit, Inventory, Labels, Shown, hides, label_selector, pod_template};
use crate::syntax::View;
use crate::values::Selector;
use crate::vocabulary::{NodeRef, Reason, TreeId, UnknownCode};

/// Documents by namespace; `None` where nobody says it.
type ByNamespace = FxHashMap<Option<Arc<str>>, Vec<DocumentId>>;

/// What monitors may select, gathered only where there are monitors.
#[derive(Debug, Default)]
pub struct Monitored {
    services: ByNamespace,
    workloads: ByNamespace,
}

impl Monitored {
    /// Gathers it.
    pub fn gather(inventory: &Inventory) -> Monitored {
        let mut monitored = Monitored::default();
        if !inventory.objects().any(|(_, document)| is_monitor(document.kind())) {
            return monitored;
        }
        for (id, document) in inventory.objects() {
            let Some(key) = &document.key else { continue };
            if key.is("", "Service") {
                monitored.services.entry(key.namespace.clone()).or_default().push(id);
            } else if pod_template(document, inventory.forest()).is_some() {
                monitored.workloads.entry(key.namespace.clone()).or_default().push(id);
            }
        }
        monitored
    }

    /// The candidates in namespaces; all of them for `None`.
    fn within(&self, services: bool, namespaces: Option<&[Option<Arc<str>>]>) -> Vec<DocumentId> {
        let all = if services { &self.services } else { &self.workloads };
        let mut found: Vec<DocumentId> = match namespaces {
            Some(names) => names.iter().filter_map(|name| all.get(name)).flatten().copied().collect(),
            None => all.values().flatten().copied().collect(),
        };
        found.sort_unstable();
        found
    }
}

fn is_monitor(kind: &str) -> bool {
    matches!(kind, "ServiceMonitor" | "PodMonitor")
}

/// The facts of a monitor.
pub fn build(inventory: &Inventory, monitored: &Monitored, id: DocumentId, tree: TreeId) -> Built {
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, anchor(root));
    let (found, doubt) = selected(inventory, monitored, id, root);
    let nodes: Vec<_> = found.into_iter().map(|found| neighbour(&mut facts, inventory, found)).collect();
    let targets = facts.list_at(&nodes, root.origin_of("spec.selector"));
    if let Some(reason) = doubt {
        facts.open(targets, reason);
    }
    let fields = [
        ("kind", facts.lookup(root, "kind", Fallback::Str(""))),
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("selector", facts.lookup(root, "spec.selector", Fallback::Null)),
        ("targets", targets),
    ];
    let origin = facts.anchor();
    let node = facts.map(&fields, origin);
    let subject = Subject::of(SubjectKind::Monitor, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// What it selects, and why there may be more.
fn selected(
    inventory: &Inventory,
    monitored: &Monitored,
    id: DocumentId,
    root: View<'_>,
) -> (Vec<DocumentId>, Option<Reason>) {
    let services = inventory.document(id).kind() == "ServiceMonitor";
    let what = if services { "Service" } else { "Pod" };
    let selector = root.path("spec.selector");
    let hidden = root.get("spec").and_then(hides).or_else(|| root.path("spec.namespaceSelector").and_then(hides));
    // In Go it is no pointer: without a selector everything is selected.
    let everything = Shown { selector: Selector::default(), hidden: None };
    let shown = selector.and_then(label_selector).unwrap_or(everything);
    let namespaces = namespaces(inventory, id, root);
    let candidates = monitored.within(services, namespaces.as_deref());
    let seen: Vec<DocumentId> = candidates.into_iter().filter(|&other| inventory.sees(id, other)).collect();
    let (mut found, mut doubt) = (Vec::new(), hidden.cloned().or(shown.hidden.clone()));
    for &other in &seen {
        match fit(inventory, other, &shown) {
            Fit::Yes => found.push(other),
            Fit::No => {}
            Fit::Perhaps(reason) => doubt = doubt.or(Some(reason)),
        }
    }
    let empty =
        || Reason::new(UnknownCode::Partial, format!("the input holds no {what} of the namespaces it looks at"));
    let doubt = doubt.or_else(|| seen.is_empty().then(empty));
    (found, doubt.or_else(|| inventory.completeness(what, id).reason().cloned()))
}

fn fit(inventory: &Inventory, id: DocumentId, shown: &Shown) -> Fit {
    let document = inventory.document(id);
    let template = pod_template(document, inventory.forest()).map(|pod| pod.template);
    Labels::of(template.unwrap_or_else(|| document.view(inventory.forest()))).fit(shown, |_, _| None)
}

/// The namespaces it looks at; `None` for all.
fn namespaces(inventory: &Inventory, id: DocumentId, root: View<'_>) -> Option<Vec<Option<Arc<str>>>> {
    let selector = root.path("spec.namespaceSelector");
    if selector.and_then(|selector| selector.get("any")?.bool()) == Some(true) {
        return None;
    }
    let names = selector.and_then(|selector| selector.get("matchNames")).into_iter().flat_map(View::items);
    // What does not name its namespace may lie in any.
    let mut listed: Vec<Option<Arc<str>>> =
        names.filter_map(|name| name.str().map(|name| Some(Arc::from(name)))).collect();
    if listed.is_empty() {
        listed.push(inventory.document(id).namespace());
    }
    if !listed.contains(&None) {
        listed.push(None);
    }
    Some(listed)
}
