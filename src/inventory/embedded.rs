//! Documents inside scalars: control-plane configuration in ConfigMaps, and files that machine configuration carries.
//!
//! A ConfigMap may hold anything, also objects that nobody applies; only what configures a control plane is taken from it.

use super::Document;
use crate::source::{LineMap, Piece};
use crate::syntax::{Forest, Format, View, embed};

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
        _ => files(root).into_iter().filter_map(|(name, text)| found(name, text)).collect(),
    }
}

fn texts<'a>(data: Option<View<'a>>) -> impl Iterator<Item = (&'a str, View<'a>)> {
    data.into_iter().flat_map(View::entries)
}

fn configuration(name: &str, view: View<'_>) -> Option<Found> {
    let text = view.str().filter(|text| text.len() >= SHORTEST)?;
    let is_kubeconfig = name.starts_with("kubeconfig") && text.contains("clusters:") && text.contains("kind:");
    let extension = name.rsplit('.').next();
    if is_document(text) && text.contains("<<") {
        found(&format!("{name}.sh"), view)
    } else if is_kubeconfig || is_document(text) {
        // kube-proxy's are called `config.conf` and `kubeconfig.conf`.
        let is_yaml = matches!(extension, Some("yaml" | "yml" | "json"));
        if is_yaml { found(name, view) } else { found(&format!("{name}.yaml"), view) }
    } else {
        matches!(extension, Some("cfg" | "conf")).then(|| found(name, view)).flatten()
    }
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

/// `files[].content` of machine configuration, at any path of Cluster API's and cloud-init's documents.
fn files(root: View<'_>) -> Vec<(&str, View<'_>)> {
    let paths = ["spec.kubeadmConfigSpec.files", "spec.template.spec.files", "spec.files", "write_files"];
    let files = paths.into_iter().filter_map(|path| root.path(path)).flat_map(View::items);
    files.filter_map(|file| Some((file.str_at("path")?, file.get("content")?))).collect()
}

fn found(name: &str, view: View<'_>) -> Option<Found> {
    let embedded = embed(view.tree(), view.at().node)?;
    let file = name.rsplit('/').next().unwrap_or(name);
    let name = if file.contains('.') { file.to_string() } else { format!("{file}.yaml") };
    Some(Found { name, text: embedded.text, map: embedded.map })
}
