//! The part of the expression language of workflows that action.yml uses: names with dots, strings, `||`, `==`.

use serde_json::Value;

/// A text with `${{ … }}` in it, filled in.
pub fn fill(text: &str, contexts: &Value) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (inside, behind) = after.split_once("}}").expect("`${{` without `}}`");
        filled += before;
        filled += &evaluate(inside, contexts);
        rest = behind;
    }
    filled + rest
}

/// The condition of a step; `success()` is implied, and nothing before it fails without ending the action.
pub fn holds(condition: Option<&str>, contexts: &Value) -> bool {
    condition.is_none_or(|condition| evaluate(condition, contexts) == "true")
}

fn evaluate(expression: &str, contexts: &Value) -> String {
    if let Some((left, right)) = expression.split_once("==") {
        return (operand(left, contexts) == operand(right, contexts)).to_string();
    }
    let values = expression.split("||").map(|part| operand(part, contexts));
    values.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
}

/// A string, or a name. A name whose first two parts are unknown is a mistake in action.yml; what is missing below them is
/// empty, as on a runner.
fn operand(text: &str, contexts: &Value) -> String {
    let text = text.trim();
    if let Some(literal) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return literal.to_string();
    }
    let mut value = contexts;
    for (depth, part) in text.split('.').enumerate() {
        match value.get(part) {
            Some(next) => value = next,
            None if depth < 2 => panic!("action.yml names `{text}`, and there is no `{part}`"),
            None => return String::new(),
        }
    }
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => panic!("`{text}` is {other}, not a text"),
    }
}
