//! How a workload replaces its pods, and how a pod says goodbye.
//!
//! Rounding as in the controllers: of a Deployment `maxUnavailable` rounds down and `maxSurge` up; both are 25 % if unset.

use super::Workload;
use crate::inventory::hides;
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeId, Reason};

impl<'a> Workload<'a> {
    pub(super) fn rollout(&mut self) -> Vec<(&'static str, NodeId)> {
        let percent = self.unavailable_percent();
        let origin = self.unavailable_origin();
        let percent = match percent {
            Ok(percent) => self.facts.opt_int(percent, origin),
            Err(reason) => self.facts.unknown(reason, origin),
        };
        vec![("rolloutUnavailable", percent)]
    }

    fn unavailable_origin(&self) -> Origin {
        match &*self.key.kind {
            "DaemonSet" => self.root.origin_of("spec.updateStrategy.rollingUpdate.maxUnavailable"),
            _ => self.root.origin_of("spec.strategy.rollingUpdate.maxUnavailable"),
        }
    }

    /// The share of its pods, in percent, that a rolling update may take down at once; `None` where it is not known or the
    /// pods are not replaced in a rolling update.
    fn unavailable_percent(&self) -> Result<Option<i64>, Reason> {
        let strategy = match &*self.key.kind {
            "Deployment" => self.root.path("spec.strategy"),
            "DaemonSet" => self.root.path("spec.updateStrategy"),
            _ => return Ok(None),
        };
        let rolling = strategy.and_then(|strategy| strategy.get("rollingUpdate"));
        let amount = rolling.and_then(|rolling| rolling.get("maxUnavailable")).filter(|amount| !amount.is_null());
        let replicas = self.root.path("spec.replicas").filter(|replicas| !replicas.is_null());
        let places = [self.root.get("spec"), strategy, rolling, amount];
        if let Some(reason) = places.into_iter().flatten().find_map(hides) {
            return Err(reason.clone());
        }
        let other = strategy.and_then(|strategy| strategy.str_at("type")).is_some_and(|kind| kind != "RollingUpdate");
        let Some(amount) = amount.filter(|_| !other) else { return Ok(None) };
        let percent = amount.str().and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse::<i64>().ok());
        if &*self.key.kind == "DaemonSet" || amount.int().is_none() {
            return Ok(percent);
        }
        if let Some(reason) = replicas.and_then(hides) {
            return Err(reason.clone());
        }
        let replicas = replicas.map_or(Some(1), View::int).filter(|replicas| *replicas > 0);
        Ok(amount.int().zip(replicas).map(|(count, replicas)| count * 100 / replicas))
    }

    /// Seconds that a container's preStop hook sleeps, by its `sleep` or by commands of that name; 0 without one.
    pub(super) fn pre_stop_seconds(&mut self, container: View<'a>) -> NodeId {
        let hook = container.path("lifecycle.preStop");
        let origin = container.origin_of("lifecycle.preStop");
        let slept = hook.and_then(|hook| hook.path("sleep.seconds")).and_then(View::int);
        let command = hook.and_then(|hook| hook.path("exec.command")).into_iter().flat_map(View::items);
        let words: Vec<&str> =
            command.filter_map(View::str).flat_map(|text| text.split([' ', ';', '&', '\n'])).collect();
        let commands: i64 = words
            .windows(2)
            .filter(|pair| pair[0] == "sleep" || pair[0].ends_with("/sleep"))
            .filter_map(|pair| pair[1].trim_end_matches('s').parse::<i64>().ok())
            .sum();
        match hook.and_then(hides) {
            Some(reason) => self.facts.unknown(reason.clone(), origin),
            None => self.facts.int(slept.unwrap_or(commands), origin),
        }
    }
}
