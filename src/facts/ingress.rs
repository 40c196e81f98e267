//! The `ingress` subject: an Ingress or a Gateway API route, where it sends requests, and how it is encrypted.
//!
//! Says whether back ends and certificates are in the input; what a controller makes of annotations is not read, except
//! those that bring a certificate.

use super::Tables;
use super::builder::{FactBuilder, Fallback};
use super::claims::{Claim, annotation};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, hides};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId, UnknownCode};

/// Routes of the Gateway API that name back ends.
const ROUTES: &[&str] = &["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"];

/// Annotations that bring a certificate from outside, by their beginning. Sources: the AWS Load Balancer Controller, GKE
/// Ingress, Traefik, AKS application gateway.
const CERTIFICATES: &[&str] = &[
    "alb.ingress.kubernetes.io/certificate-arn",
    "networking.gke.io/managed-certificates",
    "networking.gke.io/pre-shared-certs",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "traefik.ingress.kubernetes.io/router.tls",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "nginx.ingress.kubernetes.io/ssl-passthrough",
    "haproxy.org/ssl-passthrough",
    "ingress.kubernetes.io/ssl-passthrough",
];

/// Beginnings of annotations by which something makes the Secrets that `tls` names. Sources: cert-manager's ingress-shim,
/// and the older kube-lego.
const ISSUERS: &[&str] = &[
    "cert-manager.io/",
    "certmanager.k8s.io/",
    "kubernetes.io/tls-acme",
    "cert.gardener.cloud/",
    "konghq.com/",
    "reflector.v1.k8s.emberstack.com/",
    "external-secrets.io/",
];

/// One host and path of an Ingress.
pub struct PathEntry<'a> {
    host: Option<View<'a>>,
    path: Option<View<'a>>,
    kind: &'a str,
    place: View<'a>,
}

impl PathEntry<'_> {
    /// What it claims; `None` where something hides host or path.
    pub fn claim(&self, class: &str) -> Option<Claim> {
        let text = |view: Option<View<'_>>| view.map_or(Some(String::new()), |view| view.str().map(str::to_string));
        let path = format!("{} {}", self.kind, text(self.path)?);
        Some(Claim::Path { class: class.to_string(), host: text(self.host)?, path })
    }
}

/// The class of an Ingress, by field or by the older annotation.
pub fn class_of(root: View<'_>) -> Option<&str> {
    root.str_at("spec.ingressClassName").or_else(|| annotation(root, "kubernetes.io/ingress.class")?.str())
}

/// Whether an Ingress takes a share of another one's requests on purpose.
pub fn is_canary(root: View<'_>) -> bool {
    annotation(root, "nginx.ingress.kubernetes.io/canary").and_then(View::str) == Some("true")
}

/// Every path of every rule; a rule without paths sends nothing anywhere.
pub fn paths_of<'a>(root: View<'a>) -> Vec<PathEntry<'a>> {
    let rules = root.path("spec.rules").into_iter().flat_map(View::items);
    let paths = rules.flat_map(|rule| {
        let paths = rule.path("http.paths").into_iter().flat_map(View::items);
        paths.map(move |path| PathEntry {
            host: rule.get("host").filter(|host| !host.is_null()),
            path: path.get("path").filter(|path| !path.is_null()),
            kind: path.str_at("pathType").unwrap_or("ImplementationSpecific"),
            place: path,
        })
    });
    paths.collect()
}

/// The facts of an Ingress or a route.
pub fn build(inventory: &Inventory, tables: &Tables, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let key = inventory.document(id).key.as_ref()?;
    // An Ingress of no group at all is a slip that `unknown-field` and its like report.
    let ingress = matches!(&*key.group, "" | "networking.k8s.io" | "extensions") && &*key.kind == "Ingress";
    let route = &*key.group == "gateway.networking.k8s.io" && ROUTES.contains(&&*key.kind);
    if !ingress && !route {
        return None;
    }
    let root = inventory.document(id).view(inventory.forest());
    let facts = FactBuilder::new(tree, super::anchor(root));
    let mut ingress = Ingress { inventory, tables, id, root, facts };
    let node = ingress.build(route);
    let subject = Subject::of(SubjectKind::Ingress, NodeRef { tree, node }, inventory, id);
    Some((ingress.facts.finish(), vec![subject]))
}

struct Ingress<'a> {
    inventory: &'a Inventory,
    tables: &'a Tables,
    id: DocumentId,
    root: View<'a>,
    facts: FactBuilder,
}

/// A back end as written: the Service, its port, the namespace if another is named.
struct Backend<'a> {
    name: Option<View<'a>>,
    port: Option<View<'a>>,
    namespace: Option<&'a str>,
    place: View<'a>,
}

impl<'a> Ingress<'a> {
    fn build(&mut self, route: bool) -> NodeId {
        let root = self.root;
        let backends = if route { route_backends(root) } else { ingress_backends(root) };
        let nodes: Vec<NodeId> = backends.iter().map(|backend| self.backend(backend)).collect();
        let fields = [
            ("kind", self.facts.lookup(root, "kind", Fallback::Str(""))),
            ("name", self.facts.lookup(root, "metadata.name", Fallback::Str(""))),
            ("namespace", self.facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
            ("object", self.facts.refer(root.at())),
            ("backends", self.facts.list(&nodes)),
            ("defaultBackend", self.default_backend()),
            ("paths", self.paths()),
            ("hosts", self.hosts()),
            ("secured", self.secured()),
            ("tls", self.tls()),
            ("nginx", self.nginx()),
        ];
        let origin = self.facts.anchor();
        self.facts.map(&fields, origin)
    }

    fn answer(&mut self, known: Result<bool, Reason>, origin: Origin) -> NodeId {
        match known {
            Ok(value) => self.facts.bool(value, origin),
            Err(reason) => self.facts.unknown(reason, origin),
        }
    }

    fn backend(&mut self, backend: &Backend<'a>) -> NodeId {
        let origin = Origin::Node(backend.name.unwrap_or(backend.place).at());
        let port_origin = Origin::Node(backend.port.or(backend.name).unwrap_or(backend.place).at());
        let services = self.services(backend);
        let exists = match (&services, backend.name) {
            (_, None) => Ok(true),
            (found, Some(name)) if found.is_empty() => self.may_exist(backend, name),
            _ => Ok(true),
        };
        let port = match backend.port {
            Some(port) if !services.is_empty() => self.has_port(&services, port),
            _ => Ok(true),
        };
        let reference = |facts: &mut FactBuilder, view: Option<View<'a>>, origin: &Origin| match view {
            Some(view) => facts.refer(view.at()),
            None => facts.null(origin.clone()),
        };
        let fields = [
            ("service", reference(&mut self.facts, backend.name, &origin)),
            ("port", reference(&mut self.facts, backend.port, &port_origin)),
            ("exists", self.answer(exists, origin.clone())),
            ("portExists", self.answer(port, port_origin)),
        ];
        self.facts.map(&fields, origin)
    }

    fn services(&self, backend: &Backend<'a>) -> Vec<DocumentId> {
        let Some(name) = backend.name.and_then(View::str) else { return Vec::new() };
        match backend.namespace {
            Some(namespace) => self.inventory.named_in(self.id, namespace, "Service", name),
            None => self.inventory.named(self.id, "Service", name),
        }
    }

    /// Whether a Service may exist that the input does not hold; an error if nobody can say.
    fn may_exist(&self, backend: &Backend<'a>, name: View<'a>) -> Result<bool, Reason> {
        let Some(text) = name.str() else {
            return hides(name).map_or(Ok(true), |reason| Err(reason.clone()));
        };
        if backend.namespace.is_some() {
            return Err(Reason::new(UnknownCode::Partial, "the Service is one of another namespace"));
        }
        let action = format!("alb.ingress.kubernetes.io/actions.{text}");
        if annotation(self.root, &action).is_some() {
            return Ok(true);
        }
        let doubt = self.tables.claims.may_exist(self.inventory, self.id, "Service", text);
        let elsewhere =
            || self.inventory.is_named_out_of_sight(self.id, "Service", text).then(super::declared_elsewhere);
        doubt.or_else(elsewhere).map_or(Ok(false), Err)
    }

    /// Whether one of the Services has a port of that name or number. An ExternalName, and a Service of another API, has any.
    fn has_port(&self, services: &[DocumentId], port: View<'a>) -> Result<bool, Reason> {
        if let Some(reason) = hides(port) {
            return Err(reason.clone());
        }
        for &service in services {
            let document = self.inventory.document(service);
            let root = document.view(self.inventory.forest());
            let own = document.key.as_ref().is_some_and(|key| key.group.is_empty());
            let ports = root.path("spec.ports");
            if !own || root.str_at("spec.type") == Some("ExternalName") || is_action(port) {
                return Ok(true);
            }
            let mut entries = ports.into_iter().flat_map(View::items);
            if entries.any(|entry| is_port(entry, port)) {
                return Ok(true);
            }
            let inner = ports.into_iter().flat_map(View::items).flat_map(|entry| {
                [Some(entry), entry.get("port"), entry.get("name")].into_iter().flatten().collect::<Vec<_>>()
            });
            let mut hidden = root.get("spec").into_iter().chain(ports).chain(inner).filter_map(hides);
            if let Some(reason) = hidden.next() {
                return Err(reason.clone());
            }
        }
        Ok(false)
    }

    fn default_backend(&mut self) -> NodeId {
        let path = if self.root.path("spec.backend").is_some() { "spec.backend" } else { "spec.defaultBackend" };
        self.facts.lookup(self.root, path, Fallback::Null)
    }

    fn paths(&mut self) -> NodeId {
        let class = class_of(self.root).unwrap_or_default().to_string();
        let canary = is_canary(self.root);
        let mut nodes = Vec::new();
        for entry in paths_of(self.root) {
            let claim = entry.claim(&class).filter(|_| !canary);
            let rival = claim.and_then(|claim| self.tables.claims.rival(self.inventory, self.id, &claim));
            let place = entry.path.unwrap_or(entry.place);
            let origin = Origin::Node(place.at());
            let rivals: Vec<NodeId> =
                rival.into_iter().map(|rival| super::neighbour(&mut self.facts, self.inventory, rival)).collect();
            let host = match entry.host {
                Some(host) => self.facts.refer(host.at()),
                None => self.facts.str("", origin.clone()),
            };
            let path = match entry.path {
                Some(path) => self.facts.refer(path.at()),
                None => self.facts.str("", origin.clone()),
            };
            let rivals = self.facts.list_at(&rivals, origin.clone());
            nodes.push(self.facts.map(&[("host", host), ("path", path), ("rivals", rivals)], origin));
        }
        self.facts.list(&nodes)
    }

    /// Every host of a rule, and whether a `tls` entry covers it. An entry without hosts covers all.
    fn hosts(&mut self) -> NodeId {
        let tls: Vec<View<'a>> = self.root.path("spec.tls").into_iter().flat_map(View::items).collect();
        let mut nodes = Vec::new();
        for rule in self.root.path("spec.rules").into_iter().flat_map(View::items) {
            let written = rule.get("host").filter(|host| !host.is_null());
            let origin = Origin::Node(written.unwrap_or(rule).at());
            let covered = covered(&tls, written);
            let fields = [
                ("host", self.facts.lookup(rule, "host", Fallback::Str(""))),
                ("covered", self.answer(covered, origin.clone())),
            ];
            nodes.push(self.facts.map(&fields, origin));
        }
        self.facts.list(&nodes)
    }

    fn secured(&mut self) -> NodeId {
        let origin = match self.root.path("spec.tls") {
            Some(tls) => Origin::Node(tls.at()),
            None => Origin::Node(self.root.get("spec").and_then(|spec| spec.get("rules")).unwrap_or(self.root).at()),
        };
        let tls = self.root.path("spec.tls");
        let listed = tls.is_some_and(|tls| tls.items().next().is_some());
        let notes = self.root.path("metadata.annotations");
        let annotated = notes.into_iter().flat_map(View::entries).any(|(key, value)| {
            CERTIFICATES.iter().any(|known| key.starts_with(known)) && value.str() != Some("false")
        });
        let places = [self.root.get("spec"), tls, self.root.get("metadata"), notes];
        let hidden = places.into_iter().flatten().find_map(hides);
        let known = match hidden {
            Some(reason) if !listed && !annotated => Err(reason.clone()),
            _ => Ok(listed || annotated),
        };
        self.answer(known, origin)
    }

    /// Every `tls` entry with its Secret, and whether something makes that.
    fn tls(&mut self) -> NodeId {
        let mut nodes = Vec::new();
        for entry in self.root.path("spec.tls").into_iter().flat_map(View::items) {
            let name = entry.get("secretName").filter(|name| !name.is_null());
            let origin = Origin::Node(name.unwrap_or(entry).at());
            let exists = name.map_or(Ok(true), |name| self.secret_exists(name));
            let fields = [
                ("secret", self.facts.lookup(entry, "secretName", Fallback::Str(""))),
                ("exists", self.answer(exists, origin.clone())),
            ];
            nodes.push(self.facts.map(&fields, origin));
        }
        self.facts.list(&nodes)
    }

    fn secret_exists(&self, name: View<'a>) -> Result<bool, Reason> {
        let Some(text) = name.str() else {
            return hides(name).map_or(Ok(true), |reason| Err(reason.clone()));
        };
        let notes = self.root.path("metadata.annotations").into_iter().flat_map(View::entries);
        let issued = notes.into_iter().any(|(key, _)| ISSUERS.iter().any(|known| key.starts_with(known)));
        let made = || self.tables.surroundings.makes(self.inventory, self.id, "Secret", text);
        if issued || !self.inventory.named(self.id, "Secret", text).is_empty() || made() {
            return Ok(true);
        }
        if !self.tables.surroundings.keeps_secrets(self.inventory, self.id) {
            let text = "the input declares no Secret of the namespace: they are kept elsewhere";
            return Err(Reason::new(UnknownCode::Partial, text));
        }
        self.tables.claims.may_exist(self.inventory, self.id, "Secret", text).map_or(Ok(false), Err)
    }

    /// Annotations that an nginx controller reads.
    fn nginx(&mut self) -> NodeId {
        let notes = self.root.path("metadata.annotations").into_iter().flat_map(View::entries);
        let mut nodes = Vec::new();
        for (key, value) in notes.filter(|(key, _)| key.starts_with("nginx.")) {
            let origin = Origin::Node(value.at());
            let name = key.split_once('/').map_or(key, |(_, name)| name);
            let fields = [("name", self.facts.str(name, origin.clone())), ("value", self.facts.refer(value.at()))];
            nodes.push(self.facts.map(&fields, origin));
        }
        self.facts.list(&nodes)
    }
}

/// `use-annotation` sends the AWS Load Balancer Controller to an action.
fn is_action(port: View<'_>) -> bool {
    port.str() == Some("use-annotation")
}

fn is_port(entry: View<'_>, port: View<'_>) -> bool {
    let number = port.int().or_else(|| port.str().and_then(|text| text.parse().ok()));
    match number {
        Some(number) => entry.get("port").and_then(View::int) == Some(number),
        None => port.str().is_some() && entry.str_at("name") == port.str(),
    }
}

/// The back ends of an Ingress, in the shape of `networking.k8s.io/v1` or of the versions before it.
fn ingress_backends<'a>(root: View<'a>) -> Vec<Backend<'a>> {
    let paths = paths_of(root).into_iter().filter_map(|path| path.place.get("backend"));
    let defaults = ["spec.defaultBackend", "spec.backend"].into_iter().filter_map(|path| root.path(path));
    let backends = defaults.chain(paths).filter(|backend| backend.get("resource").is_none());
    backends
        .map(|backend| match backend.get("service") {
            Some(service) => Backend {
                name: service.get("name"),
                port: service.path("port.number").or_else(|| service.path("port.name")),
                namespace: None,
                place: backend,
            },
            None => Backend {
                name: backend.get("serviceName"),
                port: backend.get("servicePort"),
                namespace: None,
                place: backend,
            },
        })
        .collect()
}

/// The Services among the back ends of a route. A back end of another kind is somebody else's.
fn route_backends<'a>(root: View<'a>) -> Vec<Backend<'a>> {
    let own = root.str_at("metadata.namespace");
    let rules = root.path("spec.rules").into_iter().flat_map(View::items);
    let references = rules.flat_map(|rule| rule.get("backendRefs").into_iter().flat_map(View::items));
    references
        .filter(|reference| {
            reference.str_at("kind").is_none_or(|kind| kind == "Service")
                && reference.str_at("group").is_none_or(str::is_empty)
        })
        .map(|reference| Backend {
            name: reference.get("name"),
            port: reference.get("port"),
            namespace: reference.str_at("namespace").filter(|namespace| Some(*namespace) != own),
            place: reference,
        })
        .collect()
}

/// Whether a `tls` entry covers a host. `*.shop.example` covers one label in place of the star.
fn covered(tls: &[View<'_>], host: Option<View<'_>>) -> Result<bool, Reason> {
    let entries: Vec<View<'_>> =
        tls.iter().flat_map(|entry| entry.get("hosts").into_iter().flat_map(View::items)).collect();
    let all = tls.iter().any(|entry| entry.get("hosts").is_none_or(View::is_null));
    let Some(host) = host.filter(|_| !all) else { return Ok(true) };
    let fits = |entry: &str, host: &str| {
        entry == host
            || entry.strip_prefix('*').is_some_and(|rest| {
                host.split_once('.').is_some_and(|(_, parent)| rest.strip_prefix('.') == Some(parent))
            })
    };
    if let Some(text) = host.str()
        && entries.iter().filter_map(|entry| entry.str()).any(|entry| fits(entry, text))
    {
        return Ok(true);
    }
    let parts = tls.iter().flat_map(|entry| [Some(*entry), entry.get("hosts")]).flatten();
    let hidden = parts.chain(entries.iter().copied()).chain([host]).find_map(hides);
    hidden.map_or(Ok(false), |reason| Err(reason.clone()))
}
