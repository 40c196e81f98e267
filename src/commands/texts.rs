//! Source texts as formats look at them.

use crate::report::SourceText;
use crate::source::Sources;
use crate::vocabulary::SourceId;

/// The sources of a run.
pub struct Texts<'a>(pub &'a Sources);

impl SourceText for Texts<'_> {
    fn line(&self, source: SourceId, line: usize) -> Option<&str> {
        let number = u32::try_from(line).ok()?;
        (line >= 1 && line <= self.0.get(source).lines().count()).then(|| self.0.line_text(source, number))
    }

    fn text(&self, source: SourceId) -> Option<&str> {
        Some(self.0.get(source).text())
    }
}
