//! Clusters whose control plane somebody else runs: which documents declare one, and who runs it.
//!
//! Such a control plane is neither good nor bad here; rules about it are skipped, and the reason is reported.

use crate::facts::control_plane::running_nodes;
use crate::inventory::Inventory;
use crate::syntax::View;

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
    if let Some(provider) =
        of_cluster(inventory).filter(|provider| providers.iter().all(|(known, _)| known != provider))
    {
        providers.push((provider, 1));
    }
    providers.sort_unstable();
    providers
}

/// Signs of a provider: the beginning of a label of its nodes, and of their `providerID`. Labels say more.
/// Sources: the providers' documentation of their nodes.
const SIGNS: &[(&str, &str)] = &[
    ("eks.amazonaws.com/", "EKS"),
    ("alpha.eksctl.io/", "EKS"),
    ("cloud.google.com/gke-", "GKE"),
    ("kubernetes.azure.com/", "AKS"),
    ("doks.digitalocean.com/", "DOKS"),
    ("lke.linode.com/", "LKE"),
    ("oke.oraclecloud.com/", "OKE"),
    ("ibm-cloud.kubernetes.io/", "IKS"),
    ("alibabacloud.com/nodepool-id", "ACK"),
    ("worker.gardener.cloud/pool", "Gardener"),
    ("k8s.scaleway.com/", "Kapsule"),
];

/// Parts of the API server's version.
const VERSIONS: &[(&str, &str)] = &[("-eks-", "EKS"), ("-gke.", "GKE")];

/// Clouds whose nodes without a control plane beside them belong to a managed cluster.
const CLOUDS: &[(&str, &str)] = &[
    ("aws://", "AWS"),
    ("gce://", "Google Cloud"),
    ("azure://", "Azure"),
    ("digitalocean://", "DigitalOcean"),
    ("linode://", "Linode"),
    ("oci://", "Oracle Cloud"),
    ("ibm://", "IBM Cloud"),
    ("scaleway://", "Scaleway"),
    ("ovh://", "OVHcloud"),
];

/// Who runs the control plane of a running cluster. Nodes or pods of a control plane say that its owner does; and what may
/// not be listed proves nothing.
fn of_cluster(inventory: &Inventory) -> Option<&'static str> {
    let listings = inventory.listings()?;
    let seen = listings.missing("Node").is_none() && listings.missing("Pod").is_none();
    let own = running_nodes(inventory).is_some_and(|nodes| nodes.is_ok_and(|nodes| !nodes.is_empty()));
    let pods = || inventory.named_anywhere("Pod", |name| name.starts_with("kube-apiserver"));
    if !seen || own || pods() {
        return None;
    }
    let version = &listings.cluster().version;
    let by_version = VERSIONS.iter().find(|(part, _)| version.contains(part)).map(|(_, provider)| *provider);
    by_version.or_else(|| by_nodes(inventory))
}

fn by_nodes(inventory: &Inventory) -> Option<&'static str> {
    let nodes = || {
        let nodes = inventory.objects().filter(|(_, document)| document.kind() == "Node");
        nodes.map(|(_, document)| document.view(inventory.forest()))
    };
    let label = |label: &str| SIGNS.iter().find(|(sign, _)| label.starts_with(sign)).map(|(_, provider)| *provider);
    let labels = nodes().filter_map(|node| node.path("metadata.labels")).flat_map(View::entries);
    let by_label = labels.filter_map(|(name, _)| label(name)).next();
    let clouds = || {
        let ids = nodes().filter_map(|node| node.str_at("spec.providerID"));
        ids.filter_map(|id| CLOUDS.iter().find(|(scheme, _)| id.starts_with(scheme))).next().map(|(_, cloud)| *cloud)
    };
    by_label.or_else(clouds)
}
