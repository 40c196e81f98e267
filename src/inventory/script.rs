//! Shell commands of scripts and of Markdown's code blocks as a tree: what is called, word by word.
//!
//! ```text
//! commands:
//! - words: [kubeadm, upgrade, apply, v1.36.2]   # the span of the map is that of its first word
//!   bodies: [...]                               # here documents
//! ```
//!
//! Nothing is expanded, and control structure is not understood. A Markdown code block counts if it says that it is shell,
//! or says nothing.

use std::sync::Arc;

use crate::syntax::{Data, Format, Read, Style, Text, Tree};
use crate::values::{ShellWord, shell_commands};
use crate::vocabulary::{NodeId, SourceId, Span};

/// Languages of code blocks that are shell.
const LANGUAGES: &[&str] = &["", "sh", "bash", "shell", "console", "shell-session", "zsh", "terminal"];

/// Most commands of one text.
const MAX_COMMANDS: usize = 20_000;

/// Reads a script or a Markdown file.
pub fn read(format: Format, source: SourceId, text: &Arc<str>) -> Read {
    let blocks = if format == Format::Markdown { code_blocks(text) } else { vec![Span::new(0, text.len())] };
    let mut builder = Builder { tree: Tree::new(source, text.clone()), commands: Vec::new() };
    for block in blocks {
        builder.block(text, block);
    }
    let trees = if builder.commands.is_empty() { Vec::new() } else { vec![builder.finish(text.len())] };
    Read { trees, problems: Vec::new(), format }
}

/// The insides of fenced code blocks that may be shell.
fn code_blocks(text: &str) -> Vec<Span> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str, bool)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        let trimmed = line.trim();
        let fence = ["```", "~~~"].into_iter().find(|fence| trimmed.starts_with(fence));
        match (open, fence) {
            (Some((start, opened, is_shell)), Some(fence)) if fence == opened => {
                if is_shell {
                    blocks.push(Span::new(start, at));
                }
                open = None;
            }
            (None, Some(fence)) => {
                let language = trimmed.trim_start_matches(['`', '~']).split([' ', '{', ',']).next().unwrap_or_default();
                open = Some((next, fence, LANGUAGES.contains(&language.to_ascii_lowercase().as_str())));
            }
            _ => {}
        }
        at = next;
    }
    blocks
}

struct Builder {
    tree: Tree,
    commands: Vec<NodeId>,
}

impl Builder {
    fn block(&mut self, text: &str, block: Span) {
        let start = block.start as usize;
        for command in shell_commands(&text[block.range()]) {
            if self.commands.len() >= MAX_COMMANDS || command.words.is_empty() {
                continue;
            }
            let words: Vec<NodeId> = command.words.iter().map(|word| self.word(word, start)).collect();
            let bodies: Vec<NodeId> = command
                .redirects
                .iter()
                .filter_map(|redirect| redirect.body)
                .map(|body| {
                    let span = moved(body, start);
                    self.tree.push(span, Style::Plain, Data::Str(Text::Source(span)))
                })
                .collect();
            let span = moved(command.words[0].span, start);
            let words = self.list(span, &words);
            let bodies = self.list(span, &bodies);
            let fields = [self.key("words", span), words, self.key("bodies", span), bodies];
            let items = self.tree.push_items(&fields);
            let node = self.tree.push(span, Style::Plain, Data::Map(items));
            self.commands.push(node);
        }
    }

    fn word(&mut self, word: &ShellWord, start: usize) -> NodeId {
        let text = match word.inner {
            Some(inner) => Text::Source(moved(inner, start)),
            None => self.tree.push_text(&word.text),
        };
        self.tree.push(moved(word.span, start), Style::Plain, Data::Str(text))
    }

    fn list(&mut self, span: Span, nodes: &[NodeId]) -> NodeId {
        let items = self.tree.push_items(nodes);
        self.tree.push(span, Style::Plain, Data::List(items))
    }

    fn key(&mut self, name: &str, span: Span) -> NodeId {
        let text = self.tree.push_text(name);
        self.tree.push(span, Style::Plain, Data::Str(text))
    }

    fn finish(mut self, length: usize) -> Tree {
        let whole = Span::new(0, length);
        let commands = std::mem::take(&mut self.commands);
        let list = self.list(whole, &commands);
        let fields = [self.key("commands", Span::new(0, 0)), list];
        let items = self.tree.push_items(&fields);
        let root = self.tree.push(whole, Style::Plain, Data::Map(items));
        self.tree.set_root(root);
        self.tree
    }
}

fn moved(span: Span, by: usize) -> Span {
    Span::new(span.start as usize + by, span.end as usize + by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_blocks_in_shell_are_told_from_others() {
        let text = "# T\n```sh\nkubeadm init\n```\ntext\n```yaml\na: 1\n```\n~~~\nhelm install\n~~~\n```go\nx\n```\n";
        let blocks = code_blocks(text);
        let found: Vec<&str> = blocks.iter().map(|block| &text[block.range()]).collect();
        assert_eq!(found, ["kubeadm init\n", "helm install\n"]);
    }
}
