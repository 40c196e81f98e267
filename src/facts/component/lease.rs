//! Leader election: how long a lease lasts and when its holder gives up, of schedulers, controller-managers and kube-vip.

use super::flags::{FlagTable, Flags};
use crate::facts::builder::FactBuilder;
use crate::syntax::Origin;
use crate::vocabulary::{NodeId, Reason};

/// A time in milliseconds with its text, or why it is unknown, and where it stands.
pub type Timing = (Result<(i64, String), Reason>, Origin);

/// The three times of a lease: duration, renew deadline, retry period.
pub struct Lease {
    /// In this order.
    pub timing: [Timing; 3],
}

/// Flags of the three times.
const FLAGS: [&str; 3] = ["leader-elect-lease-duration", "leader-elect-renew-deadline", "leader-elect-retry-period"];

impl Lease {
    /// The lease that flags describe; `None` for components without one, and where the election is switched off.
    pub fn of_flags(table: &FlagTable, flags: &Flags<'_>) -> Option<Lease> {
        let known = table.knows(&flags.component, FLAGS[0]);
        let off = flags.text(table, "leader-elect").is_ok_and(|text| text.as_deref() == Some("false"));
        (known && !off).then(|| Lease { timing: FLAGS.map(|name| flags.duration(table, name)) })
    }

    /// `{duration, renew, retry}` and their texts.
    pub fn facts(&self, facts: &mut FactBuilder, place: &Origin) -> NodeId {
        let names = [("duration", "durationText"), ("renew", "renewText"), ("retry", "retryText")];
        let mut fields = Vec::new();
        for ((number, text), (value, origin)) in names.into_iter().zip(&self.timing) {
            match value {
                Ok((millis, words)) => {
                    fields.push((number, facts.int(*millis, origin.clone())));
                    fields.push((text, facts.str(words, origin.clone())));
                }
                Err(reason) => {
                    fields.push((number, facts.unknown(reason.clone(), origin.clone())));
                    fields.push((text, facts.unknown(reason.clone(), origin.clone())));
                }
            }
        }
        facts.map(&fields, place.clone())
    }
}
