//! What was typed: the command line and the configuration file, as plain data.
//!
//! What it means is `settings`' business; nothing below sees clap.

mod args;
mod config;

pub use args::{
    Args, AuditArgs, BaselineArgs, BaselineCommand, BaselineFile, ColorChoice, Command, ConfigFrom, ExplainArgs,
    InitArgs, Named, RulesArgs,
};
pub use config::{CONFIG_NAMES, Config, ConfigError, ConfigFile, Suppress};
