//! What is wrong with one pod, in the words of its status.
//!
//! Sources: the reasons that kubelet and scheduler write (kubernetes/kubernetes `pkg/kubelet/images`, `container`,
//! `kuberuntime`, and the scheduler's `PodReasonUnschedulable`).

use jiff::Timestamp;

use crate::syntax::{Origin, View};

/// What keeps a pod from running.
pub(super) struct Trouble<'a> {
    pub kind: &'static str,
    pub reason: &'a str,
    pub container: &'a str,
    pub restarts: i64,
    /// When the container last ended (crash, memory), or since when the pod waits.
    pub since: Option<Timestamp>,
    pub place: Origin,
}

/// Reasons for which a container waits, and what kind of trouble they are. Others (`ContainerCreating`, `PodInitializing`)
/// pass by themselves.
const WAITING: &[(&str, &str)] = &[
    ("CrashLoopBackOff", "crash"),
    ("RunContainerError", "crash"),
    ("StartError", "crash"),
    ("PostStartHookError", "crash"),
    ("ErrImagePull", "image"),
    ("ImagePullBackOff", "image"),
    ("InvalidImageName", "image"),
    ("ErrImageNeverPull", "image"),
    ("ImageInspectError", "image"),
    ("RegistryUnavailable", "image"),
    ("SignatureValidationFailed", "image"),
    ("CreateContainerConfigError", "config"),
    ("CreateContainerError", "config"),
];

/// Everything that is wrong with a pod. A pod that has ended, or is being deleted, is in no trouble.
pub(super) fn of_pod(pod: View<'_>) -> Vec<Trouble<'_>> {
    let ended = matches!(pod.str_at("status.phase"), Some("Succeeded" | "Failed"));
    if ended || pod.path("metadata.deletionTimestamp").is_some() {
        return Vec::new();
    }
    let lists = ["status.initContainerStatuses", "status.containerStatuses"];
    let statuses = lists.into_iter().filter_map(|path| pod.path(path)).flat_map(View::items);
    let mut troubles: Vec<Trouble<'_>> = statuses.filter_map(|status| of_container(pod, status)).collect();
    troubles.extend(unscheduled(pod));
    troubles
}

fn of_container<'a>(pod: View<'a>, status: View<'a>) -> Option<Trouble<'a>> {
    let last = status.path("lastState.terminated");
    let ended = status.path("state.terminated").or(last);
    let killed = ended.and_then(|ended| ended.get("reason")).filter(|reason| reason.str() == Some("OOMKilled"));
    let waiting = status.path("state.waiting.reason").and_then(|reason| {
        let (_, kind) = WAITING.iter().find(|(word, _)| reason.str() == Some(word))?;
        Some((*kind, reason))
    });
    let (kind, reason) = match (killed, waiting) {
        (Some(killed), _) => ("memory", killed),
        (None, waiting) => waiting?,
    };
    let count = status.get("restartCount");
    let ended_at = time(ended.and_then(|ended| ended.get("finishedAt")));
    let again = matches!(kind, "crash" | "memory");
    let at = if again { count.unwrap_or(reason) } else { reason };
    Some(Trouble {
        kind,
        reason: reason.str()?,
        container: status.str_at("name").unwrap_or_default(),
        restarts: count.and_then(View::int).unwrap_or_default(),
        since: if again { ended_at } else { time(pod.path("status.startTime")) },
        place: Origin::Node(at.at()),
    })
}

fn unscheduled(pod: View<'_>) -> Option<Trouble<'_>> {
    let mut conditions = pod.path("status.conditions").into_iter().flat_map(View::items);
    let condition = conditions.find(|condition| {
        condition.str_at("type") == Some("PodScheduled")
            && condition.str_at("status") == Some("False")
            && condition.str_at("reason") == Some("Unschedulable")
    })?;
    Some(Trouble {
        kind: "node",
        reason: "Unschedulable",
        container: "",
        restarts: 0,
        since: time(condition.get("lastTransitionTime")).or_else(|| time(pod.path("metadata.creationTimestamp"))),
        place: Origin::Node(condition.get("reason").unwrap_or(condition).at()),
    })
}

/// A time that a cluster wrote.
pub(super) fn time(at: Option<View<'_>>) -> Option<Timestamp> {
    at?.str()?.parse().ok()
}
