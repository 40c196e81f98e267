//! Policies and bindings as documents have them, read and compiled once.

use super::criteria::Criteria;
use super::expression::{Code, Variable};
use crate::inventory::{DocumentId, Inventory, Shown, label_selector};
use crate::syntax::View;
use crate::vocabulary::Reason;

/// A ValidatingAdmissionPolicy that something binds.
#[derive(Debug)]
pub struct Policy {
    /// Where it stands.
    pub document: DocumentId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub criteria: Criteria,
    /// The kind of its parameters: API version and kind.
    pub param_kind: Option<(String, String)>,
    /// Every object of that kind.
    pub candidates: Vec<DocumentId>,
    /// Its expressions, or why they cannot be evaluated.
    pub body: Result<Body, Reason>,
    /// Whether an error admits the object.
    pub forgiving: bool,
    /// Who binds it.
    pub bindings: Vec<Binding>,
}

/// What a policy evaluates.
#[derive(Debug)]
pub struct Body {
    /// Variables in order.
    pub variables: Vec<(String, Code)>,
    /// What must hold for the policy to be asked at all.
    pub conditions: Vec<Code>,
    /// What must hold.
    pub validations: Vec<Validation>,
    /// What is written into the audit log.
    pub annotations: Vec<Code>,
}

/// A validation.
#[derive(Debug)]
pub struct Validation {
    /// What must hold.
    pub code: Code,
    /// What is said otherwise.
    pub message: Option<String>,
    /// What is said otherwise, computed.
    pub message_expression: Option<Code>,
}

/// A ValidatingAdmissionPolicyBinding.
#[derive(Debug)]
pub struct Binding {
    /// Where it stands.
    pub document: DocumentId,
    /// Its name.
    pub name: String,
    /// Which of the policy's objects it is for.
    pub criteria: Option<Criteria>,
    /// Which parameters it gives.
    pub params: Option<ParamRef>,
    /// What happens to an object that violates it: the strongest of `Deny`, `Warn` and `Audit`.
    pub action: &'static str,
}

/// Which objects are parameters.
#[derive(Debug)]
pub struct ParamRef {
    /// One by name.
    pub name: Option<String>,
    /// All with these labels.
    pub selector: Option<Shown>,
    /// Where they lie; else where the object lies.
    pub namespace: Option<String>,
    /// Whether an object is refused when there are none.
    pub required: bool,
}

const GROUP: &str = "admissionregistration.k8s.io";

/// Every policy with a binding that sees it.
pub fn gather(inventory: &Inventory) -> Vec<Policy> {
    let of_kind = |kind: &'static str| {
        inventory.objects().filter(move |(_, document)| document.key.as_ref().is_some_and(|key| key.is(GROUP, kind)))
    };
    let bindings: Vec<(DocumentId, &str)> = of_kind("ValidatingAdmissionPolicyBinding")
        .filter_map(|(id, document)| Some((id, document.view(inventory.forest()).str_at("spec.policyName")?)))
        .collect();
    let mut policies = Vec::new();
    for (id, document) in of_kind("ValidatingAdmissionPolicy") {
        let name = document.key.as_ref().map(|key| key.name.to_string()).unwrap_or_default();
        let bound = bindings.iter().filter(|(binding, policy)| *policy == name && inventory.sees(*binding, id));
        let bindings: Vec<Binding> = bound.map(|(binding, _)| Binding::read(inventory, *binding)).collect();
        if !bindings.is_empty() {
            let mut policy = Policy::read(document.view(inventory.forest()), id, name, bindings);
            policy.candidates = candidates(inventory, &policy);
            policies.push(policy);
        }
    }
    policies
}

/// The objects that may be a policy's parameters.
fn candidates(inventory: &Inventory, policy: &Policy) -> Vec<DocumentId> {
    let Some((api_version, kind)) = &policy.param_kind else { return Vec::new() };
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let objects =
        inventory.objects().filter(|(_, document)| document.key.as_ref().is_some_and(|key| key.is(group, kind)));
    objects.map(|(id, _)| id).collect()
}

impl Policy {
    fn read(root: View<'_>, document: DocumentId, name: String, bindings: Vec<Binding>) -> Policy {
        let spec = root.get("spec").unwrap_or(root);
        let kind = spec.get("paramKind").filter(|kind| kind.is_map());
        let text = |kind: View<'_>, key: &str| kind.str_at(key).unwrap_or_default().to_string();
        let body = Body::read(spec).map_err(|reason| {
            Reason::new(reason.code, format!("ValidatingAdmissionPolicy `{name}` cannot be evaluated: {}", reason.text))
        });
        Policy {
            document,
            criteria: Criteria::read(spec.get("matchConstraints").unwrap_or(spec)),
            candidates: Vec::new(),
            param_kind: kind.map(|kind| (text(kind, "apiVersion"), text(kind, "kind"))),
            body,
            forgiving: spec.str_at("failurePolicy") == Some("Ignore"),
            name,
            bindings,
        }
    }
}

impl Body {
    fn read(spec: View<'_>) -> Result<Body, Reason> {
        let list = |name: &str| spec.get(name).into_iter().flat_map(View::items).collect::<Vec<_>>();
        for name in ["variables", "matchConditions", "validations"] {
            if let Some(reason) = spec.get(name).and_then(crate::inventory::hides) {
                return Err(reason.clone());
            }
        }
        let mut known: Vec<Variable> = Vec::new();
        let mut variables = Vec::new();
        for at in list("variables") {
            let name = at.str_at("name").unwrap_or_default().to_string();
            let code = Code::read(at, "expression", &known)?;
            known.push(Variable::new(&name, &code));
            variables.push((name, code));
        }
        let all = |name: &str, key: &str| {
            list(name).into_iter().map(|at| Code::read(at, key, &known)).collect::<Result<Vec<_>, _>>()
        };
        let validation = |at: View<'_>| {
            let computed = at.get("messageExpression").filter(|text| text.str() != Some(""));
            Ok(Validation {
                code: Code::read(at, "expression", &known)?,
                message: at.str_at("message").map(|text| text.trim().to_string()).filter(|text| !text.is_empty()),
                message_expression: computed.map(|_| Code::read(at, "messageExpression", &known)).transpose()?,
            })
        };
        Ok(Body {
            conditions: all("matchConditions", "expression")?,
            validations: list("validations").into_iter().map(validation).collect::<Result<Vec<_>, Reason>>()?,
            annotations: all("auditAnnotations", "valueExpression")?,
            variables,
        })
    }
}

impl Binding {
    fn read(inventory: &Inventory, document: DocumentId) -> Binding {
        let root = inventory.document(document).view(inventory.forest());
        let actions: Vec<&str> =
            root.path("spec.validationActions").into_iter().flat_map(View::items).filter_map(View::str).collect();
        let strongest = ["Deny", "Warn", "Audit"].into_iter().find(|action| actions.contains(action));
        Binding {
            document,
            name: root.str_at("metadata.name").unwrap_or_default().to_string(),
            criteria: root.path("spec.matchResources").filter(|at| at.is_map()).map(Criteria::read),
            params: root.path("spec.paramRef").filter(|at| at.is_map()).map(ParamRef::read),
            action: strongest.unwrap_or("Deny"),
        }
    }
}

impl ParamRef {
    fn read(at: View<'_>) -> ParamRef {
        let text = |key: &str| at.str_at(key).filter(|text| !text.is_empty()).map(str::to_string);
        ParamRef {
            name: text("name"),
            selector: at.get("selector").and_then(label_selector),
            namespace: text("namespace"),
            required: at.str_at("parameterNotFoundAction") == Some("Deny"),
        }
    }
}
