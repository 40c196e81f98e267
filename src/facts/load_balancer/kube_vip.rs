//! kube-vip: an address that moves between control-plane nodes, set up by environment variables or flags.
//!
//! Source: kube-vip `pkg/kubevip/config_envvar.go` and `cmd/kube-vip.go`: `address` (formerly `vip_address`), `cp_enable`,
//! `vip_arp`, `vip_leaderelection`, `vip_leaseduration` (5), `vip_renewdeadline` (3), `vip_retryperiod` (1); a variable wins
//! over its flag.

use super::{Balancer, Detection, Lease};
use crate::facts::component::{self, Component, Defaults, Flags, Home};
use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::syntax::{Origin, View};
use crate::vocabulary::{Reason, UnknownCode};

/// A value that may be unknown, and where it stands or would stand.
type Setting<T> = (Result<T, Reason>, Origin);

/// Duration, renew deadline and retry period: variable, flag, default in seconds.
const TIMES: [(&str, &str, i64); 3] = [
    ("vip_leaseduration", "leaseDuration", 5),
    ("vip_renewdeadline", "leaseRenewDuration", 3),
    ("vip_retryperiod", "leaseRetry", 1),
];

/// The container that runs kube-vip.
#[derive(Clone, Copy)]
struct KubeVip<'a> {
    container: View<'a>,
}

/// By its image, or by its name and its variables where the image is a placeholder.
fn is_kube_vip(container: &View<'_>) -> bool {
    let image = container.str_at("image").unwrap_or_default();
    let name = image.split(['@', ':']).next().unwrap_or(image);
    let mut variables = container.get("env").into_iter().flat_map(View::items).filter_map(|one| one.str_at("name"));
    let is_named = || container.str_at("name") == Some("kube-vip");
    name.ends_with("/kube-vip")
        || name == "kube-vip"
        || (is_named() && variables.any(|variable| matches!(variable, "cp_enable" | "vip_arp")))
}

impl<'a> KubeVip<'a> {
    fn find(inventory: &'a Inventory, id: DocumentId) -> Option<KubeVip<'a>> {
        let pod = pod_template(inventory.document(id), inventory.forest())?;
        let mut containers = pod.spec.get("containers").into_iter().flat_map(View::items);
        containers.find(is_kube_vip).map(|container| KubeVip { container })
    }

    fn variable(self, name: &str) -> Option<View<'a>> {
        let mut variables = self.container.get("env").into_iter().flat_map(View::items);
        variables.find(|variable| variable.str_at("name") == Some(name))?.get("value")
    }

    /// The text after `--name=`; a bare flag is true.
    fn flag(self, name: &str) -> Option<(&'a str, View<'a>)> {
        let mut words = self.container.get("args").into_iter().flat_map(View::items);
        words.find_map(|word| match word.str()?.trim_start_matches('-').strip_prefix(name)? {
            "" => Some(("true", word)),
            rest => rest.strip_prefix('=').map(|value| (value, word)),
        })
    }

    /// Where nothing is said: nothing, unless variables come from somewhere else.
    fn unsaid<T>(self, default: T) -> Setting<T> {
        let container = self.container;
        let env = container.get("env");
        let open = env.and_then(component::openness).or_else(|| component::openness(container));
        let from = container.get("envFrom").map(|_| Reason::new(UnknownCode::Partial, "`envFrom` may set it"));
        (open.or(from).map_or(Ok(default), Err), container.origin_of("env"))
    }

    fn on(self, variable: &str, flag: &str) -> Setting<bool> {
        match (self.variable(variable), self.flag(flag)) {
            (Some(value), _) => {
                let on = value.str() == Some("true") || value.bool() == Some(true);
                (value.unknown().map_or(Ok(on), |reason| Err(reason.clone())), Origin::Node(value.at()))
            }
            (None, Some((text, word))) => (Ok(text == "true"), Origin::Node(word.at())),
            (None, None) => self.unsaid(false),
        }
    }

    fn seconds(self, variable: &str, flag: &str, default: i64) -> Setting<i64> {
        let number = |text: &str| {
            let unreadable = || Reason::new(UnknownCode::Partial, format!("`{text}` is no number of seconds"));
            text.trim().parse().map_err(|_| unreadable())
        };
        match (self.variable(variable), self.flag(flag)) {
            (Some(value), _) => {
                let read = || value.int().map_or_else(|| number(value.str().unwrap_or_default()), Ok);
                (value.unknown().map_or_else(read, |reason| Err(reason.clone())), Origin::Node(value.at()))
            }
            (None, Some((text, word))) => (number(text), Origin::Node(word.at())),
            (None, None) => self.unsaid(default),
        }
    }
}

impl<'a> KubeVip<'a> {
    /// What it lacks to announce an address: the `address`, or a `peer` for BGP. Without a way to look into other sources of
    /// variables nothing is said.
    fn lacks(self, inventory: &'a Inventory, id: DocumentId) -> Option<(&'static str, Origin)> {
        let env = self.container.get("env");
        let open = env.and_then(component::openness).or_else(|| component::openness(self.container));
        if open.is_some()
            || self.container.get("envFrom").is_some()
            || self.on("cp_enable", "controlplane").0 == Ok(false)
        {
            return None;
        }
        let named = |name: &str| {
            let mut variables = env.into_iter().flat_map(View::items);
            variables.any(|variable| variable.str_at("name") == Some(name) && variable.str_at("value") != Some(""))
        };
        let flagged = |name: &str| self.flag(name).is_some_and(|(value, _)| !value.is_empty());
        let place = |name: &str| {
            let empty = self.variable(name).map(|value| Origin::Node(value.at()));
            empty.unwrap_or_else(|| {
                self.container.get("name").map_or(self.container.origin_of("env"), |name| Origin::Node(name.at()))
            })
        };
        if address(inventory, id).is_none() && !named("address") && !named("vip_address") && !flagged("address") {
            return Some(("address", place("address")));
        }
        let peers =
            ["bgp_peers", "bgp_peeraddress"].into_iter().any(named) || flagged("bgppeers") || flagged("peerAddress");
        (self.on("bgp_enable", "bgp").0 == Ok(true) && !peers).then(|| ("peer", place("bgp_enable")))
    }

    /// The volume with the super-admin's credentials.
    fn super_admin(self, inventory: &'a Inventory, id: DocumentId) -> Option<Origin> {
        let pod = pod_template(inventory.document(id), inventory.forest())?;
        let volumes = pod.spec.get("volumes").into_iter().flat_map(View::items);
        let mut paths = volumes.filter_map(|volume| volume.path("hostPath.path"));
        let path = paths.find(|path| path.str().is_some_and(|path| path.ends_with("/super-admin.conf")))?;
        Some(Origin::Node(path.at()))
    }
}

/// The address that a document's kube-vip moves.
pub fn address(inventory: &Inventory, id: DocumentId) -> Option<String> {
    let vip = KubeVip::find(inventory, id)?;
    let variable = vip.variable("address").or_else(|| vip.variable("vip_address")).and_then(View::str);
    let value = variable.or_else(|| Some(vip.flag("address")?.0));
    value.filter(|text| !text.is_empty()).map(str::to_string)
}

/// The kube-vip of a document as what stands before API servers.
pub(super) fn read(inventory: &Inventory, id: DocumentId) -> Option<Balancer<'_>> {
    let vip = KubeVip::find(inventory, id)?;
    let place = vip.container.get("name").unwrap_or(vip.container).at();
    let control_plane = vip.on("cp_enable", "controlplane");
    let election = vip.on("vip_leaderelection", "leaderElection");
    let (variable, flag, default) = TIMES[0];
    let (seconds, origin) = vip.seconds(variable, flag, default);
    let elected = election.0 == Ok(true);
    let name = vip.container.str_at("name").unwrap_or("kube-vip");
    Some(Balancer {
        // With a placeholder for `cp_enable` it is a template for control planes.
        api_server: control_plane.0 != Ok(false),
        detection: elected.then(|| Detection { millis: seconds.map(|seconds| seconds.saturating_mul(1000)), origin }),
        lacks: vip.lacks(inventory, id),
        super_admin: vip.super_admin(inventory, id),
        lease: Some(Lease { control_plane, arp: vip.on("vip_arp", "arp"), election }),
        ..Balancer::new("kube-vip", "KubeVip", name, place)
    })
}

/// The kube-vip of a document as a component with a lease; `None` without an election.
pub fn component(inventory: &Inventory, id: DocumentId) -> Option<Component<'_>> {
    let vip = KubeVip::find(inventory, id)?;
    let elected = vip.on("vip_leaderelection", "leaderElection").0 == Ok(true);
    let timing = TIMES.map(|(variable, flag, default)| {
        let (seconds, origin) = vip.seconds(variable, flag, default);
        (seconds.map(|seconds| (seconds.saturating_mul(1000), format!("{seconds}s"))), origin)
    });
    let home = Home { parent: vip.container, path: String::new() };
    let flags = Flags::new("kube-vip", component::Setting::default(), Defaults::Binary, home);
    let place = vip.container.get("name").unwrap_or(vip.container).at();
    let lease = elected.then_some(component::Lease { timing });
    Some(Component { tool: "static-pod", lease, ..Component::new("kube-vip", flags, place) })
}
