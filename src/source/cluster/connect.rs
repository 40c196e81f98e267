//! From settings to a connection that answers: the client, and the first request, whose failure tells what is wrong.

use std::time::Duration;

use http::Uri;
use http::header::{HeaderValue, USER_AGENT};
use hyper_util::client::proxy::matcher::Matcher;
use kube::{Client, Config};
use serde::Deserialize;

use super::api::{Api, Limits, Reply};
use super::error::{ClusterError, Failure, Obstacle, clean, why_no_credentials};
use super::kubeconfig::{self, Target};
use super::settings::LiveSettings;
use super::{plugins, request};
use crate::source::ClusterName;

/// The most that a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// A connection to a cluster that answers.
pub(super) struct Connection {
    /// To send requests with.
    pub api: Api,
    /// How it came about.
    pub config: Config,
    /// Which cluster it is.
    pub name: ClusterName,
    /// Who we are.
    pub user: String,
}

/// Connects, and asks for the version.
pub(super) async fn connect(settings: &LiveSettings) -> Result<Connection, ClusterError> {
    let mut target = kubeconfig::target(settings).await?;
    plugins::admit(settings, &mut target)?;
    tune(settings, &mut target)?;
    let client = client(settings, &target).await?;
    let limits = Limits::from_now(settings.request_timeout, settings.timeout);
    let mut connection = Connection {
        api: Api::new(client, &target.config.cluster_url, limits),
        name: ClusterName {
            name: clean(&target.cluster),
            context: clean(&target.context),
            server: shown(&target.config.cluster_url),
            version: String::new(),
            taken_at: now(),
        },
        config: target.config,
        user: clean(&target.user),
    };
    connection.name.version = version(&connection).await?;
    Ok(connection)
}

/// RFC 3339, UTC, seconds.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Scheme, host and port: an address may also hold a password.
fn shown(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    clean(&format!("{}://{host}{port}{path}", url.scheme_str().unwrap_or("https")))
}

/// What kube leaves to its users, or does otherwise: retries, the name, proxies.
fn tune(settings: &LiveSettings, target: &mut Target) -> Result<(), ClusterError> {
    let config = &mut target.config;
    config.default_retry = false;
    config.connect_timeout = Some(settings.request_timeout.map_or(CONNECT, |limit| limit.min(CONNECT)));
    let agent = concat!("k8sready/", env!("CARGO_PKG_VERSION"));
    config.headers.push((USER_AGENT, HeaderValue::from_static(agent)));
    let named = settings.proxy.as_ref().or(target.proxy.as_ref());
    config.proxy_url = match named {
        Some(proxy) => Some(proxy.parse().map_err(|error| {
            ClusterError::new(Obstacle::Kubeconfig, format!("the proxy's address cannot be read: {error}"))
        })?),
        None => from_environment(settings, &config.cluster_url),
    };
    Ok(())
}

/// The proxy of the environment, which never stands before this machine itself.
fn from_environment(settings: &LiveSettings, server: &Uri) -> Option<Uri> {
    let host = server.host()?.trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if local {
        return None;
    }
    let variables = &settings.proxies;
    let matcher = Matcher::builder()
        .http(variables.http.as_str())
        .https(variables.https.as_str())
        .no(variables.none.as_str())
        .build();
    matcher.intercept(server).map(|found| found.uri().clone())
}

/// The client. A plugin runs here and may take its time: somebody may be typing.
async fn client(settings: &LiveSettings, target: &Target) -> Result<Client, ClusterError> {
    let config = target.config.clone();
    let built = tokio::task::spawn_blocking(move || Client::try_from(config));
    let plugin = plugins::command(&target.config.auth_info);
    match tokio::time::timeout(settings.timeout, built).await {
        Ok(Ok(Ok(client))) => Ok(client),
        Ok(Ok(Err(error))) => Err(no_client(target, &error)),
        Ok(Err(_)) => Err(ClusterError::new(Obstacle::Kubeconfig, "the client cannot be made: internal error")),
        Err(_) => Err(match plugin {
            Some(plugin) => ClusterError::new(
                Obstacle::Plugin,
                format!("the credential plugin `{}` did not end within {:?}", clean(&plugin), settings.timeout),
            )
            .help("run it by hand to see what it waits for"),
            None => ClusterError::new(
                Obstacle::Timeout,
                format!("{:?} are over before anything was asked", settings.timeout),
            ),
        }),
    }
}

fn no_client(target: &Target, error: &kube::Error) -> ClusterError {
    match error {
        kube::Error::Auth(auth) => {
            let command = plugins::command(&target.config.auth_info);
            let message = match &command {
                Some(command) => format!("the credential plugin `{}`: {}", clean(command), why_no_credentials(auth)),
                None => format!("the credentials of `{}`: {}", clean(&target.user), why_no_credentials(auth)),
            };
            let exec = target.config.auth_info.exec.as_ref();
            let hint = exec.and_then(|exec| exec.install_hint.as_deref()).map(clean).filter(|hint| !hint.is_empty());
            let error = ClusterError::new(Obstacle::Plugin, message);
            match (hint, command) {
                (Some(hint), Some(_)) => error.help(format!("the kubeconfig says: {hint}")),
                (None, Some(_)) => error.help("install it, or use other credentials (--token-file)"),
                (_, None) => error,
            }
        }
        // The address may hold a password.
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            ClusterError::new(Obstacle::Kubeconfig, "the proxy's protocol is not supported")
                .help("http, https and socks5 are")
        }
        other => {
            ClusterError::new(Obstacle::Kubeconfig, format!("the client cannot be made: {}", clean(&other.to_string())))
                .help("certificates and keys of the kubeconfig may be broken")
        }
    }
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "gitVersion")]
    git_version: String,
}

/// The first request. Where `/version` is not for everybody, the version stays unknown.
async fn version(connection: &Connection) -> Result<String, ClusterError> {
    let request =
        request::plain("/version").map_err(|refused| ClusterError::new(Obstacle::Refused, refused.to_string()))?;
    let reply = connection.api.first(&request).await.map_err(|failure| connection.failed(&failure))?;
    if reply.status == 403 {
        return Ok(String::new());
    }
    connection.readable(&reply)?;
    let version: Version = serde_json::from_slice(&reply.body).map_err(|_| connection.stranger("/version"))?;
    Ok(clean(&version.git_version))
}

impl Connection {
    /// What a failed request means for the whole scan.
    pub fn failed(&self, failure: &Failure) -> ClusterError {
        let server = &self.name.server;
        match failure {
            Failure::Unreachable(why) => {
                let proxy =
                    self.config.proxy_url.as_ref().map(|proxy| format!(" through the proxy `{}`", shown(proxy)));
                let through = proxy.unwrap_or_default();
                ClusterError::new(Obstacle::Unreachable, format!("`{server}` cannot be reached{through}: {why}"))
                    .help("is the cluster up, and --context right? A VPN or --proxy-url may be missing")
            }
            Failure::Tls(why) => ClusterError::new(Obstacle::Tls, format!("TLS with `{server}` failed: {why}"))
                .help("the kubeconfig's certificate-authority must be the one that signed the server's certificate"),
            Failure::Credentials(why) => ClusterError::new(Obstacle::Plugin, format!("no credentials: {why}")),
            Failure::Timeout(_) | Failure::OutOfTime(_) => {
                ClusterError::new(Obstacle::Timeout, format!("`{server}` does not answer: {failure}"))
                    .help("is something between here and there that swallows connections?")
            }
            Failure::BrokenOff(_) | Failure::TooLarge(_) => {
                ClusterError::new(Obstacle::Lost, format!("`{server}`: {failure}"))
                    .help("is this the address of an API server, and is https right?")
            }
        }
    }

    /// An error, unless the answer can be read.
    pub fn readable(&self, reply: &Reply) -> Result<(), ClusterError> {
        let server = &self.name.server;
        let said = reply.complaint();
        match reply.status {
            200..300 => Ok(()),
            401 => Err(ClusterError::new(
                Obstacle::Unauthorized,
                format!("`{server}` does not accept the credentials of `{}`: {said}", self.user),
            )
            .help("they may have expired: log in again, or choose others with --context or --user")),
            403 => Err(ClusterError::new(
                Obstacle::Forbidden,
                format!("`{server}` lets `{}` ask nothing: {said}", self.user),
            )
            .help("the account needs the ClusterRole that `k8sready rbac` prints")),
            404 => Err(self.stranger("it has no such path")),
            _ => Err(ClusterError::new(Obstacle::Unready, format!("`{server}` answers with an error: {said}"))),
        }
    }

    /// What answers speaks another language.
    pub fn stranger(&self, what: &str) -> ClusterError {
        let message = format!("`{}` is no Kubernetes API server ({what})", self.name.server);
        ClusterError::new(Obstacle::NotKubernetes, message)
            .help("does the address need a path, as behind Rancher or Teleport?")
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::ProxyVariables;
    use super::*;

    fn proxy(server: &str, none: &str) -> Option<String> {
        let proxies =
            ProxyVariables { http: String::new(), https: "http://proxy.example:3128".into(), none: none.into() };
        let settings = LiveSettings { proxies, ..LiveSettings::default() };
        from_environment(&settings, &server.parse().expect("an address")).map(|uri| uri.to_string())
    }

    #[test]
    fn the_environments_proxy_serves_other_machines_only() {
        assert_eq!(proxy("https://api.example:6443", "").as_deref(), Some("http://proxy.example:3128/"));
        assert_eq!(proxy("https://api.example:6443", "localhost,.example"), None);
        assert_eq!(proxy("https://10.1.2.3:6443", "10.0.0.0/8"), None);
        assert_eq!(proxy("https://127.0.0.1:6443", ""), None);
        assert_eq!(proxy("https://[::1]:6443", ""), None);
        assert_eq!(proxy("http://api.example:8080", ""), None);
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        assert_eq!(
            shown(&"https://me:secret@api.example:6443/k8s/".parse().expect("an address")),
            "https://api.example:6443/k8s"
        );
    }
}
