//! Probes and the ports they ask.

use super::Workload;
use crate::facts::builder::Fallback;
use crate::syntax::{Data, Origin, View};
use crate::vocabulary::NodeId;

const PROBES: &[&str] = &["readinessProbe", "livenessProbe", "startupProbe"];
const HANDLERS: &[&str] = &["httpGet", "tcpSocket", "grpc", "exec"];

impl<'a> Workload<'a> {
    pub(super) fn probes(&mut self, container: View<'a>) -> Vec<(&'static str, NodeId)> {
        let all: Vec<NodeId> = PROBES
            .iter()
            .filter_map(|kind| Some((*kind, container.get(kind).filter(|probe| probe.is_map())?)))
            .map(|(kind, probe)| self.probe(container, kind, probe))
            .collect();
        vec![
            ("readinessProbe", self.facts.lookup(container, "readinessProbe", Fallback::Null)),
            ("livenessProbe", self.facts.lookup(container, "livenessProbe", Fallback::Null)),
            ("probes", self.facts.list(&all)),
        ]
    }

    fn probe(&mut self, container: View<'a>, kind: &str, probe: View<'a>) -> NodeId {
        let handler = HANDLERS.iter().find(|handler| probe.get(handler).is_some()).copied().unwrap_or_default();
        let port = probe.path(&format!("{handler}.port"));
        let origin = Origin::Node(port.unwrap_or(probe).at());
        let declared = port.is_none_or(|port| declares(container, port));
        let asked = match port {
            Some(port) => self.facts.refer(port.at()),
            None => self.facts.null(origin.clone()),
        };
        let fields = [
            ("kind", self.facts.str(kind, origin.clone())),
            ("handler", self.facts.str(handler, origin.clone())),
            ("port", asked),
            ("portName", self.facts.bool(port.is_some_and(|port| port.str().is_some()), origin.clone())),
            ("portDeclared", self.facts.bool(declared, origin.clone())),
            ("object", self.facts.refer(probe.at())),
        ];
        self.facts.map(&fields, origin)
    }
}

/// Whether a container declares a port by that name or number. Text that is a number counts as one.
fn declares(container: View<'_>, port: View<'_>) -> bool {
    let mut ports = container.get("ports").into_iter().flat_map(View::items);
    let number = port.int().or_else(|| port.str().and_then(|text| text.parse().ok()));
    match (number, port.str(), port.data()) {
        (Some(number), ..) => ports.any(|declared| declared.get("containerPort").and_then(View::int) == Some(number)),
        (None, Some(name), _) => ports.any(|declared| declared.str_at("name") == Some(name)),
        (None, None, data) => data == Data::Unknown,
    }
}
