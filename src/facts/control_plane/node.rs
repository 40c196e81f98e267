//! The `node` subject: what one node says of itself, in kubeadm's documents and in kube-proxy's configuration.
//!
//! kube-proxy runs on every node; its kubeconfig says through which API server. Kubelets on control-plane nodes rightly talk
//! to their own API server, so their kubeconfigs are not judged.

use crate::facts::builder::{FactBuilder, Fallback};
use crate::facts::component::openness;
use crate::inventory::{DocumentId, Inventory};
use crate::source::SourceKind;
use crate::syntax::{Origin, View};
use crate::values::HostPort;
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// The port of an endpoint that names none.
const DEFAULT_PORT: u16 = 6443;

/// Where kubeadm puts kube-proxy's kubeconfig, which it fills in itself.
const KUBEADM_KUBECONFIG: &str = "/var/lib/kube-proxy/kubeconfig.conf";

/// One node, or what stands for all of them.
struct Node<'a> {
    name: NodeId,
    tool: &'static str,
    root: View<'a>,
    control_plane: (bool, Origin),
    taints: NodeId,
    api_server: Target<'a>,
    cluster_endpoint: Option<&'a str>,
    joining: Joining,
}

/// How a node comes in: whether it checks the CA, and which doubts it ignores.
#[derive(Default)]
pub struct Joining {
    /// It checks that the CA is the cluster's; `None` where it joins nothing, or somebody else sees to it.
    pub verifies: Option<(bool, Origin)>,
    /// Errors of the preflight checks that are ignored although they say that the machine is not fit.
    pub ignored: Vec<(String, Origin)>,
    /// The socket of its container runtime.
    pub socket: Option<(String, Origin)>,
}

/// Preflight errors that say something of the machine: kubeadm `cmd/kubeadm/app/preflight/checks.go`.
const UNFIT: &[&str] = &["all", "Swap", "NumCPU", "Mem", "SystemVerification"];

impl Joining {
    /// The errors in a list, or in words with commas, that say that a machine is not fit.
    pub fn ignoring<'a>(words: impl Iterator<Item = (&'a str, Origin)>) -> Vec<(String, Origin)> {
        let each =
            words.flat_map(|(text, at)| text.split(',').map(move |one| (one.trim(), at.clone())).collect::<Vec<_>>());
        each.filter(|(one, _)| UNFIT.iter().any(|unfit| unfit.eq_ignore_ascii_case(one)))
            .map(|(one, at)| (one.to_string(), at))
            .collect()
    }

    /// What a section with a `nodeRegistration` says.
    pub fn of_section(section: View<'_>) -> Joining {
        let listed = section.path("nodeRegistration.ignorePreflightErrors").into_iter().flat_map(View::items);
        let ignored = Joining::ignoring(listed.filter_map(|one| Some((one.str()?, Origin::Node(one.at())))));
        let socket = section.path("nodeRegistration.criSocket");
        let socket = socket.and_then(|socket| Some((socket.str()?.to_string(), Origin::Node(socket.at()))));
        Joining { verifies: None, ignored, socket }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.verifies.is_none() && self.ignored.is_empty() && self.socket.is_none()
    }

    /// How a kubeadm document joins.
    fn of_kubeadm(root: View<'_>) -> Joining {
        let token = root.path("discovery.bootstrapToken").filter(|token| token.is_map());
        let verifies = token.filter(|_| root.path("discovery.file").is_none()).map(|token| {
            let unsafe_skip = token.get("unsafeSkipCAVerification").filter(|skip| skip.bool() == Some(true));
            let hashed = token.get("caCertHashes").is_some_and(|hashes| !hashes.is_null() && hashes.items().len() > 0);
            let open =
                openness(token).is_some() || token.get("caCertHashes").is_some_and(|one| one.unknown().is_some());
            let place = unsafe_skip.or_else(|| token.get("token")).unwrap_or(token);
            (unsafe_skip.is_none() && (hashed || open), Origin::Node(place.at()))
        });
        Joining { verifies, ..Joining::of_section(root) }
    }
}

/// Through which API server a node goes.
enum Target<'a> {
    /// It does not say.
    Unsaid(Origin),
    /// Through this one.
    Named(View<'a>),
    /// Somewhere else says it.
    Elsewhere(Reason, Origin),
}

/// The facts of the node that an InitConfiguration or JoinConfiguration makes.
pub fn of_kubeadm(inventory: &Inventory, id: DocumentId, floating: &[String], facts: &mut FactBuilder) -> NodeId {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let is_init = document.kind() == "InitConfiguration";
    let control_plane = is_init || root.get("controlPlane").is_some_and(|section| !section.is_null());
    let target = "discovery.bootstrapToken.apiServerEndpoint";
    let node = Node {
        name: facts.lookup(root, "nodeRegistration.name", Fallback::Str("")),
        tool: "kubeadm",
        root,
        control_plane: (control_plane, root.origin_of("controlPlane")),
        taints: facts.lookup(root, "nodeRegistration.taints", Fallback::Null),
        api_server: target_at(root, target),
        cluster_endpoint: cluster_endpoint(inventory, id),
        joining: Joining::of_kubeadm(root),
    };
    node.facts(floating, facts)
}

/// The facts of the nodes that run kube-proxy with a kubeconfig or a KubeProxyConfiguration of the input; `None` where that
/// says nothing about API servers.
pub fn of_kube_proxy(
    inventory: &Inventory,
    id: DocumentId,
    floating: impl FnOnce() -> Vec<String>,
    facts: &mut FactBuilder,
) -> Option<NodeId> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let api_server = match document.kind() {
        "Config" if is_kube_proxys(inventory, id) => {
            let cluster = root.get("clusters")?.items().next()?;
            target_at(cluster, "cluster.server")
        }
        "KubeProxyConfiguration" => {
            let path = root.path("clientConnection.kubeconfig").filter(|path| !path.is_null())?;
            let text = path.str()?;
            let by_kubeadm = text.is_empty() || text == KUBEADM_KUBECONFIG;
            let reason = Reason::new(UnknownCode::Partial, format!("the kubeconfig `{text}` is not in the input"));
            (!by_kubeadm).then(|| Target::Elsewhere(reason, Origin::Node(path.at())))?
        }
        _ => return None,
    };
    let anchor = facts.anchor();
    let node = Node {
        name: facts.str("kube-proxy", anchor.clone()),
        tool: "kube-proxy",
        root,
        control_plane: (false, anchor.clone()),
        taints: facts.null(anchor),
        api_server,
        cluster_endpoint: cluster_endpoint(inventory, id),
        joining: Joining::default(),
    };
    Some(node.facts(&floating(), facts))
}

/// What keeps pods away from a control-plane node.
pub enum Taints<'a> {
    /// A list in the shape of the API below a section; without it the tool's own holds.
    Listed(View<'a>, &'static str),
    /// Exactly these effects, each where it stands; the node's section, and where a taint would be written.
    Effects(View<'a>, Vec<(String, View<'a>)>, Origin),
}

/// A control-plane node as another tool declares it.
pub fn of_tool(facts: &mut FactBuilder, tool: &'static str, taints: &Taints<'_>) -> NodeId {
    let anchor = facts.anchor();
    let (root, taints) = match taints {
        Taints::Listed(at, path) => (*at, facts.lookup(*at, path, Fallback::Null)),
        Taints::Effects(root, effects, place) => {
            let mut nodes = Vec::new();
            for (effect, at) in effects {
                let origin = Origin::Node(at.at());
                let effect = facts.str(effect, origin.clone());
                nodes.push(facts.map(&[("effect", effect)], origin));
            }
            (*root, facts.list_at(&nodes, place.clone()))
        }
    };
    let node = Node {
        name: facts.str("", anchor.clone()),
        tool,
        root,
        control_plane: (true, anchor.clone()),
        taints,
        api_server: Target::Unsaid(anchor),
        cluster_endpoint: None,
        joining: Joining::default(),
    };
    node.facts(&[], facts)
}

/// A node that a command or a tool brings in, of which nothing else is known.
pub fn of_joining(facts: &mut FactBuilder, tool: &'static str, root: View<'_>, joining: Joining) -> NodeId {
    let anchor = Origin::Node(root.at());
    let node = Node {
        name: facts.str("", anchor.clone()),
        tool,
        root,
        control_plane: (false, anchor.clone()),
        taints: facts.null(anchor.clone()),
        api_server: Target::Unsaid(anchor),
        cluster_endpoint: None,
        joining,
    };
    node.facts(&[], facts)
}

fn target_at<'a>(root: View<'a>, path: &'static str) -> Target<'a> {
    match root.path(path).filter(|value| !value.is_null()) {
        Some(value) => Target::Named(value),
        None => Target::Unsaid(root.origin_of(path)),
    }
}

/// Whether a kubeconfig lies in the ConfigMap that kube-proxy mounts.
fn is_kube_proxys(inventory: &Inventory, id: DocumentId) -> bool {
    let SourceKind::Embedded { outer, .. } = inventory.sources().get(inventory.document(id).source).kind() else {
        return false;
    };
    inventory.objects().any(|(_, document)| {
        document.source == *outer
            && document.kind() == "ConfigMap"
            && document.key.as_ref().is_some_and(|key| &*key.name == "kube-proxy")
    })
}

/// The endpoint that the environment's ClusterConfiguration names.
fn cluster_endpoint(inventory: &Inventory, id: DocumentId) -> Option<&str> {
    let environment = inventory.document(id).environment;
    let mut clusters = inventory.of_kind("ClusterConfiguration", environment);
    clusters.find_map(|cluster| inventory.document(cluster).view(inventory.forest()).str_at("controlPlaneEndpoint"))
}

impl Node<'_> {
    fn facts(&self, floating: &[String], facts: &mut FactBuilder) -> NodeId {
        let anchor = facts.anchor();
        let (control_plane, place) = self.control_plane.clone();
        let (api_server, through, origin) = match &self.api_server {
            Target::Unsaid(origin) => (facts.null(origin.clone()), facts.null(origin.clone()), origin.clone()),
            Target::Elsewhere(reason, origin) => {
                let through = facts.unknown(reason.clone(), origin.clone());
                (facts.unknown(reason.clone(), origin.clone()), through, origin.clone())
            }
            Target::Named(value) => {
                let origin = Origin::Node(value.at());
                (facts.refer(value.at()), self.through_endpoint(*value, floating, facts), origin)
            }
        };
        let verifies = match &self.joining.verifies {
            Some((verifies, at)) => facts.bool(*verifies, at.clone()),
            None => facts.null(anchor.clone()),
        };
        let ignored = self.joining.ignored.iter().map(|(error, at)| (error.as_str(), at.clone()));
        let socket = self.joining.socket.clone().map_or((None, anchor.clone()), |(socket, at)| (Some(socket), at));
        let object = if self.tool == "runbook" { facts.null(anchor.clone()) } else { facts.refer(self.root.at()) };
        let fields = [
            ("criSocket", facts.opt_str(socket.0.as_deref(), socket.1)),
            ("verifiesCa", verifies),
            ("ignoredErrors", facts.strings(ignored, anchor.clone())),
            ("name", self.name),
            ("object", object),
            ("tool", facts.str(self.tool, anchor.clone())),
            ("controlPlane", facts.bool(control_plane, place)),
            ("taints", self.taints),
            ("apiServer", api_server),
            ("clusterEndpoint", facts.opt_str(self.cluster_endpoint, origin)),
            ("throughEndpoint", through),
        ];
        facts.map(&fields, anchor)
    }

    /// Whether the API server is the cluster's endpoint or an address that floats; null where no endpoint is known.
    fn through_endpoint(&self, value: View<'_>, floating: &[String], facts: &mut FactBuilder) -> NodeId {
        let origin = Origin::Node(value.at());
        if let Some(reason) = value.unknown() {
            return facts.unknown(reason.clone(), origin);
        }
        let Some(endpoint) = self.cluster_endpoint else { return facts.null(origin) };
        match (address(value.str().unwrap_or_default()), address(endpoint)) {
            (Some(own), Some(endpoint)) => facts.bool(own == endpoint || floating.contains(&own.0), origin),
            _ => facts.unknown(Reason::new(UnknownCode::Templated, "one of the addresses is a placeholder"), origin),
        }
    }
}

/// Host and port.
fn address(text: &str) -> Option<(String, u16)> {
    let parsed: HostPort = text.parse().ok()?;
    let port = parsed.port_or_default().unwrap_or(DEFAULT_PORT);
    (!parsed.host.is_empty()).then_some((parsed.host, port))
}
