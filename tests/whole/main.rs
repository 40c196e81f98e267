//! The audit as a whole: the same bytes every time, no secret in any format, transcripts of the command line.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark or test may stop")]

mod canary;
mod clusters;
mod common;
mod complaints;
mod descriptors;
mod determinism;
mod dumps;
mod hostile_names;
#[cfg(unix)]
mod render;
mod suppressions;
mod transcripts;
