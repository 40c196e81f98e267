//! Bytes to `Tree`: one reader a format. Nothing here knows Kubernetes kinds or rules.
//!
//! `tree` is the shape they all make; each reader's header says what its trees look like.

mod budget;
mod compose;
pub mod json;
mod keys;
pub mod scalar;
mod split;
mod tree;
pub mod yaml;

pub use budget::Budget;
pub use split::split;
pub use tree::{Data, Forest, Items, Node, Origin, Redaction, Secret, Style, Text, Tree, View};
