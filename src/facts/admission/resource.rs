//! What an object is to the API server: its resource, whether it lies in a namespace, and the versions it is served in.

use crate::facts::schema::Schemas;
use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::syntax::View;
use crate::vocabulary::NodeRef;

/// Kubernetes' own kinds that lie in no namespace.
const CLUSTER_KINDS: &[(&str, &str)] = &[
    ("", "ComponentStatus"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "*"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("authentication.k8s.io", "*"),
    ("authorization.k8s.io", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "SubjectAccessReview"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("flowcontrol.apiserver.k8s.io", "*"),
    ("internal.apiserver.k8s.io", "StorageVersion"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storage.k8s.io", "VolumeAttributesClass"),
    ("storagemigration.k8s.io", "StorageVersionMigration"),
];

/// API groups of configuration files.
const FILE_GROUPS: &[&str] =
    &["abac.authorization.kubernetes.io", "audit.k8s.io", "client.authentication.k8s.io", "kubeadm.k8s.io"];

/// An object as a request names it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// API group.
    pub group: String,
    /// API version without the group.
    pub version: String,
    /// Where it stands: the object, or the template that a controller makes pods of.
    pub root: NodeRef,
    /// Kind.
    pub kind: String,
    /// Resource in the plural.
    pub plural: String,
    /// Whether it lies in a namespace.
    pub namespaced: bool,
    /// Name; `None` where the API server makes one.
    pub name: Option<String>,
    /// Namespace; `None` where nobody says. Empty for what lies in none; a Namespace lies in itself.
    pub namespace: Option<String>,
    /// Other versions of a custom resource that differ in nothing but the version.
    pub same_versions: Vec<String>,
}

impl Resource {
    /// The resource of an object.
    pub fn of(inventory: &Inventory, schemas: &Schemas, id: DocumentId) -> Option<Resource> {
        let key = inventory.document(id).key.as_ref()?;
        let definition = schemas.definition(inventory, id, key);
        let plural = definition.and_then(|root| root.str_at("spec.names.plural")).map(str::to_string);
        let namespaced = match definition.and_then(|root| root.str_at("spec.scope")) {
            Some(scope) => scope != "Cluster",
            None => !is_cluster_kind(&key.group, &key.kind),
        };
        let name = Some(key.name.to_string()).filter(|name| !name.is_empty());
        let namespace = match (namespaced, &*key.kind) {
            (true, _) => key.namespace.as_ref().map(ToString::to_string),
            (false, "Namespace") => name.clone(),
            (false, _) => Some(String::new()),
        };
        Some(Resource {
            root: inventory.document(id).root,
            group: key.group.to_string(),
            version: key.version.to_string(),
            plural: plural.unwrap_or_else(|| plural_of(&key.kind)),
            kind: key.kind.to_string(),
            namespaced,
            name,
            namespace,
            same_versions: definition.map(same_versions).unwrap_or_default(),
        })
    }

    /// The pods that a controller makes of an object.
    pub fn pods_of(inventory: &Inventory, id: DocumentId) -> Option<Resource> {
        let document = inventory.document(id);
        let template = pod_template(document, inventory.forest()).filter(|_| document.kind() != "Pod")?.template;
        Some(Resource {
            root: template.at(),
            group: String::new(),
            version: "v1".to_string(),
            kind: "Pod".to_string(),
            plural: "pods".to_string(),
            namespaced: true,
            name: None,
            namespace: document.namespace().map(|name| name.to_string()),
            same_versions: Vec::new(),
        })
    }

    /// Whether it stands for the pods of another object.
    pub fn is_of_template(&self, inventory: &Inventory, id: DocumentId) -> bool {
        self.root != inventory.document(id).root
    }

    /// Whether admission policies never judge it: their own kinds, and what is read from files and never sent to an API
    /// server, such as the configuration of a kubelet.
    pub fn is_exempt(&self, schemas: &Schemas) -> bool {
        let api_version =
            if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) };
        let is_file = FILE_GROUPS.contains(&&*self.group) || self.group.ends_with(".config.k8s.io");
        let is_gone = !self.group.contains('.') && !schemas.serves(&api_version, &self.kind);
        self.group == "admissionregistration.k8s.io" || is_file || is_gone
    }
}

/// Whether a kind lies in no namespace.
pub fn is_cluster_kind(group: &str, kind: &str) -> bool {
    CLUSTER_KINDS.iter().any(|(of, name)| *of == group && (*name == kind || *name == "*"))
}

/// The served versions of a definition whose objects are the same in all of them.
fn same_versions(definition: View<'_>) -> Vec<String> {
    if definition.str_at("spec.conversion.strategy").is_some_and(|strategy| strategy != "None") {
        return Vec::new();
    }
    let versions = definition.path("spec.versions").into_iter().flat_map(View::items);
    let served = versions.filter(|version| version.get("served").and_then(View::bool) == Some(true));
    served.filter_map(|version| version.str_at("name").map(str::to_string)).collect()
}

/// As the API machinery guesses it: `ingresses`, `networkpolicies`, `endpoints`.
fn plural_of(kind: &str) -> String {
    let name = kind.to_ascii_lowercase();
    if name == "endpoints" {
        return name;
    }
    match (name.strip_suffix('y'), name.ends_with('s')) {
        (_, true) => format!("{name}es"),
        (Some(stem), _) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{name}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_those_of_the_api() {
        let all = ["Pod", "Ingress", "NetworkPolicy", "Endpoints", "StorageClass", "Gateway"].map(plural_of);
        assert_eq!(all, ["pods", "ingresses", "networkpolicies", "endpoints", "storageclasses", "gateways"]);
    }
}
