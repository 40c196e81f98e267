//! What may be concluded from what an account sees, and what may not.

use k8sready::report::{Format, LocationSource, Status, Style, write};
use k8sready::source::ListState;

use super::making::{SHOP, answered, audit, ended, said, scan};

const RULE: &[&str] = &["--select", "pdb-missing,single-replica,psa-enforcement-missing,pdb-selects-nothing"];

#[test]
fn a_finding_names_object_and_field_and_no_file() {
    let audit = audit(scan(&SHOP.replace("replicas: 3", "replicas: 1")), &["--select", "single-replica"]);
    let finding = &audit.report.findings[0];
    assert_eq!(
        (finding.location.object.as_str(), finding.location.field.as_str()),
        ("Deployment/shop/web", "spec.replicas")
    );
    assert_eq!((finding.location.source, finding.location.path.as_str()), (LocationSource::Live, ""));
    assert_eq!((finding.location.region, finding.fingerprint.len()), (None, 32));
    assert_eq!(audit.report.findings.len(), 1, "the ReplicaSet and the Pod are judged with their Deployment");
    assert_eq!(audit.report.target_version, "1.36.2", "a cluster is judged for its own version");
}

#[test]
fn every_format_says_where_and_sarif_says_that_it_cannot() {
    let audit = audit(scan(&SHOP.replace("replicas: 3", "replicas: 1")), &["--select", "single-replica"]);
    let text = |format: Format| {
        let mut bytes = Vec::new();
        let texts = k8sready::commands::Texts(audit.inventory.sources());
        write(format, &audit.report, &texts, &Style { width: 120, ..Style::default() }, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    for format in [Format::Full, Format::Concise, Format::Json, Format::Markdown, Format::Gitlab, Format::Junit] {
        let text = text(format);
        assert!(text.contains("Deployment/shop/web"), "{format}: {text}");
    }
    for format in [Format::Full, Format::Concise, Format::Json, Format::Markdown] {
        let text = text(format);
        assert!(text.contains("spec.replicas"), "{format}: {text}");
    }
    let sarif = text(Format::Sarif);
    assert!(
        sarif.contains("\"results\": []") && sarif.contains("1 finding that no file in the repository holds"),
        "{sarif}"
    );
}

#[test]
fn in_full_sight_rules_come_to_verdicts() {
    let whole = audit(scan(SHOP), RULE);
    assert!(whole.report.findings.is_empty(), "{:?}", whole.report.findings);
    let (without, _) = SHOP.rsplit_once("---").unwrap();
    assert_eq!(said(&audit(scan(without), RULE), "pdb-missing")[0].0, Status::Fail);
}

#[test]
fn what_may_not_be_listed_makes_unknown_and_neither_passes_nor_fails() {
    let audit = audit(ended(scan(SHOP), "poddisruptionbudgets", ListState::Forbidden), RULE);
    let reason = "forbidden: the account may not list poddisruptionbudgets";
    assert_eq!(said(&audit, "pdb-missing")[0].0, Status::Unknown);
    assert_eq!(said(&audit, "pdb-missing")[0].2, reason);
    assert_eq!(
        said(&audit, "pdb-selects-nothing"),
        [(Status::Unknown, "Cluster/prod".to_string(), reason.to_string())]
    );
    assert_eq!(said(&audit, "single-replica"), [], "what does not need it is judged");
    assert!(audit.report.problems.iter().any(|note| note.message.contains("may not list poddisruptionbudgets")));
}

#[test]
fn subjects_that_nobody_saw_are_unknown() {
    for (state, reason) in [
        (ListState::Forbidden, "forbidden: the account may not list deployments"),
        (ListState::Absent, "absent-api: the cluster does not serve deployments"),
        (ListState::Failed("410".into()), "partial: the list of deployments broke off"),
        (
            ListState::Namespaces(vec!["shop".into()]),
            "partial: deployments of other namespaces than shop are out of sight",
        ),
    ] {
        let audit = audit(ended(scan(SHOP), "deployments", state), &["--select", "single-replica"]);
        let said = said(&audit, "single-replica");
        assert_eq!(said, [(Status::Unknown, "Cluster/prod".to_string(), reason.to_string())]);
    }
}

#[test]
fn in_a_namespace_that_was_seen_an_absence_is_one() {
    let (without, _) = SHOP.rsplit_once("---").unwrap();
    for (namespace, status) in [("shop", Status::Fail), ("other", Status::Unknown)] {
        let state = ListState::Namespaces(vec![namespace.to_string()]);
        let audit = audit(ended(scan(without), "poddisruptionbudgets", state), RULE);
        assert_eq!(said(&audit, "pdb-missing")[0].0, status, "{namespace}");
    }
}

#[test]
fn the_absence_of_an_add_on_is_normal() {
    let audit = audit(ended(scan(SHOP), "rollouts", ListState::Absent), RULE);
    assert_eq!(audit.report.counts.unknown, 0);
}

#[test]
fn whether_a_secret_exists_is_never_known() {
    let text = SHOP.replacen("{ name: web, image:", "{ name: web, envFrom: [{ secretRef: { name: s } }], image:", 1);
    let said = said(&audit(scan(&text), &["--select", "config-reference-missing"]), "config-reference-missing");
    assert_eq!(said[0].2, "partial: a live audit reads no Secret");
}

#[test]
fn kubeadm_is_read_from_its_config_map_and_static_pods_from_their_mirrors() {
    let text = "
apiVersion: v1
kind: ConfigMap
metadata: { name: kubeadm-config, namespace: kube-system }
data:
  ClusterConfiguration: |
    apiVersion: kubeadm.k8s.io/v1beta4
    kind: ClusterConfiguration
    kubernetesVersion: v1.36.2
---
apiVersion: v1
kind: Pod
metadata:
  name: kube-scheduler-cp1
  namespace: kube-system
  annotations: { kubernetes.io/config.mirror: abc }
  ownerReferences: [{ apiVersion: v1, kind: Node, name: cp1, uid: 1, controller: true }]
spec: { containers: [{ name: kube-scheduler, image: 'registry.k8s.io/kube-scheduler:v1.36.2', command: [kube-scheduler, --profiling=true] }] }
";
    let audit = audit(
        scan(text),
        &["--select", "control-plane-endpoint-missing,component-profiling-enabled", "--profile", "strict"],
    );
    assert_eq!(
        said(&audit, "control-plane-endpoint-missing")[0].1,
        "ConfigMap/kube-system/kubeadm-config data.ClusterConfiguration: controlPlaneEndpoint"
    );
    assert!(
        said(&audit, "component-profiling-enabled")
            .iter()
            .any(|said| said.1.starts_with("Pod/kube-system/kube-scheduler-cp1"))
    );
}

#[test]
fn what_the_control_plane_ships_is_never_wrong() {
    let text = "
apiVersion: v1
kind: ConfigMap
metadata: { name: kube-root-ca.crt, namespace: default }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: cluster-admin, labels: { kubernetes.io/bootstrapping: rbac-defaults } }
rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]
---
apiVersion: v1
kind: Service
metadata: { name: kubernetes, namespace: default }
spec: { ports: [{ port: 443 }] }
";
    let audit = audit(scan(text), &["--profile", "strict"]);
    let failures = audit.report.findings.iter().filter(|finding| finding.status == Status::Fail);
    assert_eq!(failures.map(|finding| &finding.message).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_configuration_of_a_kubelet_is_read_from_its_answer() {
    let path = "kubelet:nodes/node-1/configz";
    let scan = answered(scan(SHOP), path, "{\"kubeletconfig\":{\"readOnlyPort\":10255}}");
    let audit = audit(scan, &["--select", "kubelet-read-only-port"]);
    assert_eq!(said(&audit, "kubelet-read-only-port")[0].1, "KubeletConfiguration/node-1 readOnlyPort");
}

#[test]
fn without_metrics_what_only_they_tell_is_unknown() {
    let rule = &["--select", "deprecated-api-requested"];
    let metric =
        "apiserver_requested_deprecated_apis{group=\"a.b\",version=\"v1\",resource=\"c\",removed_release=\"1.37\"} 1";
    let told = said(&audit(answered(scan(SHOP), "/metrics", metric), rule), "deprecated-api-requested");
    assert_eq!((told[0].0, told[0].1.as_str()), (Status::Fail, "Cluster/prod metrics[0].labels.removed_release"));
    let mut refused = answered(scan(SHOP), "/metrics", "no");
    refused.answers[0].status = Some(403);
    let reason = |scan| said(&audit(scan, rule), "deprecated-api-requested")[0].2.clone();
    assert_eq!(reason(refused), "forbidden: the account may not read the API server's metrics");
    assert_eq!(reason(scan(SHOP)), "partial: the API server was not asked for its metrics");
}

#[test]
fn pods_feed_the_workload_at_the_top() {
    let crashing = SHOP.replace(
        "restartCount: 0, state: { running: { startedAt: '2026-11-01T00:00:00Z' } }",
        "restartCount: 9, state: { waiting: { reason: CrashLoopBackOff } }",
    );
    let audit = audit(scan(&crashing), &["--select", "pod-crash-looping"]);
    let finding = &audit.report.findings[0];
    assert_eq!((finding.subject.kind.as_str(), finding.subject.name.as_str()), ("Deployment", "web"));
    assert_eq!(finding.location.object, "Pod/shop/web-5d-x1");
    assert_eq!(finding.location.field, "status.containerStatuses[0].restartCount");
}

#[test]
fn single_objects_that_were_asked_for_are_not_taken_for_all() {
    use k8sready::audit::settled;
    use k8sready::source::{Want, Wants};
    let only = vec![("kube-system".to_string(), "kubeadm-config".to_string())];
    let resources = vec![Want { group: String::new(), plural: "configmaps".to_string(), only }];
    let text = SHOP.replacen("{ name: web, image:", "{ name: web, envFrom: [{ configMapRef: { name: s } }], image:", 1);
    let scan = settled(scan(&text), &Wants { resources, ..Wants::default() });
    let audit = audit(scan, &["--select", "config-reference-missing,component-profiling-enabled"]);
    let reason = "partial: of configmaps, only kube-system/kubeadm-config were asked for";
    assert_eq!(said(&audit, "config-reference-missing")[0].2, reason);
    assert_eq!(said(&audit, "component-profiling-enabled"), [], "it asks for no other");
}

#[test]
fn what_a_cluster_does_not_serve_has_its_kind_all_the_same() {
    use k8sready::audit::settled;
    use k8sready::source::Wants;
    let mut scan = ended(scan(SHOP), "rollouts", ListState::Absent);
    let rollouts = scan.lists.iter_mut().find(|listed| listed.resource.plural == "rollouts").unwrap();
    rollouts.resource.kind.clear();
    let audit = audit(settled(scan, &Wants::default()), &["--select", "single-replica"]);
    assert_eq!(audit.report.counts.unknown, 0);
}

/// A node with labels and a `providerID`.
fn node(name: &str, labels: &str, provider: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Node\nmetadata: {{ name: {name}, labels: {{ {labels} }} }}\nspec: {{ providerID: '{provider}' }}\n"
    )
}

#[test]
fn a_managed_control_plane_is_skipped_with_the_reason() {
    let rules = &["--select", "control-plane,etcd,audit-log", "--profile", "strict"];
    for (labels, provider, reason) in [
        ("eks.amazonaws.com/nodegroup: a", "aws:///eu-1a/i-0", "managed: EKS"),
        ("cloud.google.com/gke-nodepool: a", "gce://p/z/n", "managed: GKE"),
        ("kubernetes.azure.com/mode: system", "azure:///x", "managed: AKS"),
        ("plain: a", "aws:///eu-1a/i-0", "managed: AWS"),
    ] {
        let audit = audit(scan(&format!("{SHOP}{}", node("n1", labels, provider))), rules);
        let skipped = audit.report.skipped.iter().find(|skipped| skipped.rule.as_str() == "etcd-quota-unset");
        assert_eq!(skipped.map(|skipped| skipped.reason.as_str()), Some(reason), "{labels}");
        assert_eq!(said(&audit, "etcd-quota-unset"), []);
    }
    // Somebody's own cluster on machines of a cloud, and one whose nodes are out of sight.
    let own = format!(
        "{SHOP}{}{}",
        node("w1", "plain: a", "aws:///eu-1a/i-0"),
        node("cp1", "node-role.kubernetes.io/control-plane: ''", "aws:///eu-1a/i-1")
    );
    let hidden = ended(
        scan(&format!("{SHOP}{}", node("n1", "eks.amazonaws.com/nodegroup: a", ""))),
        "nodes",
        ListState::Forbidden,
    );
    for scan in [scan(&own), hidden] {
        assert_eq!(audit(scan, rules).report.skipped, []);
    }
}

#[test]
fn control_plane_nodes_are_counted_where_they_run() {
    let rules = &["--select", "control-plane-below-three-nodes,control-plane-in-one-zone"];
    let nodes = |count: usize, zone: &str| -> String {
        let labels = |at: usize| {
            format!("node-role.kubernetes.io/control-plane: '', topology.kubernetes.io/zone: '{zone}{}'", at % 2)
        };
        (0..count).map(|at| node(&format!("cp{at}"), &labels(at), "")).collect()
    };
    let kubeadm = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: kubeadm-config, namespace: kube-system }\ndata:\n  ClusterConfiguration: |\n    apiVersion: kubeadm.k8s.io/v1beta4\n    kind: ClusterConfiguration\n    kubernetesVersion: v1.36.2\n";
    for more in ["", kubeadm] {
        let two = audit(scan(&format!("{SHOP}{}{more}", nodes(2, "a"))), rules);
        let place = if more.is_empty() { "Cluster/prod metadata.name" } else { "Node/cp1 metadata.name" };
        let below = said(&two, "control-plane-below-three-nodes");
        assert_eq!((below.len(), below[0].0, below[0].1.as_str()), (1, Status::Fail, place));
        assert_eq!(said(&two, "control-plane-in-one-zone"), []);
        assert_eq!(audit(scan(&format!("{SHOP}{}{more}", nodes(3, "a"))), rules).report.findings, []);
    }
}

#[test]
fn kubelets_that_say_nothing_leave_their_rules_unknown() {
    let rule = &["--select", "kubelet-read-only-port"];
    let with = |path: &str, status: Option<u16>| {
        let mut scan = answered(scan(SHOP), path, "{}");
        scan.answers.last_mut().expect("an answer").status = status;
        audit(scan, rule)
    };
    let silent = "partial: 1 of 1 kubelets did not say how they are configured";
    assert_eq!(said(&with("kubelet:nodes/node-1/configz", None), rule[1])[0].2, silent);
    let refused = "forbidden: 1 kubelets did not let the account read their configuration";
    assert_eq!(said(&with("kubelet:nodes/node-1/configz", Some(403)), rule[1])[0].2, refused);
    assert_eq!(said(&with("kubelet:nodes", Some(200)), rule[1]), [], "there are no nodes");
    assert_eq!(said(&audit(scan(SHOP), rule), rule[1])[0].2, "partial: no kubelet was asked for its configuration");
}

#[test]
fn kubelets_that_are_configured_alike_are_one() {
    let bad = "{\"kubeletconfig\":{\"readOnlyPort\":10255}}";
    let scan = answered(scan(SHOP), "kubelet:nodes/node-2/configz", bad);
    let scan = answered(
        answered(scan, "kubelet:nodes/node-1/configz", bad),
        "kubelet:nodes/node-3/configz",
        "{\"kubeletconfig\":{}}",
    );
    let said = said(&audit(scan, &["--select", "kubelet-read-only-port"]), "kubelet-read-only-port");
    assert_eq!(said[0].1, "KubeletConfiguration/node-1 (and 1 alike) readOnlyPort");
    assert_eq!(said.len(), 1);
}

/// A certificate of a fixture, as PEM.
fn pem() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/rules/certificates/certificate-expiring.fail.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let data = text.split("-data: ").nth(1).unwrap().split_whitespace().next().unwrap();
    String::from_utf8(data_encoding::BASE64.decode(data.as_bytes()).unwrap()).unwrap()
}

#[test]
fn the_certificate_that_an_api_server_presents_is_judged() {
    let scan = answered(scan(SHOP), "tls:serving-certificate", &pem());
    let said = said(&audit(scan, &["--select", "certificate-expiring"]), "certificate-expiring");
    assert_eq!((said[0].0, said[0].1.as_str()), (Status::Fail, "Cluster/prod servingCertificate"));
}

#[test]
fn an_object_that_is_damaged_is_counted_and_hides_no_other() {
    let mut scan = scan(&SHOP.replace("replicas: 3", "replicas: 1"));
    let deep = format!("{{\"kind\":\"Pod\",\"a\":{}{}}}", "[".repeat(500), "]".repeat(500));
    for text in ["{\"kind\":", "", "[]", "{} {}", deep.as_str(), "\u{202e}"] {
        let object = k8sready::source::ScannedObject { list: 0, text: text.into() };
        scan.objects.insert(0, object);
    }
    let audit = audit(scan, &["--select", "single-replica,parse-error"]);
    assert_eq!(said(&audit, "single-replica").len(), 1);
    assert_eq!(audit.report.coverage.documents_failed, 5, "a list is read, though it is no object");
}
