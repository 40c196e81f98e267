//! The audit as a whole: the same bytes every time, no secret in any format, transcripts of the command line.

mod canary;
mod common;
mod determinism;
mod transcripts;
