//! Which objects a policy or a binding is for: resource rules, exclusions and selectors.
//!
//! Everything here is about creating objects: rules for other operations and for subresources match nothing.

use super::resource::Resource;
use crate::facts::schema::Schemas;
use crate::inventory::{DocumentId, Fit, Inventory, Labels, Shown, hides, label_selector};
use crate::syntax::View;
use crate::vocabulary::{Reason, UnknownCode};

/// Whether criteria match an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Match {
    /// They do not.
    No,
    /// They do.
    Yes,
    /// They do, in another version of the object, which reads the same.
    As(String),
    /// Something that is not known decides.
    Perhaps(Reason),
    /// They do, but the policy sees the object converted.
    Converted(Reason),
}

impl Match {
    /// Both must match; what is less certain stays.
    pub fn and(self, other: Match) -> Match {
        match (self, other) {
            (Match::No, _) | (_, Match::No) => Match::No,
            (converted @ Match::Converted(_), _) | (_, converted @ Match::Converted(_)) => converted,
            (perhaps @ Match::Perhaps(_), _) | (_, perhaps @ Match::Perhaps(_)) => perhaps,
            (Match::As(version), _) | (_, Match::As(version)) => Match::As(version),
            (Match::Yes, Match::Yes) => Match::Yes,
        }
    }
}

/// `matchConstraints` or `matchResources`.
#[derive(Debug)]
pub struct Criteria {
    namespaces: Option<Shown>,
    objects: Option<Shown>,
    rules: Vec<ResourceRule>,
    excluded: Vec<ResourceRule>,
    /// Whether any rule is written, for whatever operation.
    has_rules: bool,
    /// Whether other versions of a resource count.
    equivalent: bool,
    /// A template hides part of them.
    hidden: Option<Reason>,
}

#[derive(Debug)]
struct ResourceRule {
    groups: Vec<String>,
    versions: Vec<String>,
    /// Without those of subresources.
    resources: Vec<String>,
    scope: Option<String>,
    names: Vec<String>,
}

/// What a rule says about a resource.
enum Ruled {
    No,
    Yes,
    /// One of these versions, but not the one at hand.
    Versions(Vec<String>),
}

impl Criteria {
    /// Reads them.
    pub fn read(at: View<'_>) -> Criteria {
        let rules =
            |name: &str| at.get(name).into_iter().flat_map(View::items).filter_map(ResourceRule::read).collect();
        Criteria {
            namespaces: at.get("namespaceSelector").and_then(label_selector),
            objects: at.get("objectSelector").and_then(label_selector),
            rules: rules("resourceRules"),
            excluded: rules("excludeResourceRules"),
            has_rules: at.get("resourceRules").is_some_and(|rules| rules.items().len() > 0),
            equivalent: at.str_at("matchPolicy") != Some("Exact"),
            hidden: hidden(at),
        }
    }

    /// Whether they match an object that is created.
    pub fn fit(&self, inventory: &Inventory, schemas: &Schemas, id: DocumentId, of: &Resource) -> Match {
        let by_rules = self.by_rules(schemas, of);
        if by_rules == Match::No {
            return Match::No;
        }
        let root = inventory.forest().view(of.root);
        let by_objects = self
            .objects
            .as_ref()
            .map_or(Match::Yes, |shown| fitted(own_labels(inventory, id, root).fit(shown, |_, _| None)));
        let hidden = self.hidden.clone().map_or(Match::Yes, Match::Perhaps);
        by_rules.and(by_objects).and(self.by_namespace(inventory, id, of)).and(hidden)
    }

    fn by_rules(&self, schemas: &Schemas, of: &Resource) -> Match {
        let included = if self.has_rules { self.ruled(&self.rules, schemas, of) } else { Match::Yes };
        match self.ruled(&self.excluded, schemas, of) {
            Match::No => included,
            Match::Perhaps(reason) => included.and(Match::Perhaps(reason)),
            _ => Match::No,
        }
    }

    fn ruled(&self, rules: &[ResourceRule], schemas: &Schemas, of: &Resource) -> Match {
        let said: Vec<(Ruled, &ResourceRule)> = rules.iter().map(|rule| (rule.says(of), rule)).collect();
        if said.iter().any(|(ruled, rule)| matches!(ruled, Ruled::Yes) && rule.names.is_empty()) {
            return Match::Yes;
        }
        let other = |(ruled, rule): &(Ruled, &ResourceRule)| match ruled {
            Ruled::Versions(versions) if self.equivalent => {
                equivalent(versions, schemas, of).map(|found| (found, rule.names.clone()))
            }
            Ruled::Yes => Some((Match::Yes, rule.names.clone())),
            _ => None,
        };
        let mut perhaps = Match::No;
        for (found, names) in said.iter().filter_map(other) {
            match &of.name {
                _ if names.is_empty() => return found,
                Some(name) if names.contains(name) => return found,
                Some(_) => {}
                None => {
                    let text = "the API server makes the name that a policy asks for";
                    perhaps = Match::Perhaps(Reason::new(UnknownCode::Partial, text));
                }
            }
        }
        perhaps
    }

    fn by_namespace(&self, inventory: &Inventory, id: DocumentId, of: &Resource) -> Match {
        let Some(shown) = self.namespaces.as_ref().filter(|shown| !shown.selector.is_empty() || shown.hidden.is_some())
        else {
            return Match::Yes;
        };
        if of.kind == "Namespace" && of.group.is_empty() {
            let root = inventory.forest().view(of.root);
            let mut labels = own_labels(inventory, id, root);
            labels.pairs.extend(of.name.as_deref().map(|name| (NAME_LABEL, Some(name))));
            return fitted(labels.fit(shown, |_, _| None));
        }
        if !of.namespaced {
            return Match::Yes;
        }
        fitted(namespace_labels(inventory, id, of).fit(shown, |_, _| None))
    }
}

/// The label that every Namespace has.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

fn own_labels<'a>(inventory: &Inventory, id: DocumentId, root: View<'a>) -> Labels<'a> {
    let mut labels = Labels::of(root);
    if inventory.environments()[inventory.document(id).environment.index()].kustomized {
        let text = "Kustomize may add labels that a policy selects by";
        labels.hidden = labels.hidden.or_else(|| Some(Reason::new(UnknownCode::Partial, text)));
    }
    labels
}

/// The labels of the Namespace that an object lies in, as far as the input shows it.
fn namespace_labels<'a>(inventory: &'a Inventory, id: DocumentId, of: &'a Resource) -> Labels<'a> {
    let because = |text: String| Some(Reason::new(UnknownCode::Partial, text));
    let Some(name) = of.namespace.as_deref() else {
        return Labels { pairs: Vec::new(), hidden: because("the manifest does not name its namespace".to_string()) };
    };
    let mut labels = match super::namespace_of(inventory, id, name) {
        Some(found) => own_labels(inventory, found, inventory.document(found).view(inventory.forest())),
        None => Labels { pairs: Vec::new(), hidden: because(format!("the Namespace `{name}` is not in the input")) },
    };
    labels.pairs.push((NAME_LABEL, Some(name)));
    labels
}

fn fitted(fit: Fit) -> Match {
    match fit {
        Fit::Yes => Match::Yes,
        Fit::No => Match::No,
        Fit::Perhaps(reason) => Match::Perhaps(reason),
    }
}

/// Whether a cluster serves an object in one of the versions too.
fn equivalent(versions: &[String], schemas: &Schemas, of: &Resource) -> Option<Match> {
    if let Some(same) = versions.iter().find(|version| of.same_versions.contains(version)) {
        return Some(Match::As(same.clone()));
    }
    let served = versions.iter().find(|version| {
        let api_version = if of.group.is_empty() { (*version).clone() } else { format!("{}/{version}", of.group) };
        schemas.serves(&api_version, &of.kind)
    })?;
    let text =
        format!("a policy for {} in version {served} sees the object converted, which is not done here", of.plural);
    Some(Match::Converted(Reason::new(UnknownCode::Partial, text)))
}

impl ResourceRule {
    /// A rule for the creation of objects; `None` for any other.
    fn read(at: View<'_>) -> Option<ResourceRule> {
        let texts = |name: &str| -> Vec<String> {
            at.get(name).into_iter().flat_map(View::items).filter_map(View::str).map(str::to_string).collect()
        };
        if !texts("operations").iter().any(|operation| operation == "*" || operation == "CREATE") {
            return None;
        }
        let whole = |resource: String| match resource.split_once('/') {
            Some((resource, "*" | "")) => Some(resource.to_string()),
            Some(_) => None,
            None => Some(resource),
        };
        Some(ResourceRule {
            groups: texts("apiGroups"),
            versions: texts("apiVersions"),
            resources: texts("resources").into_iter().filter_map(whole).collect(),
            scope: at.str_at("scope").filter(|scope| *scope != "*").map(str::to_string),
            names: texts("resourceNames"),
        })
    }

    fn says(&self, of: &Resource) -> Ruled {
        let any = |words: &[String], word: &str| words.iter().any(|known| known == "*" || known == word);
        let scope = if of.namespaced { "Namespaced" } else { "Cluster" };
        let here = any(&self.groups, &of.group)
            && any(&self.resources, &of.plural)
            && self.scope.as_deref().is_none_or(|wanted| wanted == scope);
        match here {
            true if any(&self.versions, &of.version) => Ruled::Yes,
            true => Ruled::Versions(self.versions.clone()),
            false => Ruled::No,
        }
    }
}

/// Whether a template hides something of the criteria.
fn hidden(at: View<'_>) -> Option<Reason> {
    hides(at).cloned().or_else(|| {
        let inner: Vec<View<'_>> =
            if at.is_list() { at.items().collect() } else { at.entries().map(|(_, value)| value).collect() };
        inner.into_iter().find_map(hidden)
    })
}
