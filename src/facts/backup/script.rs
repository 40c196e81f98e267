//! Snapshots and uploads in command lines: `etcdctl snapshot save`, `etcdutl`, and the programs that ship a file away.
//!
//! Reads `command`/`args` directly, `sh -c` texts, and scripts that a container mounts from a ConfigMap of the input. What
//! those texts hold was read as a script already, so that each command stands at its own line.

use crate::facts::runbook;
use crate::inventory::{DocumentId, Inventory};
use crate::syntax::View;
use crate::values::{ShellCommand, shell_commands};
use crate::vocabulary::{NodeRef, Reason, UnknownCode};

/// Programs that copy to another failure domain, and the word that shows it where the program does other things too.
const UPLOADERS: &[(&str, Option<&str>)] = &[
    ("s3cmd", None),
    ("s5cmd", None),
    ("gsutil", None),
    ("azcopy", None),
    ("rclone", None),
    ("restic", None),
    ("kopia", None),
    ("borg", None),
    ("scp", None),
    ("velero", None),
    ("swift", None),
    ("aws", Some("s3")),
    ("aws", Some("s3api")),
    ("gcloud", Some("storage")),
    ("az", Some("storage")),
    ("mc", Some("cp")),
    ("mc", Some("mirror")),
    ("rsync", None),
    ("curl", Some("-T")),
    ("curl", Some("--upload-file")),
    ("sftp", None),
    ("oci", Some("os")),
];

/// Environment variables that point an image at a bucket.
const UPLOAD_VARIABLES: &[&str] =
    &["AWS_S3_BUCKET", "S3_BUCKET", "RESTIC_REPOSITORY", "GCS_BUCKET", "AZURE_STORAGE_CONTAINER", "BUCKET"];

/// A command, and where it and its words stand.
pub struct Command {
    /// The command.
    pub shell: ShellCommand,
    /// Its first word, else the scalar that holds it.
    pub place: NodeRef,
    /// Its words, where each has a place of its own.
    words: Vec<NodeRef>,
}

impl Command {
    /// A command of which only the scalar is known.
    fn somewhere(shell: ShellCommand, place: NodeRef) -> Command {
        Command { shell, place, words: Vec::new() }
    }

    fn word(&self, at: usize) -> NodeRef {
        self.words.get(at).copied().unwrap_or(self.place)
    }
}

/// What one container runs.
pub struct Script<'a> {
    container: View<'a>,
    commands: Vec<Command>,
}

/// An etcd snapshot.
pub struct Snapshot<'a> {
    /// The container that takes it.
    pub container: View<'a>,
    /// The command, or the scalar that holds it.
    pub place: NodeRef,
    /// The word that names the endpoints, else the command.
    pub endpoints_place: NodeRef,
    /// The word that names the file, else the command.
    pub path_place: NodeRef,
    /// `--endpoints`, or the variable that stands for it; unknown where only the shell knows it.
    pub endpoints: Result<Vec<String>, Reason>,
    /// The file it writes.
    pub path: Option<String>,
}

impl<'a> Script<'a> {
    /// What a container of a pod runs.
    pub fn of(inventory: &'a Inventory, id: DocumentId, spec: View<'a>, container: View<'a>) -> Script<'a> {
        let words: Vec<View<'a>> =
            ["command", "args"].into_iter().filter_map(|key| container.get(key)).flat_map(View::items).collect();
        let texts = words.iter().filter(|word| word.str().is_some_and(|text| text.contains([' ', '\n'])));
        let mut commands: Vec<Command> = texts.flat_map(|word| commands_in(inventory, id, *word)).collect();
        if let Some(first) = words.first() {
            let line: Vec<String> = words.iter().filter_map(|word| word.str()).map(quoted).collect();
            commands.extend(
                shell_commands(&line.join(" "))
                    .into_iter()
                    .map(|command| Command::somewhere(command, snapshot_word(&words).unwrap_or(*first).at())),
            );
        }
        for (map, script) in mounted_scripts(inventory, id, spec, container) {
            commands.extend(commands_in(inventory, map, script));
        }
        Script { container, commands }
    }

    /// Its commands, each with the scalar that holds it.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The snapshot it takes, if it takes one.
    pub fn snapshot(&self) -> Option<Snapshot<'a>> {
        self.commands.iter().find_map(|command| {
            let words: Vec<&str> = command.shell.words.iter().map(|word| word.text.as_str()).collect();
            let at = words.iter().position(|word| matches!(word.rsplit('/').next(), Some("etcdctl" | "etcdutl")))?;
            let rest = &words[at + 1..];
            let save = rest.windows(2).position(|pair| pair == ["snapshot", "save"])?;
            let after = at + save + 3;
            let file = (after..words.len()).find(|&word| !words[word].starts_with('-'));
            let flag = (at..words.len()).find(|&word| words[word].starts_with("--endpoints"));
            Some(Snapshot {
                container: self.container,
                place: command.place,
                endpoints_place: flag.map_or(command.place, |flag| command.word(flag)),
                path_place: file.map_or(command.place, |file| command.word(file)),
                endpoints: self.endpoints(rest),
                path: file.map(|file| self.expanded(words[file])),
            })
        })
    }

    fn endpoints(&self, words: &[&str]) -> Result<Vec<String>, Reason> {
        let flag = words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("--endpoints")? {
            "" => words.get(at + 1).copied(),
            value => value.strip_prefix('='),
        });
        let variable = self.variable("ETCDCTL_ENDPOINTS");
        let text = match (flag, variable) {
            (Some(flag), _) => self.expanded(flag),
            (None, Some(value)) => match value.unknown() {
                Some(reason) => return Err(reason.clone()),
                None => value.str().unwrap_or_default().to_string(),
            },
            (None, None) => String::new(),
        };
        // `https://$(HOST_IP):2379` is one endpoint, whatever it is; `$ENDPOINTS` may be many.
        if text.starts_with('$') {
            return Err(Reason::new(UnknownCode::Partial, format!("only the shell knows the endpoints `{text}`")));
        }
        Ok(text.split(',').map(str::trim).filter(|endpoint| !endpoint.is_empty()).map(str::to_string).collect())
    }

    fn variable(&self, name: &str) -> Option<View<'a>> {
        let mut variables = self.container.get("env").into_iter().flat_map(View::items);
        variables.find(|variable| variable.str_at("name") == Some(name))?.get("value")
    }

    /// A word with its leading variable put in its place, where the script or the container's environment sets it.
    fn expanded(&self, word: &str) -> String {
        let Some(rest) = word.strip_prefix('$') else { return word.to_string() };
        // `${NAME}` of shells, `$(NAME)` of Kubernetes.
        let within = |open: char, close: char| rest.strip_prefix(open)?.split_once(close);
        let plain = || {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            rest.split_at(end)
        };
        let (name, after) = within('{', '}').or_else(|| within('(', ')')).unwrap_or_else(plain);
        let assigned = self.commands.iter().flat_map(|command| &command.shell.assignments).find_map(|assignment| {
            let value = assignment.text.strip_prefix(name)?.strip_prefix('=')?;
            (!value.starts_with('$')).then_some(value)
        });
        let value = assigned.or_else(|| self.variable(name).and_then(View::str));
        value.filter(|_| !name.is_empty()).map_or_else(|| word.to_string(), |value| format!("{value}{after}"))
    }

    /// Whether it ships something off the host.
    pub fn uploads(&self) -> bool {
        let by_command = self.commands.iter().any(|command| {
            let words: Vec<&str> = command.shell.words.iter().map(|word| word.text.as_str()).collect();
            is_upload(&words)
        });
        let mut variables =
            self.container.get("env").into_iter().flat_map(View::items).filter_map(|variable| variable.str_at("name"));
        by_command || variables.any(|name| UPLOAD_VARIABLES.contains(&name))
    }
}

/// Whether a command copies to another failure domain.
pub fn is_upload(words: &[&str]) -> bool {
    let program = words.iter().map(|word| word.rsplit('/').next().unwrap_or(word));
    program.enumerate().any(|(at, program)| {
        UPLOADERS.iter().any(|(name, sign)| *name == program && sign.is_none_or(|sign| words[at + 1..].contains(&sign)))
    })
}

/// The commands of a scalar, each at its own line where the text was read as a script.
fn commands_in(inventory: &Inventory, id: DocumentId, text: View<'_>) -> Vec<Command> {
    let Some(script) = inventory.inside(id, text) else {
        let commands = text.str().into_iter().flat_map(shell_commands);
        return commands.map(|command| Command::somewhere(command, text.at())).collect();
    };
    let lines = runbook::commands(inventory, script).unwrap_or_default();
    let mut lines = lines.into_iter().filter(|words| !words.is_empty());
    let commands = shell_commands(inventory.text(script)).into_iter();
    commands
        .map(|shell| {
            let line = if shell.words.is_empty() { None } else { lines.next() };
            let words: Vec<NodeRef> = line.into_iter().flatten().map(|word| word.at()).collect();
            Command { place: words.first().copied().unwrap_or_else(|| text.at()), words, shell }
        })
        .collect()
}

/// The word of a command list that says `snapshot`, or names the endpoints.
fn snapshot_word<'a>(words: &[View<'a>]) -> Option<View<'a>> {
    words.iter().copied().find(|word| word.str().is_some_and(|text| text.contains("snapshot")))
}

/// A word of a list as shell text.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Texts of ConfigMaps that the container mounts.
fn mounted_scripts<'a>(
    inventory: &'a Inventory,
    id: DocumentId,
    spec: View<'a>,
    container: View<'a>,
) -> Vec<(DocumentId, View<'a>)> {
    let mounts: Vec<&str> = container
        .get("volumeMounts")
        .into_iter()
        .flat_map(View::items)
        .filter_map(|mount| mount.str_at("name"))
        .collect();
    let volumes = spec.get("volumes").into_iter().flat_map(View::items);
    volumes
        .filter(|volume| volume.str_at("name").is_some_and(|name| mounts.contains(&name)))
        .filter_map(|volume| volume.str_at("configMap.name"))
        .flat_map(|name| inventory.named(id, "ConfigMap", name))
        .filter_map(|map| Some((map, inventory.document(map).view(inventory.forest()).get("data")?)))
        .flat_map(|(map, data)| data.entries().map(move |(_, text)| (map, text)).collect::<Vec<_>>())
        .collect()
}
