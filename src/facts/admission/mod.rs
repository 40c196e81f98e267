//! `admission`: an object and a ValidatingAdmissionPolicy that applies to it, with what the policy would say.
//!
//! An object of files is created, never updated: `oldObject` is null. Who creates it is not known, so what asks
//! `request.userInfo` or `authorizer` is unknown. Only policies that a binding in the input puts into force are evaluated.

mod criteria;
mod expression;
mod judge;
mod params;
mod policy;
mod resource;

use super::schema::{Admitted, Schemas, Types};
use super::{Built, FactBuilder, SubjectKind, anchor, name};
use crate::expr::Value;
use crate::facts::Subject;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Forest, Origin, Tree, View};
use crate::vocabulary::{NodeId, NodeRef, Reason, TreeId, UnknownCode};

use criteria::Match;
use judge::{Bench, Broken, Judgement};
use params::Params;
use policy::{Binding, Policy};
use resource::Resource;

/// The policies of an inventory.
#[derive(Debug)]
pub struct Policies {
    policies: Vec<Policy>,
}

/// A policy that applies to an object, and by which binding.
struct Pair<'p> {
    policy: &'p Policy,
    binding: &'p Binding,
    matched: Match,
    params: Params,
}

/// The Namespace of that name that an object sees.
fn namespace_of(inventory: &Inventory, from: DocumentId, name: &str) -> Option<DocumentId> {
    let of_core = |id: &DocumentId| inventory.document(*id).key.as_ref().is_some_and(|key| key.group.is_empty());
    inventory.named(from, "Namespace", name).into_iter().find(of_core)
}

impl Policies {
    /// Reads and compiles them; `None` if there are none, so that nothing is done for them.
    pub fn gather(inventory: &Inventory) -> Option<Policies> {
        let policies = policy::gather(inventory);
        (!policies.is_empty()).then_some(Policies { policies })
    }

    /// The facts of an object: one subject for each policy and binding that applies.
    pub fn build(&self, inventory: &Inventory, schemas: &Schemas, id: DocumentId, tree: TreeId) -> Built {
        if let Some(policy) = self.policies.iter().find(|policy| policy.document == id) {
            return policy.body.as_ref().err().map(|reason| broken(inventory, policy, reason, tree));
        }
        let whole = Resource::of(inventory, schemas, id).filter(|resource| !resource.is_exempt(schemas))?;
        let mut facts = FactBuilder::new(tree, anchor(inventory.document(id).view(inventory.forest())));
        let mut subjects = Vec::new();
        for resource in [Some(whole), Resource::pods_of(inventory, id)].into_iter().flatten() {
            self.judge(inventory, schemas, (id, &resource), &mut facts, &mut subjects);
        }
        (!subjects.is_empty()).then(|| (facts.finish(), subjects))
    }

    /// Adds what every policy says about an object, or about the pods made of it.
    fn judge(
        &self,
        inventory: &Inventory,
        schemas: &Schemas,
        (id, resource): (DocumentId, &Resource),
        facts: &mut FactBuilder,
        subjects: &mut Vec<Subject>,
    ) {
        let pairs = self.pairs(inventory, schemas, id, resource);
        if pairs.is_empty() {
            return;
        }
        let world = World::new(inventory, schemas.types(), id, resource, &pairs);
        let root = inventory.document(id).view(inventory.forest());
        let tree = facts.tree_id();
        for pair in &pairs {
            let judgement = world.judge(pair, resource);
            let pods = resource.is_of_template(inventory, id);
            let node = fact(facts, inventory, (root, pods), (pair.policy, pair.binding), &judgement);
            subjects.push(Subject::of(SubjectKind::Admission, NodeRef { tree, node }, inventory, id));
        }
    }

    fn pairs(&self, inventory: &Inventory, schemas: &Schemas, id: DocumentId, of: &Resource) -> Vec<Pair<'_>> {
        let mut pairs = Vec::new();
        for policy in self.policies.iter().filter(|policy| inventory.sees(id, policy.document)) {
            let by_policy = policy.criteria.fit(inventory, schemas, id, of);
            if by_policy == Match::No {
                continue;
            }
            for binding in policy.bindings.iter().filter(|binding| inventory.sees(id, binding.document)) {
                let by_binding =
                    binding.criteria.as_ref().map_or(Match::Yes, |criteria| criteria.fit(inventory, schemas, id, of));
                let matched = by_policy.clone().and(by_binding);
                if matched != Match::No {
                    let params = params::find(inventory, schemas, policy, binding.params.as_ref(), (id, of));
                    pairs.push(Pair { policy, binding, matched, params });
                }
            }
        }
        pairs
    }
}

/// A policy that cannot be evaluated is a doubt of its own, whether or not the input holds an object for it.
fn broken(inventory: &Inventory, policy: &Policy, reason: &Reason, tree: TreeId) -> (Tree, Vec<Subject>) {
    let root = inventory.document(policy.document).view(inventory.forest());
    let mut facts = FactBuilder::new(tree, anchor(root));
    let judgement = Judgement { violations: Vec::new(), doubt: Some(reason.clone()) };
    let node = fact(&mut facts, inventory, (root, false), (policy, &policy.bindings[0]), &judgement);
    let subject = Subject::of(SubjectKind::Admission, NodeRef { tree, node }, inventory, policy.document);
    (facts.finish(), vec![subject])
}

/// An object with everything around it that policies see, in trees of its own.
struct World {
    forest: Forest,
    /// Why something may be missing of the object.
    guessed: Option<Reason>,
    namespace: Option<NodeRef>,
    /// What stands for the Namespace otherwise.
    no_namespace: Value<'static>,
    params: Vec<(DocumentId, NodeRef)>,
}

impl World {
    fn new(inventory: &Inventory, types: Types<'_>, id: DocumentId, of: &Resource, pairs: &[Pair<'_>]) -> World {
        let mut forest = Forest::default();
        let Admitted { tree, guessed } = match of.is_of_template(inventory, id) {
            true => types.admit_pod(inventory, id, inventory.forest().view(of.root)),
            false => types.admit(inventory, id, of.namespaced),
        };
        forest.push(tree);
        let mut add = |id: DocumentId, namespaced: bool| {
            let tree = types.admit(inventory, id, namespaced).tree;
            let node = tree.root();
            NodeRef { tree: forest.push(tree), node }
        };
        let home = of.namespace.as_deref().filter(|_| of.namespaced);
        let namespace = home.and_then(|name| namespace_of(inventory, id, name)).map(|found| add(found, false));
        let mut params: Vec<(DocumentId, NodeRef)> = Vec::new();
        for pair in pairs {
            let Params::These(found, _) = &pair.params else { continue };
            for &param in found {
                if !params.iter().any(|(known, _)| *known == param) {
                    params.push((param, add(param, true)));
                }
            }
        }
        let kustomized = inventory.environments()[inventory.document(id).environment.index()].kustomized;
        let completed = || Reason::new(UnknownCode::Partial, "Kustomize may add what is missing");
        let guessed = guessed.or_else(|| kustomized.then(completed));
        World { forest, guessed, namespace, no_namespace: no_namespace(of), params }
    }

    fn judge(&self, pair: &Pair<'_>, of: &Resource) -> Judgement {
        let (found, more) = match &pair.params {
            Params::Error(_) if pair.policy.forgiving => return sure(Judgement::default(), &pair.matched),
            Params::Error(message) => {
                let broken = Broken { message: message.clone(), at: None, expression: None, always_denied: true };
                return sure(Judgement { violations: vec![broken], doubt: None }, &pair.matched);
            }
            Params::None => (vec![Value::Null], None),
            Params::These(found, more) => {
                let node = |id: &DocumentId| self.params.iter().find(|(known, _)| known == id);
                let values = found.iter().filter_map(node).map(|(_, at)| Value::node(&self.forest, *at));
                (values.collect(), more.clone())
            }
        };
        let mut all = Judgement { violations: Vec::new(), doubt: more };
        for params in found {
            let bench = Bench {
                forest: &self.forest,
                policy: pair.policy,
                slots: self.slots(params, of, &pair.matched),
                guessed: self.guessed.as_ref(),
            };
            let one = bench.judge();
            all.violations.extend(one.violations);
            all.doubt = all.doubt.or(one.doubt);
        }
        sure(all, &pair.matched)
    }

    fn slots<'f>(&'f self, params: Value<'f>, of: &Resource, matched: &Match) -> [Value<'f>; expression::SLOTS] {
        let root = NodeRef { tree: TreeId(0), node: self.forest.tree(TreeId(0)).root() };
        let namespace = match self.namespace {
            Some(at) => Value::node(&self.forest, at),
            None => self.no_namespace.clone(),
        };
        let nobody = || unknown("what the creator of the object may do is not known");
        judge::slots(Value::node(&self.forest, root), params, namespace, request(of, matched), nobody())
    }
}

fn unknown(text: &str) -> Value<'static> {
    Value::Unknown(Reason::new(UnknownCode::Partial, text))
}

fn no_namespace(of: &Resource) -> Value<'static> {
    match (of.namespaced, &of.namespace) {
        (false, _) => Value::Null,
        (true, Some(name)) => unknown(&format!("the Namespace `{name}` is not in the input")),
        (true, None) => unknown("the manifest does not name its namespace"),
    }
}

/// Where it is not sure that the policy applies, its violations are doubts.
fn sure(mut judgement: Judgement, matched: &Match) -> Judgement {
    match matched {
        Match::Perhaps(reason) if !judgement.violations.is_empty() || judgement.doubt.is_some() => {
            judgement.doubt = Some(reason.clone());
            judgement.violations.clear();
        }
        Match::Converted(reason) => judgement = Judgement { violations: Vec::new(), doubt: Some(reason.clone()) },
        _ => {}
    }
    judgement
}

/// `request`: the creation of the object by somebody.
fn request<'f>(of: &Resource, matched: &Match) -> Value<'f> {
    let text = |text: &str| Value::text(text.to_string());
    let version = |version: &str| {
        let kind = Value::map([("group", text(&of.group)), ("version", text(version)), ("kind", text(&of.kind))]);
        let resource =
            Value::map([("group", text(&of.group)), ("version", text(version)), ("resource", text(&of.plural))]);
        (kind, resource)
    };
    let (request_kind, request_resource) = version(&of.version);
    let (kind, resource) = version(if let Match::As(other) = matched { other } else { &of.version });
    let or_unknown = |known: &Option<String>, why: &str| match known {
        Some(known) => text(known),
        None => unknown(why),
    };
    Value::map([
        ("kind", kind),
        ("resource", resource),
        ("subResource", text("")),
        ("requestKind", request_kind),
        ("requestResource", request_resource),
        ("requestSubResource", text("")),
        ("name", or_unknown(&of.name, "the API server makes the name")),
        ("namespace", or_unknown(&of.namespace, "the manifest does not name its namespace")),
        ("operation", text("CREATE")),
        ("userInfo", unknown("who creates the object is not known")),
        ("dryRun", Value::Bool(false)),
        ("options", unknown("how the object is created is not known")),
        ("uid", unknown("the request is not known")),
    ])
}

fn fact(
    facts: &mut FactBuilder,
    inventory: &Inventory,
    (root, pods): (View<'_>, bool),
    (policy, binding): (&Policy, &Binding),
    judgement: &Judgement,
) -> NodeId {
    let document = |id: DocumentId| inventory.document(id).view(inventory.forest());
    let named = |id: DocumentId| Origin::Node(anchor(document(id)));
    let by = (named(policy.document), named(binding.document));
    let violations: Vec<NodeId> = judgement
        .violations
        .iter()
        .map(|broken| {
            let place = broken.at.clone().unwrap_or_else(|| facts.anchor());
            let action = if broken.always_denied { "Deny" } else { binding.action };
            let expression = broken.expression.map_or_else(|| by.1.clone(), Origin::Node);
            let fields = [
                ("message", facts.str(&broken.message, place.clone())),
                ("action", facts.str(action, place.clone())),
                ("expression", facts.str("", expression)),
            ];
            facts.map(&fields, place)
        })
        .collect();
    let list = facts.list(&violations);
    if let Some(reason) = &judgement.doubt {
        facts.open(list, reason.clone());
    }
    let fields = [
        ("kind", facts.lookup(root, "kind", super::Fallback::Str(""))),
        ("name", name(facts, root)),
        ("ofPods", facts.bool(pods, Origin::Anchor(anchor(root)))),
        ("policy", facts.str(&policy.name, by.0)),
        ("binding", facts.str(&binding.name, by.1)),
        ("violations", list),
    ];
    let origin = facts.anchor();
    facts.map(&fields, origin)
}
