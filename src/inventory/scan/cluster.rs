//! What a cluster answers beside its objects, as documents that rules and adapters can read: `Cluster` of group `k8sready.io`
//! with the server's version and its metrics, and one KubeletConfiguration a node.

use serde_json::{Value, json};

use crate::source::{Answer, Scan};
use crate::syntax::metrics::{self, Sample};

/// The documents, each with the name that reports give it.
pub(super) fn documents(scan: &Scan) -> Vec<(String, String)> {
    let cluster = &scan.cluster;
    let mut documents = vec![(format!("Cluster/{}", cluster.name), cluster_text(scan))];
    let kubelets = scan.answers.iter().filter(|answer| answer.path.ends_with("/configz"));
    documents.extend(kubelets.filter_map(kubelet));
    documents
}

fn cluster_text(scan: &Scan) -> String {
    let cluster = &scan.cluster;
    let metrics: Vec<Value> = scan
        .answers
        .iter()
        .filter(|answer| is_good(answer) && answer.path.ends_with("/metrics"))
        .flat_map(|answer| samples(&answer.path, &answer.text))
        .collect();
    let document = json!({
        "apiVersion": "k8sready.io/v1",
        "kind": "Cluster",
        "metadata": { "name": cluster.name },
        "server": cluster.server,
        "version": cluster.version,
        "takenAt": cluster.taken_at,
        "metrics": metrics,
    });
    document.to_string()
}

fn is_good(answer: &Answer) -> bool {
    answer.status == Some(200)
}

/// `/api/v1/nodes/NAME/proxy/configz`, or any other path with the node's name behind `nodes/`.
fn kubelet(answer: &Answer) -> Option<(String, String)> {
    let node = answer.path.split("nodes/").nth(1)?.split('/').next()?;
    let body: Value = serde_json::from_str(&answer.text).ok().filter(|_| is_good(answer))?;
    let mut document = serde_json::Map::from_iter([
        ("apiVersion".to_string(), json!("kubelet.config.k8s.io/v1beta1")),
        ("kind".to_string(), json!("KubeletConfiguration")),
        ("metadata".to_string(), json!({ "name": node })),
    ]);
    document.extend(body.get("kubeletconfig")?.as_object()?.clone());
    Some((format!("KubeletConfiguration/{node}"), Value::Object(document).to_string()))
}

/// The samples of an answer: name, where it was asked, labels, value.
fn samples(from: &str, text: &str) -> Vec<Value> {
    let entry = |sample: Sample<'_>| {
        let labels: serde_json::Map<String, Value> =
            sample.labels.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect();
        let value = sample.integer().map_or_else(|| json!(sample.value), |value| json!(value));
        json!({ "name": sample.name, "from": from, "labels": labels, "value": value })
    };
    metrics::samples(text).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_keep_name_labels_and_value() {
        let text = "# HELP x y\nup 1\napiserver_storage_size_bytes{storage_cluster_id=\"a,\\\"b\\\"}\"} 2.5e+08\nbad\nnan NaN\n";
        assert_eq!(
            samples("/metrics", text),
            vec![
                json!({"name": "up", "from": "/metrics", "labels": {}, "value": 1}),
                json!({"name": "apiserver_storage_size_bytes", "from": "/metrics", "labels": {"storage_cluster_id": "a,\"b\"}"}, "value": 250_000_000}),
            ]
        );
    }
}
