//! Completions and the manual page know every command.

use crate::repository::Repository;

const COMMANDS: &[&str] = &["audit", "explain", "rules", "baseline", "config", "init", "completions", "man"];

#[test]
fn completions_of_every_shell_know_every_command() {
    let repository = Repository::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let run = repository.run(&["completions", shell]);
        assert_eq!(run.code, 0, "{shell}");
        for word in COMMANDS.iter().chain(&["since", "baseline", "config-from"]) {
            assert!(run.stdout.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(repository.run(&["completions", "cmd"]).code, 2);
}

#[test]
fn the_manual_page_describes_every_command() {
    let run = Repository::new(&[]).run(&["man"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains(".TH k8sready 1"), "{}", run.stdout);
    for command in COMMANDS {
        assert!(run.stdout.contains(&format!(".SH \"{}\"", command.to_uppercase())), "{command}");
    }
}
