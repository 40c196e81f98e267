//! Secrets inside texts: scripts, configuration and documents in scalars, and comments.
//!
//! Works on any text without knowing its format. It finds the byte ranges of secret parts; what is done with them is
//! the caller's business. Names and values come from the list; this file knows how they are written side by side.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::list::{List, Strength, is_plain};
use crate::syntax::Secret;

/// A secret part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) class: Secret,
    /// The value as a whole gives itself away; its name said nothing.
    pub(super) by_value: bool,
}

/// How names, values and what lies between them are written.
struct Shapes {
    /// A name and what leads from it to its value; the group that matches tells which of `bare` the value may be.
    assigned: Regex,
    flag: Regex,
    /// `name: PASSWORD`, `value:`
    pair: Regex,
    /// A value in quotes, escaped ones included.
    quoted: Regex,
    /// A value without: to the end of the JSON value, the line, the word, the shell word, the argument.
    bare: [(&'static str, Regex); 5],
    /// `kind: Secret`, and where its data begin in YAML and JSON.
    secret_kind: Regex,
    secret_data: Regex,
    json_data: Regex,
    json_value: Regex,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    let compiled = |pattern: &str| Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let name = "(?P<name>[A-Za-z0-9_.-]+)";
    let key = |key: &str| format!(r#"\\*["']?{key}\\*["']?[ \t]*:[ \t]*"#);
    let assigned = r#"(?:(?P<json>\\*["'][ \t]*:[ \t]*)|(?P<line>[ \t]*:[ \t]+)|(?P<word>:)|(?P<shell>[ \t]?=[ \t]?))"#;
    Shapes {
        assigned: compiled(&format!("{name}{assigned}")),
        flag: compiled(&format!(r#"(?:^|[\s"'])--?{name}(?P<argument>[ \t]+)"#)),
        pair: compiled(&format!(
            r#"{}\\*["']?{name}\\*(?:["'][ \t]*,?)?\s*(?P<line>{})"#,
            key(r"\bname"),
            key("value")
        )),
        quoted: compiled(r#"^(?:\\+"([^"\n]*)|"((?:[^"\\\n]|\\[^\n])*)|'((?:[^'\n]|'')*))"#),
        bare: [
            ("json", compiled(r#"^([^\s"',}\]\\]+)"#)),
            ("line", compiled(r#"^([^\s"'\\][^\n]*)"#)),
            ("word", compiled(r#"^([^\s"'/:][^\s"']*)"#)),
            ("shell", compiled(r#"^([^\s"',;&)]+)"#)),
            ("argument", compiled(r#"^([^\s"'-][^\s"']*)"#)),
        ],
        secret_kind: compiled(r#"\bkind\\*["']?[ \t]*:[ \t]*\\*["']?Secret\b"#),
        secret_data: compiled(r"(?m)^([ \t]*)(?:stringData|data):[ \t]*\r?$"),
        json_data: compiled(r#""(?:stringData|data)\\*"\s*:\s*\{([^{}]*)\}"#),
        json_value: compiled(r#":\s*\\*"((?:[^"\\]|\\[^"])*)"#),
    }
});

/// The secret parts of a text, in no order; they may overlap.
pub(super) fn scan(text: &str) -> Vec<Found> {
    let mut found = values(text);
    let shapes = &*SHAPES;
    for (shape, variable) in [(&shapes.assigned, false), (&shapes.flag, false), (&shapes.pair, true)] {
        let named = shape.captures_iter(text).filter_map(|captures| named(text, &captures, variable));
        found.extend(named.map(|range| Found { range, class: Secret::NamedLikeSecret, by_value: false }));
    }
    if shapes.secret_kind.is_match(text) {
        let data = secret_data(text).into_iter().chain(json_data(text));
        found.extend(data.map(|range| Found { range, class: Secret::SecretData, by_value: false }));
    }
    found
}

/// Values that give themselves away.
pub(super) fn values(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (class, pattern) in &List::get().values {
        for captures in pattern.captures_iter(text) {
            if let Some(part) = captures.get(1).or_else(|| captures.get(0)) {
                found.push(Found { range: part.range(), class: *class, by_value: true });
            }
        }
    }
    found
}

/// The value behind a name, if the name makes it a secret.
fn named(text: &str, captures: &Captures<'_>, variable: bool) -> Option<Range<usize>> {
    let name = captures.name("name")?.as_str();
    let strength = List::get().name_in_text(name)?;
    let shouts = !name.contains(|c: char| c.is_ascii_lowercase());
    if strength == Strength::Variable && !variable && !shouts {
        return None;
    }
    let range = value_behind(text, captures)?;
    let value = &text[range.clone()];
    // The backslash before a closing quote belongs to the quote.
    let kept = value.trim_end_matches(['\\', '\r', ' ']).len();
    (kept > 0 && !is_plain(value, strength)).then_some(range.start..range.start + kept)
}

fn value_behind(text: &str, captures: &Captures<'_>) -> Option<Range<usize>> {
    let lead = captures.get(0)?;
    let rest = &text[lead.end()..];
    let group = |name: &str| captures.name(name).is_some();
    let json = lead.as_str().contains('"');
    let bare = SHAPES.bare.iter().find(|(name, _)| if json { *name == "json" } else { group(name) });
    let found = SHAPES.quoted.captures(rest).or_else(|| bare?.1.captures(rest))?;
    let value = found.iter().skip(1).flatten().next()?;
    Some(lead.end() + value.start()..lead.end() + value.end())
}

/// The values under `data:` and `stringData:` of YAML: what is indented deeper.
fn secret_data(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for captures in SHAPES.secret_data.captures_iter(text) {
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
    let objects = SHAPES.json_data.captures_iter(text).filter_map(|captures| captures.get(1));
    let strings = objects.flat_map(|object| {
        let inside = SHAPES.json_value.captures_iter(object.as_str()).filter_map(|captures| captures.get(1));
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
