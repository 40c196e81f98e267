//! A whole scan: everything that is wanted, side by side, put into one order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;

use super::connect::{Connection, connect};
use super::discovery::{Found, discover};
use super::error::{ClusterError, Obstacle, clean};
use super::lists::{Lister, Outcome, core};
use super::settings::LiveSettings;
use super::trimming::Trimmer;
use super::{answers, certificate, kubelets, request};
use crate::source::{Answer, ClusterName, ListState, Listed, Resource, Scan, ScannedObject, Want, Wants};

/// How often progress is told.
const TICK: Duration = Duration::from_millis(100);

/// What a scan says while it runs.
#[derive(Clone, Debug)]
pub enum Event {
    /// The cluster answered.
    Connected {
        /// Which cluster.
        cluster: ClusterName,
        /// Who we are.
        user: String,
    },
    /// It goes on.
    Progress {
        /// Lists that have ended.
        done: usize,
        /// Lists that are wanted.
        lists: usize,
        /// Objects that have arrived.
        objects: usize,
    },
}

/// Whom to tell.
pub type Listener<'l> = &'l (dyn Fn(&Event) + Sync);

/// What one task came back with.
enum Part {
    List(usize, Listed, Outcome),
    Answers(Vec<Answer>),
}

/// Connects and scans.
pub(super) async fn run(
    settings: &LiveSettings,
    wants: &Wants,
    trimmer: Trimmer,
    tell: Listener<'_>,
) -> Result<Scan, ClusterError> {
    let connection = connect(settings).await?;
    tell(&Event::Connected { cluster: connection.name.clone(), user: connection.user.clone() });
    check_namespaces(&connection, settings).await?;
    let served = discover(&connection, wants).await?;
    let lister = Arc::new(Lister::new(connection.api.clone(), trimmer, settings));
    let mut tasks = JoinSet::new();
    for (index, want) in wants.resources.iter().cloned().enumerate() {
        let found = served.find(&want.group, &want.plural);
        let lister = Arc::clone(&lister);
        tasks.spawn(async move { read(index, want, found, &lister).await });
    }
    spawn_answers(&mut tasks, &connection, settings, wants);
    let parts = gather(tasks, wants.resources.len(), &lister, tell).await;
    assemble(connection, parts)
}

async fn read(index: usize, want: Want, found: Found, lister: &Lister) -> Part {
    let unread = |state| (unserved(&want), Outcome { state, inconsistent: false, objects: Vec::new() });
    let (resource, outcome) = match found {
        Found::Absent => unread(ListState::Absent),
        Found::Unknown(why) => unread(ListState::Failed(why)),
        Found::Served(resource) => {
            let resource = Arc::new(resource);
            let outcome = if want.only.is_empty() {
                lister.list(&resource).await
            } else {
                lister.named_objects(&resource, &want.only).await
            };
            (Resource::clone(&resource), outcome)
        }
    };
    let listed = Listed { resource, state: outcome.state.clone(), inconsistent: outcome.inconsistent };
    Part::List(index, listed, outcome)
}

/// What is known of a resource that nobody serves.
fn unserved(want: &Want) -> Resource {
    Resource {
        group: want.group.clone(),
        version: String::new(),
        kind: String::new(),
        plural: want.plural.clone(),
        namespaced: false,
    }
}

fn spawn_answers(tasks: &mut JoinSet<Part>, connection: &Connection, settings: &LiveSettings, wants: &Wants) {
    for path in wants.paths.clone() {
        let (api, metrics) = (connection.api.clone(), wants.metrics.clone());
        tasks.spawn(async move { Part::Answers(vec![answers::ask(&api, &path, &metrics).await]) });
    }
    let (config, limits) = (connection.config.clone(), connection.api.limits);
    tasks.spawn(async move { Part::Answers(vec![certificate::ask(&config, &limits).await]) });
    if wants.kubelet_config {
        let (config, api, acts) =
            (connection.config.clone(), connection.api.clone(), settings.impersonate.user.is_some());
        tasks.spawn(async move { Part::Answers(kubelets::ask(&config, &api, acts).await) });
    }
}

/// Waits for all tasks, and tells how far they are.
async fn gather(mut tasks: JoinSet<Part>, lists: usize, lister: &Lister, tell: Listener<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut done = 0;
    loop {
        match tokio::time::timeout(TICK, tasks.join_next()).await {
            Ok(Some(Ok(part))) => {
                done += usize::from(matches!(part, Part::List(..)));
                parts.push(part);
            }
            // A task that panicked leaves no part; `assemble` misses it.
            Ok(Some(Err(_))) => {}
            Ok(None) => return parts,
            Err(_) => {}
        }
        tell(&Event::Progress { done, lists, objects: lister.arrived.load(Ordering::Relaxed) });
    }
}

fn assemble(connection: Connection, parts: Vec<Part>) -> Result<Scan, ClusterError> {
    let mut lists = BTreeMap::new();
    let mut scan = Scan { cluster: connection.name.clone(), ..Scan::default() };
    for part in parts {
        match part {
            Part::List(index, listed, outcome) => {
                lists.insert(index, (listed, outcome.objects));
            }
            Part::Answers(answers) => scan.answers.extend(answers),
        }
    }
    for (listed, objects) in lists.into_values() {
        let list = u32::try_from(scan.lists.len()).unwrap_or(u32::MAX);
        scan.lists.push(listed);
        scan.objects.extend(objects.into_iter().map(|(_, _, text)| ScannedObject { list, text }));
    }
    scan.answers.sort_by(|a, b| a.path.cmp(&b.path));
    match nothing_read(&scan) {
        Some(why) => {
            Err(ClusterError::new(Obstacle::Lost, format!("`{}`: nothing could be read: {why}", scan.cluster.server)))
        }
        None => Ok(scan),
    }
}

/// Why every single list failed, if so: then there is nothing to judge.
fn nothing_read(scan: &Scan) -> Option<String> {
    let why = |listed: &Listed| match &listed.state {
        ListState::Failed(why) => Some(format!("{}: {why}", listed.resource.plural)),
        _ => None,
    };
    let failures: Option<Vec<String>> = scan.lists.iter().map(why).collect();
    failures?.into_iter().next().filter(|_| scan.objects.is_empty())
}

/// A misspelt namespace would look like an empty one.
async fn check_namespaces(connection: &Connection, settings: &LiveSettings) -> Result<(), ClusterError> {
    for name in &settings.namespaces {
        let missing =
            || ClusterError::new(Obstacle::NoSuchNamespace, format!("there is no namespace `{}`", clean(name)));
        let request = request::object(&core("Namespace", "namespaces"), "", name).map_err(|_| missing())?;
        let reply = connection.api.send(&request).await.map_err(|failure| connection.failed(&failure))?;
        if reply.status == 404 {
            return Err(missing().help("list them with `kubectl get namespaces`"));
        }
    }
    Ok(())
}
