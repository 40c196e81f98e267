//! What a backup job does besides taking the snapshot: checks it, encrypts it, removes old ones; and how it runs.
//!
//! What a bucket does by its own rules (expiry, encryption) cannot be seen from files.

use super::Job;
use crate::facts::builder::FactBuilder;
use crate::syntax::{Origin, View};
use crate::values::{Cron, ImageRef, KubeVersion};
use crate::vocabulary::{NodeId, NodeRef, Reason, UnknownCode};

/// Programs with the word that shows the deed; `""` where the program does nothing else.
type Signs = &'static [(&'static str, &'static str)];

const CHECKS: Signs = &[
    ("etcdutl", "status"),
    ("etcdctl", "status"),
    ("etcdutl", "restore"),
    ("etcdctl", "restore"),
    ("sha256sum", "-c"),
    ("sha256sum", "--check"),
    ("restic", "check"),
];

const ENCRYPTS: Signs = &[
    ("gpg", ""),
    ("gpg2", ""),
    ("age", ""),
    ("sops", ""),
    ("openssl", "enc"),
    ("openssl", "cms"),
    ("openssl", "smime"),
    ("restic", ""),
    ("kopia", ""),
    ("borg", ""),
    ("aws", "--sse"),
    ("aws", "--sse-kms-key-id"),
    ("aws", "--sse-c"),
    ("aws", "--server-side-encryption"),
    ("s3cmd", "-e"),
    ("s3cmd", "--encrypt"),
    ("s3cmd", "--server-side-encryption"),
    ("7z", "-p"),
];

const PRUNES: Signs = &[
    ("find", "-delete"),
    ("find", "-exec"),
    ("rm", ""),
    ("xargs", "rm"),
    ("restic", "forget"),
    ("borg", "prune"),
    ("kopia", "expire"),
    ("rclone", "delete"),
    ("rclone", "sync"),
    ("aws", "rm"),
    ("s3cmd", "del"),
    ("s3cmd", "expire"),
    ("mc", "rm"),
    ("gsutil", "rm"),
    ("tmpwatch", ""),
];

/// Directories of the host that hold the private keys of CAs.
const CA_KEYS: &[&str] = &["/", "/etc", "/etc/kubernetes", "/etc/kubernetes/pki"];

/// A command's words, and where it stands.
pub(super) type Line<'c> = (Vec<&'c str>, NodeRef);

/// The first command that does what the signs say.
fn find<'l, 'c>(lines: &'l [Line<'c>], signs: Signs) -> Option<&'l Line<'c>> {
    lines.iter().find(|(words, _)| {
        words.iter().enumerate().any(|(at, word)| {
            let program = word.rsplit('/').next().unwrap_or(word);
            let says = |sign: &str| {
                sign.is_empty()
                    || words[at + 1..].iter().any(|word| *word == sign || word.starts_with(&format!("{sign}=")))
            };
            signs.iter().any(|(name, sign)| *name == program && says(sign))
        })
    })
}

/// What the commands around a snapshot say of it.
pub(super) struct Commands<'c> {
    pub lines: Vec<Line<'c>>,
    pub uploads: bool,
    pub place: Origin,
}

impl Commands<'_> {
    /// The facts that commands alone decide.
    pub(super) fn facts(&self, facts: &mut FactBuilder) -> Vec<(&'static str, NodeId)> {
        let place = &self.place;
        let restores = find(&self.lines, &[("etcdctl", "status"), ("etcdctl", "restore")]);
        let removed = restores.filter(|(words, _)| words.contains(&"snapshot"));
        let removed_place = removed.map_or(place.clone(), |(_, at)| Origin::Node(*at));
        vec![
            ("verified", facts.bool(find(&self.lines, CHECKS).is_some(), place.clone())),
            ("encrypted", facts.bool(find(&self.lines, ENCRYPTS).is_some(), place.clone())),
            ("pruned", self.pruned(facts)),
            ("removedCommand", facts.bool(removed.is_some(), removed_place)),
        ]
    }

    /// Where snapshots go to a bucket, its rules may remove old ones.
    fn pruned(&self, facts: &mut FactBuilder) -> NodeId {
        match (find(&self.lines, PRUNES).is_some(), self.uploads) {
            (false, true) => {
                let reason = Reason::new(UnknownCode::Partial, "the rules of the bucket may remove old snapshots");
                facts.unknown(reason, self.place.clone())
            }
            (pruned, _) => facts.bool(pruned, self.place.clone()),
        }
    }
}

impl<'a> Job<'a> {
    /// `care`.
    pub(super) fn care(&self, facts: &mut FactBuilder) -> NodeId {
        let place = Origin::Node(self.snapshot.place);
        let lines = self
            .scripts
            .iter()
            .flat_map(|script| script.commands())
            .map(|command| (command.shell.words.iter().map(|word| word.text.as_str()).collect(), command.place));
        let uploads = self.scripts.iter().any(super::Script::uploads);
        let commands = Commands { lines: lines.collect(), uploads, place: place.clone() };
        let deadline = self.root.path("spec.startingDeadlineSeconds");
        let mut fields = commands.facts(facts);
        fields.extend([
            ("etcdMinor", facts.opt_int(self.etcd_minor(), place.clone())),
            ("caKeys", self.ca_keys(facts, &place)),
            ("runsOnAnyNode", self.runs_on_any_node(facts)),
            ("neverRuns", self.never_runs(facts)),
            (
                "deadline",
                facts.opt_int(deadline.and_then(View::int), self.root.origin_of("spec.startingDeadlineSeconds")),
            ),
        ]);
        facts.map(&fields, place)
    }

    /// The minor of etcd 3 that the image of the snapshot's container names.
    fn etcd_minor(&self) -> Option<i64> {
        let image: ImageRef = self.snapshot.container.str_at("image")?.parse().ok()?;
        let version: KubeVersion = image.tag?.parse().ok()?;
        (version.major == 3).then_some(i64::from(version.minor))
    }

    /// The host's directories that the job mounts, by the volume.
    fn host_paths(&self) -> impl Iterator<Item = View<'a>> + use<'a> {
        let volumes = self.spec.get("volumes").into_iter().flat_map(View::items);
        volumes.filter_map(|volume| volume.path("hostPath.path"))
    }

    fn ca_keys(&self, facts: &mut FactBuilder, place: &Origin) -> NodeId {
        let holds = |path: &View<'_>| path.str().is_some_and(|path| CA_KEYS.contains(&trimmed(path)));
        match self.host_paths().find(holds) {
            Some(path) => facts.bool(true, Origin::Node(path.at())),
            None => facts.bool(false, place.clone()),
        }
    }

    /// It needs files that only control-plane nodes have, and nothing sends it there.
    fn runs_on_any_node(&self, facts: &mut FactBuilder) -> NodeId {
        let on_control_plane = |path: &View<'_>| path.str().is_some_and(|path| path.starts_with("/etc/kubernetes/pki"));
        let needed = self.host_paths().find(on_control_plane);
        let placed = ["nodeSelector", "nodeName", "affinity"].iter().any(|key| self.spec.get(key).is_some());
        let origin = needed.map_or_else(|| facts.anchor(), |path| Origin::Node(path.at()));
        facts.bool(needed.is_some() && !placed, origin)
    }

    fn never_runs(&self, facts: &mut FactBuilder) -> NodeId {
        let origin = self.root.origin_of("spec.schedule");
        match self.root.path("spec.schedule") {
            // What is no text is a template that YAML reads as something else.
            Some(schedule) if schedule.str().is_none() && !schedule.is_null() => {
                let reason =
                    schedule.unknown().cloned().unwrap_or_else(|| Reason::new(UnknownCode::Templated, "templated"));
                facts.unknown(reason, origin)
            }
            schedule => {
                let cron = schedule.and_then(View::str).map(str::parse::<Cron>);
                facts.bool(!matches!(cron, Some(Ok(cron)) if !cron.never_runs()), origin)
            }
        }
    }
}

fn trimmed(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    if path.is_empty() { "/" } else { path }
}
