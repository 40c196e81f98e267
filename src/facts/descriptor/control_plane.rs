//! `component`, `controlPlane`, `node`, `etcd`, `encryption` and `auditPolicy`.

use super::object;
use crate::expr::Type;

object! {
    /// A control-plane component.
    COMPONENT = "component", "A control-plane component with the flags that take effect";
    name: Type::String, "kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, etcd or kube-vip";
    tool: Type::String, "Whose file it is: kubeadm, static-pod, workload, systemd, file";
    flags: Type::Map(&Type::Object(&FLAG)), "By name without dashes; every flag of data/flags.yaml is there";
    lease: Type::Object(&LEASE), "How it elects a leader; null where it does not";
    probed: Type::Bool, "The kubelet asks it for its health by HTTP, without credentials";
    minor: Type::Int, "Minor release of Kubernetes 1 that it or its cluster is; null if nobody says";
    overrides: Type::Bool, "A kubelet of which only what differs on one node is said";
    ownVersion: Type::Bool, "Its own configuration or image says the version";
    removed: Type::List(&Type::Object(&REMOVED)), "Flags and feature gates it is given and does not know any more (data/removed.yaml)";
    files: Type::List(&Type::Object(&NAMED_FILE)), "Files that its flags name";
    apiReferences: Type::List(&Type::Object(&API_REFERENCE)), "Objects of the API that its static pod refers to";
    servers: Type::List(&Type::Int), "Minors of the API servers that it talks to, where both say theirs";
    maker: Type::String, "The tool that built its cluster; null where nothing tells";
    auditShipped: Type::Bool, "An agent in sight takes the audit log off the node; null where no log is written or the API server sends events away";
}

object! {
    /// What a component does not know any more.
    REMOVED = "removed", "A flag or feature gate that a component does not know any more";
    name: Type::String, "Name";
    gate: Type::Bool, "A feature gate, else a flag";
    since: Type::Int, "Minor release of Kubernetes 1 that refuses it";
}

object! {
    /// A file that a flag names.
    NAMED_FILE = "namedFile", "A file that a flag names";
    flag: Type::String, "The flag";
    path: Type::String, "The path";
    mounted: Type::Bool, "It is mounted from the host; always for what runs outside pods";
    persistent: Type::Bool, "What holds it outlives the pod";
}

object! {
    /// An object that a pod refers to.
    API_REFERENCE = "apiReference", "An object that a pod refers to";
    kind: Type::String, "ConfigMap, Secret or service account token";
    name: Type::String, "Name";
}

object! {
    /// A leader's lease.
    LEASE = "lease", "The times of leader election";
    duration: Type::Int, "Milliseconds until others may take over";
    durationText: Type::String, "As text";
    renew: Type::Int, "Milliseconds within which the leader must renew";
    renewText: Type::String, "As text";
    retry: Type::Int, "Milliseconds between attempts";
    retryText: Type::String, "As text";
}

object! {
    /// A flag.
    FLAG = "flag", "A flag as it takes effect";
    set: Type::Bool, "Somebody set it";
    value: Type::Dyn, "Typed: bool, number, milliseconds for durations, list; null without value and default";
    text: Type::String, "As text; null without value and default";
}

object! {
    /// A control plane.
    CONTROL_PLANE = "controlPlane", "A control plane as its tool declares it";
    tool: Type::String, "kubeadm, cluster-api, kops, kubespray, rke2, k3s, talos";
    name: Type::String, "Name of the cluster";
    version: Type::String, "Kubernetes version; null if unset";
    object: Type::Dyn, "The document that declares it";
    count: Type::Int, "Control-plane nodes; unknown unless join documents name theirs";
    joins: Type::Bool, "Documents join further control-plane nodes, named or not";
    stacked: Type::Bool, "etcd runs on the control-plane nodes";
    endpoint: Type::Object(&ENDPOINT), "Where clients reach it; null if unset";
    networks: Type::List(&Type::Object(&NETWORK)), "Networks of pods and Services, where they can be read";
    zones: Type::Int, "Zones that its nodes are in; null where the tool spreads them by itself or nobody says";
    maxSurge: Type::Int, "Machines that a rollout adds before it takes one away; null where rollouts replace no machines";
    uncertified: Type::List(&Type::String), "Addresses that clients use and the API server's certificate lacks, where the tool does not add them";
    drift: Type::List(&Type::Object(&CHANGE)), "Flags of kubeadm's static pods in sight that differ from its configuration";
    renewed: Type::Bool, "Something renews its certificates: a job, a variable, or upgrades; null where the tool sees to it or nobody says";
    balanced: Type::Bool, "A balancer stands before several API servers; null where that is no question, or another fact answers it";
}

object! {
    /// A flag that runs otherwise than it is configured.
    CHANGE = "change", "A flag that runs otherwise than kubeadm's configuration says";
    component: Type::String, "The component";
    flag: Type::String, "The flag";
    how: Type::String, "added, removed or changed";
}

object! {
    /// A network of a cluster.
    NETWORK = "network", "A network of a cluster";
    kind: Type::String, "pods or services";
    text: Type::String, "As a range of addresses";
    capacity: Type::Int, "Nodes that a pod network holds, or Services that a service network holds";
    overlaps: Type::List(&Type::String), "What it runs into: further networks and nodes, for messages";
}

object! {
    /// The control-plane endpoint.
    ENDPOINT = "endpoint", "Where clients reach a control plane";
    text: Type::String, "As written";
    host: Type::String, "Host without the port";
    isAddress: Type::Bool, "An IP address, not a name";
    isNodeAddress: Type::Bool, "The address or name of one control-plane node";
    floating: Type::Bool, "An address that kube-vip or keepalived moves between nodes";
}

object! {
    /// A node.
    NODE = "node", "A node as its tool declares it";
    name: Type::String, "Name; empty if unset";
    object: Type::Dyn, "The document that declares it";
    tool: Type::String, "kubeadm, kube-proxy, runbook, or a tool that declares clusters";
    criSocket: Type::String, "The socket of its container runtime; null if unsaid";
    verifiesCa: Type::Bool, "It checks that the CA is the cluster's before it joins; null where it joins nothing";
    ignoredErrors: Type::List(&Type::String), "Preflight errors that are ignored although they say that the machine is not fit";
    controlPlane: Type::Bool, "A control-plane node";
    taints: Type::Dyn, "Taints it registers with; null means the tool's own, an empty list means none";
    apiServer: Type::String, "The API server it goes through; null if unset";
    clusterEndpoint: Type::String, "The control-plane endpoint of its cluster; null if unset or unknown";
    throughEndpoint: Type::Bool, "It goes through that endpoint or through an address that floats; null where either is unset";
}

object! {
    /// An etcd cluster.
    ETCD = "etcd", "An etcd cluster";
    tool: Type::String, "kubeadm, static-pod, systemd, file, kops, rke2, k3s, kubespray, talos";
    external: Type::Bool, "It is known only by the endpoints that API servers use";
    stacked: Type::Bool, "It runs on the control-plane nodes, one member each";
    members: Type::Int, "Voting members; unknown where only one member's description is there";
    flags: Type::Map(&Type::Object(&FLAG)), "As of a component; empty for an external etcd";
    clientTls: Type::Bool, "Clients are served over TLS only";
    clientAuth: Type::Bool, "Clients must show a certificate (a trusted CA or client-cert-auth)";
    peerTls: Type::Bool, "Members talk to each other over TLS";
    peerAuth: Type::Bool, "Members must show a certificate";
    compacted: Type::Bool, "The API server or etcd itself compacts the history";
    volumes: Type::List(&Type::Object(&ETCD_VOLUME)), "Disks of the members, where the tool makes them";
    release: Type::Object(&ETCD_RELEASE), "The release that its image or kubeadm names; null where nothing does";
    storage: Type::String, "What its data lies on: disk, emptyDir or memory";
    resources: Type::Object(&ETCD_RESOURCES), "Resources of its container; null where none is declared";
    sharedCa: Type::Bool, "It trusts the CA that issues certificates to clients of the API server";
    zones: Type::Int, "Zones that its members are in; null where nobody says";
    eventsApart: Type::Bool, "Events have an etcd of their own; null where nobody says";
    clusterNodes: Type::Int, "Most nodes that the cluster may get; null where nobody says";
    contradiction: Type::String, "both (local and external), mixed (http and https) or nodes (external endpoints on control-plane nodes); null without";
}

object! {
    /// A release of etcd.
    ETCD_RELEASE = "etcdRelease", "A release of etcd (data/releases.yaml)";
    text: Type::String, "As written";
    minor: Type::Int, "6 of 3.6.5; null for another major or no version";
    patch: Type::Int, "5 of 3.6.5; null if unsaid";
    ended: Type::Bool, "Its minor is out of support";
    end: Type::String, "Day on which support ends or ended; null if unknown";
    unsafe: Type::Bool, "It can damage data";
    blocks: Type::Int, "Patch that must run before the next minor; null where that is so";
}

object! {
    /// Resources of etcd.
    ETCD_RESOURCES = "etcdResources", "Resources of the container that runs etcd";
    requested: Type::Bool, "It requests CPU or memory";
    cpuLimit: Type::Int, "Millicores; null without";
    memoryLimit: Type::Int, "Bytes; null without";
}

object! {
    /// The disk of an etcd member.
    ETCD_VOLUME = "etcdVolume", "The disk of an etcd member";
    name: Type::String, "Name of the member";
    type: Type::String, "The cloud's name for the kind of disk; null if unset";
    encrypted: Type::Bool, "It is encrypted; unknown where nobody says";
    group: Type::String, "Pool of machines that the member runs on";
    misplaced: Type::Bool, "That is no pool of control-plane nodes, or another member's";
}

object! {
    /// A pool of machines.
    NODE_POOL = "nodePool", "Machines that a tool makes alike, or a health check of them";
    tool: Type::String, "cluster-api, kops";
    name: Type::String, "Name";
    object: Type::Dyn, "The object or section that declares it";
    controlPlane: Type::Bool, "They are control-plane nodes";
    min: Type::Int, "Fewest machines; null if unset";
    max: Type::Int, "Most machines; null if unset";
    repaired: Type::Bool, "Something replaces machines that fail; null where the tool does so by itself";
    capped: Type::Bool, "A health check stops when too many machines fail; null for a pool";
    replacedAtOnce: Type::Bool, "A rollout takes all machines away before there are new ones";
    drained: Type::Bool, "Machines are drained before they go";
    exposures: Type::List(&Type::Object(&EXPOSURE)), "How everybody on the internet reaches them";
}

object! {
    /// A way in from the internet.
    EXPOSURE = "exposure", "A way by which everybody on the internet reaches machines";
    what: Type::String, "address or ssh";
    text: Type::String, "What says so, for messages";
}

object! {
    /// Encryption at rest.
    ENCRYPTION = "encryption", "Encryption of Secrets in etcd, from the API server's flag or from the EncryptionConfiguration";
    tool: Type::String, "kubeadm, static-pod, systemd, file";
    file: Type::Bool, "It is an EncryptionConfiguration (else an API server)";
    configured: Type::Bool, "An encryption configuration is named";
    writer: Type::String, "The provider that writes Secrets: identity, aescbc, secretbox, kms …; null if Secrets are not covered or unknown";
    entries: Type::List(&Type::Object(&ENCRYPTION_ENTRY)), "Entries in order";
    secretsCovered: Type::Bool, "Some entry covers Secrets; true for an API server";
    configMapsCovered: Type::Bool, "Some entry covers ConfigMaps; true for an API server";
    fallback: Type::String, "`identity` behind another provider for Secrets; null without";
    automaticReload: Type::Bool, "The API server reads a changed file by itself; true for a file";
    keys: Type::List(&Type::Object(&ENCRYPTION_KEY)), "Keys of all providers";
    differs: Type::String, "The file of another control-plane node that says something else; null if none does";
    kms: Type::List(&Type::Object(&KMS)), "KMS providers";
}

object! {
    /// A key.
    ENCRYPTION_KEY = "encryptionKey", "A key of an EncryptionConfiguration; its bytes are not shown";
    provider: Type::String, "aescbc, aesgcm or secretbox";
    name: Type::String, "Name";
    bytes: Type::Int, "Length after decoding; null where it is no base64; unknown for a placeholder";
    readable: Type::Bool, "It decodes to text that people wrote, as examples in documentation do";
}

object! {
    /// A KMS provider.
    KMS = "kms", "A KMS provider";
    name: Type::String, "Name";
    version: Type::String, "API version; v1 if unset";
}

object! {
    /// One entry of an EncryptionConfiguration.
    ENCRYPTION_ENTRY = "encryptionEntry", "One entry of an EncryptionConfiguration";
    coversSecrets: Type::Bool, "It covers Secrets, by name or wildcard";
    providers: Type::List(&Type::String), "Providers in order";
}

object! {
    /// An audit policy.
    AUDIT_POLICY = "auditPolicy", "An audit policy";
    object: Type::Dyn, "The policy itself";
    rules: Type::Dyn, "Its rules; null if none";
    exposed: Type::List(&Type::Object(&EXPOSED)), "Resources with credentials whose bodies are logged, and the first rule that does";
    unreachable: Type::List(&Type::Object(&UNREACHABLE)), "Rules whose requests an earlier rule takes";
    blindSpots: Type::List(&Type::Object(&BLIND_SPOT)), "Security events that are not logged";
    restLevel: Type::String, "Level of the rule that takes everything else; null without one";
}

object! {
    /// A rule that nothing reaches.
    UNREACHABLE = "unreachable", "A rule of an audit policy that nothing reaches";
    number: Type::Int, "Its place in the list, from 1";
    by: Type::Int, "The place of the rule that takes its requests";
}

object! {
    /// What is not logged.
    BLIND_SPOT = "blindSpot", "Security events that are not logged";
    what: Type::String, "The resource, or what is meant";
    rest: Type::Bool, "No rule takes what the others leave";
}

object! {
    /// A resource whose bodies are logged.
    EXPOSED = "exposed", "A resource whose bodies are logged";
    resource: Type::String, "secrets, serviceaccounts/token or tokenreviews";
    level: Type::String, "Request or RequestResponse";
}
