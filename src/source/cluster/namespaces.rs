//! Which namespaces there are, and in which of them the account may list what: asked once a namespace instead of once a
//! namespace and kind, so that an account of one team in a cluster of a thousand is not refused tens of thousands of times.

use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::api::Api;
use super::lists::{core, walk};
use super::request::{self, Review};
use crate::source::Resource;

/// Namespaces asked about at the same time.
const SIDE_BY_SIDE: usize = 8;

/// A namespace, and what the account may do in it as far as is known.
#[derive(Debug)]
pub(super) struct Visible {
    name: String,
    /// `None` where the server did not say: then trying tells.
    rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
struct Namespace {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
struct Reviewed {
    status: Rules,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rules {
    resource_rules: Vec<Rule>,
    #[serde(default)]
    incomplete: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

impl Visible {
    /// The name, unless the account surely may not list the resource there.
    pub fn listable(&self, resource: &Resource) -> Option<String> {
        let holds = |words: &[String], word: &str| words.iter().any(|each| each == "*" || each == word);
        let grants = |rule: &Rule| {
            holds(&rule.verbs, "list")
                && holds(&rule.api_groups, &resource.group)
                && holds(&rule.resources, &resource.plural)
                && rule.resource_names.is_empty()
        };
        let may = self.rules.as_ref().is_none_or(|rules| rules.iter().any(grants));
        may.then(|| self.name.clone())
    }
}

/// All namespaces that the account may see, by name; none where it may not.
pub(super) async fn visible(api: &Api) -> Vec<Visible> {
    let all: Vec<Namespace> = walk(api, &core("Namespace", "namespaces")).await.unwrap_or_default();
    let permits = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let mut running = JoinSet::new();
    for namespace in all {
        let (api, permits, name) = (api.clone(), Arc::clone(&permits), namespace.metadata.name);
        running.spawn(async move {
            let _permit = permits.acquire().await;
            let rules = rules(&api, &name).await;
            Visible { name, rules }
        });
    }
    let mut found = running.join_all().await;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// A SelfSubjectRulesReview. Where an authorizer cannot list its rules, the server says that they are incomplete.
async fn rules(api: &Api, namespace: &str) -> Option<Vec<Rule>> {
    let spec = serde_json::json!({ "namespace": namespace });
    let review = serde_json::json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": spec,
    });
    let request = request::review(Review::Rules, review.to_string().into_bytes()).ok()?;
    let reply = api.send(&request).await.ok().filter(super::api::Reply::is_success)?;
    let Reviewed { status } = serde_json::from_slice(&reply.body).ok()?;
    (!status.incomplete).then_some(status.resource_rules)
}
