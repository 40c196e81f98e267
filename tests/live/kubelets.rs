//! Kubelets are asked for their configuration themselves, and get credentials only behind a certificate of the cluster's
//! authority.

use std::fs;

use k8sready::source::cluster::LiveSettings;
use k8sready::source::{Answer, Wants};

use super::server::{Action, Server, settings};
use super::{scanned, wants};

/// A node whose kubelet listens on a port of this machine.
fn node(name: &str, port: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}"}},"status":{{"addresses":[{{"type":"Hostname","address":"{name}"}},
        {{"type":"InternalIP","address":"127.0.0.1"}}],"daemonEndpoints":{{"kubeletEndpoint":{{"Port":{port}}}}}}}}}"#
    )
}

fn kubelet() -> Server {
    Server::start_tls(|asked| {
        (asked.target == "/configz").then(|| Action::Reply(200, r#"{"kubeletconfig":{"maxPods":110}}"#.to_string()))
    })
}

/// An API server that knows these nodes, and settings with a token to scan it.
fn cluster(nodes: Vec<String>) -> (Server, LiveSettings) {
    let server = Server::start_tls(move |asked| {
        let body = format!(r#"{{"kind":"NodeList","metadata":{{}},"items":[{}]}}"#, nodes.join(","));
        asked.target.starts_with("/api/v1/nodes?").then_some(Action::Reply(200, body))
    });
    let text = format!(
        "current-context: test\n\
         clusters: [{{name: real, cluster: {{server: '{}', certificate-authority: ca.crt}}}}]\n\
         contexts: [{{name: test, context: {{cluster: real, user: me}}}}]\nusers: [{{name: me, user: {{token: hunter2}}}}]\n",
        server.url
    );
    let path = server.folder().join("kubeconfig");
    fs::write(&path, text).expect("a kubeconfig");
    (server, settings(path))
}

fn answers(settings: &LiveSettings) -> Vec<Answer> {
    let scan = scanned(settings, &Wants { kubelet_config: true, ..wants() }).expect("a scan");
    scan.answers.into_iter().filter(|answer| answer.path.starts_with("kubelet:")).collect()
}

#[test]
fn a_kubelet_of_the_cluster_is_asked_with_credentials() {
    let kubelet = kubelet();
    let (server, settings) = cluster(vec![node("n1", kubelet.port())]);
    // One authority vouches for both.
    let both = [server.folder(), kubelet.folder()]
        .map(|folder| fs::read_to_string(folder.join("ca.crt")).expect("a certificate"));
    fs::write(server.folder().join("ca.crt"), both.concat()).expect("a certificate");
    let answers = answers(&settings);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].path, "kubelet:nodes/n1/configz");
    assert_eq!((answers[0].status, answers[0].text.as_str()), (Some(200), r#"{"kubeletconfig":{"maxPods":110}}"#));
    let asked = kubelet.asked();
    assert!(asked[0].headers.contains("authorization: bearer hunter2"), "{asked:?}");
    assert_eq!(server.count("proxy"), 0, "the API server was asked for a proxy");
}

#[test]
fn an_unchecked_api_server_does_not_make_kubelets_trusted() {
    let stranger = kubelet();
    let (_server, mut settings) = cluster(vec![node("n1", stranger.port())]);
    settings.insecure = true;
    let answers = answers(&settings);
    assert!(answers[0].status.is_none() && answers[0].text.contains("TLS"), "{answers:?}");
    assert!(stranger.asked().is_empty(), "it was asked: {:?}", stranger.asked());
}

#[test]
fn a_plugin_runs_no_more_often_than_it_must() {
    let (server, mut settings) = cluster(vec![node("n1", "1")]);
    let runs = server.folder().join("runs");
    let credential =
        r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}"#;
    let exec = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, interactiveMode: Never, \
         args: [-c, \"echo run >> {}; echo '{}'\"]}}",
        runs.display(),
        credential.replace('"', "\\\""),
    );
    let path = settings.kubeconfig.named.take().expect("a kubeconfig");
    let text = fs::read_to_string(&path).expect("a kubeconfig").replace("token: hunter2", &exec);
    fs::write(&path, text).expect("a kubeconfig");
    settings.kubeconfig.named = Some(path);
    settings.timeout = std::time::Duration::from_secs(20);
    let count = || fs::read_to_string(&runs).expect("it ran").lines().count();
    scanned(&settings, &wants()).expect("a scan");
    let to_connect = count();
    let answers = answers(&settings);
    assert!(answers[0].text.contains("no connection"), "{answers:?}");
    assert_eq!(count(), 2 * to_connect, "nothing else needs credentials where no kubelet listens");
}

#[test]
fn a_stranger_gets_no_credentials() {
    let stranger = kubelet();
    let (_server, settings) = cluster(vec![node("n1", stranger.port()), node("n2", "1"), node("n3", "0")]);
    let answers = answers(&settings);
    assert!(answers.iter().all(|answer| answer.status.is_none()), "{answers:?}");
    assert!(answers[0].text.contains("TLS"), "{answers:?}");
    assert!(answers[1].text.contains("no connection"), "{answers:?}");
    assert!(answers[2].text.contains("does not say where"), "{answers:?}");
    assert!(stranger.asked().is_empty(), "it was asked: {:?}", stranger.asked());
}

#[test]
fn where_none_can_be_reached_few_are_tried() {
    let nodes = (10..30).map(|index| node(&format!("n{index}"), "1")).collect();
    let (_server, settings) = cluster(nodes);
    let answers = answers(&settings);
    assert_eq!(answers.len(), 20, "every node is answered for");
    let spared = answers.iter().filter(|answer| answer.text.contains("not asked")).count();
    assert!(spared > 0, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status.is_none()));
}

#[test]
fn kubelets_are_not_asked_as_somebody_else() {
    let kubelet = kubelet();
    let (_server, mut settings) = cluster(vec![node("n1", kubelet.port())]);
    settings.impersonate.user = Some("jane".into());
    let answers = answers(&settings);
    assert!(answers[0].status.is_none() && answers[0].text.contains("impersonation"), "{answers:?}");
    assert!(kubelet.asked().is_empty());
}
