//! Text: the standard functions and the strings extension. Positions count characters, not bytes.

use super::{
    Body, Function, GIVES_BOOL, GIVES_INT, GIVES_TEXT, GIVES_TEXTS, INT, LIST, Param, Returns, Style, TEXT, built, int,
    length, list, lists, text,
};
use crate::expr::steps::Steps;
use crate::expr::types::Type;
use crate::expr::value::{Outcome, Value, fail};

const TEXT_OR_LIST: Param = &[Type::String, Type::List(&Type::Dyn)];

pub(super) const TABLE: &[Function] = &[
    Function::method("contains", &[TEXT, TEXT], GIVES_BOOL, |s, a| test(s, a, |text, part| text.contains(part))),
    Function::method("startsWith", &[TEXT, TEXT], GIVES_BOOL, |s, a| test(s, a, |text, part| text.starts_with(part))),
    Function::method("endsWith", &[TEXT, TEXT], GIVES_BOOL, |s, a| test(s, a, |text, part| text.ends_with(part))),
    Function::new(
        "matches",
        Style::Both,
        &[TEXT, TEXT],
        GIVES_BOOL,
        Body::Regex(|regex, args, steps| {
            steps.charge_text(text(args, 0)?.len())?;
            Ok(Value::Bool(regex.is_match(text(args, 0)?)))
        }),
    ),
    Function::method("charAt", &[TEXT, INT], GIVES_TEXT, char_at),
    Function::method("indexOf", &[TEXT_OR_LIST, &[], INT], GIVES_INT, index_of).optional(1),
    Function::method("lastIndexOf", &[TEXT_OR_LIST, &[], INT], GIVES_INT, last_index_of).optional(1),
    Function::method("join", &[LIST, TEXT], GIVES_TEXT, join).optional(1),
    Function::method("split", &[TEXT, TEXT, INT], GIVES_TEXTS, split).optional(1),
    Function::method("replace", &[TEXT, TEXT, TEXT, INT], GIVES_TEXT, replace).optional(1),
    Function::method("substring", &[TEXT, INT, INT], GIVES_TEXT, substring).optional(1),
    Function::method("trim", &[TEXT], GIVES_TEXT, |_, a| Ok(Value::text(text(a, 0)?.trim()))),
    Function::method("lowerAscii", &[TEXT], GIVES_TEXT, |s, a| change(s, a, |text| text.to_ascii_lowercase())),
    Function::method("upperAscii", &[TEXT], GIVES_TEXT, |s, a| change(s, a, |text| text.to_ascii_uppercase())),
    Function::method("reverse", &[TEXT_OR_LIST], Returns::First, reverse),
    Function::global("strings.quote", &[TEXT], GIVES_TEXT, |s, a| change(s, a, quoted)),
];

fn test<'a>(steps: &Steps, args: &[Value<'a>], test: fn(&str, &str) -> bool) -> Outcome<Value<'a>> {
    let subject = text(args, 0)?;
    steps.charge_text(subject.len())?;
    Ok(Value::Bool(test(subject, text(args, 1)?)))
}

fn change<'a>(steps: &Steps, args: &[Value<'a>], change: fn(&str) -> String) -> Outcome<Value<'a>> {
    steps.charge_text(text(args, 0)?.len())?;
    Ok(Value::text(change(text(args, 0)?)))
}

/// The byte offset of a character position that may be the end.
fn offset(text: &str, position: i64) -> Outcome<usize> {
    let found = usize::try_from(position)
        .ok()
        .and_then(|position| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(position));
    found.map_or_else(|| fail(format!("position {position} lies outside the string")), Ok)
}

fn char_at<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let subject = text(args, 0)?;
    let at = offset(subject, int(args, 1)?)?;
    Ok(Value::text(subject[at..].chars().next().map(String::from).unwrap_or_default()))
}

fn index_of<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    if args[0].sequence().is_some() {
        return lists::index_of(steps, args, false);
    }
    let (subject, part) = (text(args, 0)?, text(args, 1)?);
    steps.charge_text(subject.len())?;
    let from = if args.len() > 2 { offset(subject, int(args, 2)?)? } else { 0 };
    Ok(position(subject, subject[from..].find(part).map(|at| from + at)))
}

fn last_index_of<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    if args[0].sequence().is_some() {
        return lists::index_of(steps, args, true);
    }
    let (subject, part) = (text(args, 0)?, text(args, 1)?);
    steps.charge_text(subject.len())?;
    let until = if args.len() > 2 { offset(subject, int(args, 2)?)? } else { subject.len() };
    let end = (until + part.len()).min(subject.len());
    let found = subject.get(..end).unwrap_or(subject).rfind(part);
    Ok(position(subject, found))
}

fn position(subject: &str, byte: Option<usize>) -> Value<'static> {
    byte.map_or(Value::Int(-1), |at| length(subject[..at].chars().count()))
}

fn join<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let separator = if args.len() > 1 { text(args, 1)? } else { "" };
    let parts = list(args, 0)?;
    let texts = (0..parts.len()).map(|i| text(&parts, i)).collect::<Outcome<Vec<&str>>>()?;
    steps.charge_text(texts.iter().map(|text| text.len() + separator.len()).sum())?;
    steps.charge(texts.len())?;
    Ok(Value::text(texts.join(separator)))
}

/// A limit of 0 gives nothing, a negative one is none.
fn split<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let (subject, separator) = (text(args, 0)?, text(args, 1)?);
    steps.charge(subject.len() / 8)?;
    let limit = if args.len() > 2 { int(args, 2)? } else { -1 };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let parts: Vec<String> = if separator.is_empty() {
        let mut characters: Vec<String> = subject.chars().map(String::from).collect();
        if characters.len() > limit {
            let rest = characters.split_off(limit.saturating_sub(1)).concat();
            characters.extend((limit > 0).then_some(rest));
        }
        characters
    } else {
        subject.splitn(limit, separator).map(String::from).collect()
    };
    Ok(built(parts.into_iter().map(Value::text).collect()))
}

fn replace<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let (subject, from, to) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    let limit = if args.len() > 3 { int(args, 3)? } else { -1 };
    let hits = if from.is_empty() { subject.len() + 1 } else { subject.len() / from.len() };
    steps.charge_text(subject.len() + hits.saturating_mul(to.len()))?;
    Ok(Value::text(match usize::try_from(limit) {
        Ok(limit) => subject.replacen(from, to, limit),
        Err(_) => subject.replace(from, to),
    }))
}

fn substring<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let subject = text(args, 0)?;
    let start = offset(subject, int(args, 1)?)?;
    let end = if args.len() > 2 { offset(subject, int(args, 2)?)? } else { subject.len() };
    match subject.get(start..end) {
        Some(part) => Ok(Value::text(part)),
        None => fail("a substring cannot end before it starts"),
    }
}

fn reverse<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    if args[0].sequence().is_none() {
        return change(steps, args, |text| text.chars().rev().collect());
    }
    let mut items = list(args, 0)?;
    steps.charge(items.len())?;
    items.reverse();
    Ok(built(items))
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out + "\""
}
