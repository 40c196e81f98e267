//! `loadBalancer`, `backup`, and `cluster`, which holds all of a control plane.

use super::control_plane::{COMPONENT, CONTROL_PLANE, ETCD, NODE};
use super::kubelet::KUBELET;
use super::object;
use crate::expr::Type;

object! {
    /// What stands before the API servers.
    LOAD_BALANCER = "loadBalancer", "A balancer or a floating address before the API servers, or what AWS makes for a Service";
    tool: Type::String, "haproxy, keepalived, nginx, kube-vip, kops, cluster-api, service or node-port";
    name: Type::String, "Section or object name";
    apiServer: Type::Bool, "It serves API servers";
    servers: Type::List(&Type::Object(&LB_SERVER)), "Back ends";
    check: Type::String, "How back ends are checked: none, tcp, tls, http, https, passive or script";
    path: Type::String, "Path of an HTTP check; null otherwise";
    otherPort: Type::Bool, "Checks go to another port than requests";
    detection: Type::Int, "Milliseconds until a dead back end is taken out; null if unknown or never";
    leaderElection: Type::Bool, "kube-vip: one node at a time holds the address";
    arp: Type::Bool, "kube-vip: the address is announced by ARP";
    controlPlane: Type::Bool, "kube-vip: it serves the control plane";
    etcd: Type::Bool, "etcd's client port stands behind it";
    active: Type::Int, "Back ends that are switched on";
    passage: Type::Object(&PASSAGE), "What happens to connections on the way";
    vrrp: Type::Object(&VRRP), "keepalived's instance; null for others";
    lacks: Type::String, "kube-vip: what it lacks to announce an address (address or peer); null if nothing";
    superAdmin: Type::Bool, "kube-vip: it is given the credentials of the super-admin";
    scriptWeakness: Type::String, "keepalived's script: hangs (a check without a time limit) or passes (an error page is a success); null without";
    alone: Type::Bool, "Its host is the only one: nothing moves the address, no other host balances; null where that is no question";
    kind: Type::String, "What a cloud makes: classic, network, application, or dns for names without a balancer; null if unknown";
    crossesZones: Type::Bool, "A cloud's balancer sends to back ends of all zones; null where nobody says";
    open: Type::Bool, "Everybody on the internet reaches it";
}

object! {
    /// What happens to connections.
    PASSAGE = "passage", "What a balancer does to connections";
    terminatesTls: Type::Bool, "It speaks TLS or HTTP itself, instead of passing connections through";
    idle: Type::Int, "Milliseconds after which a quiet connection is cut; null if unsaid";
    idleText: Type::String, "As written";
}

object! {
    /// An instance of keepalived.
    VRRP = "vrrp", "An instance of keepalived, which moves an address";
    tracks: Type::String, "What moves the address: nothing, process (only that a balancer runs) or script";
    stuck: Type::Bool, "The weight of its script never moves the address";
    conflict: Type::String, "id (router ids of one address differ), masters (two of them) or sample (the router id of every example); null without";
    peers: Type::Int, "Instances of other files for the same address";
}

object! {
    /// A back end.
    LB_SERVER = "server", "A back end of a balancer";
    name: Type::String, "Name";
    address: Type::String, "Host and port";
    checked: Type::Bool, "It is health checked";
    disabled: Type::Bool, "It is switched off";
    problem: Type::String, "port (no API server listens there) or duplicate; null without";
}

object! {
    /// An etcd backup, or its absence.
    BACKUP = "backup", "A scheduled etcd backup, the absence of any, a snapshot taken by hand, or a snapshot file";
    exists: Type::Bool, "There is one, unknown where the input is partial; if not, the subject is the etcd that nobody backs up";
    tool: Type::String, "cronjob, script, file, or the tool that keeps backups by itself; empty where there is none";
    name: Type::String, "Name";
    object: Type::Dyn, "The object that runs it; null if none";
    schedule: Type::String, "As written; null if none";
    intervalSeconds: Type::Int, "Longest time between two runs; null if it never runs or cannot be read";
    suspended: Type::Bool, "It is suspended";
    endpoints: Type::List(&Type::String), "Endpoints that the snapshot is taken from; empty if not stated";
    throughBalancer: Type::Bool, "An endpoint is the control-plane endpoint or a balancer's address";
    target: Type::String, "What holds the snapshot's path: emptyDir, hostPath, pvc, container (the file system of the container) or other; unknown where the path is";
    uploaded: Type::Bool, "The job ships the snapshot off the host";
    agent: Type::Bool, "Another pod mounts the same directory of the host and ships it";
    path: Type::String, "Path of the snapshot; null if not stated";
    care: Type::Object(&BACKUP_CARE), "What the job does besides, and how it runs; null where there is none";
    file: Type::Object(&SNAPSHOT_FILE), "A snapshot file; null for everything else";
    withKeys: Type::Bool, "The keys of an encryption in sight are saved too; null where there are none, or nobody can say";
    rehearsed: Type::Bool, "Commands that bring a snapshot back are in sight; null where that is no question";
}

object! {
    /// A snapshot file.
    SNAPSHOT_FILE = "snapshotFile", "A snapshot file";
    damage: Type::String, "What is wrong with it, as the end of a sentence; null if nothing";
    newest: Type::Bool, "No other snapshot of its folder is younger";
    ageDays: Type::Int, "Days from the day in its name, else of its last change, to the audit's date; null if unknown";
}

object! {
    /// What a backup job does besides.
    BACKUP_CARE = "backupCare", "What a backup job does besides taking the snapshot, and how it runs";
    verified: Type::Bool, "It checks the snapshot";
    encrypted: Type::Bool, "It encrypts the snapshot, or sends it to something that does";
    pruned: Type::Bool, "It removes old snapshots; unknown where a bucket may";
    removedCommand: Type::Bool, "It runs `etcdctl snapshot status` or `restore`, which etcd 3.6 removed";
    etcdMinor: Type::Int, "6 of etcd 3.6, as its image says; null otherwise";
    caKeys: Type::Bool, "It mounts a directory of the host with the private keys of CAs";
    runsOnAnyNode: Type::Bool, "It needs files of control-plane nodes, and nothing sends it there";
    neverRuns: Type::Bool, "Its schedule never comes, or is none";
    deadline: Type::Int, "startingDeadlineSeconds; null if unset";
}

object! {
    /// What an environment says of its control plane.
    CLUSTER = "cluster", "What an environment says of its control plane; every rule sees it";
    controlPlanes: Type::List(&Type::Object(&CONTROL_PLANE)), "Control planes";
    components: Type::List(&Type::Object(&COMPONENT)), "Components";
    kubelets: Type::List(&Type::Object(&KUBELET)), "kubelets";
    nodes: Type::List(&Type::Object(&NODE)), "Nodes";
    etcds: Type::List(&Type::Object(&ETCD)), "etcd clusters";
    loadBalancers: Type::List(&Type::Object(&LOAD_BALANCER)), "Balancers";
    backups: Type::List(&Type::Object(&BACKUP)), "etcd backups";
    takenAt: Type::String, "When the cluster answered (RFC 3339); unknown for files";
    targetMinor: Type::Int, "Minor of the Kubernetes release that is judged for: 37 of 1.37";
}
