//! Reports of a hand-made audit in every format, and what must hold of any report.

// Helpers outside test functions may fail a test too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod any;
mod exchange;
mod in_cluster;
mod layout;
mod machine;
mod sample;
mod sarif;

use k8sready::report::{Format, Report, SourceText, Style, write};

/// A report as text.
fn render(format: Format, report: &Report, texts: &dyn SourceText, style: &Style) -> String {
    let mut bytes = Vec::new();
    write(format, report, texts, style, &mut bytes).expect("writing to memory works");
    String::from_utf8(bytes).expect("reports are UTF-8")
}
