//! What a cluster has otherwise than files declare it.

use std::fs;

use k8sready::vocabulary::ProblemKind;

use super::making::{SHOP, audit, ended, scan};
use k8sready::source::{ListState, Scan};

/// The notes about drift between some files and a cluster, each with its line.
fn drift(files: &[(&str, &str)], scan: Scan) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().to_string_lossy().into_owned();
    let audit = audit(scan, &["--live", "--select", "single-replica", "--compare", &path]);
    let notes = audit.report.problems.iter().filter(|note| note.code == ProblemKind::LiveDrift);
    notes
        .map(|note| match &note.location {
            Some(at) => {
                let name = at.path.rsplit('/').next().unwrap_or_default();
                format!("{name}:{} {}", at.region.unwrap().line, note.message)
            }
            None => note.message.clone(),
        })
        .collect()
}

#[test]
fn declared_fields_that_differ_are_told_at_their_lines() {
    let file = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, labels: { team: a } }
spec:
  replicas: 5
  paused: false
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      hostNetwork: true
      containers:
        - name: sidecar
          image: gone:1
        - name: web
          image: registry.example/web:1.3
          resources: { requests: { cpu: 0.1, memory: 64Mi } }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web } }
";
    assert_eq!(
        drift(&[("web.yaml", file)], scan(SHOP)),
        [
            "web.yaml:6 `Deployment/shop/web` spec.replicas is `5` in the files and `3` in the cluster",
            "web.yaml:12 `Deployment/shop/web` spec.template.spec.hostNetwork is `true` in the files and unset in the cluster",
            "web.yaml:14 `Deployment/shop/web` spec.template.spec.containers[name=sidecar].name is `sidecar` in the files and unset in the cluster",
            "web.yaml:15 `Deployment/shop/web` spec.template.spec.containers[name=sidecar].image is `gone:1` in the files and unset in the cluster",
            "web.yaml:17 `Deployment/shop/web` spec.template.spec.containers[name=web].image is `registry.example/web:1.3` in the files and `registry.example/web:1.2` in the cluster",
            "web.yaml:22 `Service/shop/web` is declared and not in the cluster",
        ]
    );
}

#[test]
fn what_a_cluster_adds_is_no_drift() {
    assert_eq!(
        drift(&[("shop.yaml", SHOP.split("---\napiVersion: apps/v1\nkind: ReplicaSet").next().unwrap())], scan(SHOP)),
        [""; 0]
    );
    let less = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 3 }\n";
    assert_eq!(drift(&[("less.yaml", less)], scan(SHOP)), [""; 0]);
}

#[test]
fn what_an_autoscaler_sets_is_no_drift() {
    let scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web, namespace: shop }\nspec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, minReplicas: 2, maxReplicas: 9 }\n";
    let file =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop }\nspec: { replicas: 2 }\n";
    assert_eq!(drift(&[("web.yaml", file)], scan(&format!("{SHOP}{scaler}"))), [""; 0]);
}

#[test]
fn secrets_are_neither_compared_nor_shown() {
    let env = |value: &str| {
        SHOP.replacen(
            "{ name: web, image:",
            &format!("{{ name: web, env: [{{ name: DB_PASSWORD, value: {value} }}], image:"),
            1,
        )
    };
    let file = env("hunter2-new");
    let declared = file.split("---\napiVersion: apps/v1\nkind: ReplicaSet").next().unwrap();
    assert_eq!(drift(&[("shop.yaml", declared)], scan(&env("hunter2-old"))), [""; 0]);
}

#[test]
fn what_was_not_seen_is_not_missing_and_variants_are_not_compared() {
    let service =
        "apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { selector: { app: web } }\n";
    assert_eq!(drift(&[("s.yaml", service)], ended(scan(SHOP), "services", ListState::Forbidden)), [""; 0]);
    let two = [("a.yaml", service), ("b.yaml", service)];
    let note = "1 objects are declared more than once, and were not compared with the cluster";
    assert_eq!(drift(&two, scan(SHOP)), [note]);
}
