//! What packages install beside the program: completions for shells, and the manual page.

use std::process::ExitCode;

use clap::CommandFactory as _;

use super::CommandError;
use super::rules::print;
use crate::cli::{Args, CompletionsArgs};

/// Prints completions.
pub fn completions(args: &CompletionsArgs) -> Result<ExitCode, CommandError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "k8sready", &mut text);
    print(&String::from_utf8_lossy(&text))
}

/// Prints the manual page: the program, then every command.
pub fn man() -> Result<ExitCode, CommandError> {
    let mut command = Args::command();
    command.build();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for sub in command.get_subcommands() {
        let man = clap_mangen::Man::new(sub.clone());
        text.extend(format!(".SH \"{}\"\n", sub.get_name().to_uppercase()).bytes());
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
    }
    print(&String::from_utf8_lossy(&text))
}
