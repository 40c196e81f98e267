//! HAProxy: sections that send to API servers, their checks and their timing.
//!
//! Source: HAProxy configuration manual: `check`, `default-server`, `inter` (2s), `fall` (3), `option httpchk`,
//! `option ssl-hello-chk`, `http-check connect ssl`, `check-ssl`; `defaults` apply to the sections below them.

use super::passage::Passage;
use super::{API_PORT, Balancer, Check, Detection, Server, names_api};
use crate::syntax::{Origin, View};
use crate::values::haproxy_millis;
use crate::vocabulary::{Reason, UnknownCode};

/// `option`s that set how servers are checked; the last one wins.
const CHECK_TYPES: &[&str] = &["httpchk", "ssl-hello-chk", "tcp-check", "ldap-check", "mysql-check", "pgsql-check"];

/// Milliseconds between checks, and failed ones until a server is out.
const DEFAULT_INTER: u64 = 2000;
const DEFAULT_FALL: u64 = 3;

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
    /// The defaults section that it names.
    from: Option<&'a str>,
    lines: Vec<Line<'a>>,
}

fn section<'a>(view: View<'a>) -> Section<'a> {
    let line = |line: View<'a>| Some((line, line.str_at("keyword")?));
    let lines = view.get("lines").into_iter().flat_map(View::items).filter_map(line);
    let mut words = view.get("args").into_iter().flat_map(View::items).filter_map(View::str);
    Section {
        view,
        from: words.find(|word| *word == "from").and_then(|_| words.next()),
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
pub(super) fn read<'a>(root: View<'a>) -> Vec<Balancer<'a>> {
    let mut defaults: Option<usize> = None;
    let sections: Vec<Section<'a>> = root.items().map(section).collect();
    let fronted: Vec<&str> =
        sections.iter().filter(|section| section.fronts_api()).flat_map(Section::targets).collect();
    let mut balancers = Vec::new();
    for (index, current) in sections.iter().enumerate() {
        match current.kind {
            "defaults" => defaults = Some(index),
            "backend" | "listen" => {
                let named = current.from.and_then(|name| {
                    sections.iter().position(|section| section.kind == "defaults" && section.name == name)
                });
                let scope = Scope { section: current, defaults: named.or(defaults).map(|index| &sections[index]) };
                let fronts: Vec<Scope<'_, 'a>> = frontends(&sections, current.name);
                balancers.extend(scope.balancer(fronted.contains(&current.name) || current.fronts_api(), &fronts));
            }
            _ => {}
        }
    }
    balancers
}

/// The frontends that send to a backend, over their defaults.
fn frontends<'s, 'a>(sections: &'s [Section<'a>], backend: &str) -> Vec<Scope<'s, 'a>> {
    let mut defaults = None;
    let mut found = Vec::new();
    for section in sections {
        match section.kind {
            "defaults" => defaults = Some(section),
            "frontend" if section.targets().contains(&backend) => found.push(Scope { section, defaults }),
            _ => {}
        }
    }
    found
}

impl<'a> Section<'a> {
    /// Whether clients reach API servers through it: by its name, or by the port that it listens on.
    fn fronts_api(&self) -> bool {
        let binds = |line: &Line<'_>| line.keyword == "bind" && line.words().any(|word| word.ends_with(API_PORT));
        matches!(self.kind, "frontend" | "listen") && (names_api(self.name) || self.lines.iter().any(binds))
    }

    /// The backends it sends to.
    fn targets(&self) -> Vec<&'a str> {
        let lines = self.lines.iter().filter(|line| matches!(line.keyword, "default_backend" | "use_backend"));
        lines.filter_map(|line| line.words().next()).collect()
    }
}

/// A section over the defaults above it.
struct Scope<'s, 'a> {
    section: &'s Section<'a>,
    defaults: Option<&'s Section<'a>>,
}

impl<'a> Scope<'_, 'a> {
    /// The balancer, if it has servers. `fronted`: clients reach it on the API servers' port.
    fn balancer(&self, fronted: bool, fronts: &[Scope<'_, 'a>]) -> Option<Balancer<'a>> {
        let section = self.section;
        let lines = section.lines.iter().filter(|line| line.keyword == "server" || line.keyword == "server-template");
        let servers: Vec<Server<'a>> = lines.filter_map(|line| self.server(line)).collect();
        if servers.is_empty() {
            return None;
        }
        let label = if section.kind == "listen" { "HAProxyListen" } else { "HAProxyBackend" };
        let place = section.view.get("name").or_else(|| section.view.get("section")).unwrap_or(section.view).at();
        let checked = servers.iter().any(|server| server.checked != Ok(false));
        Some(Balancer {
            api_server: fronted
                || names_api(section.name)
                || servers.iter().any(|server| server.address.ends_with(API_PORT)),
            check: self.check(checked, Origin::Node(place)),
            path: self.path(),
            other_port: checked && self.checks_other_port(),
            detection: checked.then(|| self.detection()).flatten(),
            servers,
            passage: Passage { terminates_tls: self.terminates_tls(fronts), idle: self.idle(fronts) },
            ..Balancer::new("haproxy", label, section.name, place)
        })
    }

    /// Lines with a keyword: the defaults' first, so that the last one wins.
    fn lines(&self, keyword: &str) -> impl DoubleEndedIterator<Item = &Line<'a>> {
        let defaults = self.defaults.into_iter().flat_map(|section| &section.lines);
        defaults.chain(&self.section.lines).filter(move |line| line.keyword == keyword)
    }

    /// Where it shows that HAProxy speaks TLS itself (`bind … ssl`), or HTTP.
    fn terminates_tls(&self, fronts: &[Scope<'_, 'a>]) -> Option<Origin> {
        let scopes = || std::iter::once(self).chain(fronts);
        let binds = scopes().flat_map(|scope| &scope.section.lines).filter(|line| line.keyword == "bind");
        let tls = binds.flat_map(|line| &line.args).find(|arg| arg.str() == Some("ssl"));
        let http = || {
            scopes().find_map(|scope| {
                let mode = scope.lines("mode").next_back()?;
                mode.has("http").then(|| mode.place())
            })
        };
        tls.copied().or_else(http).map(|place| Origin::Node(place.at()))
    }

    /// The shortest of `timeout client` and `timeout server`, unless `timeout tunnel` takes over.
    fn idle(&self, fronts: &[Scope<'_, 'a>]) -> Option<(i64, String, Origin)> {
        let timeout = |scope: &Scope<'_, 'a>, name: &str| {
            let line = scope.lines("timeout").rfind(|line| line.words().next() == Some(name))?;
            let value = *line.args.get(1)?;
            let millis = i64::try_from(haproxy_millis(value.str()?).ok()?.0).ok()?;
            Some((millis, value.str()?.to_string(), Origin::Node(value.at())))
        };
        let scopes = || std::iter::once(self).chain(fronts);
        if let Some(tunnel) = scopes().find_map(|scope| timeout(scope, "tunnel")) {
            return Some(tunnel);
        }
        let client = scopes().filter_map(|scope| timeout(scope, "client"));
        client.chain(timeout(self, "server")).min_by_key(|(millis, _, _)| *millis)
    }

    fn server(&self, line: &Line<'a>) -> Option<Server<'a>> {
        let name = line.args.first()?;
        let address = line.args.get(if line.keyword == "server" { 1 } else { 2 }).and_then(|arg| arg.str());
        Some(Server {
            name: name.str().unwrap_or_default(),
            address: address.unwrap_or_default(),
            checked: self.checked(line),
            disabled: self.last(line, "disabled", "enabled"),
            count: if line.keyword == "server" { 1 } else { template_size(line) },
            problem: None,
            place: name.at(),
        })
    }

    fn checked(&self, line: &Line<'a>) -> Result<bool, Reason> {
        let variable = || line.args.iter().skip(2).find_map(|arg| arg.unknown().cloned());
        let checked = self.last(line, "check", "no-check");
        if checked { Ok(true) } else { variable().map_or(Ok(false), Err) }
    }

    /// The `default-server` lines that apply to a server: those of the defaults, and those above it in the section.
    fn server_defaults(&self, server: &Line<'a>) -> impl DoubleEndedIterator<Item = &Line<'a>> {
        let below = server.view.span().start;
        let own = self.section.lines.iter().filter(move |line| line.view.span().start < below);
        let inherited = self.defaults.into_iter().flat_map(|section| &section.lines);
        inherited.chain(own).filter(|line| line.keyword == "default-server")
    }

    /// Whether a server is switched `on`: the last word wins, defaults first.
    fn last(&self, server: &Line<'a>, on: &str, off: &str) -> bool {
        let words = self.server_defaults(server).flat_map(Line::words).chain(server.words());
        words.fold(false, |so_far, word| word == on || (so_far && word != off))
    }

    fn servers(&self) -> impl Iterator<Item = &Line<'a>> {
        let lines = self.section.lines.iter();
        lines.filter(|line| matches!(line.keyword, "server" | "server-template") && !line.has("disabled"))
    }

    /// The value after a word of a server, or of the defaults that apply to it.
    fn setting(&self, server: &Line<'a>, name: &str) -> Option<View<'a>> {
        server.after(name).or_else(|| self.server_defaults(server).rev().find_map(|line| line.after(name)))
    }

    fn checks_other_port(&self) -> bool {
        self.servers().all(|server| self.setting(server, "port").is_some())
    }

    /// The check type in force: the last `option` that sets one, unless it is taken back.
    fn check_type(&self) -> Option<&Line<'a>> {
        let lines = self.defaults.into_iter().flat_map(|section| &section.lines).chain(&self.section.lines);
        let mut current: Option<&Line<'a>> = None;
        for line in lines {
            let name = line.words().find(|word| *word != "option").unwrap_or_default();
            match line.keyword {
                "option" if CHECK_TYPES.contains(&name) => current = Some(line),
                "no" if line.has("option") && current.is_some_and(|line| line.words().next() == Some(name)) => {
                    current = None;
                }
                _ => {}
            }
        }
        current
    }

    /// Whether HTTP checks speak TLS: by their own line, or by the servers' (`ssl` covers checks too, unless they go to
    /// another port).
    fn is_tls(&self) -> bool {
        let by_servers = || {
            let mut servers = self.servers().peekable();
            servers.peek().is_some()
                && servers.all(|server| {
                    self.last(server, "check-ssl", "no-check-ssl")
                        || (self.last(server, "ssl", "no-ssl") && self.setting(server, "port").is_none())
                })
        };
        let mut connects = self.lines("http-check").filter(|line| line.has("connect")).peekable();
        if connects.peek().is_some() { connects.any(|line| line.has("ssl")) } else { by_servers() }
    }

    fn check(&self, checked: bool, place: Origin) -> (Check, Origin) {
        let at = |line: &Line<'a>| Origin::Node(line.place().at());
        let Some(line) = self.check_type() else {
            return (if checked { Check::Tcp } else { Check::None }, place);
        };
        match line.words().next() {
            _ if !checked => (Check::None, place),
            Some("httpchk") if self.is_tls() => (Check::Https, at(line)),
            Some("httpchk") => (Check::Http, at(line)),
            Some("ssl-hello-chk") => (Check::Tls, at(line)),
            _ => match self.lines("tcp-check").find(|line| line.has("connect") && line.has("ssl")) {
                Some(line) => (Check::Tls, at(line)),
                None => (Check::Tcp, at(line)),
            },
        }
    }

    /// The path that an HTTP check asks.
    fn path(&self) -> Option<String> {
        let sent = self.lines("http-check").filter(|line| line.has("send")).find_map(|line| line.after("uri"));
        let classic = self
            .check_type()
            .filter(|line| line.words().next() == Some("httpchk"))
            .and_then(|line| line.args.iter().find(|arg| arg.str().is_some_and(|text| text.starts_with('/'))).copied());
        sent.or(classic).and_then(View::str).map(str::to_string)
    }

    /// `inter` times `fall` of the slowest server; unknown where one is a placeholder.
    fn detection(&self) -> Option<Detection> {
        let mut all: Vec<Detection> = self.servers().map(|server| self.detection_of(server)).collect();
        let unknown = all.iter().position(|detection| detection.millis.is_err());
        let slowest = || {
            let times =
                all.iter().enumerate().filter_map(|(at, detection)| Some((*detection.millis.as_ref().ok()?, at)));
            times.max_by_key(|&(millis, at)| (millis, std::cmp::Reverse(at))).map(|(_, at)| at)
        };
        let at = unknown.or_else(slowest)?;
        Some(all.swap_remove(at))
    }

    fn detection_of(&self, server: &Line<'a>) -> Detection {
        let (interval, fall) = (self.setting(server, "inter"), self.setting(server, "fall"));
        let unreadable = || Reason::new(UnknownCode::Templated, "`inter` or `fall` is no number yet");
        let millis = interval.map_or(Some(DEFAULT_INTER), |value| Some(haproxy_millis(value.str()?).ok()?.0));
        let times = fall.map_or(Some(DEFAULT_FALL), |value| value.str()?.parse().ok());
        let both = millis.zip(times).map(|(millis, times)| millis.saturating_mul(times));
        let place = interval.or(fall).or_else(|| server.args.first().copied()).unwrap_or(server.view);
        Detection {
            millis: both.map(|millis| i64::try_from(millis).unwrap_or(i64::MAX)).ok_or_else(unreadable),
            origin: Origin::Node(place.at()),
        }
    }
}

/// The servers that a `server-template` makes: `3`, or `1-3`.
fn template_size(line: &Line<'_>) -> i64 {
    let text = line.args.get(1).and_then(|arg| arg.str()).unwrap_or_default();
    let (from, to) = text.split_once('-').unwrap_or(("1", text));
    match (from.parse::<i64>(), to.parse::<i64>()) {
        (Ok(from), Ok(to)) => to - from + 1,
        _ => 1,
    }
}
