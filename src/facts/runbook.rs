//! The `runbook` subject: commands of scripts and Markdown that install, join, upgrade or apply (`data/runbook.yaml`).
//!
//! Only the verbs of the table are looked at, and what stands in variables is unknown. Programs are found behind `sudo`,
//! `ssh host` and the like, because any word may be the program.

use serde::Deserialize;

use super::builder::FactBuilder;
use super::component::{self, ComponentTables};
use super::control_plane::{Joining, node_of_joining};
use super::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Format, Origin, Tree, View};
use crate::values::{Cron, KubeVersion};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId, UnknownCode};

/// The table of verbs and of addresses that are gone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// When the table was last checked.
    pub date: String,
    verbs: Vec<Vec<String>>,
    dead: Vec<Dead>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dead {
    contains: Vec<String>,
    since: u32,
    now: String,
}

impl Runbook {
    /// The table that is compiled in.
    pub fn load() -> Result<Runbook, String> {
        serde_saphyr::from_str(include_str!("../../data/runbook.yaml"))
            .map_err(|error| format!("data/runbook.yaml: {error}"))
    }

    /// The verb of a command, and the words after it.
    fn verb<'r, 'a>(&'r self, words: &[View<'a>]) -> Option<(&'r [String], Vec<View<'a>>)> {
        words.iter().enumerate().find_map(|(at, word)| {
            let program = word.str()?.rsplit('/').next()?;
            let plain: Vec<&str> =
                words[at + 1..].iter().filter_map(|word| word.str()).filter(|word| !word.starts_with('-')).collect();
            let follows = |verb: &[String]| plain.iter().copied().take(verb.len()).eq(verb.iter().map(String::as_str));
            // etcd's tools are mostly called with flags and their values first.
            let anywhere =
                |verb: &[String]| program.starts_with("etcd") && verb.iter().all(|word| plain.contains(&word.as_str()));
            let verb =
                self.verbs.iter().find(|verb| verb[0] == program && (follows(&verb[1..]) || anywhere(&verb[1..])))?;
            let rest: Vec<View<'a>> = words[at + 1..].to_vec();
            Some((verb.as_slice(), rest))
        })
    }

    /// Where a manifest went, if its address is gone.
    fn dead(&self, url: &str) -> Option<&str> {
        let minor =
            url.split('/').filter(|part| part.starts_with('v')).find_map(|part| part.parse::<KubeVersion>().ok());
        let row = self.dead.iter().find(|row| row.contains.iter().all(|text| url.contains(text.as_str())))?;
        minor.is_none_or(|version| version.major > 0 || version.minor >= row.since).then_some(row.now.as_str())
    }
}

/// One command with a verb of the table.
struct Step<'r, 'a> {
    verb: &'r [String],
    rest: Vec<View<'a>>,
    first: Option<View<'a>>,
    place: NodeRef,
}

impl<'a> Step<'_, 'a> {
    fn is(&self, words: &[&str]) -> bool {
        self.verb.iter().map(String::as_str).eq(words.iter().copied())
    }

    /// Whether a word stands among its arguments.
    fn says(&self, wanted: &str) -> bool {
        self.rest.iter().any(|word| word.str() == Some(wanted))
    }

    /// The value of a flag, after a space or an equals sign.
    fn flag(&self, name: &str) -> Option<View<'a>> {
        self.rest.iter().enumerate().find_map(|(at, word)| match word.str()?.strip_prefix(name)? {
            "" => self.rest.get(at + 1).copied(),
            value => value.starts_with('=').then_some(*word),
        })
    }

    /// How the node of a `kubeadm init` or `join` comes in, where that is worth a word.
    fn joining(&self) -> Option<Joining> {
        let unchecked = self.rest.iter().find(|word| word.str().is_some_and(skips_ca));
        let words = self.rest.iter().enumerate().filter_map(|(at, word)| {
            let value = word.str()?.strip_prefix("--ignore-preflight-errors")?;
            let (text, place) = match value.strip_prefix('=') {
                Some(value) => (value, *word),
                None => (self.rest.get(at + 1)?.str()?, *self.rest.get(at + 1)?),
            };
            Some((text, Origin::Node(place.at())))
        });
        let ignored = Joining::ignoring(words);
        let verifies = unchecked.map(|word| (false, Origin::Node(word.at())));
        let socket = self.flag("--cri-socket").and_then(|word| {
            let text = word.str()?;
            Some((text.strip_prefix("--cri-socket=").unwrap_or(text).to_string(), Origin::Node(word.at())))
        });
        let comes_in = self.is(&["kubeadm", "join"]) || self.is(&["kubeadm", "init"]);
        let joining = Joining { verifies, ignored, socket };
        (comes_in && !joining.is_empty()).then_some(joining)
    }

    /// The version of Kubernetes that it names: text and place.
    fn version(&self) -> Option<(&'a str, View<'a>)> {
        let after_equals = |word: View<'a>| Some((word.str()?.rsplit('=').next()?, word));
        if self.is(&["kubeadm", "upgrade", "apply"]) {
            let plain: Vec<View<'a>> = self
                .rest
                .iter()
                .copied()
                .filter(|word| word.str().is_some_and(|word| !word.starts_with('-')))
                .collect();
            let word = *plain.get(2)?;
            return Some((word.str()?, word));
        }
        self.is(&["kubeadm", "init"]).then(|| self.flag("--kubernetes-version").and_then(after_equals)).flatten()
    }

    /// `kubeadm=1.36.2-1.1` and `kubeadm-1.36.2` among the packages: the minor.
    fn kubeadm_package(&self) -> Option<i64> {
        self.rest.iter().filter_map(|word| word.str()).find_map(|word| {
            let version = word.strip_prefix("kubeadm")?.trim_start_matches(['=', '-']);
            minor(version.split(['-', '*']).next()?)
        })
    }
}

/// `--discovery-token-unsafe-skip-ca-verification`, unless it is switched off.
fn skips_ca(word: &str) -> bool {
    word.strip_prefix("--discovery-token-unsafe-skip-ca-verification")
        .is_some_and(|rest| rest.is_empty() || rest == "=true")
}

/// The minor of a version of Kubernetes 1, cut off or with a wildcard at its end.
fn minor(text: &str) -> Option<i64> {
    component::minor(text.trim_end_matches(['.', '*']))
}

/// The commands of a script or Markdown file, word by word; `None` for any other document.
pub fn commands(inventory: &Inventory, id: DocumentId) -> Option<Vec<Vec<View<'_>>>> {
    let document = inventory.document(id);
    if !matches!(document.format, Format::Shell | Format::Markdown) {
        return None;
    }
    let commands = document.view(inventory.forest()).get("commands")?.items();
    Some(commands.map(|command| command.get("words").into_iter().flat_map(View::items).collect()).collect())
}

/// The steps of a script or Markdown file, each a subject; and the releases that they name.
pub fn build(
    inventory: &Inventory,
    table: &Runbook,
    tables: &ComponentTables,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let commands = commands(inventory, id)?;
    let steps: Vec<Step<'_, '_>> = commands
        .iter()
        .filter_map(|words| {
            let (verb, rest) = table.verb(words)?;
            Some(Step { verb, rest, first: words.first().copied(), place: words.first()?.at() })
        })
        .collect();
    if steps.is_empty() {
        return None;
    }
    let held = holds_kubelet(&commands);
    let mut reading = Reading {
        inventory,
        id,
        tree,
        table,
        tables,
        held,
        every: every(inventory, id),
        facts: FactBuilder::new(tree, steps[0].place),
        subjects: Vec::new(),
    };
    let (mut from, mut kubeadm) = (reading.cluster_minor(), None);
    for step in &steps {
        kubeadm = step.kubeadm_package().or(kubeadm);
        reading.step(step, from, kubeadm);
        from = step.version().and_then(|(text, _)| minor(text)).or(from);
    }
    Some((reading.facts.finish(), reading.subjects))
}

/// Whether anything keeps the kubelet's package from being upgraded on the way.
fn holds_kubelet(commands: &[Vec<View<'_>>]) -> bool {
    commands.iter().any(|words| {
        let mut texts = words.iter().filter_map(|word| word.str());
        let has = |wanted: &str| words.iter().any(|word| word.str() == Some(wanted));
        (has("apt-mark") && has("hold"))
            || has("versionlock")
            || texts.any(|text| text.starts_with("--disableexcludes") || text.starts_with("--setopt=disable_excludes"))
    })
}

struct Reading<'a> {
    inventory: &'a Inventory,
    id: DocumentId,
    tree: TreeId,
    table: &'a Runbook,
    tables: &'a ComponentTables,
    held: bool,
    every: Option<i64>,
    facts: FactBuilder,
    subjects: Vec<Subject>,
}

/// Seconds between two runs of the CronJob that a script belongs to.
fn every(inventory: &Inventory, id: DocumentId) -> Option<i64> {
    let job = inventory.holder(id)?;
    let root = inventory.document(job).view(inventory.forest());
    let cron = root.str_at("spec.schedule")?.parse::<Cron>().ok()?;
    i64::try_from(cron.longest_gap()?).ok()
}

impl Reading<'_> {
    /// The minor of the only cluster in sight.
    fn cluster_minor(&self) -> Option<i64> {
        let environment = self.inventory.document(self.id).environment;
        let mut clusters = self.inventory.of_kind("ClusterConfiguration", environment);
        let cluster = clusters.next().filter(|_| clusters.next().is_none())?;
        minor(self.inventory.document(cluster).view(self.inventory.forest()).str_at("kubernetesVersion")?)
    }

    fn add(&mut self, kind: SubjectKind, node: NodeId) {
        let subject = Subject::of(kind, NodeRef { tree: self.tree, node }, self.inventory, self.id);
        let name = self.inventory.path(self.id).rsplit('/').next().unwrap_or_default().to_string();
        self.subjects.push(Subject { label: "Runbook".into(), name: name.into(), ..subject });
    }

    fn step(&mut self, step: &Step<'_, '_>, from: Option<i64>, kubeadm: Option<i64>) {
        let place = Origin::Node(step.place);
        let version = self.version(step);
        if let (Some(node), Some((text, _))) = (version, step.version())
            && !is_variable(text)
        {
            let origin = Origin::Node(step.place);
            let what = self.facts.str("runbook", origin.clone());
            let release = self.facts.map(&[("what", what), ("release", node)], origin);
            self.add(SubjectKind::Release, release);
        }
        let version = version.unwrap_or_else(|| self.facts.null(place.clone()));
        let urls = self.urls(step);
        let installs = step.rest.iter().find(|word| word.str().is_some_and(is_kubelet_package));
        let installs =
            installs.filter(|_| step.verb.last().is_some_and(|word| word == "install") && step.verb[0] != "helm");
        let kubelet = installs.map_or(place.clone(), |word| Origin::Node(word.at()));
        let chart = self.chart(step);
        let fields = [
            ("verb", self.facts.str(&step.verb.join(" "), place.clone())),
            ("version", version),
            ("from", self.facts.opt_int(from, place.clone())),
            ("kubeadm", self.facts.opt_int(kubeadm, place.clone())),
            ("urls", urls),
            ("unpinnedChart", chart),
            ("installsKubelet", self.facts.bool(installs.is_some(), kubelet)),
            ("held", self.facts.bool(self.held, place.clone())),
            ("every", self.facts.opt_int(self.every, place.clone())),
            ("wholeCluster", self.facts.bool(step.says("--cluster"), place.clone())),
        ];
        let node = self.facts.map(&fields, place);
        self.add(SubjectKind::Runbook, node);
        if let (Some(joining), Some(word)) = (step.joining(), step.first) {
            let node = node_of_joining(&mut self.facts, "runbook", word, joining);
            self.add(SubjectKind::Node, node);
        }
    }

    fn version(&mut self, step: &Step<'_, '_>) -> Option<NodeId> {
        let (text, word) = step.version()?;
        let origin = Origin::Node(word.at());
        Some(match is_variable(text) {
            true => self
                .facts
                .unknown(Reason::new(UnknownCode::Templated, format!("only the shell knows `{text}`")), origin),
            false => self.tables.releases.kubernetes(&mut self.facts, text, &origin),
        })
    }

    /// Addresses of manifests: `{text, moving, goneTo}`.
    fn urls(&mut self, step: &Step<'_, '_>) -> NodeId {
        let mut nodes = Vec::new();
        let applied = step.verb[0] == "kubectl";
        for word in step.rest.iter().filter(|_| applied) {
            let Some(text) = word.str() else { continue };
            let Some(at) = text.find("http://").or_else(|| text.find("https://")) else { continue };
            let url = &text[at..];
            let origin = Origin::Node(word.at());
            let gone = self.table.dead(url);
            let fields = [
                ("text", self.facts.str(url, origin.clone())),
                ("moving", self.facts.opt_str(moving(url), origin.clone())),
                ("goneTo", self.facts.opt_str(gone, origin.clone())),
            ];
            nodes.push(self.facts.map(&fields, origin));
        }
        self.facts.list_at(&nodes, Origin::Node(step.place))
    }

    /// Whether a chart of a repository is installed without `--version`.
    fn chart(&mut self, step: &Step<'_, '_>) -> NodeId {
        let chart = step.rest.iter().filter(|_| step.verb[0] == "helm").find(|word| {
            word.str().is_some_and(|text| {
                text.contains('/')
                    && !text.starts_with(['.', '/', '-', '$', '~'])
                    && !text.ends_with(".tgz")
                    && (text.starts_with("oci://") || text.matches('/').count() == 1)
                    && !text.contains('=')
            })
        });
        let pinned = step.flag("--version").is_some();
        let origin = Origin::Node(chart.map_or(step.place, |word| word.at()));
        self.facts.bool(chart.is_some() && !pinned, origin)
    }
}

fn is_variable(text: &str) -> bool {
    text.contains(['$', '{', '<', '`'])
}

/// `kubelet`, `kubelet=1.36.2-1.1`, `kubelet-1.36.2`.
fn is_kubelet_package(word: &str) -> bool {
    word.strip_prefix("kubelet").is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '-']))
}

/// Why an address means something else tomorrow: a `branch`, or the `latest` release.
fn moving(url: &str) -> Option<&'static str> {
    if url.contains("/releases/latest/") || url.contains("/latest/") {
        return Some("latest");
    }
    let branches = ["/master/", "/main/", "/HEAD/", "/refs/heads/"];
    branches.iter().any(|branch| url.contains(branch)).then_some("branch")
}

/// The releases of Kubernetes that an object names.
pub fn releases(
    inventory: &Inventory,
    tables: &ComponentTables,
    id: DocumentId,
    tree: TreeId,
) -> Option<(Tree, Vec<Subject>)> {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let paths = VERSIONS.iter().filter(|(kind, _)| *kind == document.kind());
    let value = paths.filter_map(|(_, path)| root.path(path)).next()?;
    let group = document.key.as_ref().map(|key| &*key.group).unwrap_or_default();
    if document.kind() == "Cluster" && !group.starts_with("kops") && !group.starts_with("cluster.x-k8s.io") {
        return None;
    }
    let mut facts = FactBuilder::new(tree, super::anchor(root));
    let node = release(&mut facts, tables, value)?;
    let subject = Subject::of(SubjectKind::Release, NodeRef { tree, node }, inventory, id);
    Some((facts.finish(), vec![subject]))
}

/// The release that a value names.
pub fn release(facts: &mut FactBuilder, tables: &ComponentTables, value: View<'_>) -> Option<NodeId> {
    let origin = Origin::Node(value.at());
    let release = match (value.str(), value.unknown()) {
        (Some(text), _) if !is_variable(text) => tables.releases.kubernetes(facts, text, &origin),
        (_, Some(reason)) => facts.unknown(reason.clone(), origin.clone()),
        (Some(text), _) => {
            facts.unknown(Reason::new(UnknownCode::Templated, format!("`{text}` is no version yet")), origin.clone())
        }
        _ => return None,
    };
    let what = facts.str("cluster", origin.clone());
    Some(facts.map(&[("what", what), ("release", release)], origin))
}

/// Kinds with the path of the version of Kubernetes that they ask for.
const VERSIONS: &[(&str, &str)] = &[
    ("ClusterConfiguration", "kubernetesVersion"),
    ("UpgradeConfiguration", "apply.kubernetesVersion"),
    ("KubeadmControlPlane", "spec.version"),
    ("RKE2ControlPlane", "spec.version"),
    ("KThreesControlPlane", "spec.version"),
    ("TalosControlPlane", "spec.version"),
    ("KubeOneCluster", "versions.kubernetes"),
    ("Cluster", "spec.kubernetesVersion"),
    ("Cluster", "spec.topology.version"),
];
