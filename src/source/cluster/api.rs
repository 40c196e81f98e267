//! `Api`: sends requests that `request` allowed, within the time that is left, and gives whole answers back.
//!
//! It knows statuses, not what answers mean.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, RETRY_AFTER};
use http::{HeaderValue, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use tokio::time::Instant;

use super::error::{Failure, classify, clean};
use super::request::Allowed;
use super::retry;

/// Most bytes of an answer, after unpacking.
const LARGEST: usize = 512 << 20;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For a whole answer.
    pub request: Option<Duration>,
    /// For the whole scan.
    pub scan: Duration,
    /// When the scan's time is over.
    pub deadline: Instant,
}

impl Limits {
    /// Limits that begin to run now.
    pub fn from_now(request: Option<Duration>, scan: Duration) -> Self {
        Limits { request, scan, deadline: Instant::now() + scan }
    }

    /// Waits for something, at most as long as a request may take and the scan's time lasts.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let limit = self.request.map_or(left, |request| request.min(left));
        tokio::time::timeout(limit, work).await.map_err(|_| match self.request {
            Some(request) if request < left => Failure::Timeout(request),
            _ => Failure::OutOfTime(self.scan),
        })
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// Status code.
    pub status: u16,
    /// How long the server wants us to wait.
    pub retry_after: Option<Duration>,
    /// The body, unpacked.
    pub body: Bytes,
}

/// What an API server says about an error.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    message: String,
    metadata: StatusMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusMetadata {
    #[serde(rename = "continue")]
    token: Option<String>,
}

impl Reply {
    fn says(&self) -> Status {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The status and what the server says about it, in one line.
    pub fn complaint(&self) -> String {
        let message = Some(clean(&self.says().message)).filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| self.plain());
        if message.is_empty() {
            format!("status {}", self.status)
        } else {
            format!("status {}: {message}", self.status)
        }
    }

    /// The first line of an answer that is plain text: whoever speaks HTTP to a TLS port is told so.
    fn plain(&self) -> String {
        let text = std::str::from_utf8(&self.body).unwrap_or_default().trim();
        if text.starts_with(['<', '{', '[']) { String::new() } else { clean(text.lines().next().unwrap_or_default()) }
    }

    /// The continue token of a 410.
    pub fn token(&self) -> Option<String> {
        self.says().metadata.token.filter(|token| !token.is_empty())
    }

    /// Whether there is an answer to read.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A connection to an API server.
#[derive(Clone)]
pub(super) struct Api {
    client: Client,
    /// Answers come unpacked: on one machine, packing costs more time than it saves.
    unpacked: bool,
    /// When to stop.
    pub limits: Limits,
}

impl Api {
    /// Uses a client whose own retries are off.
    pub fn new(client: Client, server: &Uri, limits: Limits) -> Self {
        Api { client, unpacked: is_here(server), limits }
    }

    /// Sends a request, again where that helps.
    pub async fn send(&self, request: &Allowed) -> Result<Reply, Failure> {
        let mut tries = 0;
        loop {
            let outcome = self.send_once(request).await;
            tries += 1;
            let Some(wait) = retry::wait(&outcome, tries) else { return outcome };
            if Instant::now() + wait >= self.limits.deadline {
                return outcome;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends a request while something else goes on.
    pub fn send_aside(&self, request: Allowed) -> tokio::task::JoinHandle<Result<Reply, Failure>> {
        let api = self.clone();
        tokio::spawn(async move { api.send(&request).await })
    }

    /// Sends a request; another try where the server asks for one, none where nobody listens.
    pub async fn first(&self, request: &Allowed) -> Result<Reply, Failure> {
        match self.send_once(request).await {
            Err(failure @ Failure::Unreachable(_)) => Err(failure),
            outcome if retry::wait(&outcome, 1).is_none() => outcome,
            _ => self.send(request).await,
        }
    }

    async fn send_once(&self, request: &Allowed) -> Result<Reply, Failure> {
        self.limits.within(self.exchange(request)).await?
    }

    async fn exchange(&self, request: &Allowed) -> Result<Reply, Failure> {
        let mut request = request.to_http().map(Body::from);
        if self.unpacked {
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let answer = self.client.send(request).await;
        let (head, body) = answer.map_err(|error| Failure::from(&error))?.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|error| broken(&*error))?;
        let seconds = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Ok(Reply { status: head.status.as_u16(), retry_after: seconds.map(Duration::from_secs), body: body.to_bytes() })
    }
}

/// Whether a server is on this machine.
fn is_here(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    if error.is::<LengthLimitError>() { Failure::TooLarge(LARGEST) } else { classify(error) }
}
