//! Paths as SARIF wants them: relative to the git root, forward slashes, percent-encoded.
//!
//! An upload with one empty or absolute URI is refused as a whole, so whatever cannot be such a path has none.

use std::fmt::Write;

/// The URI of `path` below `prefix`; `None` for a path that is absolute, empty or leads out of the root.
pub(super) fn uri(prefix: &str, path: &str) -> Option<String> {
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
    let encoded: Vec<String> = parts.iter().map(|part| percent_encoded(part)).collect();
    (!encoded.is_empty()).then(|| encoded.join("/"))
}

/// Everything but the characters that mean nothing in any part of a URI.
fn percent_encoded(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            // Writing to a string cannot fail.
            byte => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;
    use proptest::prelude::*;

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
