//! Access paths as facts: one subject for each way to a goal, for each agent of a node that is granted much, and for the
//! one identity that all people share; else one for the environment, which says that there is none.

use super::grants::{Power, Step};
use super::graph::{Edge, Graph, Identity, REACH, Scope, Stop, Ways};
use super::{Access, Agent};
use crate::facts::builder::FactBuilder;
use crate::facts::controllers::{Controllers, Right};
use crate::facts::subject::{Subject, SubjectKind};
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Origin, Tree};
use crate::vocabulary::{NodeId, NodeRef, TreeId};

/// Users and groups that stand for anybody, or for every service account.
const OPEN: &[&str] = &["system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"];

/// How the names of users and groups begin that the API server, kubeadm or a provider makes by itself.
const SHIPPED: &[&str] = &["system:", "kubeadm:", "eks:", "gce:"];

/// How the names of users end that belong to programs.
const PROGRAMS: &[&str] = &["-manager", "-controller", "-operator", "-scheduler", "-apiserver", "-client", "-proxy"];

/// All subjects of an environment, in one tree.
pub fn subjects(
    inventory: &Inventory,
    controllers: &Controllers,
    access: &Access,
    tree: TreeId,
) -> (Tree, Vec<Subject>) {
    let facts = FactBuilder::new(tree, NodeRef::default());
    let mut teller = Teller { inventory, controllers, access, facts, subjects: Vec::new() };
    teller.ways();
    if teller.subjects.is_empty() {
        teller.nothing();
    }
    for agent in &access.agents {
        teller.agent(agent);
    }
    teller.people();
    (teller.facts.finish(), teller.subjects)
}

/// A way of somebody to a goal.
struct Way<'a> {
    from: usize,
    first: &'a Edge,
    edges: Vec<&'a Edge>,
    /// Other first steps that lead there.
    others: usize,
}

/// What is told of a subject.
struct Told<'a> {
    form: &'static str,
    goal: &'static str,
    who: Option<&'a Identity>,
    at: NodeRef,
    document: DocumentId,
    expected: bool,
    chain: String,
    others: usize,
    hops: Vec<(String, NodeRef)>,
}

struct Teller<'a> {
    inventory: &'a Inventory,
    controllers: &'a Controllers,
    access: &'a Access,
    facts: FactBuilder,
    subjects: Vec<Subject>,
}

impl<'a> Teller<'a> {
    fn graph(&self) -> &'a Graph {
        &self.access.graph
    }

    fn identity(&self, stop: usize) -> Option<&'a Identity> {
        match &self.access.graph.stops[stop] {
            Stop::Identity(identity) => Some(identity),
            _ => None,
        }
    }

    /// The ways to every right, and to all Secrets where that is nearer.
    fn ways(&mut self) {
        let find = |goal: &Stop| self.graph().find(goal).map(|goal| self.graph().ways(goal));
        let (admin, secrets) = (find(&Stop::Admin), find(&Stop::Secrets));
        let distance = |ways: &Option<Ways>, from: usize| {
            ways.as_ref().and_then(|ways| ways[from]).map_or(REACH + 1, |(steps, _)| steps)
        };
        for from in 0..self.graph().stops.len() {
            let Some(who) = self.identity(from).filter(|who| is_somebody(who)) else { continue };
            if let Some(way) = admin.as_ref().and_then(|ways| self.way(ways, from)) {
                self.tell_way("cluster-admin", who, &way);
            }
            if distance(&secrets, from) < distance(&admin, from)
                && let Some(way) = secrets.as_ref().and_then(|ways| self.way(ways, from))
            {
                self.tell_way("all Secrets", who, &way);
            }
        }
    }

    /// The shortest way, unless the goal is held already, or a group that the identity belongs to is as near.
    fn way<'w>(&self, ways: &'w Ways, from: usize) -> Option<Way<'w>>
    where
        'a: 'w,
    {
        let graph = self.graph();
        let (distance, _) = ways[from].filter(|(steps, _)| *steps > 1)?;
        let near = |edge: &&Edge| ways[edge.to].is_some_and(|(steps, _)| steps < REACH);
        let clear = |edge: &&Edge| edge.to != from && graph.follow(ways, edge.to).all(|next| next.to != from);
        let own = |edge: &&Edge| edge.step.as_ref().is_some_and(|step| self.is_own(step));
        let firsts: Vec<&Edge> =
            graph.leaving(from).map(|edge| &graph.edges[edge]).filter(near).filter(clear).filter(own).collect();
        let first =
            firsts.iter().copied().find(|edge| ways[edge.to].is_some_and(|(steps, _)| steps + 1 == distance))?;
        let edges = std::iter::once(first).chain(graph.follow(ways, first.to)).collect();
        Some(Way { from, first, edges, others: firsts.len() - 1 })
    }

    /// Whether a step is granted by a binding of this environment that nobody ships.
    fn is_own(&self, step: &Step) -> bool {
        let binding = self.inventory.document(step.binding);
        let shipped = crate::facts::access::is_shipped_binding(binding.view(self.inventory.forest()));
        binding.environment == self.access.environment && !shipped
    }

    fn tell_way(&mut self, goal: &'static str, who: &'a Identity, way: &Way<'_>) {
        let Some(step) = &way.first.step else { return };
        let hops = self.hops(way);
        let chain: Vec<&str> = hops.iter().map(|(_, does, _)| does.as_str()).collect();
        let told = Told {
            form: "escalation",
            goal,
            who: Some(who),
            at: step.place,
            document: step.document,
            expected: self.is_expected(goal, who, step),
            chain: chain.join(", which "),
            others: way.others,
            hops: hops.iter().map(|(who, does, at)| (format!("{who} {does}"), *at)).collect(),
        };
        self.tell(told);
    }

    /// Who does what by which right, step by step.
    fn hops(&self, way: &Way<'_>) -> Vec<(String, String, NodeRef)> {
        let mut actor = self.identity(way.from).map(called).unwrap_or_default();
        let mut hops = Vec::new();
        let mut pending: Option<&Step> = None;
        for edge in &way.edges {
            pending = edge.step.as_ref().or(pending);
            let reached = match &self.graph().stops[edge.to] {
                Stop::Identity(identity) => Some(called(identity)),
                Stop::Admin | Stop::Secrets => None,
                _ => continue,
            };
            // From an account to its group nothing is done.
            if let Some(step) = pending.take() {
                let does = match &reached {
                    Some(reached) => format!("{} {reached}", step.power.phrase()),
                    None => to_goal(step.power).to_string(),
                };
                hops.push((std::mem::take(&mut actor), does, step.place));
            }
            actor = reached.unwrap_or_default();
        }
        hops
    }

    /// Whether a well-known controller needs what it reaches.
    fn is_expected(&self, goal: &str, who: &Identity, step: &Step) -> bool {
        let mut needs = Vec::new();
        if who.kind == "ServiceAccount" {
            needs = self.controllers.of_account(&who.name);
        }
        if let Some(key) = &self.inventory.document(step.document).key {
            needs.extend(self.controllers.of_role(&key.name));
        }
        let strong = [Right::ClusterAdmin, Right::Escalate, Right::Impersonate];
        needs.iter().any(|need| strong.contains(need) || (goal == "all Secrets" && *need == Right::Secrets))
    }

    /// What a DaemonSet carries to every node, if that holds everywhere.
    fn agent(&mut self, agent: &'a Agent) {
        let Some(who) = self.identity(agent.account) else { return };
        let graph = self.graph();
        let mut hops: Vec<(String, NodeRef)> = Vec::new();
        let mut expected = true;
        for edge in graph.leaving(agent.account).map(|edge| &graph.edges[edge]) {
            let everywhere = match &graph.stops[edge.to] {
                Stop::Admin | Stop::Secrets => true,
                Stop::Accounts(scope) | Stop::Running(scope) => *scope == Scope::All,
                Stop::Tokens(_) | Stop::Identity(_) => false,
            };
            let Some(step) = edge.step.as_ref().filter(|_| everywhere) else { continue };
            let goal = if step.power == Power::Secrets { "all Secrets" } else { "cluster-admin" };
            expected &= self.is_expected(goal, who, step);
            hops.push((to_goal(step.power).to_string(), step.place));
        }
        if hops.is_empty() {
            return;
        }
        let mut words: Vec<&str> = hops.iter().map(|(does, _)| does.as_str()).collect();
        words.dedup();
        let told = Told {
            form: "everyNode",
            goal: "every node",
            who: Some(who),
            at: agent.place,
            document: agent.document,
            expected,
            chain: words.join(" and "),
            others: 0,
            hops,
        };
        self.tell(told);
    }

    /// The one user or group that all bindings of people name.
    fn people(&mut self) {
        let mut people = self.access.people.iter().filter(|(who, ..)| is_human(who));
        let Some((who, document, at)) = people.next() else { return };
        let others: Vec<_> = people.collect();
        if others.iter().any(|(other, ..)| other != who) {
            return;
        }
        let told = Told {
            form: "people",
            goal: "everything that people may do",
            who: Some(who),
            at: *at,
            document: *document,
            expected: false,
            chain: String::new(),
            others: others.len(),
            hops: others.iter().map(|(_, _, at)| ("named here too".to_string(), *at)).collect(),
        };
        self.tell(told);
    }

    /// Nobody reaches anything, as far as is known.
    fn nothing(&mut self) {
        let Some(document) = self.access.first else { return };
        let at = crate::facts::anchor(self.inventory.document(document).view(self.inventory.forest()));
        let told = Told {
            form: "escalation",
            goal: "",
            who: None,
            at,
            document,
            expected: false,
            chain: String::new(),
            others: 0,
            hops: Vec::new(),
        };
        self.tell(told);
    }

    fn tell(&mut self, told: Told<'_>) {
        let place = Origin::Node(told.at);
        let facts = &mut self.facts;
        let doubt = self.access.doubt.as_ref().filter(|_| told.goal.is_empty());
        let others = match &self.access.hidden_bindings {
            Some(reason) if told.form == "people" => facts.unknown(reason.clone(), place.clone()),
            _ => facts.int(i64::try_from(told.others).unwrap_or(i64::MAX), place.clone()),
        };
        let goal = match doubt {
            Some(reason) => facts.unknown(reason.clone(), place.clone()),
            None => facts.str(told.goal, place.clone()),
        };
        let hops: Vec<NodeId> = told.hops.iter().map(|(text, at)| hop(facts, text, *at)).collect();
        let who = told.who.map(called).unwrap_or_default();
        let open = told.who.is_some_and(is_open);
        let fields = [
            ("form", facts.str(told.form, place.clone())),
            ("goal", goal),
            ("identity", facts.str(&who, place.clone())),
            ("open", facts.bool(open, place.clone())),
            ("expected", facts.bool(told.expected, place.clone())),
            ("at", facts.refer(told.at)),
            ("chain", facts.str(&told.chain, place.clone())),
            ("hops", facts.list_at(&hops, place.clone())),
            ("others", others),
        ];
        let node = NodeRef { node: facts.map(&fields, place), tree: facts.tree_id() };
        let mut subject = Subject::of(SubjectKind::AccessPath, node, self.inventory, told.document);
        subject.environment = self.access.environment;
        if let Some(who) = told.who.filter(|_| told.form == "escalation") {
            subject.label = who.kind.into();
            subject.namespace.clone_from(&who.namespace);
            subject.name = who.name.clone();
        }
        self.subjects.push(subject);
    }
}

fn hop(facts: &mut FactBuilder, text: &str, at: NodeRef) -> NodeId {
    let fields = [("text", facts.str(text, Origin::Node(at))), ("at", facts.refer(at))];
    facts.map(&fields, Origin::Node(at))
}

/// What a right does without an identity in between.
fn to_goal(power: Power) -> &'static str {
    match power {
        Power::Workloads => "runs pods in any namespace",
        Power::Tokens => "requests tokens of any account",
        Power::Exec | Power::Kubelets => "executes commands in any pod",
        Power::Secrets => "reads the Secrets of all namespaces",
        Power::Accounts => "impersonates any account",
        Power::Users | Power::Escalate | Power::Webhooks | Power::Certificates | Power::Everything => power.phrase(),
    }
}

/// An identity in a sentence.
fn called(who: &Identity) -> String {
    match &who.namespace {
        Some(namespace) => format!("{} `{namespace}/{}`", who.kind, who.name),
        None => format!("{} `{}`", who.kind, who.name),
    }
}

/// Whether it is not one of those that the API server, kubeadm or a provider makes by itself.
fn is_somebody(who: &Identity) -> bool {
    who.kind == "ServiceAccount" || is_open(who) || !SHIPPED.iter().any(|prefix| who.name.starts_with(prefix))
}

fn is_human(who: &Identity) -> bool {
    let program = who.kind == "User" && PROGRAMS.iter().any(|end| who.name.ends_with(end));
    is_somebody(who) && !is_open(who) && !program
}

fn is_open(who: &Identity) -> bool {
    match who.kind {
        "ServiceAccount" => *who.name == *"default",
        _ => OPEN.contains(&&*who.name) || who.name.starts_with("system:serviceaccounts:"),
    }
}
