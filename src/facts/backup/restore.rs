//! What a restore needs besides the snapshot: the keys that it is encrypted with, and somebody who has done it once.
//!
//! Whether a restore works is seen by no file; only that commands for it are written down.

use crate::facts::builder::FactBuilder;
use crate::facts::runbook;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, View};
use crate::vocabulary::NodeId;

/// Providers whose keys lie in the configuration itself.
const LOCAL: &[&str] = &["aescbc", "aesgcm", "secretbox"];

/// Programs that keep a copy of files.
const COPIES: &[&str] = &[
    "tar", "cp", "rsync", "scp", "restic", "borg", "kopia", "zip", "gpg", "age", "aws", "gsutil", "rclone", "mc",
    "s3cmd", "az",
];

/// Commands that bring a snapshot back: program and word.
const RESTORES: &[(&str, &str)] = &[
    ("etcdutl", "restore"),
    ("etcdctl", "restore"),
    ("velero", "restore"),
    ("k3s", "--cluster-reset-restore-path"),
    ("rke2", "--cluster-reset-restore-path"),
    ("talosctl", "--recover-from"),
];

/// What is known of a restore.
#[derive(Default)]
pub(super) struct Restore {
    /// The keys are saved too, and what tells; `None` where none are needed, or it is unknown that any are.
    keys: Option<(bool, Origin)>,
    rehearsed: Option<bool>,
}

impl Restore {
    /// Of a job that takes snapshots at `place`.
    pub(super) fn of(inventory: &Inventory, id: DocumentId, place: Origin) -> Restore {
        let environment = &inventory.environments()[inventory.document(id).environment.index()];
        let seen: Vec<DocumentId> = environment.visible.iter().flat_map(|id| inventory.members(*id)).copied().collect();
        let needed = seen.iter().any(|&other| has_local_keys(inventory, other));
        let (mut saved, mut rehearsed) = (false, false);
        for &other in &seen {
            rehearsed |= inventory.document(other).kind() == "Restore";
            for words in runbook::commands(inventory, other).unwrap_or_default() {
                let words: Vec<&str> = words.into_iter().filter_map(View::str).collect();
                saved |= saves_keys(&words);
                rehearsed |= restores(&words);
            }
        }
        Restore { keys: needed.then_some((saved, place)), rehearsed: Some(rehearsed) }
    }

    pub(super) fn keys(&self, facts: &mut FactBuilder, place: &Origin) -> NodeId {
        match &self.keys {
            Some((saved, at)) => facts.bool(*saved, at.clone()),
            None => facts.null(place.clone()),
        }
    }

    pub(super) fn rehearsed(&self, facts: &mut FactBuilder, place: &Origin) -> NodeId {
        match self.rehearsed {
            Some(rehearsed) => facts.bool(rehearsed, place.clone()),
            None => facts.null(place.clone()),
        }
    }
}

/// Whether a document is an EncryptionConfiguration with keys in it.
fn has_local_keys(inventory: &Inventory, id: DocumentId) -> bool {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let entries = root.get("resources").into_iter().flat_map(View::items);
    let mut providers = entries.filter_map(|entry| entry.get("providers")).flat_map(View::items);
    document.kind() == "EncryptionConfiguration"
        && providers.any(|provider| LOCAL.iter().any(|name| provider.get(name).is_some()))
}

fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether a command copies kubeadm's keys or the encryption configuration.
fn saves_keys(words: &[&str]) -> bool {
    let copies = words.iter().any(|word| COPIES.contains(&program(word)));
    let keys = |word: &&str| {
        word.trim_end_matches('/').ends_with("etc/kubernetes")
            || word.contains("etc/kubernetes/pki")
            || (word.contains("encryption") && word.contains('/'))
            || word.contains("EncryptionConfig")
    };
    copies && !words.iter().any(|word| program(word) == "etcdctl") && words.iter().any(keys)
}

fn restores(words: &[&str]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let says = |sign: &str| words[at + 1..].iter().any(|word| word.split('=').next() == Some(sign));
        RESTORES.iter().any(|(name, sign)| *name == program(word) && says(sign))
    })
}
