//! The readers: what trees they make, and that no input breaks them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod json;
mod print;
mod yaml;
