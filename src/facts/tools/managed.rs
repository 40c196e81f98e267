//! Clusters whose control plane somebody else runs: which documents declare one, and who runs it.
//!
//! Such a control plane is neither good nor bad here; rules about it are skipped, and the reason is reported.

use crate::inventory::Inventory;

/// Kinds that declare a managed cluster: group, kind, who runs its control plane.
const KINDS: &[(&str, &str, &str)] = &[
    ("eksctl.io", "ClusterConfig", "EKS"),
    ("controlplane.cluster.x-k8s.io", "AWSManagedControlPlane", "EKS"),
    ("controlplane.cluster.x-k8s.io", "AWSManagedControlPlaneTemplate", "EKS"),
    ("eks.services.k8s.aws", "Cluster", "EKS"),
    ("eks.aws.upbound.io", "Cluster", "EKS"),
    ("eks.aws.m.upbound.io", "Cluster", "EKS"),
    ("eks.aws.crossplane.io", "Cluster", "EKS"),
    ("controlplane.cluster.x-k8s.io", "ROSAControlPlane", "ROSA"),
    ("infrastructure.cluster.x-k8s.io", "GCPManagedControlPlane", "GKE"),
    ("container.cnrm.cloud.google.com", "ContainerCluster", "GKE"),
    ("container.gcp.upbound.io", "Cluster", "GKE"),
    ("container.gcp.m.upbound.io", "Cluster", "GKE"),
    ("container.gcp.crossplane.io", "Cluster", "GKE"),
    ("infrastructure.cluster.x-k8s.io", "AzureManagedControlPlane", "AKS"),
    ("infrastructure.cluster.x-k8s.io", "AzureManagedControlPlaneTemplate", "AKS"),
    ("infrastructure.cluster.x-k8s.io", "AzureASOManagedControlPlane", "AKS"),
    ("infrastructure.cluster.x-k8s.io", "AzureASOManagedControlPlaneTemplate", "AKS"),
    ("containerservice.azure.com", "ManagedCluster", "AKS"),
    ("containerservice.azure.upbound.io", "KubernetesCluster", "AKS"),
    ("containerservice.azure.m.upbound.io", "KubernetesCluster", "AKS"),
];

/// Who runs control planes that the input declares, and how many, by name.
pub fn providers(inventory: &Inventory) -> Vec<(&'static str, usize)> {
    let mut providers: Vec<(&'static str, usize)> = Vec::new();
    for key in inventory.objects().filter_map(|(_, document)| document.key.as_ref()) {
        let Some((.., provider)) = KINDS.iter().find(|(group, kind, _)| key.is(group, kind)) else { continue };
        match providers.iter_mut().find(|(known, _)| known == provider) {
            Some((_, count)) => *count += 1,
            None => providers.push((provider, 1)),
        }
    }
    providers.sort_unstable();
    providers
}
