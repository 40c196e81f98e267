//! Rules: reading, checking, selecting.

mod file;

pub use file::RuleFile;
