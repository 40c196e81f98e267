//! The list of secrets, `data/redaction.yaml`, loaded once.
//!
//! Tells whether a name or a value is a secret. Where names and values stand is `nodes`' and `text`'s business.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::Regex;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::syntax::Secret;

static LIST: LazyLock<List> = LazyLock::new(|| {
    // A list that does not load must stop the program: going on would show secrets. A test loads it.
    List::load(include_str!(concat!(env!("OUT_DIR"), "/redaction.json")))
        .unwrap_or_else(|error| panic!("redaction.yaml: {error}"))
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    names: Names,
    kinds: Vec<KindRow>,
    keys: Vec<KeyRow>,
    before: Vec<String>,
    values: Vec<ValueRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    endings: Vec<String>,
    words: Vec<String>,
    contained: Vec<String>,
    settings: Vec<String>,
    references: Vec<String>,
    stems: Vec<String>,
    texts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindRow {
    kind: String,
    class: String,
    keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRow {
    class: String,
    path: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueRow {
    class: String,
    starts: Vec<String>,
    pattern: String,
}

/// How sure a name makes one that its value is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// For the value of an environment variable.
    Variable,
    /// Wherever it stands.
    Anywhere,
}

/// The list, compiled.
pub(super) struct List {
    names: Names,
    kinds: Vec<(String, Secret, Vec<String>)>,
    keys: FxHashMap<String, Vec<(Vec<String>, Secret)>>,
    pub(super) before: Vec<String>,
    values: Vec<Value>,
    /// Finds a part of every name and key of the list.
    stems: Regex,
    /// Finds how every value of the list begins.
    starts: Regex,
}

/// A value that gives itself away. Most inputs have none, so the pattern is compiled when it is first needed.
struct Value {
    class: Secret,
    pattern: String,
    compiled: OnceLock<Regex>,
}

impl List {
    pub(super) fn get() -> &'static List {
        &LIST
    }

    fn load(text: &str) -> Result<List, String> {
        let mut file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let stems = literals(&file.names.stems)?;
        let starts = literals(file.values.iter().flat_map(|row| &row.starts))?;
        for part in file.names.endings.iter_mut().chain(&mut file.names.contained) {
            part.retain(|c| c != ' ');
        }
        let mut keys: FxHashMap<String, Vec<(Vec<String>, Secret)>> = FxHashMap::default();
        for row in file.keys {
            let (first, rest) = row.path.split_first().ok_or("a path is empty")?;
            keys.entry(first.clone()).or_default().push((rest.to_vec(), class(&row.class)?));
        }
        let kinds = file.kinds.into_iter().map(|row| Ok((row.kind, class(&row.class)?, row.keys)));
        let values = file
            .values
            .into_iter()
            .map(|row| Ok(Value { class: class(&row.class)?, pattern: row.pattern, compiled: OnceLock::new() }));
        Ok(List {
            kinds: kinds.collect::<Result<_, String>>()?,
            values: values.collect::<Result<_, String>>()?,
            names: file.names,
            before: file.before,
            keys,
            stems,
            starts,
        })
    }

    /// Every place of a text where something of the list could begin, ascending. Without such a place there is no secret.
    pub(super) fn places(&self, text: &str) -> Vec<u32> {
        let stems = self.stems(text);
        let starts =
            self.starts.find_iter(text.as_bytes()).map(|start| start.start()).filter(|at| begins_value(&text[*at..]));
        let mut places: Vec<u32> = stems.chain(starts).filter_map(|at| u32::try_from(at).ok()).collect();
        places.sort_unstable();
        places
    }

    /// Where a part of a listed name or key stands in a text.
    pub(super) fn stems(&self, text: &str) -> impl Iterator<Item = usize> {
        self.stems.find_iter(text.as_bytes()).map(|stem| stem.start())
    }

    /// Whether a text could hold a listed value.
    pub(super) fn may_hold(&self, text: &str) -> bool {
        self.starts.is_match(text.as_bytes())
    }

    /// The patterns of values that give themselves away.
    pub(super) fn values(&self) -> impl Iterator<Item = (Secret, &Regex)> {
        self.values.iter().map(|value| (value.class, value.compiled.get_or_init(|| compile(&value.pattern))))
    }

    /// What stands under which keys of an object of that kind.
    pub(super) fn kind(&self, kind: &str) -> Option<(Secret, &[String])> {
        self.kinds.iter().find(|(name, _, _)| name == kind).map(|(_, class, keys)| (*class, keys.as_slice()))
    }

    /// The ways down from a key.
    pub(super) fn paths(&self, key: &str) -> &[(Vec<String>, Secret)] {
        self.keys.get(key).map_or(&[], Vec::as_slice)
    }

    /// What a name says of the value beside it in a text, where nothing else tells what the value is.
    pub(super) fn name_in_text(&self, name: &str) -> Option<Strength> {
        if self.names.texts.iter().any(|known| known == name) { Some(Strength::Anywhere) } else { self.name(name) }
    }

    /// What a name says of its value.
    pub(super) fn name(&self, name: &str) -> Option<Strength> {
        let words = words(name);
        let (first, last) = (words.first()?, words.last()?);
        let name = words.concat();
        let matches = |list: &[String], test: fn(&str, &str) -> bool| list.iter().any(|part| test(&name, part));
        match () {
            () if self.names.references.contains(first) => None,
            () if matches(&self.names.endings, |name, end| name.ends_with(end)) => Some(Strength::Anywhere),
            () if self.names.words.contains(last) => Some(Strength::Anywhere),
            () if self.names.settings.contains(last) => None,
            () if matches(&self.names.contained, |name, part| name.contains(part)) => Some(Strength::Variable),
            () => None,
        }
    }
}

/// Whether the text of a value is plainly none: empty, a switch, a path, a reference to a value elsewhere, and, unless
/// the name leaves no doubt, a number.
pub(super) fn is_plain(value: &str, strength: Strength) -> bool {
    let value = value.trim();
    let switches = ["true", "false", "yes", "no", "on", "off", "null", "none", "~", "|", ">", "|-", ">-"];
    let references = ["$(", "${", "{{", "<", "./", "../", "~/", "file:", "//", "ref+", "vault:", "arn:", "$"];
    value.is_empty()
        || switches.iter().any(|switch| value.eq_ignore_ascii_case(switch))
        || references.iter().any(|start| value.starts_with(start))
        || is_path(value)
        || (strength == Strength::Variable && value.parse::<f64>().is_ok())
}

fn is_path(value: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '$' | '{' | '}' | '*');
    value.starts_with('/') && value.chars().all(allowed)
}

/// The words of a name in lower case, divided by separators and where a capital follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let boundary = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if boundary && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether what begins here can be a listed value. Almost every URL has no user info.
fn begins_value(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("://") else { return true };
    let end = authority.find(['/', ' ', '\n', '"', '\'']).unwrap_or(authority.len());
    authority[..end].contains('@')
}

/// A pattern of literals. Case counts, so that they are searched for all at once.
fn literals<'a>(words: impl IntoIterator<Item = &'a String>) -> Result<Regex, String> {
    let words: Vec<String> = words.into_iter().map(|word| regex::escape(word)).collect();
    Regex::new(&words.join("|")).map_err(|error| error.to_string())
}

/// A pattern over bytes: without the tables of Unicode it compiles many times faster. What it finds still lies between
/// characters, because every pattern begins and ends at ASCII or at the end of the text.
pub(super) fn compile(pattern: &str) -> Regex {
    // A pattern that does not compile must stop the program, as a list that does not load. Tests compile them all.
    Regex::new(&format!("(?-u){pattern}")).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

fn class(word: &str) -> Result<Secret, String> {
    let known = CLASSES.iter().find(|(name, _)| *name == word);
    known.map(|(_, class)| *class).ok_or_else(|| format!("`{word}` is no class"))
}

/// Classes of secrets by the word that names them.
pub(in crate::inventory) const CLASSES: [(&str, Secret); 11] = [
    ("secret-data", Secret::SecretData),
    ("last-applied", Secret::LastApplied),
    ("named-like-secret", Secret::NamedLikeSecret),
    ("pem", Secret::Pem),
    ("jwt", Secret::Jwt),
    ("cloud-key", Secret::CloudKey),
    ("url-user-info", Secret::UrlUserInfo),
    ("encryption-key", Secret::EncryptionKey),
    ("kubeadm-token", Secret::KubeadmToken),
    ("docker-config", Secret::DockerConfig),
    ("kubeconfig", Secret::Kubeconfig),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_loads_and_every_class_has_a_row() {
        let text = include_str!(concat!(env!("OUT_DIR"), "/redaction.json"));
        assert!(List::load(text).is_ok(), "{:?}", List::load(text).err());
        assert!(List::get().values().count() > 5, "every pattern compiles");
        for (word, _) in CLASSES {
            assert!(text.contains(&format!("\"class\":\"{word}\"")), "`{word}` has no row");
        }
    }

    #[test]
    fn names_tell_secrets_from_settings() {
        use Strength::{Anywhere, Variable};
        for (name, strength) in [
            ("DB_PASSWORD", Some(Anywhere)),
            ("dbPassword", Some(Anywhere)),
            ("MYSQL_PASS", Some(Anywhere)),
            ("api_key", Some(Anywhere)),
            ("STRIPE_API_KEY", Some(Anywhere)),
            ("AWS_SECRET_ACCESS_KEY", Some(Anywhere)),
            ("client-secret", Some(Anywhere)),
            ("GITHUB_TOKEN", Some(Anywhere)),
            ("accessToken", Some(Anywhere)),
            ("client-key-data", Some(Anywhere)),
            ("SECRET_KEY_BASE", Some(Variable)),
            ("DJANGO_SECRET", Some(Variable)),
            ("APP_CREDENTIALS", Some(Variable)),
            ("DATABASE_URL", None),
            ("SENTRY_DSN", Some(Variable)),
            ("DB_PASSWORD_FILE", None),
            ("SECRET_PATH", None),
            ("TOKEN_URL", None),
            ("secretName", None),
            ("existingSecret", None),
            ("automountServiceAccountToken", None),
            ("tokenTTL", None),
            ("token-ttl", None),
            ("tls-private-key-file", None),
            ("service-account-signing-key-file", None),
            ("authentication-token-webhook", None),
            ("BYPASS", None),
            ("PASSWORD_MIN_LENGTH", None),
            ("key", None),
            ("image", None),
            ("", None),
        ] {
            assert_eq!(List::get().name(name), strength, "`{name}`");
        }
    }

    #[test]
    fn plain_values_are_left_alone() {
        for value in ["", "true", "/etc/ssl/key.pem", "$(TOKEN)", "${TOKEN}", "{{ .Values.token }}", "5", "./token"] {
            assert!(is_plain(value, Strength::Variable), "`{value}`");
        }
        for value in ["hunter2", "/9j/4AAQ+x=", "p@ss word", "abc"] {
            assert!(!is_plain(value, Strength::Variable), "`{value}`");
        }
        assert!(!is_plain("12345678", Strength::Anywhere), "a number can be a password");
    }

    /// The usual spellings of a name whose parts are divided by blanks.
    fn spellings(name: &str) -> Vec<String> {
        let capital = |part: &str| format!("{}{}", part[..1].to_uppercase(), &part[1..]);
        let parts: Vec<&str> = name.split(' ').collect();
        let pascal: String = parts.iter().map(|part| capital(part)).collect();
        let camel = format!("{}{}", parts[0], &pascal[parts[0].len()..]);
        let divided = ["", "_", "-", "."].map(|between| parts.join(between));
        divided.iter().flat_map(|name| [name.clone(), name.to_uppercase()]).chain([camel, pascal]).collect()
    }

    #[test]
    fn every_listed_name_key_and_kind_has_a_stem_in_every_spelling() {
        let file: File = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/redaction.json"))).unwrap();
        let names = file.names.endings.iter().chain(&file.names.words).chain(&file.names.contained);
        for name in names {
            for spelling in spellings(name) {
                assert!(List::get().stems(&spelling).next().is_some(), "`{spelling}`");
            }
        }
        let kinds = file.kinds.iter().map(|row| &row.kind);
        for exact in file.keys.iter().filter_map(|row| row.path.first()).chain(&file.before).chain(kinds) {
            // What stands below these has a name of its own.
            let common = ["keys", "user"].contains(&exact.as_str());
            assert!(common || List::get().stems(exact).next().is_some(), "`{exact}`");
        }
    }

    #[test]
    fn ordinary_text_has_no_place_for_a_secret() {
        for text in ["image: nginx", "https://example.com/a", "nginx@sha256:00", "replicas: 2", "http://a/b c@d"] {
            assert_eq!(List::get().places(text), Vec::<u32>::new(), "`{text}`");
        }
    }
}
