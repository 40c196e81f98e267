//! One container: its role, image, resources and ports, with the pod's settings already applied.

use super::Workload;
use crate::facts::builder::Fallback;
use crate::syntax::{Origin, View};
use crate::values::ImageRef;
use crate::vocabulary::{NodeId, NodeRef, Reason};

/// The lists of a pod spec and the role of their containers.
const LISTS: &[(&str, &str)] =
    &[("initContainers", "init"), ("containers", "main"), ("ephemeralContainers", "ephemeral")];

impl<'a> Workload<'a> {
    /// All containers with their names.
    pub(super) fn containers(&mut self, workload: NodeRef) -> Vec<(String, NodeId)> {
        let spec = self.template.spec;
        let mut containers = Vec::new();
        for (list, role) in LISTS {
            for container in spec.get(list).into_iter().flat_map(View::items).filter(|container| container.is_map()) {
                let sidecar = *role == "init" && container.str_at("restartPolicy") == Some("Always");
                let role = if sidecar { "sidecar" } else { role };
                let name = container.str_at("name").unwrap_or_default().to_string();
                containers.push((name, self.container(container, role, workload)));
            }
        }
        containers
    }

    fn container(&mut self, container: View<'a>, role: &'static str, workload: NodeRef) -> NodeId {
        let place = container.get("name").unwrap_or(container).at();
        let origin = Origin::Node(place);
        let needs = self.container_needs(container);
        let mut fields = vec![
            ("name", self.facts.lookup(container, "name", Fallback::Str(""))),
            ("role", self.facts.str(role, origin.clone())),
            ("object", self.facts.refer(container.at())),
            ("workload", self.facts.refer(workload)),
            ("needs", needs),
            ("image", self.image(container)),
            ("memoryLimit", self.facts.lookup(container, "resources.limits.memory", Fallback::Null)),
            ("memoryRequest", self.facts.lookup(container, "resources.requests.memory", Fallback::Null)),
            ("cpuRequest", self.facts.lookup(container, "resources.requests.cpu", Fallback::Null)),
            ("cpuLimit", self.facts.lookup(container, "resources.limits.cpu", Fallback::Null)),
        ];
        fields.extend(self.security(container));
        fields.extend(self.probes(container));
        fields.push(("preStopSeconds", self.pre_stop_seconds(container)));
        fields.push(("secrets", self.secrets(container)));
        self.facts.map(&fields, origin)
    }

    /// What its pod needs as a node agent, and what it needs itself.
    fn container_needs(&mut self, container: View<'a>) -> NodeId {
        let anchor = self.facts.anchor();
        let needs = self.role.needs.iter().chain(self.known.needs(container));
        self.facts.strings(needs.map(|need| (need.as_str(), anchor.clone())), anchor.clone())
    }

    fn image(&mut self, container: View<'a>) -> NodeId {
        let origin = container.origin_of("image");
        let text = self.facts.lookup(container, "image", Fallback::Str(""));
        let parsed = container.str_at("image").and_then(|image| image.parse::<ImageRef>().ok());
        let part = |part: Option<&str>| part.map(str::to_string);
        let (registry, repository, tag, digest) = match &parsed {
            Some(image) => (
                part(Some(&image.registry)),
                part(Some(&image.repository)),
                part(image.tag.as_deref()),
                part(image.digest.as_deref()),
            ),
            None => (None, None, None, None),
        };
        let unknown = container.get("image").and_then(View::unknown).cloned();
        let mutable = match &unknown {
            Some(reason) => self.facts.unknown(reason.clone(), origin.clone()),
            None => self.facts.bool(parsed.as_ref().is_some_and(|image| self.mutable(image)), origin.clone()),
        };
        let fields = [
            ("text", text),
            ("registry", self.part(&unknown, registry.as_deref(), &origin)),
            ("repository", self.part(&unknown, repository.as_deref(), &origin)),
            ("tag", self.part(&unknown, tag.as_deref(), &origin)),
            ("digest", self.part(&unknown, digest.as_deref(), &origin)),
            ("mutable", mutable),
        ];
        self.facts.map(&fields, origin)
    }

    /// A part of an image reference, unknown where the whole is.
    fn part(&mut self, unknown: &Option<Reason>, part: Option<&str>, origin: &Origin) -> NodeId {
        match unknown {
            Some(reason) => self.facts.unknown(reason.clone(), origin.clone()),
            None => self.facts.opt_str(part, origin.clone()),
        }
    }

    fn mutable(&self, image: &ImageRef) -> bool {
        self.surroundings.mutable(self.inventory, self.id, image)
    }
}
