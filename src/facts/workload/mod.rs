//! The `workload` and `container` subjects: one pod template, whatever kind holds it, with what the cluster adds to it.
//!
//! Says how many replicas really run, who selects, scales and protects them, and where they may land. Judges nothing.

mod account;
mod container;
mod known;
mod probes;
mod references;
mod rollout;
mod schedule;
mod secrets;
mod security;
mod spread;

pub use known::Known;

use known::KnownRole;

use super::Tables;
use super::builder::{FactBuilder, Fallback};
use super::live::Pods;
use super::pod_security::{self, Enforced, SAFE_SYSCTLS};
use super::subject::{Subject, SubjectKind};
use super::surroundings::{DEFAULTED, Surroundings};
use crate::inventory::{DocumentId, Inventory, Key, Link, PodTemplate, pod_template};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// The workload of a document and its containers.
pub fn build(inventory: &Inventory, tables: &Tables, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let key = document.key.as_ref()?;
    let template = pod_template(document, inventory.forest())?;
    let root = document.view(inventory.forest());
    let Tables { known, surroundings, target_minor, pods, .. } = tables;
    let role = known.role(key, &template);
    let facts = FactBuilder::new(tree, super::anchor(root));
    let target_minor = *target_minor;
    let mut workload =
        Workload { inventory, id, key, root, template, known, role, surroundings, pods, target_minor, facts };
    let (node, containers) = workload.build();
    let mut subjects = vec![Subject::of(SubjectKind::Workload, NodeRef { tree, node }, inventory, id)];
    for (name, node) in containers {
        let subject = Subject::of(SubjectKind::Container, NodeRef { tree, node }, inventory, id);
        subjects.push(Subject { container: Some(name.into()), ..subject });
    }
    Some((workload.facts.finish(), subjects))
}

/// What the parts of this module share while one workload is built.
struct Workload<'a> {
    inventory: &'a Inventory,
    id: DocumentId,
    key: &'a Key,
    root: View<'a>,
    template: PodTemplate<'a>,
    known: &'a Known,
    role: KnownRole<'a>,
    surroundings: &'a Surroundings,
    pods: &'a Pods,
    target_minor: u32,
    facts: FactBuilder,
}

impl<'a> Workload<'a> {
    fn build(&mut self) -> (NodeId, Vec<(String, NodeId)>) {
        let anchor = self.facts.anchor();
        let node = self.facts.reserve(anchor.clone());
        let itself = self.facts.reference(node);
        let containers = self.containers(itself);
        let container_nodes: Vec<NodeId> = containers.iter().map(|&(_, node)| node).collect();
        let mut fields = self.identity();
        fields.extend(self.scale());
        fields.extend(self.pod());
        fields.extend(self.neighbours());
        fields.extend(self.references());
        fields.extend(self.account());
        fields.extend(self.admission());
        fields.push(("scheduleError", self.schedule_error()));
        fields.extend(self.rollout());
        fields.push(("spread", self.spread()));
        fields.extend(self.pods.facts(&mut self.facts, self.inventory, self.id));
        fields.push(("containers", self.facts.list(&container_nodes)));
        self.facts.fill(node, &fields);
        (node, containers)
    }

    fn identity(&mut self) -> Vec<(&'static str, NodeId)> {
        let role = &self.role;
        let anchor = self.facts.anchor();
        let needs = role.needs.iter().map(|need| (need.as_str(), anchor.clone()));
        vec![
            ("kind", self.facts.lookup(self.root, "kind", Fallback::Null)),
            ("name", crate::facts::name(&mut self.facts, self.root)),
            ("namespace", self.facts.opt_str(self.key.namespace.as_deref(), self.root.origin_of("metadata.namespace"))),
            ("object", self.facts.refer(self.root.at())),
            ("longRunning", self.facts.bool(self.long_running(), anchor.clone())),
            ("owned", self.facts.bool(self.root.path("metadata.ownerReferences").is_some(), anchor.clone())),
            ("component", self.facts.str(role.component.unwrap_or_default(), anchor.clone())),
            ("singleByDesign", self.facts.bool(role.single_by_design, anchor.clone())),
            ("needs", self.facts.strings(needs, anchor.clone())),
            ("system", self.facts.bool(role.system, anchor)),
        ]
    }

    /// A bare Pod that is a Helm hook (a test, say), or that is not started again, runs to its end.
    fn long_running(&self) -> bool {
        let hook = self.root.path("metadata.annotations").is_some_and(|notes| notes.get("helm.sh/hook").is_some());
        let ends = matches!(self.template.spec.str_at("restartPolicy"), Some("Never" | "OnFailure"));
        self.template.kind.long_running && !(self.template.kind.kind == "Pod" && (hook || ends))
    }

    /// Replicas as they will run: an autoscaler's minimum wins over the object's own number.
    fn scale(&mut self) -> Vec<(&'static str, NodeId)> {
        let scaler = self.inventory.links().to(Link::Scale, self.id).first().copied();
        let anchor = self.facts.anchor();
        let environment = self.inventory.document(self.id).environment;
        let rescaled = self.inventory.rescaled(self.id, environment).filter(|_| scaler.is_none());
        let replicas = match (scaler, self.template.kind.replicas) {
            (Some(scaler), _) => self.autoscaled(scaler),
            (None, Some(path)) => match rescaled {
                Some(reason) => self.facts.unknown(reason, self.root.origin_of(path)),
                None => self.facts.lookup(self.root, path, Fallback::Int(1)),
            },
            (None, None) => self.facts.int(1, anchor.clone()),
        };
        let scales = self.facts.bool(self.template.kind.replicas.is_some(), anchor.clone());
        let scaler_origin = scaler.map_or(anchor, |id| Origin::Node(self.inventory.document(id).root));
        let completeness = self.inventory.completeness("HorizontalPodAutoscaler", self.id);
        let doubt = completeness.reason().or_else(|| self.inventory.links().doubt(Link::Scale, self.id));
        let autoscaled = match doubt.filter(|_| scaler.is_none() && self.template.kind.replicas.is_some()) {
            Some(reason) => self.facts.unknown(reason.clone(), scaler_origin),
            None => self.facts.bool(scaler.is_some(), scaler_origin),
        };
        vec![("replicas", replicas), ("scalable", scales), ("autoscaled", autoscaled)]
    }

    fn autoscaled(&mut self, scaler: DocumentId) -> NodeId {
        let document = self.inventory.document(scaler);
        let root = document.view(self.inventory.forest());
        match document.kind() {
            "ScaledObject" => self.facts.lookup(root, "spec.minReplicaCount", Fallback::Int(0)),
            _ => self.facts.lookup(root, "spec.minReplicas", Fallback::Int(1)),
        }
    }

    fn pod(&mut self) -> Vec<(&'static str, NodeId)> {
        let spec = self.template.spec;
        let windows = spec.str_at("os.name") == Some("windows")
            || spec.path("nodeSelector").and_then(|nodes| nodes.get("kubernetes.io/os")).and_then(View::str)
                == Some("windows");
        let critical = spec.str_at("priorityClassName").is_some_and(|name| name.starts_with("system-"));
        let host_paths = self.host_paths();
        let os_origin = spec.origin_of("os.name");
        let class_origin = spec.origin_of("priorityClassName");
        vec![
            ("pod", self.facts.refer(spec.at())),
            ("labels", self.facts.lookup(self.template.template, "metadata.labels", Fallback::Null)),
            ("annotations", self.facts.lookup(self.template.template, "metadata.annotations", Fallback::Null)),
            ("hostNetwork", self.facts.lookup(spec, "hostNetwork", Fallback::Bool(false))),
            ("windows", self.facts.bool(windows, os_origin)),
            ("critical", self.facts.bool(critical, class_origin)),
            ("hostPaths", host_paths),
            ("sysctls", self.sysctls()),
            ("defaults", self.defaults()),
        ]
    }

    fn host_paths(&mut self) -> NodeId {
        let volumes = self.template.spec.path("volumes").into_iter().flat_map(View::items);
        let paths: Vec<NodeId> = volumes
            .filter(|volume| volume.get("hostPath").is_some_and(|path| !path.is_null()))
            .map(|volume| {
                let path = volume.path("hostPath.path").unwrap_or(volume);
                let fields = [
                    ("volume", self.facts.lookup(volume, "name", Fallback::Str(""))),
                    ("path", self.facts.lookup(volume, "hostPath.path", Fallback::Str(""))),
                ];
                self.facts.map(&fields, Origin::Node(path.at()))
            })
            .collect();
        let origin = self.template.spec.origin_of("volumes");
        self.facts.list_at(&paths, origin)
    }

    /// Sysctls with the minor since which the baseline level allows them.
    fn sysctls(&mut self) -> NodeId {
        let list = self.template.spec.path("securityContext.sysctls").into_iter().flat_map(View::items);
        let named = list.filter_map(|sysctl| Some((sysctl, sysctl.get("name")?)));
        let nodes: Vec<NodeId> = named
            .map(|(sysctl, name)| {
                let origin = Origin::Node(name.at());
                let safe = SAFE_SYSCTLS.iter().find(|(safe, _)| Some(*safe) == name.str()).map(|(_, since)| *since);
                let since = match name.unknown() {
                    Some(reason) => self.facts.unknown(reason.clone(), origin.clone()),
                    None => self.facts.opt_int(safe.map(i64::from), origin.clone()),
                };
                let fields = [
                    ("name", self.facts.refer(name.at())),
                    ("value", self.facts.lookup(sysctl, "value", Fallback::Str(""))),
                    ("safeSince", since),
                ];
                self.facts.map(&fields, origin)
            })
            .collect();
        let origin = self.template.spec.origin_of("securityContext.sysctls");
        let list = self.facts.list_at(&nodes, origin);
        if let Some(reason) = super::builder::hidden(self.template.spec, "securityContext.sysctls") {
            self.facts.open(list, reason.clone());
        }
        list
    }

    /// What a LimitRange of the namespace fills in; each points at the LimitRange.
    fn defaults(&mut self) -> NodeId {
        let reason = self.inventory.completeness("LimitRange", self.id).reason().cloned();
        let mut fields = Vec::with_capacity(DEFAULTED.len());
        for (row, (name, ..)) in DEFAULTED.iter().enumerate() {
            let anchor = self.facts.anchor();
            let node = match (self.surroundings.limit_default(self.inventory, self.id, row), &reason) {
                (Some(range), _) => self.facts.bool(true, Origin::Node(self.inventory.document(range).root)),
                (None, Some(reason)) => self.facts.unknown(reason.clone(), anchor),
                (None, None) => self.facts.bool(false, anchor),
            };
            fields.push((*name, node));
        }
        let anchor = self.facts.anchor();
        self.facts.map(&fields, anchor)
    }

    /// What the namespace's own Pod Security labels would refuse of the pod.
    fn admission(&mut self) -> Vec<(&'static str, NodeId)> {
        let anchor = self.facts.anchor();
        let namespace = self.key.namespace.as_deref().and_then(|name| {
            let found = self.inventory.named(self.id, "Namespace", name);
            found.first().map(|&id| self.inventory.document(id).view(self.inventory.forest()))
        });
        let enforced = namespace.and_then(|namespace| Enforced::of(namespace, self.target_minor));
        let verdict = enforced.map(|enforced| pod_security::check(&self.template, enforced)).unwrap_or_default();
        let broken = verdict.broken.into_iter();
        let controls: Vec<NodeId> = broken.map(|(control, origin)| self.facts.str(control, origin)).collect();
        let refused = self.facts.list_at(&controls, anchor.clone());
        if let Some(reason) = verdict.doubt {
            self.facts.open(refused, reason);
        }
        let level = enforced.map_or("", |enforced| enforced.level.as_str());
        vec![("enforced", self.facts.str(level, anchor)), ("refused", refused)]
    }

    /// Objects that select or name this workload.
    fn neighbours(&mut self) -> Vec<(&'static str, NodeId)> {
        vec![
            ("services", self.linked(Link::Service, "Service")),
            ("pdbs", self.linked(Link::Disruption, "PodDisruptionBudget")),
            ("networkPolicies", self.linked(Link::Network, "NetworkPolicy")),
        ]
    }

    fn linked(&mut self, link: Link, kind: &str) -> NodeId {
        let ids = self.inventory.links().to(link, self.id);
        let nodes: Vec<NodeId> = ids.iter().map(|&id| super::neighbour(&mut self.facts, self.inventory, id)).collect();
        let list = self.facts.list(&nodes);
        let completeness = self.inventory.completeness(kind, self.id);
        if let Some(reason) = completeness.reason().or_else(|| self.inventory.links().doubt(link, self.id)) {
            self.facts.open(list, reason.clone());
        }
        list
    }
}
