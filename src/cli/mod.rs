//! What was typed: the command line and the configuration file, as plain data.
//!
//! What it means is `settings`' business; nothing below sees clap.

mod args;
mod config;
mod layers;
mod live;

pub use args::{
    Args, AuditArgs, BaselineArgs, BaselineCommand, BaselineFile, ColorChoice, Command, CompletionsArgs, ConfigArgs,
    ConfigCommand, ConfigFrom, ExplainArgs, InitArgs, Named, RbacArgs, RulesArgs, SnapshotArgs,
};
pub use config::{Chart, Config, Override, Suppress};
pub use layers::{CONFIG_NAMES, ConfigError, ConfigFile, Setting, origins};
pub use live::{LiveArgs, PluginChoice};
