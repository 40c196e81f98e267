//! `ingress`, `networkPolicy`, `monitor` and `autoscaler`.

use super::workload::NEIGHBOUR;
use super::{list, object};
use crate::expr::Type;

object! {
    /// An Ingress or a Gateway API route.
    INGRESS = "ingress", "An Ingress or a Gateway API route: where it sends requests, and how it is encrypted";
    kind: Type::String, "Ingress, HTTPRoute, GRPCRoute, TCPRoute, TLSRoute or UDPRoute";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace; null where nobody says";
    object: Type::Dyn, "The object itself";
    backends: Type::List(&Type::Object(&BACKEND)), "Services that it sends requests to", [list("", "services")];
    defaultBackend: Type::Dyn, "What takes requests that no rule matches; null if nothing";
    paths: Type::List(&Type::Object(&PATH)), "Every path of every rule of an Ingress";
    hosts: Type::List(&Type::Object(&HOST)), "The host of every rule of an Ingress";
    secured: Type::Bool, "It names certificates, under tls or by an annotation of its controller";
    tls: Type::List(&Type::Object(&TLS)), "The entries under tls";
    nginx: Type::List(&Type::Object(&NGINX_NOTE)), "Annotations that an nginx controller reads";
}

object! {
    /// A Service that gets requests.
    BACKEND = "backend", "A Service that gets requests";
    service: Type::String, "Name of the Service; null if none is named";
    port: Type::Dyn, "Its port, a name or a number; null if none is named";
    exists: Type::Bool, "The Service exists", [list("", "services")];
    portExists: Type::Bool, "The Service has that port; true where there is no Service to ask", [list("", "services")];
}

object! {
    /// A path of an Ingress.
    PATH = "path", "A path of an Ingress";
    host: Type::String, "The host; empty for every host";
    path: Type::String, "The path; empty if unset";
    rivals: Type::List(&Type::Object(&NEIGHBOUR)), "An Ingress further up in the input, of the same class, that has the same host, path and type", [list("networking.k8s.io", "ingresses")];
}

object! {
    /// A host of an Ingress.
    HOST = "host", "The host of a rule of an Ingress";
    host: Type::String, "The host; empty for every host";
    covered: Type::Bool, "An entry under tls names it, or fits it with a wildcard, or names no host at all";
}

object! {
    /// An entry under `tls`.
    TLS = "tls", "An entry under tls";
    secret: Type::String, "Name of the Secret; empty if unset";
    exists: Type::Bool, "The Secret exists, or something in the input makes it";
}

object! {
    /// An annotation for nginx.
    NGINX_NOTE = "nginxAnnotation", "An annotation that an nginx controller reads";
    name: Type::String, "What follows the slash in its key";
    value: Type::String, "Its value";
}

object! {
    /// A ServiceMonitor or PodMonitor.
    MONITOR = "monitor", "A ServiceMonitor or PodMonitor of the Prometheus operator";
    kind: Type::String, "ServiceMonitor or PodMonitor";
    name: Type::String, "Name";
    selector: Type::Dyn, "spec.selector; null if unset";
    targets: Type::List(&Type::Object(&NEIGHBOUR)), "Services, or workloads of pods, that it selects", [list("", "services"), list("", "pods")];
}

object! {
    /// A NetworkPolicy.
    NETWORK_POLICY = "networkPolicy", "A NetworkPolicy: what it isolates, and what it lets through";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace; null where nobody says";
    object: Type::Dyn, "The policy itself";
    selectsAll: Type::Bool, "It applies to every pod of its namespace";
    selector: Type::Dyn, "spec.podSelector; null if unset";
    isolatesIngress: Type::Bool, "What it does not allow cannot come in";
    isolatesEgress: Type::Bool, "What it does not allow cannot go out";
    workloads: Type::List(&Type::Object(&NEIGHBOUR)), "Workloads whose pods it applies to", [list("", "pods")];
    rules: Type::List(&Type::Object(&ALLOWANCE)), "Its rules, of both directions";
    peers: Type::List(&Type::Object(&PEER)), "Peers that it names by pod selector", [list("", "pods")];
    withoutDns: Type::List(&Type::Object(&NEIGHBOUR)), "Workloads whose egress it restricts to other pods, and that no policy lets ask for names", [list("", "pods"), list("networking.k8s.io", "networkpolicies")];
}

object! {
    /// A rule of a NetworkPolicy.
    ALLOWANCE = "allowance", "A rule of a NetworkPolicy";
    direction: Type::String, "ingress or egress";
    everything: Type::Bool, "It names neither peers nor ports, or every address";
}

object! {
    /// A peer of a NetworkPolicy.
    PEER = "peer", "A peer that a NetworkPolicy names by pod selector";
    direction: Type::String, "ingress or egress";
    selects: Type::Bool, "Some pod fits it", [list("", "pods")];
}

object! {
    /// A HorizontalPodAutoscaler or ScaledObject.
    AUTOSCALER = "autoscaler", "A HorizontalPodAutoscaler, or a ScaledObject of KEDA";
    kind: Type::String, "HorizontalPodAutoscaler or ScaledObject";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace; null where nobody says";
    object: Type::Dyn, "The autoscaler itself";
    min: Type::Int, "Fewest replicas: 1 if unset, 0 for a ScaledObject";
    max: Type::Int, "Most replicas: null if unset, 100 for a ScaledObject";
    targetKind: Type::String, "Kind of what it scales";
    targetName: Type::String, "Name of what it scales; empty if unset";
    targets: Type::List(&Type::Object(&NEIGHBOUR)), "What it scales, if it exists", [list("apps", "deployments"), list("apps", "statefulsets")];
    rivals: Type::List(&Type::Object(&NEIGHBOUR)), "An autoscaler further up in the input that scales the same", [list("autoscaling", "horizontalpodautoscalers")];
    shares: Type::List(&Type::Object(&SHARE)), "Containers of its target, once for each resource that it measures in percent of the request";
}

object! {
    /// A container whose use of a resource is measured.
    SHARE = "share", "A container whose use of a resource an autoscaler measures in percent of the request";
    container: Type::String, "Name of the container";
    resource: Type::String, "cpu or memory";
    requested: Type::Bool, "The container, its pod or a LimitRange gives it a request", [list("", "limitranges")];
}
