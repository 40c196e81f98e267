//! keepalived's check scripts and nginx's upstreams, from their block syntax.
//!
//! Sources: keepalived.conf(5): `interval` (1 s) and `fall` (1) of a `vrrp_script`; nginx stream module: open-source nginx
//! checks passively, `max_fails` (1) and `fail_timeout` (10s), and `max_fails=0` switches that off.

use super::passage::Passage;
use super::{API_PORT, Balancer, Check, Detection, Server, check_script, names_api};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// The entries of a block with a name.
pub(super) fn named<'a>(block: View<'a>, name: &'a str) -> impl Iterator<Item = View<'a>> {
    block.items().filter(move |entry| entry.str_at("name") == Some(name))
}

pub(super) fn first_arg(entry: View<'_>) -> Option<View<'_>> {
    entry.get("args")?.items().next()
}

/// Every `vrrp_script` of a keepalived configuration.
pub(super) fn keepalived<'a>(inventory: &'a Inventory, id: DocumentId, root: View<'a>) -> Vec<Balancer<'a>> {
    named(root, "vrrp_script").filter_map(|entry| script(inventory, id, entry)).collect()
}

fn script<'a>(inventory: &'a Inventory, id: DocumentId, entry: View<'a>) -> Option<Balancer<'a>> {
    let block = entry.get("block")?;
    let name = first_arg(entry)?;
    let setting = |key: &'static str| named(block, key).next().and_then(first_arg);
    let number = |key: &'static str| {
        let text = setting(key).map_or("1", |value| value.str().unwrap_or_default());
        text.parse::<f64>().map_err(|_| Reason::new(UnknownCode::Templated, format!("`{key}` is no number yet")))
    };
    let place = setting("interval").or_else(|| setting("fall")).unwrap_or(name);
    let text = setting("script").and_then(View::str).unwrap_or_default();
    let millis = number("interval").and_then(|interval| Ok((interval * number("fall")? * 1000.0).round() as i64));
    Some(Balancer {
        api_server: names_api(name.str()?) || names_api(text) || text.contains("6443"),
        check: (Check::Script, Origin::Node(setting("script").unwrap_or(name).at())),
        detection: Some(Detection { millis, origin: Origin::Node(place.at()) }),
        script: check_script::read(inventory, id, block),
        ..Balancer::new("keepalived", "KeepalivedScript", name.str()?, name.at())
    })
}

/// The addresses that keepalived moves between machines.
pub(super) fn virtual_addresses(root: View<'_>) -> Vec<String> {
    let instances = named(root, "vrrp_instance").filter_map(|entry| entry.get("block"));
    let blocks = instances.flat_map(|block| named(block, "virtual_ipaddress").collect::<Vec<_>>());
    let entries = blocks.filter_map(|entry| entry.get("block")).flat_map(|block| block.items().collect::<Vec<_>>());
    let addresses = entries.filter_map(|entry| entry.str_at("name"));
    addresses.map(|address| address.split('/').next().unwrap_or(address).to_string()).collect()
}

/// Every `upstream` of nginx's `stream` and `http` blocks.
pub(super) fn nginx(root: View<'_>) -> Vec<Balancer<'_>> {
    let kinds = ["stream", "http"].into_iter();
    let blocks = kinds.flat_map(|kind| named(root, kind).filter_map(move |entry| Some((kind, entry.get("block")?))));
    blocks
        .flat_map(|(kind, block)| {
            named(block, "upstream").filter_map(|entry| upstream(entry, block, kind == "http")).collect::<Vec<_>>()
        })
        .collect()
}

fn upstream<'a>(entry: View<'a>, block: View<'a>, http: bool) -> Option<Balancer<'a>> {
    let name = first_arg(entry)?;
    let servers: Vec<Server<'_>> = named(entry.get("block")?, "server").filter_map(server).collect();
    Some(Balancer {
        api_server: names_api(name.str()?) || servers.iter().any(|server| server.address.ends_with(API_PORT)),
        servers,
        check: (Check::Passive, Origin::Node(name.at())),
        passage: Passage {
            terminates_tls: http.then(|| Origin::Node(name.at())),
            idle: passing(block, name.str()?).and_then(|server| proxy_timeout(server, block)),
        },
        ..Balancer::new("nginx", "NginxUpstream", name.str()?, name.at())
    })
}

/// The `server` block that passes to an upstream.
fn passing<'a>(block: View<'a>, upstream: &str) -> Option<View<'a>> {
    let servers = named(block, "server").filter_map(|entry| entry.get("block"));
    let passes = |server: &View<'a>| {
        let target = named(*server, "proxy_pass").next().and_then(first_arg).and_then(View::str);
        target.is_some_and(|target| target.rsplit('/').next() == Some(upstream))
    };
    servers.into_iter().find(passes)
}

/// `proxy_timeout` (10 minutes unless set) of a server, or of the block around it.
fn proxy_timeout(server: View<'_>, block: View<'_>) -> Option<(i64, String, Origin)> {
    let value = [server, block].into_iter().find_map(|one| named(one, "proxy_timeout").next().and_then(first_arg))?;
    let text = value.str()?;
    Some((nginx_millis(text)?, text.to_string(), Origin::Node(value.at())))
}

/// nginx's times: `10m`, `90s`, `1h30m`, bare seconds.
fn nginx_millis(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: i64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let factor = match rest[digits..unit_end].trim() {
            "ms" => 1,
            "" | "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.saturating_add(number.saturating_mul(factor));
        rest = &rest[unit_end..];
    }
    Some(total)
}

fn server(entry: View<'_>) -> Option<Server<'_>> {
    let address = first_arg(entry)?;
    let args = entry.get("args")?;
    let switched_off = args.items().find(|arg| arg.str() == Some("max_fails=0"));
    Some(Server {
        name: address.str()?,
        address: address.str()?,
        checked: Ok(switched_off.is_none()),
        disabled: args.items().any(|arg| arg.str() == Some("down")),
        count: 1,
        problem: None,
        place: switched_off.unwrap_or(address).at(),
    })
}
