//! The url, ip and cidr libraries.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Function, GIVES_BOOL, GIVES_INT, GIVES_TEXT, Param, Returns, TEXT, built, text};
use crate::expr::library::{self, Library};
use crate::expr::types::Type;
use crate::expr::value::{Outcome, Value, fail};
use crate::values::{Cidr, Url};

const IP: Param = &[Type::Opaque(library::IP)];
const CIDR: Param = &[Type::Opaque(library::CIDR)];
const URL: Param = &[Type::Opaque(library::URL)];
const IP_OR_TEXT: Param = &[Type::Opaque(library::IP), Type::String];
const CIDR_OR_TEXT: Param = &[Type::Opaque(library::CIDR), Type::String];
const GIVES_IP: Returns = Returns::Always(Type::Opaque(library::IP));
const GIVES_CIDR: Returns = Returns::Always(Type::Opaque(library::CIDR));
const GIVES_LISTS: Returns = Returns::Always(Type::Map(&Type::List(&Type::String)));

pub(super) const TABLE: &[Function] = &[
    Function::global("url", &[TEXT], Returns::Always(Type::Opaque(library::URL)), |_, a| {
        text(a, 0)?
            .parse()
            .map_or_else(|error: crate::values::UrlError| fail(error.to_string()), |url| made(Library::Url(url)))
    }),
    Function::global("isURL", &[TEXT], GIVES_BOOL, |_, a| Ok(Value::Bool(text(a, 0)?.parse::<Url>().is_ok()))),
    Function::method("getScheme", &[URL], GIVES_TEXT, |_, a| Ok(Value::text(url(a)?.scheme()))),
    Function::method("getHost", &[URL], GIVES_TEXT, |_, a| Ok(Value::text(url(a)?.host()))),
    Function::method("getHostname", &[URL], GIVES_TEXT, |_, a| Ok(Value::text(url(a)?.hostname()))),
    Function::method("getPort", &[URL], GIVES_TEXT, |_, a| Ok(Value::text(url(a)?.port()))),
    Function::method("getEscapedPath", &[URL], GIVES_TEXT, |_, a| Ok(Value::text(url(a)?.escaped_path()))),
    Function::method("getQuery", &[URL], GIVES_LISTS, |_, a| Ok(query(url(a)?))),
    Function::global("ip", &[TEXT], GIVES_IP, |_, a| made(Library::Ip(address(text(a, 0)?)?))),
    Function::global("isIP", &[TEXT], GIVES_BOOL, |_, a| Ok(Value::Bool(address(text(a, 0)?).is_ok()))),
    Function::global("ip.isCanonical", &[TEXT], GIVES_BOOL, |_, a| {
        let written = text(a, 0)?;
        Ok(Value::Bool(address(written)?.to_string() == written))
    }),
    Function::method("family", &[IP], GIVES_INT, |_, a| Ok(Value::Int(if ip(a, 0)?.is_ipv4() { 4 } else { 6 }))),
    Function::method("isUnspecified", &[IP], GIVES_BOOL, |_, a| Ok(Value::Bool(ip(a, 0)?.is_unspecified()))),
    Function::method("isLoopback", &[IP], GIVES_BOOL, |_, a| Ok(Value::Bool(ip(a, 0)?.is_loopback()))),
    Function::method("isLinkLocalMulticast", &[IP], GIVES_BOOL, |_, a| {
        Ok(Value::Bool(match ip(a, 0)? {
            IpAddr::V4(v4) => v4.octets()[..3] == [224, 0, 0],
            IpAddr::V6(v6) => v6.segments()[0] & 0xff0f == 0xff02,
        }))
    }),
    Function::method("isLinkLocalUnicast", &[IP], GIVES_BOOL, |_, a| Ok(Value::Bool(is_link_local(ip(a, 0)?)))),
    Function::method("isGlobalUnicast", &[IP], GIVES_BOOL, |_, a| {
        let ip = ip(a, 0)?;
        let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
        let local = ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || is_link_local(ip);
        Ok(Value::Bool(!broadcast && !local))
    }),
    Function::global("cidr", &[TEXT], GIVES_CIDR, |_, a| made(Library::Cidr(range(text(a, 0)?)?))),
    Function::global("isCIDR", &[TEXT], GIVES_BOOL, |_, a| Ok(Value::Bool(range(text(a, 0)?).is_ok()))),
    Function::method("containsIP", &[CIDR, IP_OR_TEXT], GIVES_BOOL, |_, a| {
        let inner = if let Value::Str(written) = &a[1] { address(written)? } else { ip(a, 1)? };
        Ok(Value::Bool(cidr(a, 0)?.contains(inner)))
    }),
    Function::method("containsCIDR", &[CIDR, CIDR_OR_TEXT], GIVES_BOOL, |_, a| {
        let inner = if let Value::Str(written) = &a[1] { range(written)? } else { cidr(a, 1)? };
        Ok(Value::Bool(cidr(a, 0)?.contains_range(inner)))
    }),
    Function::method("ip", &[CIDR], GIVES_IP, |_, a| made(Library::Ip(cidr(a, 0)?.address()))),
    Function::method("masked", &[CIDR], GIVES_CIDR, |_, a| made(Library::Cidr(cidr(a, 0)?.network()))),
    Function::method("prefixLength", &[CIDR], GIVES_INT, |_, a| Ok(Value::Int(cidr(a, 0)?.prefix().into()))),
];

pub(super) fn made<'a>(value: Library) -> Outcome<Value<'a>> {
    Ok(Value::Library(Arc::new(value)))
}

/// Addresses of IPv4 dressed as IPv6 are refused, as the API server does.
fn address(text: &str) -> Outcome<IpAddr> {
    match text.parse() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
            fail("an IPv4-mapped IPv6 address is not allowed")
        }
        Ok(address) => Ok(address),
        Err(_) => fail(format!("`{text}` is no IP address")),
    }
}

fn range(text: &str) -> Outcome<Cidr> {
    match text.parse::<Cidr>() {
        Ok(range) => address(&range.address().to_string()).map(|_| range),
        Err(error) => fail(error.to_string()),
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// A value of a library; `None` for any other.
pub(super) fn library<'v>(args: &'v [Value<'_>], index: usize) -> Option<&'v Library> {
    match args.get(index) {
        Some(Value::Library(value)) => Some(value),
        _ => None,
    }
}

fn url<'v>(args: &'v [Value<'_>]) -> Outcome<&'v Url> {
    match library(args, 0) {
        Some(Library::Url(url)) => Ok(url),
        _ => wanted("a URL", args.first()),
    }
}

fn ip(args: &[Value<'_>], index: usize) -> Outcome<IpAddr> {
    match library(args, index) {
        Some(Library::Ip(ip)) => Ok(*ip),
        _ => wanted("an IP address", args.get(index)),
    }
}

fn cidr(args: &[Value<'_>], index: usize) -> Outcome<Cidr> {
    match library(args, index) {
        Some(Library::Cidr(range)) => Ok(*range),
        _ => wanted("a CIDR", args.get(index)),
    }
}

pub(super) fn wanted<T>(what: &str, found: Option<&Value<'_>>) -> Outcome<T> {
    fail(format!("{what} is needed here, not {}", found.map_or("nothing", Value::type_name)))
}

/// Every name once, with all its values.
fn query<'a>(url: &Url) -> Value<'a> {
    let mut entries: Vec<(String, Vec<Value<'a>>)> = Vec::new();
    for (name, value) in url.query() {
        let value = Value::text(value);
        match entries.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => entries.push((name, vec![value])),
        }
    }
    Value::map(entries.into_iter().map(|(name, values)| (name, built(values))))
}
