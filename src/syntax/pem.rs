//! PEM files to a tree: a list of blocks.
//!
//! ```text
//! - kind: certificate                     # key, other; a word of our own, so that it outlives the redaction of keys
//!   text: -----BEGIN CERTIFICATE----- …   # the block as it stands, markers included
//! ```
//!
//! What stands between blocks is left out. Nothing is decoded here, and a block without an end is no block.

use std::sync::Arc;

use super::outline::Outline;
use super::{Style, Tree};
use crate::vocabulary::{Problem, SourceId, Span};

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// Reads a whole file.
pub fn read(source: SourceId, text: &Arc<str>) -> (Vec<Tree>, Vec<Problem>) {
    let mut outline = Outline::new(source, text);
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some((label, block)) = next(text, at).filter(|_| !outline.is_full()) {
        let kind = outline.word(label, Style::Plain, kind(&text[label.range()]));
        let fields = [("kind", Some(kind)), ("text", Some(outline.verbatim(block)))];
        blocks.push(outline.map(block, &fields));
        at = block.end as usize;
    }
    if blocks.is_empty() { (Vec::new(), Vec::new()) } else { outline.finish(&blocks, Span::new(0, text.len())) }
}

fn kind(label: &str) -> &'static str {
    match label {
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => "certificate",
        key if key.ends_with("PRIVATE KEY") => "key",
        _ => "other",
    }
}

/// The label and the whole of the first block from `from` on.
fn next(text: &str, from: usize) -> Option<(Span, Span)> {
    let start = from + text.get(from..)?.find(BEGIN)?;
    let label = start + BEGIN.len();
    let length = text.get(label..)?.find(DASHES)?;
    let name = text.get(label..label + length)?;
    let end_mark = format!("-----END {name}-----");
    let end = label + text.get(label..)?.find(&end_mark)? + end_mark.len();
    Some((Span::new(label, label + length), Span::new(start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Forest;
    use crate::vocabulary::NodeRef;

    #[test]
    fn blocks_are_told_by_their_labels_and_cut_off_ones_are_none() {
        let text = "junk\n-----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\ny\n-----END CERTIFICATE-----\n-----BEGIN D-----\nz\n";
        let (mut trees, problems) = read(SourceId(0), &Arc::from(text));
        assert!(problems.is_empty());
        let mut forest = Forest::default();
        let tree = trees.remove(0);
        let node = tree.root();
        let tree = forest.push(tree);
        let root = forest.view(NodeRef { tree, node });
        let kinds: Vec<&str> = root.items().filter_map(|block| block.str_at("kind")).collect();
        assert_eq!(kinds, ["key", "certificate"]);
        let texts: Vec<&str> = root.items().filter_map(|block| block.str_at("text")).collect();
        assert_eq!(texts[1], "-----BEGIN CERTIFICATE-----\ny\n-----END CERTIFICATE-----");
    }
}
