//! Controllers that need strong rights (`data/controllers.yaml`), recognised by service account or role.
//!
//! Says which rights a controller's own manifests grant it; whether that is acceptable is for rules to say.

use serde::Deserialize;

/// The dated table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controllers {
    /// When the table was last checked.
    pub date: String,
    controllers: Vec<Controller>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Controller {
    #[allow(dead_code, reason = "documents the row")]
    name: String,
    #[serde(default)]
    accounts: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    needs: Vec<Right>,
    #[allow(dead_code, reason = "documents the row")]
    source: String,
}

/// A right that a controller needs for its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Right {
    /// cluster-admin.
    ClusterAdmin,
    /// Reading Secrets everywhere.
    Secrets,
    /// `bind` and `escalate` on roles.
    Escalate,
    /// Acting as other users.
    Impersonate,
}

impl Right {
    /// The word in the table and in facts.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::ClusterAdmin => "clusterAdmin",
            Right::Secrets => "secrets",
            Right::Escalate => "escalate",
            Right::Impersonate => "impersonate",
        }
    }
}

impl Controllers {
    /// The table that is compiled in.
    pub fn load() -> Result<Controllers, String> {
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/controllers.json")))
            .map_err(|error| format!("data/controllers.yaml: {error}"))
    }

    /// What the controller with this service account needs.
    pub fn of_account(&self, account: &str) -> Vec<Right> {
        self.needs(|controller| controller.accounts.iter().any(|known| fits(known, account)))
    }

    /// What the controller with this role needs.
    pub fn of_role(&self, role: &str) -> Vec<Right> {
        self.needs(|controller| controller.roles.iter().any(|known| fits(known, role)))
    }

    fn needs(&self, known: impl Fn(&Controller) -> bool) -> Vec<Right> {
        self.controllers
            .iter()
            .find(|controller| known(controller))
            .map(|found| found.needs.clone())
            .unwrap_or_default()
    }
}

/// The name itself, or the name behind a Helm release's.
fn fits(known: &str, name: &str) -> bool {
    name.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use super::{Controllers, Right, fits};

    #[test]
    fn release_names_may_precede() {
        assert!(fits("traefik", "traefik"));
        assert!(fits("traefik", "edge-traefik"));
        assert!(!fits("traefik", "nottraefik"));
        assert!(!fits("traefik", "traefik-extra"));
    }

    #[test]
    fn the_table_loads() {
        let table = Controllers::load().expect("data/controllers.yaml");
        assert_eq!(table.of_account("kustomize-controller"), [Right::ClusterAdmin, Right::Secrets]);
        assert_eq!(table.of_role("web"), []);
    }
}
