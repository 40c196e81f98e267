//! What the account may do, asked before a scan: one SelfSubjectAccessReview for everything that is wanted.

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::connect::Connection;
use super::discovery::{Found, Served};
use super::error::{ClusterError, Obstacle};
use super::request::{self, Review as Question};
use crate::source::Wants;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// All objects of a resource, in one namespace or in all of them.
    List {
        /// API group; empty for core.
        group: String,
        /// Plural name.
        plural: String,
        /// The namespace; empty for all.
        namespace: String,
    },
    /// One object.
    Get {
        /// API group; empty for core.
        group: String,
        /// Plural name, or `nodes/configz`.
        plural: String,
        /// Its namespace; empty for none.
        namespace: String,
        /// Its name; empty for any.
        name: String,
    },
    /// A path that is no resource, with its query.
    Path(String),
}

/// Whether the account has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What.
    pub access: Access,
    /// Whether. `None` where the server did not say.
    pub allowed: Option<bool>,
    /// What the server says about it, or why it did not say.
    pub reason: String,
}

/// Everything that is wanted and that the cluster serves, in order.
fn accesses(wants: &Wants, namespaces: &[String], served: &Served) -> Vec<Access> {
    let mut all = Vec::new();
    let everywhere = [String::new()];
    for want in &wants.resources {
        let (group, plural) = (want.group.clone(), want.plural.clone());
        let namespaced = match served.find(&group, &plural) {
            Found::Served(resource) => resource.namespaced,
            Found::Unknown(_) => false,
            Found::Absent => continue,
        };
        if want.only.is_empty() {
            let namespaces = if namespaces.is_empty() || !namespaced { &everywhere } else { namespaces };
            all.extend(namespaces.iter().map(|namespace| Access::List {
                group: group.clone(),
                plural: plural.clone(),
                namespace: namespace.clone(),
            }));
        }
        all.extend(want.only.iter().map(|(namespace, name)| Access::Get {
            group: group.clone(),
            plural: plural.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
        }));
    }
    if wants.kubelet_config {
        let (group, plural) = (String::new(), "nodes/configz".to_string());
        all.push(Access::Get { group, plural, namespace: String::new(), name: String::new() });
    }
    all.extend(wants.paths.iter().cloned().map(Access::Path));
    all
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    api_version: &'static str,
    kind: &'static str,
    spec: Spec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Spec<'a> {
    #[serde(rename_all = "camelCase")]
    ResourceAttributes {
        group: &'a str,
        resource: &'a str,
        subresource: &'a str,
        namespace: &'a str,
        name: &'a str,
        verb: &'static str,
    },
    NonResourceAttributes {
        path: &'a str,
        verb: &'static str,
    },
}

#[derive(Deserialize)]
struct Reviewed {
    status: Verdict,
}

#[derive(Deserialize)]
struct Verdict {
    allowed: bool,
    #[serde(default)]
    reason: String,
}

fn body(access: &Access) -> Vec<u8> {
    let spec = match access {
        Access::List { group, plural, namespace } => attributes(group, plural, namespace, "", "list"),
        Access::Get { group, plural, namespace, name } => attributes(group, plural, namespace, name, "get"),
        Access::Path(path) => {
            let path = path.split('?').next().unwrap_or(path);
            Spec::NonResourceAttributes { path, verb: "get" }
        }
    };
    let review = Review { api_version: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec };
    serde_json::to_vec(&review).unwrap_or_default()
}

fn attributes<'a>(group: &'a str, plural: &'a str, namespace: &'a str, name: &'a str, verb: &'static str) -> Spec<'a> {
    let (resource, subresource) = plural.split_once('/').unwrap_or((plural, ""));
    Spec::ResourceAttributes { group, resource, subresource, namespace, name, verb }
}

/// Asks for everything that is wanted.
pub(super) async fn review(
    connection: &Connection,
    wants: &Wants,
    namespaces: &[String],
    served: &Served,
) -> Result<Vec<Permission>, ClusterError> {
    let mut running = JoinSet::new();
    for (index, access) in accesses(wants, namespaces, served).into_iter().enumerate() {
        let api = connection.api.clone();
        running.spawn(async move {
            let verdict = match request::review(Question::Access, body(&access)) {
                Ok(request) => api.send(&request).await.map_err(|failure| failure.to_string()),
                Err(refused) => Err(refused.to_string()),
            };
            let verdict = verdict.and_then(|reply| {
                let read = serde_json::from_slice::<Reviewed>(&reply.body).map_err(|_| reply.complaint());
                if reply.is_success() { read } else { Err(reply.complaint()) }
            });
            let (allowed, reason) = match verdict {
                Ok(Reviewed { status }) => (Some(status.allowed), super::error::clean(&status.reason)),
                Err(why) => (None, why),
            };
            (index, Permission { access, allowed, reason })
        });
    }
    let mut permissions: Vec<(usize, Permission)> = running.join_all().await;
    permissions.sort_by_key(|(index, _)| *index);
    let unanswered = permissions.iter().find(|(_, permission)| permission.allowed.is_none());
    match unanswered {
        Some((_, first)) if permissions.iter().all(|(_, permission)| permission.allowed.is_none()) => {
            Err(ClusterError::new(Obstacle::Lost, format!("no access review was answered: {}", first.reason)))
        }
        _ => Ok(permissions.into_iter().map(|(_, permission)| permission).collect()),
    }
}
