//! The `backup` subject: etcd snapshots taken on a schedule, or the etcd that nobody backs up.
//!
//! `script` finds snapshots in command lines; this file reads the CronJobs that run them. Backups that run outside the
//! input are the user's word (`--assume-external-backup`).

mod script;

use super::builder::{FactBuilder, Fallback};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::syntax::{Origin, Tree, View};
use crate::values::{Cron, HostPort};
use crate::vocabulary::{NodeId, NodeRef, TreeId};
use script::{Script, Snapshot};

/// A CronJob that takes etcd snapshots.
struct Job<'a> {
    root: View<'a>,
    spec: View<'a>,
    snapshot: Snapshot<'a>,
    scripts: Vec<Script<'a>>,
}

fn job(inventory: &Inventory, id: DocumentId) -> Option<Job<'_>> {
    let document = inventory.document(id);
    if document.kind() != "CronJob" {
        return None;
    }
    let spec = pod_template(document, inventory.forest())?.spec;
    let scripts: Vec<Script<'_>> =
        containers(spec).map(|container| Script::of(inventory, id, spec, container)).collect();
    let snapshot = scripts.iter().find_map(Script::snapshot)?;
    Some(Job { root: document.view(inventory.forest()), spec, snapshot, scripts })
}

fn containers(spec: View<'_>) -> impl Iterator<Item = View<'_>> {
    ["initContainers", "containers"].into_iter().filter_map(move |list| spec.get(list)).flat_map(View::items)
}

/// The facts of a CronJob that backs etcd up. `balancers` are addresses that stand for more than one API server.
pub fn cron_job(
    inventory: &Inventory,
    balancers: &[String],
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let job = job(inventory, id)?;
    let mut facts = FactBuilder::new(tree, super::anchor(job.root));
    let fields = job.facts(&mut facts, balancers);
    let anchor = facts.anchor();
    let node = facts.map(&fields, anchor);
    let subject = Subject::of(SubjectKind::Backup, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

impl<'a> Job<'a> {
    fn facts(&self, facts: &mut FactBuilder, balancers: &[String]) -> Vec<(&'static str, NodeId)> {
        let anchor = facts.anchor();
        let schedule = self.root.str_at("spec.schedule").and_then(|text| text.parse::<Cron>().ok());
        let interval = schedule.and_then(|cron| cron.longest_gap()).and_then(|seconds| i64::try_from(seconds).ok());
        let place = Origin::Node(self.snapshot.place);
        let endpoints: Vec<(&str, Origin)> =
            self.snapshot.endpoints.iter().map(|endpoint| (endpoint.as_str(), place.clone())).collect();
        let through = self.snapshot.endpoints.iter().any(|endpoint| is_balancer(endpoint, balancers));
        let (target, target_place) = self.target();
        vec![
            ("exists", facts.bool(true, anchor.clone())),
            ("tool", facts.str("cronjob", anchor.clone())),
            ("name", facts.lookup(self.root, "metadata.name", Fallback::Str(""))),
            ("object", facts.refer(self.root.at())),
            ("schedule", facts.lookup(self.root, "spec.schedule", Fallback::Null)),
            ("intervalSeconds", facts.opt_int(interval, self.root.origin_of("spec.schedule"))),
            ("suspended", facts.lookup(self.root, "spec.suspend", Fallback::Bool(false))),
            ("endpoints", facts.strings(endpoints, place.clone())),
            ("throughBalancer", facts.bool(through, place.clone())),
            ("target", facts.str(target, target_place)),
            ("uploaded", facts.bool(self.scripts.iter().any(Script::uploads), anchor)),
            ("path", facts.opt_str(self.snapshot.path.as_deref(), place)),
        ]
    }

    /// The kind of volume under the snapshot's path, and where it is declared.
    fn target(&self) -> (&'static str, Origin) {
        let place = Origin::Node(self.snapshot.place);
        let Some(path) = self.snapshot.path.as_deref().filter(|path| path.starts_with('/')) else {
            return ("unknown", place);
        };
        let mounts = self.snapshot.container.get("volumeMounts").into_iter().flat_map(View::items);
        let over = |mount: &View<'a>| mount.str_at("mountPath").is_some_and(|mount| is_below(path, mount));
        let longest = mounts.filter(over).max_by_key(|mount| mount.str_at("mountPath").map_or(0, str::len));
        let Some(name) = longest.and_then(|mount| mount.str_at("name")) else { return ("container", place) };
        let volumes = self.spec.get("volumes").into_iter().flat_map(View::items);
        match volumes.into_iter().find(|volume| volume.str_at("name") == Some(name)) {
            Some(volume) => volume_kind(volume),
            None => ("unknown", place),
        }
    }
}

fn volume_kind(volume: View<'_>) -> (&'static str, Origin) {
    for (field, kind) in [("emptyDir", "emptyDir"), ("hostPath", "hostPath"), ("persistentVolumeClaim", "pvc")] {
        if let Some(key) = volume.key(field) {
            return (kind, Origin::Key(key));
        }
    }
    ("other", Origin::Node(volume.at()))
}

fn is_below(path: &str, mount: &str) -> bool {
    let mount = mount.trim_end_matches('/');
    path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_balancer(endpoint: &str, balancers: &[String]) -> bool {
    endpoint.parse::<HostPort>().is_ok_and(|endpoint| balancers.contains(&endpoint.host))
}

/// The subject of an etcd that nothing in the input backs up; it points at what makes the etcd.
pub fn absent(facts: &mut FactBuilder, place: NodeRef) -> NodeId {
    let origin = Origin::Node(place);
    let endpoints = facts.list_at(&[], origin.clone());
    let fields = [
        ("exists", facts.bool(false, origin.clone())),
        ("tool", facts.str("", origin.clone())),
        ("name", facts.str("", origin.clone())),
        ("object", facts.null(origin.clone())),
        ("schedule", facts.null(origin.clone())),
        ("intervalSeconds", facts.null(origin.clone())),
        ("suspended", facts.bool(false, origin.clone())),
        ("endpoints", endpoints),
        ("throughBalancer", facts.bool(false, origin.clone())),
        ("target", facts.str("unknown", origin.clone())),
        ("uploaded", facts.bool(false, origin.clone())),
        ("path", facts.null(origin.clone())),
    ];
    facts.map(&fields, origin)
}
