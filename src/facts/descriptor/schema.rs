//! `schema` and `admission`.

use super::list;
use super::object;
use crate::expr::Type;

object! {
    /// An object of a kind that is known.
    SCHEMA = "schema", "An object of a known kind, its API version's life, and what its type finds wrong with it";
    apiVersion: Type::String, "API version";
    kind: Type::String, "Kind";
    name: Type::String, "Name";
    removed: Type::Bool, "The target version does not serve this API version any more";
    removedIn: Type::String, "The first release without it: `1.22`; null if none is known";
    deprecated: Type::Bool, "The target version serves it and calls it deprecated";
    deprecatedIn: Type::String, "The first release that called it deprecated; null if none";
    advice: Type::String, "What takes its place, as half a sentence";
    unknownFields: Type::List(&Type::Object(&VIOLATION)), "Fields that its type does not have";
    wrongTypes: Type::List(&Type::Object(&VIOLATION)), "Fields with a value of another type";
    missingFields: Type::List(&Type::Object(&VIOLATION)), "Fields that are required and not there";
    invalidValues: Type::List(&Type::Object(&VIOLATION)), "Fields with a value that is not allowed";
    unsortedKey: Type::String, "The first key that should stand before the one in front of it; null if all are in order";
    deprecatedFields: Type::List(&Type::Object(&DEPRECATED_FIELD)), "Fields that it sets and that are deprecated while the API version lives on (data/deprecated-fields.yaml)";
}

object! {
    /// A deprecated field.
    DEPRECATED_FIELD = "deprecatedField", "A deprecated field or key";
    field: Type::String, "Its key";
    since: Type::String, "The first release that called it deprecated; null if it always was";
    instead: Type::String, "What takes its place, as half a sentence";
}

object! {
    /// A field that a type does not allow.
    VIOLATION = "violation", "A field that a type does not allow";
    field: Type::String, "Its path: `spec.containers[0].image`";
    text: Type::String, "What would be right; empty for a missing field";
}

object! {
    /// An object and an admission policy that applies to it.
    ADMISSION = "admission", "An object and a ValidatingAdmissionPolicy of the input that applies to it";
    kind: Type::String, "The object's kind";
    name: Type::String, "The object's name";
    ofPods: Type::Bool, "The policy applies to the pods that a controller makes of the object";
    policy: Type::String, "The policy's name", [list("admissionregistration.k8s.io", "validatingadmissionpolicies")];
    binding: Type::String, "The binding's name", [list("admissionregistration.k8s.io", "validatingadmissionpolicybindings")];
    violations: Type::List(&Type::Object(&POLICY_VIOLATION)), "What the policy would complain about";
}

object! {
    /// A validation of a policy that does not hold.
    POLICY_VIOLATION = "policyViolation", "A validation of a policy that does not hold";
    message: Type::String, "What the API server would say";
    action: Type::String, "What happens then: `Deny`, `Warn` or `Audit`";
    expression: Type::String, "The expression's place, or the binding's";
}
