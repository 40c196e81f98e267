//! Components outside pods: systemd units, environment files, `etcd.conf.yml`, KubeSchedulerConfiguration.
//!
//! A unit that names an environment file or a configuration file of the input is one component with it. What is named and
//! not in the input leaves every flag open that nobody sets in sight.

use super::flags::{FlagTable, SetFlag};
use super::words::{self, Setting, Word, base_name, etcd_variable, known_text};
use crate::inventory::{DocumentId, Inventory, Role};
use crate::syntax::{Format, View};
use crate::vocabulary::{Reason, UnknownCode};

/// `key=value` of a unit or an environment file.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    key: &'a str,
    value: View<'a>,
    /// The value line by line, where it has several.
    parts: Option<View<'a>>,
}

/// The entries of a unit's section, or of an environment file (which has none).
fn entries<'a>(root: View<'a>, section: Option<&str>) -> Vec<Entry<'a>> {
    let sections = root.items().filter(|part| part.str_at("section") == section);
    let entries = sections.filter_map(|part| part.get("entries")).flat_map(View::items);
    entries
        .filter_map(|entry| {
            Some(Entry { key: entry.str_at("key")?, value: entry.get("value")?, parts: entry.get("parts") })
        })
        .collect()
}

/// A systemd service.
pub struct Unit<'a> {
    entries: Vec<Entry<'a>>,
}

impl<'a> Unit<'a> {
    /// The unit of a document, with its drop-ins in sight.
    pub fn read(inventory: &'a Inventory, id: DocumentId) -> Unit<'a> {
        let folder = format!("{}.d/", inventory.path(id));
        let drop_ins = in_view(inventory, id).filter(|&other| inventory.path(other).starts_with(&folder));
        let files = std::iter::once(id).chain(drop_ins);
        let of_file = |file: DocumentId| entries(inventory.document(file).view(inventory.forest()), Some("Service"));
        Unit { entries: files.flat_map(of_file).collect() }
    }

    /// Whether a document is a drop-in of a unit in sight.
    pub fn is_drop_in(inventory: &Inventory, id: DocumentId) -> bool {
        let folder = inventory.path(id).rsplit_once('/').map_or("", |(folder, _)| folder);
        let unit = folder.strip_suffix(".d");
        unit.is_some_and(|unit| in_view(inventory, id).any(|other| inventory.path(other) == unit))
    }

    fn values(&self, key: &'static str) -> impl DoubleEndedIterator<Item = View<'a>> {
        self.entries.iter().filter(move |entry| entry.key == key).map(|entry| entry.value)
    }

    /// What it runs: the last `ExecStart` and the words of its first command.
    pub fn command(&self) -> Option<(View<'a>, Vec<Word<'a>>)> {
        let is_command =
            |entry: &&Entry<'a>| entry.key == "ExecStart" && entry.value.str().is_some_and(|text| !text.is_empty());
        let entry = self.entries.iter().rfind(is_command)?;
        let text = entry.value.str()?.trim_start_matches(['@', '-', ':', '+', '!']);
        let mut words = words::of_unit(text, entry.value);
        place_by_line(&mut words, entry.parts);
        (!words.is_empty()).then_some((entry.value, words))
    }

    /// The names of the environment files.
    fn environment_files(&self) -> impl Iterator<Item = &'a str> {
        self.values("EnvironmentFile").filter_map(View::str).map(|path| path.trim_start_matches('-'))
    }

    /// Its variables, those of environment files in sight last, and why there may be more.
    pub fn variables(&self, inventory: &'a Inventory, id: DocumentId) -> (Vec<(String, View<'a>)>, Option<Reason>) {
        let mut variables = Vec::new();
        for value in self.values("Environment") {
            let pairs = words::of_unit(value.str().unwrap_or_default(), value).into_iter();
            variables
                .extend(pairs.filter_map(|word| word.text.split_once('=').map(|(name, _)| (name.to_string(), value))));
        }
        let mut open = None;
        for path in self.environment_files() {
            match in_sight(inventory, id, path, |format, _| format == Format::EnvFile) {
                Some(file) => {
                    let root = inventory.document(file).view(inventory.forest());
                    variables.extend(entries(root, None).into_iter().map(|entry| (entry.key.to_string(), entry.value)));
                }
                None => open = Some(absent(path)),
            }
        }
        (variables, open)
    }
}

/// Gives each word the line it stands in, unless quotes go over lines.
fn place_by_line<'a>(words: &mut [Word<'a>], parts: Option<View<'a>>) {
    let lines = parts.into_iter().flat_map(View::items);
    let places: Vec<View<'a>> = lines
        .flat_map(|part| {
            let words = words::of_unit(part.str().unwrap_or_default(), part).len();
            std::iter::repeat_n(part, words)
        })
        .collect();
    if places.len() == words.len() {
        words.iter_mut().zip(places).for_each(|(word, place)| word.place = place);
    }
}

/// The text that a variable of a unit has: after its `NAME=` in an `Environment` line, or a whole entry.
fn variable_text(name: &str, value: View<'_>) -> String {
    let text = value.str().unwrap_or_default();
    let assignments = words::of_unit(text, value).into_iter();
    let own = assignments.filter_map(|word| word.text.strip_prefix(name)?.strip_prefix('=').map(str::to_string)).next();
    own.unwrap_or_else(|| text.to_string())
}

/// Words in which the unit's variables are put in their places.
pub fn expanded<'a>(words: Vec<Word<'a>>, variables: &[(String, View<'a>)]) -> Vec<Word<'a>> {
    let mut all = Vec::new();
    for word in words {
        let name = word.text.strip_prefix('$').map(|name| name.trim_matches(['{', '}']));
        match name.and_then(|name| variables.iter().rev().find(|(known, _)| known == name)) {
            Some((name, value)) => {
                all.extend(words::of_unit(&variable_text(name, *value), *value));
            }
            None => all.push(word),
        }
    }
    all
}

/// etcd's flags among variables.
pub fn etcd_variables<'a>(variables: &[(String, View<'a>)]) -> Vec<SetFlag<'a>> {
    let flag = |(name, place): &(String, View<'a>)| {
        Some(SetFlag { name: etcd_variable(name)?, value: Ok(variable_text(name, *place)), place: *place })
    };
    variables.iter().filter_map(flag).collect()
}

/// Variables that only a server has; clients (`ETCD_ENDPOINTS`, `ETCDCTL_…`) have others.
const SERVER_VARIABLES: &[&str] =
    &["ETCD_DATA_DIR", "ETCD_LISTEN_CLIENT_URLS", "ETCD_LISTEN_PEER_URLS", "ETCD_INITIAL_CLUSTER"];

/// The flags of an environment file that describes an etcd server, and where it begins.
pub fn etcd_env_file(root: View<'_>) -> Option<(Setting<'_>, View<'_>)> {
    let variables: Vec<(String, View<'_>)> =
        entries(root, None).into_iter().map(|entry| (entry.key.to_string(), entry.value)).collect();
    let first = variables.iter().find(|(name, _)| SERVER_VARIABLES.contains(&name.as_str()))?.1;
    Some((Setting { flags: etcd_variables(&variables), open: None }, first))
}

/// Keys of `etcd.conf.yml` by which the file is recognised; two of them must be there.
const SERVER_KEYS: &[&str] = &[
    "data-dir",
    "listen-client-urls",
    "listen-peer-urls",
    "initial-cluster",
    "advertise-client-urls",
    "initial-cluster-state",
];

/// The flags of an `etcd.conf.yml`. TLS stands in two sections whose keys are flags without their prefix.
pub fn etcd_conf(root: View<'_>) -> Option<Setting<'_>> {
    if !root.is_map() || SERVER_KEYS.iter().filter(|key| root.get(key).is_some()).count() < 2 {
        return None;
    }
    let mut flags = Vec::new();
    for (prefix, section) in
        [("", Some(root)), ("", root.get("client-transport-security")), ("peer-", root.get("peer-transport-security"))]
    {
        let fields =
            section.into_iter().flat_map(View::entries).filter(|(_, value)| !value.is_map() && !value.is_null());
        flags.extend(fields.map(|(key, place)| SetFlag {
            name: format!("{prefix}{key}"),
            value: known_text(place),
            place,
        }));
    }
    Some(Setting { flags, open: words::openness(root) })
}

/// What the configuration file of a component says, as flags.
pub fn of_fields<'a>(table: &FlagTable, component: &str, root: View<'a>) -> Setting<'a> {
    let flag = |(name, path): (&str, &str)| {
        let place = root.path(path).filter(|value| !value.is_null())?;
        // The kubelet puts its default in the place of a zero duration in its file (`SetDefaults_KubeletConfiguration`), and
        // kubeadm writes zero for all that nobody set.
        let unset = component == "kubelet" && place.str().is_some_and(is_zero_duration);
        (!(unset && table.lasts_by_default(component, name))).then_some(())?;
        Some(SetFlag { name: name.to_string(), value: known_text(place), place })
    };
    Setting { flags: table.fields(component).filter_map(flag).collect(), open: words::openness(root) }
}

/// `0s`, `0m0s`
fn is_zero_duration(text: &str) -> bool {
    text.ends_with(['s', 'm', 'h']) && text.starts_with('0') && text.bytes().all(|byte| b"0hms".contains(&byte))
}

/// The kind of a component's configuration file.
pub fn configuration_kind(component: &str) -> Option<&'static str> {
    match component {
        "kube-scheduler" => Some("KubeSchedulerConfiguration"),
        "kube-proxy" => Some("KubeProxyConfiguration"),
        "kubelet" => Some("KubeletConfiguration"),
        _ => None,
    }
}

/// The configuration file that `--config`, or etcd's `--config-file`, names: what it sets, if it is in sight.
pub fn configuration<'a>(
    inventory: &'a Inventory,
    table: &FlagTable,
    id: DocumentId,
    component: &str,
    own: &Setting<'a>,
) -> Option<Setting<'a>> {
    let flag = if component == "etcd" { "config-file" } else { "config" };
    let named = own.flags.iter().rev().find(|set| set.name == flag).filter(|_| table.knows(component, flag))?;
    let path = named.value.clone().unwrap_or_default();
    let found = match component {
        "etcd" => in_sight(inventory, id, &path, |format, role| format == Format::Yaml && role == Role::Other),
        _ => only_configuration(inventory, id, component, &path),
    };
    let Some(root) = found.map(|file| inventory.document(file).view(inventory.forest())) else {
        return Some(Setting { flags: Vec::new(), open: Some(absent(&path)) });
    };
    match component {
        "etcd" => etcd_conf(root).or_else(|| Some(Setting { flags: Vec::new(), open: Some(absent(&path)) })),
        _ => Some(of_fields(table, component, root)),
    }
}

/// The configuration file of a component that a document names: the one of that file name, else the only one in sight.
pub fn only_configuration(inventory: &Inventory, id: DocumentId, component: &str, path: &str) -> Option<DocumentId> {
    let kind = configuration_kind(component)?;
    let all: Vec<DocumentId> = inventory.of_kind(kind, inventory.document(id).environment).collect();
    let named = all.iter().copied().filter(|&file| base_name(inventory.path(file)) == base_name(path));
    let here = inventory.path(id);
    let nearest = named.max_by_key(|&file| (shared_folders(here, inventory.path(file)), std::cmp::Reverse(file)));
    nearest.or_else(|| all.first().copied().filter(|_| all.len() == 1))
}

/// The document of an environment whose file has the name of `path`; the nearest one where several have.
fn in_sight(
    inventory: &Inventory,
    id: DocumentId,
    path: &str,
    fits: impl Fn(Format, Role) -> bool,
) -> Option<DocumentId> {
    let all = in_view(inventory, id).filter(|&other| {
        let document = inventory.document(other);
        fits(document.format, document.role) && base_name(inventory.path(other)) == base_name(path)
    });
    let here = inventory.path(id);
    all.max_by_key(|&other| (shared_folders(here, inventory.path(other)), std::cmp::Reverse(other)))
}

/// The documents that one document's environment sees.
pub fn in_view(inventory: &Inventory, id: DocumentId) -> impl Iterator<Item = DocumentId> {
    let visible = &inventory.environments()[inventory.document(id).environment.index()].visible;
    visible.iter().flat_map(|environment| inventory.members(*environment)).copied()
}

/// How many folders two paths have in common.
fn shared_folders(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other).count()
}

/// Whether a unit or a pod of the environment names this file, so that it is described there.
pub fn is_named(inventory: &Inventory, id: DocumentId) -> bool {
    let format = inventory.document(id).format;
    let name = base_name(inventory.path(id));
    let means = |from: DocumentId| in_sight(inventory, from, name, |other, _| other == format) == Some(id);
    in_view(inventory, id).any(|other| names_file(inventory, other, name) && means(other))
}

fn names_file(inventory: &Inventory, id: DocumentId, name: &str) -> bool {
    let document = inventory.document(id);
    match document.format {
        Format::SystemdUnit => {
            let unit = Unit::read(inventory, id);
            let by_flag = || unit.command().is_some_and(|(_, words)| has_config_file(&words, name));
            unit.environment_files().any(|path| base_name(path) == name) || by_flag()
        }
        _ if document.kind() == "Pod" => {
            let root = document.view(inventory.forest());
            let containers = root.path("spec.containers").into_iter().flat_map(View::items);
            containers.into_iter().any(|container| has_config_file(&words::of_container(container), name))
        }
        _ => false,
    }
}

fn has_config_file(words: &[Word<'_>], name: &str) -> bool {
    let mut paths = words.iter().map(|word| word.text.rsplit('=').next().unwrap_or(&word.text));
    words.iter().any(|word| word.text.contains("config-file")) && paths.any(|path| base_name(path) == name)
}

fn absent(path: &str) -> Reason {
    Reason::new(UnknownCode::Partial, format!("`{path}` is not in the input"))
}
