//! Secrets never come out, in whatever format, from wherever they stand.

use k8sready::commands::Texts;
use k8sready::report::{Detail, Format, Style, write};

/// What must never be seen. Long enough not to occur by chance.
const CANARY: &str = "cAnArY0f7b2e91d4c8Tw33t";

/// Places where people keep secrets, each beside something that is reported, so that its lines are shown.
fn files() -> Vec<(String, String)> {
    let deployment = |name: &str, container: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {name} }}\nspec:\n  selector: {{ matchLabels: {{ a: b }} }}\n  \
             template:\n    metadata: {{ labels: {{ a: b }} }}\n    spec:\n      containers:\n        - name: c\n{container}"
        )
    };
    let files = [
        (
            "secret.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations:\n    \
                 kubectl.kubernetes.io/last-applied-configuration: '{{\"data\":{{\"k\":\"{CANARY}\"}}}}'\n\
                 data:\n  a: {CANARY}\n  a: {CANARY}\nstringData:\n  b: |\n    {CANARY}\n  c: \"{CANARY}\"\n"
            ),
        ),
        (
            "env.yaml",
            deployment(
                "env",
                &format!(
                    "          image: app:latest\n          env:\n            - {{ name: DB_PASSWORD, value: {CANARY} }}\n            \
                     - name: API_TOKEN\n              value: \"{CANARY}\" # {CANARY}\n            \
                     - {{ name: URL, value: \"postgres://u:{CANARY}@db/x\" }}\n"
                ),
            ),
        ),
        (
            "encryption.yaml",
            format!(
                "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n  - resources: [secrets]\n    \
                 providers:\n      - identity: {{}}\n      - aescbc:\n          keys:\n            - {{ name: k, secret: {CANARY} }}\n"
            ),
        ),
        (
            "kubeadm.yaml",
            format!(
                "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nbootstrapTokens:\n  - token: {CANARY}\n\
                 certificateKey: {CANARY}\nnodeRegistration:\n  taints: []\n---\napiVersion: kubeadm.k8s.io/v1beta4\n\
                 kind: ClusterConfiguration\n"
            ),
        ),
        (
            "kubeconfig.yaml",
            format!(
                "apiVersion: v1\nkind: Config\nusers:\n  - name: admin\n    user:\n      token: {CANARY}\n      \
                 client-key-data: {CANARY}\n      client-key-data: {CANARY}\n"
            ),
        ),
        ("broken.yaml", format!("apiVersion: v1\nkind: Secret\ndata:\n  password: {CANARY}\n bad: [{CANARY}\n")),
        ("broken.json", format!("{{\"kind\": \"Secret\", \"data\": {{\"a\": \"{CANARY}\",,}}}}")),
    ];
    files.into_iter().map(|(name, text)| (name.to_string(), text)).collect()
}

#[test]
fn no_format_shows_a_secret() {
    let audit = crate::common::audit(&files(), &["--profile", "strict", "--include-passes"]);
    assert!(audit.report.findings.len() > 5, "the files are reported on, so that their lines are shown");
    for format in Format::ALL {
        for (width, colour) in [(80, false), (140, true)] {
            let style = Style { width, colour, unicode: true, detail: Detail::All, ..Style::default() };
            let mut bytes = Vec::new();
            write(*format, &audit.report, &Texts(audit.inventory.sources()), &style, &mut bytes).expect("memory");
            let text = String::from_utf8(bytes).expect("UTF-8");
            if let Some(line) = text.lines().find(|line| line.contains(CANARY)) {
                panic!("{format} shows a secret: {line}");
            }
        }
    }
}

#[test]
fn the_canaries_are_there_to_begin_with() {
    let seen = files().iter().filter(|(_, text)| text.contains(CANARY)).count();
    assert_eq!(seen, files().len(), "a file without a canary tests nothing");
}
