//! keepalived's check scripts and nginx's upstreams, from their block syntax.
//!
//! Sources: keepalived.conf(5): `interval` (1 s) and `fall` (1) of a `vrrp_script`; nginx stream module: open-source nginx
//! checks passively, `max_fails` (1) and `fail_timeout` (10s), and `max_fails=0` switches that off.

use super::{API_PORT, Balancer, Check, Detection, Server, names_api};
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// The entries of a block with a name.
fn named<'a>(block: View<'a>, name: &'a str) -> impl Iterator<Item = View<'a>> {
    block.items().filter(move |entry| entry.str_at("name") == Some(name))
}

fn first_arg(entry: View<'_>) -> Option<View<'_>> {
    entry.get("args")?.items().next()
}

/// Every `vrrp_script` of a keepalived configuration.
pub(super) fn keepalived(root: View<'_>) -> Vec<Balancer<'_>> {
    named(root, "vrrp_script").filter_map(script).collect()
}

fn script(entry: View<'_>) -> Option<Balancer<'_>> {
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
        tool: "keepalived",
        label: "KeepalivedScript",
        name: name.str()?.to_string(),
        place: name.at(),
        api_server: names_api(name.str()?) || names_api(text) || text.contains("6443"),
        servers: Vec::new(),
        check: (Check::Script, Origin::Node(setting("script").unwrap_or(name).at())),
        path: None,
        other_port: false,
        detection: Some(Detection { millis, origin: Origin::Node(place.at()) }),
        lease: None,
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
    let blocks =
        ["stream", "http"].into_iter().flat_map(|name| named(root, name)).filter_map(|entry| entry.get("block"));
    blocks.flat_map(|block| named(block, "upstream").filter_map(upstream).collect::<Vec<_>>()).collect()
}

fn upstream(entry: View<'_>) -> Option<Balancer<'_>> {
    let name = first_arg(entry)?;
    let servers: Vec<Server<'_>> = named(entry.get("block")?, "server").filter_map(server).collect();
    Some(Balancer {
        tool: "nginx",
        label: "NginxUpstream",
        name: name.str()?.to_string(),
        place: name.at(),
        api_server: names_api(name.str()?) || servers.iter().any(|server| server.address.ends_with(API_PORT)),
        servers,
        check: (Check::Passive, Origin::Node(name.at())),
        path: None,
        other_port: false,
        detection: None,
        lease: None,
    })
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
        place: switched_off.unwrap_or(address).at(),
    })
}
