//! What only a cluster tells: the pods that run for a workload, and when all of it was seen.
//!
//! Pods that a controller made are no subjects; they feed the workload at the top of their chain of owners. Names the
//! cluster's own words for what is wrong with them, and judges nothing.

mod pods;
mod trouble;

pub use pods::Pods;

use super::builder::FactBuilder;
use crate::inventory::{EnvironmentId, Inventory};
use crate::syntax::View;
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// API group of what is known of a cluster besides its objects.
const GROUP: &str = "k8sready.io";

/// The document that says so.
fn cluster(inventory: &Inventory, environment: EnvironmentId) -> Option<View<'_>> {
    let mut found = inventory.of_kind("Cluster", environment).map(|id| inventory.document(id));
    let own = found.find(|document| document.key.as_ref().is_some_and(|key| &*key.group == GROUP))?;
    Some(own.view(inventory.forest()))
}

/// When the cluster answered.
pub fn taken_at(facts: &mut FactBuilder, inventory: &Inventory, environment: EnvironmentId) -> NodeId {
    let origin = facts.anchor();
    match cluster(inventory, environment).and_then(|cluster| cluster.get("takenAt")) {
        Some(taken) => facts.refer(taken.at()),
        None => facts.unknown(timeless(), origin),
    }
}

fn timeless() -> Reason {
    Reason::new(UnknownCode::Partial, "the input does not say when it was taken")
}
