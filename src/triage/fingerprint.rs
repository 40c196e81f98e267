//! Fingerprints: the identity of a finding across runs and edits, free of line numbers.

use std::fmt::Write as _;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

/// What identifies a finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity<'a> {
    /// The rule.
    pub rule: &'a str,
    /// The environment's path in the repository; empty for what is no variant of anything.
    pub environment: String,
    /// API group and kind, or tool and section kind.
    pub kind: String,
    /// Namespace; empty if none.
    pub namespace: &'a str,
    /// Name; for a document without one, its path.
    pub name: String,
    /// Field path with names in place of positions.
    pub field: &'a str,
}

/// One fingerprint each, 32 hexadecimal digits. Equal identities are told apart by their order.
pub fn fingerprints(identities: &[Identity<'_>]) -> Vec<String> {
    let mut seen: FxHashMap<&Identity<'_>, usize> = FxHashMap::default();
    let ordinals = identities.iter().map(|identity| {
        let ordinal = seen.entry(identity).or_default();
        *ordinal += 1;
        *ordinal
    });
    let numbered: Vec<(&Identity<'_>, usize)> = identities.iter().zip(ordinals).collect();
    numbered.into_par_iter().map(|(identity, ordinal)| digest(identity, ordinal)).collect()
}

/// Parts are joined by NUL, which none of them can hold.
fn digest(identity: &Identity<'_>, ordinal: usize) -> String {
    let Identity { rule, environment, kind, namespace, name, field } = identity;
    let mut text = [*rule, environment.as_str(), kind, namespace, name, field].join("\0");
    if ordinal > 1 {
        let _ = write!(text, "\0{ordinal}");
    }
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::{Identity, fingerprints};

    fn identity(field: &str) -> Identity<'_> {
        Identity {
            rule: "r",
            environment: String::new(),
            kind: "apps/Deployment".to_string(),
            namespace: "n",
            name: "web".to_string(),
            field,
        }
    }

    #[test]
    fn equal_findings_are_told_apart_by_order_and_others_by_what_they_are() {
        let prints = fingerprints(&[identity("a"), identity("a"), identity("b")]);
        assert!(prints.iter().all(|print| print.len() == 32));
        assert_ne!(prints[0], prints[1]);
        assert_ne!(prints[0], prints[2]);
        assert_eq!(prints, fingerprints(&[identity("a"), identity("a"), identity("b")]));
    }
}
