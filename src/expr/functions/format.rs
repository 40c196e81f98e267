//! `"%s has %d".format([a, b])`: `%s %d %f %e %b %x %X %o %%`, with a precision for `%f` and `%e`.

use std::fmt::Write as _;

use super::{Function, GIVES_TEXT, LIST, TEXT, list, strings, text};
use crate::expr::steps::Steps;
use crate::expr::value::{Outcome, Value, duration_text, fail, secret};

pub(super) const TABLE: &[Function] = &[Function::method("format", &[TEXT, LIST], GIVES_TEXT, format)];

/// Longest precision that is accepted.
const MAX_PRECISION: usize = 100;

/// Most levels of lists and maps inside each other.
const MAX_NESTING: usize = 8;

fn format<'a>(steps: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let mut values = list(args, 1)?.into_iter();
    let mut out = String::new();
    let mut rest = text(args, 0)?;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (precision, after) = precision(after)?;
        let Some(verb) = after.chars().next() else { return fail("the format ends in a lone `%`") };
        let Some(value) = values.next() else { return fail("the format has more verbs than there are values") };
        directive(&mut out, verb, precision, &value)?;
        steps.charge(1)?;
        steps.charge_text(out.len())?;
        rest = &after[verb.len_utf8()..];
    }
    out.push_str(rest);
    Ok(Value::text(out))
}

fn precision(text: &str) -> Outcome<(usize, &str)> {
    let Some(digits) = text.strip_prefix('.') else { return Ok((6, text)) };
    let len = digits.bytes().take_while(u8::is_ascii_digit).count();
    match digits[..len].parse::<usize>() {
        Ok(value) if value <= MAX_PRECISION => Ok((value, &digits[len..])),
        _ => fail(format!("a precision is a number up to {MAX_PRECISION}")),
    }
}

fn directive(out: &mut String, verb: char, precision: usize, value: &Value<'_>) -> Outcome<()> {
    let text = match (verb, value) {
        ('s', value) => return plain(out, value),
        ('d', Value::Int(value)) => value.to_string(),
        ('d', Value::Uint(value)) => value.to_string(),
        ('f', value) => format!("{:.precision$}", number(value)?),
        ('e', value) => exponent(number(value)?, precision),
        ('b', Value::Bool(value)) => u8::from(*value).to_string(),
        ('b', Value::Int(value)) => signed(*value, |n| format!("{n:b}")),
        ('b', Value::Uint(value)) => format!("{value:b}"),
        ('o', Value::Int(value)) => signed(*value, |n| format!("{n:o}")),
        ('o', Value::Uint(value)) => format!("{value:o}"),
        ('x', value) => hex(value)?,
        ('X', value) => hex(value)?.to_ascii_uppercase(),
        _ if value.is_secret() => return secret(),
        _ => return fail(format!("`%{verb}` cannot print {}", value.type_name())),
    };
    out.push_str(&text);
    Ok(())
}

fn signed(value: i64, print: fn(u64) -> String) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", print(value.unsigned_abs()))
}

fn number(value: &Value<'_>) -> Outcome<f64> {
    match value {
        Value::Double(value) => Ok(*value),
        Value::Int(value) => Ok(*value as f64),
        Value::Uint(value) => Ok(*value as f64),
        other => fail(format!("a number is needed here, not {}", other.type_name())),
    }
}

/// `1.5×10⁰²`: at least two digits of exponent, raised, as cel-go prints it.
fn exponent(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let (sign, digits) = exponent.strip_prefix('-').map_or(("", exponent), |digits| ("⁻", digits));
    let raised = |digit: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10).unwrap_or(0) as usize).unwrap_or(digit);
    let exponent: String = format!("{digits:0>2}").chars().map(raised).collect();
    format!("{mantissa}×10{sign}{exponent}")
}

fn hex(value: &Value<'_>) -> Outcome<String> {
    let bytes = match value {
        Value::Int(value) => return Ok(signed(*value, |n| format!("{n:x}"))),
        Value::Uint(value) => return Ok(format!("{value:x}")),
        Value::Str(text) => text.as_bytes(),
        Value::Bytes(bytes) => &**bytes,
        other => return fail(format!("`%x` cannot print {}", other.type_name())),
    };
    Ok(bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    }))
}

/// `%s` as cel-go prints it: texts plain, inside lists and maps in quotes.
fn plain(out: &mut String, value: &Value<'_>) -> Outcome<()> {
    match value {
        Value::Str(text) => out.push_str(text),
        value => nested(out, value, 0)?,
    }
    Ok(())
}

/// A value inside a list or map. The depth is bounded, because trees may be cyclic.
fn nested(out: &mut String, value: &Value<'_>, depth: usize) -> Outcome<()> {
    if depth > MAX_NESTING {
        return fail(format!("`%s` prints no more than {MAX_NESTING} levels"));
    }
    if let Some(list) = value.sequence() {
        out.push('[');
        for (i, item) in list.loaded()?.iter().enumerate() {
            out.push_str(if i > 0 { ", " } else { "" });
            nested(out, item, depth + 1)?;
        }
        out.push(']');
        return Ok(());
    }
    let Some((pairs, _)) = value.pairs() else { return scalar(out, value, depth > 0) };
    let mut entries = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let mut entry = String::new();
        scalar(&mut entry, &key.load()?, true)?;
        entry.push(':');
        nested(&mut entry, &value.load()?, depth + 1)?;
        entries.push(entry);
    }
    entries.sort();
    out.push_str(&format!("{{{}}}", entries.join(", ")));
    Ok(())
}

fn scalar(out: &mut String, value: &Value<'_>, inside: bool) -> Outcome<()> {
    match value {
        Value::Str(text) if inside => out.push_str(&strings::quoted(text)),
        Value::Double(number) if inside => out.push_str(&format!("{number:.6}")),
        Value::Duration(duration) if inside => out.push_str(&format!("duration(\"{}\")", duration_text(*duration))),
        Value::Timestamp(at) if inside => out.push_str(&format!("timestamp(\"{at}\")")),
        Value::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        value if value.is_secret() => return secret(),
        value => match value.to_text() {
            Some(text) if value.sequence().is_none() => out.push_str(&text),
            _ => return fail(format!("`%s` cannot print {} here", value.type_name())),
        },
    }
    Ok(())
}
