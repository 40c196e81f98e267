//! The `backup` subject: etcd snapshots taken on a schedule, or the etcd that nobody backs up.
//!
//! `script` finds snapshots in command lines; this file reads the CronJobs that run them. Backups that run outside the
//! input are the user's word (`--assume-external-backup`).

mod care;
mod file;
mod manual;
mod restore;
mod script;

pub use file::of_file;
pub use manual::of_script;

use super::builder::{FactBuilder, Fallback, Spot};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::syntax::{Format, Origin, Tree, View};
use crate::values::{Cron, HostPort};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId, UnknownCode};
use restore::Restore;
use script::{Script, Snapshot};

/// The label of snapshots that are taken by hand.
const MANUAL: &str = "Script";
/// The label of snapshot files.
const FILE: &str = "SnapshotFile";
/// The labels of what is no schedule.
pub const UNSCHEDULED: &[&str] = &[MANUAL, FILE];

/// A CronJob that takes etcd snapshots.
struct Job<'a> {
    inventory: &'a Inventory,
    id: DocumentId,
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
    Some(Job { inventory, id, root: document.view(inventory.forest()), spec, snapshot, scripts })
}

fn containers(spec: View<'_>) -> impl Iterator<Item = View<'_>> {
    ["initContainers", "containers"].into_iter().filter_map(move |list| spec.get(list)).flat_map(View::items)
}

/// The facts of a CronJob that backs etcd up. `floating`: addresses that no node owns.
pub fn cron_job(
    inventory: &Inventory,
    floating: impl FnOnce() -> Vec<String>,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let job = job(inventory, id)?;
    let mut facts = FactBuilder::new(tree, super::anchor(job.root));
    let node = job.facts(&mut facts, &shared_addresses(inventory, id, floating()));
    let subject = Subject::of(SubjectKind::Backup, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

impl<'a> Job<'a> {
    fn facts(&self, facts: &mut FactBuilder, balancers: &[String]) -> NodeId {
        let anchor = facts.anchor();
        let place = Origin::Node(self.snapshot.place);
        let interval = self.interval(facts);
        let (endpoints, through) = self.endpoints(facts, balancers);
        let target = self.target();
        let agent = matches!(&target, Ok(target) if target.kind == "hostPath" && self.is_shipped_by_others(target));
        let target = match target {
            Ok(target) => facts.str(target.kind, target.place),
            Err(reason) => facts.unknown(reason, place.clone()),
        };
        let fields = Fields {
            name: Some(facts.lookup(self.root, "metadata.name", Fallback::Str(""))),
            object: Some(facts.refer(self.root.at())),
            schedule: Some(facts.lookup(self.root, "spec.schedule", Fallback::Null)),
            interval: Some(interval),
            suspended: Some(facts.lookup(self.root, "spec.suspend", Fallback::Bool(false))),
            endpoints: Some(endpoints),
            through: Some(through),
            target: Some(target),
            uploaded: Some(facts.bool(self.scripts.iter().any(Script::uploads), anchor.clone())),
            agent: Some(facts.bool(agent, anchor.clone())),
            path: Some(facts.opt_str(self.snapshot.path.as_deref(), Origin::Node(self.snapshot.path_place))),
            care: Some(self.care(facts)),
            restore: Some(Restore::of(self.inventory, self.id, place)),
            ..Fields::of("cronjob")
        };
        fields.facts(facts, &anchor)
    }

    fn interval(&self, facts: &mut FactBuilder) -> NodeId {
        let origin = self.root.origin_of("spec.schedule");
        if let Some(reason) = self.root.path("spec.schedule").and_then(View::unknown) {
            return facts.unknown(reason.clone(), origin);
        }
        let schedule = self.root.str_at("spec.schedule").and_then(|text| text.parse::<Cron>().ok());
        let gap = schedule.and_then(|cron| cron.longest_gap()).and_then(|seconds| i64::try_from(seconds).ok());
        facts.opt_int(gap, origin)
    }

    /// Where the snapshot is taken from, and whether that is a balancer.
    fn endpoints(&self, facts: &mut FactBuilder, balancers: &[String]) -> (NodeId, NodeId) {
        let place = Origin::Node(self.snapshot.endpoints_place);
        match &self.snapshot.endpoints {
            Ok(endpoints) => {
                let through = endpoints.iter().any(|endpoint| is_balancer(endpoint, balancers));
                let texts = endpoints.iter().map(|endpoint| (endpoint.as_str(), place.clone()));
                (facts.strings(texts, place.clone()), facts.bool(through, place.clone()))
            }
            Err(reason) => (facts.unknown(reason.clone(), place.clone()), facts.unknown(reason.clone(), place.clone())),
        }
    }

    /// The volume under the snapshot's path, and where it is declared.
    fn target(&self) -> Result<Target<'a>, Reason> {
        let unreadable = || Reason::new(UnknownCode::Partial, "the snapshot's path cannot be read from the command");
        let path = self.snapshot.path.as_deref().filter(|path| path.starts_with('/')).ok_or_else(unreadable)?;
        let mounts = self.snapshot.container.get("volumeMounts").into_iter().flat_map(View::items);
        let over = |mount: &View<'a>| mount.str_at("mountPath").is_some_and(|mount| is_below(path, mount));
        let longest = mounts.filter(over).max_by_key(|mount| mount.str_at("mountPath").map_or(0, str::len));
        let Some(name) = longest.and_then(|mount| mount.str_at("name")) else {
            return Ok(Target { kind: "container", volume: None, place: Origin::Node(self.snapshot.path_place) });
        };
        let volumes = self.spec.get("volumes").into_iter().flat_map(View::items);
        let undeclared = || Reason::new(UnknownCode::Partial, format!("no volume `{name}` is declared"));
        volumes.into_iter().find(|volume| volume.str_at("name") == Some(name)).map(volume).ok_or_else(undeclared)
    }

    /// Whether another pod of the environment mounts the directory, or one above it, and ships files away.
    fn is_shipped_by_others(&self, target: &Target<'a>) -> bool {
        let Some(path) = target.volume.and_then(|volume| volume.str_at("hostPath.path")) else { return false };
        let others = self.inventory.objects().map(|(id, _)| id).filter(|&id| id != self.id);
        others.filter(|&id| self.inventory.sees(self.id, id)).any(|id| {
            let Some(pod) = pod_template(self.inventory.document(id), self.inventory.forest()) else { return false };
            let mut volumes = pod.spec.get("volumes").into_iter().flat_map(View::items);
            let mounts =
                volumes.any(|volume| volume.str_at("hostPath.path").is_some_and(|other| is_below(path, other)));
            mounts && containers(pod.spec).any(|one| Script::of(self.inventory, id, pod.spec, one).uploads())
        })
    }
}

/// A schedule of snapshots that a tool keeps by itself.
pub struct ToolBackup<'a> {
    /// The tool.
    pub tool: &'static str,
    /// What configures it.
    pub root: View<'a>,
    /// Snapshots are taken.
    pub exists: Spot<bool>,
    /// Seconds between two; null if nobody knows.
    pub interval: Spot<Option<i64>>,
    /// Where they are kept: `hostPath` or `other`, and what says so.
    pub target: (&'static str, Origin),
    /// They leave the host.
    pub uploaded: Spot<bool>,
}

impl ToolBackup<'_> {
    /// The facts.
    pub fn facts(&self, facts: &mut FactBuilder) -> NodeId {
        let place = self.exists.place.clone();
        let (target, target_place) = self.target.clone();
        let fields = Fields {
            exists: Some(facts.bool_at(&self.exists)),
            name: Some(facts.lookup(self.root, "metadata.name", Fallback::Str(""))),
            object: Some(facts.refer(self.root.at())),
            schedule: Some(facts.null(self.interval.place.clone())),
            interval: Some(facts.int_at(&self.interval)),
            target: Some(facts.str(target, target_place)),
            uploaded: Some(facts.bool_at(&self.uploaded)),
            ..Fields::of(self.tool)
        };
        fields.facts(facts, &place)
    }
}

/// The facts of a backup; what is left out is as harmless as it can be.
struct Fields {
    tool: &'static str,
    exists: Option<NodeId>,
    name: Option<NodeId>,
    object: Option<NodeId>,
    schedule: Option<NodeId>,
    interval: Option<NodeId>,
    suspended: Option<NodeId>,
    endpoints: Option<NodeId>,
    through: Option<NodeId>,
    target: Option<NodeId>,
    uploaded: Option<NodeId>,
    agent: Option<NodeId>,
    path: Option<NodeId>,
    care: Option<NodeId>,
    file: Option<NodeId>,
    restore: Option<Restore>,
}

impl Fields {
    fn of(tool: &'static str) -> Fields {
        Fields {
            tool,
            exists: None,
            name: None,
            object: None,
            schedule: None,
            interval: None,
            suspended: None,
            endpoints: None,
            through: None,
            target: None,
            uploaded: None,
            agent: None,
            path: None,
            care: None,
            file: None,
            restore: None,
        }
    }

    fn facts(self, facts: &mut FactBuilder, place: &Origin) -> NodeId {
        let null = facts.null(place.clone());
        let (on, off) = (facts.bool(true, place.clone()), facts.bool(false, place.clone()));
        let (empty, nothing) = (facts.str("", place.clone()), facts.list_at(&[], place.clone()));
        let restore = self.restore.unwrap_or_default();
        let fields = [
            ("exists", self.exists.unwrap_or(on)),
            ("tool", facts.str(self.tool, place.clone())),
            ("name", self.name.unwrap_or(empty)),
            ("object", self.object.unwrap_or(null)),
            ("schedule", self.schedule.unwrap_or(null)),
            ("intervalSeconds", self.interval.unwrap_or(null)),
            ("suspended", self.suspended.unwrap_or(off)),
            ("endpoints", self.endpoints.unwrap_or(nothing)),
            ("throughBalancer", self.through.unwrap_or(off)),
            ("target", self.target.unwrap_or(null)),
            ("uploaded", self.uploaded.unwrap_or(off)),
            ("agent", self.agent.unwrap_or(off)),
            ("path", self.path.unwrap_or(null)),
            ("care", self.care.unwrap_or(null)),
            ("file", self.file.unwrap_or(null)),
            ("withKeys", restore.keys(facts, place)),
            ("rehearsed", restore.rehearsed(facts, place)),
        ];
        facts.map(&fields, place.clone())
    }
}

/// What holds a snapshot.
struct Target<'a> {
    kind: &'static str,
    volume: Option<View<'a>>,
    place: Origin,
}

fn volume(volume: View<'_>) -> Target<'_> {
    for (field, kind) in [("emptyDir", "emptyDir"), ("hostPath", "hostPath"), ("persistentVolumeClaim", "pvc")] {
        if let Some(key) = volume.key(field) {
            return Target { kind, volume: Some(volume), place: Origin::Key(key) };
        }
    }
    Target { kind: "other", volume: Some(volume), place: Origin::Node(volume.at()) }
}

/// Whether a machine takes snapshots by itself: a timer or a crontab in sight that has to do with a backup of etcd.
pub fn is_scheduled_by_machine(inventory: &Inventory, from: DocumentId) -> bool {
    let environment = &inventory.environments()[inventory.document(from).environment.index()];
    let mut seen = environment.visible.iter().flat_map(|id| inventory.members(*id)).copied();
    seen.any(|id| {
        let text = inventory.text(id);
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let path = inventory.path(id);
        match inventory.document(id).format {
            Format::SystemdUnit => text.contains("[Timer]") && (path.contains("etcd") || says(&["etcd"])),
            Format::Shell => {
                says(&["crontab", "/etc/cron", "systemctl enable"]) && says(&["snapshot save", "etcd-backup"])
            }
            _ => false,
        }
    })
}

/// Addresses behind which more than one API server stands: those that float, and the control-plane endpoint.
fn shared_addresses(inventory: &Inventory, id: DocumentId, floating: Vec<String>) -> Vec<String> {
    let clusters = inventory.of_kind("ClusterConfiguration", inventory.document(id).environment);
    let endpoints = clusters.filter_map(|cluster| {
        let root = inventory.document(cluster).view(inventory.forest());
        root.str_at("controlPlaneEndpoint")?.parse::<HostPort>().ok()
    });
    floating.into_iter().chain(endpoints.map(|endpoint| endpoint.host)).collect()
}

fn is_below(path: &str, mount: &str) -> bool {
    let mount = mount.trim_end_matches('/');
    path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_balancer(endpoint: &str, balancers: &[String]) -> bool {
    endpoint.parse::<HostPort>().is_ok_and(|endpoint| balancers.contains(&endpoint.host))
}

/// The subject of an etcd that nothing in the input backs up; it points at what makes the etcd. `partial`: why a backup may
/// be out of sight.
pub fn absent(facts: &mut FactBuilder, place: NodeRef, partial: Option<&Reason>) -> NodeId {
    let origin = Origin::Node(place);
    let exists = match partial {
        Some(reason) => facts.unknown(reason.clone(), origin.clone()),
        None => facts.bool(false, origin.clone()),
    };
    Fields { exists: Some(exists), ..Fields::of("") }.facts(facts, &origin)
}
