//! What an expert would say about the input: fact trees a subject, every value with an origin.
//!
//! An adapter knows one tool's vocabulary and fills one model; bytes, quoting and positions are others' business, and no
//! adapter judges. `descriptor` says what each subject offers to rules.

mod access;
mod admission;
mod audit;
mod authentication;
mod authorization;
mod autoscaler;
mod backup;
mod builder;
mod certificate;
mod claims;
mod cluster;
mod component;
mod config_map;
mod control_plane;
mod controllers;
mod descriptor;
mod encryption;
mod ingress;
mod live;
mod load_balancer;
mod monitor;
mod namespace;
mod network;
mod network_policy;
mod pod_security;
mod reads;
mod releases;
mod runbook;
mod schema;
mod service_ports;
mod subject;
mod surroundings;
mod tools;
mod workload;

pub use builder::{FactBuilder, Fallback};
pub use descriptor::{CLUSTER, descriptor, subject_type};
pub use reads::{APIS, Api, SubjectRead, api_of, subject_reads};
pub use subject::{Subject, SubjectKind};

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, date};
use rayon::prelude::*;

use crate::inventory::{DocumentId, Inventory, Role};
use crate::syntax::{Format, Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Problem, ProblemKind, Reason, SourceId, Span, TreeId, UnknownCode};

/// Where a finding about an object points for want of better: its name, else its kind, else itself.
pub fn anchor(root: View<'_>) -> NodeRef {
    root.path("metadata.name").or_else(|| root.get("kind")).unwrap_or(root).at()
}

/// What an object is called: its name, else the prefix of the names it will get.
fn name(facts: &mut FactBuilder, root: View<'_>) -> NodeId {
    let path = if root.path("metadata.name").is_some() { "metadata.name" } else { "metadata.generateName" };
    facts.lookup(root, path, Fallback::Str(""))
}

/// Another object as a fact: kind, name, namespace, and the object itself; it points at the object's name.
fn neighbour(facts: &mut FactBuilder, inventory: &Inventory, id: DocumentId) -> NodeId {
    let document = inventory.document(id);
    let root = document.view(inventory.forest());
    let fields = [
        ("kind", facts.lookup(root, "kind", Fallback::Str(""))),
        ("name", facts.lookup(root, "metadata.name", Fallback::Str(""))),
        ("namespace", facts.lookup(root, "metadata.namespace", Fallback::NoStr)),
        ("object", facts.refer(root.at())),
    ];
    facts.map(&fields, Origin::Node(anchor(root)))
}

/// Why what nobody in sight declares may be there all the same.
fn declared_elsewhere() -> Reason {
    Reason::new(UnknownCode::Partial, "another part of the input declares it")
}

/// What facts are made with besides the document at hand: dated tables, and documents that decide for others.
struct Tables {
    known: workload::Known,
    components: component::ComponentTables,
    controllers: controllers::Controllers,
    surroundings: surroundings::Surroundings,
    /// Addresses that no single node owns, by environment.
    floating: Vec<Vec<String>>,
    schemas: schema::Schemas,
    monitored: monitor::Monitored,
    /// The admission policies of the input, if there are any.
    policies: Option<admission::Policies>,
    runbook: runbook::Runbook,
    claims: claims::Claims,
    pods: live::Pods,
    denials: network_policy::Denials,
    /// Minor of the Kubernetes release to judge for.
    target_minor: u32,
    judged: Judged,
}

/// The kinds of subject that somebody judges. The facts of ordinary objects that no rule looks at are not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged(BTreeSet<SubjectKind>);

impl Judged {
    /// All of them.
    pub fn all() -> Self {
        SubjectKind::ALL.iter().copied().collect()
    }

    fn any(&self, kinds: &[SubjectKind]) -> bool {
        kinds.iter().any(|kind| self.0.contains(kind))
    }
}

impl FromIterator<SubjectKind> for Judged {
    fn from_iter<I: IntoIterator<Item = SubjectKind>>(kinds: I) -> Self {
        Judged(kinds.into_iter().collect())
    }
}

/// What the user says about the world outside the input.
#[derive(Clone, Copy, Debug)]
pub struct Assumptions {
    /// etcd is backed up by something that is not in the input.
    pub external_backup: bool,
    /// Minor of the Kubernetes release to judge for: 37 of 1.37.
    pub target_minor: u32,
    /// The day that certificates are judged for.
    pub as_of: Date,
}

/// The minor of the newest Kubernetes release that facts know.
pub const NEWEST_MINOR: u32 = 37;

impl Default for Assumptions {
    fn default() -> Self {
        Assumptions { external_backup: false, target_minor: NEWEST_MINOR, as_of: date(2026, 11, 24) }
    }
}

type Built = Option<(Tree, Vec<Subject>)>;

/// All facts of an inventory.
#[derive(Debug)]
pub struct Facts {
    /// Everything that rules judge: the control plane's first, then objects, each in document order.
    pub subjects: Vec<Subject>,
    /// The `cluster` of each environment.
    pub clusters: Vec<NodeRef>,
    /// Who runs control planes that the input declares and does not configure, and how many.
    pub managed: Vec<(&'static str, usize)>,
    /// Dates of the tables that facts were made with: name and day.
    pub dated: Vec<(&'static str, String)>,
    /// That some of those tables are old on the day of the audit.
    pub stale: Option<Problem>,
    /// Objects whose kind has no schema here: custom resources without their definition, files of other tools. None are
    /// counted when no rule judges schemas.
    pub without_schema: usize,
}

/// Makes facts. The control plane's stay, because everybody may look at them; those of ordinary objects are looked at by
/// the rules for that object alone, and can go when those have run.
pub struct Maker {
    tables: Tables,
}

impl Maker {
    /// Loads the dated tables and gathers what lies around objects.
    /// `definitions` holds custom resource definitions that are no part of the input.
    pub fn new(
        inventory: &Inventory,
        assumptions: Assumptions,
        definitions: Option<Inventory>,
        judged: Judged,
    ) -> Result<Maker, String> {
        let schemas = schema::Schemas::load(assumptions.target_minor, inventory, definitions)?;
        let tables = Tables {
            known: workload::Known::load()?,
            components: component::ComponentTables::load(assumptions.as_of)?,
            controllers: controllers::Controllers::load()?,
            surroundings: surroundings::Surroundings::gather(inventory),
            floating: load_balancer::addresses(inventory),
            runbook: runbook::Runbook::load()?,
            claims: claims::Claims::gather(inventory),
            pods: live::Pods::gather(inventory),
            denials: network_policy::Denials::gather(inventory),
            monitored: monitor::Monitored::gather(inventory),
            policies: judged.any(&[SubjectKind::Admission]).then(|| admission::Policies::gather(inventory)).flatten(),
            schemas,
            target_minor: assumptions.target_minor,
            judged,
        };
        Ok(Maker { tables })
    }

    /// The facts of control planes and what belongs to them.
    pub fn control_plane(&self, inventory: &mut Inventory, assumptions: Assumptions) -> Facts {
        let all: Vec<DocumentId> = inventory.documents().map(|(id, _)| id).collect();
        let mut subjects = pass(inventory, &self.tables, &all, control_plane_facts);
        subjects.extend(pass(inventory, &self.tables, &all, |inventory, _, id, tree| {
            load_balancer::build(inventory, id, tree)
        }));
        let holders: Vec<DocumentId> = inventory
            .documents()
            .filter(|(_, document)| certificate::is_file(document) || certificate::KINDS.contains(&document.kind()))
            .filter(|(_, document)| matches!(document.role, Role::Object | Role::Foreign))
            .map(|(id, _)| id)
            .collect();
        subjects.extend(pass(inventory, &self.tables, &holders, |inventory, _, id, tree| {
            certificate::of_document(inventory, assumptions.as_of, id, tree)
        }));
        let named: Vec<DocumentId> = all
            .iter()
            .copied()
            .filter(|&id| {
                let document = inventory.document(id);
                document.role == Role::Object || matches!(document.format, Format::Shell | Format::Markdown)
            })
            .collect();
        subjects.extend(pass(inventory, &self.tables, &named, |inventory, tables, id, tree| {
            runbook::build(inventory, &tables.runbook, &tables.components, id, tree)
                .or_else(|| runbook::releases(inventory, &tables.components, id, tree))
        }));
        let files: Vec<DocumentId> =
            inventory.documents().filter(|(_, one)| one.format == Format::Ini).map(|(id, _)| id).collect();
        subjects.extend(pass(inventory, &self.tables, &files, |inventory, _, id, tree| {
            backup::of_file(inventory, assumptions.as_of, id, tree)
        }));
        subjects.extend(pass(inventory, &self.tables, &named, |inventory, tables, id, tree| {
            backup::of_script(inventory, tables.floating[inventory.document(id).environment.index()].clone(), id, tree)
        }));
        subjects.extend(missing_backups(inventory, &subjects, assumptions));
        if self.tables.judged.any(&[SubjectKind::AccessPath]) {
            subjects.extend(access::paths(inventory, &self.tables.controllers));
        }
        subjects.sort_by_key(|subject| (subject.document, subject.kind, subject.node));
        let clusters = clusters(inventory, &subjects, assumptions);
        let dated = vec![
            ("well-known workloads", self.tables.known.date.clone()),
            ("well-known controllers", self.tables.controllers.date.clone()),
            ("component flags", self.tables.components.flags.date.clone()),
            ("removed flags", self.tables.components.removed.date.clone()),
            ("releases", self.tables.components.releases.date().to_string()),
            ("runbooks", self.tables.runbook.date.clone()),
            ("deprecated fields", self.tables.schemas.fields_date().to_string()),
            ("Kubernetes types", self.tables.schemas.date().to_string()),
        ];
        let stale = stale(inventory, &dated, assumptions.as_of);
        Facts { subjects, clusters, managed: tools::providers(inventory), dated, stale, without_schema: 0 }
    }

    /// Adds the facts of some objects, and the objects themselves as subjects.
    pub fn objects(&self, inventory: &mut Inventory, ids: &[DocumentId], facts: &mut Facts) {
        let mut built = pass(inventory, &self.tables, ids, object_facts);
        // An API server took the objects of a cluster, filled in fields, and answers in the version that was asked for.
        if inventory.listings().is_none() && self.tables.judged.any(&[SubjectKind::Schema]) {
            let typed = pass(inventory, &self.tables, ids, |inventory, tables, id, tree| {
                tables.schemas.build(inventory, id, tree)
            });
            facts.without_schema += ids.len() - typed.len();
            built.extend(typed);
        }
        if self.tables.policies.is_some() {
            built.extend(pass(inventory, &self.tables, ids, |inventory, tables, id, tree| {
                tables.policies.as_ref()?.build(inventory, &tables.schemas, id, tree)
            }));
        }
        let raw = ids.iter().map(|&id| Subject::of(SubjectKind::Object, inventory.document(id).root, inventory, id));
        facts.subjects.extend(built.into_iter().chain(raw));
    }
}

/// Days after which a dated table is old: Kubernetes brings a minor release every four months.
const OLD: i64 = 120;

/// The dated tables that are old, said once, at the first input.
fn stale(inventory: &Inventory, dated: &[(&'static str, String)], as_of: Date) -> Option<Problem> {
    let first = inventory.documents().next()?.1.source;
    let day = |date: Date| date.duration_since(Date::ZERO).as_hours() / 24;
    let is_old = |text: &str| text.parse::<Date>().is_ok_and(|date| day(as_of) - day(date) > OLD);
    let old: Vec<&str> = dated.iter().filter(|(_, text)| is_old(text)).map(|(name, _)| *name).collect();
    let list = old.join(", ");
    let message = format!("what k8sready knows of {list} is older than {OLD} days: a newer k8sready knows more");
    (!old.is_empty()).then(|| Problem::at(ProblemKind::StaleData, first, Span::default(), message))
}

/// Builds the facts of everything and keeps them.
pub fn build(inventory: &mut Inventory, assumptions: Assumptions) -> Result<Facts, String> {
    let maker = Maker::new(inventory, assumptions, None, Judged::all())?;
    let mut facts = maker.control_plane(inventory, assumptions);
    let ids: Vec<DocumentId> = inventory.judged().collect();
    maker.objects(inventory, &ids, &mut facts);
    Ok(facts)
}

/// The lists of `cluster`, and the subjects they hold.
const CLUSTER_LISTS: &[(&str, SubjectKind)] = &[
    ("controlPlanes", SubjectKind::ControlPlane),
    ("components", SubjectKind::Component),
    ("kubelets", SubjectKind::Kubelet),
    ("nodes", SubjectKind::Node),
    ("etcds", SubjectKind::Etcd),
    ("loadBalancers", SubjectKind::LoadBalancer),
    ("backups", SubjectKind::Backup),
];

/// What each environment sees of its control plane.
fn clusters(inventory: &mut Inventory, subjects: &[Subject], assumptions: Assumptions) -> Vec<NodeRef> {
    let listed = |subject: &&Subject| CLUSTER_LISTS.iter().any(|(_, kind)| *kind == subject.kind);
    let subjects: Vec<&Subject> = subjects.iter().filter(listed).collect();
    let mut clusters = Vec::new();
    for environment in inventory.environments().to_vec() {
        let tree = inventory.forest().next_id();
        let mut facts = FactBuilder::new(tree, NodeRef::default());
        let seen: Vec<&&Subject> =
            subjects.iter().filter(|subject| environment.visible.binary_search(&subject.environment).is_ok()).collect();
        let mut fields: Vec<(&'static str, NodeId)> = CLUSTER_LISTS
            .iter()
            .map(|(name, kind)| {
                let of_kind = seen.iter().filter(|subject| subject.kind == *kind);
                let nodes: Vec<NodeId> = of_kind.map(|subject| facts.refer(subject.node)).collect();
                (*name, facts.list(&nodes))
            })
            .collect();
        let origin = facts.anchor();
        fields.push(("targetMinor", facts.int(assumptions.target_minor.into(), origin.clone())));
        fields.push(("takenAt", live::taken_at(&mut facts, inventory, environment.visible[0])));
        let node = facts.map(&fields, origin);
        inventory.add_tree(facts.finish());
        clusters.push(NodeRef { tree, node });
    }
    clusters
}

/// Runs one adapter over documents in parallel. Tree ids are given out beforehand, by position among the documents.
fn pass(
    inventory: &mut Inventory,
    tables: &Tables,
    ids: &[DocumentId],
    adapter: impl Fn(&Inventory, &Tables, DocumentId, TreeId) -> Built + Sync,
) -> Vec<Subject> {
    let first = inventory.forest().next_id().0;
    let shared = &*inventory;
    let built: Vec<Built> = ids
        .par_iter()
        .enumerate()
        .map(|(index, &id)| adapter(shared, tables, id, TreeId(first + u32::try_from(index).unwrap_or(u32::MAX))))
        .collect();
    let mut subjects = Vec::new();
    for built in built {
        let (tree, of_document) = built.unwrap_or_else(|| (Tree::new(SourceId::default(), Arc::from("")), Vec::new()));
        inventory.add_tree(tree);
        subjects.extend(of_document);
    }
    subjects
}

/// Makes the facts of one document.
type Adapter = fn(&Inventory, &Tables, DocumentId, TreeId) -> Built;

/// What an ordinary object is to a cluster, where anybody judges it.
fn object_facts(inventory: &Inventory, tables: &Tables, id: DocumentId, tree: TreeId) -> Built {
    use SubjectKind::{
        Autoscaler, Binding, ConfigMap, Container, Ingress, Monitor, Namespace, NetworkPolicy, Pdb, Role, Service,
        Workload,
    };
    let document = inventory.document(id);
    let (kinds, build): (&[SubjectKind], Adapter) = match document.kind() {
        "Service" if document.key.as_ref().is_some_and(|key| key.group.is_empty()) => (&[Service], network::service),
        "PodDisruptionBudget" => (&[Pdb], |inventory, _, id, tree| network::pdb(inventory, id, tree)),
        "Ingress" | "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute" => (&[Ingress], ingress::build),
        "NetworkPolicy" => (&[NetworkPolicy], |inventory, _, id, tree| network_policy::build(inventory, id, tree)),
        "HorizontalPodAutoscaler" | "ScaledObject" => (&[Autoscaler], autoscaler::build),
        "ConfigMap" => (&[ConfigMap], |inventory, _, id, tree| config_map::build(inventory, id, tree)),
        "Namespace" => (&[Namespace], namespace::build),
        "ServiceMonitor" | "PodMonitor" => {
            (&[Monitor], |inventory, tables, id, tree| monitor::build(inventory, &tables.monitored, id, tree))
        }
        "Role" | "ClusterRole" => {
            (&[Role], |inventory, tables, id, tree| access::role(inventory, &tables.controllers, id, tree))
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            (&[Binding], |inventory, tables, id, tree| access::binding(inventory, &tables.controllers, id, tree))
        }
        _ => (&[Workload, Container], workload::build),
    };
    if tables.judged.any(kinds) { build(inventory, tables, id, tree) } else { None }
}

/// What a document says about the control plane and its data.
fn control_plane_facts(inventory: &Inventory, tables: &Tables, id: DocumentId, tree: TreeId) -> Built {
    let document = inventory.document(id);
    if document.role == Role::Patch {
        return None;
    }
    let floating = || tables.floating[document.environment.index()].clone();
    let components = &tables.components;
    match document.kind() {
        "ClusterConfiguration" => Some(cluster::kubeadm(inventory, components, floating(), id, tree)),
        "InitConfiguration" | "JoinConfiguration" => {
            Some(cluster::kubeadm_node(inventory, components, &floating(), id, tree))
        }
        "Config" | "KubeProxyConfiguration" => cluster::kube_proxy(inventory, components, floating, id, tree),
        "EncryptionConfiguration" | "EncryptionConfig" => encryption::of_file(inventory, id, tree),
        "AuthorizationConfiguration" => authorization::of_file(inventory, id, tree),
        "AuthenticationConfiguration" => authentication::of_file(inventory, id, tree),
        "Policy" => audit::policy(inventory, id, tree).or_else(|| authorization::of_abac(inventory, id, tree)),
        "CronJob" => backup::cron_job(inventory, floating, id, tree),
        _ if document.role == Role::Other && document.format == Format::Json => {
            authorization::of_abac(inventory, id, tree).or_else(|| cluster::components(inventory, components, id, tree))
        }
        _ => cluster::components(inventory, components, id, tree)
            .or_else(|| cluster::of_tool(inventory, components, floating, id, tree)),
    }
}

/// One subject for each cluster whose etcd is in the input and whose environment holds no backup. Where several documents
/// describe one etcd, it is kubeadm's, else the first.
fn missing_backups(inventory: &mut Inventory, subjects: &[Subject], assumptions: Assumptions) -> Vec<Subject> {
    if assumptions.external_backup {
        return Vec::new();
    }
    let mut etcds: Vec<&Subject> = subjects.iter().filter(|subject| subject.kind == SubjectKind::Etcd).collect();
    etcds.sort_by_key(|etcd| (&*etcd.label != "ClusterConfiguration", etcd.document));
    let backups: Vec<&Subject> = subjects
        .iter()
        .filter(|subject| subject.kind == SubjectKind::Backup && !backup::UNSCHEDULED.contains(&&*subject.label))
        .collect();
    let mut reported: Vec<&Subject> = Vec::new();
    let mut missing = Vec::new();
    for etcd in etcds {
        let related = |other: &&&Subject| inventory.sees(etcd.document, other.document);
        let by_machine = || backup::is_scheduled_by_machine(inventory, etcd.document);
        if backups.iter().any(|backup| related(&backup)) || by_machine() || reported.iter().any(|other| related(&other))
        {
            continue;
        }
        reported.push(etcd);
        missing.push(missing_backup(inventory, etcd));
    }
    missing
}

/// The absence of any backup of an etcd, or the doubt about it.
fn missing_backup(inventory: &mut Inventory, etcd: &Subject) -> Subject {
    let tree = inventory.forest().next_id();
    let place = match inventory.document(etcd.document).role {
        Role::Object => anchor(inventory.document(etcd.document).view(inventory.forest())),
        _ => etcd.node,
    };
    let completeness = inventory.completeness("CronJob", etcd.document);
    let mut facts = FactBuilder::new(tree, place);
    let node = backup::absent(&mut facts, place, completeness.reason());
    inventory.add_tree(facts.finish());
    Subject { kind: SubjectKind::Backup, node: NodeRef { tree, node }, ..etcd.clone() }
}
