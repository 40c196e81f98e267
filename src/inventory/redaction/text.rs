//! Secrets inside texts: scripts, configuration and documents in scalars, and comments.
//!
//! Works on any text without knowing its format. It finds the byte ranges of secret parts; what is done with them is
//! the caller's business. Names and values come from the list; this file knows how they are written side by side.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

use super::list::{List, Strength, compile, is_plain};
use crate::syntax::Secret;

/// A secret part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) class: Secret,
    /// The value as a whole gives itself away; its name said nothing.
    pub(super) by_value: bool,
}

/// How values and what leads to them are written. `leads` and `quoted` are tried at one place only.
struct Shapes {
    /// What stands between a name and its value, with the shape that the value has if it is not quoted: the end of the
    /// JSON value, the line, the word, the shell word, the argument.
    leads: [(Lead, Regex, Regex); 6],
    /// A value in quotes, escaped ones included.
    quoted: Regex,
    /// The word that follows the listed words of line-based configuration.
    before: Regex,
    /// `kind: Secret`, and where its data begin in YAML and JSON.
    secret_kind: Regex,
    secret_data: Regex,
    json_data: Regex,
    json_value: Regex,
}

/// How a name leads to its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// `password: x`, `PASSWORD=x`
    Assigned,
    /// `--password x`
    Flag,
    /// `PASSWORD` and then `value: x`
    Pair,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let line = r#"^([^\s"'\\][^\n]*)"#;
    let before: Vec<String> = List::get().before.iter().map(|words| words.replace(' ', r"[ \t]+")).collect();
    let lead = |lead, between: &str, bare: &str| (lead, compile(between), compile(bare));
    Shapes {
        leads: [
            lead(Lead::Assigned, r#"^\\*["'][ \t]*:[ \t]*"#, r#"^([^\s"',}\]\\]+)"#),
            lead(Lead::Assigned, r"^[ \t]*:[ \t]+", line),
            lead(Lead::Assigned, r"^:", r#"^([^\s"'/:][^\s"']*)"#),
            lead(Lead::Assigned, r"^[ \t]?=[ \t]?", r#"^([^\s"',;&)]+)"#),
            lead(Lead::Pair, r#"^\\*(?:["'][ \t]*,?)?\s*\\*["']?value\\*["']?[ \t]*:[ \t]*"#, line),
            lead(Lead::Flag, r"^[ \t]+", r#"^([^\s"'-][^\s"']*)"#),
        ],
        quoted: compile(r#"^(?:\\+"([^"\n]*)|"((?:[^"\\\n]|\\[^\n])*)|'((?:[^'\n]|'')*))"#),
        before: compile(&format!(r"\b(?:{})[ \t]+([^\s]+)", before.join("|"))),
        secret_kind: compile(r#"\bkind\\*["']?[ \t]*:[ \t]*\\*["']?Secret\b"#),
        secret_data: compile(r"(?m)^([ \t]*)(?:stringData|data):[ \t]*\r?$"),
        json_data: compile(r#""(?:stringData|data)\\*"\s*:\s*\{([^{}]*)\}"#),
        json_value: compile(r#":\s*\\*"((?:[^"\\]|\\[^"])*)"#),
    }
});

/// The secret parts of a text, in no order; they may overlap.
pub(super) fn scan(text: &str) -> Vec<Found> {
    let mut found = values(text);
    // Most texts with a word of the list are a key or a name, with nothing beside it.
    if !text.contains([':', '=', ' ', '\t']) {
        return found;
    }
    let named = names(text).into_iter().filter_map(|name| named(text, name));
    found.extend(named.map(|range| Found { range, class: Secret::NamedLikeSecret, by_value: false }));
    let words = SHAPES.before.captures_iter(text.as_bytes()).filter_map(|captures| captures.get(1));
    found.extend(words.map(|word| Found { range: word.range(), class: Secret::NamedLikeSecret, by_value: false }));
    if text.contains("Secret") && SHAPES.secret_kind.is_match(text.as_bytes()) {
        let data = secret_data(text).into_iter().chain(json_data(text));
        found.extend(data.map(|range| Found { range, class: Secret::SecretData, by_value: false }));
    }
    found
}

/// Values that give themselves away.
pub(super) fn values(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    if !List::get().may_hold(text) {
        return found;
    }
    for (class, pattern) in List::get().values() {
        for captures in pattern.captures_iter(text.as_bytes()) {
            if let Some(part) = captures.get(1).or_else(|| captures.get(0)) {
                found.push(Found { range: part.range(), class, by_value: true });
            }
        }
    }
    found
}

/// The names of a text that hold a word of the list, whole.
fn names(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let mut names: Vec<Range<usize>> = Vec::new();
    for stem in List::get().stems(text) {
        let done = names.last().map_or(0, |name| name.end);
        if stem >= done {
            let start =
                bytes[done..stem].iter().rposition(|byte| !in_name(byte)).map_or(done, |before| done + before + 1);
            let end = bytes[stem..].iter().position(|byte| !in_name(byte)).map_or(bytes.len(), |after| stem + after);
            names.push(start..end);
        }
    }
    names
}

/// The value behind a name, if the name makes it a secret.
fn named(text: &str, name: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(name.end..)?;
    let name = text.get(name)?;
    let strength = List::get().name_in_text(name)?;
    let shouts = !name.contains(|c: char| c.is_ascii_lowercase());
    let leads = SHAPES.leads.iter().filter(|(lead, _, _)| match lead {
        Lead::Assigned => strength == Strength::Anywhere || shouts,
        Lead::Flag => name.starts_with('-'),
        Lead::Pair => true,
    });
    let value = leads.filter_map(|(_, between, bare)| value_behind(rest, between, bare)).next()?;
    let range = text.len() - rest.len() + value.start..text.len() - rest.len() + value.end;
    // The backslash before a closing quote belongs to the quote.
    let kept = text.get(range.clone())?.trim_end_matches(['\\', '\r', ' ']);
    (!is_plain(kept, strength)).then_some(range.start..range.start + kept.len())
}

fn value_behind(rest: &str, between: &Regex, bare: &Regex) -> Option<Range<usize>> {
    let lead = between.find(rest.as_bytes())?.end();
    let rest = &rest.as_bytes()[lead..];
    let found = SHAPES.quoted.captures(rest).or_else(|| bare.captures(rest))?;
    let value = found.iter().skip(1).flatten().next()?;
    Some(lead + value.start()..lead + value.end())
}

/// The values under `data:` and `stringData:` of YAML: what is indented deeper.
fn secret_data(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for captures in SHAPES.secret_data.captures_iter(text.as_bytes()) {
        let (Some(all), Some(indent)) = (captures.get(0), captures.get(1)) else { continue };
        let mut at = all.end();
        for line in text[all.end()..].split_inclusive('\n') {
            let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
            let content = line.trim();
            if !content.is_empty() && blanks <= indent.len() {
                break;
            }
            let key = content.find(": ").map_or(0, |colon| colon + 2);
            let skip = if content.ends_with(':') { content.len() } else { key };
            ranges.push(at + blanks + skip..at + blanks + content.len());
            at += line.len();
        }
    }
    ranges.retain(|range| range.start < range.end);
    ranges
}

/// The strings in `"data": {…}` of JSON.
fn json_data(text: &str) -> Vec<Range<usize>> {
    let objects = SHAPES.json_data.captures_iter(text.as_bytes()).filter_map(|captures| captures.get(1));
    let strings = objects.flat_map(|object| {
        let inside = SHAPES.json_value.captures_iter(object.as_bytes()).filter_map(|captures| captures.get(1));
        inside.map(move |value| object.start() + value.start()..object.start() + value.end())
    });
    strings.filter(|range| !range.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for found in scan(text) {
            bytes[found.range].fill(b'*');
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[test]
    fn only_the_secret_part_of_a_text_is_found() {
        for (text, expected) in [
            ("password: hunter2", "password: *******"),
            ("password: two words", "password: *********"),
            ("\"password\": \"a b\", \"x\": 1", "\"password\": \"***\", \"x\": 1"),
            ("{\\\"password\\\":\\\"ab\\\",\\\"x\\\":1}", "{\\\"password\\\":\\\"**\\\",\\\"x\\\":1}"),
            ("{\"password\":\"a\\\"b\"}", "{\"password\":\"****\"}"),
            ("export DB_PASSWORD='a b' X=1", "export DB_PASSWORD='***' X=1"),
            ("APP_SECRET=abc; ls", "APP_SECRET=***; ls"),
            ("mysql --password hunter2 -e x", "mysql --password ******* -e x"),
            ("mysql --password=hunter2 -e x", "mysql --password=******* -e x"),
            ("- name: DB_SECRET\n  value: abc\n", "- name: DB_SECRET\n  value: ***\n"),
            ("{\"name\":\"DB_SECRET\",\"value\":\"abc\"}", "{\"name\":\"DB_SECRET\",\"value\":\"***\"}"),
            ("curl -H 'Authorization: Bearer abcdefghijklmnop1'", "curl -H 'Authorization: Bearer *****************'"),
            ("psql postgres://app:pw@db/x", "psql postgres://******@db/x"),
            ("stats auth admin:pw", "stats auth ********"),
            ("  auth_pass 1234", "  auth_pass ****"),
            ("host=db password=hunter2 port=1", "host=db password=******* port=1"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn ordinary_text_has_no_secret_part() {
        for text in [
            "password: $(DB_PASSWORD)",
            "password: ${DB_PASSWORD}",
            "token: /var/run/token",
            "secretName: web-tls",
            "--token-auth-file=/etc/tokens.csv",
            "--service-account-private-key-file=/etc/sa.key",
            "secret:\n  secretName: x",
            "password:\n  secretKeyRef: x",
            "PASSWORD_FILE=/run/secrets/p",
            "postgres://$(USER):$(PASSWORD)@db/x",
            "git@github.com:a/b",
            "kind: Secret",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn data_of_an_embedded_secret_is_found_by_indentation() {
        let text = "kind: Secret\nstringData:\n  a: x1\n  b: |\n    x2\n\n    x3: y\ntype: Opaque\n";
        assert_eq!(masked(text), "kind: Secret\nstringData:\n  a: **\n  b: *\n    **\n\n    x3: *\ntype: Opaque\n");
        assert_eq!(
            masked("{\"kind\":\"Secret\",\"data\":{\"a\":\"eHg=\"}}"),
            "{\"kind\":\"Secret\",\"data\":{\"a\":\"****\"}}"
        );
    }
}
