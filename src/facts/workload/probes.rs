//! Probes and the ports they ask.

use super::Workload;
use crate::facts::builder::Fallback;
use crate::inventory::hides;
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeId, Reason, UnknownCode};

const PROBES: &[&str] = &["readinessProbe", "livenessProbe", "startupProbe"];
const HANDLERS: &[&str] = &["httpGet", "tcpSocket", "grpc", "exec"];

impl<'a> Workload<'a> {
    pub(super) fn probes(&mut self, container: View<'a>) -> Vec<(&'static str, NodeId)> {
        let all: Vec<NodeId> = PROBES
            .iter()
            .filter_map(|kind| Some((*kind, container.get(kind).filter(|probe| probe.is_map())?)))
            .map(|(kind, probe)| self.probe(container, kind, probe))
            .collect();
        let probes = self.facts.list(&all);
        let hidden = std::iter::once(container).chain(PROBES.iter().filter_map(|kind| container.get(kind)));
        if let Some(reason) = hidden.into_iter().find_map(hides) {
            self.facts.open(probes, reason.clone());
        }
        vec![
            ("readinessProbe", self.facts.lookup(container, "readinessProbe", Fallback::Null)),
            ("livenessProbe", self.facts.lookup(container, "livenessProbe", Fallback::Null)),
            ("probes", probes),
        ]
    }

    fn probe(&mut self, container: View<'a>, kind: &str, probe: View<'a>) -> NodeId {
        let handler = HANDLERS.iter().find(|handler| probe.get(handler).is_some()).copied().unwrap_or_default();
        let port = probe.path(&format!("{handler}.port"));
        let origin = Origin::Node(port.unwrap_or(probe).at());
        let asked = match port {
            Some(port) => self.facts.refer(port.at()),
            None => self.facts.null(origin.clone()),
        };
        let declared = match port.map_or(Declared::Yes, |port| declares(container, port)) {
            Declared::Yes => self.facts.bool(true, origin.clone()),
            Declared::No => self.facts.bool(false, origin.clone()),
            Declared::Hidden(reason) => self.facts.unknown(reason, origin.clone()),
        };
        let by_name = match port.and_then(placeholder) {
            Some(reason) => self.facts.unknown(reason, origin.clone()),
            None => self.facts.bool(port.is_some_and(|port| number(port).is_none()), origin.clone()),
        };
        let fields = [
            ("kind", self.facts.str(kind, origin.clone())),
            ("handler", self.facts.str(handler, origin.clone())),
            ("port", asked),
            ("portName", by_name),
            ("portDeclared", declared),
            ("object", self.facts.refer(probe.at())),
        ];
        self.facts.map(&fields, origin)
    }
}

/// Whether a container declares a port.
enum Declared {
    Yes,
    No,
    Hidden(Reason),
}

/// By that name or number.
fn declares(container: View<'_>, port: View<'_>) -> Declared {
    let list = container.get("ports");
    let ports: Vec<View<'_>> = list.into_iter().flat_map(View::items).collect();
    let found = match (number(port), port.str()) {
        (Some(number), _) => {
            ports.iter().any(|declared| declared.get("containerPort").and_then(View::int) == Some(number))
        }
        (None, name) => ports.iter().any(|declared| declared.str_at("name") == name),
    };
    let parts = ports.iter().flat_map(|port| [Some(*port), port.get("name"), port.get("containerPort")]);
    let hidden = [Some(port), Some(container), list].into_iter().chain(parts).flatten().find_map(hides);
    match hidden {
        _ if found && port.unknown().is_none() => Declared::Yes,
        Some(reason) => Declared::Hidden(reason.clone()),
        None => Declared::No,
    }
}

/// A port's number; a text that is a number counts as one, as it does for the kubelet.
fn number(port: View<'_>) -> Option<i64> {
    port.int().or_else(|| port.str().and_then(|text| text.parse().ok()))
}

/// Why a text is no port's name: it holds what something else fills in, as `${PORT}`.
fn placeholder(port: View<'_>) -> Option<Reason> {
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let filled = port.str().is_some_and(|text| !is_name(text));
    filled.then(|| Reason::new(UnknownCode::Templated, "a placeholder stands in place of the port"))
}
