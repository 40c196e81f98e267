//! The gate of a pull request, with the real program in real repositories: what is new, against a baseline and against the
//! base commit; and what a pull request may not decide.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop")]

mod baseline;
mod config;
mod peers;
mod repository;
mod shell;
mod since;
