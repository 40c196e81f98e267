//! The format library: the names and texts that Kubernetes validates, with its own words about what is wrong.

use std::sync::LazyLock;

use regex::Regex;

use super::net::{library, made, wanted};
use super::{Function, Param, Returns, TEXT, built, text};
use crate::expr::library::{FORMAT as FORMAT_TYPE, Library};
use crate::expr::steps::Steps;
use crate::expr::types::Type;
use crate::expr::value::{Outcome, Value};
use crate::values::Url;

const FORMAT: Param = &[Type::Opaque(FORMAT_TYPE)];
const GIVES_FORMAT: Returns = Returns::Always(Type::Opaque(FORMAT_TYPE));

macro_rules! formats {
    ($($name:literal),+ $(,)?) => {
        pub(super) const TABLE: &[Function] = &[
            $(Function::global(concat!("format.", $name), &[], GIVES_FORMAT, |_, _| made(Library::Format($name))),)+
            Function::global("format.named", &[TEXT], Returns::Always(Type::Optional(&Type::Opaque(FORMAT_TYPE))), named),
            Function::method("validate", &[FORMAT, TEXT], Returns::Always(Type::Optional(&Type::List(&Type::String))), validate),
        ];
        const NAMES: &[&str] = &[$($name),+];
    };
}

formats!(
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
);

fn named<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let name = text(args, 0)?;
    let known = NAMES.iter().find(|known| **known == name);
    known.map_or(Ok(Value::Optional(None)), |name| made(Library::Format(name)).map(Value::some))
}

fn validate<'a>(_: &Steps, args: &[Value<'a>]) -> Outcome<Value<'a>> {
    let Some(&Library::Format(format)) = library(args, 0) else { return wanted("a format", args.first()) };
    let wrong = wrong(format, text(args, 1)?);
    Ok(Value::Optional((!wrong.is_empty()).then(|| Box::new(built(wrong.into_iter().map(Value::text).collect())))))
}

/// What is wrong with a text of a format.
fn wrong(format: &str, text: &str) -> Vec<String> {
    // A prefix may end in what a name may not: something follows it.
    let masked = match text.strip_suffix('-').filter(|_| format.ends_with("Prefix")) {
        Some(start) => format!("{start}a"),
        None => text.to_string(),
    };
    let one = |good: bool, message: &str| if good { Vec::new() } else { vec![message.to_string()] };
    match format {
        "dns1123Label" | "dns1123LabelPrefix" => DNS_1123_LABEL.check(&masked),
        "dns1123Subdomain" | "dns1123SubdomainPrefix" => DNS_1123_SUBDOMAIN.check(&masked),
        "dns1035Label" | "dns1035LabelPrefix" => DNS_1035_LABEL.check(&masked),
        "labelValue" => LABEL_VALUE.check(text),
        "qualifiedName" => qualified_name(text),
        "uri" => text.parse::<Url>().err().map(|error| format!("parse \"{text}\": {error}")).into_iter().collect(),
        "uuid" => one(UUID.is_match(text), "does not match the UUID format"),
        "byte" => one(is_base64(text), "invalid base64"),
        "date" => one(text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(), "invalid date"),
        _ => one(text.parse::<jiff::Timestamp>().is_ok(), "invalid datetime"),
    }
}

/// A pattern, a length, and the sentence about them.
struct Name {
    most: usize,
    pattern: &'static str,
    message: &'static str,
    examples: &'static [&'static str],
    regex: LazyLock<Regex>,
}

macro_rules! name {
    ($ident:ident, $most:literal, $pattern:literal, $message:literal, $($example:literal),+) => {
        static $ident: Name = Name {
            most: $most,
            pattern: $pattern,
            message: $message,
            examples: &[$($example),+],
            // A pattern that stands here compiles; what never matches would be the answer otherwise.
            regex: LazyLock::new(|| Regex::new(concat!("^(?:", $pattern, ")$")).unwrap_or_else(|_| never())),
        };
    };
}

name!(
    DNS_1123_LABEL,
    63,
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    "my-name",
    "123-abc"
);
name!(
    DNS_1123_SUBDOMAIN,
    253,
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    "example.com"
);
name!(
    DNS_1035_LABEL,
    63,
    "[a-z]([-a-z0-9]*[a-z0-9])?",
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    "my-name",
    "abc-123"
);
name!(
    LABEL_VALUE,
    63,
    "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    "MyValue",
    "my_value",
    "12345"
);
name!(
    QUALIFIED_NAME,
    63,
    "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    "MyName",
    "my.name",
    "123-abc"
);

static UUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$").unwrap_or_else(|_| never())
});

/// A pattern that matches nothing.
#[expect(clippy::unwrap_used, reason = "a test compiles every pattern of this file")]
fn never() -> Regex {
    Regex::new("$^a").unwrap()
}

impl Name {
    fn check(&self, text: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if text.len() > self.most {
            wrong.push(format!("must be no more than {} bytes", self.most));
        }
        if !self.regex.is_match(text) {
            let examples: Vec<String> = self.examples.iter().map(|example| format!("'{example}', ")).collect();
            wrong.push(format!(
                "{} (e.g. {} regex used for validation is '{}')",
                self.message,
                examples.join(" or ").trim_end(),
                self.pattern
            ));
        }
        wrong
    }
}

/// `prefix/name`: what stands in front of the slash is a domain.
fn qualified_name(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (prefix, name) = match parts[..] {
        [name] => (None, name),
        [prefix, name] => (Some(prefix), name),
        _ => {
            let rule = "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![rule.to_string()];
        }
    };
    let mut wrong = Vec::new();
    match prefix {
        Some("") => wrong.push("prefix part must be non-empty".to_string()),
        Some(prefix) => {
            wrong.extend(DNS_1123_SUBDOMAIN.check(prefix).into_iter().map(|why| format!("prefix part {why}")))
        }
        None => {}
    }
    if name.is_empty() {
        wrong.push("name part must be non-empty".to_string());
    } else if name.len() > QUALIFIED_NAME.most {
        wrong.push(format!("name part must be no more than {} bytes", QUALIFIED_NAME.most));
    }
    wrong.extend(QUALIFIED_NAME.check(name).into_iter().filter(|why| !why.starts_with("must be no more")));
    wrong
}

fn is_base64(text: &str) -> bool {
    !text.is_empty() && data_encoding::BASE64.decode(text.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for name in [&DNS_1123_LABEL, &DNS_1123_SUBDOMAIN, &DNS_1035_LABEL, &LABEL_VALUE, &QUALIFIED_NAME] {
            assert_ne!(name.regex.as_str(), never().as_str());
        }
        assert_ne!(UUID.as_str(), never().as_str());
    }

    #[test]
    fn a_prefix_may_end_in_a_hyphen_and_a_name_may_not() {
        assert!(wrong("dns1123LabelPrefix", "my-").is_empty());
        assert_eq!(wrong("dns1123Label", "my-").len(), 1);
    }
}
