//! `Scan`: what a cluster answered, as one value. The live client makes it, a snapshot file keeps it, the inventory reads it.
//!
//! Objects are texts of compact JSON that were trimmed and redacted one by one while they arrived, so that a scan of many pods
//! stays small and a snapshot holds nothing that a report must not show. This file knows neither network nor files.

/// One resource type, as discovery names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// API group; empty for core.
    pub group: String,
    /// Version that was read.
    pub version: String,
    /// Kind of its objects.
    pub kind: String,
    /// Plural name, as URLs and RBAC rules have it.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// How a list ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListState {
    /// All objects are there.
    Complete,
    /// Only the objects of these namespaces are there: the account may not list all, or the user named them.
    Namespaces(Vec<String>),
    /// Only the objects that were asked for are there, e.g. `label app=web`: the user narrowed the scan.
    Selected(String),
    /// The account may not list them.
    Forbidden,
    /// The cluster does not serve the resource.
    Absent,
    /// The list broke off; the text says why. What had arrived is there.
    Failed(String),
}

/// A resource type that was asked for, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What was asked for.
    pub resource: Resource,
    /// How it ended.
    pub state: ListState,
    /// The continue token had expired: the pages are not of one moment.
    pub inconsistent: bool,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScannedObject {
    /// Index into [`Scan::lists`].
    pub list: u32,
    /// Compact JSON with `apiVersion` and `kind`, trimmed and redacted.
    pub text: Box<str>,
}

/// The answer to a request that is no list: `/version`, `/readyz?verbose`, `/metrics`, a node's `configz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Path and query. `tls:serving-certificate` is the chain that the API server presents, as PEM; `kubelet:nodes/NODE/configz` the
    /// configuration that a node's kubelet runs with, and `kubelet:nodes` stands for all of them where none can be named.
    pub path: String,
    /// Status code; `None` when there was no answer.
    pub status: Option<u16>,
    /// Body, or why there was no answer. Of metrics only the series that facts read.
    pub text: String,
}

/// Which cluster it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterName {
    /// The cluster's name in the kubeconfig; `in-cluster` without one.
    pub name: String,
    /// The context; empty without one.
    pub context: String,
    /// Address of the API server.
    pub server: String,
    /// Git version of the API server, e.g. `v1.37.2`.
    pub version: String,
    /// When the scan began: RFC 3339, UTC, seconds.
    pub taken_at: String,
}

/// Everything a cluster answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Which cluster.
    pub cluster: ClusterName,
    /// Every resource type that was asked for, sorted.
    pub lists: Vec<Listed>,
    /// All objects in the order of list, namespace and name.
    pub objects: Vec<ScannedObject>,
    /// Other answers, by path.
    pub answers: Vec<Answer>,
}

/// What an audit needs of a resource type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// API group; empty for core.
    pub group: String,
    /// Plural name.
    pub plural: String,
    /// Only these objects, as (namespace, name), each by a `get`; empty for a list of all.
    pub only: Vec<(String, String)>,
}

/// What an audit needs of a cluster: the scan asks for nothing else, and the printed ClusterRole grants nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Resource types, sorted.
    pub resources: Vec<Want>,
    /// Paths that are no resources, e.g. `/readyz`.
    pub paths: Vec<String>,
    /// Prefixes of the names of metrics that facts read: of `/metrics` nothing else is kept. Empty for all of them.
    pub metrics: Vec<String>,
    /// Whether the kubelets' `configz` is read (verb `get` on `nodes/configz`).
    pub kubelet_config: bool,
}
