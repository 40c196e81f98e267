//! Documents inside scalars: the texts of ConfigMaps that are Kubernetes or kubeadm documents.

use super::Document;
use crate::source::LineMap;
use crate::syntax::Forest;

/// A text found in a scalar.
pub struct Found {
    /// A name that tells its format.
    pub name: String,
    /// The text.
    pub text: String,
    /// How it maps to the outer source.
    pub map: LineMap,
}

/// The documents inside a document.
pub fn find(_forest: &Forest, _document: &Document) -> Vec<Found> {
    Vec::new()
}
