//! `workload` and `container`.

use super::{list, object};
use crate::expr::Type;

object! {
    /// A pod template with what the cluster adds to it.
    WORKLOAD = "workload", "A pod template, whatever kind holds it, with what the cluster adds to it";
    kind: Type::String, "Kind of the object that holds the template";
    name: Type::String, "Name of the object";
    namespace: Type::String, "Namespace; null where nobody says";
    object: Type::Dyn, "The object itself";
    longRunning: Type::Bool, "Meant to run until stopped (no Job, no CronJob, no Pod that is a Helm hook or not started again)";
    owned: Type::Bool, "Made by another object (ownerReferences)";
    component: Type::String, "Name of the well-known program it is; empty otherwise";
    singleByDesign: Type::Bool, "Its project documents that one replica is right";
    needs: Type::List(&Type::String), "What the well-known node agent that it is needs from its node (data/known.yaml): privileged, root, capabilities, hostNetwork, hostPath";
    system: Type::Bool, "A DaemonSet or Pod of the distribution, in kube-system";
    replicas: Type::Int, "Replicas that will run: the autoscaler's minimum, else the object's number, else 1", [list("autoscaling", "horizontalpodautoscalers")];
    scalable: Type::Bool, "The kind has a number of replicas";
    autoscaled: Type::Bool, "A HorizontalPodAutoscaler or ScaledObject scales it", [list("autoscaling", "horizontalpodautoscalers")];
    pod: Type::Dyn, "The pod's spec";
    labels: Type::Dyn, "The pod's labels; null if it has none";
    annotations: Type::Dyn, "The pod's annotations; null if it has none";
    hostNetwork: Type::Bool, "Uses the network of its node";
    windows: Type::Bool, "Runs on Windows";
    critical: Type::Bool, "Has a priority class that starts with system-";
    hostPaths: Type::List(&Type::Object(&HOST_PATH)), "hostPath volumes";
    sysctls: Type::List(&Type::Object(&SYSCTL)), "Sysctls it sets";
    defaults: Type::Object(&DEFAULTS), "What LimitRanges of its namespace fill in", [list("", "limitranges")];
    serviceAccount: Type::String, "Name of its service account: default if none is named";
    tokenMounted: Type::Bool, "A token of its service account is mounted: the pod says so, else the account, else by default";
    accountGranted: Type::Bool, "A binding in sight grants its service account something", [list("rbac.authorization.k8s.io", "rolebindings"), list("rbac.authorization.k8s.io", "clusterrolebindings")];
    serviceAccountExists: Type::Bool, "That service account is declared, or is the default one", [list("", "serviceaccounts")];
    references: Type::List(&Type::Object(&REFERENCE)), "ConfigMaps, Secrets and claims that it names";
    selectorMatches: Type::Bool, "Its selector selects its own pod template; true for kinds without one";
    headlessService: Type::Bool, "A StatefulSet: the Service it names exists and is headless; true for other kinds", [list("", "services")];
    enforced: Type::String, "Pod Security level that its namespace's labels enforce: baseline or restricted; empty otherwise", [list("", "namespaces")];
    refused: Type::List(&Type::String), "Controls of that level which the pod breaks, at the place that breaks them", [list("", "namespaces")];
    scheduleError: Type::String, "A CronJob: why its schedule or time zone cannot be read; null if it can, and for other kinds";
    services: Type::List(&Type::Object(&NEIGHBOUR)), "Services that select its pods", [list("", "services")];
    pdbs: Type::List(&Type::Object(&NEIGHBOUR)), "PodDisruptionBudgets that cover its pods", [list("policy", "poddisruptionbudgets")];
    networkPolicies: Type::List(&Type::Object(&NEIGHBOUR)), "NetworkPolicies that select its pods", [list("networking.k8s.io", "networkpolicies")];
    rolloutUnavailable: Type::Int, "Percent of its pods that a rolling update may take down at once, where maxUnavailable is set (of a DaemonSet only where it is a percentage); null otherwise";
    spread: Type::Object(&SPREAD), "What keeps its replicas apart";
    pods: Type::Object(&PODS), "Its pods that were seen; null where only files say what should run", [list("", "pods"), list("apps", "replicasets"), list("batch", "jobs")];
    troubles: Type::List(&Type::Object(&TROUBLE)), "What keeps its pods from running, once a container and reason", [list("", "pods"), list("apps", "replicasets"), list("batch", "jobs")];
    containers: Type::List(&Type::Object(&CONTAINER)), "Its containers, init and ephemeral ones included";
}

object! {
    /// The pods of a workload.
    PODS = "pods", "The pods of a workload in a cluster";
    count: Type::Int, "Pods that have not ended";
    ready: Type::Int, "Those of which all containers are ready";
    nodes: Type::Int, "Nodes that they run on";
    zones: Type::Int, "Zones of those nodes; unknown where nodes or their labels are out of sight";
}

object! {
    /// What keeps pods from running.
    TROUBLE = "trouble", "What keeps pods of a workload from running";
    kind: Type::String, "crash (a container ends again and again), memory (it was killed for memory), image (its image cannot be had), config (what it needs is missing or wrong), node (no node fits)";
    reason: Type::String, "As the cluster says it: CrashLoopBackOff, OOMKilled, ErrImagePull, Unschedulable …";
    container: Type::String, "The container; empty where it is about the pod";
    pod: Type::String, "The pod that it is worst for";
    pods: Type::Int, "How many pods have it";
    restarts: Type::Int, "Most restarts of one of them";
    minutes: Type::Int, "Minutes since a container last ended (crash, memory), or since the first of the pods waits; unknown where nobody says when the input was taken";
}

object! {
    /// A sysctl.
    SYSCTL = "sysctl", "A sysctl that a pod sets";
    name: Type::String, "Name";
    value: Type::String, "Value";
    safeSince: Type::Int, "Minor since which the baseline level allows it; null if it does not";
}

object! {
    /// What LimitRanges fill in.
    DEFAULTS = "defaults", "What LimitRanges of a namespace fill in where a container says nothing";
    cpuLimit: Type::Bool, "A CPU limit";
    cpuRequest: Type::Bool, "A CPU request";
    memoryLimit: Type::Bool, "A memory limit";
    memoryRequest: Type::Bool, "A memory request";
    storageLimit: Type::Bool, "A limit of ephemeral storage";
}

object! {
    /// A name of another object.
    REFERENCE = "reference", "An object that a pod names, and whether it is there";
    kind: Type::String, "ConfigMap, Secret or PersistentVolumeClaim";
    name: Type::String, "Its name";
    key: Type::String, "The key that is asked for; null for the whole object";
    optional: Type::Bool, "The pod starts without it";
    exists: Type::Bool, "The object is declared, or something in the input makes it", [list("", "configmaps"), list("", "persistentvolumeclaims")];
    hasKey: Type::Bool, "It holds the key; true where none is asked for", [list("", "configmaps")];
}

object! {
    /// A secret in the open.
    LITERAL = "literal", "A secret that is written as a literal";
    name: Type::String, "Name of the variable, or args or command";
    value: Type::Dyn, "The value, which nobody can read";
}

object! {
    /// A container with the pod's settings applied.
    CONTAINER = "container", "A container with the pod's settings applied";
    name: Type::String, "Name";
    role: Type::String, "main, sidecar (an init container that restarts always), init or ephemeral";
    object: Type::Dyn, "The container itself";
    workload: Type::Object(&WORKLOAD), "The workload it belongs to";
    needs: Type::List(&Type::String), "What its workload needs from the node, and what it needs itself (data/known.yaml)";
    image: Type::Object(&IMAGE), "Its image";
    memoryLimit: Type::Dyn, "resources.limits.memory; null if unset";
    memoryRequest: Type::Dyn, "resources.requests.memory; null if unset";
    cpuRequest: Type::Dyn, "resources.requests.cpu; null if unset";
    cpuLimit: Type::Dyn, "resources.limits.cpu; null if unset";
    privileged: Type::Bool, "securityContext.privileged, false if unset";
    allowPrivilegeEscalation: Type::Bool, "Effective: true if unset or privileged";
    runAsNonRoot: Type::Bool, "Effective, the container's own over the pod's; false if unset";
    runAsUser: Type::Int, "Effective user id; null if unset";
    runAsGroup: Type::Int, "Effective group id; null if unset";
    seccomp: Type::String, "Effective type of the seccomp profile; null if unset";
    appArmor: Type::String, "Effective type of the AppArmor profile, whether a field or an annotation sets it; null if unset";
    readOnlyRootFilesystem: Type::Bool, "securityContext.readOnlyRootFilesystem, false if unset";
    addedCapabilities: Type::List(&Type::String), "Capabilities added";
    droppedCapabilities: Type::List(&Type::String), "Capabilities dropped";
    readinessProbe: Type::Dyn, "The readiness probe; null if unset";
    livenessProbe: Type::Dyn, "The liveness probe; null if unset";
    preStopSeconds: Type::Int, "Seconds that its preStop hook sleeps; 0 without one";
    probes: Type::List(&Type::Object(&PROBE)), "All probes";
    secrets: Type::List(&Type::Object(&LITERAL)), "Secrets written as literals in env, args and command (data/redaction.yaml says what counts)";
}

object! {
    /// An image reference.
    IMAGE = "image", "An image reference, taken apart";
    text: Type::String, "As written; empty if unset";
    registry: Type::String, "Registry host; docker.io if none is written";
    repository: Type::String, "Repository";
    tag: Type::String, "Tag; null if none";
    digest: Type::String, "Digest; null if none";
    mutable: Type::Bool, "No digest, and no tag or one that moves (latest, main, stable …), after Kustomize replaced tag and digest";
}

object! {
    /// One probe.
    PROBE = "probe", "One probe of a container";
    kind: Type::String, "readinessProbe, livenessProbe or startupProbe";
    handler: Type::String, "httpGet, tcpSocket, grpc or exec; empty if none";
    port: Type::Dyn, "The port it asks, a name or a number; null if none";
    portName: Type::Bool, "The port is given by name";
    portDeclared: Type::Bool, "The container declares that port (true where there is no port to ask)";
    object: Type::Dyn, "The probe itself";
}

object! {
    /// What keeps replicas apart.
    SPREAD = "spread", "Topology spread constraints and pod anti-affinity, read as one thing";
    host: Type::String, "hard, soft or none: rules by host name that select the pod's own labels";
    zone: Type::String, "hard, soft or none: the same by zone";
    rules: Type::List(&Type::Object(&SPREAD_RULE)), "Every constraint and anti-affinity term";
}

object! {
    /// One constraint or anti-affinity term.
    SPREAD_RULE = "spreadRule", "One constraint or anti-affinity term";
    key: Type::String, "Topology key; empty if unset";
    hard: Type::Bool, "Pods stay pending rather than break it";
    constraint: Type::Bool, "A topology spread constraint (else an anti-affinity term)";
    matches: Type::String, "What the selector matches: own (the pod itself), all (an empty one), others (an anti-affinity term that is not about its own pods), none";
    elsewhere: Type::Bool, "An anti-affinity term that names other namespaces";
}

object! {
    /// A hostPath volume.
    HOST_PATH = "hostPath", "A hostPath volume";
    volume: Type::String, "Name of the volume";
    path: Type::String, "Path on the node";
}

object! {
    /// Another object.
    NEIGHBOUR = "neighbour", "Another object";
    kind: Type::String, "Kind";
    name: Type::String, "Name";
    namespace: Type::String, "Namespace; null where nobody says";
    object: Type::Dyn, "The object itself";
}
