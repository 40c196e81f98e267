//! A graph of steps between identities, and the shortest ways through it.
//!
//! Namespaces are stops of their own, so that whoever may become any account of a namespace needs one step and not one
//! for each account. What a step means is `grants`'s business.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::grants::Step;

/// Steps that a way may take.
pub const REACH: u8 = 4;

/// Where a right holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everywhere.
    All,
    /// In one namespace, which is perhaps set at apply time.
    Namespace(Option<Arc<str>>),
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// `ServiceAccount`, `User` or `Group`.
    pub kind: &'static str,
    /// Of a service account.
    pub namespace: Option<Arc<str>>,
    /// Name.
    pub name: Arc<str>,
}

/// What steps begin at and lead to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// Somebody.
    Identity(Identity),
    /// Any service account there.
    Accounts(Scope),
    /// The accounts that pods there run as.
    Running(Scope),
    /// The accounts whose tokens lie in Secrets there.
    Tokens(Scope),
    /// Every right.
    Admin,
    /// The Secrets of all namespaces.
    Secrets,
}

/// From one stop to another; without a step it costs nothing.
#[derive(Debug)]
pub struct Edge {
    /// Index of the stop it leaves.
    pub from: usize,
    /// Index of the stop it reaches.
    pub to: usize,
    /// What is done.
    pub step: Option<Step>,
}

/// Stops and the edges between them, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Graph {
    index: FxHashMap<Stop, usize>,
    /// All stops.
    pub stops: Vec<Stop>,
    /// All edges.
    pub edges: Vec<Edge>,
    leaving: Vec<Vec<usize>>,
    reaching: Vec<Vec<usize>>,
}

/// The steps from each stop to a goal, and the edge that begins the shortest way.
pub type Ways = Vec<Option<(u8, Option<usize>)>>;

impl Graph {
    /// The index of a stop, which is added if it is new.
    pub fn stop(&mut self, stop: Stop) -> usize {
        let next = self.stops.len();
        let at = *self.index.entry(stop.clone()).or_insert(next);
        if at == next {
            self.stops.push(stop);
            self.leaving.push(Vec::new());
            self.reaching.push(Vec::new());
        }
        at
    }

    /// The index of a stop that is there.
    pub fn find(&self, stop: &Stop) -> Option<usize> {
        self.index.get(stop).copied()
    }

    /// Adds an edge.
    pub fn link(&mut self, from: usize, to: usize, step: Option<Step>) {
        let edge = self.edges.len();
        self.edges.push(Edge { from, to, step });
        self.leaving[from].push(edge);
        self.reaching[to].push(edge);
    }

    /// The edges that leave a stop.
    pub fn leaving(&self, stop: usize) -> impl Iterator<Item = usize> + '_ {
        self.leaving[stop].iter().copied()
    }

    /// The shortest ways from everywhere to a goal, searched backwards.
    pub fn ways(&self, goal: usize) -> Ways {
        let mut ways: Ways = vec![None; self.stops.len()];
        ways[goal] = Some((0, None));
        let mut queue = VecDeque::from([(goal, 0)]);
        while let Some((at, steps)) = queue.pop_front() {
            if ways[at].is_some_and(|(best, _)| best < steps) {
                continue;
            }
            for &edge in &self.reaching[at] {
                let Edge { from, step, .. } = &self.edges[edge];
                let cost = steps + u8::from(step.is_some());
                if cost > REACH || ways[*from].is_some_and(|(best, _)| best <= cost) {
                    continue;
                }
                ways[*from] = Some((cost, Some(edge)));
                match step {
                    Some(_) => queue.push_back((*from, cost)),
                    None => queue.push_front((*from, cost)),
                }
            }
        }
        ways
    }

    /// The edges from a stop to the goal of `ways`.
    pub fn follow<'a>(&'a self, ways: &'a Ways, from: usize) -> impl Iterator<Item = &'a Edge> + 'a {
        let next = move |at: usize| ways[at].and_then(|(_, edge)| edge).map(|edge| &self.edges[edge]);
        std::iter::successors(next(from), move |edge| next(edge.to))
    }
}
