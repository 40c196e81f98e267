//! Whether audit logs leave the node that writes them: an agent in sight reads the directory on control-plane nodes.
//!
//! Agents that run on the machines themselves are seen where scripts or units install them. Without any workload in the
//! input nobody can say.

use crate::facts::builder::Spot;
use crate::inventory::{DocumentId, Inventory, Role, pod_template};
use crate::syntax::{Format, Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// Parts of images and names of programs that ship logs.
const AGENTS: &[&str] = &[
    "fluent",
    "vector",
    "promtail",
    "alloy",
    "filebeat",
    "logstash",
    "opentelemetry",
    "otel",
    "datadog",
    "splunk",
    "newrelic",
    "cloudwatch",
    "logging-agent",
    "rsyslog",
    "auditbeat",
    "loki",
    "elastic-agent",
    "syslog-ng",
];

/// Where the container runtime keeps what containers print.
const PRINTED: &str = "/var/log/pods";

/// Whether the log at `path` (`-` for what the API server prints) leaves its node; seen from a document.
pub fn shipped(inventory: &Inventory, id: DocumentId, path: &str, place: Origin) -> Spot<Option<bool>> {
    let environment = &inventory.environments()[inventory.document(id).environment.index()];
    let path = if path == "-" { PRINTED } else { path };
    let (mut any, mut found) = (false, false);
    for other in environment.visible.iter().flat_map(|id| inventory.members(*id)).copied() {
        let document = inventory.document(other);
        match document.kind() {
            "DaemonSet" | "Deployment" | "StatefulSet" => {
                any = true;
                found |= pod_template(document, inventory.forest()).is_some_and(|pod| ships(pod.spec, path));
            }
            _ if document.role == Role::Foreign => found |= mentions(inventory, other),
            _ => {}
        }
    }
    match (found, any) {
        (true, _) => Spot::known(Some(true), place),
        (false, true) => Spot::known(Some(false), place),
        (false, false) => Spot::unknown(
            Reason::new(UnknownCode::Partial, "an agent on the node, out of sight, may ship the log"),
            place,
        ),
    }
}

/// Whether a script or unit installs an agent on machines.
fn mentions(inventory: &Inventory, id: DocumentId) -> bool {
    let is_of_machine = matches!(inventory.document(id).format, Format::Shell | Format::SystemdUnit | Format::Markdown);
    is_of_machine && AGENTS.iter().any(|agent| inventory.text(id).contains(agent))
}

/// Whether a pod is an agent that sees the path and may run on control-plane nodes.
fn ships(spec: View<'_>, path: &str) -> bool {
    let volumes = spec.get("volumes").into_iter().flat_map(View::items);
    let covers = |folder: &str| {
        let folder = folder.trim_end_matches('/');
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let sees = volumes.into_iter().any(|volume| volume.str_at("hostPath.path").is_some_and(covers));
    let containers = spec.get("containers").into_iter().flat_map(View::items);
    let mut images = containers.into_iter().filter_map(|container| container.get("image"));
    let is_agent = images.any(|image| {
        image.str().is_none_or(|image| AGENTS.iter().any(|agent| image.to_ascii_lowercase().contains(agent)))
    });
    sees && is_agent && runs_on_control_plane(spec)
}

/// Whether a pod tolerates the taint of control-plane nodes.
fn runs_on_control_plane(spec: View<'_>) -> bool {
    let Some(tolerations) = spec.get("tolerations") else { return false };
    let tolerates = |one: View<'_>| match one.str_at("key") {
        None => one.str_at("operator") == Some("Exists"),
        Some(key) => key.ends_with("/control-plane") || key.ends_with("/master"),
    };
    tolerations.unknown().is_some() || tolerations.items().any(tolerates)
}
