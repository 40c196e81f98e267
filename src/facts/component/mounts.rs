//! What a component in a pod sees of its host: files that its flags name, and objects of the API that a static pod may not
//! refer to.
//!
//! kubeadm mounts its own folders; what it mounts besides stands in `extraVolumes`. A unit sees everything.

use super::flags::{FlagTable, Flags};
use crate::facts::builder::FactBuilder;
use crate::syntax::{Origin, View};
use crate::vocabulary::{NodeId, Reason};

/// Folders of the host that kubeadm mounts by itself (cmd/kubeadm/app/phases/controlplane/volumes.go).
const BY_KUBEADM: &[&str] = &[
    "/etc/kubernetes/pki",
    "/etc/ssl/certs",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/pki",
    "/etc/kubernetes/controller-manager.conf",
    "/etc/kubernetes/scheduler.conf",
    "/usr/libexec/kubernetes/kubelet-plugins/volume/exec",
];

/// One folder or file that is mounted.
pub struct Mount {
    path: String,
    persistent: bool,
}

/// What is mounted into a component, and why there may be more.
#[derive(Default)]
pub struct Mounts {
    all: Vec<Mount>,
    open: Option<Reason>,
}

/// Why there may be more than is written.
fn openness(view: View<'_>) -> Option<Reason> {
    view.unknown().cloned().or_else(|| super::openness(view))
}

impl Mounts {
    /// kubeadm's own mounts and `extraVolumes`.
    pub fn of_kubeadm(root: View<'_>, section: Option<View<'_>>) -> Mounts {
        let persistent = |path: &str| Mount { path: path.to_string(), persistent: true };
        let mut all: Vec<Mount> = BY_KUBEADM.iter().map(|path| persistent(path)).collect();
        all.extend(root.str_at("certificatesDir").map(persistent));
        let extra = section.and_then(|section| section.get("extraVolumes"));
        let listed = extra.into_iter().flat_map(View::items);
        all.extend(listed.filter_map(|volume| volume.str_at("mountPath")).map(persistent));
        let open = [extra, section, Some(root)].into_iter().flatten().find_map(openness);
        Mounts { all, open }
    }

    /// The mounts of a container in a pod. A pod without any is an excerpt: no component works without files of its host.
    pub fn of_container(spec: View<'_>, container: View<'_>) -> Option<Mounts> {
        let mounts = container.get("volumeMounts");
        let one = |mount: View<'_>| {
            let path = mount.str_at("mountPath")?.to_string();
            let name = mount.str_at("name")?;
            let mut volumes = spec.get("volumes").into_iter().flat_map(View::items);
            let volume = volumes.find(|volume| volume.str_at("name") == Some(name));
            Some(Mount { path, persistent: volume.is_none_or(|volume| volume.get("emptyDir").is_none()) })
        };
        let all: Vec<Mount> = mounts.into_iter().flat_map(View::items).filter_map(one).collect();
        let open = [mounts, Some(container)].into_iter().flatten().find_map(openness);
        (!all.is_empty() || open.is_some()).then_some(Mounts { all, open })
    }

    fn of(&self, path: &str) -> Option<&Mount> {
        let holds = |mount: &&Mount| {
            let folder = mount.path.trim_end_matches('/');
            path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        self.all.iter().filter(holds).max_by_key(|mount| mount.path.len())
    }
}

/// The files that flags name: `{flag, path, mounted, persistent}`; `None` for mounts means that all of the host is in sight.
pub fn files(facts: &mut FactBuilder, table: &FlagTable, flags: &Flags<'_>, mounts: Option<&Mounts>) -> NodeId {
    let mut nodes = Vec::new();
    for set in flags.set.iter().filter(|set| table.names_file(&flags.component, &set.name)) {
        let Ok(text) = &set.value else { continue };
        for path in text.split(',').filter(|path| path.starts_with('/')) {
            let mount = mounts.map(|mounts| mounts.of(path));
            let origin = Origin::Node(set.place.at());
            let fields = [
                ("flag", facts.str(&set.name, origin.clone())),
                ("path", facts.str(path, origin.clone())),
                ("mounted", facts.bool(mount.is_none_or(|mount| mount.is_some()), origin.clone())),
                (
                    "persistent",
                    facts.bool(mount.is_none_or(|mount| mount.is_none_or(|mount| mount.persistent)), origin.clone()),
                ),
            ];
            nodes.push(facts.map(&fields, origin));
        }
    }
    match mounts.and_then(|mounts| mounts.open.clone()) {
        Some(reason) => {
            let origin = facts.anchor();
            facts.unknown(reason, origin)
        }
        None => facts.list(&nodes),
    }
}

/// Objects of the API that a pod refers to: `{kind, name}`, each where it is named.
pub fn api_references(facts: &mut FactBuilder, spec: Option<View<'_>>) -> NodeId {
    let mut nodes = Vec::new();
    // Ordinary pods that run a component, for tests say, have a network of their own.
    let Some(spec) = spec.filter(|spec| spec.get("hostNetwork").and_then(View::bool) == Some(true)) else {
        return facts.list(&[]);
    };
    let containers = ["initContainers", "containers"].into_iter().filter_map(|key| spec.get(key)).flat_map(View::items);
    for container in containers {
        for source in container.get("envFrom").into_iter().flat_map(View::items) {
            nodes.extend(reference(facts, source, &[("configMapRef", "ConfigMap"), ("secretRef", "Secret")]));
        }
        for variable in container.get("env").into_iter().flat_map(View::items) {
            let Some(source) = variable.get("valueFrom") else { continue };
            nodes.extend(reference(facts, source, &[("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")]));
        }
    }
    for volume in spec.get("volumes").into_iter().flat_map(View::items) {
        nodes.extend(reference(facts, volume, &[("configMap", "ConfigMap"), ("secret", "Secret")]));
        for source in volume.path("projected.sources").into_iter().flat_map(View::items) {
            let kinds =
                [("configMap", "ConfigMap"), ("secret", "Secret"), ("serviceAccountToken", "service account token")];
            nodes.extend(reference(facts, source, &kinds));
        }
    }
    facts.list(&nodes)
}

fn reference(facts: &mut FactBuilder, holder: View<'_>, kinds: &[(&str, &'static str)]) -> Option<NodeId> {
    let (key, kind) = kinds.iter().find(|(key, _)| holder.get(key).is_some())?;
    let origin = Origin::Key(holder.key(key)?);
    let target = holder.get(key)?;
    let name = target.str_at("name").or_else(|| target.str_at("secretName")).unwrap_or_default();
    let fields = [("kind", facts.str(kind, origin.clone())), ("name", facts.str(name, origin.clone()))];
    Some(facts.map(&fields, origin))
}
