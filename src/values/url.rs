//! `Url`: a URL the way Go's `net/url` reads it, because the API server's expressions do.
//!
//! It accepts absolute URLs and absolute paths, and takes them apart. It resolves nothing and knows no schemes.

use std::fmt;
use std::str::FromStr;

/// Why a text is no URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// Nothing is there.
    Empty,
    /// A control character.
    Control,
    /// A colon without a scheme in front of it.
    NoScheme,
    /// Neither an absolute URL nor an absolute path.
    Relative,
    /// The part between `//` and the path.
    Authority,
    /// A `%` that is not followed by two hexadecimal digits.
    Escape,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UrlError::Empty => "empty url",
            UrlError::Control => "invalid control character in URL",
            UrlError::NoScheme => "missing protocol scheme",
            UrlError::Relative => "invalid URI for request",
            UrlError::Authority => "invalid user, host or port",
            UrlError::Escape => "invalid URL escape",
        })
    }
}

impl std::error::Error for UrlError {}

/// An absolute URL, or an absolute path.
///
/// ```
/// use k8sready::values::Url;
/// let url: Url = "https://registry.example.com:5000/v2/?last=a%20b#top".parse()?;
/// assert_eq!((url.scheme(), url.host(), url.hostname(), url.port()), ("https", "registry.example.com:5000", "registry.example.com", "5000"));
/// assert_eq!((url.escaped_path(), url.query()), ("/v2/".to_string(), vec![("last".to_string(), "a b".to_string())]));
/// # Ok::<(), k8sready::values::UrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
    text: String,
}

impl Url {
    /// The scheme in lower case; empty for a path.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Host and port, IPv6 addresses in brackets; empty for a path.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host without port and brackets.
    pub fn hostname(&self) -> &str {
        let host = split_port(&self.host).map_or(self.host.as_str(), |(host, _)| host);
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port; empty if there is none.
    pub fn port(&self) -> &str {
        split_port(&self.host).map_or("", |(_, port)| port)
    }

    /// The path, escaped as it was written, or as it must be.
    pub fn escaped_path(&self) -> String {
        if self
            .path
            .bytes()
            .all(|byte| stays(byte) || matches!(byte, b'[' | b']' | b'%' | b'!' | b'\'' | b'(' | b')' | b'*'))
        {
            return self.path.clone();
        }
        let plain = unescape(&self.path, false).unwrap_or_else(|| self.path.clone().into_bytes());
        let escape = |byte: u8| if stays(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        plain.into_iter().map(escape).collect()
    }

    /// Names and values of the query, unescaped, in order; what cannot be read is left out.
    pub fn query(&self) -> Vec<(String, String)> {
        let parts = self.query.split('&').filter(|part| !part.is_empty() && !part.contains(';'));
        let read = |text: &str| String::from_utf8(unescape(text, true)?).ok();
        parts
            .filter_map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                Some((read(name)?, read(value)?))
            })
            .collect()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Bytes that a path keeps.
fn stays(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte)
}

/// Percent escapes resolved; `None` if one is broken.
fn unescape(text: &str, plus_is_blank: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok().filter(|d| !d.starts_with('+'))?, 16).ok()?
            }
            b'+' if plus_is_blank => b' ',
            other => other,
        });
    }
    Some(out)
}

/// `host:80` to `host` and `80`; `None` without a colon before a port.
fn split_port(host: &str) -> Option<(&str, &str)> {
    host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The scheme in front of a colon, and the rest.
fn split_scheme(text: &str) -> Result<(&str, &str), UrlError> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err(UrlError::NoScheme),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

/// The host of `user:password@host:port`, checked.
fn host(authority: &str) -> Result<String, UrlError> {
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_user = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(is_user) || unescape(user, false).is_none() {
        return Err(UrlError::Authority);
    }
    let is_host = |byte: u8| byte >= 0x80 || byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]<>\"%".contains(&byte);
    let name_ends = host.rfind(']').map_or(0, |at| at + 1);
    let after = &host[name_ends..];
    let port_is_good = match after.split_once(':') {
        Some((_, port)) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => name_ends == 0 || after.is_empty(),
    };
    let brackets_are_good =
        host.starts_with('[') == (name_ends > 0) && (name_ends == 0 || after.is_empty() || after.starts_with(':'));
    if !host.bytes().all(is_host) || !port_is_good || !brackets_are_good {
        return Err(UrlError::Authority);
    }
    unescape(host, false).and_then(|host| String::from_utf8(host).ok()).ok_or(UrlError::Authority)
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if text.is_empty() {
            return Err(UrlError::Empty);
        }
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(UrlError::Control);
        }
        let (scheme, rest) = split_scheme(text)?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let url = |host: String, path: &str| Url {
            scheme: scheme.to_ascii_lowercase(),
            host,
            path: path.to_string(),
            query: query.to_string(),
            text: text.to_string(),
        };
        if !rest.starts_with('/') {
            let opaque = !scheme.is_empty() || rest == "*";
            return if opaque {
                Ok(url(String::new(), if rest == "*" { rest } else { "" }))
            } else {
                Err(UrlError::Relative)
            };
        }
        let is_authority = |rest: &&str| !scheme.is_empty() || !rest.starts_with('/');
        let (authority, path) = match rest.strip_prefix("//").filter(is_authority) {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        if unescape(path, false).is_none() {
            return Err(UrlError::Escape);
        }
        Ok(url(host(authority)?, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "",
            "../relative-path",
            "relative",
            "https://a:b:c/",
            ":80",
            "http://[::1",
            "/a%zz",
            "http://a b/",
            "/a\nb",
        ] {
            assert!(text.parse::<Url>().is_err(), "`{text}` is no URL");
        }
    }

    #[test]
    fn paths_are_escaped_where_they_must_be() {
        let path = |text: &str| text.parse::<Url>().unwrap().escaped_path();
        assert_eq!(path("https://example.com/path with spaces/"), "/path%20with%20spaces/");
        assert_eq!(path("https://example.com/a%2Fb"), "/a%2Fb");
        assert_eq!(path("https://example.com"), "");
    }
}
