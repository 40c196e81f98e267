//! Descriptors: what each subject offers to rules, field by field.
//!
//! Expressions are checked against these tables, `explain --subject` prints them, and a live scan derives from `reads`
//! what it must be allowed to see. A test walks every fact tree that fixtures build against its descriptor.

mod control_plane;
mod edge;
mod kubelet;
mod login;
mod namespace;
mod objects;
mod runbook;
mod schema;
mod traffic;
mod workload;

pub use edge::CLUSTER;

use super::SubjectKind;
use crate::expr::{Object, Read, Type};

/// A table of fields: `name: type, "doc"` and, where the field needs more than the subject itself, `[reads]`.
macro_rules! object {
    ($(#[$meta:meta])* $ident:ident = $name:literal, $doc:literal; $($field:ident: $ty:expr, $fdoc:literal $(, [$($read:expr),+])?;)+) => {
        $(#[$meta])*
        pub static $ident: $crate::expr::Object = $crate::expr::Object {
            name: $name,
            doc: $doc,
            fields: &[$($crate::expr::Field {
                name: stringify!($field),
                ty: $ty,
                doc: $fdoc,
                reads: &[$($($read),+)?],
            }),+],
        };
    };
}
pub(crate) use object;

/// Listing a resource of the cluster.
const fn list(group: &'static str, resource: &'static str) -> Read {
    Read { group, resource, verb: "list", names: &[], absent_is_normal: false }
}

/// The descriptor of a subject; raw objects and documents have none.
pub fn descriptor(kind: SubjectKind) -> Option<&'static Object> {
    match kind {
        SubjectKind::Workload => Some(&workload::WORKLOAD),
        SubjectKind::Container => Some(&workload::CONTAINER),
        SubjectKind::Namespace => Some(&namespace::NAMESPACE),
        SubjectKind::ConfigMap => Some(&namespace::CONFIG_MAP),
        SubjectKind::Service => Some(&objects::SERVICE),
        SubjectKind::Pdb => Some(&objects::PDB),
        SubjectKind::Ingress => Some(&traffic::INGRESS),
        SubjectKind::NetworkPolicy => Some(&traffic::NETWORK_POLICY),
        SubjectKind::Autoscaler => Some(&traffic::AUTOSCALER),
        SubjectKind::Monitor => Some(&traffic::MONITOR),
        SubjectKind::Role => Some(&objects::ROLE),
        SubjectKind::Binding => Some(&objects::BINDING),
        SubjectKind::Release => Some(&runbook::RELEASE),
        SubjectKind::Runbook => Some(&runbook::RUNBOOK),
        SubjectKind::AccessPath => Some(&objects::ACCESS_PATH),
        SubjectKind::Component => Some(&control_plane::COMPONENT),
        SubjectKind::Kubelet => Some(&kubelet::KUBELET),
        SubjectKind::Certificate => Some(&login::CERTIFICATE),
        SubjectKind::Authentication => Some(&login::AUTHENTICATION),
        SubjectKind::Authorization => Some(&login::AUTHORIZATION),
        SubjectKind::ControlPlane => Some(&control_plane::CONTROL_PLANE),
        SubjectKind::Node => Some(&control_plane::NODE),
        SubjectKind::NodePool => Some(&control_plane::NODE_POOL),
        SubjectKind::Etcd => Some(&control_plane::ETCD),
        SubjectKind::Encryption => Some(&control_plane::ENCRYPTION),
        SubjectKind::AuditPolicy => Some(&control_plane::AUDIT_POLICY),
        SubjectKind::LoadBalancer => Some(&edge::LOAD_BALANCER),
        SubjectKind::Backup => Some(&edge::BACKUP),
        SubjectKind::Schema => Some(&schema::SCHEMA),
        SubjectKind::Admission => Some(&schema::ADMISSION),
        SubjectKind::Object | SubjectKind::Document => None,
    }
}

/// The type of a subject's variable.
pub fn subject_type(kind: SubjectKind) -> Type {
    descriptor(kind).map_or(Type::Dyn, Type::Object)
}
