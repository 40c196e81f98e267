//! Patterns and validations of custom resources, compiled once and shared by the threads that check objects.

use std::sync::{Arc, Mutex};

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
            let mut scope = Scope::new();
            scope.variable("self", Type::Dyn);
            compile(rule, &scope).ok()
        })
    }
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
