//! Snapshots that scripts and runbooks take by hand: they are judged like a job's, and are no schedule.

use super::care::{Commands, Line};
use super::script::is_upload;
use super::{Fields, is_balancer, shared_addresses};
use crate::facts::builder::FactBuilder;
use crate::facts::runbook::commands;
use crate::facts::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory, pod_template};
use crate::syntax::{Origin, Tree, View};
use crate::values::HostPort;
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId, UnknownCode};

/// Parts of a host's name that say it is a balancer.
const BALANCER_WORDS: &[&str] = &["lb", "loadbalancer", "balancer", "vip", "haproxy", "nlb", "elb"];

/// One `etcdctl snapshot save`.
struct Save<'a> {
    words: &'a [View<'a>],
    /// The words after `save`.
    after: &'a [View<'a>],
}

impl<'a> Save<'a> {
    fn of(words: &'a [View<'a>]) -> Option<Save<'a>> {
        let text = |at: usize| words.get(at).and_then(|word| word.str());
        words.iter().position(|word| {
            word.str().is_some_and(|word| matches!(word.rsplit('/').next(), Some("etcdctl" | "etcdutl")))
        })?;
        let at = (0..words.len()).find(|&at| text(at) == Some("snapshot") && text(at + 1) == Some("save"))?;
        Some(Save { words, after: &words[at + 2..] })
    }

    fn place(&self) -> Origin {
        Origin::Node(self.words[0].at())
    }

    /// The file: its word.
    fn path(&self) -> Option<View<'a>> {
        self.after.iter().copied().find(|word| word.str().is_some_and(|word| !word.starts_with('-')))
    }

    /// What `--endpoints` says, and its word.
    fn endpoints(&self) -> Option<(&'a str, View<'a>)> {
        self.words.iter().enumerate().find_map(|(at, word)| match word.str()?.strip_prefix("--endpoints")? {
            "" => Some((self.words.get(at + 1)?.str()?, *self.words.get(at + 1)?)),
            value => Some((value.strip_prefix('=')?, *word)),
        })
    }
}

/// The snapshots of a script or Markdown file. `floating`: addresses that no node owns.
pub fn of_script(
    inventory: &Inventory,
    floating: Vec<String>,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    if is_of_job(inventory, id) {
        return None;
    }
    let commands = commands(inventory, id)?;
    let saves: Vec<Save<'_>> = commands.iter().filter_map(|words| Save::of(words)).collect();
    let first = saves.first()?;
    let lines: Vec<Line<'_>> = commands
        .iter()
        .filter(|words| !words.is_empty())
        .map(|words| (words.iter().filter_map(|word| word.str()).collect(), words[0].at()))
        .collect();
    let uploads = lines.iter().any(|(words, _)| is_upload(words));
    let mut balancers = shared_addresses(inventory, id, floating);
    balancers.extend(lines.iter().filter_map(|(words, _)| declared_endpoint(words)));
    let mut facts = FactBuilder::new(tree, first.words[0].at());
    let mut subjects = Vec::new();
    for save in &saves {
        let care = Commands { lines: lines.clone(), uploads, place: save.place() };
        let node = save.facts(&mut facts, &care, &balancers);
        let subject = Subject::of(SubjectKind::Backup, NodeRef { tree, node }, inventory, id);
        let name = inventory.path(id).rsplit('/').next().unwrap_or_default().to_string();
        subjects.push(Subject { label: super::MANUAL.into(), name: name.into(), ..subject });
    }
    Some((facts.finish(), subjects))
}

/// Whether a script is a container's, or lies in a ConfigMap that a pod mounts: it is judged with that.
fn is_of_job(inventory: &Inventory, id: DocumentId) -> bool {
    let Some(holder) = inventory.holder(id) else { return false };
    let document = inventory.document(holder);
    if pod_template(document, inventory.forest()).is_some() {
        return true;
    }
    let name = document.key.as_ref().map(|key| &key.name);
    let mounts = |spec: View<'_>| {
        let mut volumes = spec.get("volumes").into_iter().flat_map(View::items);
        volumes.any(|volume| volume.str_at("configMap.name") == name.map(|name| &**name))
    };
    let mut jobs = inventory.of_kind("CronJob", document.environment);
    let pod = |job: DocumentId| pod_template(inventory.document(job), inventory.forest());
    document.kind() == "ConfigMap" && jobs.any(|job| pod(job).is_some_and(|pod| mounts(pod.spec)))
}

/// `--control-plane-endpoint` of a `kubeadm init` in the same text: its host.
fn declared_endpoint(words: &[&str]) -> Option<String> {
    let at = words.iter().position(|word| word.starts_with("--control-plane-endpoint"))?;
    let text = words[at].split_once('=').map_or_else(|| words.get(at + 1).copied(), |(_, value)| Some(value))?;
    text.parse::<HostPort>().ok().map(|endpoint| endpoint.host)
}

/// Whether a host's name says that it is a balancer.
fn sounds_like_balancer(endpoint: &str) -> bool {
    let host = endpoint.parse::<HostPort>().map(|endpoint| endpoint.host.to_ascii_lowercase());
    host.is_ok_and(|host| host.split(['.', '-', '_']).any(|part| BALANCER_WORDS.contains(&part)))
}

impl Save<'_> {
    fn facts(&self, facts: &mut FactBuilder, commands: &Commands<'_>, balancers: &[String]) -> NodeId {
        let place = self.place();
        let (endpoints, through) = self.endpoint_facts(facts, balancers);
        let path = self.path();
        let at = path.map_or(place.clone(), |path| Origin::Node(path.at()));
        let text = path.and_then(View::str);
        let target = match text {
            Some(text) if text.starts_with('/') => facts.str("hostPath", at.clone()),
            _ => facts
                .unknown(Reason::new(UnknownCode::Partial, "only the shell knows where the snapshot goes"), at.clone()),
        };
        let mut care = commands.facts(facts);
        care.extend([
            ("etcdMinor", facts.null(place.clone())),
            ("caKeys", facts.bool(false, place.clone())),
            ("runsOnAnyNode", facts.bool(false, place.clone())),
            ("neverRuns", facts.bool(false, place.clone())),
            ("deadline", facts.null(place.clone())),
        ]);
        let care = facts.map(&care, place.clone());
        let fields = Fields {
            name: Some(facts.str("of a script", place.clone())),
            endpoints: Some(endpoints),
            through: Some(through),
            target: Some(target),
            uploaded: Some(facts.bool(commands.uploads, place.clone())),
            path: Some(facts.opt_str(text, at)),
            care: Some(care),
            ..Fields::of("script")
        };
        fields.facts(facts, &place)
    }

    fn endpoint_facts(&self, facts: &mut FactBuilder, balancers: &[String]) -> (NodeId, NodeId) {
        let Some((text, word)) = self.endpoints() else {
            return (facts.list_at(&[], self.place()), facts.bool(false, self.place()));
        };
        let origin = Origin::Node(word.at());
        if text.starts_with('$') {
            let reason = || Reason::new(UnknownCode::Templated, format!("only the shell knows the endpoints `{text}`"));
            return (facts.unknown(reason(), origin.clone()), facts.unknown(reason(), origin));
        }
        let all: Vec<&str> = text.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
        let through = all.iter().any(|one| is_balancer(one, balancers) || sounds_like_balancer(one));
        let list = facts.strings(all.iter().map(|one| (*one, origin.clone())), origin.clone());
        (list, facts.bool(through, origin))
    }
}
