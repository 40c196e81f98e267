//! The `authentication` subject: OIDC issuers, from the API server's flags and from an AuthenticationConfiguration.
//!
//! Source: "Authenticating" of the Kubernetes documentation; kubernetes `pkg/kubeapiserver/options/authentication.go`: without
//! a prefix the issuer's URL is put before names of any claim but `email`; `-` means none. Groups have no default prefix.

use super::builder::FactBuilder;
use super::component::{Component, FlagTable};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Flags of which one is enough to say that OIDC is meant.
const OIDC_FLAGS: &[&str] =
    &["oidc-issuer-url", "oidc-client-id", "oidc-username-claim", "oidc-groups-claim", "oidc-ca-file"];

/// Flags that name another way in.
const ELSEWHERE: &[&str] = &["authentication-config", "authentication-token-webhook-config-file"];

struct ApiServer<'c, 'a> {
    table: &'c FlagTable,
    component: &'c Component<'a>,
}

impl ApiServer<'_, '_> {
    fn is_set(&self, name: &str) -> bool {
        self.component.flags.set.iter().any(|set| set.name == name)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.component.flags.text(self.table, name).ok().flatten().filter(|text| !text.is_empty())
    }

    /// A flag as a fact; null where it is unset, and then pointing at what makes it necessary.
    fn fact(&self, facts: &mut FactBuilder, name: &str, needed_by: &Origin) -> NodeId {
        let flags = &self.component.flags;
        let origin = if self.is_set(name) { flags.origin(self.table, name) } else { needed_by.clone() };
        match flags.text(self.table, name) {
            Ok(text) => facts.opt_str(text.as_deref().filter(|text| !text.is_empty()), origin),
            Err(reason) => facts.unknown(reason, origin),
        }
    }

    fn issuer(&self, facts: &mut FactBuilder) -> NodeId {
        let flags = &self.component.flags;
        let claim = self.text("oidc-username-claim").unwrap_or_default();
        let by_email = claim == "email";
        let url = self.text("oidc-issuer-url").unwrap_or_default();
        let prefix = match self.text("oidc-username-prefix") {
            Some(prefix) if prefix == "-" => String::new(),
            Some(prefix) => prefix,
            // An address is no name of the cluster's own.
            None if by_email => claim.clone(),
            None => format!("{url}#"),
        };
        let place = match self.is_set("oidc-username-prefix") {
            true => flags.origin(self.table, "oidc-username-prefix"),
            false => flags.origin(self.table, "oidc-username-claim"),
        };
        let groups_prefix = self.text("oidc-groups-prefix").filter(|prefix| prefix != "-").unwrap_or_default();
        let groups_place = match self.is_set("oidc-groups-prefix") {
            true => flags.origin(self.table, "oidc-groups-prefix"),
            false => flags.origin(self.table, "oidc-groups-claim"),
        };
        let first = OIDC_FLAGS.iter().find(|name| self.is_set(name)).copied().unwrap_or_default();
        let origin = flags.origin(self.table, first);
        let fields = [
            ("url", self.fact(facts, "oidc-issuer-url", &origin)),
            ("client", self.fact(facts, "oidc-client-id", &origin)),
            ("usernameClaim", self.fact(facts, "oidc-username-claim", &origin)),
            ("usernamePrefix", facts.str(&prefix, place)),
            ("groupsClaim", self.fact(facts, "oidc-groups-claim", &origin)),
            ("groupsPrefix", facts.str(&groups_prefix, groups_place)),
            ("guarded", facts.bool(self.is_set("oidc-required-claim"), origin.clone())),
            // By flags the API server refuses an e-mail address that is not verified.
            ("emailVerified", facts.bool(true, origin.clone())),
        ];
        facts.map(&fields, origin)
    }
}

/// What an API server's flags say.
pub fn of_apiserver(facts: &mut FactBuilder, table: &FlagTable, component: &Component<'_>) -> NodeId {
    let server = ApiServer { table, component };
    let place = Origin::Node(component.place);
    let issuers = match (OIDC_FLAGS.iter().any(|name| server.is_set(name)), &component.flags.open) {
        (false, Some(reason)) => facts.unknown(reason.clone(), place.clone()),
        (false, None) => facts.list_at(&[], component.flags.origin(table, "oidc-issuer-url")),
        (true, _) => {
            let issuer = server.issuer(facts);
            facts.list(&[issuer])
        }
    };
    let elsewhere = ELSEWHERE.iter().any(|name| server.is_set(name));
    let fields = [
        ("tool", facts.str(component.tool, place.clone())),
        ("file", facts.bool(false, place.clone())),
        ("elsewhere", facts.bool(elsewhere, place.clone())),
        ("issuers", issuers),
    ];
    facts.map(&fields, place)
}

/// An AuthenticationConfiguration.
pub fn of_file(inventory: &Inventory, id: DocumentId, tree: TreeId) -> Option<(Tree, Vec<Subject>)> {
    let root = inventory.document(id).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let issuers: Vec<NodeId> =
        root.get("jwt").into_iter().flat_map(View::items).map(|jwt| jwt_issuer(&mut facts, jwt)).collect();
    let anchor = facts.anchor();
    let fields = [
        ("tool", facts.str("file", anchor.clone())),
        ("file", facts.bool(true, anchor.clone())),
        ("elsewhere", facts.bool(true, anchor.clone())),
        ("issuers", facts.list_at(&issuers, root.origin_of("jwt"))),
    ];
    let node = facts.map(&fields, anchor);
    let subject = Subject::of(SubjectKind::Authentication, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

fn jwt_issuer(facts: &mut FactBuilder, jwt: View<'_>) -> NodeId {
    use super::builder::Fallback::{NoStr, Str};
    let origin = Origin::Node(jwt.path("issuer.url").unwrap_or(jwt).at());
    let audience = jwt.path("issuer.audiences").and_then(|list| list.items().next()).and_then(View::str);
    let audiences = jwt.path("issuer.audiences").map_or(origin.clone(), |list| Origin::Node(list.at()));
    let has_rules = |key: &str| jwt.get(key).is_some_and(|list| list.items().len() > 0);
    let mentions = |key: &str, word: &str| {
        let rules = jwt.get(key).into_iter().flat_map(View::items);
        rules.into_iter().any(|rule| {
            let in_claim = rule.str_at("claim").is_some_and(|claim| claim.contains(word));
            in_claim || rule.str_at("expression").is_some_and(|text| text.contains(word))
        })
    };
    let expression = jwt.str_at("claimMappings.username.expression").unwrap_or_default();
    let claim = jwt.str_at("claimMappings.username.claim").unwrap_or_default();
    let by_email = claim == "email" || expression.contains("claims.email");
    let verified = !by_email
        || expression.contains("email_verified")
        || mentions("claimValidationRules", "email_verified")
        || mentions("userValidationRules", "email_verified");
    // Where an expression makes names, a prefix is part of it.
    let username_prefix = match jwt.path("claimMappings.username.expression") {
        Some(view) => facts.str("expression", Origin::Node(view.at())),
        None => facts.lookup(jwt, "claimMappings.username.prefix", Str("")),
    };
    let fields = [
        ("url", facts.lookup(jwt, "issuer.url", NoStr)),
        ("client", facts.opt_str(audience, audiences)),
        ("usernameClaim", facts.lookup(jwt, "claimMappings.username.claim", NoStr)),
        ("usernamePrefix", username_prefix),
        ("groupsClaim", facts.lookup(jwt, "claimMappings.groups.claim", NoStr)),
        ("groupsPrefix", facts.lookup(jwt, "claimMappings.groups.prefix", Str(""))),
        ("guarded", facts.bool(has_rules("userValidationRules"), origin.clone())),
        ("emailVerified", facts.bool(verified, origin.clone())),
    ];
    facts.map(&fields, origin)
}
