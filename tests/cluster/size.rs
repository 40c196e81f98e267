//! What is kept of an object, so that a scan of many pods stays small.

use super::making::{SHOP, scan};

#[test]
fn of_a_pod_only_that_is_kept_which_facts_read() {
    let scan = scan(SHOP);
    let pod = scan.objects.iter().find(|object| object.text.contains("\"kind\":\"Pod\"")).unwrap();
    for kept in ["web-5d-x1", "node-1", "\"restartCount\":0", "\"phase\":\"Running\"", "ReplicaSet"] {
        assert!(pod.text.contains(kept), "{kept}: {}", pod.text);
    }
    for dropped in ["image", "env", "uid", "0000-2222"] {
        assert!(!pod.text.contains(dropped), "{dropped}: {}", pod.text);
    }
}

#[test]
fn a_pod_that_stands_for_itself_is_kept_whole() {
    let mirror = "
apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver-cp1
  namespace: kube-system
  annotations: { kubernetes.io/config.mirror: abc }
  ownerReferences: [{ apiVersion: v1, kind: Node, name: cp1, uid: 1, controller: true }]
spec: { containers: [{ name: kube-apiserver, image: 'registry.k8s.io/kube-apiserver:v1.36.2', command: [kube-apiserver, --profiling=true] }] }
";
    assert!(scan(mirror).objects[0].text.contains("--profiling=true"));
}

#[test]
fn what_nobody_reads_of_nodes_and_definitions_is_dropped() {
    let text = "
apiVersion: v1
kind: Node
metadata: { name: n }
status: { images: [{ names: [big] }], conditions: [{ type: Ready, status: 'True' }] }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: a.b.c }
spec: { versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }] }
";
    let scan = scan(text);
    assert!(!scan.objects[0].text.contains("images") && scan.objects[0].text.contains("Ready"));
    assert!(!scan.objects[1].text.contains("openAPIV3Schema") && scan.objects[1].text.contains("storage"));
}
