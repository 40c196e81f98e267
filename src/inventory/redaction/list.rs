//! The list of secrets, `data/redaction.yaml`, loaded once.
//!
//! Tells whether a name or a value is a secret. Where names and values stand is `nodes`' and `text`'s business.

use std::sync::LazyLock;

use regex::Regex;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::syntax::Secret;

static LIST: LazyLock<List> = LazyLock::new(|| {
    // A list that does not load must stop the program: going on would show secrets. A test loads it.
    List::load(include_str!("../../../data/redaction.yaml")).unwrap_or_else(|error| panic!("redaction.yaml: {error}"))
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
    pub(super) values: Vec<(Secret, Regex)>,
    /// Finds every place where something of the list could begin. A text without such a place holds no secret.
    pub(super) trigger: Regex,
}

impl List {
    pub(super) fn get() -> &'static List {
        &LIST
    }

    fn load(text: &str) -> Result<List, String> {
        let mut file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let trigger = compile(&trigger(&file))?;
        for part in file.names.endings.iter_mut().chain(&mut file.names.contained) {
            part.retain(|c| c != ' ');
        }
        let mut keys: FxHashMap<String, Vec<(Vec<String>, Secret)>> = FxHashMap::default();
        for row in file.keys {
            let (first, rest) = row.path.split_first().ok_or("a path is empty")?;
            keys.entry(first.clone()).or_default().push((rest.to_vec(), class(&row.class)?));
        }
        let kinds = file.kinds.into_iter().map(|row| Ok((row.kind, class(&row.class)?, row.keys)));
        let values = file.values.iter().map(|row| Ok((class(&row.class)?, compile(&row.pattern)?)));
        Ok(List {
            kinds: kinds.collect::<Result<_, String>>()?,
            values: values.collect::<Result<_, String>>()?,
            names: file.names,
            before: file.before,
            keys,
            trigger,
        })
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
    let references = ["$(", "${", "{{", "<", "./", "../", "~/", "file:", "//", "ref+", "vault:", "$"];
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

fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| error.to_string())
}

/// One pattern for every beginning.
fn trigger(file: &File) -> String {
    let names = file.names.endings.iter().chain(&file.names.words).chain(&file.names.contained);
    let names = names.map(|name| name.replace(' ', "[_.-]?"));
    // Short first keys are common words; what stands below them has a name of its own.
    let keys = file.keys.iter().filter_map(|row| row.path.first()).filter(|key| key.len() > 4);
    let exact = keys.chain(&file.before).chain(file.kinds.iter().map(|row| &row.kind)).map(|key| regex::escape(key));
    let starts = file.values.iter().flat_map(|row| &row.starts).map(|start| match start.as_str() {
        // Almost every URL has no user info.
        "://" => "://[!#-.0-;=?-~]*@".to_string(),
        start => regex::escape(start),
    });
    let insensitive: Vec<String> = names.chain(exact).collect();
    let sensitive: Vec<String> = starts.collect();
    format!("(?-u:(?i:{})|{})", insensitive.join("|"), sensitive.join("|"))
}

fn class(word: &str) -> Result<Secret, String> {
    let known = CLASSES.iter().find(|(name, _)| *name == word);
    known.map(|(_, class)| *class).ok_or_else(|| format!("`{word}` is no class"))
}

const CLASSES: [(&str, Secret); 11] = [
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
        let text = include_str!("../../../data/redaction.yaml");
        assert!(List::load(text).is_ok(), "{:?}", List::load(text).err());
        for (word, _) in CLASSES {
            assert!(text.contains(&format!("class: {word}")), "`{word}` has no row");
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

    #[test]
    fn whatever_a_name_or_value_rule_matches_has_a_trigger() {
        for text in [
            "DB_PASSWORD",
            "api-key",
            "apiKey",
            "AUTH_PASS",
            "SENTRY_DSN",
            "client-key-data",
            "certificateKey",
            "auths",
            "AKIAABCDEFGHIJKLMNOP",
            "amqp://u:p@host",
            "connection_string",
            "SECRET_KEY",
        ] {
            assert!(List::get().trigger.is_match(text), "`{text}`");
        }
        for text in ["image: nginx", "https://example.com/a", "nginx@sha256:00", "replicas: 2"] {
            assert!(!List::get().trigger.is_match(text), "`{text}`");
        }
    }
}
