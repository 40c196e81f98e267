//! Which resources a cluster serves, and in which version: in two requests where the server can, else group by group.
//!
//! A group whose server does not answer is not the same as a group that is absent.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::connect::Connection;
use super::error::{ClusterError, Obstacle};
use super::request;
use crate::source::{Resource, Wants};

/// What a cluster serves: versions of each group, the preferred one first.
#[derive(Debug, Default)]
pub(super) struct Served {
    groups: BTreeMap<String, Vec<Version>>,
}

#[derive(Debug, Default)]
struct Version {
    name: String,
    resources: Vec<Kind>,
    /// Why its resources are not known.
    trouble: Option<String>,
}

#[derive(Debug)]
struct Kind {
    plural: String,
    kind: String,
    namespaced: bool,
}

/// What became of a resource that was looked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// In this version.
    Served(Resource),
    /// Not at all.
    Absent,
    /// Nobody knows, and why.
    Unknown(String),
}

impl Served {
    /// Looks for a resource.
    pub fn find(&self, group: &str, plural: &str) -> Found {
        let versions = self.groups.get(group).map_or(&[][..], Vec::as_slice);
        let served = versions.iter().find_map(|version| {
            let kind = version.resources.iter().find(|kind| kind.plural == plural)?;
            Some(Found::Served(Resource {
                group: group.to_string(),
                version: version.name.clone(),
                kind: kind.kind.clone(),
                plural: plural.to_string(),
                namespaced: kind.namespaced,
            }))
        });
        let trouble = || versions.iter().find_map(|version| version.trouble.clone());
        served.unwrap_or_else(|| trouble().map_or(Found::Absent, Found::Unknown))
    }

    fn aggregated(&mut self, list: Aggregated) {
        for group in list.items {
            let versions = group.versions.into_iter().map(|version| Version {
                name: version.version,
                resources: version
                    .resources
                    .into_iter()
                    .map(|resource| Kind {
                        plural: resource.resource,
                        kind: resource.response_kind.kind,
                        namespaced: resource.scope == "Namespaced",
                    })
                    .collect(),
                trouble: (version.freshness == "Stale").then(|| "its API server does not answer".to_string()),
            });
            self.groups.entry(group.metadata.name).or_default().extend(versions);
        }
    }
}

#[derive(Deserialize)]
struct Aggregated {
    items: Vec<AggregatedGroup>,
}

#[derive(Deserialize)]
struct AggregatedGroup {
    #[serde(default)]
    metadata: GroupName,
    #[serde(default)]
    versions: Vec<AggregatedVersion>,
}

#[derive(Default, Deserialize)]
struct GroupName {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct AggregatedVersion {
    version: String,
    #[serde(default)]
    freshness: String,
    #[serde(default)]
    resources: Vec<AggregatedResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AggregatedResource {
    resource: String,
    scope: String,
    #[serde(default)]
    response_kind: ResponseKind,
}

#[derive(Default, Deserialize)]
struct ResponseKind {
    kind: String,
}

#[derive(Deserialize)]
struct CoreVersions {
    versions: Vec<String>,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    versions: Vec<GroupVersion>,
    preferred_version: Option<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<PlainResource>,
}

#[derive(Deserialize)]
struct PlainResource {
    name: String,
    kind: String,
    namespaced: bool,
}

#[derive(Deserialize)]
struct AnyList {
    kind: String,
}

/// Asks what the cluster serves, at least of the groups that are wanted.
pub(super) async fn discover(connection: &Connection, wants: &Wants) -> Result<Served, ClusterError> {
    let mut served = Served::default();
    let wanted: BTreeSet<&str> = wants.resources.iter().map(|want| want.group.as_str()).collect();
    for path in ["/api", "/apis"] {
        let body = root(connection, path).await?;
        let stranger = |_| connection.stranger(path);
        let list: AnyList = serde_json::from_slice(&body).map_err(stranger)?;
        match list.kind.as_str() {
            "APIGroupDiscoveryList" => served.aggregated(serde_json::from_slice(&body).map_err(stranger)?),
            "APIVersions" => {
                let core: CoreVersions = serde_json::from_slice(&body).map_err(stranger)?;
                served.groups.insert(String::new(), versions(connection, "/api", core.versions).await);
            }
            _ => {
                let all: Groups = serde_json::from_slice(&body).map_err(stranger)?;
                for group in all.groups.into_iter().filter(|group| wanted.contains(group.name.as_str())) {
                    let path = format!("/apis/{}", group.name);
                    served.groups.insert(group.name.clone(), versions(connection, &path, group.in_order()).await);
                }
            }
        }
    }
    Ok(served)
}

async fn root(connection: &Connection, path: &str) -> Result<bytes::Bytes, ClusterError> {
    let request =
        request::discovery(path).map_err(|refused| ClusterError::new(Obstacle::Refused, refused.to_string()))?;
    let reply = connection.api.send(&request).await.map_err(|failure| connection.failed(&failure))?;
    connection.readable(&reply)?;
    Ok(reply.body)
}

impl Group {
    /// The preferred version first.
    fn in_order(self) -> Vec<String> {
        let preferred = self.preferred_version.map(|preferred| preferred.version);
        let mut versions: Vec<String> = self.versions.into_iter().map(|version| version.version).collect();
        versions.sort_by_key(|version| preferred.as_ref() != Some(version));
        versions
    }
}

async fn versions(connection: &Connection, path: &str, names: Vec<String>) -> Vec<Version> {
    let mut versions = Vec::new();
    for name in names {
        let (resources, trouble) = match resources(connection, &format!("{path}/{name}")).await {
            Ok(resources) => (resources, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        versions.push(Version { name, resources, trouble });
    }
    versions
}

async fn resources(connection: &Connection, path: &str) -> Result<Vec<Kind>, String> {
    let request = request::discovery(path).map_err(|refused| refused.to_string())?;
    let reply = connection.api.send(&request).await.map_err(|failure| failure.to_string())?;
    if !reply.is_success() {
        return Err(reply.complaint());
    }
    let list: Resources =
        serde_json::from_slice(&reply.body).map_err(|_| "what it serves cannot be read".to_string())?;
    let kind =
        |resource: PlainResource| Kind { plural: resource.name, kind: resource.kind, namespaced: resource.namespaced };
    Ok(list.resources.into_iter().map(kind).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_version_that_serves_a_resource_is_read() {
        let list = r#"{"items":[{"metadata":{"name":"autoscaling"},"versions":[
            {"version":"v2","freshness":"Current","resources":[]},
            {"version":"v1","freshness":"Current","resources":[{"resource":"horizontalpodautoscalers",
             "responseKind":{"group":"","version":"","kind":"HorizontalPodAutoscaler"},"scope":"Namespaced","verbs":["list"]}]}]},
            {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]}"#;
        let mut served = Served::default();
        served.aggregated(serde_json::from_str(list).expect("a list"));
        let Found::Served(resource) = served.find("autoscaling", "horizontalpodautoscalers") else {
            panic!("not found")
        };
        assert_eq!((resource.version.as_str(), resource.namespaced), ("v1", true));
        assert_eq!(served.find("autoscaling", "pods"), Found::Absent);
        assert_eq!(served.find("gateway.networking.k8s.io", "gateways"), Found::Absent);
        assert!(
            matches!(served.find("metrics.k8s.io", "pods"), Found::Unknown(_)),
            "a broken server is not an absent API"
        );
    }
}
