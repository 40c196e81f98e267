//! The commands: one thin file each.

mod audit;
mod base;
mod baseline;
mod config;
mod environment;
mod explain;
mod init;
mod live;
#[cfg(feature = "live")]
mod preflight;
mod rbac;
mod rules;
mod shell;
mod snapshot;
mod texts;

pub use texts::Texts;

use std::fmt;
use std::process::ExitCode;

use crate::audit::AuditError;
use crate::cli::{Args, Command, ConfigError};
use crate::rule::LoadError;
use crate::settings::UsageError;

/// Why a command ended without doing its work.
#[derive(Debug)]
pub enum CommandError {
    /// The user must change something: exit code 2.
    Usage(String),
    /// Reading or writing failed: exit code 4.
    Io(String),
    /// The cluster cannot be scanned: exit code 5.
    Cluster(String),
}

impl CommandError {
    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            CommandError::Usage(_) => ExitCode::from(2),
            CommandError::Io(_) => ExitCode::from(4),
            CommandError::Cluster(_) => ExitCode::from(5),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandError::Usage(message) | CommandError::Io(message) | CommandError::Cluster(message) => {
                f.write_str(message)
            }
        }
    }
}

impl From<UsageError> for CommandError {
    fn from(error: UsageError) -> Self {
        CommandError::Usage(error.to_string())
    }
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        CommandError::Usage(error.to_string())
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        CommandError::Usage(error.to_string())
    }
}

impl From<AuditError> for CommandError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Internal(_) | AuditError::Snapshot(_) => CommandError::Io(error.to_string()),
            _ => CommandError::Usage(error.to_string()),
        }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        CommandError::Io(format!("the report cannot be written: {error}"))
    }
}

/// Runs what was asked for.
pub fn run(args: Args) -> Result<ExitCode, CommandError> {
    match args.command {
        Command::Audit(args) => audit::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Rbac(args) => rbac::run(&args),
        Command::Snapshot(args) => snapshot::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man => shell::man(),
        Command::Baseline(args) => baseline::run(&args),
        Command::Init(args) => init::run(&args),
    }
}
