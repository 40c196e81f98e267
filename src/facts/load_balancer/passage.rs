//! What a balancer does to connections on their way: whether it ends TLS, and how long it keeps quiet ones.

use crate::facts::builder::FactBuilder;
use crate::syntax::Origin;
use crate::vocabulary::NodeId;

/// What happens to connections.
#[derive(Default)]
pub(super) struct Passage {
    /// Where it shows that the balancer speaks TLS or HTTP itself.
    pub terminates_tls: Option<Origin>,
    /// The shortest time after which a quiet connection is cut, in milliseconds, with its text and place.
    pub idle: Option<(i64, String, Origin)>,
}

impl Passage {
    /// `{terminatesTls, idle, idleText}`.
    pub(super) fn facts(&self, facts: &mut FactBuilder, place: &Origin) -> NodeId {
        let terminates = self.terminates_tls.clone();
        let (millis, text, at) = match &self.idle {
            Some((millis, text, at)) => (Some(*millis), Some(text.as_str()), at.clone()),
            None => (None, None, place.clone()),
        };
        let fields = [
            ("terminatesTls", facts.bool(terminates.is_some(), terminates.unwrap_or_else(|| place.clone()))),
            ("idle", facts.opt_int(millis, at.clone())),
            ("idleText", facts.opt_str(text, at)),
        ];
        facts.map(&fields, place.clone())
    }
}
