//! What a cluster answers beside its objects, as documents that rules and adapters can read: `Cluster` of group `k8sready.io`
//! with the server's version, its certificates and its metrics, and every KubeletConfiguration that kubelets run with.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::source::{Answer, Scan};
use crate::syntax::metrics::{self, Sample};

/// Where the chain stands that the API server presents.
const CERTIFICATE: &str = "tls:serving-certificate";

/// The documents, each with the name that reports give it.
pub(super) fn documents(scan: &Scan) -> Vec<(String, String)> {
    let cluster = &scan.cluster;
    let mut documents = vec![(format!("Cluster/{}", cluster.name), cluster_text(scan))];
    documents.extend(kubelets(&scan.answers));
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
    let chain = scan.answers.iter().find(|answer| answer.path == CERTIFICATE).filter(|answer| is_good(answer));
    let chain = chain.map(|answer| data_encoding::BASE64.encode(answer.text.as_bytes()));
    let document = json!({
        "apiVersion": "k8sready.io/v1",
        "kind": "Cluster",
        "metadata": { "name": cluster.name },
        "server": cluster.server,
        "version": cluster.version,
        "takenAt": cluster.taken_at,
        "servingCertificate": chain,
        "metrics": metrics,
    });
    document.to_string()
}

fn is_good(answer: &Answer) -> bool {
    answer.status == Some(200)
}

/// One document for each configuration, named after the first node that has it: thousands of nodes have few.
fn kubelets(answers: &[Answer]) -> Vec<(String, String)> {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (node, configuration) in answers.iter().filter_map(kubelet) {
        alike.entry(configuration).or_default().push(node);
    }
    let document = |(configuration, mut nodes): (String, Vec<&str>)| {
        nodes.sort_unstable();
        let (first, others) = (nodes[0], nodes.len() - 1);
        let path = match others {
            0 => format!("KubeletConfiguration/{first}"),
            others => format!("KubeletConfiguration/{first} (and {others} alike)"),
        };
        let head = json!({ "name": first });
        let rest = configuration.strip_prefix('{').unwrap_or_default();
        let comma = if rest.starts_with('}') { "" } else { "," };
        let kind = "\"apiVersion\":\"kubelet.config.k8s.io/v1beta1\",\"kind\":\"KubeletConfiguration\"";
        (path, format!("{{{kind},\"metadata\":{head}{comma}{rest}"))
    };
    let mut documents: Vec<(String, String)> = alike.into_iter().map(document).collect();
    documents.sort();
    documents
}

/// The node and the configuration of an answer to `.../nodes/NAME/.../configz`.
fn kubelet(answer: &Answer) -> Option<(&str, String)> {
    let path = answer.path.strip_suffix("/configz")?;
    let node = path.split("nodes/").nth(1)?.split('/').next()?;
    let body: Value = serde_json::from_str(&answer.text).ok().filter(|_| is_good(answer))?;
    let mut configuration = body.get("kubeletconfig")?.as_object()?.clone();
    for known in ["apiVersion", "kind", "metadata"] {
        configuration.remove(known);
    }
    Some((node, Value::Object(configuration).to_string()))
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
