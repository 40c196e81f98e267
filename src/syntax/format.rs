//! Which format a text has, by name and content.

use std::sync::Arc;

use super::{Tree, json, yaml};
use crate::vocabulary::{Problem, SourceId, Span};

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// HAProxy.
    HAProxy,
    /// None of ours.
    Unknown,
}

impl Format {
    /// Detects the format.
    pub fn detect(path: &str, _text: &str) -> Format {
        match path.rsplit('.').next() {
            Some("yaml" | "yml") => Format::Yaml,
            Some("json") => Format::Json,
            _ => Format::Yaml,
        }
    }

    /// Whether its documents are data with keys.
    pub fn is_data(self) -> bool {
        matches!(self, Format::Yaml | Format::Json)
    }
}

/// What a text came to.
#[derive(Debug, Default)]
pub struct Read {
    /// Documents.
    pub trees: Vec<Tree>,
    /// Problems.
    pub problems: Vec<Problem>,
}

/// Reads a text.
pub fn read(format: Format, _path: &str, source: SourceId, text: &Arc<str>) -> Read {
    let range = Span::new(0, text.len());
    let (trees, problems) = match format {
        Format::Yaml => yaml::read(source, text, range),
        Format::Json => json::read(source, text, range),
        _ => Default::default(),
    };
    Read { trees, problems }
}

/// A suppression comment.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Where.
    pub span: Span,
    /// Alone on its line.
    pub alone: bool,
    /// Rules.
    pub ids: Vec<String>,
    /// Reason.
    pub reason: String,
}

/// Finds suppression comments.
pub fn suppression_marks(_text: &str, _trees: &[&Tree]) -> Vec<Mark> {
    Vec::new()
}
