//! The readers: what trees they make, and that no input breaks them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod conformance;
mod embed;
mod files;
mod hostile;
mod json;
mod lines;
mod print;
mod template;
mod usual;
mod yaml;
