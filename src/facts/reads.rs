//! What facts read of a cluster: the resource types, and by subject which of them it is made of.
//!
//! A subject's own objects stand here, what a single field needs besides stands in its descriptor. Never Secrets, never
//! anything that needs `nodes/proxy`.

use super::SubjectKind;

/// A resource type that facts know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Api {
    /// API group; empty for core.
    pub group: &'static str,
    /// The version whose fields facts know.
    pub version: &'static str,
    /// Kind of its objects.
    pub kind: &'static str,
    /// Plural name.
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

const fn api(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
) -> Api {
    Api { group, version, kind, plural, namespaced }
}

/// Every resource type that anything reads, sorted by group and plural.
pub const APIS: &[Api] = &[
    api("", "v1", "ConfigMap", "configmaps", true),
    api("", "v1", "LimitRange", "limitranges", true),
    api("", "v1", "Namespace", "namespaces", false),
    api("", "v1", "Node", "nodes", false),
    api("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    api("", "v1", "PersistentVolume", "persistentvolumes", false),
    api("", "v1", "Pod", "pods", true),
    api("", "v1", "ReplicationController", "replicationcontrollers", true),
    api("", "v1", "ResourceQuota", "resourcequotas", true),
    api("", "v1", "ServiceAccount", "serviceaccounts", true),
    api("", "v1", "Service", "services", true),
    api("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false),
    api("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false),
    api(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        false,
    ),
    api(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        false,
    ),
    api("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false),
    api("apiregistration.k8s.io", "v1", "APIService", "apiservices", false),
    api("apps", "v1", "DaemonSet", "daemonsets", true),
    api("apps", "v1", "Deployment", "deployments", true),
    api("apps", "v1", "ReplicaSet", "replicasets", true),
    api("apps", "v1", "StatefulSet", "statefulsets", true),
    api("argoproj.io", "v1alpha1", "Application", "applications", true),
    api("argoproj.io", "v1alpha1", "Rollout", "rollouts", true),
    api("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    api("batch", "v1", "CronJob", "cronjobs", true),
    api("batch", "v1", "Job", "jobs", true),
    api("cert-manager.io", "v1", "Certificate", "certificates", true),
    api("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers", false),
    api("cert-manager.io", "v1", "Issuer", "issuers", true),
    api("certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", false),
    api("cluster.x-k8s.io", "v1beta1", "Cluster", "clusters", true),
    api("cluster.x-k8s.io", "v1beta1", "MachineDeployment", "machinedeployments", true),
    api("cluster.x-k8s.io", "v1beta1", "MachineHealthCheck", "machinehealthchecks", true),
    api("controlplane.cluster.x-k8s.io", "v1beta1", "KubeadmControlPlane", "kubeadmcontrolplanes", true),
    api("coordination.k8s.io", "v1", "Lease", "leases", true),
    api("gateway.networking.k8s.io", "v1", "GRPCRoute", "grpcroutes", true),
    api("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", true),
    api("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects", true),
    api("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors", true),
    api("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors", true),
    api("networking.k8s.io", "v1", "IngressClass", "ingressclasses", false),
    api("networking.k8s.io", "v1", "Ingress", "ingresses", true),
    api("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true),
    api("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    api("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", false),
    api("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false),
    api("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true),
    api("rbac.authorization.k8s.io", "v1", "Role", "roles", true),
    api("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false),
    api("storage.k8s.io", "v1", "StorageClass", "storageclasses", false),
    api("velero.io", "v1", "BackupStorageLocation", "backupstoragelocations", true),
];

/// The resource type of a group and plural.
pub fn api_of(group: &str, plural: &str) -> Option<&'static Api> {
    APIS.iter().find(|api| api.group == group && api.plural == plural)
}

/// Where a resource is read whole, or some of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectRead {
    /// All objects of a group and plural.
    All(&'static str, &'static str),
    /// One object of a namespace.
    One(&'static str, &'static str, &'static str, &'static str),
    /// Every kubelet's configuration.
    KubeletConfig,
}

use SubjectRead::{All, KubeletConfig, One};

/// What makes pods.
const WORKLOADS: &[SubjectRead] = &[
    All("", "pods"),
    All("", "replicationcontrollers"),
    All("apps", "daemonsets"),
    All("apps", "deployments"),
    All("apps", "replicasets"),
    All("apps", "statefulsets"),
    All("argoproj.io", "rollouts"),
    All("batch", "cronjobs"),
    All("batch", "jobs"),
];

/// Where kubeadm keeps the configuration of the control plane.
const KUBEADM: SubjectRead = One("", "configmaps", "kube-system", "kubeadm-config");
const KUBELET: SubjectRead = One("", "configmaps", "kube-system", "kubelet-config");
const KUBE_PROXY: SubjectRead = One("", "configmaps", "kube-system", "kube-proxy");

/// The objects that subjects of a kind are made of. Kinds that only files hold have none.
pub fn subject_reads(kind: SubjectKind) -> &'static [SubjectRead] {
    match kind {
        SubjectKind::Workload | SubjectKind::Container => WORKLOADS,
        SubjectKind::Namespace => &[All("", "namespaces")],
        SubjectKind::ConfigMap => &[All("", "configmaps")],
        SubjectKind::Service => &[All("", "services")],
        SubjectKind::Pdb => &[All("policy", "poddisruptionbudgets")],
        SubjectKind::Ingress => &[
            All("networking.k8s.io", "ingresses"),
            All("gateway.networking.k8s.io", "httproutes"),
            All("gateway.networking.k8s.io", "grpcroutes"),
        ],
        SubjectKind::NetworkPolicy => &[All("networking.k8s.io", "networkpolicies")],
        SubjectKind::Autoscaler => &[All("autoscaling", "horizontalpodautoscalers"), All("keda.sh", "scaledobjects")],
        SubjectKind::Role => {
            &[All("rbac.authorization.k8s.io", "clusterroles"), All("rbac.authorization.k8s.io", "roles")]
        }
        SubjectKind::Binding => {
            &[All("rbac.authorization.k8s.io", "clusterrolebindings"), All("rbac.authorization.k8s.io", "rolebindings")]
        }
        SubjectKind::AccessPath => &[
            All("", "serviceaccounts"),
            All("rbac.authorization.k8s.io", "clusterrolebindings"),
            All("rbac.authorization.k8s.io", "clusterroles"),
            All("rbac.authorization.k8s.io", "rolebindings"),
            All("rbac.authorization.k8s.io", "roles"),
        ],
        // Static pods, and what kubeadm was told.
        SubjectKind::Component | SubjectKind::LoadBalancer => &[All("", "pods"), KUBEADM, KUBE_PROXY],
        SubjectKind::Kubelet => &[KUBELET, KubeletConfig],
        SubjectKind::Certificate => &[
            All("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
            All("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
            All("apiextensions.k8s.io", "customresourcedefinitions"),
            All("apiregistration.k8s.io", "apiservices"),
        ],
        SubjectKind::ControlPlane => &[
            All("", "nodes"),
            KUBEADM,
            All("controlplane.cluster.x-k8s.io", "kubeadmcontrolplanes"),
            All("cluster.x-k8s.io", "clusters"),
        ],
        SubjectKind::Node => &[All("", "nodes")],
        SubjectKind::NodePool => {
            &[All("cluster.x-k8s.io", "machinedeployments"), All("cluster.x-k8s.io", "machinehealthchecks")]
        }
        SubjectKind::Etcd => &[All("", "pods"), KUBEADM],
        SubjectKind::Backup => &[All("batch", "cronjobs")],
        SubjectKind::Release => &[KUBEADM],
        SubjectKind::Monitor => {
            &[All("monitoring.coreos.com", "podmonitors"), All("monitoring.coreos.com", "servicemonitors")]
        }
        // The workloads that policies would refuse.
        SubjectKind::Admission => &[
            All("admissionregistration.k8s.io", "validatingadmissionpolicies"),
            All("admissionregistration.k8s.io", "validatingadmissionpolicybindings"),
        ],
        SubjectKind::Authentication
        | SubjectKind::Authorization
        | SubjectKind::Encryption
        | SubjectKind::AuditPolicy
        | SubjectKind::Runbook
        | SubjectKind::Schema
        | SubjectKind::Object
        | SubjectKind::Document => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_names_a_known_resource() {
        for kind in SubjectKind::ALL {
            for read in subject_reads(*kind) {
                if let All(group, plural) | One(group, plural, ..) = read {
                    assert!(api_of(group, plural).is_some(), "{kind}: {group}/{plural}");
                }
            }
        }
    }

    #[test]
    fn the_table_is_sorted_and_holds_nothing_secret() {
        let keys: Vec<(&str, &str)> = APIS.iter().map(|api| (api.group, api.kind)).collect();
        let mut sorted: Vec<(&str, &str)> = APIS.iter().map(|api| (api.group, api.kind)).collect();
        sorted.sort_by_key(|(group, _)| *group);
        assert_eq!(keys, sorted);
        assert!(APIS.iter().all(|api| api.plural != "secrets"));
    }
}
