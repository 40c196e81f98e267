//! Values of the Kubernetes libraries that are neither scalars nor structures: addresses, ranges, URLs, semantic versions
//! and the named formats. What can be done with them stands in `functions`.

use std::fmt;
use std::net::IpAddr;

use crate::values::{Cidr, Url};

/// A value of one of the libraries.
#[derive(Clone, Debug)]
pub enum Library {
    /// An IP address.
    Ip(IpAddr),
    /// A range of addresses.
    Cidr(Cidr),
    /// A URL or an absolute path.
    Url(Url),
    /// A semantic version.
    Semver(semver::Version),
    /// A named format, by its name in `format`.
    Format(&'static str),
}

/// The names of their types.
pub(super) const IP: &str = "net.IP";
pub(super) const CIDR: &str = "net.CIDR";
pub(super) const URL: &str = "kubernetes.URL";
pub(super) const SEMVER: &str = "kubernetes.Semver";
pub(super) const FORMAT: &str = "kubernetes.NamedFormat";

impl Library {
    /// The CEL name of the type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Library::Ip(_) => IP,
            Library::Cidr(_) => CIDR,
            Library::Url(_) => URL,
            Library::Semver(_) => SEMVER,
            Library::Format(_) => FORMAT,
        }
    }
}

impl PartialEq for Library {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Library::Ip(a), Library::Ip(b)) => a == b,
            (Library::Cidr(a), Library::Cidr(b)) => a == b,
            (Library::Url(a), Library::Url(b)) => a == b,
            // Build metadata does not count.
            (Library::Semver(a), Library::Semver(b)) => a.cmp_precedence(b).is_eq(),
            (Library::Format(a), Library::Format(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Library::Ip(value) => value.fmt(f),
            Library::Cidr(value) => value.fmt(f),
            Library::Url(value) => value.fmt(f),
            Library::Semver(value) => value.fmt(f),
            Library::Format(name) => f.write_str(name),
        }
    }
}
