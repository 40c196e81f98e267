//! Documents inside scalars: control-plane configuration in ConfigMaps, files that machine configuration carries, and
//! scripts: of containers, of ConfigMaps, and what cloud-init and Cluster API run on a machine.
//!
//! A ConfigMap may hold anything, also objects that nobody applies; only what configures a control plane, and scripts, are
//! taken from it. Of containers only scripts that manage clusters are.

use super::{Document, pod_template};
use crate::source::{LineMap, Piece};
use crate::syntax::{Forest, Format, View, embed};
use crate::vocabulary::Span;

/// A text found in a scalar.
pub struct Found {
    /// A name that tells its format.
    pub name: String,
    /// The text.
    pub text: std::sync::Arc<str>,
    /// How it maps to the outer source.
    pub map: LineMap,
}

/// API groups whose documents count wherever they lie.
const GROUPS: &[&str] = &[
    "kubeadm.k8s.io/",
    "kubelet.config.k8s.io/",
    "kubeproxy.config.k8s.io/",
    "audit.k8s.io/",
    "apiserver.config.k8s.io/",
    "apiserver.k8s.io/",
];

/// Texts shorter than this hold no document.
const SHORTEST: usize = 40;

/// The documents inside a document.
pub fn find(forest: &Forest, document: &Document) -> Vec<Found> {
    let root = document.view(forest);
    match document.kind() {
        _ if matches!(document.format, Format::Shell | Format::Markdown) => here_documents(root),
        "ConfigMap" => texts(root.get("data")).filter_map(|(name, text)| configuration(name, text)).collect(),
        _ if pod_template(document, forest).is_some() => of_containers(forest, document),
        _ => files(root).into_iter().filter_map(|(name, text)| found(name, text)).chain(on_machines(root)).collect(),
    }
}

/// Programs whose calls are worth a look inside a container's script.
const PROGRAMS: &[&str] = &["etcdctl", "etcdutl", "kubeadm", "kubectl", "helm"];

/// Scripts that containers get as a word of their command line.
fn of_containers(forest: &Forest, document: &Document) -> Vec<Found> {
    let Some(pod) = pod_template(document, forest) else { return Vec::new() };
    let lists = ["initContainers", "containers"].into_iter().filter_map(|list| pod.spec.get(list));
    lists.flat_map(View::items).flat_map(of_container).collect()
}

fn of_container(container: View<'_>) -> Vec<Found> {
    let words: Vec<View<'_>> =
        ["command", "args"].into_iter().filter_map(|key| container.get(key)).flat_map(View::items).collect();
    let runs = |program: &str| words.first().and_then(|word| word.str()).is_some_and(|word| word.ends_with(program));
    // A command by itself is a script of one line.
    if PROGRAMS.iter().any(|program| runs(program)) {
        return script_of([words].into_iter()).into_iter().collect();
    }
    let manages = |word: &&View<'_>| {
        word.str().is_some_and(|text| text.contains(' ') && PROGRAMS.iter().any(|program| text.contains(program)))
    };
    words.iter().filter(manages).filter_map(|word| found("script.sh", *word)).collect()
}

/// Lists of commands that run on a machine when it is made: cloud-init's, and those of Cluster API.
const COMMANDS: &[&str] = &[
    "bootcmd",
    "runcmd",
    "spec.kubeadmConfigSpec.preKubeadmCommands",
    "spec.kubeadmConfigSpec.postKubeadmCommands",
    "spec.template.spec.kubeadmConfigSpec.preKubeadmCommands",
    "spec.template.spec.kubeadmConfigSpec.postKubeadmCommands",
    "spec.template.spec.preKubeadmCommands",
    "spec.template.spec.postKubeadmCommands",
    "spec.preKubeadmCommands",
    "spec.postKubeadmCommands",
];

/// What a machine runs, as one script a list: a line a command.
fn on_machines(root: View<'_>) -> Vec<Found> {
    let lists = COMMANDS.iter().filter_map(|path| root.path(path)).filter(|list| list.is_list());
    lists.filter_map(|list| script_of(list.items().map(words_of))).collect()
}

/// `[kubeadm, init]` is a command word by word.
fn words_of(command: View<'_>) -> Vec<View<'_>> {
    if command.is_list() { command.items().collect() } else { vec![command] }
}

/// One script of several commands, each of several scalars.
fn script_of<'a>(commands: impl Iterator<Item = Vec<View<'a>>>) -> Option<Found> {
    let (mut text, mut pieces) = (String::new(), Vec::new());
    for words in commands {
        for word in words {
            let Some(part) = embed(word.tree(), word.at().node) else { continue };
            let inner = u32::try_from(text.len()).ok()?;
            match part.map {
                LineMap::Exact(runs) => {
                    pieces.extend(runs.iter().map(|run| Piece { inner: inner + run.inner, outer: run.outer }));
                }
                // What has no exact map begins where its scalar does.
                other => pieces.push(Piece { inner, outer: other.outer(Span::new(0, 0)).start }),
            }
            text.push_str(&part.text);
            text.push(' ');
        }
        text.push('\n');
    }
    (!pieces.is_empty()).then(|| Found {
        name: "commands.sh".to_string(),
        text: text.into(),
        map: LineMap::Exact(pieces),
    })
}

fn texts<'a>(data: Option<View<'a>>) -> impl Iterator<Item = (&'a str, View<'a>)> {
    data.into_iter().flat_map(View::entries)
}

fn configuration(name: &str, view: View<'_>) -> Option<Found> {
    let text = view.str().filter(|text| text.len() >= SHORTEST)?;
    let is_kubeconfig = name.starts_with("kubeconfig") && text.contains("clusters:") && text.contains("kind:");
    let extension = name.rsplit('.').next();
    if is_script(text) || extension == Some("sh") || (is_document(text) && text.contains("<<")) {
        found(&format!("{name}.sh"), view)
    } else if is_kubeconfig || is_document(text) {
        // kube-proxy's are called `config.conf` and `kubeconfig.conf`.
        let is_yaml = matches!(extension, Some("yaml" | "yml" | "json"));
        if is_yaml { found(name, view) } else { found(&format!("{name}.yaml"), view) }
    } else {
        matches!(extension, Some("cfg" | "conf")).then(|| found(name, view)).flatten()
    }
}

/// Whether a text says that a shell runs it.
fn is_script(text: &str) -> bool {
    text.starts_with("#!") && text.lines().next().is_some_and(|line| line.ends_with("sh") || line.contains("sh "))
}

fn is_document(text: &str) -> bool {
    text.contains("kind:") && GROUPS.iter().any(|group| text.contains(group))
}

/// The here documents of a script that configure a control plane, or that `kubectl` applies.
fn here_documents(script: View<'_>) -> Vec<Found> {
    let mut all = Vec::new();
    let commands: Vec<View<'_>> = script.get("commands").into_iter().flat_map(View::items).collect();
    let applies = |command: &View<'_>| {
        let words = || command.get("words").into_iter().flat_map(View::items).filter_map(View::str);
        words().any(|word| word == "kubectl") && words().any(|word| matches!(word, "apply" | "create"))
    };
    for (at, command) in commands.iter().enumerate() {
        // `cat <<EOF | kubectl apply -f -` hands its lines to the next command.
        let applied = commands[at..].iter().take(2).any(applies);
        let is_object = |text: &str| applied && text.contains("kind:") && text.contains("apiVersion:");
        for body in command.get("bodies").into_iter().flat_map(View::items) {
            let Some(text) = body.str().filter(|text| is_document(text) || is_object(text)) else { continue };
            all.push(Found {
                name: "here-document.yaml".to_string(),
                text: text.into(),
                map: LineMap::Exact(vec![Piece { inner: 0, outer: body.span().start }]),
            });
        }
    }
    all
}

/// `files[].content` of machine configuration, at any path of Cluster API's and cloud-init's documents. What is encoded is
/// left alone.
fn files(root: View<'_>) -> Vec<(&str, View<'_>)> {
    let paths = [
        "spec.kubeadmConfigSpec.files",
        "spec.template.spec.kubeadmConfigSpec.files",
        "spec.template.spec.files",
        "spec.files",
        "write_files",
    ];
    let files = paths.into_iter().filter_map(|path| root.path(path)).flat_map(View::items);
    let plain = files.filter(|file| file.get("encoding").is_none());
    plain.filter_map(|file| Some((file.str_at("path")?, file.get("content")?))).collect()
}

fn found(name: &str, view: View<'_>) -> Option<Found> {
    let embedded = embed(view.tree(), view.at().node)?;
    let file = name.rsplit('/').next().unwrap_or(name);
    let name = match (is_script(&embedded.text), file.contains('.')) {
        (true, _) => format!("{file}.sh"),
        (false, true) => file.to_string(),
        (false, false) => format!("{file}.yaml"),
    };
    Some(Found { name, text: embedded.text, map: embedded.map })
}
