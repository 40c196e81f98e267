//! A real etcd and kube-apiserver on loopback, for as long as the tests run.
//!
//! The programs are found as Kubernetes' own test suites find them: `TEST_ASSET_ETCD` and `TEST_ASSET_KUBE_APISERVER`, or
//! both in `KUBEBUILDER_ASSETS`. `tests/live/assets/build` builds them.

use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use k8sready::source::cluster::{KubeconfigPaths, LiveSettings};
use kube::config::Kubeconfig;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType};
use serde_json::Value;

/// A running API server.
pub struct Cluster {
    /// Its files.
    pub folder: PathBuf,
    url: String,
    etcd: String,
    client: kube::Client,
    runtime: tokio::runtime::Runtime,
    _processes: Vec<Child>,
}

/// The users that the API server knows: name, groups.
const USERS: &[(&str, &str)] = &[("admin", "system:masters"), ("tenant", "tenants"), ("auditor", ""), ("nobody", "")];

/// The one of this test run, or `None` where there are no programs.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let find = || Some((asset("etcd")?, asset("kube-apiserver")?));
    CLUSTER.get_or_init(|| {
        let programs = find();
        let skips = programs.is_none() && env::var_os("K8SREADY_NO_SKIPPED_TESTS").is_some();
        assert!(!skips, "etcd and kube-apiserver are missing: `tests/live/assets/build DIR`, KUBEBUILDER_ASSETS=DIR");
        programs.map(|(etcd, server)| Cluster::start(&etcd, &server))
    });
    CLUSTER.get().and_then(Option::as_ref)
}

fn asset(name: &str) -> Option<PathBuf> {
    let variable = format!("TEST_ASSET_{}", name.to_uppercase().replace('-', "_"));
    let named = env::var_os(variable).map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(env::var_os("KUBEBUILDER_ASSETS")?).join(name))).filter(|path| path.exists())
}

impl Cluster {
    fn start(etcd: &Path, server: &Path) -> Cluster {
        let folder = tempfile::tempdir().expect("a folder").keep();
        write_keys(&folder);
        let [etcd_port, peer_port, port] = free_ports();
        let etcd_url = format!("http://127.0.0.1:{etcd_port}");
        let mut store = Command::new(etcd);
        store.arg("--data-dir").arg(folder.join("etcd")).args(["--unsafe-no-fsync", "--log-level=error"]);
        store.arg(format!("--listen-client-urls={etcd_url}")).arg(format!("--advertise-client-urls={etcd_url}"));
        store.arg(format!("--listen-peer-urls=http://127.0.0.1:{peer_port}"));
        let mut api = Command::new(server);
        api.arg(format!("--etcd-servers={etcd_url}")).arg(format!("--secure-port={port}"));
        api.args(API_SERVER);
        for (flag, file) in API_SERVER_FILES {
            api.arg(format!("{flag}={}", folder.join(file).display()));
        }
        let processes = vec![watched(&store, &folder, "etcd"), watched(&api, &folder, "kube-apiserver")];
        let url = format!("https://127.0.0.1:{port}");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let client = runtime.block_on(client(&kubeconfig(&folder, &url, "admin")));
        let etcd = format!("127.0.0.1:{etcd_port}");
        let cluster = Cluster { folder, url, etcd, client, runtime, _processes: processes };
        cluster.wait_until_ready();
        cluster
    }

    fn wait_until_ready(&self) {
        for _ in 0..600 {
            if self.get("/readyz").is_ok() && self.get("/api/v1/namespaces/default").is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(200));
        }
        let log = fs::read_to_string(self.folder.join("kube-apiserver.log")).unwrap_or_default();
        panic!("the API server is not ready: {}", log.lines().rev().take(5).collect::<Vec<_>>().join("\n"));
    }

    fn get(&self, path: &str) -> Result<String, kube::Error> {
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        self.runtime.block_on(self.client.request_text(request))
    }

    /// Creates objects, in any order that the API server takes them in, side by side.
    pub fn create(&self, objects: &[(String, Value)]) {
        self.runtime.block_on(async {
            let mut running = tokio::task::JoinSet::new();
            for (path, object) in objects {
                let (client, path) = (self.client.clone(), path.clone());
                let body = serde_json::to_vec(object).expect("JSON");
                running.spawn(async move {
                    let request = http::Request::post(&path).header("content-type", "application/json").body(body);
                    let created = client.request_text(request.expect("a request")).await;
                    created.unwrap_or_else(|error| panic!("{path}: {error}"));
                });
                if running.len() > 20 {
                    running.join_next().await.expect("one at least").expect("created");
                }
            }
            running.join_all().await;
        });
    }

    /// Makes etcd forget everything but the present.
    pub fn compact(&self) {
        let status = self.ask_etcd("/v3/maintenance/status", "{}");
        let revision =
            status.split("\"revision\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a revision");
        self.ask_etcd("/v3/kv/compaction", &format!("{{\"revision\":\"{revision}\",\"physical\":true}}"));
    }

    fn ask_etcd(&self, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.etcd).expect("etcd");
        let length = body.len();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: etcd\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all((head + body).as_bytes()).expect("etcd listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("etcd answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        answer
    }

    /// Settings to scan it as one of the users.
    pub fn settings(&self, user: &str) -> LiveSettings {
        let named = Some(kubeconfig(&self.folder, &self.url, user));
        LiveSettings { kubeconfig: KubeconfigPaths { named, ..KubeconfigPaths::default() }, ..LiveSettings::default() }
    }
}

const API_SERVER: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--advertise-address=192.0.2.11",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    "--authorization-mode=RBAC",
    // Nobody makes ServiceAccounts here, and nobody takes taints away.
    "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
    // What is read from etcd itself can expire.
    "--watch-cache-sizes=configmaps#0",
    "--audit-log-mode=blocking",
];

const API_SERVER_FILES: &[(&str, &str)] = &[
    ("--tls-cert-file", "server.crt"),
    ("--tls-private-key-file", "server.key"),
    ("--token-auth-file", "tokens.csv"),
    ("--service-account-signing-key-file", "accounts.key"),
    ("--service-account-key-file", "accounts.pub"),
    ("--audit-policy-file", "policy.yaml"),
    ("--audit-log-path", "audit.jsonl"),
    ("--cert-dir", "certificates"),
];

/// Starts a program that ends with this process, however that ends: its keeper waits for the pipe to close.
fn watched(command: &Command, folder: &Path, name: &str) -> Child {
    let log = fs::File::create(folder.join(format!("{name}.log"))).expect("a log");
    let keeper = r#""$@" & child=$!; cat >/dev/null; kill -9 "$child"; wait; rm -rf "$FOLDER""#;
    Command::new("sh")
        .args(["-c", keeper, "keeper"])
        .arg(command.get_program())
        .args(command.get_args())
        .env("FOLDER", folder)
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn()
        .expect("a shell")
}

fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    held.map(|listener| listener.local_addr().expect("an address").port())
}

async fn client(kubeconfig: &Path) -> kube::Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await.expect("a configuration");
    kube::Client::try_from(config).expect("a client")
}

fn kubeconfig(folder: &Path, url: &str, user: &str) -> PathBuf {
    let path = folder.join(format!("{user}.kubeconfig"));
    let text = format!(
        "current-context: {user}\n\
         clusters: [{{name: real, cluster: {{server: '{url}', certificate-authority: ca.crt}}}}]\n\
         contexts: [{{name: {user}, context: {{cluster: real, user: {user}}}}}]\n\
         users: [{{name: {user}, user: {{token: token-of-{user}}}}}]\n"
    );
    fs::write(&path, text).expect("a kubeconfig");
    path
}

/// An authority, a certificate of the server signed by it, keys for ServiceAccounts, and who is who.
fn write_keys(folder: &Path) {
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("a file");
    let ca_key = KeyPair::generate().expect("a key");
    let ca = authority();
    write("ca.crt", ca.self_signed(&ca_key).expect("a certificate").pem());
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().expect("a key");
    let mut server = CertificateParams::new(vec!["localhost".to_string()]).expect("names");
    server.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
    write("server.crt", server.signed_by(&key, &issuer).expect("a certificate").pem());
    write("server.key", key.serialize_pem());
    let accounts = KeyPair::generate().expect("a key");
    write("accounts.key", accounts.serialize_pem());
    write("accounts.pub", accounts.public_key_pem());
    let tokens = USERS.iter().map(|(name, groups)| format!("token-of-{name},{name},{name},\"{groups}\"\n"));
    write("tokens.csv", tokens.collect());
    let policy =
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n";
    write("policy.yaml", policy.to_string());
}

/// A certificate authority.
pub fn authority() -> CertificateParams {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name.push(DnType::CommonName, "test-ca");
    ca
}
