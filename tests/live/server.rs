//! A small API server of our own that answers as badly as a test wants: it hangs, drips, breaks off, refuses, forgets.
//!
//! Unless a test says otherwise it serves a few resources without objects.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use k8sready::source::cluster::{KubeconfigPaths, LiveSettings};
use rcgen::{CertificateParams, Issuer, KeyPair};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What to do with a request.
pub enum Action {
    /// A whole answer.
    Reply(u16, String),
    /// A whole answer with one more header.
    ReplyWith(u16, &'static str, String),
    /// No answer, and the connection stays.
    Hang,
    /// Less than was promised, then the end.
    Truncate(String),
    /// A byte from time to time.
    Drip(String),
    /// The end, without a word.
    Close,
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Path and query.
    pub target: String,
    /// All headers, in lower case.
    pub headers: String,
    /// What was sent.
    pub body: String,
    /// How many requests for the same target came before.
    pub before: usize,
}

type Handler = dyn Fn(&Asked) -> Option<Action> + Send + Sync;

/// A running server. It ends with the process.
pub struct Server {
    /// Its address.
    pub url: String,
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Starts a server; what the handler does not answer is answered as usual.
    pub fn start(handler: impl Fn(&Asked) -> Option<Action> + Send + Sync + 'static) -> Server {
        Server::listen("http", handler, Some)
    }

    /// The same behind TLS, with a certificate for 127.0.0.1 of its own authority, which is in `ca.crt` beside the kubeconfig.
    pub fn start_tls(handler: impl Fn(&Asked) -> Option<Action> + Send + Sync + 'static) -> Server {
        let (authority, config) = tls();
        let config = Arc::new(config);
        let server = Server::listen("https", handler, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a TLS connection");
            Some(StreamOwned::new(connection, stream))
        });
        std::fs::write(server.folder.path().join("ca.crt"), authority).expect("a certificate");
        server
    }

    fn listen<S: Read + Write>(
        scheme: &str,
        handler: impl Fn(&Asked) -> Option<Action> + Send + Sync + 'static,
        wrap: impl Fn(std::net::TcpStream) -> Option<S> + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("{scheme}://{}", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (handler, log, wrap): (Arc<Handler>, _, _) = (Arc::new(handler), Arc::clone(&asked), Arc::new(wrap));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (handler, log, wrap) = (Arc::clone(&handler), Arc::clone(&log), Arc::clone(&wrap));
                thread::spawn(move || wrap(stream).map(|stream| converse(stream, &*handler, &log)));
            }
        });
        Server { url, folder: tempfile::tempdir().expect("a folder"), asked }
    }

    /// Its port.
    pub fn port(&self) -> &str {
        self.url.rsplit(':').next().expect("a port")
    }

    /// Its folder, with the kubeconfig and what that refers to.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    /// How many requests there were for targets with this text.
    pub fn count(&self, text: &str) -> usize {
        self.asked().iter().filter(|asked| asked.target.contains(text)).count()
    }

    /// A kubeconfig that names this server.
    pub fn kubeconfig(&self) -> PathBuf {
        kubeconfig(&self.folder, &self.url)
    }

    /// Settings with short times.
    pub fn settings(&self) -> LiveSettings {
        settings(self.kubeconfig())
    }
}

/// Writes a kubeconfig for an address.
pub fn kubeconfig(folder: &tempfile::TempDir, url: &str) -> PathBuf {
    let path = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: bad, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: test, context: {{cluster: bad, user: me}}}}]\n\
         users: [{{name: me, user: {{}}}}]\n"
    );
    std::fs::write(&path, text).expect("a kubeconfig");
    path
}

/// Settings with short times.
pub fn settings(kubeconfig: PathBuf) -> LiveSettings {
    LiveSettings {
        kubeconfig: KubeconfigPaths { named: Some(kubeconfig), ..KubeconfigPaths::default() },
        request_timeout: Some(Duration::from_millis(500)),
        timeout: Duration::from_secs(2),
        ..LiveSettings::default()
    }
}

/// An authority, and a server that it vouches for.
fn tls() -> (String, ServerConfig) {
    let ca_key = KeyPair::generate().expect("a key");
    let ca = super::cluster::authority();
    let authority = ca.self_signed(&ca_key).expect("a certificate").pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".to_string()]).expect("names");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth();
    (authority, config.with_single_cert(vec![certificate.der().clone()], key).expect("a server"))
}

fn converse<S: Read + Write>(stream: S, handler: &Handler, log: &Mutex<Vec<Asked>>) {
    let mut stream = BufReader::new(stream);
    while let Some(head) = head(&mut stream) {
        let (first, headers) = head.split_once('\n').unwrap_or((&head, ""));
        let target = first.split(' ').nth(1).unwrap_or("").to_string();
        let headers = headers.to_lowercase();
        let length = headers.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if stream.read_exact(&mut body).is_err() {
            return;
        }
        let body = String::from_utf8(body).expect("UTF-8");
        let asked = {
            let mut log = log.lock().expect("no panic");
            let before = log.iter().filter(|asked| asked.target == target).count();
            let asked = Asked { target, headers, body, before };
            log.push(asked.clone());
            asked
        };
        let action = handler(&asked).unwrap_or_else(|| usual(&asked.target));
        if answer(stream.get_mut(), action).is_none() {
            return;
        }
    }
}

/// The lines up to the empty one, or `None` when there is no more request.
fn head(stream: &mut BufReader<impl Read>) -> Option<String> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line) {
            Ok(0) | Err(_) => return None,
            Ok(_) if line.trim_end().is_empty() => return Some(head),
            Ok(_) => {
                head.push_str(line.trim_end());
                head.push('\n');
            }
        }
    }
}

/// Acts; `None` when the connection is over.
fn answer(stream: &mut impl Write, action: Action) -> Option<()> {
    let head = |status: u16, length: usize, more: &str| {
        format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n")
    };
    let mut send = |text: &str| stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).ok();
    match action {
        Action::Reply(status, body) => send(&(head(status, body.len(), "") + &body)),
        Action::ReplyWith(status, header, body) => send(&(head(status, body.len(), &format!("{header}\r\n")) + &body)),
        Action::Hang => {
            thread::sleep(Duration::from_secs(600));
            None
        }
        Action::Truncate(body) => {
            send(&(head(200, body.len() * 2, "") + &body))?;
            None
        }
        Action::Drip(body) => {
            send(&head(200, body.len(), ""))?;
            for byte in body.chars() {
                send(&byte.to_string())?;
                thread::sleep(Duration::from_millis(50));
            }
            Some(())
        }
        Action::Close => None,
    }
}

/// What a healthy server without objects says.
fn usual(target: &str) -> Action {
    let path = target.split('?').next().unwrap_or(target);
    match path {
        "/version" => Action::Reply(200, r#"{"major":"1","minor":"37","gitVersion":"v1.37.0-test"}"#.to_string()),
        "/api" => discovery("", &[("pods", "Pod", true), ("nodes", "Node", false), ("namespaces", "Namespace", false)]),
        "/apis" => discovery("apps", &[("deployments", "Deployment", true), ("daemonsets", "DaemonSet", true)]),
        _ => Action::Reply(200, list(&[], None)),
    }
}

fn discovery(group: &str, resources: &[(&str, &str, bool)]) -> Action {
    let mut all = String::new();
    for (plural, kind, namespaced) in resources {
        let scope = if *namespaced { "Namespaced" } else { "Cluster" };
        let comma = if all.is_empty() { "" } else { "," };
        write!(all, r#"{comma}{{"resource":"{plural}","responseKind":{{"kind":"{kind}"}},"scope":"{scope}"}}"#)
            .expect("a text");
    }
    Action::Reply(
        200,
        format!(
            r#"{{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[{{"metadata":{{"name":"{group}"}},
            "versions":[{{"version":"v1","freshness":"Current","resources":[{all}]}}]}}]}}"#
        ),
    )
}

/// A list of objects, each named `NAMESPACE/NAME`.
pub fn list(objects: &[&str], token: Option<&str>) -> String {
    let items: Vec<String> = objects
        .iter()
        .map(|object| {
            let (namespace, name) = object.split_once('/').unwrap_or(("", object));
            format!(r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}","managedFields":[{{}}]}}}}"#)
        })
        .collect();
    let token = token.unwrap_or_default();
    format!(r#"{{"kind":"SomeList","metadata":{{"continue":"{token}"}},"items":[{}]}}"#, items.join(","))
}

/// What a server says when it refuses.
pub fn status(message: &str, token: Option<&str>) -> String {
    let token = token.map(|token| format!(r#""continue":"{token}""#)).unwrap_or_default();
    format!(r#"{{"kind":"Status","status":"Failure","message":"{message}","metadata":{{{token}}}}}"#)
}
