//! Markers: how a redacted value is written in a scan, and how it becomes a redacted value again.
//!
//! `«redacted named-like-secret 12»`. A scan is read by whoever has the file, so the value is gone; class, length and, of
//! keys, the shape are what rules go by.

use crate::inventory::redaction::CLASSES;
use crate::syntax::{Data, KeyShape, Redaction, Tree};
use crate::vocabulary::NodeId;

const OPEN: &str = "«redacted ";
const CLOSE: &str = "»";

/// The marker of a redacted value.
pub(super) fn write(redaction: Redaction) -> String {
    let class = CLASSES.iter().find(|(_, class)| *class == redaction.class).map_or("", |(word, _)| word);
    let shape = match redaction.shape {
        KeyShape::Unread => String::new(),
        KeyShape::Malformed => " malformed".to_string(),
        KeyShape::Bytes(count) => format!(" bytes {count}"),
        KeyShape::Words(count) => format!(" words {count}"),
    };
    format!("{OPEN}{class} {}{shape}{CLOSE}", redaction.length)
}

fn parse(text: &str) -> Option<Redaction> {
    let mut words = text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?.split(' ');
    let class = words.next()?;
    let class = CLASSES.iter().find(|(word, _)| *word == class)?.1;
    let length = words.next()?.parse().ok()?;
    let shape = match (words.next(), words.next().and_then(|count| count.parse().ok())) {
        (None, _) => KeyShape::Unread,
        (Some("bytes"), Some(count)) => KeyShape::Bytes(count),
        (Some("words"), Some(count)) => KeyShape::Words(count),
        _ => KeyShape::Malformed,
    };
    Some(Redaction { class, length, shape })
}

/// Makes redacted values of all markers of a tree.
pub(super) fn restore(tree: &mut Tree) {
    let ids = (0..u32::try_from(tree.len()).unwrap_or(u32::MAX)).map(NodeId);
    let found: Vec<(NodeId, Redaction)> =
        ids.filter_map(|id| Some((id, tree.str(id).filter(|text| text.starts_with(OPEN)).and_then(parse)?))).collect();
    for (id, redaction) in found {
        tree.set_data(id, Data::Redacted(redaction));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Secret;

    #[test]
    fn a_marker_says_all_that_a_redacted_value_says() {
        for shape in [KeyShape::Unread, KeyShape::Malformed, KeyShape::Bytes(32), KeyShape::Words(7)] {
            let redaction = Redaction { class: Secret::EncryptionKey, length: 44, shape };
            assert_eq!(parse(&write(redaction)), Some(redaction));
        }
    }

    #[test]
    fn what_only_looks_like_a_marker_is_text() {
        for text in ["«redacted x 1»", "«redacted pem»", "«redacted pem many»", "«redacted pem 1", "redacted"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
