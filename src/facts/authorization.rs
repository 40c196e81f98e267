//! The `authorization` subject: who decides on requests, from the API server's flags, an AuthorizationConfiguration, and
//! ABAC policies line by line.
//!
//! Source: "Authorization" and "ABAC" of the Kubernetes documentation; apiserver `pkg/apis/apiserver/v1/types.go`; kubernetes
//! `pkg/apis/abac/{v0,v1beta1}/conversion.go`: a line without a version covers whatever it leaves empty, a line with one
//! covers nothing by what it leaves empty.

use super::builder::{FactBuilder, Fallback};
use super::component::{Component, FlagTable};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Format, Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// The modes of an API server; null where `authorization-config` names a file that holds them.
pub fn of_apiserver(facts: &mut FactBuilder, table: &FlagTable, component: &Component<'_>) -> NodeId {
    let flags = &component.flags;
    let origin = flags.origin(table, "authorization-mode");
    let file = flags.text(table, "authorization-config");
    let modes = match (file, flags.text(table, "authorization-mode")) {
        (Ok(Some(_)), _) => facts.null(origin.clone()),
        (Err(reason), _) | (_, Err(reason)) => facts.unknown(reason, origin.clone()),
        (_, Ok(text)) => {
            let text = text.unwrap_or_default();
            let modes = text.split(',').map(str::trim).filter(|mode| !mode.is_empty());
            let modes: Vec<(&str, Origin)> = modes.map(|mode| (mode, origin.clone())).collect();
            facts.strings(modes, origin.clone())
        }
    };
    let place = Origin::Node(component.place);
    let tool = facts.str(component.tool, place.clone());
    subject_facts(facts, tool, Parts { modes, webhooks: Vec::new(), abac: None }, place)
}

struct Parts {
    modes: NodeId,
    webhooks: Vec<NodeId>,
    abac: Option<NodeId>,
}

fn subject_facts(facts: &mut FactBuilder, tool: NodeId, parts: Parts, place: Origin) -> NodeId {
    let abac = parts.abac.unwrap_or_else(|| facts.null(place.clone()));
    let fields = [
        ("tool", tool),
        ("modes", parts.modes),
        ("webhooks", facts.list_at(&parts.webhooks, place.clone())),
        ("abac", abac),
    ];
    facts.map(&fields, place)
}

fn subject_of(
    inventory: &Inventory,
    id: DocumentId,
    tree: TreeId,
    facts: FactBuilder,
    node: NodeId,
) -> (Tree, Vec<Subject>) {
    let subject = Subject::of(SubjectKind::Authorization, NodeRef { tree, node }, inventory, id);
    (facts.finish(), vec![subject])
}

/// An AuthorizationConfiguration.
pub fn of_file(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let authorizers = root.get("authorizers");
    let origin = root.origin_of("authorizers");
    let listed: Vec<View<'_>> = authorizers.into_iter().flat_map(View::items).collect();
    let types: Vec<(&str, Origin)> = listed
        .iter()
        .filter_map(|authorizer| authorizer.get("type"))
        .filter_map(|kind| Some((kind.str()?, Origin::Node(kind.at()))))
        .collect();
    let modes = match authorizers.and_then(|list| list.unknown().cloned().or_else(|| super::component::openness(list)))
    {
        Some(reason) => facts.unknown(reason, origin),
        None => facts.strings(types, origin),
    };
    let rbac = listed.iter().rposition(|authorizer| authorizer.str_at("type") == Some("RBAC"));
    let webhooks: Vec<NodeId> = listed
        .iter()
        .enumerate()
        .filter(|(_, authorizer)| authorizer.str_at("type") == Some("Webhook"))
        .map(|(at, authorizer)| webhook(&mut facts, *authorizer, rbac.is_some_and(|rbac| at < rbac)))
        .collect();
    let anchor = facts.anchor();
    let tool = facts.str("file", anchor.clone());
    let node = subject_facts(&mut facts, tool, Parts { modes, webhooks, abac: None }, anchor);
    Some(subject_of(inventory, id, tree, facts, node))
}

fn webhook(facts: &mut FactBuilder, authorizer: View<'_>, before_rbac: bool) -> NodeId {
    let origin = Origin::Node(authorizer.get("name").unwrap_or(authorizer).at());
    let conditions = authorizer.path("webhook.matchConditions").is_some_and(|list| list.items().len() > 0);
    let fields = [
        ("name", facts.lookup(authorizer, "name", Fallback::Str(""))),
        ("failurePolicy", facts.lookup(authorizer, "webhook.failurePolicy", Fallback::NoStr)),
        ("conditions", facts.bool(conditions, authorizer.origin_of("webhook.matchConditions"))),
        ("beforeRbac", facts.bool(before_rbac, origin.clone())),
    ];
    facts.map(&fields, origin)
}

/// Keys of a line without a version; other JSON has others.
const V0_KEYS: &[&str] = &["user", "group", "readonly", "resource", "namespace", "apiGroup", "nonResourcePath"];

/// One line of an ABAC policy.
pub fn of_abac(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let versioned = match &document.key {
        Some(key) => key.is("abac.authorization.kubernetes.io", "Policy").then_some(true)?,
        None => {
            let mut keys = root.entries().map(|(key, _)| key).peekable();
            let names_somebody =
                root.get("user").or_else(|| root.get("group")).or_else(|| root.get("resource")).is_some();
            (keys.peek().is_some() && names_somebody && keys.all(|key| V0_KEYS.contains(&key))).then_some(false)?
        }
    };
    let line = if versioned { root.get("spec").unwrap_or(root) } else { root };
    let mut facts = FactBuilder::new(tree, line.at());
    let malformed = match document.format {
        Format::Json if root.tree().raw(root.at().node).contains('\n') => Some("it goes over several lines"),
        _ => document.key.as_ref().filter(|key| &*key.version != "v1beta1").map(|_| "its version is not `v1beta1`"),
    };
    let abac = Line { view: line, root, versioned, malformed }.facts(&mut facts);
    let anchor = Origin::Node(line.at());
    let (tool, modes) = (facts.str("file", anchor.clone()), facts.null(anchor.clone()));
    let node = subject_facts(&mut facts, tool, Parts { modes, webhooks: Vec::new(), abac: Some(abac) }, anchor);
    Some(subject_of(inventory, id, tree, facts, node))
}

struct Line<'a> {
    view: View<'a>,
    /// The whole line.
    root: View<'a>,
    versioned: bool,
    /// What is wrong with its form as a whole.
    malformed: Option<&'static str>,
}

impl<'a> Line<'a> {
    fn text(&self, key: &str) -> &'a str {
        self.view.str_at(key).unwrap_or_default()
    }

    /// Whether a field covers everything: `*`, or nothing in a line without a version.
    fn all(&self, key: &str) -> bool {
        self.text(key) == "*" || (!self.versioned && self.text(key).is_empty())
    }

    /// Why the API server refuses the line, or reads something else than is written: what, and where.
    fn malformed(&self) -> Option<(String, Origin)> {
        if let Some(what) = self.malformed {
            return Some((what.to_string(), Origin::Node(self.root.at())));
        }
        if self.versioned && self.view.get("kind").is_some() {
            return Some(("it has no `spec`".to_string(), Origin::Node(self.view.at())));
        }
        self.view.entries().find_map(|(key, value)| {
            let fits = if key == "readonly" { value.bool().is_some() } else { value.str().is_some() };
            match (V0_KEYS.contains(&key), fits || value.unknown().is_some()) {
                (false, _) => Some((format!("`{key}` is no key of it"), Origin::Node(value.at()))),
                (true, false) => Some((format!("`{key}` is of another type"), Origin::Node(value.at()))),
                (true, true) => None,
            }
        })
    }

    fn facts(&self, facts: &mut FactBuilder) -> NodeId {
        let (user, group) = (self.text("user"), self.text("group"));
        let no_subject = user.is_empty() && group.is_empty();
        let wildcard = user == "*" || group == "*" || group == "system:authenticated";
        let by_path = self.text("nonResourcePath");
        // A line without a version and without resource and namespace covers all paths too.
        let all_resources = self.all("resource") && (!self.versioned || self.text("apiGroup") == "*");
        let unlimited = !self.versioned && self.text("resource").is_empty() && self.text("namespace").is_empty();
        let all_paths = by_path == "*" || (unlimited && by_path.is_empty());
        let secrets = self.all("resource") || self.text("resource") == "secrets";
        let some_resource = !self.text("resource").is_empty() || (!self.versioned && by_path.is_empty());
        let readonly = self.view.get("readonly").and_then(View::bool).unwrap_or(false);
        let name = if user.is_empty() { group } else { user };
        let origin = Origin::Node(self.view.at());
        let (malformed, at) = self.malformed().map_or((None, origin.clone()), |(what, at)| (Some(what), at));
        let fields = [
            ("malformed", facts.opt_str(malformed.as_deref(), at)),
            ("versioned", facts.bool(self.versioned, origin.clone())),
            ("everybody", facts.bool(wildcard || (no_subject && !self.versioned), origin.clone())),
            ("anonymous", facts.bool(group == "system:unauthenticated" || user == "system:anonymous", origin.clone())),
            ("noSubject", facts.bool(no_subject, origin.clone())),
            ("readonly", facts.bool(readonly, origin.clone())),
            ("allResources", facts.bool(all_resources && some_resource, origin.clone())),
            ("secrets", facts.bool(secrets && some_resource, origin.clone())),
            ("allNamespaces", facts.bool(self.all("namespace"), origin.clone())),
            ("allPaths", facts.bool(all_paths, origin.clone())),
            ("resources", facts.bool(some_resource, origin.clone())),
            ("subject", facts.str(if name.is_empty() { "everybody" } else { name }, origin.clone())),
        ];
        facts.map(&fields, origin)
    }
}
