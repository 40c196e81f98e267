//! Case tables of `values`: what is accepted, how it prints, how it compares.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic")]

#[path = "values/quantity.rs"]
mod quantity;
