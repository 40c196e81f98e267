//! `k8sready audit --live --preflight`: what the account may read, and which rules lack something. Nothing is read but the
//! list of what the cluster serves.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use super::audit::understood;
use super::rules::print;
use super::{CommandError, live};
use crate::audit::{active, qualified, wants, without};
use crate::cli::AuditArgs;
use crate::rule::RuleSet;
use crate::source::cluster::{Access, Permission};
use crate::source::{Want, Wants};

/// Exit code where something is lacking and `--require-complete` was given.
const INCOMPLETE: u8 = 3;

/// Asks and prints.
pub fn run(args: &AuditArgs) -> Result<ExitCode, CommandError> {
    let (settings, _) = understood(args)?;
    let set = RuleSet::with_folders(&settings.rules.folders)?;
    let rules = active(&set, &settings.rules)?;
    let wants = wants(rules.iter().map(|active| active.rule));
    let permissions = live::permissions(&args.cluster, &args.compare, args.quiet > 0, &wants)?;
    let lacking = without(&rules, &denied(&permissions));
    let mut text: String = permissions.iter().map(line).collect();
    let _ = match lacking.len() {
        0 => writeln!(text, "\nall {} rules can come to a verdict", rules.len()),
        some => writeln!(text, "\n{some} of {} rules stay unknown, or know a part only:", rules.len()),
    };
    for (rule, lacks) in &lacking {
        let _ = writeln!(text, "  {rule}: {}", lacks.join(", "));
    }
    if !lacking.is_empty() {
        text.push_str("`k8sready rbac` prints the roles that are missing\n");
    }
    let code = print(&text)?;
    let incomplete = settings.gate.require_complete && !lacking.is_empty();
    Ok(if incomplete { ExitCode::from(INCOMPLETE) } else { code })
}

fn line(permission: &Permission) -> String {
    let verdict = match permission.allowed {
        Some(true) => "allowed   ",
        Some(false) => "forbidden ",
        None => "no answer ",
    };
    let what = match &permission.access {
        Access::List { group, plural, namespace } => place(format!("list {}", qualified(group, plural)), namespace),
        Access::Get { group, plural, namespace, name } => {
            place(format!("get {} {name}", qualified(group, plural)).trim_end().to_string(), namespace)
        }
        Access::Path(path) => format!("get {path}"),
    };
    format!("{verdict} {what}\n")
}

fn place(what: String, namespace: &str) -> String {
    if namespace.is_empty() { what } else { format!("{what} in {namespace}") }
}

/// What cannot be read at all. A list that is allowed in one of several namespaces is not denied.
fn denied(permissions: &[Permission]) -> Wants {
    let allowed: BTreeSet<(&str, &str)> = permissions
        .iter()
        .filter(|permission| permission.allowed == Some(true))
        .filter_map(|permission| match &permission.access {
            Access::List { group, plural, .. } => Some((group.as_str(), plural.as_str())),
            _ => None,
        })
        .collect();
    let mut denied = Wants::default();
    for permission in permissions.iter().filter(|permission| permission.allowed != Some(true)) {
        match &permission.access {
            Access::List { group, plural, .. } if allowed.contains(&(group.as_str(), plural.as_str())) => {}
            Access::List { group, plural, .. } => denied.resources.push(want(group, plural, Vec::new())),
            Access::Get { plural, .. } if plural.contains('/') => denied.kubelet_config = true,
            Access::Get { group, plural, namespace, name } => {
                denied.resources.push(want(group, plural, vec![(namespace.clone(), name.clone())]));
            }
            Access::Path(path) => denied.paths.push(path.clone()),
        }
    }
    denied
}

fn want(group: &str, plural: &str, only: Vec<(String, String)>) -> Want {
    Want { group: group.to_string(), plural: plural.to_string(), only }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(plural: &str, namespace: &str, allowed: Option<bool>) -> Permission {
        let access = Access::List { group: String::new(), plural: plural.into(), namespace: namespace.into() };
        Permission { access, allowed, reason: String::new() }
    }

    #[test]
    fn one_allowed_namespace_is_something_to_read() {
        let all = [
            list("pods", "a", Some(true)),
            list("pods", "b", Some(false)),
            list("nodes", "", Some(false)),
            list("services", "", None),
        ];
        let plurals: Vec<String> = denied(&all).resources.into_iter().map(|want| want.plural).collect();
        assert_eq!(plurals, ["nodes", "services"]);
        assert_eq!(all.iter().map(line).next().as_deref(), Some("allowed    list pods in a\n"));
    }
}
