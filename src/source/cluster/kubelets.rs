//! The configuration that kubelets really run with, asked of each kubelet itself.
//!
//! Through the API server this would need `nodes/proxy`, which also reaches `exec`; a kubelet itself asks for no more than
//! `get` on `nodes/configz`. Credentials go only to kubelets whose certificate the cluster's authority signed. Where
//! kubelets cannot be reached from here, that is what the answers say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use hyper_util::client::legacy::Client as Http;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt as _};
use kube::{Client, Config};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tower::{BoxError, ServiceBuilder};

use super::api::Api;
use super::error::classify;
use super::lists;
use crate::source::Answer;

/// Kubelets asked at the same time.
const SIDE_BY_SIDE: usize = 8;

/// The most that one kubelet may take.
const EACH: Duration = Duration::from_secs(5);

/// The most that all of them may take.
const ALL: Duration = Duration::from_secs(60);

/// Most bytes of an answer.
const LARGEST: usize = 1 << 20;

#[derive(Deserialize)]
struct Node {
    metadata: NodeMetadata,
    #[serde(default)]
    status: NodeStatus,
}

#[derive(Deserialize)]
struct NodeMetadata {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeStatus {
    addresses: Vec<Address>,
    daemon_endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Address {
    r#type: String,
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Endpoints {
    kubelet_endpoint: Endpoint,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Endpoint {
    #[serde(rename = "Port")]
    port: u16,
}

impl Node {
    /// Where its kubelet listens: host and port.
    fn place(&self) -> Option<String> {
        let address = self.status.addresses.iter().find(|address| address.r#type == "InternalIP")?;
        let port = self.status.daemon_endpoints.kubelet_endpoint.port;
        let host =
            if address.address.contains(':') { format!("[{}]", address.address) } else { address.address.clone() };
        (port != 0).then(|| format!("{host}:{port}"))
    }
}

/// Asks every kubelet. `acts`: as somebody else, which kubelets do not know how to check.
pub(super) async fn ask(config: &Config, api: &Api, acts: bool) -> Vec<Answer> {
    let nodes: Vec<Node> = match lists::walk(api, &lists::core("Node", "nodes")).await {
        Ok(nodes) if nodes.is_empty() => return vec![about_all(Some(200), "there are no nodes".to_string())],
        Ok(nodes) => nodes,
        Err(why) => return vec![about_all(None, format!("the nodes cannot be listed: {why}"))],
    };
    let until = (Instant::now() + ALL).min(api.limits.deadline);
    let sender = if acts { OnceCell::from(Err("kubelets know no impersonation".to_string())) } else { OnceCell::new() };
    let reach = Arc::new(Reach {
        config: config.clone(),
        sender,
        permits: Semaphore::new(SIDE_BY_SIDE),
        reached: AtomicBool::default(),
        lost: AtomicUsize::default(),
    });
    let mut running = JoinSet::new();
    for node in nodes {
        let reach = Arc::clone(&reach);
        running.spawn(async move {
            let path = format!("kubelet:nodes/{}/configz", node.metadata.name);
            let answer = timeout_at(until, reach.ask(&node)).await;
            match answer.unwrap_or_else(|_| Err("not asked in time: the kubelets before it did not answer".to_string()))
            {
                Ok((status, text)) => Answer { path, status: Some(status), text },
                Err(why) => Answer { path, status: None, text: why },
            }
        });
    }
    running.join_all().await
}

/// The answer that stands for all kubelets where none can be named.
fn about_all(status: Option<u16>, text: String) -> Answer {
    Answer { path: "kubelet:nodes".to_string(), status, text }
}

/// What is known of the way to kubelets. From outside of a cluster mostly none can be reached, and then few tries tell.
struct Reach {
    config: Config,
    /// Made when the first kubelet listens: a credential plugin runs once more for it.
    sender: OnceCell<Result<Client, String>>,
    permits: Semaphore,
    reached: AtomicBool,
    lost: AtomicUsize,
}

impl Reach {
    async fn ask(&self, node: &Node) -> Result<(u16, String), String> {
        let _permit = self.permits.acquire().await;
        if !self.reached.load(Ordering::Relaxed) && self.lost.load(Ordering::Relaxed) >= SIDE_BY_SIDE {
            return Err(format!("not asked: none of the first {SIDE_BY_SIDE} kubelets can be reached from here"));
        }
        let answer = self.one(node).await;
        match &answer {
            Ok(_) => self.reached.store(true, Ordering::Relaxed),
            Err(_) => drop(self.lost.fetch_add(1, Ordering::Relaxed)),
        }
        answer
    }

    async fn one(&self, node: &Node) -> Result<(u16, String), String> {
        if let Some(Err(why)) = self.sender.get() {
            return Err(why.clone());
        }
        let place = node.place().ok_or("the node does not say where its kubelet listens")?;
        let listens = tokio::time::timeout(EACH, TcpStream::connect(&place)).await;
        listens.map_err(|_| silence())?.map_err(|error| format!("no connection: {error}"))?;
        let sender = self.sender.get_or_init(|| sender(&self.config)).await.clone()?;
        get(sender, &place).await
    }
}

fn silence() -> String {
    format!("no answer within {EACH:?}")
}

async fn get(sender: Client, place: &str) -> Result<(u16, String), String> {
    let url = format!("https://{place}/configz");
    let request = Request::get(url).body(Body::empty()).map_err(|error| error.to_string())?;
    let answer = tokio::time::timeout(EACH, async {
        let reply = sender.send(request).await.map_err(|error| classify(&error).to_string())?;
        let status = reply.status().as_u16();
        let body =
            Limited::new(reply.into_body(), LARGEST).collect().await.map_err(|error| classify(&*error).to_string())?;
        Ok::<_, String>((status, body.to_bytes()))
    });
    let (status, body): (u16, Bytes) = answer.await.map_err(|_| silence())??;
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// Sends requests with the credentials and the trust of the API server, but to any address.
async fn sender(config: &Config) -> Result<Client, String> {
    let mut config = config.clone();
    config.tls_server_name = None;
    // Who does not mind which server that is does not mean the addresses that it names.
    config.accept_invalid_certs = false;
    let layers = tokio::task::spawn_blocking(move || {
        let credentials = config.auth_layer().map_err(|error| classify(&error).to_string())?;
        let connector = config.rustls_https_connector().map_err(|error| classify(&error).to_string())?;
        Ok::<_, String>((credentials, connector))
    });
    let (credentials, connector) = layers.await.map_err(|_| "the client cannot be made".to_string())??;
    let http = Http::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let service = ServiceBuilder::new().option_layer(credentials).map_err(BoxError::from).service(http);
    Ok(Client::new(service, ""))
}
