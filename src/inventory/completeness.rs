//! Completeness: whether the input shows all objects of a kind, and the links that depend on it.
//!
//! Files are the complete declaration of the workloads they hold, so a missing PodDisruptionBudget is missing. They do not
//! show what a cluster has by itself: nodes, classes, CRDs. `docs/architecture.md` lists every link with its default.

use crate::vocabulary::{Reason, UnknownCode};

/// Kinds that a cluster has without anybody declaring them in files.
const NOT_IN_FILES: &[&str] =
    &["Node", "IngressClass", "StorageClass", "CustomResourceDefinition", "PriorityClass", "GatewayClass"];

/// Kinds that stand beside the workloads they are for: where the workload is in the input, they are too.
const BESIDE_WORKLOADS: &[&str] = &["HorizontalPodAutoscaler", "PodDisruptionBudget"];

/// How much of a kind the input shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// All of them.
    Complete,
    /// Perhaps not all.
    Partial(Reason),
}

impl Completeness {
    /// Why there may be more.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Completeness::Complete => None,
            Completeness::Partial(reason) => Some(reason),
        }
    }
}

/// Completeness of `kind` in files. `remote` says that the environment pulls in something that is not there; `partial` is
/// the user's own word that the input is part of a larger whole.
pub fn of_files(kind: &str, partial: bool, remote: Option<&str>) -> Completeness {
    let because = |text: &str| Completeness::Partial(Reason::new(UnknownCode::Partial, text));
    match remote {
        _ if NOT_IN_FILES.contains(&kind) => because(&format!("files do not show every {kind} of a cluster")),
        _ if partial => because("the input is declared to be partial"),
        Some(remote) if !BESIDE_WORKLOADS.contains(&kind) => because(remote),
        _ => Completeness::Complete,
    }
}
