//! The certificate chain that the API server presents, as PEM: what every client of the cluster depends on.

use std::sync::Arc;

use data_encoding::BASE64;
use http::Uri;
use kube::Config;
use kube::client::ConfigExt as _;
use kube::config::AuthInfo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use super::api::Limits;
use super::error::classify;
use crate::source::Answer;

/// The path that stands for the chain.
const PATH: &str = "tls:serving-certificate";

/// Shakes hands once more and keeps what the server presented.
pub(super) async fn ask(config: &Config, limits: &Limits) -> Answer {
    let chain = match limits.within(chain(config)).await {
        Ok(chain) => chain,
        Err(failure) => Err(failure.to_string()),
    };
    match chain {
        Ok(text) => Answer { path: PATH.to_string(), status: Some(200), text },
        Err(text) => Answer { path: PATH.to_string(), status: None, text },
    }
}

async fn chain(config: &Config) -> Result<String, String> {
    let url = &config.cluster_url;
    if url.scheme_str() != Some("https") {
        return Err("the API server is reached without TLS".to_string());
    }
    if config.proxy_url.is_some() {
        return Err("the API server is reached through a proxy".to_string());
    }
    // Whoever only looks needs no credentials, and no plugin runs for it.
    let mut config = config.clone();
    config.auth_info = AuthInfo::default();
    let tls = config.rustls_client_config().map_err(|error| classify(&error).to_string())?;
    let (host, port) = address(url);
    let name = config.tls_server_name.clone().unwrap_or_else(|| host.clone());
    let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
    let stream = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await;
    let stream = stream.map_err(|error| classify(&error).to_string())?;
    Ok(pem(stream.get_ref().1.peer_certificates().unwrap_or_default()))
}

fn address(url: &Uri) -> (String, u16) {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']).to_string();
    (host, url.port_u16().unwrap_or(443))
}

fn pem(chain: &[CertificateDer<'_>]) -> String {
    let mut text = String::new();
    for certificate in chain {
        let body = BASE64.encode(certificate);
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for start in (0..body.len()).step_by(64) {
            text.push_str(&body[start..body.len().min(start + 64)]);
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}
