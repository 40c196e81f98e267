//! What a cluster answers, from the bytes of an object to the report: trimmed, redacted, kept in snapshots, judged.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop")]

mod binary;
mod drift;
mod making;
mod rights;
mod secrets;
mod sight;
mod size;
