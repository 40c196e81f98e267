//! `Cidr`: address ranges (`10.0.0.0/8`, `fd00::/8`), and what an address is for.
//!
//! Pure arithmetic over addresses; which ranges a cluster uses is not known here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// Why a text is no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CidrError {
    /// There is no `/`.
    NoPrefix,
    /// What stands before the `/` is no IP address.
    Address,
    /// The prefix length is no number, or longer than the address.
    Prefix,
}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CidrError::NoPrefix => "a range needs a prefix length, e.g. `10.0.0.0/8`",
            CidrError::Address => "what stands before the `/` is no IP address",
            CidrError::Prefix => "the prefix length must be 0 to 32 (IPv4) or 0 to 128 (IPv6)",
        })
    }
}

impl std::error::Error for CidrError {}

/// A range of addresses, written as an address and a prefix length. Bits behind the prefix are kept as written;
/// `network` clears them.
///
/// ```
/// use k8sready::values::Cidr;
/// let pods: Cidr = "10.244.0.0/16".parse()?;
/// let services: Cidr = "10.244.96.0/20".parse()?;
/// assert!(pods.overlaps(services) && pods.contains("10.244.3.7".parse().unwrap()));
/// # Ok::<(), k8sready::values::CidrError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// The address as written.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// Length of the prefix in bits.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Bits behind the prefix: the range holds two to the power of these addresses.
    pub fn host_bits(self) -> u8 {
        width(self.address) - self.prefix
    }

    /// Whether it is an IPv4 range.
    pub fn is_ipv4(self) -> bool {
        self.address.is_ipv4()
    }

    /// The same range with the bits behind the prefix cleared.
    pub fn network(self) -> Cidr {
        let kept = bits(self.address) & self.mask();
        let address = match self.address {
            // The mask of an IPv4 range never reaches beyond 32 bits.
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(u32::try_from(kept).unwrap_or(u32::MAX))),
            IpAddr::V6(_) => IpAddr::V6(kept.into()),
        };
        Cidr { address, prefix: self.prefix }
    }

    /// Whether an address of the same family lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && bits(self.address) & self.mask() == bits(address) & self.mask()
    }

    /// Whether every address of `other` lies in it.
    pub fn contains_range(self, other: Cidr) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }

    /// Whether the two have an address in common.
    pub fn overlaps(self, other: Cidr) -> bool {
        self.contains_range(other) || other.contains_range(self)
    }

    /// Whether it holds every address of its family.
    pub fn is_everything(self) -> bool {
        self.prefix == 0
    }

    /// Ones where the prefix is, in the lower `width` bits.
    fn mask(self) -> u128 {
        let all = u128::MAX >> (128 - width(self.address));
        all & !all.checked_shr(u32::from(self.prefix)).unwrap_or(0)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// Whether an address is for private networks: RFC 1918, or fc00::/7 of RFC 4193.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// Whether an address can be reached from its own machine or link only: loopback (127.0.0.0/8, ::1) or link-local
/// (169.254.0.0/16, fe80::/10).
pub fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = text.split_once('/').ok_or(CidrError::NoPrefix)?;
        let address: IpAddr = address.parse().map_err(|_| CidrError::Address)?;
        let digits_only = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let plain = digits_only && (prefix == "0" || !prefix.starts_with('0'));
        let prefix = prefix.parse().ok().filter(|&length| plain && length <= width(address));
        Ok(Cidr { address, prefix: prefix.ok_or(CidrError::Prefix)? })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
