//! Where replicas may land: topology spread constraints and pod anti-affinity, read as one thing.
//!
//! A rule only keeps replicas apart when its selector matches the pod's own labels. Source: "Pod Topology Spread
//! Constraints" and "Assigning Pods to Nodes" of the Kubernetes documentation.

use super::Workload;
use crate::inventory::{Fit, Labels, Link, Shown, anti_affinity_terms, hides, label_selector};
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeId, Reason};

/// The lists of anti-affinity terms.
const LISTS: &[&str] =
    &["requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"];

/// One constraint, from either mechanism.
struct Apart<'a> {
    /// Where its topology key stands.
    place: View<'a>,
    key: Option<View<'a>>,
    hard: bool,
    selector: Option<View<'a>>,
    /// `matchLabelKeys` and the like add to a selector and do not replace it.
    constraint: bool,
    /// An anti-affinity term over other namespaces.
    elsewhere: bool,
}

/// What a rule's selector matches.
enum Matches {
    Own,
    All,
    Others,
    Nothing,
    Hidden(Reason),
}

impl<'a> Workload<'a> {
    /// `spread`: `host` and `zone` are `hard`, `soft` or `none`; `rules` lists every constraint.
    pub(super) fn spread(&mut self) -> NodeId {
        let rules: Vec<Apart<'a>> = self.constraints().into_iter().chain(self.anti_affinity()).collect();
        let spec = self.template.spec;
        let nearest = rules
            .first()
            .map_or_else(|| spec.origin_of("topologySpreadConstraints"), |rule| Origin::Node(rule.place.at()));
        let (host, zone) = (self.strength(&rules, is_host, &nearest), self.strength(&rules, is_zone, &nearest));
        let nodes: Vec<NodeId> = rules.iter().map(|rule| self.rule(rule)).collect();
        let list = self.facts.list_at(&nodes, nearest.clone());
        if let Some(reason) = self.hidden_rules() {
            self.facts.open(list, reason.clone());
        }
        self.facts.map(&[("host", host), ("zone", zone), ("rules", list)], nearest)
    }

    /// Why there may be more constraints or terms than are written.
    fn hidden_rules(&self) -> Option<&'a Reason> {
        let paths = ["topologySpreadConstraints", "affinity", "affinity.podAntiAffinity"];
        let spec = self.template.spec;
        let lists = LISTS.iter().filter_map(|list| spec.path("affinity.podAntiAffinity")?.get(list));
        std::iter::once(spec).chain(paths.into_iter().filter_map(|path| spec.path(path))).chain(lists).find_map(hides)
    }

    fn strength(&mut self, rules: &[Apart<'a>], is: fn(&str) -> bool, origin: &Origin) -> NodeId {
        let mut hidden = self.hidden_rules().cloned();
        let (mut soft, mut hard) = (false, false);
        for rule in rules.iter().filter(|rule| !rule.elsewhere) {
            let fits = rule.key.and_then(View::str).is_some_and(is);
            match (rule.key.and_then(hides), self.matches(rule)) {
                (Some(reason), _) => hidden = hidden.or_else(|| Some(reason.clone())),
                (None, Matches::Hidden(reason)) if fits => hidden = hidden.or(Some(reason)),
                (None, Matches::Own | Matches::All) if fits => (soft, hard) = (true, hard || rule.hard),
                _ => {}
            }
        }
        match (soft, hard, hidden) {
            (_, true, _) => self.facts.str("hard", origin.clone()),
            (true, ..) => self.facts.str("soft", origin.clone()),
            (false, false, Some(reason)) => self.facts.unknown(reason, origin.clone()),
            (false, false, None) => self.facts.str("none", origin.clone()),
        }
    }

    fn matches(&self, rule: &Apart<'a>) -> Matches {
        let Some(shown) = rule.selector.and_then(label_selector) else { return Matches::Nothing };
        match self.fit(&shown) {
            Fit::Yes if shown.selector.is_empty() => Matches::All,
            Fit::Yes => Matches::Own,
            Fit::Perhaps(reason) => Matches::Hidden(reason),
            Fit::No if !rule.constraint && self.keeps_others_away() => Matches::Others,
            Fit::No => Matches::Nothing,
        }
    }

    /// Whether an anti-affinity term that misses the workload's own pods is meant for others: it finds some, or another
    /// term already sees to its own.
    fn keeps_others_away(&self) -> bool {
        let own = |term: View<'a>| {
            let shown = term.get("labelSelector").and_then(label_selector);
            shown.is_some_and(|shown| self.fit(&shown) == Fit::Yes)
        };
        let found = !self.inventory.links().from(Link::Apart, self.id).is_empty();
        found || anti_affinity_terms(self.template.spec).into_iter().any(|(term, _)| own(term))
    }

    /// Whether a term is over namespaces among which the workload's own is not said to be.
    fn is_elsewhere(&self, term: View<'a>) -> bool {
        let own = self.key.namespace.as_deref();
        let namespaces: Vec<&str> =
            term.get("namespaces").into_iter().flat_map(View::items).filter_map(View::str).collect();
        let listed = own.is_none() || namespaces.iter().any(|namespace| own == Some(*namespace));
        let selector = term.get("namespaceSelector").filter(|selector| !selector.is_null());
        let every =
            selector.is_some_and(|selector| label_selector(selector).is_some_and(|shown| shown.selector.is_empty()));
        match (namespaces.is_empty(), selector.is_some()) {
            (true, false) => false,
            (false, false) => !listed,
            (_, true) => !every && (namespaces.is_empty() || !listed),
        }
    }

    /// Whether a selector fits the workload's own pods, with the labels that Kustomize adds to them.
    fn fit(&self, shown: &Shown) -> Fit {
        let environment = self.inventory.document(self.id).environment;
        let kustomized = &self.inventory.environments()[environment.index()].labels;
        let added = |key: &str, values: &[&str]| {
            let given = kustomized.iter().any(|(name, value)| name == key && values.contains(&value.as_str()));
            given.then_some(true)
        };
        Labels::of(self.template.template).fit(shown, added)
    }

    fn rule(&mut self, rule: &Apart<'a>) -> NodeId {
        let origin = Origin::Node(rule.place.at());
        let selector_origin = rule.selector.map_or_else(|| origin.clone(), |selector| Origin::Node(selector.at()));
        let matches = match self.matches(rule) {
            Matches::Own => self.facts.str("own", selector_origin),
            Matches::All => self.facts.str("all", selector_origin),
            Matches::Others => self.facts.str("others", selector_origin),
            Matches::Nothing => self.facts.str("none", selector_origin),
            Matches::Hidden(reason) => self.facts.unknown(reason, selector_origin),
        };
        let key = match rule.key {
            Some(key) => self.facts.refer(key.at()),
            None => self.facts.str("", origin.clone()),
        };
        let fields = [
            ("key", key),
            ("hard", self.facts.bool(rule.hard, origin.clone())),
            ("constraint", self.facts.bool(rule.constraint, origin.clone())),
            ("elsewhere", self.facts.bool(rule.elsewhere, origin.clone())),
            ("matches", matches),
        ];
        self.facts.map(&fields, origin)
    }

    fn constraints(&self) -> Vec<Apart<'a>> {
        let constraints = self.template.spec.get("topologySpreadConstraints").into_iter().flat_map(View::items);
        constraints
            .map(|constraint| Apart {
                place: constraint.get("topologyKey").unwrap_or(constraint),
                key: constraint.get("topologyKey"),
                hard: constraint.str_at("whenUnsatisfiable") != Some("ScheduleAnyway"),
                selector: constraint.get("labelSelector"),
                constraint: true,
                elsewhere: false,
            })
            .collect()
    }

    fn anti_affinity(&self) -> Vec<Apart<'a>> {
        anti_affinity_terms(self.template.spec)
            .into_iter()
            .map(|(term, hard)| Apart {
                place: term.get("topologyKey").unwrap_or(term),
                key: term.get("topologyKey"),
                hard,
                selector: term.get("labelSelector"),
                constraint: false,
                elsewhere: self.is_elsewhere(term),
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
