//! `ImageRef`: references to container images (`nginx`, `host:5000/app:1.2@sha256:…`).
//!
//! Splits a reference into its parts and applies Docker's defaults. It does not know which registries or versions are
//! good ones, except for the list of tags that by convention move.
//!
//! Source: the grammar of github.com/distribution/reference.

use std::fmt;
use std::str::FromStr;

/// Tags that by convention are pushed again and again.
pub const MUTABLE_TAGS: &[&str] = &[
    "latest",
    "main",
    "master",
    "trunk",
    "develop",
    "development",
    "dev",
    "edge",
    "nightly",
    "daily",
    "weekly",
    "snapshot",
    "canary",
    "unstable",
    "stable",
    "testing",
    "test",
    "staging",
    "prod",
    "production",
    "head",
    "current",
    "release",
];

/// Why a text is no image reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// Nothing there.
    Empty,
    /// The repository holds a character it may not hold, e.g. an upper-case letter, or an empty part.
    Repository,
    /// The registry is no host with an optional port.
    Registry,
    /// The tag is empty, longer than 128 characters, or holds a character it may not hold.
    Tag,
    /// The digest is no `algorithm:hex`.
    Digest,
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ImageError::Empty => "an image reference cannot be empty",
            ImageError::Repository => "the repository may hold lower-case letters, digits and single separators only",
            ImageError::Registry => "the registry is no host with an optional port",
            ImageError::Tag => "the tag may hold 1 to 128 letters, digits, `_`, `.` and `-` only",
            ImageError::Digest => "the digest is no `algorithm:hex`",
        })
    }
}

impl std::error::Error for ImageError {}

/// An image reference with the defaults filled in.
///
/// ```
/// use k8sready::values::ImageRef;
/// let image: ImageRef = "nginx".parse()?;
/// assert_eq!((image.registry.as_str(), image.repository.as_str()), ("docker.io", "library/nginx"));
/// assert!(image.is_mutable_tag());
/// assert_eq!("host:5000/app".parse::<ImageRef>()?.tag, None);
/// # Ok::<(), k8sready::values::ImageError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    /// Host and port; `docker.io` if none was written.
    pub registry: String,
    /// Path in the registry; `library/…` for short names of `docker.io`.
    pub repository: String,
    /// The tag, if one was written.
    pub tag: Option<String>,
    /// The digest with its algorithm, if one was written.
    pub digest: Option<String>,
}

impl ImageRef {
    /// The last part of the repository: `nginx` of `docker.io/library/nginx`.
    pub fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// Whether the image can change under the reference by convention: no digest, and no tag or one of `MUTABLE_TAGS`,
    /// also with a flavour (`latest-alpine`, `8-stable`). A digest decides, whatever the tag.
    pub fn is_mutable_tag(&self) -> bool {
        self.digest.is_none() && self.tag.as_deref().is_none_or(is_mutable)
    }
}

fn is_mutable(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    MUTABLE_TAGS.iter().any(|word| match tag.strip_prefix(word) {
        Some("") => true,
        // `nightly-20250101` names one build.
        Some(flavour) => flavour.starts_with('-') && !flavour.contains(|c: char| c.is_ascii_digit()),
        None => tag.strip_suffix(word).is_some_and(|before| before.ends_with('-')),
    })
}

impl FromStr for ImageRef {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let after_slash = name.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match name[after_slash..].find(':') {
            Some(colon) => (&name[..after_slash + colon], Some(&name[after_slash + colon + 1..])),
            None => (name, None),
        };
        let (registry, repository) = split_registry(name);
        check(text, registry, &repository, tag, digest)?;
        let owned = |part: Option<&str>| part.map(str::to_string);
        Ok(ImageRef { registry: registry.to_string(), repository, tag: owned(tag), digest: owned(digest) })
    }
}

/// The first part is a registry if it looks like a host; otherwise Docker Hub is meant.
fn split_registry(name: &str) -> (&str, String) {
    let host = name.split_once('/').filter(|(first, _)| {
        first.contains(['.', ':']) || *first == "localhost" || first.contains(|c: char| c.is_ascii_uppercase())
    });
    match host {
        Some(("index.docker.io" | "docker.io", rest)) if !rest.contains('/') => {
            ("docker.io", format!("library/{rest}"))
        }
        Some(("index.docker.io", rest)) => ("docker.io", rest.to_string()),
        Some((registry, rest)) => (registry, rest.to_string()),
        None if name.contains('/') => ("docker.io", name.to_string()),
        None => ("docker.io", format!("library/{name}")),
    }
}

fn check(
    text: &str,
    registry: &str,
    repository: &str,
    tag: Option<&str>,
    digest: Option<&str>,
) -> Result<(), ImageError> {
    match () {
        () if text.is_empty() => Err(ImageError::Empty),
        () if !is_registry(registry) => Err(ImageError::Registry),
        () if !repository.split('/').all(is_path_part) => Err(ImageError::Repository),
        () if !tag.is_none_or(is_tag) => Err(ImageError::Tag),
        () if !digest.is_none_or(is_digest) => Err(ImageError::Digest),
        () => Ok(()),
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = text.rsplit_once(':').filter(|_| !text.ends_with(']')).unwrap_or((text, "0"));
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-') || (bracketed && "[:]".contains(c));
    !host.is_empty() && host.chars().all(allowed) && port.parse::<u16>().is_ok()
}

/// Lower-case letters and digits, separated by `.`, `_`, `__` or dashes.
fn is_path_part(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = part.split(plain).filter(|between| !between.is_empty());
    part.starts_with(plain)
        && part.ends_with(plain)
        && separators.into_iter().all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|byte| byte == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || matches!(c, '.' | '-'))
}

/// As `github.com/opencontainers/go-digest` validates it: registered algorithms have a length, and write hexadecimal small.
fn is_digest(digest: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        let fits = match algorithm {
            "sha256" => hex.len() == 64,
            "sha384" => hex.len() == 96,
            "sha512" => hex.len() == 128,
            _ => algorithm.starts_with(|c: char| c.is_ascii_alphabetic()) && hex.len() >= 32,
        };
        fits && hex.bytes().all(is_hex)
    })
}

/// The full form, defaults written out.
impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}
