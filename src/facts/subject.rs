//! `Subject`: one thing that rules judge, with the name reports give it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::inventory::{DocumentId, EnvironmentId, Inventory};
use crate::vocabulary::{NodeRef, UnknownWord};

macro_rules! subjects {
    ($($variant:ident = $word:literal, $variable:literal;)+) => {
        /// The kinds of subject; each has a descriptor.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SubjectKind { $(#[doc = $word] $variant),+ }

        impl SubjectKind {
            /// Every kind.
            pub const ALL: &'static [SubjectKind] = &[$(SubjectKind::$variant),+];
            /// Every word.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word in rule files.
            pub fn as_str(self) -> &'static str {
                match self { $(SubjectKind::$variant => $word),+ }
            }

            /// The variable that holds it in expressions.
            pub fn variable(self) -> &'static str {
                match self { $(SubjectKind::$variant => $variable),+ }
            }
        }

        impl FromStr for SubjectKind {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(SubjectKind::$variant),)+
                    _ => Err(UnknownWord { word: word.to_string(), allowed: Self::WORDS }),
                }
            }
        }
    };
}

subjects! {
    Workload = "workload", "workload";
    Container = "container", "container";
    Namespace = "namespace", "ns";
    ConfigMap = "config-map", "configMap";
    Service = "service", "service";
    Pdb = "pdb", "pdb";
    Ingress = "ingress", "ingress";
    NetworkPolicy = "network-policy", "networkPolicy";
    Autoscaler = "autoscaler", "autoscaler";
    Monitor = "monitor", "monitor";
    Role = "role", "role";
    Binding = "binding", "binding";
    AccessPath = "access-path", "accessPath";
    Component = "component", "component";
    Kubelet = "kubelet", "kubelet";
    Authentication = "authentication", "authentication";
    Authorization = "authorization", "authorization";
    Certificate = "certificate", "certificate";
    ControlPlane = "control-plane", "controlPlane";
    Node = "node", "node";
    NodePool = "node-pool", "nodePool";
    Etcd = "etcd", "etcd";
    Encryption = "encryption", "encryption";
    AuditPolicy = "audit-policy", "auditPolicy";
    LoadBalancer = "load-balancer", "loadBalancer";
    Backup = "backup", "backup";
    Release = "release", "release";
    Runbook = "runbook", "runbook";
    Schema = "schema", "schema";
    Admission = "admission", "admission";
    Object = "object", "object";
    Document = "document", "document";
}

impl SubjectKind {
    /// Whether a provider that runs the control plane takes care of it.
    pub fn is_provider_business(self) -> bool {
        use SubjectKind::{
            AuditPolicy, Authentication, Authorization, Backup, Component, ControlPlane, Encryption, Etcd, LoadBalancer,
        };
        matches!(
            self,
            Component
                | Authentication
                | Authorization
                | ControlPlane
                | Etcd
                | Encryption
                | AuditPolicy
                | LoadBalancer
                | Backup
        )
    }
}

impl fmt::Display for SubjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that rules judge.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Its facts; for `object` the object itself.
    pub node: NodeRef,
    /// The document it stands in; its name, section header or kind line is what a finding points at for want of better.
    pub document: DocumentId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// Kind in reports; for foreign files the thing's own term, e.g. `HAProxyBackend`.
    pub label: Arc<str>,
    /// Namespace in reports.
    pub namespace: Option<Arc<str>>,
    /// Name in reports.
    pub name: Arc<str>,
    /// Container name, for containers.
    pub container: Option<Arc<str>>,
    /// Component name, for control-plane components.
    pub component: Option<&'static str>,
}

impl Subject {
    /// A subject named after the object it stands in.
    pub fn of(kind: SubjectKind, node: NodeRef, inventory: &Inventory, id: DocumentId) -> Self {
        let document = inventory.document(id);
        let key = document.key.as_ref();
        Subject {
            kind,
            node,
            document: id,
            environment: document.environment,
            label: key.map(|key| key.kind.clone()).unwrap_or_default(),
            namespace: key.and_then(|key| key.namespace.clone()),
            name: key.map(|key| key.name.clone()).unwrap_or_default(),
            container: None,
            component: None,
        }
    }
}
