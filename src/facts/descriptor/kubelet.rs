//! `kubelet`.

use super::control_plane::FLAG;
use super::object;
use crate::expr::Type;

object! {
    /// A kubelet.
    KUBELET = "kubelet", "A kubelet, from its KubeletConfiguration, its unit, or kubeadm's kubeletExtraArgs";
    tool: Type::String, "kubeadm, systemd, static-pod, file";
    flags: Type::Map(&Type::Object(&FLAG)), "By the flag's name, wherever it is set (data/flags.yaml): the field `maxPods` is `max-pods`";
    overrides: Type::Bool, "It says only what differs on one node";
    evictionOff: Type::List(&Type::Object(&EVICTION_OFF)), "Hard eviction thresholds that never trigger";
    minor: Type::Int, "Minor release of Kubernetes 1; null if nobody says";
    runtimeDriver: Type::String, "The cgroup driver that container runtimes in sight are told to use: systemd or cgroupfs; null if nobody says";
}

object! {
    /// A threshold that never triggers.
    EVICTION_OFF = "evictionOff", "A hard eviction threshold that never triggers";
    signal: Type::String, "The signal, e.g. memory.available";
    set: Type::Bool, "It is set to nothing; else it is left out beside others, which clears its default";
}
