//! Versions of components, and what they no longer know (`data/removed.yaml`).
//!
//! The version stands in the image's tag, or in kubeadm's configuration. Where nobody says it, only what no supported
//! release knows counts as removed.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::flags::{FlagTable, Flags};
use crate::facts::builder::FactBuilder;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, View};
use crate::values::{ImageRef, KubeVersion};
use crate::vocabulary::NodeId;

/// Flags and feature gates with the minor release that no longer knows them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Removed {
    /// When the table was last checked.
    pub date: String,
    flags: BTreeMap<String, BTreeMap<String, i64>>,
    gates: BTreeMap<String, i64>,
    oldest_supported: i64,
}

/// The dated tables that components are read with.
pub struct ComponentTables {
    /// Flags and their defaults.
    pub flags: FlagTable,
    /// What versions no longer know.
    pub removed: Removed,
}

impl ComponentTables {
    /// The tables that are compiled in.
    pub fn load() -> Result<ComponentTables, String> {
        Ok(ComponentTables { flags: FlagTable::load()?, removed: Removed::load()? })
    }
}

impl Removed {
    /// The table that is compiled in.
    pub fn load() -> Result<Removed, String> {
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/removed.json")))
            .map_err(|error| format!("data/removed.yaml: {error}"))
    }

    /// What a component is given and no longer knows: `{name, gate, since}`, each where it stands.
    pub fn facts(&self, facts: &mut FactBuilder, table: &FlagTable, flags: &Flags<'_>, minor: Option<i64>) -> NodeId {
        let minor = minor.unwrap_or(self.oldest_supported);
        let mut nodes = Vec::new();
        let known = self.flags.get(&flags.component);
        for set in &flags.set {
            let gone = known.and_then(|known| known.get(&set.name)).filter(|since| **since <= minor);
            if let Some(since) = gone {
                nodes.push(item(facts, &set.name, false, *since, Origin::Node(set.place.at())));
            }
        }
        let gates = flags.text(table, "feature-gates").ok().flatten().unwrap_or_default();
        for gate in gates.split(',').filter_map(|gate| Some(gate.split_once('=')?.0.trim())) {
            if let Some(since) = self.gates.get(gate).filter(|since| **since <= minor) {
                nodes.push(item(facts, gate, true, *since, flags.origin(table, "feature-gates")));
            }
        }
        facts.list(&nodes)
    }
}

fn item(facts: &mut FactBuilder, name: &str, gate: bool, since: i64, origin: Origin) -> NodeId {
    let fields = [
        ("name", facts.str(name, origin.clone())),
        ("gate", facts.bool(gate, origin.clone())),
        ("since", facts.int(since, origin.clone())),
    ];
    facts.map(&fields, origin)
}

/// The minor release that an image's tag names.
pub fn of_image(container: View<'_>) -> Option<(i64, View<'_>)> {
    let image = container.get("image")?;
    let tag = image.str()?.parse::<ImageRef>().ok()?.tag?;
    Some((minor(&tag)?, image))
}

/// The minor release of a version of Kubernetes 1.
pub fn minor(text: &str) -> Option<i64> {
    let version: KubeVersion = text.parse().ok()?;
    (version.major == 1).then_some(i64::from(version.minor))
}

/// The minor release that the only ClusterConfiguration in sight names.
pub fn of_cluster(inventory: &Inventory, id: DocumentId) -> Option<(i64, View<'_>)> {
    let environment = inventory.document(id).environment;
    let mut clusters = inventory.of_kind("ClusterConfiguration", environment);
    let cluster = clusters.next().filter(|_| clusters.next().is_none())?;
    let version = inventory.document(cluster).view(inventory.forest()).get("kubernetesVersion")?;
    Some((minor(version.str()?)?, version))
}
