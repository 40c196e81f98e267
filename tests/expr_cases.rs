//! The expression language, case by case: `cel/language.txt`, `cel/functions.txt`, `cel/blame.txt`.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may stop")]

#[path = "cel_support/mod.rs"]
mod support;

use k8sready::expr::{Env, Program, Truth, Value, blame, compile_untyped, parse};
use k8sready::syntax::{Forest, Origin};

const DOCUMENT: &str = include_str!("cel/document.yaml");

fn compile(text: &str) -> Result<Program, String> {
    let expr = parse(text).map_err(|error| format!("syntax: {error} at {:?}", error.span))?;
    compile_untyped(&expr, &support::scope()).map_err(|errors| format!("{errors:?}"))
}

/// `value`, `error` or `unknown` and what lies behind.
fn outcome(value: &Value<'_>) -> String {
    match value {
        Value::Error(_) => "error".to_string(),
        Value::Unknown(_) => "unknown".to_string(),
        value => match value.truth() {
            Truth::Unknown(_) => "unknown".to_string(),
            _ => format!("{} {:?}", value.type_name(), value.to_text()),
        },
    }
}

fn check(line: &str) -> Result<(), String> {
    let (text, expected) = line.rsplit_once(" => ").ok_or("a case is `expression => expected`")?;
    let (forest, object) = support::forest(DOCUMENT);
    let slots = support::slots(&forest, object);
    let env = Env { forest: &forest, slots: &slots };
    let program = match compile(text) {
        Ok(program) => program,
        Err(_) if expected == "error" => return Ok(()),
        Err(error) => return Err(error),
    };
    let value = program.eval(&env);
    let found = outcome(&value);
    if expected == "error" || expected == "unknown" {
        return if found == expected { Ok(()) } else { Err(format!("gives {found}: {value:?}")) };
    }
    let wanted = compile(expected)?;
    let wanted = wanted.eval(&env);
    let same = compile("object == params")?;
    let same = same.eval(&Env { forest: &forest, slots: &[value.clone(), wanted.clone()] });
    let same = same.truth() == Truth::True && value.type_name() == wanted.type_name();
    if same { Ok(()) } else { Err(format!("gives {found}: {value:?}")) }
}

fn run(file: &str) {
    let cases = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let wrong: Vec<String> =
        cases.filter_map(|line| check(line).err().map(|why| format!("{line}\n    {why}"))).collect();
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_language_does_what_its_definition_says() {
    run(include_str!("cel/language.txt"));
}

#[test]
fn functions_do_what_their_documentation_says() {
    run(include_str!("cel/functions.txt"));
}

fn shown(forest: &Forest, origin: &Origin) -> String {
    match origin {
        Origin::Node(at) => support::position(forest, *at),
        Origin::Key(at) => format!("key {}", support::position(forest, *at)),
        Origin::Missing { parent, path } => format!("missing {} {path}", support::position(forest, *parent)),
        other => format!("{other:?}"),
    }
}

fn check_blame(case: &str) -> Result<(), String> {
    let (title, rest) = case.split_once('\n').ok_or("a case starts with a title")?;
    let (document, rest) = rest.split_once("\n-- ").ok_or(format!("{title}: no expression"))?;
    let mut marks = rest.trim_end().lines();
    let text = marks.next().unwrap_or_default();
    let (forest, object) = support::forest(document);
    let slots = support::slots(&forest, object);
    let env = Env { forest: &forest, slots: &slots };
    let program = compile(text).map_err(|error| format!("{title}: {error}"))?;
    let verdict = program.eval(&env).truth();
    if verdict != Truth::False {
        return Err(format!("{title}: the expression is not false but {verdict:?}"));
    }
    let found = blame(&program, &env);
    let primary = found.primary.map_or("none".to_string(), |origin| shown(&forest, &origin));
    let related = found.related.iter().map(|origin| format!("+ {}", shown(&forest, origin)));
    let found: Vec<String> = std::iter::once(format!("@ {primary}")).chain(related).collect();
    let wanted: Vec<&str> = marks.collect();
    if found == wanted { Ok(()) } else { Err(format!("{title}: points at {found:?}, not {wanted:?}")) }
}

#[test]
fn blame_points_at_what_decided() {
    let cases = include_str!("cel/blame.txt").split("\n== ").skip(1);
    let wrong: Vec<String> = cases.filter_map(|case| check_blame(case).err()).collect();
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
