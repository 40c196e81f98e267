//! Triage: severities that users changed, and suppressions. Marks and counts, never deletes.

mod fingerprint;
mod suppress;

pub use fingerprint::{Identity, fingerprints};
pub use suppress::{Globs, Scope, Suppression, Suppressions, Target, Waiver, WaiverKind, parse_note, split_until};
