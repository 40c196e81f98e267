//! Whether the keys of an object stand in alphabetical order, map by map. What an order is good for is no business here.

use crate::syntax::{Data, View};
use crate::vocabulary::NodeRef;

/// The first key, in document order, that sorts before the key in front of it.
pub fn first_unsorted(at: View<'_>) -> Option<(NodeRef, &str)> {
    let tree = at.tree();
    match at.data() {
        Data::Map(_) => {
            let mut last = "";
            for (key, value) in tree.entries(at.at().node) {
                let Some(name) = tree.str(key) else { continue };
                if name < last {
                    return Some((NodeRef { tree: at.at().tree, node: key }, name));
                }
                last = name;
                if let Some(found) = first_unsorted(at.child(value)) {
                    return Some(found);
                }
            }
            None
        }
        Data::List(_) => at.items().find_map(first_unsorted),
        _ => None,
    }
}
