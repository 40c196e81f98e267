//! Where each kind keeps its pods: the template's path, and whether the kind runs for long.
//!
//! Source: the API reference of each kind; `Rollout` (Argo Rollouts), `DeploymentConfig` (OpenShift) and Knative's `Service`
//! are in wide use and hold an ordinary pod template.

use crate::syntax::View;

use super::{Document, Key};
use crate::syntax::Forest;

/// One kind that makes pods.
#[derive(Clone, Copy, Debug)]
pub struct PodKind {
    /// API group.
    pub group: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Path of the object that holds the pod's `metadata` and `spec`; empty for a Pod itself.
    pub template: &'static str,
    /// Whether its pods are meant to run until stopped.
    pub long_running: bool,
    /// Path of the replica count, for kinds that have one.
    pub replicas: Option<&'static str>,
}

const fn kind(
    group: &'static str,
    kind: &'static str,
    template: &'static str,
    long_running: bool,
    scales: bool,
) -> PodKind {
    PodKind { group, kind, template, long_running, replicas: if scales { Some("spec.replicas") } else { None } }
}

/// The table.
pub const POD_KINDS: &[PodKind] = &[
    kind("apps", "Deployment", "spec.template", true, true),
    kind("apps", "StatefulSet", "spec.template", true, true),
    kind("apps", "DaemonSet", "spec.template", true, false),
    kind("apps", "ReplicaSet", "spec.template", true, true),
    kind("extensions", "Deployment", "spec.template", true, true),
    kind("extensions", "DaemonSet", "spec.template", true, false),
    kind("extensions", "ReplicaSet", "spec.template", true, true),
    kind("", "ReplicationController", "spec.template", true, true),
    kind("", "Pod", "", true, false),
    kind("", "PodTemplate", "template", false, false),
    kind("batch", "Job", "spec.template", false, false),
    kind("batch", "CronJob", "spec.jobTemplate.spec.template", false, false),
    kind("argoproj.io", "Rollout", "spec.template", true, true),
    kind("apps.openshift.io", "DeploymentConfig", "spec.template", true, true),
    kind("serving.knative.dev", "Service", "spec.template", true, false),
];

/// A pod, wherever its kind keeps it.
#[derive(Clone, Copy, Debug)]
pub struct PodTemplate<'a> {
    /// The kind that makes it.
    pub kind: &'static PodKind,
    /// What holds `metadata` and `spec`.
    pub template: View<'a>,
    /// The pod's `spec`.
    pub spec: View<'a>,
}

impl<'a> PodTemplate<'a> {
    /// The pod's labels.
    pub fn labels(&self) -> Option<View<'a>> {
        self.template.path("metadata.labels")
    }
}

/// The row for a kind.
pub fn pod_kind(key: &Key) -> Option<&'static PodKind> {
    POD_KINDS.iter().find(|row| key.is(row.group, row.kind))
}

/// What holds the `metadata` and `spec` of the pod an object makes, even where one of them is missing.
pub fn pod_holder<'a>(document: &Document, forest: &'a Forest) -> Option<View<'a>> {
    let kind = pod_kind(document.key.as_ref()?)?;
    let root = document.view(forest);
    if kind.template.is_empty() { Some(root) } else { root.path(kind.template) }
}

/// The pod an object makes; `None` for other kinds and for objects whose template is not a map.
pub fn pod_template<'a>(document: &Document, forest: &'a Forest) -> Option<PodTemplate<'a>> {
    let kind = pod_kind(document.key.as_ref()?)?;
    let template = pod_holder(document, forest)?;
    let spec = template.get("spec").filter(|spec| spec.is_map())?;
    Some(PodTemplate { kind, template, spec })
}

/// The anti-affinity terms of a pod's spec, and whether the scheduler must hold to them.
pub fn anti_affinity_terms<'a>(spec: View<'a>) -> Vec<(View<'a>, bool)> {
    let Some(affinity) = spec.path("affinity.podAntiAffinity") else { return Vec::new() };
    let list = |key: &str| affinity.get(key).into_iter().flat_map(View::items);
    let hard = list("requiredDuringSchedulingIgnoredDuringExecution").map(|term| (term, true));
    let soft = list("preferredDuringSchedulingIgnoredDuringExecution")
        .filter_map(|weighted| Some((weighted.get("podAffinityTerm")?, false)));
    hard.chain(soft).collect()
}
