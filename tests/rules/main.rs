//! Every rule against its fixtures: one named test a rule and side, plus its definition and its mutants.
//!
//! `fixtures/rules/<area>/<id>.{fail,pass,unknown}[-note].<ext>` is a file, or a folder of files under their real names.
//! Marks say which lines the rule must report: `# expect: <id>` at the line's end, `# expect-next-line: <id>` above it, or
//! `LINE <id>` in `<file>.expect`; `<id>=2` for two findings on the line, `~<id>` for an unknown.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark or test may stop")]

mod definition;
mod fixture;
mod marks;
mod mutants;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use k8sready::rule::{Judge, RuleSet};
use libtest_mimic::{Arguments, Failed, Trial};

use fixture::{Fixture, Side};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules = match RuleSet::from_folder(&root.join("rules")) {
        Ok(rules) => Arc::new(rules),
        Err(error) => panic!("the rules do not load: {error}"),
    };
    let mut trials = vec![orphans(root, &rules), raised_once(&rules)];
    for index in 0..rules.rules.len() {
        trials.extend(trials_of(root, &rules, index));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// The tests of one rule.
fn trials_of(root: &Path, rules: &Arc<RuleSet>, index: usize) -> Vec<Trial> {
    let rule = &rules.rules[index];
    let folder = root.join("fixtures/rules").join(&rule.area);
    let fixtures: Arc<Vec<Fixture>> = Arc::new(Fixture::find(&folder, rule.id.as_str()));
    let name = format!("{}/{}", rule.area, rule.id);
    let mut trials = Vec::new();
    let (set, all) = (rules.clone(), fixtures.clone());
    trials.push(Trial::test(format!("{name}::definition"), move || definition::check(&set.rules[index], &all)));
    for side in [Side::Fail, Side::Pass, Side::Unknown] {
        if !fixtures.iter().any(|fixture| fixture.side == side) {
            continue;
        }
        let (set, all) = (rules.clone(), fixtures.clone());
        let run = move || {
            all.iter().filter(|fixture| fixture.side == side).try_for_each(|fixture| fixture.check(&set.rules[index]))
        };
        trials.push(Trial::test(format!("{name}::{}", side.as_str()), run));
    }
    if matches!(rule.judge, Judge::Expressions) {
        let (set, all) = (rules.clone(), fixtures);
        trials.push(Trial::test(format!("{name}::mutants"), move || mutants::check(&set.rules[index], &all)));
    }
    trials
}

/// A fixture of no rule tests nothing.
fn orphans(root: &Path, rules: &Arc<RuleSet>) -> Trial {
    let (folder, rules) = (root.join("fixtures/rules"), rules.clone());
    Trial::test("fixtures::orphans", move || {
        let known = |area: &str, name: &str| {
            let id = name.split('.').next().unwrap_or(name);
            rules.rules.iter().any(|rule| rule.area == area && rule.id.as_str() == id)
        };
        for area in fixture::entries(&folder) {
            for entry in fixture::entries(&area) {
                let (area, name) = (fixture::name(&area), fixture::name(&entry));
                if !known(&area, &name) {
                    return Err(Failed::from(format!("fixtures/rules/{area}/{name} belongs to no rule")));
                }
            }
        }
        Ok(())
    })
}

/// What readers notice is reported by one rule, so that nothing is said twice.
fn raised_once(rules: &Arc<RuleSet>) -> Trial {
    let rules = rules.clone();
    Trial::test("rules::raised_once", move || {
        let mut seen = BTreeMap::new();
        for rule in &rules.rules {
            let Judge::RaisedBy(kind) = rule.judge else { continue };
            if let Some(other) = seen.insert(kind, rule.id.as_str()) {
                return Err(Failed::from(format!("`{}` and `{other}` are both raised by {}", rule.id, kind.code())));
            }
        }
        Ok(())
    })
}
