//! Where replicas may land: topology spread constraints and pod anti-affinity, read as one thing.
//!
//! A rule only keeps replicas apart when its selector matches the pod's own labels. Source: "Pod Topology Spread
//! Constraints" and "Assigning Pods to Nodes" of the Kubernetes documentation.

use super::Workload;
use crate::inventory::label_selector;
use crate::syntax::{Origin, View};
use crate::vocabulary::NodeId;

/// One constraint, from either mechanism.
struct Apart<'a> {
    /// Where its topology key stands.
    place: View<'a>,
    key: &'a str,
    hard: bool,
    selector: Option<View<'a>>,
    /// `matchLabelKeys` and the like add to a selector and do not replace it.
    constraint: bool,
}

impl<'a> Workload<'a> {
    /// `spread`: `host` and `zone` are `hard`, `soft` or `none`; `rules` lists every constraint.
    pub(super) fn spread(&mut self) -> NodeId {
        let rules: Vec<Apart<'a>> = self.constraints().into_iter().chain(self.anti_affinity()).collect();
        let spec = self.template.spec;
        let nearest = rules
            .first()
            .map_or_else(|| spec.origin_of("topologySpreadConstraints"), |rule| Origin::Node(rule.place.at()));
        let (host, zone) = (self.strength(&rules, is_host), self.strength(&rules, is_zone));
        let nodes: Vec<NodeId> = rules.iter().map(|rule| self.rule(rule)).collect();
        let fields = [
            ("host", self.facts.str(host, nearest.clone())),
            ("zone", self.facts.str(zone, nearest.clone())),
            ("rules", self.facts.list_at(&nodes, nearest.clone())),
        ];
        self.facts.map(&fields, nearest)
    }

    fn strength(&self, rules: &[Apart<'a>], is: fn(&str) -> bool) -> &'static str {
        let fitting: Vec<&Apart<'a>> =
            rules.iter().filter(|rule| is(rule.key) && self.matches_own(rule) != "none").collect();
        match fitting.iter().any(|rule| rule.hard) {
            _ if fitting.is_empty() => "none",
            true => "hard",
            false => "soft",
        }
    }

    /// Whether a rule's selector matches the pod's own labels: `own`, `all` (an empty selector) or `none`.
    fn matches_own(&self, rule: &Apart<'a>) -> &'static str {
        let Some(selector) = rule.selector.and_then(label_selector) else { return "none" };
        let labels = self.template.labels();
        let value = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(View::str);
        match selector.matches(value) {
            _ if selector.is_empty() => "all",
            true => "own",
            false => "none",
        }
    }

    fn rule(&mut self, rule: &Apart<'a>) -> NodeId {
        let matches = self.matches_own(rule);
        let origin = Origin::Node(rule.place.at());
        let selector_origin = rule.selector.map_or_else(|| origin.clone(), |selector| Origin::Node(selector.at()));
        let fields = [
            ("key", self.facts.str(rule.key, origin.clone())),
            ("hard", self.facts.bool(rule.hard, origin.clone())),
            ("constraint", self.facts.bool(rule.constraint, origin.clone())),
            ("matches", self.facts.str(matches, selector_origin)),
        ];
        self.facts.map(&fields, origin)
    }

    fn constraints(&self) -> Vec<Apart<'a>> {
        let constraints = self.template.spec.get("topologySpreadConstraints").into_iter().flat_map(View::items);
        constraints
            .map(|constraint| Apart {
                place: constraint.get("topologyKey").unwrap_or(constraint),
                key: constraint.str_at("topologyKey").unwrap_or_default(),
                hard: constraint.str_at("whenUnsatisfiable") != Some("ScheduleAnyway"),
                selector: constraint.get("labelSelector"),
                constraint: true,
            })
            .collect()
    }

    fn anti_affinity(&self) -> Vec<Apart<'a>> {
        let Some(affinity) = self.template.spec.path("affinity.podAntiAffinity") else { return Vec::new() };
        let list = |key: &str| affinity.get(key).into_iter().flat_map(View::items);
        let hard = list("requiredDuringSchedulingIgnoredDuringExecution").map(|term| (term, true));
        let soft = list("preferredDuringSchedulingIgnoredDuringExecution")
            .filter_map(|weighted| Some((weighted.get("podAffinityTerm")?, false)));
        hard.chain(soft)
            .map(|(term, hard)| Apart {
                place: term.get("topologyKey").unwrap_or(term),
                key: term.str_at("topologyKey").unwrap_or_default(),
                hard,
                selector: term.get("labelSelector"),
                constraint: false,
            })
            .collect()
    }
}

fn is_host(key: &str) -> bool {
    key == "kubernetes.io/hostname"
}

/// Zones, under the current and the two former label names.
fn is_zone(key: &str) -> bool {
    matches!(
        key,
        "topology.kubernetes.io/zone" | "failure-domain.beta.kubernetes.io/zone" | "topology.kubernetes.io/region"
    )
}
