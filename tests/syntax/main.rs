//! The readers: what trees they make, and that no input breaks them.

mod print;
mod yaml;
