//! `HostPort`: endpoints as control planes write them (`host:6443`, `[::1]:6443`, `https://10.0.0.1:2379`).
//!
//! Reads host, port and scheme; paths and user info are dropped, not kept. Names are never resolved.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Why a text is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointError {
    /// There is neither host nor port.
    Empty,
    /// The host holds a character that no host name holds, or a bracket is left open.
    Host,
    /// The port is no number of 1 to 65535.
    Port,
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EndpointError::Empty => "an endpoint needs a host or a port",
            EndpointError::Host => "the host is neither a name nor an IP address",
            EndpointError::Port => "the port is no number of 1 to 65535",
        })
    }
}

impl std::error::Error for EndpointError {}

/// An endpoint.
///
/// ```
/// use k8sready::values::HostPort;
/// let endpoint: HostPort = "https://[fd00::1]:2379/health".parse()?;
/// assert_eq!((endpoint.host.as_str(), endpoint.port), ("fd00::1", Some(2379)));
/// assert!(endpoint.is_ip_literal());
/// assert_eq!(endpoint.to_string(), "https://[fd00::1]:2379");
/// # Ok::<(), k8sready::values::EndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// `https` of `https://…`, lower-case.
    pub scheme: Option<String>,
    /// A name, an IP address without brackets, `*`, or nothing (`:6443`, every address).
    pub host: String,
    /// The port, if one was written.
    pub port: Option<u16>,
}

impl HostPort {
    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether the host is an address and no name.
    pub fn is_ip_literal(&self) -> bool {
        self.ip().is_some()
    }

    /// Whether it stands for every address of the machine: nothing, `*`, `0.0.0.0`, `::`.
    pub fn is_wildcard(&self) -> bool {
        matches!(self.host.as_str(), "" | "*") || self.ip().is_some_and(|ip| ip.is_unspecified())
    }

    /// Whether only the machine itself can reach it.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.ip().is_some_and(|ip| ip.to_canonical().is_loopback())
    }

    /// The port, or the one its scheme implies (`http` 80, `https` 443).
    pub fn port_or_default(&self) -> Option<u16> {
        self.port.or(match self.scheme.as_deref() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        })
    }
}

impl FromStr for HostPort {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default();
        if authority.is_empty() {
            return Err(EndpointError::Empty);
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(digits) => Some(parse_port(digits)?),
            None => None,
        };
        Ok(HostPort { scheme, host: host.to_string(), port })
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), EndpointError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(EndpointError::Host)?;
        let is_v6 = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6());
        return match (is_v6, after.strip_prefix(':')) {
            (true, Some(port)) => Ok((host, Some(port))),
            (true, None) if after.is_empty() => Ok((host, None)),
            _ => Err(EndpointError::Host),
        };
    }
    if authority.parse::<IpAddr>().is_ok() {
        return Ok((authority, None));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    if host.chars().all(allowed) { Ok((host, port)) } else { Err(EndpointError::Host) }
}

fn parse_port(digits: &str) -> Result<u16, EndpointError> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    number.filter(|&port| port > 0).ok_or(EndpointError::Port)
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(f, "{scheme}://")?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}
