//! kubelets: a KubeletConfiguration, the unit that names it, kubeadm's `kubeletExtraArgs`, or a unit by itself.
//!
//! A configuration file and what is put over it are one kubelet. kubeadm's documents for single nodes only say what differs
//! there; such a kubelet is marked as `overrides`, so that nothing is missing in it.

use super::flags::{Defaults, Flags, Home};
use super::words::{self, Setting};
use super::{Component, Finder, files};
use crate::facts::builder::FactBuilder;
use crate::facts::component::FlagTable;
use crate::inventory::{DocumentId, Key, Role};
use crate::source::SourceKind;
use crate::syntax::{Format, Origin, View};
use crate::vocabulary::NodeId;

/// kubeadm's documents that make one node.
const NODE_KINDS: &[&str] = &["InitConfiguration", "JoinConfiguration"];

/// Where they keep a kubelet's flags.
const REGISTRATION: &str = "nodeRegistration";

impl<'a> Component<'a> {
    /// The kubelets of a KubeletConfiguration, with what units and kubeadm's documents in sight add.
    pub(super) fn of_kubelet_configuration(finder: &Finder<'a, '_>, root: View<'a>) -> Component<'a> {
        let own = files::of_fields(finder.table, "kubelet", root);
        let by_kubeadm = finder.is_kubeadms();
        let mut added = Setting::default();
        for id in finder.in_sight(|kind| NODE_KINDS.contains(&kind)).filter(|_| by_kubeadm) {
            let section = finder.view(id).get(REGISTRATION);
            let args = section.map(|section| words::extra_args("kubelet", kubelet_args(section)));
            // What the file sets, another document overrides for its own node only.
            let fresh = args.map(|args| args.flags).unwrap_or_default().into_iter();
            added.flags.extend(fresh.filter(|flag| own.flags.iter().all(|set| set.name != flag.name)));
        }
        let unit = finder.naming_unit();
        let setting = added.then(own).then(unit.unwrap_or_default());
        let defaults = if by_kubeadm { Defaults::Kubeadm } else { Defaults::File };
        let home = Home { parent: root, path: String::new() };
        let flags = Flags::new("kubelet", setting, defaults, home);
        let place = root.get("kind").unwrap_or(root).at();
        Component { tool: if by_kubeadm { "kubeadm" } else { "file" }, ..Component::new("kubelet", flags, place) }
    }

    /// What a kubeadm document sets for the kubelet of its own node.
    pub(super) fn of_kubelet_args(finder: &Finder<'a, '_>, root: View<'a>) -> Option<Component<'a>> {
        let section = root.get(REGISTRATION)?;
        let mut setting = words::extra_args("kubelet", kubelet_args(section));
        if let Some(file) = finder.in_sight(|kind| kind == "KubeletConfiguration").next() {
            let file = files::of_fields(finder.table, "kubelet", finder.view(file));
            setting.flags.retain(|flag| file.flags.iter().any(|set| set.name == flag.name));
        }
        if setting.flags.is_empty() {
            return None;
        }
        let parent = kubelet_args(section);
        let home = Home { parent: parent.args.unwrap_or(section), path: String::new() };
        let own = Setting { flags: setting.flags, open: None };
        let flags = Flags::new("kubelet", own, Defaults::Kubeadm, home);
        let place = parent.args.unwrap_or(section).at();
        Some(Component { tool: "kubeadm", overrides: true, ..Component::new("kubelet", flags, place) })
    }

    /// What rules say of kubelets beyond a component's facts.
    pub fn kubelet_facts(
        &self,
        facts: &mut FactBuilder,
        table: &FlagTable,
        minor: Option<i64>,
        runtime_driver: Option<&str>,
    ) -> NodeId {
        let origin = Origin::Node(self.place);
        let fields = [
            ("tool", facts.str(self.tool, origin.clone())),
            ("flags", self.flags.facts(facts, table)),
            ("overrides", facts.bool(self.overrides, origin.clone())),
            ("evictionOff", eviction_off(self, facts, table)),
            ("minor", facts.opt_int(minor, origin.clone())),
            ("runtimeDriver", facts.opt_str(runtime_driver, origin.clone())),
        ];
        facts.map(&fields, origin)
    }
}

fn kubelet_args(section: View<'_>) -> words::Args<'_> {
    words::Args { section, args: section.get("kubeletExtraArgs") }
}

impl<'a> Finder<'a, '_> {
    fn view(&self, id: DocumentId) -> View<'a> {
        self.inventory.document(id).view(self.inventory.forest())
    }

    /// Objects of some kinds that this document's environment sees.
    fn in_sight(&self, kind: impl Fn(&str) -> bool) -> impl Iterator<Item = DocumentId> {
        files::in_view(self.inventory, self.id).filter(move |&id| {
            let document = self.inventory.document(id);
            document.role == Role::Object && kind(document.kind())
        })
    }

    /// Whether kubeadm hands a KubeletConfiguration to nodes: its environment is a cluster of kubeadm's, or it lies in kubeadm's
    /// ConfigMap, or it is one of kubeadm's patches.
    fn is_kubeadms(&self) -> bool {
        let document = self.inventory.document(self.id);
        let name = words::base_name(self.inventory.path(self.id));
        let by_kind = |kind| self.inventory.of_kind(kind, document.environment).next().is_some();
        let beside = ["ClusterConfiguration", "InitConfiguration", "JoinConfiguration"].into_iter().any(by_kind);
        beside || name.starts_with("kubeletconfiguration") || self.is_in_kubeadms_map()
    }

    fn is_in_kubeadms_map(&self) -> bool {
        let source = self.inventory.document(self.id).source;
        let SourceKind::Embedded { outer, .. } = self.inventory.sources().get(source).kind() else { return false };
        self.inventory.documents().any(|(_, other)| {
            let is_map = |key: &Key| &*key.kind == "ConfigMap" && key.name.starts_with("kubelet-config");
            other.source == *outer && other.key.as_ref().is_some_and(is_map)
        })
    }

    /// The flags of the kubelet unit that names this configuration file.
    fn naming_unit(&self) -> Option<Setting<'a>> {
        files::in_view(self.inventory, self.id).find_map(|id| {
            if self.inventory.document(id).format != Format::SystemdUnit || files::Unit::is_drop_in(self.inventory, id)
            {
                return None;
            }
            let unit = Finder { inventory: self.inventory, table: self.table, id };
            let (name, _, own) = Component::unit_setting(&unit)?;
            let path = own.flags.iter().rev().find(|flag| flag.name == "config")?.value.clone().ok()?;
            let named = files::only_configuration(self.inventory, id, name, &path);
            (name == "kubelet" && named == Some(self.id)).then_some(own)
        })
    }
}

/// Signals without which a node runs full, and whether they must be named once any is.
const SIGNALS: &[(&str, bool)] = &[
    ("memory.available", true),
    ("nodefs.available", true),
    ("nodefs.inodesFree", true),
    ("imagefs.available", false),
];

/// Thresholds that never trigger. One threshold that is set clears the defaults of all others, unless they are merged; a
/// node without a file system of its own for images needs no threshold for that.
fn eviction_off(kubelet: &Component<'_>, facts: &mut FactBuilder, table: &FlagTable) -> NodeId {
    let flags = &kubelet.flags;
    let origin = flags.origin(table, "eviction-hard");
    let (text, merged) = match (flags.text(table, "eviction-hard"), flags.text(table, "mergeDefaultEvictionSettings")) {
        (Ok(text), Ok(merged)) => (text, merged.as_deref() == Some("true")),
        (Err(reason), _) | (_, Err(reason)) => return facts.unknown(reason, origin),
    };
    let Some(text) = text else { return facts.list_at(&[], origin) };
    let set: Vec<(&str, &str)> = text.split(',').filter_map(|part| part.split_once(['=', '<'])).collect();
    let off = |value: &str| matches!(value.trim(), "" | "0" | "0%" | "100%");
    let find = |signal: &str| set.iter().find(|(name, _)| name.trim() == signal).map(|(_, value)| *value);
    let nodes: Vec<NodeId> = SIGNALS
        .iter()
        .filter(|(signal, needed)| find(signal).map_or(*needed && !merged, off))
        .map(|(signal, _)| {
            let fields = [
                ("signal", facts.str(signal, origin.clone())),
                ("set", facts.bool(find(signal).is_some(), origin.clone())),
            ];
            facts.map(&fields, origin.clone())
        })
        .collect();
    facts.list_at(&nodes, origin)
}
