//! `namespace` and `configMap`.

use super::workload::LITERAL;
use super::{list, object};
use crate::expr::Type;

object! {
    /// A Namespace.
    NAMESPACE = "namespace", "A Namespace: what it asks of its pods, and what limits it";
    name: Type::String, "Name";
    object: Type::Dyn, "The Namespace itself";
    infrastructure: Type::Bool, "One of the distribution or of node agents, by its name";
    guarded: Type::Bool, "The input holds an admission policy of another engine (Kyverno, Gatekeeper, Kubewarden, a ValidatingAdmissionPolicy)";
    podSecurity: Type::List(&Type::Object(&LABEL)), "Labels of Pod Security, misspelt ones included";
    enforce: Type::String, "The enforced level as written; null if unset";
    enforceVersion: Type::String, "The version of the enforced level as written; null if unset";
    hasQuota: Type::Bool, "It has a ResourceQuota", [list("", "resourcequotas")];
    deniesIngress: Type::Bool, "A policy of its own, or one of the whole cluster, refuses what comes in and is not allowed", [list("networking.k8s.io", "networkpolicies")];
    deniesEgress: Type::Bool, "The same for what goes out", [list("networking.k8s.io", "networkpolicies")];
    hasLimitRange: Type::Bool, "It has a LimitRange", [list("", "limitranges")];
}

object! {
    /// A Pod Security label.
    LABEL = "label", "A label of Pod Security";
    key: Type::String, "The whole key";
    mode: Type::String, "What follows the prefix: enforce, audit-version …; empty if the prefix is another";
    value: Type::String, "Its value";
}

object! {
    /// A ConfigMap.
    CONFIG_MAP = "configMap", "A ConfigMap and the secrets it holds in the open";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace; null where nobody says";
    object: Type::Dyn, "The ConfigMap itself";
    secrets: Type::List(&Type::Object(&LITERAL)), "Keys whose values are or hold secrets (data/redaction.yaml says what counts)";
}
