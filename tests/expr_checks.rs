//! What is refused before anything is evaluated, and what a compiled expression says of itself.
//!
//! `cel/errors.txt` holds an expression a case, followed by one line for each mistake: carets under the bytes it is about,
//! then the message and the help.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop")]

use k8sready::expr::{Env, Value};
use k8sready::expr::{
    Field, MAX_HEIGHT, MAX_LENGTH, Object, Read, STEP_BUDGET, Scope, Truth, Type, compile, compile_untyped, parse,
};
use k8sready::syntax::Forest;
use k8sready::vocabulary::{Reason, UnknownCode};

const LIST_PDBS: Read =
    Read { group: "policy", resource: "poddisruptionbudgets", verb: "list", names: &[], absent_is_normal: false };

static WORKLOAD: Object = Object {
    name: "workload",
    doc: "A workload",
    fields: &[
        Field { name: "kind", ty: Type::String, doc: "Its kind", reads: &[] },
        Field { name: "replicas", ty: Type::Int, doc: "How many run", reads: &[] },
        Field { name: "autoscaled", ty: Type::Bool, doc: "Whether something scales it", reads: &[] },
        Field { name: "labels", ty: Type::Map(&Type::String), doc: "Its labels", reads: &[] },
        Field { name: "memory", ty: Type::Quantity, doc: "Its memory limit", reads: &[] },
        Field { name: "containers", ty: Type::List(&Type::Object(&CONTAINER)), doc: "Its containers", reads: &[] },
        Field { name: "pdbs", ty: Type::List(&Type::Dyn), doc: "Its budgets", reads: &[LIST_PDBS] },
    ],
};

static CONTAINER: Object = Object {
    name: "container",
    doc: "A container",
    fields: &[
        Field { name: "name", ty: Type::String, doc: "Its name", reads: &[] },
        Field { name: "workload", ty: Type::Object(&WORKLOAD), doc: "Where it runs", reads: &[] },
    ],
};

fn scope() -> Scope {
    let mut scope = Scope::new();
    scope.variable("workload", Type::Object(&WORKLOAD));
    scope.variable("object", Type::Dyn);
    let fields = [("minimum", Type::Int), ("allowed", Type::List(&Type::String))];
    scope.parameters("params", fields.map(|(name, ty)| (name.to_string(), ty)));
    scope
}

fn mistakes(text: &str) -> String {
    let errors = compile(text, &scope()).err().unwrap_or_default();
    let lines = errors.into_iter().map(|error| {
        let (start, end) = (error.span.start as usize, (error.span.end as usize).max(error.span.start as usize + 1));
        let help = error.help.map_or(String::new(), |help| format!("; {help}"));
        format!("{}{} {}{help}\n", " ".repeat(start), "^".repeat(end - start), error.message)
    });
    lines.collect()
}

#[test]
fn mistakes_are_found_where_they_are() {
    let cases = include_str!("cel/errors.txt").split("\n\n").skip(1);
    let mut wrong = Vec::new();
    for case in cases {
        let (text, expected) = case.trim_end().split_once('\n').unwrap_or((case.trim_end(), ""));
        let found = mistakes(text);
        if found.trim_end() != expected.trim_end() {
            wrong.push(format!("{text}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong; found:\n\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn hostile_expressions_are_refused_and_do_not_exhaust_the_stack() {
    let deep = usize::from(MAX_HEIGHT) * 20;
    let hostile = [
        "(".repeat(deep) + "1" + &")".repeat(deep),
        "[".repeat(deep),
        "!".repeat(deep) + "true",
        "-".repeat(deep) + "x",
        "1".to_string() + &" + 1".repeat(deep),
        "a".to_string() + &".b".repeat(deep),
        "a".to_string() + &"[0]".repeat(deep),
        "true ? 1 : ".repeat(deep) + "1",
        "x.map(x, ".repeat(deep / 2),
        "x".repeat(MAX_LENGTH + 1),
    ];
    for text in hostile {
        assert!(parse(&text).is_err(), "{}… is accepted", &text[..20]);
    }
    let long = vec!["true"; deep].join(" && ");
    assert!(parse(&long).is_ok(), "a long conjunction is not deep");
}

fn evaluate(text: &str) -> Truth {
    let forest = Forest::default();
    let program = compile_untyped(&parse(text).unwrap(), &Scope::new()).unwrap();
    program.eval(&Env { forest: &forest, slots: &[] }).truth()
}

#[test]
fn the_deepest_expressions_allowed_are_evaluated() {
    let deep = usize::from(MAX_HEIGHT) - 10;
    let nested = |before: &str, inner: &str, after: &str| before.repeat(deep) + inner + &after.repeat(deep);
    let deepest = [
        nested("[1].all(x, ", "true", ")"),
        nested("cel.bind(x, 1, ", "true", ")"),
        "!".repeat(deep / 2 * 2) + "true",
        nested("true ? (", "true", ") : false"),
        nested("[1].map(x, ", "1", ")") + ".size() == 1",
        "0".to_string() + &" + 1".repeat(deep) + " > 0",
        nested("[", "1", "]") + " == " + &nested("[", "1", "]"),
    ];
    for text in deepest {
        assert_eq!(evaluate(&text), Truth::True, "{text}");
    }
}

#[test]
fn an_expression_that_does_too_much_is_unknown() {
    let budget = Reason::new(UnknownCode::Budget, format!("the expression takes more than {STEP_BUDGET} steps"));
    let doubling = (0..40).fold("x.size() > 0".to_string(), |body, _| format!("cel.bind(x, x + x, {body})"));
    let costly = [
        "lists.range(2000).all(x, lists.range(2000).all(y, x + y >= 0))".to_string(),
        "lists.range(100000000).size() > 0".to_string(),
        format!("cel.bind(x, 'aaaaaaaa', {doubling})"),
        format!("cel.bind(x, [1], {doubling})"),
        "cel.bind(x, lists.range(5000), x.distinct().size() > 0)".to_string(),
        "cel.bind(x, lists.range(1000000), x == x)".to_string(),
    ];
    for text in costly {
        assert_eq!(evaluate(&text), Truth::Unknown(budget.clone()), "{text}");
    }
    assert_eq!(evaluate("lists.range(900).all(x, lists.range(900).all(y, x + y >= 0))"), Truth::True);
}

#[test]
fn a_program_says_what_it_reads_and_names() {
    let text = "workload.containers.all(c, c.workload.pdbs.exists(p, p.x)) && params.minimum > 1 && has(object.a)";
    let program = compile(text, &scope()).unwrap();
    assert_eq!(program.result_type(), "bool");
    assert_eq!(program.reads().collect::<Vec<_>>(), [&LIST_PDBS]);
    let uses = program.uses();
    let fields: Vec<String> =
        uses.fields.iter().map(|(object, field)| format!("{}.{}", object.name, field.name)).collect();
    assert_eq!(fields, ["workload.containers", "container.workload", "workload.pdbs"]);
    assert_eq!(uses.roots.iter().collect::<Vec<_>>(), ["object", "params", "workload"]);
    assert_eq!(uses.members.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["minimum"]);
}

#[test]
fn result_types_follow_descriptors() {
    let cases = [
        ("workload.replicas + 1", "int"),
        ("workload.containers", "list(container)"),
        ("workload.containers.map(c, c.name)", "list(string)"),
        ("workload.containers.map(c, [c.name])", "list(list(string))"),
        ("workload.containers[0].workload.kind", "string"),
        ("workload.?labels[?'a']", "optional(string)"),
        ("workload.?labels[?'a'].orValue('')", "string"),
        ("workload.containers.filter(c, true).first()", "optional(container)"),
        ("workload.memory", "quantity"),
        ("object.anything", "dyn"),
        ("true ? 1 : 'a'", "dyn"),
        ("{'a': 1}", "map(int)"),
    ];
    for (text, expected) in cases {
        let program = compile(text, &scope()).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        assert_eq!(program.result_type(), expected, "{text}");
    }
}

#[test]
fn quantities_of_descriptors_are_read_from_their_text() {
    let forest = Forest::default();
    let workload = Value::map([("memory", Value::text("512Mi")), ("kind", Value::text("Deployment"))]);
    let slots = [workload, Value::Null, Value::Null];
    let env = Env { forest: &forest, slots: &slots };
    let truth = |text: &str| compile(text, &scope()).unwrap().eval(&env).truth();
    assert_eq!(truth("workload.memory < quantity('1Gi')"), Truth::True);
    assert_eq!(truth("workload.?memory.orValue(quantity('2Gi')) > quantity('1Gi')"), Truth::False);
}

#[test]
fn a_variable_may_be_unknown() {
    let forest = Forest::default();
    let reason = Reason::new(UnknownCode::Forbidden, "not shown");
    let slots = [Value::Unknown(reason.clone()), Value::Null, Value::Null];
    let env = Env { forest: &forest, slots: &slots };
    let truth = |text: &str| compile(text, &scope()).unwrap().eval(&env).truth();
    assert_eq!(truth("workload.replicas > 1"), Truth::Unknown(reason));
    assert_eq!(truth("workload.replicas > 1 || true"), Truth::True);
}
