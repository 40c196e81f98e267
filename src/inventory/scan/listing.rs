//! What a scan saw of each kind, and so what may be concluded from an absence.
//!
//! A list that came through shows everything there is, nodes and classes included. What was refused, broke off, is not
//! served or was not asked for is not known; nobody may conclude anything from it.

use rustc_hash::FxHashMap;

use crate::inventory::Completeness;
use crate::source::{Answer, ClusterName, ListState, Listed};
use crate::vocabulary::{Reason, UnknownCode};

/// Kinds that are looked for together: whoever asks for the first means all of them.
const TOGETHER: &[(&str, &[&str])] = &[
    ("Pod", &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"]),
    ("Role", &["ClusterRole"]),
    ("ClusterRoleBinding", &["RoleBinding"]),
];

/// How much of a kind is there.
#[derive(Clone, Debug)]
enum Seen {
    All,
    Not(Reason),
    /// What was asked for.
    Named(Reason),
    /// What lies in these namespaces.
    Within(Vec<String>, Reason),
}

/// All lists of a scan, by kind.
#[derive(Clone, Debug, Default)]
pub struct Listings {
    by_kind: FxHashMap<String, Seen>,
    rows: Vec<(String, Option<Reason>)>,
    metrics: Option<Reason>,
    /// Why some kubelet's configuration is not there.
    kubelets: Option<Reason>,
    cluster: ClusterName,
}

impl Listings {
    /// Reads how the lists ended.
    pub fn new(lists: &[Listed]) -> Listings {
        let mut listings = Listings::default();
        for listed in lists {
            let seen = seen(listed);
            let reason = match &seen {
                Seen::All => None,
                Seen::Not(reason) | Seen::Named(reason) | Seen::Within(_, reason) => Some(reason.clone()),
            };
            let resource = &listed.resource;
            let api_version = [resource.group.as_str(), resource.version.as_str()];
            let parts: Vec<&str> = api_version.into_iter().chain([resource.kind.as_str()]).collect();
            let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            listings.rows.push((name, reason));
            // Lists are sorted by group, so that Kubernetes' own kind stands before its namesakes.
            listings.by_kind.entry(resource.kind.clone()).or_insert(seen);
        }
        listings
    }

    /// The same with what came of the question for metrics.
    pub fn answered(self, answers: &[Answer]) -> Listings {
        let asked: Vec<&Answer> = answers.iter().filter(|answer| answer.path.ends_with("/metrics")).collect();
        let reason = match asked.as_slice() {
            asked if asked.iter().any(|answer| answer.status == Some(200)) => None,
            asked if asked.iter().any(|answer| matches!(answer.status, Some(401 | 403))) => {
                Some(Reason::new(UnknownCode::Forbidden, "the account may not read the API server's metrics"))
            }
            [] => Some(Reason::new(UnknownCode::Partial, "the API server was not asked for its metrics")),
            _ => Some(Reason::new(UnknownCode::Partial, "the API server did not answer with its metrics")),
        };
        Listings { metrics: reason, kubelets: unheard(answers), ..self }
    }

    /// Why some kubelet's configuration is not there.
    pub fn without_kubelets(&self) -> Option<&Reason> {
        self.kubelets.as_ref()
    }

    /// The same of a cluster with a name.
    pub fn named(self, cluster: ClusterName) -> Listings {
        Listings { cluster, ..self }
    }

    /// Which cluster it was; nameless for files.
    pub fn cluster(&self) -> &ClusterName {
        &self.cluster
    }

    /// Why there are no metrics.
    pub fn without_metrics(&self) -> Option<&Reason> {
        self.metrics.as_ref()
    }

    /// Whether all objects of a kind are there, as seen from a namespace.
    pub fn of(&self, kind: &str, namespace: Option<&str>) -> Completeness {
        let also = TOGETHER.iter().find(|(first, _)| *first == kind).map_or(&[][..], |(_, also)| also);
        let reasons = std::iter::once(kind).chain(also.iter().copied());
        let mut reasons = reasons.filter_map(|kind| self.doubt(kind, namespace));
        reasons.next().map_or(Completeness::Complete, Completeness::Partial)
    }

    /// The same of that kind alone.
    pub fn of_alone(&self, kind: &str, namespace: Option<&str>) -> Completeness {
        self.doubt(kind, namespace).map_or(Completeness::Complete, Completeness::Partial)
    }

    /// Why not even single objects of a kind could be read.
    pub fn unread(&self, kind: &str) -> Option<Reason> {
        let narrowed = matches!(self.by_kind.get(kind), Some(Seen::Within(..) | Seen::Named(_)));
        self.doubt(kind, None).filter(|_| !narrowed)
    }

    /// Why not all objects of a kind are there, wherever they lie.
    pub fn missing(&self, kind: &str) -> Option<Reason> {
        self.doubt(kind, None)
    }

    fn doubt(&self, kind: &str, namespace: Option<&str>) -> Option<Reason> {
        match self.by_kind.get(kind) {
            Some(Seen::All) => None,
            Some(Seen::Not(reason) | Seen::Named(reason)) => Some(reason.clone()),
            Some(Seen::Within(names, _)) if namespace.is_some_and(|here| names.iter().any(|name| name == here)) => None,
            Some(Seen::Within(_, reason)) => Some(reason.clone()),
            None => Some(Reason::new(UnknownCode::Partial, format!("a live audit reads no {kind}"))),
        }
    }

    /// Every kind that was asked for, as `group/version/Kind`, with the reason why not all of it is there.
    pub fn rows(&self) -> &[(String, Option<Reason>)] {
        &self.rows
    }
}

fn seen(listed: &Listed) -> Seen {
    let resource = &listed.resource;
    let not = |code, text: String| Seen::Not(Reason::new(code, text));
    match &listed.state {
        ListState::Complete => Seen::All,
        // A cluster without the API of an add-on has none of its objects.
        ListState::Absent if is_optional(&resource.group) => Seen::All,
        _ => match reason(listed) {
            Some(reason) => match &listed.state {
                ListState::Namespaces(names) => Seen::Within(names.clone(), reason),
                ListState::Selected(_) => Seen::Named(reason),
                _ => Seen::Not(reason),
            },
            None => not(UnknownCode::Partial, format!("not all {} are there", resource.plural)),
        },
    }
}

/// Why not all kubelets said how they are configured: each has an answer, and all of them one where there is no node.
fn unheard(answers: &[Answer]) -> Option<Reason> {
    let asked: Vec<&Answer> = answers.iter().filter(|answer| answer.path.starts_with("kubelet:")).collect();
    let silent: Vec<&&Answer> = asked.iter().filter(|answer| answer.status != Some(200)).collect();
    let refused = silent.iter().any(|answer| matches!(answer.status, Some(401 | 403)));
    let (code, text) = match silent.len() {
        0 if asked.is_empty() => (UnknownCode::Partial, "no kubelet was asked for its configuration".to_string()),
        0 => return None,
        some if refused => {
            (UnknownCode::Forbidden, format!("{some} kubelets did not let the account read their configuration"))
        }
        some => {
            (UnknownCode::Partial, format!("{some} of {} kubelets did not say how they are configured", asked.len()))
        }
    };
    Some(Reason::new(code, text))
}

/// Why not all objects of a list are there; `None` where they are, or where their absence is normal.
pub fn reason(listed: &Listed) -> Option<Reason> {
    let (plural, group) = (&listed.resource.plural, &listed.resource.group);
    let (code, text) = match &listed.state {
        ListState::Complete => return None,
        ListState::Absent if is_optional(group) => return None,
        ListState::Absent => (UnknownCode::AbsentApi, format!("the cluster does not serve {plural}")),
        ListState::Forbidden => (UnknownCode::Forbidden, format!("the account may not list {plural}")),
        ListState::Failed(_) => (UnknownCode::Partial, format!("the list of {plural} broke off")),
        ListState::Selected(what) => (UnknownCode::Partial, format!("of {plural}, only {what} were asked for")),
        ListState::Namespaces(names) => {
            (UnknownCode::Partial, format!("{plural} of other namespaces than {} are out of sight", names.join(", ")))
        }
    };
    Some(Reason::new(code, text))
}

/// APIs that clusters need not have: custom resources, and the Gateway API.
pub fn is_optional(group: &str) -> bool {
    const BUILT_IN: &[&str] = &[
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    ];
    group.contains('.') && !BUILT_IN.contains(&group)
}
