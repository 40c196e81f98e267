//! Scans for tests, made of YAML as people write it.

use clap::Parser as _;
use k8sready::audit::{Audit, audit_scan};
use k8sready::cli::{Args, Command, ConfigFile};
use k8sready::facts::APIS;
use k8sready::inventory::trim;
use k8sready::report::{Finding, Status};
use k8sready::settings::Settings;
use k8sready::source::{Answer, ClusterName, ListState, Listed, Resource, Scan, ScannedObject, SourceKind};

/// A scan of a cluster that showed everything it was asked for.
pub fn scan(yaml: &str) -> Scan {
    let lists: Vec<Listed> = APIS
        .iter()
        .map(|api| Listed {
            resource: Resource {
                group: api.group.to_string(),
                version: api.version.to_string(),
                kind: api.kind.to_string(),
                plural: api.plural.to_string(),
                namespaced: api.namespaced,
            },
            state: ListState::Complete,
            inconsistent: false,
        })
        .collect();
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(yaml).expect("YAML");
    let objects = documents.iter().map(|document| {
        let at = APIS.iter().position(|api| document["kind"] == api.kind).expect("a known kind");
        let text = trim(&lists[at].resource, document.to_string().as_bytes()).expect("an object");
        ScannedObject { list: u32::try_from(at).unwrap(), text }
    });
    let objects = objects.collect();
    let cluster = ClusterName {
        name: "prod".to_string(),
        context: "admin@prod".to_string(),
        server: "https://10.0.0.1:6443".to_string(),
        version: "v1.36.2".to_string(),
        taken_at: "2026-11-24T10:00:00Z".to_string(),
    };
    Scan { cluster, lists, objects, answers: Vec::new() }
}

/// The same with a list that ended otherwise.
pub fn ended(mut scan: Scan, plural: &str, state: ListState) -> Scan {
    let at = scan.lists.iter().position(|listed| listed.resource.plural == plural).expect("a known plural");
    if matches!(state, ListState::Forbidden | ListState::Absent) {
        scan.objects.retain(|object| object.list as usize != at);
    }
    scan.lists[at].state = state;
    scan
}

/// The same with an answer.
pub fn answered(mut scan: Scan, path: &str, text: &str) -> Scan {
    scan.answers.push(Answer { path: path.to_string(), status: Some(200), text: text.to_string() });
    scan
}

/// Audits a scan with further arguments.
pub fn audit(scan: Scan, arguments: &[&str]) -> Audit {
    let args = Args::parse_from(["k8sready", "audit", "--isolated"].iter().chain(arguments));
    let Command::Audit(args) = args.command else { panic!("`audit` was asked for") };
    let today = "2026-11-24".parse().expect("a date");
    let settings = Settings::build(&args, &ConfigFile::default(), today).expect("valid settings");
    audit_scan(&settings, scan, &SourceKind::Live).expect("an audit")
}

/// What a rule says: status, object and field, reason.
pub fn said(audit: &Audit, rule: &str) -> Vec<(Status, String, String)> {
    let of_rule = audit.report.findings.iter().filter(|finding| finding.rule.as_str() == rule);
    let said = |finding: &Finding| {
        let place = format!("{} {}", finding.location.object, finding.location.field);
        (finding.status, place.trim().to_string(), finding.reason.as_ref().map(ToString::to_string).unwrap_or_default())
    };
    of_rule.map(said).collect()
}

/// A Deployment with its ReplicaSet and one Pod, as a cluster returns them.
pub const SHOP: &str = "
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { pod-security.kubernetes.io/enforce: restricted } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, uid: 0000-1111, resourceVersion: '7' }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: web, image: 'registry.example/web:1.2', resources: { requests: { cpu: 100m, memory: 64Mi } } }
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-5d
  namespace: shop
  labels: { app: web, pod-template-hash: 5d }
  ownerReferences: [{ apiVersion: apps/v1, kind: Deployment, name: web, uid: 0000-1111, controller: true }]
spec:
  replicas: 3
  template: { spec: { containers: [{ name: web, image: 'registry.example/web:1.2' }] } }
---
apiVersion: v1
kind: Pod
metadata:
  name: web-5d-x1
  namespace: shop
  labels: { app: web, pod-template-hash: 5d }
  ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web-5d, uid: 0000-2222, controller: true }]
spec:
  nodeName: node-1
  containers: [{ name: web, image: 'registry.example/web:1.2', env: [{ name: A, value: b }] }]
status:
  phase: Running
  containerStatuses: [{ name: web, ready: true, restartCount: 0, state: { running: { startedAt: '2026-11-01T00:00:00Z' } } }]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: shop }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: web } } }
";
