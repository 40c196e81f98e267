//! The semver library. Its comparisons share their names with those of quantities.

use std::cmp::Ordering;

use super::net::{library, made, wanted};
use super::{Function, GIVES_BOOL, GIVES_INT, Param, Returns, TEXT, kubernetes, text};
use crate::expr::library::{Library, SEMVER as SEMVER_TYPE};
use crate::expr::types::Type;
use crate::expr::value::{Outcome, Value, fail};

const SEMVER: Param = &[Type::Opaque(SEMVER_TYPE)];
const FLAG: Param = &[Type::Bool];
const COMPARED: Param = &[Type::Quantity, Type::Opaque(SEMVER_TYPE)];

pub(super) const TABLE: &[Function] = &[
    Function::global("semver", &[TEXT, FLAG], Returns::Always(Type::Opaque(SEMVER_TYPE)), |_, a| match parse(a)? {
        Ok(version) => made(Library::Semver(version)),
        Err(why) => fail(why),
    })
    .optional(1),
    Function::global("isSemver", &[TEXT, FLAG], GIVES_BOOL, |_, a| Ok(Value::Bool(parse(a)?.is_ok()))).optional(1),
    Function::method("major", &[SEMVER], GIVES_INT, |_, a| part(a, |version| version.major)),
    Function::method("minor", &[SEMVER], GIVES_INT, |_, a| part(a, |version| version.minor)),
    Function::method("patch", &[SEMVER], GIVES_INT, |_, a| part(a, |version| version.patch)),
    Function::method("isGreaterThan", &[COMPARED, COMPARED], GIVES_BOOL, |_, a| {
        Ok(Value::Bool(compare(a)? == Ordering::Greater))
    }),
    Function::method("isLessThan", &[COMPARED, COMPARED], GIVES_BOOL, |_, a| {
        Ok(Value::Bool(compare(a)? == Ordering::Less))
    }),
    Function::method("compareTo", &[COMPARED, COMPARED], GIVES_INT, |_, a| Ok(Value::Int(compare(a)? as i64))),
];

/// The version, or why there is none; `true` as the second argument makes it lenient.
fn parse(args: &[Value<'_>]) -> Outcome<Result<semver::Version, String>> {
    let written = text(args, 0)?;
    let lenient = matches!(args.get(1), Some(Value::Bool(true)));
    let parsed = if lenient { normalized(written).and_then(|text| read(&text)) } else { read(written) };
    Ok(parsed)
}

fn read(text: &str) -> Result<semver::Version, String> {
    text.parse().map_err(|error: semver::Error| format!("`{text}` is no semantic version: {error}"))
}

/// Without a leading `v` and leading zeros, with the parts that are missing.
fn normalized(text: &str) -> Result<String, String> {
    let mut parts: Vec<String> = text.strip_prefix('v').unwrap_or(text).splitn(3, '.').map(without_zeros).collect();
    if parts.len() < 3 && parts.last().is_some_and(|last| last.contains(['+', '-'])) {
        return Err("a short version cannot have a pre-release or build".to_string());
    }
    parts.resize(3, "0".to_string());
    Ok(parts.join("."))
}

fn without_zeros(part: &str) -> String {
    let stripped = part.trim_start_matches('0');
    if part.len() < 2 || stripped.starts_with(|first: char| first.is_ascii_digit()) {
        return if part.len() < 2 { part.to_string() } else { stripped.to_string() };
    }
    format!("0{stripped}")
}

fn version<'v>(args: &'v [Value<'_>], index: usize) -> Outcome<&'v semver::Version> {
    match library(args, index) {
        Some(Library::Semver(version)) => Ok(version),
        _ => wanted("a semantic version", args.get(index)),
    }
}

fn part<'a>(args: &[Value<'a>], of: fn(&semver::Version) -> u64) -> Outcome<Value<'a>> {
    Ok(Value::Int(i64::try_from(of(version(args, 0)?)).unwrap_or(i64::MAX)))
}

fn compare(args: &[Value<'_>]) -> Outcome<Ordering> {
    match args.first() {
        Some(Value::Library(_)) => Ok(version(args, 0)?.cmp_precedence(version(args, 1)?)),
        _ => kubernetes::compare(args),
    }
}
