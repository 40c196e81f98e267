//! Triage: severities that users changed, suppressions, fingerprints and baselines. Marks and counts, never deletes.

mod baseline;
mod fingerprint;
mod suppress;

pub use baseline::{Baseline, Entry};
pub use fingerprint::{Identity, fingerprints};
pub use suppress::{Globs, Scope, Suppression, Suppressions, Target, Waiver, WaiverKind, parse_note, split_until};
