//! `KubeVersion`: versions of Kubernetes, its distributions, and of etcd (`v1.33.2-gke.1`, `1.33`, `3.5.16-0`).
//!
//! Reads what people and tools write and compares it. Which versions are supported is dated data, not known here.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionError {
    /// What was written.
    pub text: String,
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no version like v1.33 or v1.33.2", self.text)
    }
}

impl std::error::Error for VersionError {}

/// How far a release had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `-alpha.N`
    Alpha(u32),
    /// `-beta.N`
    Beta(u32),
    /// `-rc.N`
    Candidate(u32),
    /// Released. Suffixes of distributions (`-gke.1`, `+k3s1`, `-0`) are releases.
    Final,
}

/// A version. Order looks at the numbers, then at the stage, then at the distribution's suffix as text.
///
/// ```
/// use k8sready::values::KubeVersion;
/// let node: KubeVersion = "v1.31.4+rke2r1".parse()?;
/// let api: KubeVersion = "1.33".parse()?;
/// assert_eq!(api.minors_ahead_of(&node), Some(2));
/// assert!("v1.33.0-rc.1".parse::<KubeVersion>()? < "v1.33.0".parse()?);
/// # Ok::<(), k8sready::values::VersionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KubeVersion {
    /// 1 of `v1.33.2`.
    pub major: u32,
    /// 33 of `v1.33.2`.
    pub minor: u32,
    /// 2 of `v1.33.2`; `None` if only `1.33` was written.
    pub patch: Option<u32>,
    /// How far it had come.
    pub stage: Stage,
    /// Everything after the numbers, with its `-` or `+`.
    pub suffix: String,
}

impl KubeVersion {
    /// A version without patch.
    pub fn new(major: u32, minor: u32) -> Self {
        KubeVersion { major, minor, patch: None, stage: Stage::Final, suffix: String::new() }
    }

    /// Minor versions between the two (negative if this is older); `None` across major versions.
    pub fn minors_ahead_of(&self, other: &KubeVersion) -> Option<i64> {
        (self.major == other.major).then(|| i64::from(self.minor) - i64::from(other.minor))
    }

    /// Whether it is this minor version or a newer one, of the same major version or a newer one.
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }

    /// Whether it is an alpha, beta or release candidate.
    pub fn is_prerelease(&self) -> bool {
        self.stage != Stage::Final
    }

    fn key(&self) -> (u32, u32, u32, Stage, &str) {
        (self.major, self.minor, self.patch.unwrap_or(0), self.stage, &self.suffix)
    }
}

impl Ord for KubeVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        // `1.33` sorts before `1.33.0`, so that order and equality agree.
        self.key().cmp(&other.key()).then(self.patch.cmp(&other.patch))
    }
}

impl PartialOrd for KubeVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for KubeVersion {
    type Err = VersionError;

    /// Tolerant: a leading `v`, blanks around, a missing patch, a minor like `33+` as managed clusters report it.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let error = || VersionError { text: text.to_string() };
        let bare = text.trim();
        let bare = bare.strip_prefix(['v', 'V']).unwrap_or(bare);
        let (major, rest) = number(bare).ok_or_else(error)?;
        let (minor, rest) = rest.strip_prefix('.').and_then(number).ok_or_else(error)?;
        let (patch, suffix) = match rest.strip_prefix('.') {
            Some(rest) => number(rest).map(|(patch, rest)| (Some(patch), rest)).ok_or_else(error)?,
            None => (None, if rest == "+" { "" } else { rest }),
        };
        if !is_suffix(suffix) {
            return Err(error());
        }
        Ok(KubeVersion { major, minor, patch, stage: stage(suffix), suffix: suffix.to_string() })
    }
}

fn number(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    Some((digits.parse().ok()?, rest))
}

fn is_suffix(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_' | '~');
    text.is_empty() || (text.starts_with(['-', '+']) && text.len() > 1 && text.chars().all(allowed))
}

fn stage(suffix: &str) -> Stage {
    let word = suffix.strip_prefix('-').unwrap_or_default();
    let count = |rest: &str| number(rest.strip_prefix('.').unwrap_or(rest)).map_or(0, |(count, _)| count);
    if let Some(rest) = word.strip_prefix("alpha") {
        Stage::Alpha(count(rest))
    } else if let Some(rest) = word.strip_prefix("beta") {
        Stage::Beta(count(rest))
    } else if let Some(rest) = word.strip_prefix("rc") {
        Stage::Candidate(count(rest))
    } else {
        Stage::Final
    }
}

impl fmt::Display for KubeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)?;
        if let Some(patch) = self.patch {
            write!(f, ".{patch}")?;
        }
        f.write_str(&self.suffix)
    }
}
