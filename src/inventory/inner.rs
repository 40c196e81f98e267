//! Which documents lie inside which: from a scalar to the document that was read from its text, and back.
//!
//! Only that they belong together is known here; what an inner document means is for others to say.

use std::collections::BTreeMap;

use super::{Document, DocumentId, Inventory};
use crate::source::{SourceKind, Sources};
use crate::syntax::View;
use crate::vocabulary::{SourceId, Span};

/// Documents inside scalars, by the source of the scalar.
#[derive(Debug, Default)]
pub(super) struct Inner {
    by_outer: BTreeMap<SourceId, Vec<DocumentId>>,
}

impl Inner {
    /// Notes every document that was read from a scalar.
    pub(super) fn find(sources: &Sources, documents: &[Document]) -> Inner {
        let mut by_outer: BTreeMap<SourceId, Vec<DocumentId>> = BTreeMap::new();
        for (index, document) in documents.iter().enumerate() {
            if let SourceKind::Embedded { outer, .. } = sources.get(document.source).kind() {
                let id = DocumentId(u32::try_from(index).unwrap_or(u32::MAX));
                by_outer.entry(*outer).or_default().push(id);
            }
        }
        Inner { by_outer }
    }
}

impl Inventory {
    /// The document that was read from a scalar of `within`.
    pub fn inside(&self, within: DocumentId, scalar: View<'_>) -> Option<DocumentId> {
        let here = scalar.span();
        let mut inner = self.inner.by_outer.get(&self.document(within).source)?.iter().copied();
        inner.find(|id| self.outer_start(*id).is_some_and(|start| (here.start..here.end).contains(&start)))
    }

    /// The document whose scalar another one was read from; `None` for what lies in a file of its own.
    pub fn holder(&self, id: DocumentId) -> Option<DocumentId> {
        let SourceKind::Embedded { outer, .. } = self.sources.get(self.document(id).source).kind() else { return None };
        let start = self.outer_start(id)?;
        let of_source = self.documents().filter(|(_, document)| document.source == *outer);
        let holds = |span: Span| (span.start..span.end).contains(&start);
        of_source.filter(|(_, document)| holds(document.view(&self.forest).span())).map(|(holder, _)| holder).last()
    }

    /// Where the text of an inner document begins in the outer one.
    fn outer_start(&self, id: DocumentId) -> Option<u32> {
        let SourceKind::Embedded { map, .. } = self.sources.get(self.document(id).source).kind() else { return None };
        Some(map.outer(Span { start: 0, end: 0 }).start)
    }
}
