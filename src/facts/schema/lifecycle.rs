//! When API versions were deprecated and removed, from `data/apis.txt`.

use rustc_hash::FxHashMap;

/// The text of the table; its first line says what the columns are.
const TEXT: &str = include_str!("../../../data/apis.txt");

/// The life of a kind in an API version; minors of Kubernetes 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// The first release that called it deprecated.
    pub deprecated: Option<u32>,
    /// The first release without it.
    pub removed: Option<u32>,
    /// API version and kind that take its place; empty when nothing does.
    pub replacement: &'static str,
}

/// API version and kind to their life; what is not in it was never deprecated.
#[derive(Debug)]
pub struct Lives(FxHashMap<(&'static str, &'static str), Life>);

impl Lives {
    /// Reads the table.
    pub fn load() -> Result<Lives, String> {
        let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
        let rows: Option<_> = lines.map(row).collect();
        rows.map(Lives).ok_or_else(|| "data/apis.txt is not understood".to_string())
    }

    /// The life of a kind.
    pub fn of(&self, api_version: &str, kind: &str) -> Option<Life> {
        self.0.get(&(api_version, kind)).copied()
    }
}

fn row(line: &'static str) -> Option<((&'static str, &'static str), Life)> {
    let mut words = line.splitn(5, ' ');
    let (api_version, kind) = (words.next()?, words.next()?);
    let mut minor = || match words.next()? {
        "-" => Some(None),
        word => word.parse().ok().map(Some),
    };
    let (deprecated, removed) = (minor()?, minor()?);
    Some(((api_version, kind), Life { deprecated, removed, replacement: words.next().unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removals_of_the_past_and_of_the_future_are_known() {
        let lives = Lives::load().unwrap();
        let ingress = lives.of("extensions/v1beta1", "Ingress").unwrap();
        assert_eq!((ingress.removed, ingress.replacement), (Some(22), "networking.k8s.io/v1 Ingress"));
        assert_eq!(lives.of("policy/v1beta1", "PodSecurityPolicy").unwrap().removed, Some(25));
        assert_eq!(lives.of("apps/v1", "Deployment"), None);
    }
}
