//! A small API server of our own that answers as badly as a test wants: it hangs, drips, breaks off, refuses, forgets.
//!
//! Unless a test says otherwise it serves a few resources without objects.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use k8sready::source::cluster::{KubeconfigPaths, LiveSettings};

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
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (handler, log): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                thread::spawn(move || converse(&stream, &*handler, &log));
            }
        });
        Server { url, folder: tempfile::tempdir().expect("a folder"), asked }
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

fn converse(stream: &TcpStream, handler: &Handler, log: &Mutex<Vec<Asked>>) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(first)) = lines.next() {
        let mut headers = String::new();
        for line in lines.by_ref() {
            match line {
                Ok(line) if !line.is_empty() => headers.push_str(&(line.to_lowercase() + "\n")),
                _ => break,
            }
        }
        let target = first.split(' ').nth(1).unwrap_or("").to_string();
        let asked = {
            let mut log = log.lock().expect("no panic");
            let before = log.iter().filter(|asked| asked.target == target).count();
            let asked = Asked { target, headers, before };
            log.push(asked.clone());
            asked
        };
        let action = handler(&asked).unwrap_or_else(|| usual(&asked.target));
        if answer(stream, action).is_none() {
            return;
        }
    }
}

/// Acts; `None` when the connection is over.
fn answer(mut stream: &TcpStream, action: Action) -> Option<()> {
    let head = |status: u16, length: usize, more: &str| {
        format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{more}\r\n")
    };
    match action {
        Action::Reply(status, body) => stream.write_all((head(status, body.len(), "") + &body).as_bytes()).ok(),
        Action::ReplyWith(status, header, body) => {
            let more = format!("{header}\r\n");
            stream.write_all((head(status, body.len(), &more) + &body).as_bytes()).ok()
        }
        Action::Hang => {
            thread::sleep(Duration::from_secs(600));
            None
        }
        Action::Truncate(body) => {
            stream.write_all((head(200, body.len() * 2, "") + &body).as_bytes()).ok()?;
            None
        }
        Action::Drip(body) => {
            stream.write_all(head(200, body.len(), "").as_bytes()).ok()?;
            for byte in body.as_bytes() {
                stream.write_all(&[*byte]).ok()?;
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
