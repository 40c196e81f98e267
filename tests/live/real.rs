//! Scans of a real API server.

use std::fs;
use std::io::Write as _;
use std::sync::OnceLock;

use k8sready::source::cluster::{Access, Obstacle, preflight, scan};
use k8sready::source::{ListState, Resource, Scan, Want, Wants};
use serde_json::{Value, json};

use super::cluster::{Cluster, cluster};
use super::{listed, names, scanned, state, trim, want};

/// More than one page.
const CONFIG_MAPS: usize = 1120;

/// The cluster with its objects, or `None`, and a line that says so.
pub fn filled() -> Option<&'static Cluster> {
    static FILLED: OnceLock<Option<&'static Cluster>> = OnceLock::new();
    *FILLED.get_or_init(|| {
        let Some(cluster) = cluster() else {
            // Past the capture of output: who reads the log must see what was left out.
            let _ = writeln!(
                std::io::stderr(),
                "no scans of a real API server: build it with `tests/live/assets/build DIR`, then set KUBEBUILDER_ASSETS=DIR"
            );
            return None;
        };
        fill(cluster);
        Some(cluster)
    })
}

fn at(path: &str, object: Value) -> (String, Value) {
    (path.to_string(), object)
}

fn named(kind: &str, version: &str, name: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
    for (key, value) in rest.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

fn fill(cluster: &Cluster) {
    let namespace = |name: &str| at("/api/v1/namespaces", named("Namespace", "v1", name, json!({})));
    cluster.create(&[namespace("shop"), namespace("tenant-a"), namespace("tenant-b")]);
    let map = |index: usize| named("ConfigMap", "v1", &format!("map-{index:04}"), json!({"data": {"a": "b"}}));
    let maps: Vec<_> = (0..CONFIG_MAPS).map(|index| at("/api/v1/namespaces/shop/configmaps", map(index))).collect();
    cluster.create(&maps);
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "nginx:1.29"}]}});
    let spec = json!({"spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}});
    let role = "rbac.authorization.k8s.io/v1";
    let rules = json!({"rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]}]});
    let subjects = json!([{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "tenants"}]);
    let binding = |kind: &str, name: &str| json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}, "subjects": subjects});
    let sees = json!({"rules": [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"]}]});
    cluster.create(&[
        at("/apis/apps/v1/namespaces/shop/deployments", named("Deployment", "apps/v1", "web", spec.clone())),
        at("/apis/apps/v1/namespaces/tenant-a/deployments", named("Deployment", "apps/v1", "own", spec)),
        at(
            "/api/v1/namespaces/shop/secrets",
            named("Secret", "v1", "key", json!({"stringData": {"password": "hunter2"}})),
        ),
        at("/apis/rbac.authorization.k8s.io/v1/namespaces/tenant-a/roles", named("Role", role, "reads", rules)),
        at(
            "/apis/rbac.authorization.k8s.io/v1/namespaces/tenant-a/rolebindings",
            named("RoleBinding", role, "reads", binding("Role", "reads")),
        ),
        at("/apis/rbac.authorization.k8s.io/v1/clusterroles", named("ClusterRole", role, "sees", sees)),
        at(
            "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            named("ClusterRoleBinding", role, "sees", binding("ClusterRole", "sees")),
        ),
    ]);
}

fn wants() -> Wants {
    let one = Want {
        only: vec![("shop".into(), "map-0007".into()), ("shop".into(), "gone".into())],
        ..want("", "configmaps")
    };
    Wants {
        resources: vec![
            want("", "namespaces"),
            want("apps", "deployments"),
            want("autoscaling", "horizontalpodautoscalers"),
            want("gateway.networking.k8s.io", "gateways"),
            want("rbac.authorization.k8s.io", "clusterroles"),
            one,
        ],
        paths: ["/version", "/readyz?verbose", "/metrics"].map(String::from).to_vec(),
        metrics: vec!["apiserver_request_total".into()],
        kubelet_config: false,
    }
}

fn answer<'s>(scan: &'s Scan, path: &str) -> &'s k8sready::source::Answer {
    scan.answers.iter().find(|answer| answer.path == path).expect("asked for")
}

#[test]
fn an_administrator_reads_everything_that_is_wanted() {
    let Some(cluster) = filled() else { return };
    let scan = scanned(&cluster.settings("admin"), &wants()).expect("a scan");
    assert!(scan.cluster.version.starts_with("v1."), "{:?}", scan.cluster);
    assert_eq!(names(&scan, "deployments"), ["shop/web", "tenant-a/own"]);
    assert_eq!(listed(&scan, "deployments").resource.kind, "Deployment");
    assert_eq!(listed(&scan, "horizontalpodautoscalers").resource.version, "v2");
    assert_eq!(state(&scan, "horizontalpodautoscalers"), &ListState::Complete);
    assert_eq!(state(&scan, "gateways"), &ListState::Absent);
    assert_eq!(names(&scan, "configmaps"), ["shop/map-0007"], "one exists, one does not");
    assert!(names(&scan, "clusterroles").contains(&"/system:discovery".to_string()));
    assert!(answer(&scan, "/readyz?verbose").text.contains("[+]ping ok"));
    let metrics = &answer(&scan, "/metrics").text;
    assert!(!metrics.is_empty() && metrics.lines().all(|line| line.starts_with("apiserver_request_total")));
}

#[test]
fn a_list_of_several_pages_is_whole_and_in_order() {
    let Some(cluster) = filled() else { return };
    let mut settings = cluster.settings("admin");
    settings.namespaces = vec!["shop".into()];
    let wants = Wants { resources: vec![want("", "configmaps")], ..Wants::default() };
    let scan = scanned(&settings, &wants).expect("a scan");
    let expected: Vec<String> = (0..CONFIG_MAPS).map(|index| format!("shop/map-{index:04}")).collect();
    assert_eq!(names(&scan, "configmaps"), expected);
    assert_eq!(state(&scan, "configmaps"), &ListState::Namespaces(vec!["shop".into()]));
}

#[test]
fn a_list_whose_token_expires_goes_on_and_says_so() {
    let Some(cluster) = filled() else { return };
    let mut settings = cluster.settings("admin");
    settings.namespaces = vec!["shop".into()];
    let wants = Wants { resources: vec![want("", "configmaps")], ..Wants::default() };
    let once = std::sync::Once::new();
    // While the first page is read, and the second is on its way, etcd forgets their moment: the third cannot follow.
    let forget = |resource: &Resource, text: &[u8]| {
        once.call_once(|| {
            cluster.create(&[at("/api/v1/namespaces", named("Namespace", "v1", "later", json!({})))]);
            cluster.compact();
        });
        trim(resource, text)
    };
    let scan = scan(&settings, &wants, &forget, &|_| {}).expect("a scan");
    assert_eq!(state(&scan, "configmaps"), &ListState::Namespaces(vec!["shop".into()]));
    assert!(listed(&scan, "configmaps").inconsistent, "its pages are of two moments");
    assert_eq!(names(&scan, "configmaps").len(), CONFIG_MAPS);
}

#[test]
fn the_serving_certificate_is_the_servers() {
    let Some(cluster) = filled() else { return };
    let scan = scanned(&cluster.settings("admin"), &wants()).expect("a scan");
    let file = fs::read_to_string(cluster.folder.join("server.crt")).expect("a certificate");
    let bare = |text: &str| text.lines().collect::<String>();
    assert_eq!(bare(&answer(&scan, "tls:serving-certificate").text), bare(&file));
}

#[test]
fn a_tenant_reads_its_own_namespace() {
    let Some(cluster) = filled() else { return };
    let scan = scanned(&cluster.settings("tenant"), &wants()).expect("a scan");
    assert_eq!(state(&scan, "deployments"), &ListState::Namespaces(vec!["tenant-a".into()]));
    assert_eq!(names(&scan, "deployments"), ["tenant-a/own"]);
    assert_eq!(state(&scan, "namespaces"), &ListState::Complete);
    assert_eq!(state(&scan, "clusterroles"), &ListState::Forbidden);
    assert_eq!(state(&scan, "configmaps"), &ListState::Forbidden);
    assert_eq!(answer(&scan, "/metrics").status, Some(403));
}

#[test]
fn nobody_in_particular_is_told_what_is_forbidden() {
    let Some(cluster) = filled() else { return };
    let scan = scanned(&cluster.settings("nobody"), &wants()).expect("a scan");
    assert_eq!(state(&scan, "gateways"), &ListState::Absent, "discovery is for everybody");
    for plural in ["namespaces", "deployments", "clusterroles"] {
        assert_eq!(state(&scan, plural), &ListState::Forbidden, "{plural}");
    }
}

#[test]
fn an_administrator_can_look_through_a_tenants_eyes() {
    let Some(cluster) = filled() else { return };
    let mut settings = cluster.settings("admin");
    settings.impersonate.user = Some("somebody".into());
    settings.impersonate.groups = vec!["tenants".into(), "system:authenticated".into()];
    let scan = scanned(&settings, &wants()).expect("a scan");
    assert_eq!(state(&scan, "deployments"), &ListState::Namespaces(vec!["tenant-a".into()]));
}

#[test]
fn an_unknown_token_is_refused() {
    let Some(cluster) = filled() else { return };
    let mut settings = cluster.settings("admin");
    let token = cluster.folder.join("unknown-token");
    fs::write(&token, "nonsense").expect("a file");
    settings.token_file = Some(token);
    let error = scanned(&settings, &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Unauthorized, "{error}");
}

#[test]
fn a_server_of_another_authority_is_not_trusted() {
    let Some(cluster) = filled() else { return };
    let mut settings = cluster.settings("nobody");
    let folder = tempfile::tempdir().expect("a folder");
    let key = rcgen::KeyPair::generate().expect("a key");
    let other = super::cluster::authority().self_signed(&key).expect("a certificate").pem();
    fs::write(folder.path().join("ca.crt"), other).expect("a file");
    let path = settings.kubeconfig.named.take().expect("a kubeconfig");
    let copy = folder.path().join("kubeconfig");
    fs::copy(path, &copy).expect("a copy");
    settings.kubeconfig.named = Some(copy);
    let error = scanned(&settings, &wants()).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::Tls, "{error}");
    settings.insecure = true;
    scanned(&settings, &wants()).expect("the user wanted it");
}

#[test]
fn permissions_are_known_before_a_scan() {
    let Some(cluster) = filled() else { return };
    let wants = Wants { resources: vec![want("", "namespaces"), want("apps", "deployments")], ..wants() };
    let allowed = |user: &str, namespaces: &[&str]| {
        let mut settings = cluster.settings(user);
        settings.namespaces = namespaces.iter().map(ToString::to_string).collect();
        let all = preflight(&settings, &wants, &|_| {}).expect("answers");
        let lists = all.iter().filter(|permission| matches!(permission.access, Access::List { .. }));
        lists.map(|permission| permission.allowed == Some(true)).collect::<Vec<_>>()
    };
    assert_eq!(allowed("admin", &[]), [true, true]);
    assert_eq!(allowed("tenant", &[]), [true, false]);
    assert_eq!(allowed("tenant", &["tenant-a"]), [true, true]);
    assert_eq!(allowed("nobody", &[]), [false, false]);
}

#[test]
fn the_audit_log_shows_no_word_of_secrets() {
    let Some(cluster) = filled() else { return };
    let scan = scanned(&cluster.settings("admin"), &wants()).expect("a scan");
    assert!(!scan.objects.is_empty());
    let log = fs::read_to_string(cluster.folder.join("audit.jsonl")).expect("an audit log");
    let ours: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).filter(by_us).collect();
    assert!(!ours.is_empty(), "the audit log does not know us");
    for event in ours {
        let (verb, object) = (&event["verb"], &event["objectRef"]);
        let review = object["resource"].as_str().is_some_and(|name| name.starts_with("selfsubject"));
        assert!(["get", "list"].iter().any(|allowed| verb == allowed) || review, "{event}");
        assert!(object["resource"] != "secrets" && object["subresource"] != "proxy", "{event}");
    }
}

fn by_us(event: &Value) -> bool {
    event["userAgent"].as_str().is_some_and(|agent| agent.starts_with("k8sready/"))
}
