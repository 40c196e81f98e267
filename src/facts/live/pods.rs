//! Pods by the workload at the top of their chain of owners: Pod → ReplicaSet → Deployment, Pod → Job → CronJob.
//!
//! Gathered once, by name: owners are of the pod's own namespace. What the workload as a whole is told is counted here.

use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::trouble::{Trouble, of_pod, time};
use super::{cluster, timeless};
use crate::facts::builder::FactBuilder;
use crate::inventory::{DocumentId, EnvironmentId, Inventory, Role, controller};
use crate::syntax::View;
use crate::vocabulary::NodeId;

/// Environment, namespace, kind, name.
type Owner = (EnvironmentId, Option<Arc<str>>, Arc<str>, Arc<str>);

/// The pods of an inventory.
#[derive(Default)]
pub struct Pods {
    of: FxHashMap<Owner, Vec<DocumentId>>,
    /// Zones by node.
    zones: FxHashMap<Arc<str>, Option<String>>,
    taken: Option<Timestamp>,
}

impl Pods {
    /// Reads the owners of all pods, and the zones of all nodes.
    pub fn gather(inventory: &Inventory) -> Pods {
        let mut pods = Pods::default();
        let mut between: FxHashMap<Owner, Owner> = FxHashMap::default();
        let parts = || inventory.documents().filter(|(_, document)| document.role == Role::Part);
        for (_, document) in parts().filter(|(_, document)| document.kind() != "Pod") {
            let Some(key) = &document.key else { continue };
            if let Some(owner) = owner(document.environment, document.view(inventory.forest())) {
                let own = (document.environment, key.namespace.clone(), key.kind.clone(), key.name.clone());
                between.insert(own, owner);
            }
        }
        for (id, document) in parts().filter(|(_, document)| document.kind() == "Pod") {
            if let Some(owner) = owner(document.environment, document.view(inventory.forest())) {
                let top = between.get(&owner).unwrap_or(&owner);
                pods.of.entry(top.clone()).or_default().push(id);
            }
        }
        for (_, node) in inventory.objects().filter(|(_, document)| document.kind() == "Node") {
            let labels = node.view(inventory.forest()).path("metadata.labels");
            let zone = labels.and_then(|labels| labels.get("topology.kubernetes.io/zone")).and_then(View::str);
            if let Some(key) = &node.key {
                pods.zones.insert(key.name.clone(), zone.map(str::to_string));
            }
        }
        let taken = cluster(inventory, EnvironmentId::default()).and_then(|cluster| cluster.get("takenAt"));
        pods.taken = time(taken);
        pods
    }

    /// The pods of a workload. A Pod that stands for itself is its own.
    fn of(&self, inventory: &Inventory, id: DocumentId) -> Vec<DocumentId> {
        let document = inventory.document(id);
        let Some(key) = &document.key else { return Vec::new() };
        if key.is("", "Pod") {
            return vec![id];
        }
        let owner = (document.environment, key.namespace.clone(), key.kind.clone(), key.name.clone());
        self.of.get(&owner).cloned().unwrap_or_default()
    }

    /// `pods` and `troubles` of a workload.
    pub fn facts(&self, facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId) -> Vec<(&'static str, NodeId)> {
        let ids = self.of(inventory, id);
        let views: Vec<View<'_>> = ids.iter().map(|&id| inventory.document(id).view(inventory.forest())).collect();
        let troubles = self.troubles(facts, &views);
        let missing = inventory.listings().and_then(|listings| {
            let namespace = inventory.document(id).namespace();
            ["Pod", "ReplicaSet", "Job"]
                .into_iter()
                .find_map(|kind| listings.of_alone(kind, namespace.as_deref()).reason().cloned())
        });
        let anchor = facts.anchor();
        let pods = match (inventory.listings(), &missing) {
            (None, _) => facts.null(anchor),
            (Some(_), Some(reason)) => facts.unknown(reason.clone(), anchor),
            (Some(_), None) => self.counts(facts, inventory, &views),
        };
        if let Some(reason) = missing {
            facts.open(troubles, reason);
        }
        vec![("pods", pods), ("troubles", troubles)]
    }

    fn counts(&self, facts: &mut FactBuilder, inventory: &Inventory, pods: &[View<'_>]) -> NodeId {
        let running = pods.iter().filter(|pod| !matches!(pod.str_at("status.phase"), Some("Succeeded" | "Failed")));
        let running: Vec<View<'_>> = running.copied().collect();
        let ready = running.iter().filter(|pod| is_ready(**pod)).count();
        let nodes: FxHashSet<&str> = running.iter().filter_map(|pod| pod.str_at("spec.nodeName")).collect();
        let mut zones: Vec<&Option<String>> = nodes.iter().filter_map(|node| self.zones.get(*node)).collect();
        zones.sort_unstable();
        zones.dedup();
        let anchor = facts.anchor();
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let unseen = inventory.listings().and_then(|listings| listings.missing("Node"));
        let zones = match unseen {
            Some(reason) => facts.unknown(reason, anchor.clone()),
            None => facts.int(count(zones.len()), anchor.clone()),
        };
        let fields = [
            ("count", facts.int(count(running.len()), anchor.clone())),
            ("ready", facts.int(count(ready), anchor.clone())),
            ("nodes", facts.int(count(nodes.len()), anchor.clone())),
            ("zones", zones),
        ];
        facts.map(&fields, anchor)
    }

    /// The same trouble of many pods is one, told by the pod that has it worst.
    fn troubles(&self, facts: &mut FactBuilder, pods: &[View<'_>]) -> NodeId {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for pod in pods {
            for trouble in of_pod(*pod) {
                let name = pod.str_at("metadata.name").unwrap_or_default();
                let alike = |group: &&mut Group<'_>| {
                    (group.worst.kind, group.worst.container) == (trouble.kind, trouble.container)
                };
                match groups.iter_mut().find(alike) {
                    Some(group) => group.add(name, trouble),
                    None => groups.push(Group { pod: name, pods: 1, since: trouble.since, worst: trouble }),
                }
            }
        }
        let nodes: Vec<NodeId> = groups.iter().map(|group| self.group(facts, group)).collect();
        facts.list(&nodes)
    }

    fn group(&self, facts: &mut FactBuilder, group: &Group<'_>) -> NodeId {
        let origin = group.worst.place.clone();
        let minutes = match (self.taken, group.since) {
            (Some(taken), Some(since)) => facts.int((taken.as_second() - since.as_second()) / 60, origin.clone()),
            _ => facts.unknown(timeless(), origin.clone()),
        };
        let fields = [
            ("kind", facts.str(group.worst.kind, origin.clone())),
            ("reason", facts.str(group.worst.reason, origin.clone())),
            ("container", facts.str(group.worst.container, origin.clone())),
            ("pod", facts.str(group.pod, origin.clone())),
            ("pods", facts.int(group.pods, origin.clone())),
            ("restarts", facts.int(group.worst.restarts, origin.clone())),
            ("minutes", minutes),
        ];
        facts.map(&fields, origin)
    }
}

/// One trouble of some pods.
struct Group<'a> {
    pod: &'a str,
    pods: i64,
    since: Option<Timestamp>,
    worst: Trouble<'a>,
}

impl<'a> Group<'a> {
    fn add(&mut self, pod: &'a str, trouble: Trouble<'a>) {
        self.pods += 1;
        let again = matches!(trouble.kind, "crash" | "memory");
        self.since = match (self.since, trouble.since) {
            (Some(one), Some(other)) => Some(if again { one.max(other) } else { one.min(other) }),
            (one, other) => one.or(other),
        };
        if trouble.restarts > self.worst.restarts {
            (self.pod, self.worst) = (pod, trouble);
        }
    }
}

fn owner(environment: EnvironmentId, root: View<'_>) -> Option<Owner> {
    let (kind, name) = controller(root)?;
    let namespace = root.str_at("metadata.namespace").map(Arc::from);
    Some((environment, namespace, Arc::from(kind), Arc::from(name)))
}

fn is_ready(pod: View<'_>) -> bool {
    let statuses = pod.path("status.containerStatuses");
    let ready = |status: View<'_>| status.get("ready").and_then(View::bool) == Some(true);
    statuses.is_some_and(|statuses| statuses.items().len() > 0 && statuses.items().all(ready))
}
