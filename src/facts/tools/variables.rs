//! Ansible: inventories (INI and YAML) and the variables of their groups.
//!
//! Precedence, weakest first: variables in the inventory (`all`, then parents, then children), then `group_vars` in the
//! same order, then those of single hosts: in a YAML inventory, then `host_vars`. A value with Jinja in it is unknown, and so
//! is one that some hosts have and others have not. Only files beside the inventory, or in a folder above it, belong to it.

use std::collections::{BTreeMap, BTreeSet};

use super::Reading;
use crate::inventory::Role;
use crate::syntax::{Format, Origin, View};

/// One host.
#[derive(Clone)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its own addresses.
    pub addresses: Vec<String>,
}

/// Variables: name and value.
type Assigned<'a> = Vec<(String, View<'a>)>;

/// One group of an inventory.
#[derive(Default)]
struct Group<'a> {
    hosts: Vec<Host>,
    children: Vec<String>,
    variables: Vec<(String, View<'a>)>,
    place: Option<Origin>,
}

/// An inventory.
#[derive(Default)]
pub struct Hosts<'a> {
    groups: BTreeMap<String, Group<'a>>,
    /// Variables of single hosts.
    own: BTreeMap<String, Assigned<'a>>,
}

/// Variables of hosts that hold addresses.
const ADDRESSES: &[&str] = &["ansible_host", "ip", "access_ip", "ansible_ssh_host"];

/// Deepest nesting of groups that is followed.
const DEPTH: usize = 8;

impl<'a> Hosts<'a> {
    /// Reads an inventory in either form.
    pub fn read(format: Format, root: View<'a>) -> Option<Hosts<'a>> {
        let mut hosts = Hosts::default();
        match format {
            Format::Ini => root.items().for_each(|section| hosts.section(section)),
            Format::Yaml if root.is_map() => hosts.yaml("all", root.get("all")?, None, DEPTH),
            _ => return None,
        }
        Some(hosts)
    }

    fn section(&mut self, section: View<'a>) {
        let Some(header) = section.get("section") else { return };
        let title = header.str().unwrap_or_default();
        let (name, role) = title.split_once(':').unwrap_or((title, "hosts"));
        let group = self.groups.entry(name.to_string()).or_default();
        let entries = section.get("entries").into_iter().flat_map(View::items);
        match role {
            "vars" => group.variables.extend(
                entries.filter_map(|entry| Some((entry.str_at("key")?.trim().to_string(), entry.get("value")?))),
            ),
            "children" => group.children.extend(entries.filter_map(line).map(|line| line.trim().to_string())),
            _ => {
                group.place = Some(Origin::Node(header.at()));
                group.hosts.extend(entries.filter_map(line).flat_map(of_line));
            }
        }
        if role == "children" && group.place.is_none() {
            group.place = Some(Origin::Node(header.at()));
        }
    }

    fn yaml(&mut self, name: &str, view: View<'a>, place: Option<Origin>, depth: usize) {
        let section = |key: &str| view.get(key).into_iter().flat_map(View::entries).collect::<Vec<_>>();
        for (host, variables) in section("hosts") {
            let own = variables.entries().map(|(key, value)| (key.to_string(), value));
            self.own.entry(host.to_string()).or_default().extend(own);
        }
        for (host, variables) in section("hosts") {
            let group = self.groups.entry(name.to_string()).or_default();
            let address = |key: &&str| variables.str_at(key).map(str::to_string);
            let addresses = ADDRESSES.iter().filter_map(address).collect();
            group.hosts.extend(expanded(host).into_iter().map(|name| Host { name, addresses: Vec::clone(&addresses) }));
        }
        let group = self.groups.entry(name.to_string()).or_default();
        group.place = group.place.take().or(place);
        group.variables.extend(section("vars").into_iter().map(|(key, value)| (key.to_string(), value)));
        group.children.extend(section("children").iter().map(|(child, _)| (*child).to_string()));
        for (child, inner) in section("children").into_iter().filter(|_| depth > 0) {
            let place = view.get("children").and_then(|children| children.key(child)).map(Origin::Key);
            self.yaml(child, inner, place, depth - 1);
        }
    }

    /// Where a group begins.
    pub fn place(&self, name: &str) -> Option<Origin> {
        self.groups.get(name)?.place.clone()
    }

    /// The hosts of a group and its children, each once.
    pub fn of(&self, name: &str) -> Vec<Host> {
        let mut hosts = Vec::new();
        self.gather(name, DEPTH, &mut hosts);
        let mut seen = BTreeSet::new();
        hosts.retain(|host| seen.insert(host.name.clone()));
        // Addresses often stand beside the name in another group.
        for host in &mut hosts {
            let everywhere = self.groups.values().flat_map(|group| &group.hosts);
            let same = everywhere.filter(|other| other.name == host.name);
            host.addresses = same.flat_map(|other| other.addresses.iter().cloned()).collect();
        }
        hosts
    }

    fn gather(&self, name: &str, depth: usize, hosts: &mut Vec<Host>) {
        let Some(group) = self.groups.get(name).filter(|_| depth > 0) else { return };
        hosts.extend(group.hosts.iter().cloned());
        group.children.iter().for_each(|child| self.gather(child, depth - 1, hosts));
    }

    fn variables(&self, name: &str) -> impl Iterator<Item = &(String, View<'a>)> {
        self.groups.get(name).into_iter().flat_map(|group| &group.variables)
    }
}

fn line(entry: View<'_>) -> Option<&str> {
    entry.str_at("text").or_else(|| entry.str_at("key"))
}

/// The hosts of a line of an INI inventory.
fn of_line(line: &str) -> Vec<Host> {
    let line = line.split(" #").next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default();
    let pairs = words.filter_map(|word| word.split_once('='));
    let addresses: Vec<String> =
        pairs.filter(|(key, _)| ADDRESSES.contains(key)).map(|(_, value)| value.to_string()).collect();
    expanded(name).into_iter().map(|name| Host { name, addresses: addresses.clone() }).collect()
}

/// `node[1:3]` is three hosts.
fn expanded(name: &str) -> Vec<String> {
    let range = name.split_once('[').and_then(|(before, rest)| {
        let (range, after) = rest.split_once(']')?;
        let (first, last) = range.split_once(':')?;
        let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        Some((first..=last).map(|number| format!("{before}{number}{after}")).collect())
    });
    range.unwrap_or_else(|| vec![name.to_string()])
}

/// The variables of some groups, strongest last.
pub struct Variables<'a> {
    all: Assigned<'a>,
    /// Names that hosts disagree on.
    mixed: BTreeSet<String>,
    /// The file that most variables of clusters stand in.
    pub home: Option<View<'a>>,
}

impl<'a> Variables<'a> {
    /// The variables that `nodes` see, whose groups are given from the outermost to the innermost.
    pub fn of(reading: &Reading<'a, '_>, hosts: &Hosts<'a>, groups: &[&str], nodes: &[Host]) -> Variables<'a> {
        let mut all: Assigned<'a> = groups.iter().flat_map(|group| hosts.variables(group)).cloned().collect();
        let mut home = None;
        let files = files(reading);
        for group in groups {
            for (_, file) in files.iter().filter(|(path, _)| is_of(path, "group_vars/", group)) {
                home = Some(*file);
                all.extend(file.entries().map(|(name, value)| (name.to_string(), value)));
            }
        }
        let mut variables = Variables { all, mixed: BTreeSet::new(), home };
        variables.add_hosts(hosts, &files, nodes);
        variables
    }

    /// What single hosts say, where they agree.
    fn add_hosts(&mut self, hosts: &Hosts<'a>, files: &[(&'a str, View<'a>)], nodes: &[Host]) {
        let mut said: BTreeMap<String, Vec<View<'a>>> = BTreeMap::new();
        for node in nodes {
            let mut own: BTreeMap<String, View<'a>> =
                hosts.own.get(&node.name).into_iter().flatten().cloned().collect();
            for (_, file) in files.iter().filter(|(path, _)| is_of(path, "host_vars/", &node.name)) {
                own.extend(file.entries().map(|(name, value)| (name.to_string(), value)));
            }
            own.into_iter().for_each(|(name, value)| said.entry(name).or_default().push(value));
        }
        for (name, values) in said {
            let raw = |value: &View<'a>| value.tree().raw(value.at().node).to_string();
            let agreed = values.len() == nodes.len() && values.iter().all(|value| raw(value) == raw(&values[0]));
            if !agreed {
                self.mixed.insert(name.clone());
            }
            self.all.extend(values.first().map(|value| (name, *value)));
        }
    }

    /// Whether some hosts have another value of a variable than others.
    pub fn is_mixed(&self, name: &str) -> bool {
        self.mixed.contains(name)
    }

    /// A variable as it takes effect.
    pub fn get(&self, name: &str) -> Option<View<'a>> {
        self.all.iter().rev().find(|(known, _)| known == name).map(|(_, value)| *value).filter(|value| !value.is_null())
    }
}

/// Whether a file holds variables of a group or a host.
pub fn is_group_file(path: &str) -> bool {
    path.split('/').any(|folder| matches!(folder, "group_vars" | "host_vars"))
}

/// The files of variables that belong to an inventory: beside it, or in a folder above.
fn files<'a>(reading: &Reading<'a, '_>) -> Vec<(&'a str, View<'a>)> {
    let own = reading.inventory.path(reading.id);
    let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
    let belongs = |path: &str| {
        let root = ["group_vars/", "host_vars/"].iter().find_map(|mark| Some(path.rsplit_once(mark)?.0));
        root.is_some_and(|root| root.is_empty() || format!("{folder}/").starts_with(root))
    };
    let is_plain = |id| reading.inventory.document(id).role == Role::Other;
    let files = reading.files().filter(|(id, file)| is_plain(*id) && file.is_map());
    files.map(|(id, file)| (reading.inventory.path(id), file)).filter(|(path, _)| belongs(path)).collect()
}

/// `group_vars/all.yml` and `group_vars/all/anything.yml`; names of hosts may have dots.
fn is_of(path: &str, mark: &str, name: &str) -> bool {
    let Some((_, rest)) = path.rsplit_once(mark) else { return false };
    let rest = rest.split_once('/').map_or(rest, |(folder, _)| folder);
    rest == name || [".yml", ".yaml", ".json"].iter().any(|extension| rest.strip_suffix(extension) == Some(name))
}
