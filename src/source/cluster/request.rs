//! The requests that a scan may make: built here and nowhere else, so that what is never asked for is held in one place.
//!
//! Secrets are asked for by no verb, and nothing is sent through `nodes/proxy`, which would reach `exec`. Sending is
//! `api`'s business.

use std::fmt;

use http::Request;
use http::header::{ACCEPT, HeaderValue};
use kube::core::params::{GetParams, ListParams, PostParams};

use crate::source::{Resource, Wants};

/// Objects in one page.
const PAGE: u32 = 500;

/// What a discovery request accepts: everything at once, in either version of that form, else the old form.
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
     application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// A request that passed this file.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    request: Request<Vec<u8>>,
}

impl Allowed {
    /// A copy to send.
    pub fn to_http(&self) -> Request<Vec<u8>> {
        self.request.clone()
    }
}

/// A request that is never made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is never asked for", self.0)
    }
}

/// Which part of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Part<'a> {
    /// Only this namespace.
    pub namespace: Option<&'a str>,
    /// Only what this label selector picks.
    pub selector: Option<&'a str>,
    /// Where to go on.
    pub token: Option<&'a str>,
}

/// One page of a list.
pub(super) fn list(resource: &Resource, part: &Part<'_>) -> Result<Allowed, Refused> {
    let params = ListParams {
        label_selector: part.selector.map(str::to_string),
        limit: Some(PAGE),
        continue_token: part.token.map(str::to_string),
        ..ListParams::default()
    };
    let url = collection(resource, part.namespace)?;
    built(url.as_str(), kube::core::Request::new(url.as_str()).list(&params))
}

/// One object by its name.
pub(super) fn object(resource: &Resource, namespace: &str, name: &str) -> Result<Allowed, Refused> {
    let url = collection(resource, Some(namespace).filter(|namespace| !namespace.is_empty()))?;
    segment(name)?;
    built(url.as_str(), kube::core::Request::new(url.as_str()).get(name, &GetParams::default()))
}

/// Which groups and resources there are: `/api`, `/apis`, or one version of a group.
pub(super) fn discovery(path: &str) -> Result<Allowed, Refused> {
    let parts: Vec<&str> = path.split('/').collect();
    let known = matches!(parts[..], ["", "api"] | ["", "api", _] | ["", "apis"] | ["", "apis", _, _]);
    if !known {
        return Err(Refused(format!("`{path}`")));
    }
    parts[1..].iter().try_for_each(|part| segment(part))?;
    let mut allowed = built(path, Request::get(path).body(Vec::new()))?;
    allowed.request.headers_mut().insert(ACCEPT, HeaderValue::from_static(DISCOVERY));
    Ok(allowed)
}

/// A path that is no resource.
pub(super) fn plain(path: &str) -> Result<Allowed, Refused> {
    let bare = path.split('?').next().unwrap_or(path);
    let climbs = bare.split('/').any(|part| part == ".." || part == "." || part.contains('%'));
    let first = bare.trim_start_matches('/').split('/').next().unwrap_or("");
    if !path.starts_with('/') || climbs || matches!(first, "" | "api" | "apis") {
        return Err(Refused(format!("`{path}`")));
    }
    built(path, Request::get(path).body(Vec::new()))
}

/// A question about the account itself, which changes nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Review {
    /// Whether it may do something.
    Access,
    /// What it may do in a namespace.
    Rules,
}

/// Asks such a question.
pub(super) fn review(review: Review, body: Vec<u8>) -> Result<Allowed, Refused> {
    let url = match review {
        Review::Access => "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        Review::Rules => "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    };
    built(url, kube::core::Request::new(url).create(&PostParams::default(), body))
}

/// The first of the wants that would be refused.
pub(super) fn check(wants: &Wants) -> Result<(), Refused> {
    wants.resources.iter().try_for_each(|want| allowed_plural(&want.plural))?;
    wants.paths.iter().try_for_each(|path| plain(path).map(drop))
}

fn collection(resource: &Resource, namespace: Option<&str>) -> Result<String, Refused> {
    allowed_plural(&resource.plural)?;
    for part in [&resource.version, &resource.plural] {
        segment(part)?;
    }
    let mut url = match resource.group.as_str() {
        "" => format!("/api/{}", resource.version),
        group => {
            segment(group)?;
            format!("/apis/{group}/{}", resource.version)
        }
    };
    if let Some(namespace) = namespace.filter(|_| resource.namespaced) {
        segment(namespace)?;
        url.push_str("/namespaces/");
        url.push_str(namespace);
    }
    url.push('/');
    url.push_str(&resource.plural);
    Ok(url)
}

/// Names come from discovery, that is from the server: only what cannot change the meaning of a path gets into one.
fn segment(text: &str) -> Result<(), Refused> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    let good = !text.is_empty() && text.chars().all(plain) && text != "." && text != "..";
    if good { Ok(()) } else { Err(Refused(format!("`{text}`"))) }
}

/// A plural with a slash would be a subresource, and of those none is read through the API server.
fn allowed_plural(plural: &str) -> Result<(), Refused> {
    if plural == "secrets" || plural.contains('/') { Err(Refused(format!("`{plural}`"))) } else { Ok(()) }
}

fn built<E>(url: &str, request: Result<Request<Vec<u8>>, E>) -> Result<Allowed, Refused> {
    request.map(|request| Allowed { request }).map_err(|_| Refused(format!("`{url}`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Want;

    fn resource(group: &str, plural: &str, namespaced: bool) -> Resource {
        let text = str::to_string;
        Resource { group: text(group), version: text("v1"), kind: text("Kind"), plural: text(plural), namespaced }
    }

    fn uri(allowed: Result<Allowed, Refused>) -> String {
        allowed.expect("allowed").to_http().uri().to_string()
    }

    #[test]
    fn lists_are_asked_for_page_by_page() {
        let pods = resource("", "pods", true);
        let part = Part { namespace: Some("shop"), selector: Some("app=web"), token: Some("abc") };
        assert_eq!(
            uri(list(&pods, &part)),
            "/api/v1/namespaces/shop/pods?&labelSelector=app%3Dweb&limit=500&continue=abc"
        );
        assert_eq!(
            uri(list(&resource("apps", "deployments", true), &Part::default())),
            "/apis/apps/v1/deployments?&limit=500"
        );
        let nodes = Part { namespace: Some("shop"), ..Part::default() };
        assert_eq!(uri(list(&resource("", "nodes", false), &nodes)), "/api/v1/nodes?&limit=500");
    }

    #[test]
    fn secrets_are_asked_for_by_no_verb() {
        for secrets in [resource("", "secrets", true), resource("example.com", "secrets", true)] {
            assert_eq!(list(&secrets, &Part::default()).err(), Some(Refused("`secrets`".into())));
            assert_eq!(object(&secrets, "shop", "db").err(), Some(Refused("`secrets`".into())));
        }
        let wants = Wants {
            resources: vec![Want { group: String::new(), plural: "secrets".into(), only: Vec::new() }],
            ..Wants::default()
        };
        assert!(check(&wants).is_err());
        assert!(plain("/api/v1/secrets").is_err());
        assert!(plain("//api/v1/secrets").is_err());
        assert!(plain("/x/../api/v1/secrets").is_err());
        assert!(plain("/%61pi/v1/secrets").is_err());
        assert!(discovery("/api/v1/namespaces/shop/secrets").is_err());
        assert!(discovery("/api/v1/secrets").is_err());
    }

    #[test]
    fn nothing_goes_through_a_node_or_another_subresource() {
        for plural in ["nodes/proxy", "pods/exec", "nodes/n1/proxy", "pods/log"] {
            assert!(list(&resource("", plural, false), &Part::default()).is_err(), "{plural}");
        }
        assert!(object(&resource("", "nodes", false), "", "n1/proxy").is_err());
        assert!(object(&resource("", "nodes", false), "", "../secrets").is_err());
        assert!(plain("/api/v1/nodes/n1/proxy/configz").is_err());
    }

    #[test]
    fn a_server_cannot_smuggle_a_path_in_through_discovery() {
        assert!(list(&resource("a/b", "pods", true), &Part::default()).is_err());
        assert!(list(&resource("..", "pods", true), &Part::default()).is_err());
        let part = Part { namespace: Some("x/secrets"), ..Part::default() };
        assert!(list(&resource("", "pods", true), &part).is_err());
    }

    #[test]
    fn health_is_a_plain_path() {
        assert_eq!(uri(plain("/readyz?verbose")), "/readyz?verbose");
        assert_eq!(uri(discovery("/apis/apps/v1")), "/apis/apps/v1");
    }
}
