//! Workloads that the ecosystem knows (`data/known.yaml`), recognised by their images.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::inventory::{Key, PodTemplate};
use crate::syntax::View;
use crate::values::ImageRef;

/// The dated table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// When the table was last checked.
    pub date: String,
    components: Vec<Component>,
    /// Components by the last part of their images' repositories.
    #[serde(skip)]
    by_image: FxHashMap<String, Vec<usize>>,
    /// Components that names of workloads tell too: how those end.
    #[serde(skip)]
    by_name: Vec<(String, usize)>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Component {
    name: String,
    images: Vec<String>,
    /// How names of its workloads end, for images that a template decides.
    #[serde(default)]
    named: Option<String>,
    /// A word that the container's command or arguments must hold, where one image serves several programs.
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    single_by_design: bool,
    #[serde(default)]
    needs: Vec<Need>,
    #[allow(dead_code, reason = "documents the row")]
    source: String,
}

/// What a node agent needs from its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Need {
    /// A privileged container; root with it.
    Privileged,
    /// User 0.
    Root,
    /// Capabilities beyond the default ones.
    Capabilities,
    /// The node's network.
    HostNetwork,
    /// Directories of the node.
    HostPath,
}

impl Need {
    /// The word in the table and in facts.
    pub fn as_str(self) -> &'static str {
        match self {
            Need::Privileged => "privileged",
            Need::Root => "root",
            Need::Capabilities => "capabilities",
            Need::HostNetwork => "hostNetwork",
            Need::HostPath => "hostPath",
        }
    }
}

/// What a workload is known as.
#[derive(Clone, Debug, Default)]
pub struct KnownRole<'a> {
    /// Name of the component.
    pub component: Option<&'a str>,
    /// One replica is right.
    pub single_by_design: bool,
    /// What its known containers need from the node, each once.
    pub needs: Vec<Need>,
    /// Part of the distribution: a DaemonSet or static pod in `kube-system`.
    pub system: bool,
}

impl Known {
    /// The table that is compiled in.
    pub fn load() -> Result<Known, String> {
        let mut known: Known = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/known.json")))
            .map_err(|error| format!("data/known.yaml: {error}"))?;
        for (index, component) in known.components.iter().enumerate() {
            known.by_name.extend(component.named.iter().map(|end| (end.clone(), index)));
            for image in &component.images {
                let name = image.rsplit('/').next().unwrap_or(image);
                known.by_image.entry(name.to_string()).or_default().push(index);
            }
        }
        Ok(known)
    }

    /// What one container needs from the node.
    pub fn needs(&self, container: View<'_>) -> &[Need] {
        self.component(container).map_or(&[], |component| &component.needs)
    }

    fn component(&self, container: View<'_>) -> Option<&Component> {
        let image: ImageRef = container.str_at("image")?.parse().ok()?;
        let candidates = self.by_image.get(image.name())?;
        candidates.iter().map(|&index| &self.components[index]).find(|component| component.fits(&image, container))
    }

    /// What is known about a workload.
    pub fn role(&self, key: &Key, template: &PodTemplate<'_>) -> KnownRole<'_> {
        let in_system = key.namespace.as_deref() == Some("kube-system");
        let system = in_system && matches!(&*key.kind, "DaemonSet" | "Pod");
        let containers = template.spec.get("containers").into_iter().flat_map(View::items);
        let mut known: Vec<&Component> = containers.filter_map(|container| self.component(container)).collect();
        if known.is_empty() {
            let named = self.by_name.iter().find(|(end, _)| key.name.ends_with(end.as_str()));
            known.extend(named.map(|(_, index)| &self.components[*index]));
        }
        let component = known.first();
        let mut needs: Vec<Need> = known.iter().flat_map(|component| component.needs.iter().copied()).collect();
        needs.sort();
        needs.dedup();
        KnownRole {
            needs,
            component: component.map(|component| component.name.as_str()),
            single_by_design: component.is_some_and(|component| component.single_by_design),
            system,
        }
    }
}

impl Component {
    fn fits(&self, image: &ImageRef, container: View<'_>) -> bool {
        let before = |known: &String| image.repository.strip_suffix(known.as_str());
        let same = |known: &String| before(known).is_some_and(|before| before.is_empty() || before.ends_with('/'));
        self.images.iter().any(same) && self.command.as_deref().is_none_or(|word| runs(container, word))
    }
}

fn runs(container: View<'_>, word: &str) -> bool {
    let words = ["command", "args"].into_iter().flat_map(|key| container.get(key)).flat_map(View::items);
    words.filter_map(View::str).any(|text| text.rsplit('/').next() == Some(word))
}
