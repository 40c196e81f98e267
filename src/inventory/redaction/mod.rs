//! Redaction: what `data/redaction.yaml` lists is overwritten before anything looks at a source.
//!
//! A value that is a secret becomes `Data::Redacted` in the tree and stars in the text. A secret inside a longer text (a
//! script, a configuration file, an embedded document) becomes `xxxx` there, and the text stays a text: it is read again
//! as a document of its own, whose redaction then marks the value, length and all. Nothing moves: lengths, lines and
//! indentation stay. Whether a secret stands in the right place is no question of this module.

mod list;
mod mask;
mod nodes;
mod text;

use std::sync::Arc;

pub(super) use list::CLASSES;
use list::List;
use mask::Masks;

use crate::syntax::{Data, KeyShape, Redaction, Secret, Text, Tree};
use crate::vocabulary::{NodeId, Reason, UnknownCode};

/// Redacts every tree of one source, and its text. Trees get the new text; true if there was anything to overwrite.
///
/// All of them must be trees over exactly this text. A document that did not parse has no tree: it must not be shown.
pub fn redact(trees: &mut [Tree], text: &mut Arc<str>) -> bool {
    let places = List::get().places(text);
    let mut masks = Masks::default();
    for tree in trees.iter_mut() {
        let found = nodes::find(tree, &places);
        for (node, class) in found.hidden {
            hide(tree, node, class, text, &mut masks);
        }
        for (node, parts) in found.parts {
            hide_parts(tree, node, &parts, text, &mut masks);
        }
    }
    hide_in_comments(text, &places, &mut masks);
    if masks.is_empty() {
        return false;
    }
    masks.keep_values(trees);
    *text = Arc::from(masks.apply(text));
    trees.iter_mut().for_each(|tree| tree.set_source_text(text.clone()));
    true
}

/// Makes a scalar a secret. Its text is gone from buffer and source.
fn hide(tree: &mut Tree, id: NodeId, class: Secret, source: &str, masks: &mut Masks) {
    let node = *tree.node(id);
    let text = match node.data {
        Data::Str(at) => tree.text(at),
        Data::Int(_) | Data::Float(_) | Data::Bool(_) => tree.raw(id),
        _ => return,
    };
    let length = text.len();
    if class == Secret::SecretData && is_certificate(text) {
        return;
    }
    if matches!(class, Secret::EncryptionKey | Secret::KubeadmToken) && is_placeholder(text) {
        let reason = Reason::new(UnknownCode::Templated, "a placeholder stands for it");
        tree.set_data(id, Data::Unknown);
        tree.set_reason(id, reason);
        return;
    }
    let shape = if class == Secret::EncryptionKey { shape(text) } else { KeyShape::Unread };
    if length == 0 {
        return;
    }
    if let Data::Str(Text::Buffer(span)) = node.data {
        tree.blank_buffer(span);
    }
    masks.node(source, node.span, node.style);
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    tree.set_data(id, Data::Redacted(Redaction { class, length, shape }));
}

/// Whether a value of a Secret is certificates and nothing else, which everybody may see.
fn is_certificate(text: &str) -> bool {
    const MARK: &str = "-----BEGIN CERTIFICATE-----";
    let plain = |text: &str| text.trim_start().starts_with(MARK) && !text.contains("PRIVATE KEY");
    let decoded = || {
        let packed: String = text.split_whitespace().collect();
        String::from_utf8(data_encoding::BASE64.decode(packed.as_bytes()).ok()?).ok()
    };
    plain(text)
        || (text.trim_start().starts_with("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS")
            && decoded().is_some_and(|text| plain(&text)))
}

/// Neither keys nor tokens of Kubernetes begin like this.
fn is_placeholder(text: &str) -> bool {
    ["$", "{{", "<"].iter().any(|mark| text.trim_start().starts_with(mark))
}

/// What may be said of a key.
fn shape(text: &str) -> KeyShape {
    let Ok(bytes) = data_encoding::BASE64.decode(text.trim().as_bytes()) else { return KeyShape::Malformed };
    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    let written = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if written { KeyShape::Words(length) } else { KeyShape::Bytes(length) }
}

/// Overwrites parts of a text that stays a text.
fn hide_parts(tree: &mut Tree, id: NodeId, parts: &[std::ops::Range<usize>], source: &str, masks: &mut Masks) {
    let node = *tree.node(id);
    match node.data {
        Data::Str(Text::Source(span)) => {
            let base = span.start as usize;
            parts.iter().for_each(|part| masks.part(base + part.start..base + part.end));
        }
        Data::Str(at @ Text::Buffer(span)) => {
            match mask::in_source(source, node.span, tree.text(at), parts) {
                Some(ranges) => ranges.into_iter().for_each(|range| masks.part(range)),
                None => masks.node(source, node.span, node.style),
            }
            let mut shown = tree.text(at).to_string();
            mask::overwrite(&mut shown, parts);
            tree.blank_buffer(span);
            let data = Data::Str(tree.push_text(&shown));
            tree.set_data(id, data);
        }
        _ => {}
    }
}

/// Comments are no nodes, but stand beside findings: their lines are read as text.
fn hide_in_comments(text: &str, places: &[u32], masks: &mut Masks) {
    let mut done = 0;
    for place in places.iter().map(|place| *place as usize) {
        if place < done {
            continue;
        }
        let start = text[..place].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[place..].find('\n').map_or(text.len(), |newline| place + newline);
        done = end;
        let line = &text[start..end];
        let hash = line.match_indices('#').find(|(at, _)| line[..*at].is_empty() || line[..*at].ends_with([' ', '\t']));
        if let Some((hash, _)) = hash {
            let base = start + hash;
            text::scan(&text[base..end]).into_iter().for_each(|f| masks.part(base + f.range.start..base + f.range.end));
        }
    }
}
