//! What people capture from a running control plane, as objects that rules can name: metrics as a `Cluster`, and what
//! `etcdctl endpoint status -w json` prints as one `EtcdStatus` a member, both of group `k8sready.io`.
//!
//! They have no names, so that none of them stands in another's way.

use std::sync::Arc;

use super::Key;
use crate::syntax::{Format, View};

/// The objects of a captured text; none where it is an ordinary document.
pub fn objects<'a>(format: Format, root: View<'a>) -> Vec<(View<'a>, Key)> {
    match format {
        Format::Metrics => vec![(root, key("Cluster"))],
        Format::Json if root.items().next().is_some_and(is_status) => {
            root.items().filter(|item| is_status(*item)).map(|item| (item, key("EtcdStatus"))).collect()
        }
        _ => Vec::new(),
    }
}

fn is_status(item: View<'_>) -> bool {
    item.get("Endpoint").is_some() && item.path("Status.raftTerm").is_some()
}

fn key(kind: &str) -> Key {
    Key {
        group: Arc::from("k8sready.io"),
        version: Arc::from("v1"),
        kind: Arc::from(kind),
        namespace: None,
        name: Arc::from(""),
    }
}
