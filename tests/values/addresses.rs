//! Ranges that overlap, and what addresses are for.

use std::net::IpAddr;

use k8sready::values::{Cidr, HostPort, is_local, is_private};
use proptest::prelude::*;

fn cidr(text: &str) -> Cidr {
    crate::read(text)
}

#[test]
fn ranges_overlap_when_one_holds_the_other() {
    for (a, b, overlap) in [
        ("10.0.0.0/8", "10.244.0.0/16", true),
        ("10.96.0.0/12", "10.112.0.0/12", false),
        ("0.0.0.0/0", "192.168.1.1/32", true),
        ("192.168.1.1/32", "192.168.1.1/32", true),
        ("10.1.2.3/16", "10.1.200.0/24", true),
        ("fd00::/8", "fd12::/64", true),
        ("::/0", "10.0.0.0/8", false),
    ] {
        assert_eq!(cidr(a).overlaps(cidr(b)), overlap, "{a} and {b}");
        assert_eq!(cidr(b).overlaps(cidr(a)), overlap, "{b} and {a}");
    }
}

#[test]
fn networks_have_no_host_bits() {
    for (text, network) in [
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.1.2.3/0", "0.0.0.0/0"),
        ("10.1.2.3/32", "10.1.2.3/32"),
        ("fd00::1/8", "fd00::/8"),
        ("fd00::1/128", "fd00::1/128"),
    ] {
        assert_eq!(cidr(text).network().to_string(), network, "{text}");
    }
    assert_eq!(cidr("10.96.0.0/12").host_bits(), 20);
    assert_eq!(cidr("fd00::/112").host_bits(), 16);
    assert!(cidr("::/0").is_everything() && !cidr("10.0.0.0/8").is_everything());
}

#[test]
fn addresses_are_private_local_or_neither() {
    for (address, private, local) in [
        ("10.0.0.1", true, false),
        ("172.31.255.255", true, false),
        ("172.32.0.1", false, false),
        ("::ffff:10.0.0.1", true, false),
        ("fd00::1", true, false),
        ("127.0.0.2", false, true),
        ("::1", false, true),
        ("169.254.169.254", false, true),
        ("fe80::1", false, true),
        ("8.8.8.8", false, false),
        ("2001:db8::1", false, false),
    ] {
        let ip: IpAddr = address.parse().unwrap();
        assert_eq!((is_private(ip), is_local(ip)), (private, local), "{address}");
    }
}

#[test]
fn endpoints_tell_literals_wildcards_and_loopback_apart() {
    for (text, literal, wildcard, loopback, port) in [
        ("https://10.0.0.1:6443", true, false, false, Some(6443)),
        ("https://lb.example.com", false, false, false, Some(443)),
        ("http://127.0.0.1", true, false, true, Some(80)),
        ("localhost:8080", false, false, true, Some(8080)),
        ("0.0.0.0:10250", true, true, false, Some(10250)),
        ("[::]:6443", true, true, false, Some(6443)),
        (":6443", false, true, false, Some(6443)),
        ("*:80", false, true, false, Some(80)),
        ("node-1", false, false, false, None),
    ] {
        let endpoint: HostPort = crate::read(text);
        let found =
            (endpoint.is_ip_literal(), endpoint.is_wildcard(), endpoint.is_loopback(), endpoint.port_or_default());
        assert_eq!(found, (literal, wildcard, loopback, port), "{text}");
    }
}

prop_compose! {
    fn range()(bits: u32, prefix in 0u8..=32) -> Cidr {
        cidr(&format!("{}/{prefix}", IpAddr::from(bits.to_be_bytes())))
    }
}

proptest! {
    #[test]
    fn a_range_holds_its_network_and_shares_what_it_contains(a in range(), b in range()) {
        prop_assert!(a.contains(a.address()) && a.contains(a.network().address()));
        prop_assert_eq!(a.network().network(), a.network());
        prop_assert_eq!(a.overlaps(b), a.contains(b.network().address()) || b.contains(a.network().address()));
        prop_assert!(!a.contains_range(b) || a.contains(b.address()));
    }
}
