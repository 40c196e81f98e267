//! The schedule of a CronJob, as the API server reads it.
//!
//! Time zones are checked by their form only: which ones a control plane knows is its own business.

use super::Workload;
use crate::syntax::{Origin, View};
use crate::values::Cron;
use crate::vocabulary::NodeId;

impl Workload<'_> {
    /// Why schedule or time zone cannot be read, at the value that cannot; null if they can.
    pub(super) fn schedule_error(&mut self) -> NodeId {
        let anchor = self.facts.anchor();
        if self.template.kind.kind != "CronJob" {
            return self.facts.null(anchor);
        }
        for (path, error) in [("spec.schedule", schedule as fn(&str) -> Option<String>), ("spec.timeZone", time_zone)] {
            let Some(value) = self.root.path(path) else { continue };
            let origin = Origin::Node(value.at());
            if let Some(reason) = value.unknown() {
                return self.facts.unknown(reason.clone(), origin);
            }
            if let Some(error) = value.str().and_then(error) {
                return self.facts.str(&error, origin);
            }
        }
        let origin = self.root.path("spec.schedule").map_or(anchor, |value: View<'_>| Origin::Node(value.at()));
        self.facts.null(origin)
    }
}

fn schedule(text: &str) -> Option<String> {
    match text.parse::<Cron>() {
        Ok(cron) if cron.time_zone().is_some() => Some("a CronJob names its time zone in `timeZone`".to_string()),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// A name of the time zone database: `Etc/UTC`, `Europe/Berlin`, `UTC`.
fn time_zone(name: &str) -> Option<String> {
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    match name {
        "" => Some("an empty time zone names none".to_string()),
        name if name.eq_ignore_ascii_case("local") => Some("`Local` is no time zone of a CronJob".to_string()),
        name if !name.chars().all(named) => Some("a time zone is written as in `Europe/Berlin`".to_string()),
        _ => None,
    }
}
