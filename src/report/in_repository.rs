//! Paths as the readers of a repository want them: relative to the git root, with forward slashes, without `.` and `..`.
//!
//! GitHub and GitLab attach a finding to a file only under that name, and refuse a whole SARIF upload for one path that is
//! absolute; whatever cannot be such a path has none. Percent-encoding is for URIs only.

use std::fmt::Write;

use super::Location;

/// `path`, relative to the folder `prefix` of the repository, as a path of the repository; `None` for a path that is
/// absolute, empty or leads out of it.
pub fn in_repository(prefix: &str, path: &str) -> Option<String> {
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    if path.is_empty() || path.starts_with('/') || drive {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in prefix.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// The file of a location, if it lies in the repository.
pub(super) fn file(prefix: &str, location: &Location) -> Option<String> {
    if location.source.has_file() { in_repository(prefix, &location.path) } else { None }
}

/// The file of a location, or else what stands for it: the path as it is known, or the object.
pub(super) fn file_or_name(prefix: &str, location: &Location) -> String {
    file(prefix, location).unwrap_or_else(|| match location.path.as_str() {
        "" => location.object.clone(),
        "-" => "<stdin>".to_string(),
        path => path.to_string(),
    })
}

/// A path as part of a URI: everything encoded but slashes and the characters that mean nothing in any part of one.
pub(super) fn percent_encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            // Writing to a string cannot fail.
            byte => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{in_repository, percent_encoded};
    use proptest::prelude::*;

    fn uri(prefix: &str, path: &str) -> Option<String> {
        in_repository(prefix, path).map(|path| percent_encoded(&path))
    }

    #[test]
    fn the_same_file_has_one_uri_however_it_is_named() {
        let table = [
            ("", "k8s/web.yaml", Some("k8s/web.yaml")),
            ("", "./k8s/../k8s//web.yaml", Some("k8s/web.yaml")),
            ("k8s", "web.yaml", Some("k8s/web.yaml")),
            ("k8s/", "./web.yaml", Some("k8s/web.yaml")),
            ("k8s/base", "../web.yaml", Some("k8s/web.yaml")),
            ("", "a b/ü#?.yaml", Some("a%20b/%C3%BC%23%3F.yaml")),
            ("", "http://x", Some("http%3A/x")),
            ("", "back\\slash", Some("back%5Cslash")),
            ("", "../out.yaml", None),
            ("a", "../../out.yaml", None),
            ("", "/etc/passwd", None),
            ("", "C:/x.yaml", None),
            ("", "", None),
            ("", ".", None),
        ];
        for (prefix, path, expected) in table {
            assert_eq!(uri(prefix, path).as_deref(), expected, "{prefix} + {path}");
        }
    }

    proptest! {
        #[test]
        fn a_uri_is_relative_plain_ascii(prefix in "[a-z./]{0,8}", path in any::<String>()) {
            if let Some(uri) = uri(&prefix, &path) {
                prop_assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.contains(':') && !uri.contains("//"));
                prop_assert!(uri.split('/').all(|part| part != "." && part != ".."));
                prop_assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)));
            }
        }
    }
}
