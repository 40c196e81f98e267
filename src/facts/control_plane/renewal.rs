//! Whether anything renews the certificates of kubeadm's control plane: an upgrade a year, or a job.
//!
//! Source: "Certificate Management with kubeadm": certificates last a year and are renewed by `kubeadm upgrade`, unless that
//! is told not to. Where the last patch release of a minor is over a year old, no upgrade within it can have renewed them.

use jiff::ToSpan;

use crate::facts::builder::Spot;
use crate::facts::component::{self, ComponentTables};
use crate::facts::runbook;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Format, Origin, View};

/// Where an upgrade is told to leave certificates alone.
const SWITCHES: &[&str] = &["apply.certificateRenewal", "node.certificateRenewal"];

/// Whether certificates of the cluster at `root` are renewed; null where nobody says.
pub fn renewed(inventory: &Inventory, tables: &ComponentTables, id: DocumentId, root: View<'_>) -> Spot<Option<bool>> {
    let environment = &inventory.environments()[inventory.document(id).environment.index()];
    let seen: Vec<DocumentId> = environment.visible.iter().flat_map(|id| inventory.members(*id)).copied().collect();
    if let Some(place) = seen.iter().find_map(|&other| renews(inventory, other)) {
        return Spot::known(Some(true), place);
    }
    if let Some(place) = seen.iter().find_map(|&other| forbids(inventory, other)) {
        return Spot::known(Some(false), place);
    }
    let version = root.get("kubernetesVersion");
    let place = version.map_or(Origin::Node(root.at()), |version| Origin::Node(version.at()));
    let minor = version.and_then(View::str).and_then(component::minor);
    let stale = minor.is_some_and(|minor| is_stale(tables, minor));
    Spot::known(stale.then_some(false), place)
}

/// Whether the support of a minor ended over a year ago.
fn is_stale(tables: &ComponentTables, minor: i64) -> bool {
    let end = tables.releases.end(minor).and_then(|end| end.checked_add(1.year()).ok());
    end.is_some_and(|end| end < tables.releases.as_of())
}

/// `kubeadm certs renew` in a script or a unit.
fn renews(inventory: &Inventory, id: DocumentId) -> Option<Origin> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    if document.format == Format::SystemdUnit {
        let text = inventory.text(id);
        return (text.contains("certs renew") || text.contains("renew-certs")).then(|| Origin::Node(root.at()));
    }
    runbook::commands(inventory, id)?.iter().find_map(|words| {
        let has = |wanted: &str| words.iter().any(|word| word.str().is_some_and(|word| word == wanted));
        (has("certs") && has("renew")).then(|| words.first().map(|word| Origin::Node(word.at())))?
    })
}

/// `certificateRenewal: false`, or `--certificate-renewal=false`.
fn forbids(inventory: &Inventory, id: DocumentId) -> Option<Origin> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    if document.kind() == "UpgradeConfiguration" {
        let values = SWITCHES.iter().filter_map(|path| root.path(path));
        return values.into_iter().find(|value| value.bool() == Some(false)).map(|value| Origin::Node(value.at()));
    }
    let commands = runbook::commands(inventory, id)?;
    let mut words = commands.iter().flatten();
    words.find(|word| word.str() == Some("--certificate-renewal=false")).map(|word| Origin::Node(word.at()))
}
