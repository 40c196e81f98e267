//! HAProxy: sections that send to API servers, their checks and their timing.
//!
//! Source: HAProxy configuration manual: `check`, `default-server`, `inter` (2s), `fall` (3), `option httpchk`,
//! `option ssl-hello-chk`, `http-check connect ssl`, `check-ssl`; `defaults` apply to the sections below them.

use super::{API_PORT, Balancer, Check, Server, names_api};
use crate::syntax::{Origin, View};
use crate::values::haproxy_millis;

/// One line of a section: keyword and arguments.
struct Line<'a> {
    view: View<'a>,
    keyword: &'a str,
    args: Vec<View<'a>>,
}

impl<'a> Line<'a> {
    fn words(&self) -> impl Iterator<Item = &'a str> {
        self.args.iter().filter_map(|arg| arg.str())
    }

    fn has(&self, word: &str) -> bool {
        self.words().any(|arg| arg == word)
    }

    /// The argument after `word`.
    fn after(&self, word: &str) -> Option<View<'a>> {
        let at = self.args.iter().position(|arg| arg.str() == Some(word))?;
        self.args.get(at + 1).copied()
    }

    /// The last argument that the line itself is marked by.
    fn place(&self) -> View<'a> {
        self.args.last().copied().unwrap_or(self.view)
    }
}

struct Section<'a> {
    view: View<'a>,
    kind: &'a str,
    name: &'a str,
    lines: Vec<Line<'a>>,
}

fn section<'a>(view: View<'a>) -> Section<'a> {
    let line = |line: View<'a>| Some((line, line.str_at("keyword")?));
    let lines = view.get("lines").into_iter().flat_map(View::items).filter_map(line);
    Section {
        view,
        kind: view.str_at("section").unwrap_or_default(),
        name: view.str_at("name").unwrap_or_default(),
        lines: lines
            .map(|(view, keyword)| Line {
                view,
                keyword,
                args: view.get("args").into_iter().flat_map(View::items).collect(),
            })
            .collect(),
    }
}

/// Every `backend` and `listen` section with servers.
pub(super) fn read(root: View<'_>) -> Vec<Balancer<'_>> {
    let mut defaults: Option<usize> = None;
    let sections: Vec<Section<'_>> = root.items().map(section).collect();
    let fronted: Vec<&str> =
        sections.iter().filter(|section| section.binds_api()).filter_map(Section::target).collect();
    let mut balancers = Vec::new();
    for (index, current) in sections.iter().enumerate() {
        match current.kind {
            "defaults" => defaults = Some(index),
            "backend" | "listen" => {
                let scope = Scope { section: current, defaults: defaults.map(|index| &sections[index]) };
                balancers.extend(scope.balancer(fronted.contains(&current.name) || current.binds_api()));
            }
            _ => {}
        }
    }
    balancers
}

impl<'a> Section<'a> {
    /// Whether it listens on the API servers' port.
    fn binds_api(&self) -> bool {
        self.lines.iter().any(|line| line.keyword == "bind" && line.words().any(|word| word.ends_with(API_PORT)))
    }

    /// The backend it sends to.
    fn target(&self) -> Option<&'a str> {
        self.lines.iter().find(|line| line.keyword == "default_backend")?.words().next()
    }
}

/// A section over the defaults above it.
struct Scope<'s, 'a> {
    section: &'s Section<'a>,
    defaults: Option<&'s Section<'a>>,
}

impl<'a> Scope<'_, 'a> {
    /// The balancer, if it has servers. `fronted`: clients reach it on the API servers' port.
    fn balancer(&self, fronted: bool) -> Option<Balancer<'a>> {
        let section = self.section;
        let lines = section.lines.iter().filter(|line| line.keyword == "server" || line.keyword == "server-template");
        let servers: Vec<Server<'a>> = lines.filter_map(|line| self.server(line)).collect();
        if servers.is_empty() {
            return None;
        }
        let label = if section.kind == "listen" { "HAProxyListen" } else { "HAProxyBackend" };
        let place = section.view.get("name").or_else(|| section.view.get("section")).unwrap_or(section.view).at();
        let checked = servers.iter().any(|server| server.checked);
        Some(Balancer {
            tool: "haproxy",
            label,
            name: section.name.to_string(),
            place,
            api_server: fronted
                || names_api(section.name)
                || servers.iter().any(|server| server.address.ends_with(API_PORT)),
            check: self.check(checked, Origin::Node(place)),
            path: self.path(),
            detection: checked.then(|| self.detection()).flatten(),
            servers,
            lease: None,
        })
    }

    /// Lines with a keyword: the defaults' first, so that the last one wins.
    fn lines(&self, keyword: &str) -> impl DoubleEndedIterator<Item = &Line<'a>> {
        let defaults = self.defaults.into_iter().flat_map(|section| &section.lines);
        defaults.chain(&self.section.lines).filter(move |line| line.keyword == keyword)
    }

    fn server(&self, line: &Line<'a>) -> Option<Server<'a>> {
        let name = line.args.first()?;
        let by_default = self.lines("default-server").any(|line| line.has("check"));
        let checked = (line.has("check") || by_default) && !line.has("no-check");
        let address =
            line.args.get(if line.keyword == "server" { 1 } else { 2 }).and_then(|arg| arg.str()).unwrap_or_default();
        Some(Server {
            name: name.str().unwrap_or_default(),
            address,
            checked,
            disabled: line.has("disabled"),
            place: name.at(),
        })
    }

    fn option(&self, name: &str) -> Option<&Line<'a>> {
        self.lines("option").rfind(|line| line.words().next() == Some(name))
    }

    fn check(&self, checked: bool, place: Origin) -> (Check, Origin) {
        let at = |line: &Line<'a>| Origin::Node(line.place().at());
        let tls = self.lines("http-check").find(|line| line.has("connect") && line.has("ssl")).is_some()
            || self.section.lines.iter().any(|line| line.has("check-ssl"))
            || self.lines("default-server").any(|line| line.has("check-ssl"));
        match (self.option("httpchk"), self.option("ssl-hello-chk")) {
            _ if !checked => (Check::None, place),
            (Some(line), _) if tls => (Check::Https, at(line)),
            (Some(line), _) => (Check::Http, at(line)),
            (None, Some(line)) => (Check::Tls, at(line)),
            (None, None) => match self.lines("tcp-check").find(|line| line.has("connect") && line.has("ssl")) {
                Some(line) => (Check::Tls, at(line)),
                None => (Check::Tcp, place),
            },
        }
    }

    /// The path that an HTTP check asks.
    fn path(&self) -> Option<String> {
        let sent = self.lines("http-check").filter(|line| line.has("send")).find_map(|line| line.after("uri"));
        let classic = self
            .option("httpchk")
            .and_then(|line| line.args.iter().find(|arg| arg.str().is_some_and(|text| text.starts_with('/'))).copied());
        sent.or(classic).and_then(View::str).map(str::to_string)
    }

    /// `inter` times `fall` of the slowest server.
    fn detection(&self) -> Option<(i64, Origin)> {
        let servers = self.section.lines.iter().filter(|line| line.keyword == "server");
        let slowest = servers.filter(|line| !line.has("disabled")).map(|line| self.detection_of(line));
        slowest.max_by_key(|(millis, _)| *millis)
    }

    fn detection_of(&self, server: &Line<'a>) -> (i64, Origin) {
        let setting = |name: &str| {
            server.after(name).or_else(|| self.lines("default-server").rev().find_map(|line| line.after(name)))
        };
        let interval = setting("inter");
        let millis =
            interval.and_then(View::str).and_then(|text| haproxy_millis(text).ok()).map_or(2000, |millis| millis.0);
        let fall = setting("fall").and_then(View::str).and_then(|text| text.parse::<u64>().ok()).unwrap_or(3);
        let place =
            interval.or_else(|| setting("fall")).or_else(|| server.args.first().copied()).unwrap_or(server.view);
        (i64::try_from(millis.saturating_mul(fall)).unwrap_or(i64::MAX), Origin::Node(place.at()))
    }
}
