//! Objects that a control plane makes by itself and keeps as they are. They are part of the picture, and never wrong.
//!
//! Sources: the bootstrap policy of RBAC, API priority and fairness' bootstrap objects, the root CA publisher, the service
//! account controller and the API server's own Service in kubernetes/kubernetes.

use crate::inventory::Document;
use crate::syntax::{Forest, View};

/// Kind, namespace (empty for any) and name.
const BY_NAME: &[(&str, &str, &str)] = &[
    ("ConfigMap", "", "kube-root-ca.crt"),
    ("ConfigMap", "kube-system", "extension-apiserver-authentication"),
    ("ConfigMap", "kube-system", "kube-apiserver-legacy-service-account-token-tracking"),
    ("ConfigMap", "kube-public", "cluster-info"),
    ("Namespace", "", "kube-node-lease"),
    ("Namespace", "", "kube-public"),
    ("PriorityClass", "", "system-cluster-critical"),
    ("PriorityClass", "", "system-node-critical"),
    ("Role", "kube-public", "system:controller:bootstrap-signer"),
    ("Service", "default", "kubernetes"),
    ("ServiceAccount", "", "default"),
];

/// Labels and annotations of objects that the API server restores at every start.
const RESTORED: &[(&str, &str)] = &[
    ("metadata.labels", "kubernetes.io/bootstrapping"),
    ("metadata.annotations", "apf.kubernetes.io/autoupdate-spec"),
    ("metadata.labels", "kube-aggregator.kubernetes.io/automanaged"),
];

/// Whether the control plane made an object.
pub fn is_shipped(document: &Document, forest: &Forest) -> bool {
    let Some(key) = &document.key else { return false };
    let namespace = key.namespace.as_deref().unwrap_or_default();
    let named = BY_NAME.iter().any(|(kind, home, name)| {
        *kind == &*key.kind && *name == &*key.name && (home.is_empty() || *home == namespace)
    });
    named || {
        let root: View<'_> = document.view(forest);
        RESTORED.iter().any(|(at, name)| root.path(at).is_some_and(|map| map.get(name).is_some()))
    }
}
