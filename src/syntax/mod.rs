//! Bytes to `Tree`: one reader a format. Nothing here knows Kubernetes kinds or rules.
//!
//! `tree` is the shape they all make; each reader's header says what its trees look like.

pub mod block;
mod block_scalar;
mod budget;
mod comments;
mod compose;
mod embed;
mod format;
pub mod haproxy;
pub mod ini;
pub mod items;
pub mod json;
mod keys;
pub mod metrics;
mod outline;
mod pem;
mod quoted;
pub mod scalar;
mod split;
pub mod template;
mod template_actions;
mod tree;
mod usual;
pub mod yaml;

pub use budget::Budget;
pub use comments::{Mark, marks};
pub use embed::{Embedded, embed};
pub use format::{Format, Read, detect, read};
pub use split::split;
pub use tree::{Data, Forest, Items, KeyShape, Node, Origin, Redaction, Secret, Style, Text, Tree, View};
