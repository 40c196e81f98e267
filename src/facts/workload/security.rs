//! The effective security context of a container: its own fields over the pod's, defaults filled in.
//!
//! Source: PodSecurityContext and SecurityContext of core/v1: `runAsUser`, `runAsNonRoot`, `seccompProfile` and
//! `windowsOptions` exist on both and the container wins; the rest is the container's alone.

use super::Workload;
use crate::facts::builder::{Fallback, hidden};
use crate::syntax::{Origin, View};
use crate::vocabulary::NodeId;

impl<'a> Workload<'a> {
    pub(super) fn security(&mut self, container: View<'a>) -> Vec<(&'static str, NodeId)> {
        let escalation = self.escalation(container);
        vec![
            ("privileged", self.facts.lookup(container, "securityContext.privileged", Fallback::Bool(false))),
            ("allowPrivilegeEscalation", escalation),
            ("runAsNonRoot", self.inherited(container, "securityContext.runAsNonRoot", Fallback::Bool(false))),
            ("runAsUser", self.inherited(container, "securityContext.runAsUser", Fallback::Null)),
            ("runAsGroup", self.inherited(container, "securityContext.runAsGroup", Fallback::Null)),
            ("seccomp", self.inherited(container, "securityContext.seccompProfile.type", Fallback::Null)),
            ("appArmor", self.app_armor(container)),
            (
                "readOnlyRootFilesystem",
                self.facts.lookup(container, "securityContext.readOnlyRootFilesystem", Fallback::Bool(false)),
            ),
            ("addedCapabilities", self.capabilities(container, "securityContext.capabilities.add")),
            ("droppedCapabilities", self.capabilities(container, "securityContext.capabilities.drop")),
        ]
    }

    /// A field that both levels have: the container's if it is there, else the pod's, else the default, whose place is the
    /// container's.
    fn inherited(&mut self, container: View<'a>, path: &'static str, fallback: Fallback<'_>) -> NodeId {
        let levels = [container, self.template.spec];
        for level in levels {
            if let Some(value) = level.path(path).filter(|value| !value.is_null()) {
                return self.facts.refer(value.at());
            }
            if let Some(reason) = hidden(level, path) {
                return self.facts.unknown(reason.clone(), level.origin_of(path));
            }
        }
        self.facts.fallback(fallback, container.origin_of(path))
    }

    /// The profile of the container's field, its annotation, or the pod's field.
    fn app_armor(&mut self, container: View<'a>) -> NodeId {
        const FIELD: &str = "securityContext.appArmorProfile.type";
        let own = container.path(FIELD).filter(|value| !value.is_null());
        let annotation = || {
            let annotations = self.template.template.path("metadata.annotations")?;
            annotations.get(&format!("container.apparmor.security.beta.kubernetes.io/{}", container.str_at("name")?))
        };
        match annotation().filter(|_| own.is_none() && hidden(container, FIELD).is_none()) {
            Some(annotation) => {
                let value = annotation.str().map(profile);
                let origin = Origin::Node(annotation.at());
                match annotation.unknown() {
                    Some(reason) => self.facts.unknown(reason.clone(), origin),
                    None => self.facts.opt_str(value, origin),
                }
            }
            None => self.inherited(container, FIELD, Fallback::Null),
        }
    }

    /// Unset means allowed; privileged or CAP_SYS_ADMIN force it.
    fn escalation(&mut self, container: View<'a>) -> NodeId {
        let privileged = container.path("securityContext.privileged").filter(|value| value.bool() == Some(true));
        match privileged {
            Some(place) => self.facts.bool(true, Origin::Node(place.at())),
            None => self.facts.lookup(container, "securityContext.allowPrivilegeEscalation", Fallback::Bool(true)),
        }
    }

    fn capabilities(&mut self, container: View<'a>, path: &'static str) -> NodeId {
        let origin = container.origin_of(path);
        let names: Vec<NodeId> =
            container.path(path).into_iter().flat_map(View::items).map(|name| self.facts.refer(name.at())).collect();
        let list = self.facts.list_at(&names, origin);
        if let Some(reason) = hidden(container, path) {
            self.facts.open(list, reason.clone());
        }
        list
    }
}

/// The type of an AppArmor profile by the annotation's value.
fn profile(value: &str) -> &str {
    match value {
        "runtime/default" => "RuntimeDefault",
        "unconfined" => "Unconfined",
        value if value.starts_with("localhost/") => "Localhost",
        value => value,
    }
}
