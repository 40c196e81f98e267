//! The service account of a pod: whether a token of it is mounted, and whether anybody grants it rights.

use super::Workload;
use crate::facts::builder::Fallback;
use crate::inventory::DocumentId;
use crate::syntax::{Origin, View};
use crate::vocabulary::NodeId;

/// Of a pod and of a ServiceAccount alike.
const AUTOMOUNT: &str = "automountServiceAccountToken";

impl<'a> Workload<'a> {
    pub(super) fn account(&mut self) -> Vec<(&'static str, NodeId)> {
        let spec = self.template.spec;
        let name = spec.str_at("serviceAccountName").or_else(|| spec.str_at("serviceAccount")).unwrap_or("default");
        let accounts = self.inventory.named(self.id, "ServiceAccount", name);
        let mounted = self.token_mounted(&accounts);
        let granted = self.surroundings.grants(self.inventory, self.id, name);
        let anchor = self.facts.anchor();
        vec![("tokenMounted", mounted), ("accountGranted", self.facts.bool(granted, anchor))]
    }

    /// The pod decides, else its account, else the default: a token is mounted. The kubelet gives none to static pods.
    fn token_mounted(&mut self, accounts: &[DocumentId]) -> NodeId {
        let spec = self.template.spec;
        let mirror = self.root.path("metadata.annotations").and_then(|notes| notes.get("kubernetes.io/config.mirror"));
        if let Some(mirror) = mirror {
            return self.facts.bool(false, Origin::Node(mirror.at()));
        }
        if spec.get(AUTOMOUNT).is_none()
            && let Some(of_account) = accounts.iter().find_map(|&id| self.root_of(id).get(AUTOMOUNT))
        {
            return self.facts.refer(of_account.at());
        }
        self.facts.lookup(spec, AUTOMOUNT, Fallback::Bool(true))
    }

    fn root_of(&self, id: DocumentId) -> View<'a> {
        self.inventory.document(id).view(self.inventory.forest())
    }
}
