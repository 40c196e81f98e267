//! `release` and `runbook`.

use super::object;
use crate::expr::Type;

object! {
    /// A release that somebody names.
    RELEASE = "release", "A release of Kubernetes that a configuration or a command asks for";
    what: Type::String, "cluster or runbook";
    release: Type::Object(&KUBERNETES_RELEASE), "What is known of it";
}

object! {
    /// A release of Kubernetes.
    KUBERNETES_RELEASE = "kubernetesRelease", "A release of Kubernetes (data/releases.yaml)";
    text: Type::String, "As written";
    minor: Type::Int, "36 of v1.36.2; null if it is no version";
    patch: Type::Int, "2 of v1.36.2; null if unsaid";
    ended: Type::Bool, "Its minor is out of support";
    end: Type::String, "Day on which support ends or ended; null if unknown";
    minorsPastEnd: Type::Int, "Minors between it and the newest that is out of support; 0 for that one";
    maintenance: Type::Bool, "It gets critical fixes only";
    moving: Type::Bool, "It is a label that means something else tomorrow";
    behind: Type::Int, "Patch releases of its minor that are newer; null where its minor has ended or the patch is unsaid";
    newest: Type::String, "The newest patch release of its minor; null if unknown";
}

object! {
    /// A step of a runbook.
    RUNBOOK = "runbook", "A command of a script or of Markdown that installs, joins, upgrades or applies";
    verb: Type::String, "Program and verb, e.g. kubeadm upgrade apply";
    version: Type::Object(&KUBERNETES_RELEASE), "The release of Kubernetes that it names; null if none";
    from: Type::Int, "Minor before it, by earlier steps or the cluster in sight; null if nobody says";
    kubeadm: Type::Int, "Minor of the kubeadm package that earlier steps install; null if none";
    urls: Type::List(&Type::Object(&RUNBOOK_URL)), "Addresses of manifests that it applies";
    unpinnedChart: Type::Bool, "It installs a chart of a repository without saying its version";
    installsKubelet: Type::Bool, "It installs the kubelet's package";
    held: Type::Bool, "The file keeps packages of Kubernetes from being upgraded on the way";
    every: Type::Int, "Seconds between two runs, where a CronJob runs it; null otherwise";
    wholeCluster: Type::Bool, "etcdctl: it is told to do it to every member";
}

object! {
    /// A manifest's address.
    RUNBOOK_URL = "runbookUrl", "The address of a manifest";
    text: Type::String, "As written";
    moving: Type::String, "branch or latest, where it means something else tomorrow; null otherwise";
    goneTo: Type::String, "Where it went, if it is gone; null otherwise";
}
