//! Scans of clusters: one of our own that misbehaves, and a real API server where one is at hand.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop")]

mod binary;
mod cluster;
mod faults;
mod kubelets;
mod quiet;
mod real;
mod server;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use k8sready::source::cluster::{ClusterError, LiveSettings, scan};
use k8sready::source::{ListState, Listed, Resource, Scan, Want, Wants};

/// A want for all objects of a resource.
fn want(group: &str, plural: &str) -> Want {
    Want { group: group.to_string(), plural: plural.to_string(), only: Vec::new() }
}

/// What most tests want.
fn wants() -> Wants {
    let resources = vec![want("", "nodes"), want("", "pods"), want("apps", "deployments")];
    Wants { resources, ..Wants::default() }
}

/// Drops what the API server writes for itself, and completes what lists leave out.
fn trim(resource: &Resource, text: &[u8]) -> Option<Box<str>> {
    let mut object: serde_json::Value = serde_json::from_slice(text).ok()?;
    object["metadata"].as_object_mut()?.remove("managedFields");
    object["kind"] = resource.kind.clone().into();
    Some(object.to_string().into())
}

/// Scans. Panics where it does not end by itself, so that a scan that hangs fails instead of hanging the tests.
fn scanned(settings: &LiveSettings, wants: &Wants) -> Result<Scan, ClusterError> {
    let (settings, wants) = (settings.clone(), wants.clone());
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(scan(&settings, &wants, &trim, &|_| {})).is_ok());
    result.recv_timeout(Duration::from_secs(60)).expect("the scan ends")
}

fn listed<'s>(scan: &'s Scan, plural: &str) -> &'s Listed {
    scan.lists.iter().find(|listed| listed.resource.plural == plural).expect("it was wanted")
}

fn state<'s>(scan: &'s Scan, plural: &str) -> &'s ListState {
    &listed(scan, plural).state
}

/// Why a list failed.
fn failure<'s>(scan: &'s Scan, plural: &str) -> &'s str {
    match state(scan, plural) {
        ListState::Failed(why) => why,
        other => panic!("{plural}: {other:?} instead of a failure"),
    }
}

/// `NAMESPACE/NAME` of the objects of a list, in their order.
fn names(scan: &Scan, plural: &str) -> Vec<String> {
    let of = |object: &&k8sready::source::ScannedObject| scan.lists[object.list as usize].resource.plural == plural;
    let name = |object: &k8sready::source::ScannedObject| {
        let value: serde_json::Value = serde_json::from_str(&object.text).expect("JSON");
        assert!(value["metadata"]["managedFields"].is_null(), "not trimmed: {}", object.text);
        let namespace = value["metadata"]["namespace"].as_str().unwrap_or_default();
        format!("{namespace}/{}", value["metadata"]["name"].as_str().expect("a name"))
    };
    scan.objects.iter().filter(of).map(name).collect()
}
