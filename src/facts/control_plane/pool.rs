//! The `node-pool` subject: machines that a tool makes alike, replaces and repairs.

use crate::facts::builder::{FactBuilder, Fallback, Spot};
use crate::syntax::{Origin, View};
use crate::vocabulary::NodeId;

/// A pool of machines, or the health check of one.
pub struct Pool<'a> {
    /// The tool.
    pub tool: &'static str,
    /// The object or the section that declares it.
    pub root: View<'a>,
    /// Its name.
    pub name: Option<View<'a>>,
    /// Its machines are control-plane nodes.
    pub control_plane: bool,
    /// Fewest and most machines.
    pub size: [Spot<Option<i64>>; 2],
    /// Something replaces machines that fail; null where the tool does so by itself.
    pub repaired: Spot<Option<bool>>,
    /// A health check stops when too many machines are unhealthy; null for pools.
    pub capped: Spot<Option<bool>>,
    /// A rollout takes all machines away before there are new ones.
    pub replaced_at_once: Spot<bool>,
    /// Machines are drained before they go.
    pub drained: Spot<bool>,
    /// How everybody on the internet reaches them: `address` or `ssh`, and what says so.
    pub exposures: Vec<(&'static str, View<'a>)>,
}

impl<'a> Pool<'a> {
    /// A pool that is as its tool makes pools.
    pub fn new(tool: &'static str, root: View<'a>, name: Option<View<'a>>) -> Pool<'a> {
        let place = Origin::Node(name.unwrap_or(root).at());
        Pool {
            tool,
            root,
            name,
            control_plane: false,
            size: [Spot::known(None, place.clone()), Spot::known(None, place.clone())],
            repaired: Spot::known(None, place.clone()),
            capped: Spot::known(None, place.clone()),
            replaced_at_once: Spot::known(false, place.clone()),
            drained: Spot::known(true, place),
            exposures: Vec::new(),
        }
    }

    /// The facts.
    pub fn facts(&self, facts: &mut FactBuilder) -> NodeId {
        let origin = Origin::Node(self.name.unwrap_or(self.root).at());
        let name = match self.name {
            Some(name) => facts.refer(name.at()),
            None => facts.fallback(Fallback::Str(""), origin.clone()),
        };
        let mut exposures = Vec::new();
        for (what, place) in &self.exposures {
            let at = Origin::Node(place.at());
            let text = place.str().map_or_else(|| place.tree().raw(place.at().node).to_string(), str::to_string);
            let fields = [("what", facts.str(what, at.clone())), ("text", facts.str(&text, at.clone()))];
            exposures.push(facts.map(&fields, at));
        }
        let [min, max] = &self.size;
        let fields = [
            ("tool", facts.str(self.tool, origin.clone())),
            ("name", name),
            ("object", facts.refer(self.root.at())),
            ("controlPlane", facts.bool(self.control_plane, origin.clone())),
            ("min", facts.int_at(min)),
            ("max", facts.int_at(max)),
            ("repaired", facts.opt_bool_at(&self.repaired)),
            ("capped", facts.opt_bool_at(&self.capped)),
            ("replacedAtOnce", facts.bool_at(&self.replaced_at_once)),
            ("drained", facts.bool_at(&self.drained)),
            ("exposures", facts.list_at(&exposures, origin.clone())),
        ];
        facts.map(&fields, origin)
    }
}
