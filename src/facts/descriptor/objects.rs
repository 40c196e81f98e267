//! `service`, `pdb`, `role` and `binding`.

use super::workload::NEIGHBOUR;
use super::{list, object};
use crate::expr::Type;

object! {
    /// A Service.
    SERVICE = "service", "A Service and what it selects";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace; null where nobody says";
    object: Type::Dyn, "The Service itself";
    type: Type::String, "ClusterIP if unset";
    selector: Type::Dyn, "spec.selector; null if unset";
    selects: Type::Bool, "Has a selector and is no ExternalName";
    workloads: Type::List(&Type::Object(&NEIGHBOUR)), "Workloads whose pods it selects", [list("", "pods")];
    rivals: Type::List(&Type::Object(&NEIGHBOUR)), "A Service further up in the input, of the same namespace, with the same selector";
    ports: Type::List(&Type::Object(&SERVICE_PORT)), "Its ports", [list("", "pods")];
}

object! {
    /// A port of a Service.
    SERVICE_PORT = "servicePort", "A port of a Service";
    name: Type::String, "Name; empty if unset";
    port: Type::Dyn, "The port that clients ask";
    target: Type::Dyn, "The port of the pods, a name or a number: targetPort, else port";
    named: Type::Bool, "The target is a name";
    valid: Type::Bool, "The target is a number from 1 to 65535, or a name that the API server accepts";
    declared: Type::Bool, "Containers of its pods declare the target; true where they declare no port at all, or where there are no pods to ask", [list("", "pods")];
}

object! {
    /// A PodDisruptionBudget.
    PDB = "pdb", "A PodDisruptionBudget, the pods it covers, and how many of them it lets go";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace; null where nobody says";
    object: Type::Dyn, "The PodDisruptionBudget itself";
    selector: Type::Dyn, "spec.selector; null if unset";
    minAvailable: Type::Dyn, "spec.minAvailable; null if unset";
    maxUnavailable: Type::Dyn, "spec.maxUnavailable; null if unset";
    pods: Type::Int, "Pods it covers, by the workloads' replicas (an autoscaler's minimum); null if unknown or none";
    allowed: Type::Int, "Evictions it allows while all pods are healthy; null if unknown";
    neverAllows: Type::Bool, "It allows no eviction, even while all pods are healthy";
    operated: Type::Bool, "An operator made it, which lets its pods go by itself";
    stateful: Type::Bool, "A StatefulSet of the input is among what it covers";
    overlaps: Type::List(&Type::Object(&NEIGHBOUR)), "Other PodDisruptionBudgets, further up in the input, that cover a workload which this one covers";
    workloads: Type::List(&Type::Object(&NEIGHBOUR)), "Workloads whose pods it covers", [list("", "pods")];
}

object! {
    /// A Role or ClusterRole.
    ROLE = "role", "A Role or ClusterRole";
    kind: Type::String, "Role or ClusterRole";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace of a Role";
    object: Type::Dyn, "The role itself";
    shipped: Type::Bool, "One that the API server makes by itself";
    clusterKind: Type::Bool, "A ClusterRole";
    boundClusterWide: Type::Bool, "Some ClusterRoleBinding grants it", [list("rbac.authorization.k8s.io", "clusterrolebindings")];
    namespaced: Type::Bool, "It holds inside namespaces only: a Role, or a ClusterRole that none but RoleBindings grant", [list("rbac.authorization.k8s.io", "rolebindings"), list("rbac.authorization.k8s.io", "clusterrolebindings")];
    needs: Type::List(&Type::String), "What the well-known controller it belongs to needs for its job (data/controllers.yaml): clusterAdmin, secrets, escalate, impersonate";
    aggregatesTo: Type::List(&Type::String), "Which of admin, edit and view the control plane copies its rules into";
    servingOnly: Type::Bool, "It approves or signs certificates of kubelets' serving signer, and of no other";
    rules: Type::List(&Type::Object(&POLICY_RULE)), "Its rules";
    bindings: Type::List(&Type::Object(&NEIGHBOUR)), "Bindings that grant it", [list("rbac.authorization.k8s.io", "rolebindings"), list("rbac.authorization.k8s.io", "clusterrolebindings")];
}

object! {
    /// A way of somebody to rights that nobody granted them.
    ACCESS_PATH = "accessPath", "A way of somebody to rights that nobody granted them: in up to four steps by way of other identities";
    form: Type::String, "escalation: a way to a goal, or for want of any the environment; everyNode: a DaemonSet whose account is strong in all namespaces; people: the one user or group that all bindings of people name";
    goal: Type::String, "What is reached: cluster-admin, all Secrets; empty for nothing", [list("rbac.authorization.k8s.io", "rolebindings"), list("rbac.authorization.k8s.io", "clusterrolebindings"), list("rbac.authorization.k8s.io", "roles"), list("rbac.authorization.k8s.io", "clusterroles")];
    identity: Type::String, "Who begins, with kind, namespace and name";
    open: Type::Bool, "Anybody, every service account, or a default service account begins";
    expected: Type::Bool, "A well-known controller that needs what it reaches (data/controllers.yaml)";
    at: Type::Dyn, "The resource in the role that gives the first step, else the role's name in the binding; the account of a DaemonSet; the name of the user or group";
    chain: Type::String, "All steps as a sentence";
    hops: Type::List(&Type::Object(&HOP)), "The steps";
    others: Type::Int, "Other first steps that lead there; for people: other bindings";
}

object! {
    /// A step.
    HOP = "hop", "A step";
    text: Type::String, "Who does what";
    at: Type::Dyn, "The resource in the role that allows it";
}

object! {
    /// One rule of a role; every list is there, perhaps empty.
    POLICY_RULE = "policyRule", "One rule of a role; every list is there, perhaps empty";
    apiGroups: Type::List(&Type::String), "API groups; empty string for core";
    resources: Type::List(&Type::String), "Resources and subresources";
    verbs: Type::List(&Type::String), "Verbs";
    resourceNames: Type::List(&Type::String), "Names it is limited to";
    nonResourceURLs: Type::List(&Type::String), "URLs that are no resources";
    everything: Type::Bool, "Every verb on every resource of every API group";
    powers: Type::Map(&Type::String), "What it lets its holder do besides reading: workloads, exec, portForward, bindings, escalate, impersonate, certificates, tokens, webhooks, persistentVolumes, clusterObjects, bulkDelete, traces, configMaps, trustedConfig, networking, endpoints, secrets, kubelets; each with the resource that gives it";
    custom: Type::Bool, "Every API group in it is somebody's own, none of Kubernetes itself";
}

object! {
    /// A RoleBinding or ClusterRoleBinding.
    BINDING = "binding", "A RoleBinding or ClusterRoleBinding";
    kind: Type::String, "RoleBinding or ClusterRoleBinding";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace of a RoleBinding";
    object: Type::Dyn, "The binding itself";
    roleKind: Type::String, "Kind of the role it grants";
    roleName: Type::String, "Name of the role it grants";
    clusterWide: Type::Bool, "A ClusterRoleBinding";
    shipped: Type::Bool, "One that the API server or kubeadm makes by itself";
    roleExists: Type::Bool, "The role it grants is in the input or built in", [list("rbac.authorization.k8s.io", "roles"), list("rbac.authorization.k8s.io", "clusterroles")];
    writes: Type::Bool, "The role it grants lets do more than read, as far as the role is known";
    subjects: Type::List(&Type::Object(&GRANTEE)), "Who gets the role";
}

object! {
    /// Who gets a role.
    GRANTEE = "grantee", "Who gets a role";
    kind: Type::String, "User, Group or ServiceAccount";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace of a service account; empty otherwise";
    needs: Type::List(&Type::String), "What the well-known controller behind a service account needs, as of a role";
    exists: Type::Bool, "No service account, or one that is in the input", [list("", "serviceaccounts")];
}
