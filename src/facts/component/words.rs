//! Command lines: the words of a container or a script, and the flags they set.
//!
//! Follows pflag: booleans take a value only after `=`, any other flag takes the next word whatever it looks like. A word
//! that a template or a variable decides makes its flag unknown, or, where even the flag's name is open, all of them.

use super::flags::{FlagTable, SetFlag};
use crate::syntax::{Data, View};
use crate::values::shell_commands;
use crate::vocabulary::{Reason, UnknownCode};

/// One word of a command line.
#[derive(Clone, Debug)]
pub struct Word<'a> {
    /// The word; as it stands in the source where a template decides it.
    pub text: String,
    /// Why the text is not the whole truth.
    pub unknown: Option<Reason>,
    /// The scalar it stands in.
    pub place: View<'a>,
}

/// Everything that a source sets, and why there may be more.
#[derive(Clone, Debug, Default)]
pub struct Setting<'a> {
    /// In order.
    pub flags: Vec<SetFlag<'a>>,
    /// Why flags may be set that are not listed.
    pub open: Option<Reason>,
}

impl<'a> Setting<'a> {
    /// Adds what another source sets; it wins over what is there.
    pub fn then(mut self, later: Setting<'a>) -> Setting<'a> {
        self.flags.extend(later.flags);
        Setting { flags: self.flags, open: self.open.or(later.open) }
    }
}

/// Programs that run the text after `-c`.
const SHELLS: &[&str] = &["sh", "bash", "ash", "dash"];

/// The name of a program without its directory.
pub fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Why a list or map may hold more than is written.
pub fn openness(view: View<'_>) -> Option<Reason> {
    view.tree().reason(view.at().node).cloned()
}

/// `command` and `args` of a container.
pub fn of_container(container: View<'_>) -> Vec<Word<'_>> {
    let lists = ["command", "args"].into_iter().filter_map(|key| container.get(key));
    lists.flat_map(View::items).map(of_scalar).collect()
}

fn of_scalar(place: View<'_>) -> Word<'_> {
    match place.unknown() {
        Some(reason) => {
            let raw = place.tree().raw(place.at().node).trim_matches(['"', '\'']);
            Word { text: raw.to_string(), unknown: Some(reason.clone()), place }
        }
        None => Word { text: scalar_text(place), unknown: None, place },
    }
}

/// A program that was found on a command line.
pub struct Program<'a> {
    /// Its name.
    pub name: &'static str,
    /// The words after it.
    pub words: Vec<Word<'a>>,
    /// The script of a shell that runs it.
    pub script: Option<View<'a>>,
}

/// The one of `programs` that a command line runs, by itself or in a shell's script.
pub fn program<'a>(words: Vec<Word<'a>>, programs: &[&'static str]) -> Option<Program<'a>> {
    let known = |word: &Word<'_>| programs.iter().copied().find(|name| *name == base_name(&word.text));
    let first = words.first()?;
    if let Some(name) = known(first) {
        return Some(Program { name, words: words.into_iter().skip(1).collect(), script: None });
    }
    if !SHELLS.contains(&base_name(&first.text)) {
        return None;
    }
    let script = words.iter().find(|word| word.text.contains(' '))?;
    commands(&script.text, script.place).into_iter().find_map(|command| {
        let at = command.iter().position(|word| known(word).is_some())?;
        let before = command[..at].iter().all(|word| matches!(word.text.as_str(), "exec" | "nohup" | "env" | "sudo"));
        let name = before.then(|| known(&command[at])).flatten()?;
        Some(Program { name, words: command.into_iter().skip(at + 1).collect(), script: Some(script.place) })
    })
}

/// The words of each command of a shell text.
pub fn commands<'a>(text: &str, place: View<'a>) -> Vec<Vec<Word<'a>>> {
    let word = |text: String| Word { text, unknown: None, place };
    let commands = shell_commands(text).into_iter();
    commands.map(|command| command.words.into_iter().map(|shell| word(shell.text)).collect()).collect()
}

/// Characters that a shell acts on and systemd does not, and what stands for them meanwhile.
const NOT_SPECIAL: &[(char, char)] = &[
    ('<', '\u{e000}'),
    ('>', '\u{e001}'),
    ('|', '\u{e002}'),
    ('&', '\u{e003}'),
    (';', '\u{e004}'),
    ('(', '\u{e005}'),
    (')', '\u{e006}'),
];

/// The words of a command line of a systemd unit: quotes count, other characters of the shell do not.
pub fn of_unit<'a>(text: &str, place: View<'a>) -> Vec<Word<'a>> {
    let hidden: String = text.chars().map(|c| swapped(c, |pair| *pair)).collect();
    // Behind a program's name `A=b` is a word like others.
    let mut words: Vec<Word<'a>> = commands(&format!("env {hidden}"), place).into_iter().flatten().skip(1).collect();
    for word in &mut words {
        word.text = word.text.chars().map(|c| swapped(c, |(special, stand_in)| (*stand_in, *special))).collect();
    }
    words
}

fn swapped(c: char, order: impl Fn(&(char, char)) -> (char, char)) -> char {
    NOT_SPECIAL.iter().map(order).find(|(from, _)| *from == c).map_or(c, |(_, to)| to)
}

/// The flags of a command line.
pub fn flags<'a>(table: &FlagTable, component: &str, words: &[Word<'a>]) -> Setting<'a> {
    let mut setting = Setting::default();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let Some(flag) = word.text.strip_prefix("--").or_else(|| word.text.strip_prefix('-')) else {
            setting.open = setting.open.or_else(|| stray(word));
            continue;
        };
        let (name, value, holder) = match flag.split_once('=') {
            Some((name, value)) => (name, value.to_string(), word),
            None if table.is_bool(component, flag) => (flag, "true".to_string(), word),
            None => match words.next_if(|next| table.knows(component, flag) || !next.text.starts_with('-')) {
                Some(next) => (flag, next.text.clone(), next),
                None => (flag, "true".to_string(), word),
            },
        };
        if name.contains(['{', '$']) {
            setting.open = setting.open.or_else(|| word.unknown.clone());
            continue;
        }
        let value = holder.unknown.clone().map_or(Ok(value), Err);
        setting.flags.push(SetFlag { name: flag_name(component, name), value, place: holder.place });
    }
    setting
}

/// A word that is no flag says nothing, unless it stands for words that nobody sees.
fn stray(word: &Word<'_>) -> Option<Reason> {
    let variable = || Reason::new(UnknownCode::Partial, format!("`{}` stands for words that are not there", word.text));
    let is_variable = word.text.starts_with('$') && !word.text.starts_with("$(");
    word.unknown.clone().or_else(|| is_variable.then(variable))
}

/// Kubernetes reads `_` in flags as `-`.
fn flag_name(component: &str, name: &str) -> String {
    if component == "etcd" { name.to_string() } else { name.replace('_', "-") }
}

/// Where kubeadm keeps flags: a section, and the list or map of flags in it.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    /// The section.
    pub section: View<'a>,
    /// Its flags.
    pub args: Option<View<'a>>,
}

/// kubeadm's `extraArgs`: a map in v1beta3, a list of `{name, value}` in v1beta4. Names carry no dashes in either.
pub fn extra_args<'a>(component: &str, Args { section, args }: Args<'a>) -> Setting<'a> {
    let Some(args) = args else { return Setting { flags: Vec::new(), open: openness(section) } };
    let flag = |name: &str, place: View<'a>| SetFlag {
        name: flag_name(component, name.trim_start_matches('-')),
        value: known_text(place),
        place,
    };
    let from_list = args.items().filter_map(|arg| Some(flag(arg.str_at("name")?, arg.get("value")?)));
    let from_map = args.entries().map(|(name, value)| flag(name, value));
    Setting { flags: from_list.chain(from_map).collect(), open: openness(section).or_else(|| openness(args)) }
}

/// The flag that an environment variable of etcd stands for: `ETCD_QUOTA_BACKEND_BYTES` is `--quota-backend-bytes`.
pub fn etcd_variable(name: &str) -> Option<String> {
    Some(name.strip_prefix("ETCD_")?.to_lowercase().replace('_', "-"))
}

/// etcd's environment: `env` of a container, `extraEnvs` of kubeadm. A flag wins over its variable.
pub fn etcd_environment(list: Option<View<'_>>) -> Setting<'_> {
    let variables = list.into_iter().flat_map(View::items);
    let flags = variables.filter_map(|variable| {
        let name = etcd_variable(variable.str_at("name")?)?;
        let place = variable.get("value")?;
        Some(SetFlag { name, value: known_text(place), place })
    });
    Setting { flags: flags.collect(), open: list.and_then(openness) }
}

/// The text of a value as a flag would carry it, or why it is unknown: lists are joined by commas, maps are `a=b`.
pub fn known_text(value: View<'_>) -> Result<String, Reason> {
    if let Some(reason) = value.unknown() {
        return Err(reason.clone());
    }
    let parts: Vec<String> = if value.is_map() {
        let pair = |(key, value): (&str, View<'_>)| Ok(format!("{key}={}", known_text(value)?));
        value.entries().map(pair).collect::<Result<_, Reason>>()?
    } else if value.is_list() {
        value.items().map(known_text).collect::<Result<_, Reason>>()?
    } else {
        return Ok(scalar_text(value));
    };
    openness(value).map_or_else(|| Ok(parts.join(",")), Err)
}

/// The text of a scalar as a command line would carry it.
fn scalar_text(value: View<'_>) -> String {
    match value.data() {
        Data::Str(_) => value.str().unwrap_or_default().to_string(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => value.to_string(),
        _ => String::new(),
    }
}
