//! Secrets never get past redaction, and nothing else is touched.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic")]

use std::sync::Arc;

use k8sready::inventory::redaction::redact;
use k8sready::syntax::{Data, Format, Secret, Tree, yaml};
use k8sready::vocabulary::{NodeId, SourceId, Span};
use proptest::prelude::*;

/// Reads and redacts: the trees, the text afterwards, and whether anything was overwritten.
fn redacted(text: &str) -> (Vec<Tree>, String, bool) {
    let shared: Arc<str> = Arc::from(text);
    let (mut trees, problems) = yaml::read(SourceId(0), &shared, Span::new(0, text.len()));
    assert_eq!(problems, [], "{text}");
    let mut text = shared;
    let changed = redact(&mut trees, &mut text);
    (trees, text.to_string(), changed)
}

fn secrets(trees: &[Tree]) -> Vec<(Secret, u32)> {
    let nodes = trees.iter().flat_map(|tree| (0..tree.len()).map(move |id| tree.data(NodeId(id.try_into().unwrap()))));
    let redactions = nodes.filter_map(|data| match data {
        Data::Redacted(redaction) => Some((redaction.class, redaction.length)),
        _ => None,
    });
    redactions.collect()
}

/// What stands at a dotted path of the only document.
fn at(text: &str, path: &str) -> Data {
    let (trees, _, _) = redacted(text);
    let node = path.split('.').fold(trees[0].root(), |node, key| match key.parse::<usize>() {
        Ok(index) => trees[0].elements(node)[index],
        Err(_) => trees[0].get(node, key).unwrap(),
    });
    trees[0].data(node)
}

fn class(text: &str, path: &str) -> Option<(Secret, u32)> {
    match at(text, path) {
        Data::Redacted(redaction) => Some((redaction.class, redaction.length)),
        _ => None,
    }
}

#[test]
fn no_canary_survives_in_text_or_tree() {
    let source = include_str!("redaction/canaries.yaml");
    let (trees, text, changed) = redacted(source);
    assert!(changed);
    // The first line explains the file.
    let shown = text.split_once('\n').unwrap().1.to_string();
    for spelling in ["canary", "Canary", "CANARY", "Y2FuYXJ5"] {
        assert!(source.contains(spelling) || spelling == "Canary", "`{spelling}` is in the file");
        let left: Vec<&str> = shown.lines().filter(|line| line.contains(spelling)).collect();
        assert_eq!(left, Vec::<&str>::new(), "text shows `{spelling}`");
        for tree in &trees {
            assert!(Arc::ptr_eq(tree.source_text(), trees[0].source_text()));
            let nodes = (0..tree.len()).map(|id| NodeId(id.try_into().unwrap()));
            let left: Vec<&str> = nodes.filter_map(|id| tree.str(id)).filter(|text| text.contains(spelling)).collect();
            assert_eq!(left, Vec::<&str>::new(), "tree shows `{spelling}`");
        }
    }
    assert!(!text.contains("31415926535"), "a numeric password");
    assert_eq!(trees[0].source_text().as_ref(), text);
}

#[test]
fn a_buffer_keeps_nothing_of_what_was_hidden() {
    let (trees, _, _) = redacted("password: \"can\\x61ry\\x2d1\"\nscript: |\n  PASSWORD=canary\n  ls\n");
    let everything = format!("{trees:?}");
    assert!(!everything.contains("canary"), "{everything}");
}

#[test]
fn ordinary_documents_are_untouched() {
    let source = include_str!("redaction/ordinary.yaml");
    let (trees, text, changed) = redacted(source);
    for (before, after) in source.lines().zip(text.lines()) {
        assert_eq!(before, after);
    }
    assert_eq!(secrets(&trees), []);
    assert!(!changed);
}

#[test]
fn the_class_says_why() {
    for (text, path, expected) in [
        ("kind: Secret\ndata: {a: YWI=}", "data.a", (Secret::SecretData, 4)),
        ("keys: [{secret: MDEyMzQ1Njc4OWFiY2RlZg==}]", "keys.0.secret", (Secret::EncryptionKey, 24)),
        ("certificateKey: abc", "certificateKey", (Secret::KubeadmToken, 3)),
        ("bootstrapTokens: [{token: a.b}]", "bootstrapTokens.0.token", (Secret::KubeadmToken, 3)),
        ("users: [{user: {token: abc}}]", "users.0.user.token", (Secret::Kubeconfig, 3)),
        ("auths: {r: {auth: abc}}", "auths.r.auth", (Secret::DockerConfig, 3)),
        ("password: abc", "password", (Secret::NamedLikeSecret, 3)),
        ("a: https://u:p@host/", "a", (Secret::UrlUserInfo, 17)),
        ("a: AKIAABCDEFGHIJKLMNOP", "a", (Secret::CloudKey, 20)),
        ("a: eyJhbGciOiJI.eyJzdWIiOiIx.abc", "a", (Secret::Jwt, 29)),
        ("a: |\n  -----BEGIN PRIVATE KEY-----\n  x\n", "a", (Secret::Pem, 30)),
        ("privateKey: |\n  -----BEGIN PRIVATE KEY-----\n  x\n", "privateKey", (Secret::Pem, 30)),
        ("env: [{name: DB_PASSWORD, value: 12345678}]", "env.0.value", (Secret::NamedLikeSecret, 8)),
        ("metadata: {kubectl.kubernetes.io/last-applied-configuration: '{}'}", "metadata", (Secret::LastApplied, 2)),
    ] {
        if path == "metadata" {
            assert_eq!(secrets(&redacted(text).0), [expected], "{text}");
        } else {
            assert_eq!(class(text, path), Some(expected), "{text}");
        }
    }
}

#[test]
fn quotes_lines_and_indentation_stay() {
    for (text, expected) in [
        ("password: 'a b' # c d\nx: 1\n", "password: '***' #****\nx: 1\n"),
        ("kind: Secret\ndata:\n  a: |\n    x y\n\n      z\n", "kind: Secret\ndata:\n  a: *\n    ***\n\n      *\n"),
        ("{password: abc, color: \"a #fff\"}", "{password: ***, color: \"a #fff\"}"),
        ("{password: abc, color: red} # note", "{password: ***, color: red} #*****"),
        ("password: äbc\n", "password: ****\n"),
    ] {
        assert_eq!(redacted(text).1, expected);
    }
}

#[test]
fn an_embedded_document_stays_one() {
    let text = "kind: ConfigMap\ndata:\n  ClusterConfiguration: |\n    kind: InitConfiguration\n    certificateKey: abcdef\n    bootstrapTokens:\n    - token: abcdef.0123456789abcdef\n";
    let Data::Str(inner) = at(text, "data.ClusterConfiguration") else { panic!("still a text") };
    let (trees, shown, _) = redacted(text);
    let inner = trees[0].text(inner);
    assert!(shown.contains("certificateKey: xxxxxx\n"), "{shown}");
    assert_eq!(class(inner, "certificateKey"), Some((Secret::KubeadmToken, 6)));
    assert_eq!(class(inner, "bootstrapTokens.0.token"), Some((Secret::KubeadmToken, 23)));
}

#[test]
fn lines_of_load_balancers_are_covered_too() {
    let haproxy = "userlist admins\n  user root insecure-password canary-1 # canary\nlisten stats\n  stats auth admin:canary-2\n  bind :6443\n";
    let keepalived = "vrrp_instance a {\n  authentication {\n    auth_type PASS\n    auth_pass canary3\n  }\n}\n";
    for (format, text, kept) in
        [(Format::HAProxy, haproxy, "bind :6443"), (Format::Keepalived, keepalived, "auth_type PASS")]
    {
        let shared: Arc<str> = Arc::from(text);
        let mut trees = k8sready::syntax::read(format, SourceId(0), &shared).trees;
        let mut shown = shared;
        assert!(redact(&mut trees, &mut shown));
        assert!(!shown.contains("canary") && shown.contains(kept), "{shown}");
        let nodes = |tree: &Tree| (0..tree.len()).map(|id| NodeId(id.try_into().unwrap())).collect::<Vec<_>>();
        let texts: Vec<&str> =
            trees.iter().flat_map(|tree| nodes(tree).into_iter().filter_map(|id| tree.str(id))).collect();
        assert!(texts.iter().all(|text| !text.contains("canary")), "{texts:?}");
    }
}

#[test]
fn redacting_twice_changes_nothing_more() {
    let (mut trees, text, _) = redacted("password: abc\nx: |\n  PASSWORD=abc\n");
    let mut text: Arc<str> = Arc::from(text);
    let before = (text.clone(), secrets(&trees));
    redact(&mut trees, &mut text);
    assert_eq!((text, secrets(&trees)), before);
}

prop_compose! {
    fn document()(
        key in prop::sample::select(vec!["password", "image", "data", "name", "value", "secret", "command"]),
        value in "[a-zA-Z0-9äß#:=/@ ,-]{0,24}", quote in prop::sample::select(vec!["'", "\""]), comment in "[ #a-z]{0,8}",
        block in "[a-zA-Z0-9ä=:#/@-]{1,16}",
    ) -> String {
        format!("kind: Secret\n{key}: {quote}{value}{quote} #{comment}\nlist:\n- |\n  PASSWORD={block}\n\n  {block} x\n- {{name: A_TOKEN, value: {quote}{value}{quote}}}\n")
    }
}

proptest! {
    #[test]
    fn length_and_line_breaks_are_kept(text in document()) {
        let (_, shown, _) = redacted(&text);
        prop_assert_eq!(shown.len(), text.len());
        let breaks = |text: &str| text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect::<Vec<_>>();
        prop_assert_eq!(breaks(&shown), breaks(&text));
    }

    #[test]
    fn any_text_without_trees_is_survived(text in "(password|token|AKIA|://|#|=|: |\n|\"|\\\\|ä|x){0,30}|\\PC*") {
        let mut shown: Arc<str> = Arc::from(text.as_str());
        redact(&mut [], &mut shown);
        prop_assert_eq!(shown.len(), text.len());
    }
}
