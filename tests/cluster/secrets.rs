//! Secrets reach neither a scan, nor a snapshot file, nor a report.

use std::io::Read as _;

use k8sready::commands::Texts;
use k8sready::inventory::trim;
use k8sready::report::{Detail, Format, Style, write};
use k8sready::source::{Resource, SourceKind, read_snapshot, write_snapshot};

use super::making::{audit, said, scan};

/// What must never be seen.
const CANARY: &str = "cAnArY0f7b2e91d4c8Tw33t";

/// Objects with secrets wherever people keep them.
fn objects() -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{{\"spec\":{{\"env\":[{{\"name\":\"X\",\"value\":\"{CANARY}\"}}]}}}}'
  managedFields: [{{ manager: {CANARY} }}]
spec:
  replicas: 1
  selector: {{ matchLabels: {{ app: web }} }}
  template:
    metadata: {{ labels: {{ app: web }} }}
    spec:
      containers:
        - name: web
          image: web:latest
          args: ['--password={CANARY}']
          env:
            - {{ name: DB_PASSWORD, value: {CANARY} }}
            - {{ name: URL, value: 'postgres://u:{CANARY}@db/x' }}
---
apiVersion: v1
kind: ConfigMap
metadata: {{ name: settings, namespace: shop }}
data:
  password: {CANARY}
  app.properties: |
    db.password={CANARY}
  key.pem: |
    -----BEGIN PRIVATE KEY-----
    {CANARY}
    -----END PRIVATE KEY-----
"
    )
}

#[test]
fn a_snapshot_file_holds_no_secret_and_rules_still_see_that_there_was_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prod.json.gz");
    let scan = scan(&objects());
    write_snapshot(&path, &scan).unwrap();
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut unpacked).unwrap();
    assert!(unpacked.contains("DB_PASSWORD"), "the object is there");
    assert!(!unpacked.contains(CANARY), "{unpacked}");
    assert!(!unpacked.contains("managedFields") && !unpacked.contains("last-applied"), "{unpacked}");
    let audit = audit(read_snapshot(&path).unwrap(), &["--profile", "strict"]);
    assert_eq!(said(&audit, "secret-literal-in-env").len(), 3, "two variables and an argument");
    assert!(!said(&audit, "secret-in-configmap").is_empty());
}

#[test]
fn no_format_shows_a_secret_of_a_cluster() {
    let audit = audit(scan(&objects()), &["--profile", "strict", "--include-passes"]);
    for format in Format::ALL {
        let style = Style { width: 100, detail: Detail::All, ..Style::default() };
        let mut bytes = Vec::new();
        write(*format, &audit.report, &Texts(audit.inventory.sources()), &style, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains(CANARY), "{format}: {text}");
    }
}

#[test]
fn what_a_hand_made_scan_holds_in_clear_is_hidden_while_it_is_read() {
    let mut scan = scan("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: b }\n");
    scan.objects[0].text = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{{\"name\":\"a\"}},\"data\":{{\"a\":\"{CANARY}\"}}}}"
    )
    .into();
    let loaded = k8sready::inventory::load_scan(scan, &SourceKind::Snapshot);
    assert!(loaded.inventory.sources().iter().all(|source| !source.text().contains(CANARY)));
}

#[test]
fn an_item_of_a_list_of_secrets_is_known_to_be_one() {
    let resource = Resource {
        group: String::new(),
        version: "v1".into(),
        kind: "Secret".into(),
        plural: "secrets".into(),
        namespaced: true,
    };
    let text =
        trim(&resource, format!("{{\"metadata\":{{\"name\":\"a\"}},\"data\":{{\"x\":\"{CANARY}\"}}}}").as_bytes());
    let text = text.expect("an object");
    assert!(!text.contains(CANARY) && text.contains("«redacted secret-data 23»"), "{text}");
    for bad in [&b"[]"[..], b"", b"{\"a\":1", b"\xff", b"{\"a\":1,\"a\":2}", b"{} {}"] {
        assert_eq!(trim(&resource, bad), None, "{}", String::from_utf8_lossy(bad));
    }
}

#[test]
fn answers_lose_their_secrets_before_they_are_kept() {
    use k8sready::audit::settled;
    use k8sready::source::Wants;
    let text =
        format!("{{\"kubeletconfig\":{{\"readOnlyPort\":0,\"staticPodURLHeader\":{{\"X-Token\":\"{CANARY}\"}}}}}}");
    let scan = super::making::answered(
        scan("apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n"),
        "kubelet:nodes/n1/configz",
        &text,
    );
    let kept = settled(scan, &Wants::default());
    assert!(!kept.answers[0].text.contains(CANARY), "{}", kept.answers[0].text);
    assert!(kept.answers[0].text.contains("readOnlyPort"));
}
