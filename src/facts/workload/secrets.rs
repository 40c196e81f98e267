//! Secrets that a container is given as literals: what redaction hid in its environment, arguments and command.
//!
//! What counts as a secret is `data/redaction.yaml`'s business; here is only where it stands.

use super::Workload;
use crate::syntax::{Data, Origin, View};
use crate::vocabulary::NodeId;

impl<'a> Workload<'a> {
    pub(super) fn secrets(&mut self, container: View<'a>) -> NodeId {
        let mut nodes = Vec::new();
        for variable in container.get("env").into_iter().flat_map(View::items) {
            let value = variable.get("value").filter(|value| is_hidden(*value));
            if let (Some(value), Some(name)) = (value, variable.str_at("name")) {
                nodes.push(self.literal(name, value));
            }
        }
        for key in ["command", "args"] {
            let words = container.get(key).into_iter().flat_map(View::items);
            let hidden: Vec<View<'a>> = words.filter(|word| is_hidden(*word) || is_masked_flag(*word)).collect();
            nodes.extend(hidden.into_iter().map(|word| self.literal(key, word)));
        }
        self.facts.list(&nodes)
    }

    fn literal(&mut self, name: &str, value: View<'a>) -> NodeId {
        let origin = Origin::Node(value.at());
        let fields = [("name", self.facts.str(name, origin.clone())), ("value", self.facts.refer(value.at()))];
        self.facts.map(&fields, origin)
    }
}

fn is_hidden(value: View<'_>) -> bool {
    matches!(value.data(), Data::Redacted(_))
}

/// `--password=xxxx`: redaction leaves the flag and overwrites its value.
fn is_masked_flag(word: View<'_>) -> bool {
    let flag = word.str().filter(|text| text.starts_with('-')).and_then(|text| text.split_once('='));
    flag.is_some_and(|(_, value)| value.len() >= 3 && value.chars().all(|c| c == 'x'))
}
