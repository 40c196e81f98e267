//! The cgroup driver of the container runtime, from its configuration: containerd, CRI-O and Docker.
//!
//! Sources: "Configuring a cgroup driver" of the Kubernetes documentation; containerd `docs/cri/config.md` (`SystemdCgroup`,
//! off where a configuration does not set it), CRI-O `docs/crio.conf.5.md` (`cgroup_manager`), dockerd (`native.cgroupdriver`).

use crate::inventory::{DocumentId, Inventory, Role};
use crate::syntax::{Format, View};

/// The driver that every runtime in sight is told to use; `None` where none is, or they differ.
pub fn driver(inventory: &Inventory, id: DocumentId) -> Option<&'static str> {
    let environment = &inventory.environments()[inventory.document(id).environment.index()];
    let seen = environment.visible.iter().flat_map(|id| inventory.members(*id)).copied();
    let mut drivers = seen.filter_map(|other| of_document(inventory, other));
    let first = drivers.next()?;
    drivers.all(|other| other == first).then_some(first)
}

fn of_document(inventory: &Inventory, id: DocumentId) -> Option<&'static str> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    match (document.role, document.format) {
        (Role::Foreign, Format::Ini) => root.items().find_map(of_section),
        (Role::Other, Format::Json) => {
            let mut options = root.get("exec-opts")?.items().filter_map(View::str);
            named(options.find_map(|option| option.strip_prefix("native.cgroupdriver="))?)
        }
        _ => None,
    }
}

fn of_section(section: View<'_>) -> Option<&'static str> {
    section.get("entries")?.items().find_map(|entry| {
        let value = entry.str_at("value")?.trim().trim_matches('"');
        match entry.str_at("key")?.trim() {
            "SystemdCgroup" => Some(if value == "true" { "systemd" } else { "cgroupfs" }),
            "cgroup_manager" => named(value),
            _ => None,
        }
    })
}

fn named(text: &str) -> Option<&'static str> {
    ["systemd", "cgroupfs"].into_iter().find(|driver| *driver == text)
}
