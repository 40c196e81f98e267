//! The words every layer shares: spans, ids, severities, problems.
//!
//! Plain data with no behaviour beyond parsing and printing itself. This layer knows nothing of YAML, Kubernetes or
//! rules, and imports nothing from the crate.

mod grade;
mod ids;
mod nearest;
mod problem;
mod reason;
mod span;

pub use grade::{Confidence, GroupBy, Pillar, Profile, Severity, Stability, UnknownWord};
pub use ids::{NodeId, NodeRef, RuleId, SourceId, TreeId};
pub use nearest::nearest;
pub use problem::{Place, Problem, ProblemKind};
pub use reason::{Reason, UnknownCode};
pub use span::Span;
