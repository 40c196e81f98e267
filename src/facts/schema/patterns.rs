//! Patterns and validations of custom resources, compiled once and shared by the threads that check objects.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, Mutex};

use regex::Regex;
use rustc_hash::FxHashMap;

use crate::expr::{Program, Scope, Type, compile};

/// What was compiled so far; `None` for what this tool does not understand.
#[derive(Debug, Default)]
pub struct Patterns {
    regexes: Mutex<FxHashMap<String, Option<Arc<Regex>>>>,
    programs: Mutex<FxHashMap<String, Option<Arc<Program>>>>,
}

impl Patterns {
    /// Whether a text matches; `None` when the pattern is not understood.
    pub fn matches(&self, pattern: &str, text: &str) -> Option<bool> {
        let regex = cached(&self.regexes, pattern, |pattern| Regex::new(pattern).ok())?;
        Some(regex.is_match(text))
    }

    /// The rule of an `x-kubernetes-validations`, over `self`.
    pub fn validation(&self, rule: &str) -> Option<Arc<Program>> {
        cached(&self.programs, rule, |rule| {
            let rule = unescaped(rule);
            let mut scope = Scope::new();
            scope.variable("self", Type::Dyn);
            compile(&rule, &scope).ok()
        })
    }
}

/// The name of a field that stands escaped in a rule: `x__dash__kind` is `x-kind`, `__namespace__` is `namespace`.
fn unescaped(rule: &str) -> Cow<'_, str> {
    static ESCAPED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\.(\??)([A-Za-z0-9_]*__[a-z]+__[A-Za-z0-9_]*)\b").ok());
    let Some(escaped) = ESCAPED.as_ref() else { return Cow::Borrowed(rule) };
    escaped.replace_all(rule, |found: &regex::Captures<'_>| {
        let mut name = found[2].to_string();
        for (word, sign) in [("__dot__", "."), ("__dash__", "-"), ("__slash__", "/"), ("__underscores__", "__")] {
            name = name.replace(word, sign);
        }
        let keyword = name.strip_prefix("__").and_then(|name| name.strip_suffix("__"));
        format!(".{}`{}`", &found[1], keyword.unwrap_or(&name))
    })
}

fn cached<T>(
    cache: &Mutex<FxHashMap<String, Option<Arc<T>>>>,
    text: &str,
    make: impl FnOnce(&str) -> Option<T>,
) -> Option<Arc<T>> {
    // Another thread's panic left nothing half done: entries are inserted whole.
    let mut cache = cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = cache.get(text) {
        return known.clone();
    }
    let made = make(text).map(Arc::new);
    cache.insert(text.to_string(), made.clone());
    made
}
