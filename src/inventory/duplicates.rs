//! Objects that are declared twice in one environment: the later one wins, or the server refuses it.
//!
//! Variants of an object in other environments are no duplicates, nor are namespaces, which everybody declares.

use rustc_hash::FxHashMap;

use super::{EnvironmentId, Inventory, Key};
use crate::vocabulary::{Problem, ProblemKind};

/// One problem for each object that an earlier document of its environment declares already.
pub fn find(inventory: &Inventory) -> Vec<Problem> {
    let mut seen: FxHashMap<(EnvironmentId, Identity<'_>), usize> = FxHashMap::default();
    let mut problems = Vec::new();
    for (_, document) in inventory.objects() {
        let Some(identity) = document.key.as_ref().and_then(identity) else { continue };
        let times = seen.entry((document.environment, identity)).or_default();
        *times += 1;
        let name = document.view(inventory.forest()).path("metadata.name");
        if let (Some(name), true) = (name.filter(|name| name.unknown().is_none()), *times > 1) {
            let message = format!(
                "{} `{}` is declared before in the same environment: which of the two counts depends on the order",
                document.kind(),
                identity.3
            );
            problems.push(Problem::at(ProblemKind::DuplicateObject, document.source, name.span(), message));
        }
    }
    problems
}

/// Group, kind, namespace and name.
type Identity<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

fn identity(key: &Key) -> Option<Identity<'_>> {
    let declared_by_all = key.is("", "Namespace") || key.name.is_empty() || !key.version.starts_with('v');
    (!declared_by_all).then(|| (&*key.group, &*key.kind, key.namespace.as_deref(), &*key.name))
}
