//! The GitHub Action: its real steps in a runner of our own, without network.
//!
//! `runner` does what a GitHub runner does with a composite action (expressions, the environment, output files, workflow
//! commands) and refuses what it does not know. `upload-sarif` is the only step that is played: it looks at the file and
//! says what the test wants it to say.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop")]

mod expression;
mod gate;
mod hostile;
mod install;
mod metadata;
mod packaging;
mod pull_requests;
mod repository;
mod runner;
mod scenarios;
