//! What a cluster answers beside its objects, as documents that rules and adapters can read: `Cluster` of group `k8sready.io`
//! with the server's version and its metrics, and one KubeletConfiguration a node.

use serde_json::{Value, json};

use crate::source::{Answer, Scan};

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

/// The samples of Prometheus' text format: name, where it was asked, labels, value.
fn samples(from: &str, text: &str) -> Vec<Value> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| sample(from, line)).collect()
}

fn sample(from: &str, line: &str) -> Option<Value> {
    let line = line.trim();
    let end = line.find(['{', ' ', '\t'])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (serde_json::Map::new(), rest),
    };
    let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
    // What is no number of JSON (`NaN`, `+Inf`) says nothing.
    let value = if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) };
    (!value.is_null()).then(|| json!({ "name": name, "from": from, "labels": labels, "value": value }))
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut text: &str) -> Option<(serde_json::Map<String, Value>, &str)> {
    let mut labels = serde_json::Map::new();
    loop {
        text = text.trim_start_matches([',', ' ']);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = quoted(rest)?;
        labels.insert(name.trim().to_string(), json!(value));
        text = rest;
    }
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
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
