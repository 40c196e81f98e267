//! Every tool that declares clusters: a good cluster of three nodes has no finding of severity high, and each way of breaking
//! it is found by the same rule, on the line that is wrong.

use k8sready::audit::Audit;
use k8sready::report::Status;
use k8sready::vocabulary::Severity;

use crate::common::{audit, folder};

const PROJECTS: &str = "fixtures/projects/clusters";

/// Whether the tool's own files say that it backs etcd up.
fn arguments(tool: &str) -> &'static [&'static str] {
    match tool {
        "kops" | "rke2" | "k3s" => &["--profile", "strict"],
        _ => &["--profile", "strict", "--assume-external-backup"],
    }
}

fn files(tool: &str) -> Vec<(String, String)> {
    folder(&format!("{PROJECTS}/{tool}"))
}

/// Rule, line and text of the line of each failure.
fn failures(audit: &Audit, files: &[(String, String)]) -> Vec<(String, Severity, String)> {
    let failed = audit.report.findings.iter().filter(|finding| finding.status == Status::Fail);
    failed
        .map(|finding| {
            let place = &finding.location;
            let line = place.region.as_ref().map_or(0, |region| region.line);
            let text = files.iter().find(|(path, _)| *path == place.path);
            let line = text.and_then(|(_, text)| text.lines().nth(line.wrapping_sub(1))).unwrap_or_default();
            (finding.rule.to_string(), finding.severity, line.trim().to_string())
        })
        .collect()
}

const TOOLS: &[&str] = &["cluster-api-v1beta1", "cluster-api-v1beta2", "kops", "kubespray", "rke2", "k3s", "talos"];

#[test]
fn a_good_cluster_of_any_tool_has_no_finding_of_severity_high() {
    for tool in TOOLS {
        let files = files(tool);
        let report = audit(&files, arguments(tool));
        let bad: Vec<_> =
            failures(&report, &files).into_iter().filter(|(_, severity, _)| *severity >= Severity::High).collect();
        assert!(bad.is_empty(), "{tool}: {bad:#?}");
    }
}

#[test]
fn rules_about_a_managed_control_plane_are_skipped_with_the_reason() {
    let report = audit(&files("eksctl"), &[]).report;
    let skipped = report.skipped.iter().find(|skipped| skipped.rule.as_str() == "control-plane-below-three-nodes");
    assert_eq!(skipped.map(|skipped| skipped.reason.as_str()), Some("managed: EKS"));
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

/// One way of breaking a good cluster: tool, file, what is replaced by what, the rule, and a part of the line it points at.
struct Twin(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[test]
fn every_way_of_breaking_a_cluster_is_found_on_its_line() {
    let mut wrong = Vec::new();
    for Twin(tool, file, from, to, rule, line) in TWINS {
        let mut files = files(tool);
        let broken = files.iter_mut().find(|(path, text)| path.ends_with(file) && text.contains(from));
        let (_, text) = broken.unwrap_or_else(|| panic!("{tool}: no {file} holds {from:?}"));
        *text = text.replacen(from, to, 1);
        let found = failures(&audit(&files, arguments(tool)), &files);
        let of_rule: Vec<_> = found.iter().filter(|(found, ..)| found == rule).map(|(.., line)| line).collect();
        if !of_rule.iter().any(|found| found.contains(line)) {
            wrong.push(format!("{tool}: {to:?}: {rule} at {of_rule:?}, not at {line:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const TWINS: &[Twin] = &[
    Twin(
        "kubespray",
        "k8s-cluster.yml",
        "auto_renew_certificates: true",
        "auto_renew_certificates: false",
        "certificate-renewal-missing",
        "auto_renew_certificates: false",
    ),
    Twin(
        "kubespray",
        "k8s-cluster.yml",
        "kube_version: 1.36.6",
        "kube_version: 1.31.9",
        "kubernetes-end-of-life",
        "kube_version: 1.31.9",
    ),
    Twin(
        "kops",
        "cluster.yaml",
        "  kubernetesVersion:",
        "  rollingUpdate:\n    drainAndTerminate: false\n  kubernetesVersion:",
        "node-pool-rollout-unsafe",
        "drainAndTerminate: false",
    ),
    Twin(
        "kops",
        "cluster.yaml",
        "sshAccess: [10.0.0.0/8]",
        "sshAccess: [0.0.0.0/0]",
        "nodes-open-to-internet",
        "sshAccess: [0.0.0.0/0]",
    ),
    Twin(
        "kubespray",
        "inventory.ini",
        "[etcd:children]\nkube_control_plane",
        "[etcd]\ncp1",
        "etcd-below-three-members",
        "[etcd]",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "replicas: 3\n  version",
        "replicas: 1\n  version",
        "control-plane-below-three-nodes",
        "replicas: 1",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "replicas: 3\n  version",
        "replicas: 4\n  version",
        "etcd-even-members",
        "replicas: 4",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "          encryption-provider-config: /etc/kubernetes/encryption/config.yaml\n",
        "",
        "encryption-at-rest-missing",
        "extraArgs:",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "          audit-policy-file: /etc/kubernetes/audit/policy.yaml\n",
        "",
        "audit-policy-missing",
        "extraArgs:",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "authorization-mode: Node,RBAC",
        "authorization-mode: AlwaysAllow",
        "authorization-always-allow",
        "authorization-mode: AlwaysAllow",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "8589934592",
        "17179869184",
        "etcd-quota-above-8gib",
        "quota-backend-bytes",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "anonymous-auth: \"false\"",
        "anonymous-auth: \"true\"",
        "kubelet-anonymous-auth",
        "anonymous-auth",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "read-only-port: \"0\"",
        "read-only-port: \"10255\"",
        "kubelet-read-only-port",
        "read-only-port",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "taints:\n          - { key: node-role.kubernetes.io/control-plane, effect: NoSchedule }",
        "taints: []",
        "control-plane-untainted",
        "taints: []",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "maxUnhealthy: 1",
        "maxUnhealthy: 100%",
        "machine-health-check-uncapped",
        "maxUnhealthy: 100%",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "          - { name: audit, hostPath: /etc/kubernetes/audit, mountPath: /etc/kubernetes/audit, readOnly: true }\n",
        "",
        "component-flag-file-not-mounted",
        "audit-policy-file",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "  clusterNetwork:",
        "  paused: true\n  clusterNetwork:",
        "capi-reconciliation-paused",
        "paused: true",
    ),
    Twin(
        "cluster-api-v1beta1",
        "cluster.yaml",
        "host: api.prod.example.com",
        "host: 10.0.0.100",
        "control-plane-endpoint-ip-literal",
        "host: 10.0.0.100",
    ),
    Twin(
        "cluster-api-v1beta2",
        "cluster.yaml",
        "replicas: 3",
        "replicas: 2",
        "control-plane-below-three-nodes",
        "replicas: 2",
    ),
    Twin(
        "cluster-api-v1beta2",
        "cluster.yaml",
        "value: Node,RBAC",
        "value: AlwaysAllow",
        "authorization-always-allow",
        "value: AlwaysAllow",
    ),
    Twin(
        "cluster-api-v1beta2",
        "cluster.yaml",
        "value: \"0\"",
        "value: \"10255\"",
        "kubelet-read-only-port",
        "value: \"10255\"",
    ),
    Twin("kops", "cluster.yaml", "minSize: 1\n", "minSize: 3\n", "kops-control-plane-group-size", "minSize: 3"),
    Twin(
        "kops",
        "cluster.yaml",
        "encryptionConfig: true",
        "encryptionConfig: false",
        "encryption-at-rest-missing",
        "encryptionConfig: false",
    ),
    Twin(
        "kops",
        "cluster.yaml",
        "    auditPolicyFile: /srv/kubernetes/kube-apiserver/audit-policy.yaml\n",
        "",
        "audit-policy-missing",
        "kubeAPIServer:",
    ),
    Twin(
        "kops",
        "cluster.yaml",
        "anonymousAuth: false",
        "anonymousAuth: true",
        "kubelet-anonymous-auth",
        "anonymousAuth: true",
    ),
    Twin(
        "kops",
        "cluster.yaml",
        "instanceGroup: control-plane-eu-west-1b",
        "instanceGroup: control-plane-eu-west-1a",
        "kops-etcd-members-mismatch",
        "name: b",
    ),
    Twin("kops", "cluster.yaml", "volumeType: gp3", "volumeType: gp2", "etcd-volume-slow", "volumeType: gp2"),
    Twin(
        "kops",
        "cluster.yaml",
        "encryptedVolume: true",
        "encryptedVolume: false",
        "etcd-volume-unencrypted",
        "encryptedVolume: false",
    ),
    Twin("kops", "cluster.yaml", "rbac: {}", "alwaysAllow: {}", "authorization-always-allow", "alwaysAllow"),
    Twin(
        "kops",
        "cluster.yaml",
        "httpTokens: required",
        "httpTokens: optional",
        "instance-metadata-v1",
        "httpTokens: optional",
    ),
    Twin(
        "kops",
        "cluster.yaml",
        "backupStore: s3://backups.example.com/prod",
        "backupStore: file:///var/backups",
        "backup-on-same-host",
        "backupStore",
    ),
    Twin(
        "kubespray",
        "inventory.ini",
        "cp1\ncp2\ncp3\n\n[etcd",
        "cp1\n\n[etcd",
        "control-plane-below-three-nodes",
        "[kube_control_plane]",
    ),
    Twin(
        "kubespray",
        "inventory.ini",
        "[etcd:children]\nkube_control_plane",
        "[etcd]\ncp1\ncp2\ncp3\nworker1",
        "etcd-even-members",
        "[etcd]",
    ),
    Twin("kubespray", "inventory.ini", "[kube_node]\n", "[kube_node]\ncp1\n", "control-plane-untainted", "[kube_node]"),
    Twin(
        "kubespray",
        "k8s-cluster.yml",
        "kube_encrypt_secret_data: true",
        "kube_encrypt_secret_data: false",
        "encryption-at-rest-missing",
        "kube_encrypt_secret_data: false",
    ),
    Twin(
        "kubespray",
        "k8s-cluster.yml",
        "kubeconfig_localhost: false",
        "kubeconfig_localhost: true",
        "kubespray-credentials-exposed",
        "kubeconfig_localhost: true",
    ),
    Twin(
        "kubespray",
        "all.yml",
        "loadbalancer_apiserver:\n  address: 10.0.0.100\n  port: 6443",
        "loadbalancer_apiserver_localhost: false",
        "control-plane-endpoint-missing",
        "loadbalancer_apiserver_localhost: false",
    ),
    Twin(
        "kubespray",
        "k8s-cluster.yml",
        "kubernetes_audit: true",
        "kubernetes_audit: false",
        "audit-policy-missing",
        "kubernetes_audit: false",
    ),
    Twin("rke2", "server-1/config.yaml", "etcd-s3: true", "etcd-s3: false", "backup-on-same-host", "etcd-s3: false"),
    Twin(
        "rke2",
        "server-1/config.yaml",
        "secrets-encryption: true",
        "secrets-encryption: false",
        "encryption-at-rest-missing",
        "secrets-encryption: false",
    ),
    Twin(
        "rke2",
        "server-1/config.yaml",
        "node-taint:\n  - CriticalAddonsOnly=true:NoExecute\n",
        "node-taint: []\n",
        "control-plane-untainted",
        "node-taint: []",
    ),
    Twin(
        "rke2",
        "server-1/config.yaml",
        "authorization-mode=Node,RBAC",
        "authorization-mode=AlwaysAllow",
        "authorization-always-allow",
        "authorization-mode=AlwaysAllow",
    ),
    Twin(
        "rke2",
        "server-1/config.yaml",
        "anonymous-auth=false",
        "anonymous-auth=true",
        "kubelet-anonymous-auth",
        "anonymous-auth=true",
    ),
    Twin("rke2", "server-1/config.yaml", "\"0 */6 * * *\"", "\"0 3 * * 0\"", "backup-interval-too-long", "0 3 * * 0"),
    Twin(
        "rke2",
        "server-1/config.yaml",
        "etcd-snapshot-retention: 28",
        "etcd-disable-snapshots: true",
        "backup-missing",
        "etcd-disable-snapshots: true",
    ),
    Twin(
        "rke2",
        "server-1/config.yaml",
        "  - api.prod.example.com",
        "  - internal.example.com",
        "apiserver-san-missing",
        "tls-san",
    ),
    Twin(
        "k3s",
        "server-1/config.yaml",
        "secrets-encryption: true",
        "secrets-encryption: false",
        "encryption-at-rest-missing",
        "secrets-encryption: false",
    ),
    Twin(
        "k3s",
        "server-1/config.yaml",
        "  - audit-policy-file=/var/lib/rancher/k3s/server/audit.yaml\n",
        "",
        "audit-policy-missing",
        "kube-apiserver-arg",
    ),
    Twin("k3s", "server-1/config.yaml", "etcd-s3: true", "etcd-s3: false", "backup-on-same-host", "etcd-s3: false"),
    Twin(
        "talos",
        "control-plane-1.yaml",
        "endpoint: https://api.prod.example.com:6443",
        "endpoint: https://10.0.0.12:6443",
        "control-plane-endpoint-is-node-address",
        "10.0.0.12",
    ),
    Twin(
        "talos",
        "control-plane-1.yaml",
        "allowSchedulingOnControlPlanes: false",
        "allowSchedulingOnControlPlanes: true",
        "control-plane-untainted",
        "allowSchedulingOnControlPlanes: true",
    ),
    Twin(
        "talos",
        "control-plane-1.yaml",
        "  secretboxEncryptionSecret: \"{{ talos_secretbox }}\"\n",
        "",
        "encryption-at-rest-missing",
        "extraArgs:",
    ),
];
