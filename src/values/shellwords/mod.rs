//! Simple commands of a shell-like text, with the position of every word.
//!
//! Enough to see what `sh -c` strings and scripts call: quotes, escapes, continued lines, separators, comments, here
//! documents, redirections, substitutions. Nothing is expanded: `$VAR` and `$(…)` stay as text. Control structure is not
//! understood: its keywords are skipped, so `if cmd; then …` shows `cmd`. It never fails; unknown syntax ends a word.

mod scan;

use crate::vocabulary::Span;

/// How a command hands over to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// A new line, `;`, a bracket, or the end.
    Sequence,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&`
    Background,
}

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellWord {
    /// The word without its quotes and escapes.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
    /// Where `text` stands verbatim; `None` where quotes or escapes break it up.
    pub inner: Option<Span>,
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// `>`, `>>`, `<`, `2>&1` without its numbers (`>&`), `<<` …
    pub operator: String,
    /// What follows it: a file, a descriptor, or the delimiter of a here document.
    pub target: ShellWord,
    /// The lines of a here document.
    pub body: Option<Span>,
}

/// A simple command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellCommand {
    /// `NAME=value` before the program.
    pub assignments: Vec<ShellWord>,
    /// Program and arguments.
    pub words: Vec<ShellWord>,
    /// Redirections in order.
    pub redirects: Vec<Redirect>,
    /// How it hands over to the next command of its level.
    pub then: Separator,
    /// 0 for the text itself, 1 for commands in its substitutions, and so on.
    pub depth: u8,
}

impl ShellCommand {
    fn new(depth: u8) -> Self {
        let (assignments, words, redirects) = (Vec::new(), Vec::new(), Vec::new());
        ShellCommand { assignments, words, redirects, then: Separator::Sequence, depth }
    }

    /// The program's name without its directory.
    pub fn program(&self) -> Option<&str> {
        self.words.first().and_then(|word| word.text.rsplit('/').next())
    }

    fn is_empty(&self) -> bool {
        self.assignments.is_empty() && self.words.is_empty() && self.redirects.is_empty()
    }

    /// Adds a word where it belongs.
    fn push(&mut self, word: ShellWord) {
        let first = self.words.is_empty();
        if first && word.inner == Some(word.span) && KEYWORDS.contains(&word.text.as_str()) {
            return;
        }
        if first && is_assignment(&word.text) { self.assignments.push(word) } else { self.words.push(word) }
    }
}

/// Words that stand before a command and are none.
const KEYWORDS: &[&str] =
    &["if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "!", "{", "}", "time"];

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Deeper substitutions stay text.
const MAX_DEPTH: u8 = 8;

/// The simple commands of a text in order; those inside `$(…)` and backquotes follow the command they stand in.
///
/// ```
/// use k8sready::values::shell_commands;
/// let commands = shell_commands("etcdctl snapshot save '/backup/x.db' && aws s3 cp /backup/x.db s3://b/");
/// assert_eq!(commands.iter().filter_map(|c| c.program()).collect::<Vec<_>>(), ["etcdctl", "aws"]);
/// assert_eq!(commands[0].words[3].text, "/backup/x.db");
/// ```
pub fn shell_commands(text: &str) -> Vec<ShellCommand> {
    let mut commands = Vec::new();
    read(text, 0, text.len(), 0, &mut commands);
    commands
}

/// Reads `text[start..end]`.
fn read(text: &str, start: usize, end: usize, depth: u8, commands: &mut Vec<ShellCommand>) {
    let mut reader = Reader { scan: scan::Scan::new(&text[..end], start), commands, depth, documents: Vec::new() };
    let mut command = ShellCommand::new(depth);
    while let Some(token) = reader.scan.token() {
        match token {
            scan::Token::Word(word) => command.push(word),
            scan::Token::Redirect(redirect) => command.redirects.push(redirect),
            scan::Token::End(separator) => reader.finish(&mut command, separator),
            scan::Token::Newline => {
                reader.finish(&mut command, Separator::Sequence);
                reader.here_documents();
            }
        }
    }
    reader.finish(&mut command, Separator::Sequence);
}

struct Reader<'t, 'c> {
    scan: scan::Scan<'t>,
    commands: &'c mut Vec<ShellCommand>,
    depth: u8,
    /// Commands and redirections whose here documents begin on the next line.
    documents: Vec<(usize, usize)>,
}

impl Reader<'_, '_> {
    /// Files the command, and the commands inside its words.
    fn finish(&mut self, command: &mut ShellCommand, then: Separator) {
        let nested = std::mem::take(&mut self.scan.substitutions);
        if !command.is_empty() {
            let mut done = std::mem::replace(command, ShellCommand::new(self.depth));
            done.then = then;
            let here = done.redirects.iter().enumerate().filter(|(_, r)| matches!(r.operator.as_str(), "<<" | "<<-"));
            self.documents.extend(here.map(|(index, _)| (self.commands.len(), index)));
            self.commands.push(done);
        }
        if self.depth < MAX_DEPTH {
            for inside in nested {
                read(self.scan.text, inside.start as usize, inside.end as usize, self.depth + 1, self.commands);
            }
        }
    }

    fn here_documents(&mut self) {
        for (command, redirect) in std::mem::take(&mut self.documents) {
            let redirect = &mut self.commands[command].redirects[redirect];
            redirect.body = Some(self.scan.here_document(&redirect.target.text, redirect.operator == "<<-"));
        }
    }
}
