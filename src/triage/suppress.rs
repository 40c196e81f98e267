//! Suppressions: findings somebody decided to live with, by comment, annotation or configuration.
//!
//! A reason is required, `until` is honoured (the last day it holds), and one that matched nothing or has expired is a
//! problem of its own.

use globset::{Glob, GlobMatcher};
use jiff::civil::Date;

use crate::vocabulary::{Place, Problem, ProblemKind};

/// What carries a suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaiverKind {
    /// A comment in the file.
    Comment,
    /// An annotation on the object.
    Annotation,
    /// The configuration.
    Config,
}

/// One suppression.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// What carries it.
    pub kind: WaiverKind,
    /// Rule ids.
    pub rules: Vec<String>,
    /// Why; empty is a problem.
    pub reason: String,
    /// Last day it holds.
    pub until: Option<Date>,
    /// Where it stands; `None` for the configuration.
    pub place: Option<Place>,
    /// What it covers.
    pub scope: Scope,
}

/// What a suppression covers.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Findings on these lines of a source (0-based offsets of the line's start are the caller's business).
    Lines {
        /// Path of the file.
        path: String,
        /// First line, from 1.
        from: u32,
        /// Last line.
        to: u32,
    },
    /// Findings about one object.
    Document(u32),
    /// Findings that fit all globs.
    Globs(Box<Globs>),
}

/// Globs of a suppression in the configuration; absent ones fit anything.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    path: Option<GlobMatcher>,
    kind: Option<GlobMatcher>,
    namespace: Option<GlobMatcher>,
    name: Option<GlobMatcher>,
    container: Option<GlobMatcher>,
}

impl Globs {
    /// Compiles the globs: path, kind, namespace, name, container.
    pub fn new(parts: [Option<&str>; 5]) -> Result<Globs, String> {
        let compile = |part: Option<&str>| {
            part.map(|text| Glob::new(text).map(|glob| glob.compile_matcher()).map_err(|error| error.to_string()))
                .transpose()
        };
        let [path, kind, namespace, name, container] = parts;
        Ok(Globs {
            path: compile(path)?,
            kind: compile(kind)?,
            namespace: compile(namespace)?,
            name: compile(name)?,
            container: compile(container)?,
        })
    }

    fn fits(&self, target: &Target<'_>) -> bool {
        let fits = |glob: &Option<GlobMatcher>, text: &str| glob.as_ref().is_none_or(|glob| glob.is_match(text));
        fits(&self.path, target.in_repository)
            && fits(&self.kind, target.kind)
            && fits(&self.namespace, target.namespace)
            && fits(&self.name, target.name)
            && fits(&self.container, target.container)
    }
}

/// A finding as suppressions see it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The rule, by id.
    pub rule: &'a str,
    /// Former ids of the rule.
    pub aliases: &'a [String],
    /// Path of the file as reports show it.
    pub path: &'a str,
    /// The same in the repository: what globs are matched against.
    pub in_repository: &'a str,
    /// Lines it spans, from 1.
    pub line: u32,
    /// Index of the document.
    pub document: Option<u32>,
    /// Kind of the subject.
    pub kind: &'a str,
    /// Namespace; empty if none.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Container; empty if none.
    pub container: &'a str,
}

/// The suppression that covers a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// What carries it.
    pub kind: WaiverKind,
    /// Why.
    pub reason: String,
    /// Last day it holds.
    pub until: Option<Date>,
}

/// All suppressions of a run, with a note of which were used.
#[derive(Debug, Default)]
pub struct Suppressions {
    all: Vec<Suppression>,
    used: Vec<bool>,
}

impl Suppressions {
    /// Takes the suppressions; those without a reason, and expired ones, do not hold and are problems.
    pub fn new(all: Vec<Suppression>, today: Date) -> (Suppressions, Vec<Problem>) {
        let mut problems = Vec::new();
        let valid: Vec<Suppression> = all
            .into_iter()
            .filter(|suppression| match fault(suppression, today) {
                Some((kind, what)) => {
                    problems.push(problem(suppression, kind, what));
                    false
                }
                None => true,
            })
            .collect();
        let used = vec![false; valid.len()];
        (Suppressions { all: valid, used }, problems)
    }

    /// The suppression that covers a finding, noted as used.
    pub fn covering(&mut self, target: &Target<'_>) -> Option<Waiver> {
        let index = self.all.iter().position(|suppression| suppression.covers(target))?;
        self.used[index] = true;
        let Suppression { kind, reason, until, .. } = &self.all[index];
        Some(Waiver { kind: *kind, reason: reason.clone(), until: *until })
    }

    /// Problems for those that covered nothing; `ran` says whether a rule took part in this run.
    pub fn unused(&self, ran: impl Fn(&str) -> bool) -> Vec<Problem> {
        let unused = self
            .all
            .iter()
            .zip(&self.used)
            .filter(|(suppression, used)| !**used && suppression.rules.iter().any(|rule| ran(rule)));
        unused
            .map(|(suppression, _)| {
                problem(suppression, ProblemKind::UnusedSuppression, "matches no finding; remove it".to_string())
            })
            .collect()
    }
}

fn fault(suppression: &Suppression, today: Date) -> Option<(ProblemKind, String)> {
    match suppression.until {
        _ if suppression.reason.trim().is_empty() => {
            Some((ProblemKind::BadSuppression, "has no reason and does not hold; say why".to_string()))
        }
        Some(until) if until < today => Some((ProblemKind::ExpiredSuppression, format!("expired on {until}"))),
        _ => None,
    }
}

fn problem(suppression: &Suppression, kind: ProblemKind, what: String) -> Problem {
    let carrier = match suppression.kind {
        WaiverKind::Comment => "comment",
        WaiverKind::Annotation => "annotation",
        WaiverKind::Config => "configuration",
    };
    let message = format!("suppression of `{}` by {carrier} {what}", suppression.rules.join(", "));
    Problem { kind, place: suppression.place, message }
}

impl Suppression {
    fn covers(&self, target: &Target<'_>) -> bool {
        let named = self.rules.iter().any(|rule| rule == target.rule || target.aliases.contains(rule));
        named
            && match &self.scope {
                Scope::Lines { path, from, to } => path == target.path && (*from..=*to).contains(&target.line),
                Scope::Document(document) => target.document == Some(*document),
                Scope::Globs(globs) => globs.fits(target),
            }
    }
}

/// Reads `single-replica: reason; until=2027-01-31`: rules before the colon, reason after it, `until` anywhere after `;`.
pub fn parse_note(text: &str) -> Option<(Vec<String>, String, Option<Date>)> {
    let (rules, rest) = text.split_once(':')?;
    let rules: Vec<String> =
        rules.split(',').map(|rule| rule.trim().to_string()).filter(|rule| !rule.is_empty()).collect();
    let (reason, until) = split_until(rest);
    (!rules.is_empty()).then_some((rules, reason, until))
}

/// Takes `until=DATE` out of a reason.
pub fn split_until(text: &str) -> (String, Option<Date>) {
    let mut until = None;
    let kept: Vec<&str> = text
        .split(';')
        .filter(|part| match part.trim().strip_prefix("until=") {
            Some(date) => {
                until = date.trim().parse().ok();
                until.is_none()
            }
            None => true,
        })
        .collect();
    (kept.join(";").trim().to_string(), until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_rules_a_reason_and_perhaps_an_end() {
        let (rules, reason, until) = parse_note("a, b: single writer; until=2027-01-31").unwrap();
        assert_eq!((rules, reason.as_str()), (vec!["a".to_string(), "b".to_string()], "single writer"));
        assert_eq!(until, Some(jiff::civil::date(2027, 1, 31)));
        assert_eq!(parse_note("no colon"), None);
    }
}
