//! inventory

pub mod redaction;
