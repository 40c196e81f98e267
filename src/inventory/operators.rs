//! Pods that nobody writes down: those an operator makes from a custom resource, and those of the distribution.
//!
//! A selector that finds no pod in the input may still select such pods, so that it is unknown whether it selects nothing.

use rustc_hash::FxHashMap;

use super::selectors::Shown;
use super::{DocumentId, Inventory, Key};
use crate::syntax::View;
use crate::vocabulary::{Reason, UnknownCode};

/// Groups, with those below them, whose resources configure something and make no pods.
const PODLESS: &[&str] = &[
    "networking.istio.io",
    "security.istio.io",
    "telemetry.istio.io",
    "linkerd.io",
    "cert-manager.io",
    "external-secrets.io",
    "keda.sh",
    "kyverno.io",
    "traefik.io",
    "traefik.containo.us",
    "cilium.io",
    "projectcalico.org",
    "metallb.io",
    "cloud.google.com",
    "crossplane.io",
    "source.toolkit.fluxcd.io",
    "route.openshift.io",
    "getambassador.io",
    "projectcontour.io",
    "bitnami.com",
    "k8sready.io",
];

/// Kinds of otherwise working groups that make no pods.
const PODLESS_KINDS: &[&str] =
    &["ServiceMonitor", "PodMonitor", "Probe", "PrometheusRule", "AlertmanagerConfig", "ScrapeConfig", "AppProject"];

/// Domains of labels that operators set on the pods they make.
const OPERATOR_LABELS: &[&str] = &[
    "cnpg.io",
    "strimzi.io",
    "k8s.elastic.co",
    "rook.io",
    "crunchydata.com",
    "acid.zalan.do",
    "percona.com",
    "operator.prometheus.io",
    "kubevirt.io",
    "gateway.networking.k8s.io",
    "tekton.dev",
    "longhorn.io",
];

/// Labels of the pods that kubeadm and distributions make: static pods, cluster DNS, kube-proxy.
const DISTRIBUTION: &[(&str, &[&str])] = &[
    ("component", &["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"]),
    ("k8s-app", &["kube-dns", "kube-proxy", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]),
    ("tier", &["control-plane"]),
];

/// Whether a kind is a custom resource: its group is nobody's of Kubernetes' own.
pub fn is_custom(key: &Key) -> bool {
    key.group.contains('.') && !key.group.ends_with(".k8s.io")
}

/// Whether a kind is one of those whose operators make pods, and what belongs to them.
pub fn makes_pods(key: &Key) -> bool {
    let podless = PODLESS.iter().any(|group| within(&key.group, group)) || PODLESS_KINDS.contains(&&*key.kind);
    is_custom(key) && !podless
}

/// Custom resources that may make pods, by name.
pub struct Makers<'a> {
    by_name: FxHashMap<&'a str, Vec<DocumentId>>,
    all: Vec<DocumentId>,
}

impl<'a> Makers<'a> {
    /// Finds them.
    pub fn new(inventory: &'a Inventory) -> Self {
        let mut by_name: FxHashMap<&str, Vec<DocumentId>> = FxHashMap::default();
        let mut all = Vec::new();
        // In a cluster the pods themselves are there.
        let written = inventory.objects().filter(|_| inventory.listings().is_none());
        for (id, document) in written {
            if let Some(key) = document.key.as_ref().filter(|key| makes_pods(key) && !key.name.is_empty()) {
                by_name.entry(&key.name).or_default().push(id);
                all.push(id);
            }
        }
        Makers { by_name, all }
    }

    /// Why a selector that finds no pod in the input may select pods all the same.
    pub fn unseen(&self, inventory: &Inventory, from: DocumentId, shown: &Shown) -> Option<Reason> {
        if inventory.listings().is_some() {
            return None;
        }
        let selector = &shown.selector;
        let expressions = selector.expressions.iter();
        let words: Vec<(&str, &str)> = selector
            .match_labels
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .chain(expressions.flat_map(|e| e.values.iter().map(|value| (e.key.as_str(), value.as_str()))))
            .collect();
        let because = |text: String| Some(Reason::new(UnknownCode::Partial, text));
        let keys = selector.match_labels.iter().map(|(key, _)| key).chain(selector.expressions.iter().map(|e| &e.key));
        if let Some(key) = keys.into_iter().find(|key| is_operators(key)) {
            return because(format!("an operator makes pods with the label `{key}`"));
        }
        if words.iter().any(|word| is_distributions(*word)) {
            return because("the pods of a distribution are not in files".to_string());
        }
        let maker = words.iter().flat_map(|(_, value)| self.by_name.get(value)).flatten();
        let maker = maker.copied().find(|&maker| inventory.meets(from, maker))?;
        let key = inventory.document(maker).key.as_ref()?;
        because(format!("an operator may make pods for {} `{}`", key.kind, key.name))
    }
}

impl Makers<'_> {
    /// Why pods that nobody wrote down may stand beside an object, whatever their labels.
    pub fn any(&self, inventory: &Inventory, from: DocumentId) -> Option<Reason> {
        let maker = self.all.iter().copied().find(|&maker| inventory.meets(from, maker))?;
        let key = inventory.document(maker).key.as_ref()?;
        let text = format!("an operator may make pods for {} `{}`", key.kind, key.name);
        Some(Reason::new(UnknownCode::Partial, text))
    }
}

/// Whether an object, by its labels or what it selects, is one that an operator makes to guard its pods.
pub fn made(root: View<'_>) -> bool {
    let labels = ["metadata.labels", "spec.selector.matchLabels"].into_iter().filter_map(|path| root.path(path));
    let rook = |key: &str, value: View<'_>| key == "app" && value.str().is_some_and(|app| app.starts_with("rook-ceph"));
    labels.flat_map(View::entries).any(|(key, value)| is_operators(key) || rook(key, value))
}

fn is_operators(label: &str) -> bool {
    let Some((domain, _)) = label.split_once('/') else { return false };
    OPERATOR_LABELS.iter().any(|known| within(domain, known))
}

/// Whether a domain is another one or below it.
fn within(domain: &str, of: &str) -> bool {
    domain.strip_suffix(of).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_distributions((label, value): (&str, &str)) -> bool {
    DISTRIBUTION.iter().any(|(key, values)| *key == label && values.contains(&value))
}
