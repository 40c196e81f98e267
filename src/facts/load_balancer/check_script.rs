//! What keepalived's check script does when an API server hangs or answers with an error.
//!
//! The script is a command in the configuration, or a file of the input by its name. Source: curl(1): without `--max-time`
//! it waits for ever, without `--fail` an error page is a success; keepalived.conf(5): `timeout` ends a script.

use super::block::{first_arg, named};
use crate::facts::builder::FactBuilder;
use crate::facts::runbook;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::{Format, Origin, View};
use crate::values::shell_commands;
use crate::vocabulary::NodeId;

/// What is weak about a script, and where: `hangs` or `passes`.
pub(super) struct CheckScript {
    weakness: Option<(&'static str, Origin)>,
}

impl CheckScript {
    /// `scriptWeakness`.
    pub(super) fn fact(script: Option<&CheckScript>, facts: &mut FactBuilder, place: &Origin) -> NodeId {
        let weakness = script.and_then(|script| script.weakness.clone());
        let (what, at) = weakness.map_or((None, place.clone()), |(what, at)| (Some(what), at));
        facts.opt_str(what, at)
    }
}

/// One command: its words, and its place.
type Line = (Vec<String>, Origin);

/// The script of a `vrrp_script` block.
pub(super) fn read(inventory: &Inventory, id: DocumentId, block: View<'_>) -> Option<CheckScript> {
    let script = named(block, "script").next().and_then(first_arg)?;
    let ended = named(block, "timeout").next().is_some();
    let lines = lines(inventory, id, script);
    Some(CheckScript {
        weakness: lines.iter().find_map(|(words, at)| weakness(words, ended).map(|what| (what, at.clone()))),
    })
}

/// The commands of the file that a script names, else its own.
fn lines<'a>(inventory: &'a Inventory, id: DocumentId, script: View<'a>) -> Vec<Line> {
    let text = script.str().unwrap_or_default();
    let file =
        text.split_whitespace().find(|word| word.ends_with(".sh")).map(|word| word.rsplit('/').next().unwrap_or(word));
    let environment = &inventory.environments()[inventory.document(id).environment.index()];
    let all = environment.visible.iter().flat_map(|id| inventory.members(*id)).copied();
    let mut scripts = all.filter(|&other| inventory.document(other).format == Format::Shell);
    if let Some(found) = scripts.find(|&other| file.is_some() && inventory.path(other).rsplit('/').next() == file) {
        let commands = runbook::commands(inventory, found).unwrap_or_default();
        let line = |words: Vec<View<'a>>| {
            let place = Origin::Node(words.first()?.at());
            let texts = words.iter().filter_map(|word| word.str().map(str::to_string)).collect();
            Some((texts, place))
        };
        return commands.into_iter().filter_map(line).collect();
    }
    let own = shell_commands(text).into_iter();
    own.map(|command| {
        let words = command.words.into_iter().map(|word| word.text).collect();
        (words, Origin::Node(script.at()))
    })
    .collect()
}

/// What is weak about a call of curl.
fn weakness(words: &[String], ended: bool) -> Option<&'static str> {
    let at = words.iter().position(|word| word.rsplit('/').next() == Some("curl"))?;
    let flags = &words[at + 1..];
    let short = |letter: char| {
        flags.iter().any(|flag| flag.starts_with('-') && !flag.starts_with("--") && flag.contains(letter))
    };
    let long = |names: &[&str]| {
        flags.iter().any(|flag| names.iter().any(|name| flag == name || flag.starts_with(&format!("{name}="))))
    };
    let limited =
        ended || words[..at].iter().any(|word| word.ends_with("timeout")) || short('m') || long(&["--max-time"]);
    // Whoever prints the status looks at it.
    let judged = short('f') || short('w') || long(&["--fail", "--fail-with-body", "--write-out"]);
    match (limited, judged) {
        (false, _) => Some("hangs"),
        (true, false) => Some("passes"),
        (true, true) => None,
    }
}
