//! Why a cluster cannot be scanned at all, and why one request had no answer.
//!
//! Texts of servers and plugins are untrusted: they are cut and cleaned here, and credentials never get into them.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use kube::client::AuthError;
use tokio_rustls::rustls;

/// Most characters of a text that somebody else wrote.
const LONGEST: usize = 300;

/// What kind of obstacle it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// No kubeconfig, or one that cannot be used.
    Kubeconfig,
    /// The kubeconfig wants to run a program that may not run.
    PluginDenied,
    /// The program that fetches credentials is missing or failed.
    Plugin,
    /// Nothing listens there, or the name is unknown.
    Unreachable,
    /// No trust in the server's certificate, or in ours.
    Tls,
    /// No answer in time.
    Timeout,
    /// The credentials are not accepted.
    Unauthorized,
    /// The account may not even ask which resources there are.
    Forbidden,
    /// What answers is no Kubernetes API.
    NotKubernetes,
    /// It answers with errors.
    Unready,
    /// A namespace that the user named does not exist.
    NoSuchNamespace,
    /// Something was wanted that this program never asks for.
    Refused,
    /// The connection was lost before anything was read.
    Lost,
}

/// Why there is no scan: exit code 5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterError {
    /// The kind of obstacle.
    pub obstacle: Obstacle,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ClusterError {
    pub(super) fn new(obstacle: Obstacle, message: impl Into<String>) -> Self {
        ClusterError { obstacle, message: message.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        ClusterError { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl Error for ClusterError {}

/// Why one request had no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection came about.
    Unreachable(String),
    /// TLS refused the connection.
    Tls(String),
    /// The credentials cannot be renewed.
    Credentials(String),
    /// The connection broke.
    BrokenOff(String),
    /// The whole answer did not arrive in this time.
    Timeout(Duration),
    /// The scan's time is up.
    OutOfTime(Duration),
    /// The answer is larger than this many bytes.
    TooLarge(usize),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unreachable(why) => write!(f, "no connection: {why}"),
            Failure::Tls(why) => write!(f, "TLS: {why}"),
            Failure::Credentials(why) => write!(f, "credentials: {why}"),
            Failure::BrokenOff(why) => write!(f, "the answer broke off: {why}"),
            Failure::Timeout(after) => write!(f, "no complete answer within {after:?} (--request-timeout)"),
            Failure::OutOfTime(after) => write!(f, "the time of the whole scan, {after:?}, was over (--timeout)"),
            Failure::TooLarge(bytes) => write!(f, "an answer of more than {} MiB", bytes >> 20),
        }
    }
}

impl From<&kube::Error> for Failure {
    fn from(error: &kube::Error) -> Self {
        classify(error)
    }
}

/// Sorts an error by what caused it.
pub(super) fn classify(error: &(dyn Error + 'static)) -> Failure {
    let causes = causes(error);
    let innermost = || clean(&causes.last().map_or_else(|| error.to_string(), ToString::to_string));
    if let Some(tls) = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return Failure::Tls(clean(&tls.to_string()));
    }
    if let Some(auth) = causes.iter().find_map(|cause| cause.downcast_ref::<AuthError>()) {
        return Failure::Credentials(why_no_credentials(auth));
    }
    let connecting = causes
        .iter()
        .filter_map(|cause| cause.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect);
    if connecting { Failure::Unreachable(innermost()) } else { Failure::BrokenOff(innermost()) }
}

/// The error and what caused it, outermost first. An `io::Error` hides what it wraps from `source`.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut found = vec![error];
    while let Some(last) = found.last().copied() {
        let wrapped = last.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| last.source()) {
            Some(next) => found.push(next),
            None => break,
        }
    }
    found
}

/// What a plugin printed on standard output may be a token: of it, nothing is told.
pub(super) fn why_no_credentials(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(error) => format!("it cannot be started: {error}"),
        AuthError::AuthExecRun { out, .. } => {
            let stderr = String::from_utf8_lossy(&out.stderr);
            let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it printed no reason");
            format!("it ended with {}: {}", out.status, clean(last.trim()))
        }
        AuthError::AuthExecParse(_) => "it printed no ExecCredential".to_string(),
        other => clean(&other.to_string()),
    }
}

/// One short line without anything that acts on a terminal.
pub(super) fn clean(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let line: String = text.chars().map(|c| if acts(c) { ' ' } else { c }).take(LONGEST).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_cannot_act_on_a_terminal() {
        assert_eq!(clean("no\u{1b}[2Jway\r\n\u{202e}out"), "no [2Jway out");
        assert_eq!(clean(&"x".repeat(1000)).len(), LONGEST);
    }

    #[test]
    fn an_io_error_tells_what_it_wraps() {
        let inner = rustls::Error::General("unknown issuer".into());
        let wrapped = io::Error::other(io::Error::other(inner));
        assert_eq!(classify(&wrapped), Failure::Tls("unexpected error: unknown issuer".into()));
    }
}
