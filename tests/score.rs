//! The score against worked examples, algebra and a second implementation of the same formulas.

// Helpers outside test functions may fail a test too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use k8sready::score::{CapReason, Failing, Grade, Input, NoAPlus, Offenders, Score, score};
use k8sready::vocabulary::{Confidence, Pillar, RuleId, Severity};
use proptest::prelude::*;

fn failing(rule: &str, pillar: Pillar, severity: Severity, subjects: usize) -> Failing {
    let offenders = Offenders::new(severity, subjects);
    Failing { rule: RuleId::new(rule), pillar, confidence: Confidence::High, blocker: false, offenders }
}

fn run(failing: Vec<Failing>) -> Score {
    run_with(failing, Pillar::ALL)
}

fn run_with(failing: Vec<Failing>, assessed: &[Pillar]) -> Score {
    let without_suppressions = failing.clone();
    score(&Input { failing, without_suppressions, assessed: assessed.to_vec(), ..Input::default() })
}

fn shown(score: &Score) -> (u8, Grade) {
    let headline = score.headline.expect("a pillar was assessed");
    (headline.value, headline.grade)
}

#[track_caller]
fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 0.0051, "{actual} is not {expected}");
}

/// Eight workloads of a shop, filed under the pillars that the catalogue's areas have: replicas, budgets, spread and
/// probes are availability (workload, disruption, topology), memory limits are scaling (capacity).
fn shop() -> Vec<Failing> {
    use {Pillar::*, Severity::*};
    vec![
        failing("single-replica", Availability, High, 5),
        failing("pdb-missing", Availability, Medium, 5),
        failing("host-spread-missing", Availability, Medium, 3),
        failing("readiness-probe-missing", Availability, High, 2),
        failing("run-as-root", Security, Medium, 6),
        failing("token-automounted", Security, Low, 8),
        failing("memory-limit-missing", Scaling, High, 4),
    ]
}

#[test]
fn nothing_failing_is_100_and_a_plus() {
    let clean = run(vec![]);
    assert_eq!(shown(&clean), (100, Grade::APlus));
    assert_eq!(clean.plan, None);
}

#[test]
fn example_1_one_missing_budget_is_97() {
    let deployment = [Pillar::Availability, Pillar::Security, Pillar::Operations, Pillar::Scaling];
    let one = run_with(vec![failing("pdb-missing", Pillar::Availability, Severity::Medium, 1)], &deployment);
    close(one.headline.unwrap().exact, 97.15);
    assert_eq!(shown(&one), (97, Grade::A), "recovery was not assessed, so no A+");
    assert_eq!(one.no_a_plus, [NoAPlus::PillarNotAssessed]);
    assert_eq!(one.assessed_pillars(), 4);
}

#[test]
fn example_2_one_finding_anywhere() {
    let table = [
        (Pillar::Availability, [92.4, 97.15, 99.05]),
        (Pillar::Security, [92.4, 97.15, 99.05]),
        (Pillar::Operations, [94.2, 97.825, 99.275]),
        (Pillar::Recovery, [94.2, 97.825, 99.275]),
        (Pillar::Scaling, [94.8, 98.05, 99.35]),
    ];
    for (pillar, expected) in table {
        for (severity, exact) in [Severity::High, Severity::Medium, Severity::Low].into_iter().zip(expected) {
            let one = run(vec![failing("r", pillar, severity, 1)]).headline.unwrap();
            close(one.exact, exact);
            let letter = if severity == Severity::High { Grade::A } else { Grade::APlus };
            assert_eq!(one.grade, letter, "{severity} in {pillar}");
        }
    }
}

#[test]
fn example_3_one_critical_is_capped_at_69() {
    let one = run(vec![failing("privileged-container", Pillar::Security, Severity::Critical, 1)]);
    close(one.headline.unwrap().uncapped, 88.6);
    assert_eq!(shown(&one), (69, Grade::D));
    let cap = one.cap.unwrap();
    assert_eq!((cap.limit, cap.why, cap.rules), (69, CapReason::Critical, vec![RuleId::new("privileged-container")]));
    close(one.gains[0].points, 31.0);
}

#[test]
fn example_4_a_shop_of_eight_workloads() {
    let shop = run(shop());
    let pillars: BTreeMap<Pillar, f64> = shop.pillars.iter().map(|p| (p.pillar, p.value.unwrap())).collect();
    close(pillars[&Pillar::Availability], 47.239);
    close(pillars[&Pillar::Security], 85.952);
    close(pillars[&Pillar::Scaling], 74.4);
    close(pillars[&Pillar::Operations], 100.0);
    close(pillars[&Pillar::Recovery], 100.0);
    close(shop.headline.unwrap().exact, 69.858);
    assert_eq!(shown(&shop), (69, Grade::D));
    assert_eq!(shop.cap, None, "84 does not bind at 69");
    let gains: Vec<(&str, f64)> = shop.gains.iter().map(|gain| (gain.rule.as_str(), gain.points)).collect();
    let expected = [
        ("single-replica", 8.36),
        ("readiness-probe-missing", 5.893),
        ("pdb-missing", 2.543),
        ("run-as-root", 2.306),
        ("host-spread-missing", 2.179),
        ("memory-limit-missing", 1.92),
        ("token-automounted", 0.764),
    ];
    for ((rule, points), (expected_rule, expected_points)) in gains.into_iter().zip(expected) {
        assert_eq!(rule, expected_rule);
        close(points, expected_points);
    }
    let plan = shop.plan.unwrap();
    let steps: Vec<_> = plan.steps.iter().map(|s| (s.rule.as_str(), s.subjects, s.value, s.grade)).collect();
    assert_eq!(plan.target, Grade::B);
    assert_eq!(steps, [("single-replica", 5, 78, Grade::C), ("readiness-probe-missing", 2, 84, Grade::B)]);
}

#[test]
fn example_4_partial_repairs_count() {
    let mut four_fixed = shop();
    four_fixed[0].offenders = Offenders::new(Severity::High, 1);
    let mut one_fixed = shop();
    one_fixed[0].offenders = Offenders::new(Severity::High, 4);
    let before = run(shop()).headline.unwrap().exact;
    close(run(four_fixed).headline.unwrap().exact - before, 3.433);
    close(run(one_fixed).headline.unwrap().exact - before, 0.476);
}

#[test]
fn example_5_two_hundred_objects() {
    let many = run(vec![
        failing("single-replica", Pillar::Availability, Severity::High, 20),
        failing("pdb-missing", Pillar::Availability, Severity::Medium, 40),
        failing("readiness-probe-missing", Pillar::Availability, Severity::High, 30),
        failing("run-as-root", Pillar::Security, Severity::Medium, 120),
        failing("memory-limit-missing", Pillar::Scaling, Severity::High, 60),
    ]);
    close(many.headline.unwrap().exact, 61.563);
    assert_eq!(shown(&many), (61, Grade::D));
}

#[test]
fn example_6_the_shop_with_a_privileged_container() {
    let mut worse = shop();
    worse.push(failing("privileged-container", Pillar::Security, Severity::Critical, 1));
    let worse = run(worse);
    close(worse.headline.unwrap().exact, 65.216);
    assert_eq!(worse.cap, None, "it is under the cap already");
    let plan = worse.plan.unwrap();
    let rules: Vec<&str> = plan.steps.iter().map(|step| step.rule.as_str()).collect();
    assert_eq!(plan.target, Grade::B);
    assert_eq!(rules, ["privileged-container", "single-replica", "readiness-probe-missing"]);
}

#[test]
fn a_blocker_caps_at_49_before_everything_else() {
    let mut blocker = failing("etcd-exposed", Pillar::Security, Severity::Critical, 1);
    blocker.blocker = true;
    let capped = run(vec![blocker, failing("x", Pillar::Scaling, Severity::Critical, 1)]);
    assert_eq!(shown(&capped), (49, Grade::F));
    assert_eq!(capped.cap.unwrap().rules, [RuleId::new("etcd-exposed")]);
}

#[test]
fn three_high_rules_cap_at_84_and_two_do_not() {
    let rule = |id: &str, pillar| failing(id, pillar, Severity::High, 1);
    let two = vec![rule("a", Pillar::Scaling), rule("b", Pillar::Operations)];
    assert_eq!(run(two.clone()).cap, None);
    let three = run([two, vec![rule("c", Pillar::Recovery)]].concat());
    assert_eq!(shown(&three), (84, Grade::B));
    assert_eq!(three.cap.unwrap().why, CapReason::ManyHigh);
}

#[test]
fn a_pillar_without_rules_is_absent_counts_as_100_and_forbids_a_plus() {
    let three = run_with(vec![], &[Pillar::Availability, Pillar::Security, Pillar::Operations]);
    assert_eq!(shown(&three), (100, Grade::A));
    assert_eq!(three.assessed_pillars(), 3);
    let absent: Vec<Pillar> = three.pillars.iter().filter(|p| p.value.is_none()).map(|p| p.pillar).collect();
    assert_eq!(absent, [Pillar::Recovery, Pillar::Scaling]);
    assert_eq!(three.plan, None, "no rule to fix leads to A+");
}

#[test]
fn without_any_assessed_pillar_there_is_no_number() {
    assert_eq!(run_with(vec![], &[]).headline, None);
}

#[test]
fn a_known_failure_is_never_hidden_behind_an_unassessed_pillar() {
    let score = run_with(vec![failing("r", Pillar::Recovery, Severity::Medium, 1)], &[Pillar::Security]);
    close(score.headline.unwrap().exact, 97.825);
}

#[test]
fn a_suppressed_critical_and_an_incomplete_evaluation_forbid_a_plus() {
    let critical = failing("r", Pillar::Security, Severity::Critical, 1);
    let input = Input {
        without_suppressions: vec![critical],
        assessed: Pillar::ALL.to_vec(),
        critical_suppressed: true,
        incomplete: true,
        ..Input::default()
    };
    let score = score(&input);
    assert_eq!(shown(&score), (100, Grade::A));
    assert_eq!(score.without_suppressions, Some(69));
    assert_eq!(score.no_a_plus, [NoAPlus::CriticalSuppressed, NoAPlus::Incomplete]);
}

#[test]
fn a_rule_of_low_confidence_costs_half() {
    let mut doubtful = failing("r", Pillar::Availability, Severity::Medium, 1);
    doubtful.confidence = Confidence::Low;
    close(run(vec![doubtful]).headline.unwrap().exact, 100.0 - 2.85 / 2.0);
}

#[test]
fn the_spread_grows_by_doubling_and_ends_at_32() {
    // With one pillar failing by a rule of high severity: score = 100 - 40 * spread * (0.75 * 0.30 + 0.25).
    for (subjects, spread) in [(1, 0.40), (2, 0.52), (4, 0.64), (8, 0.76), (16, 0.88), (32, 1.0), (9000, 1.0)] {
        let exact = run(vec![failing("r", Pillar::Security, Severity::High, subjects)]).headline.unwrap().exact;
        close(exact, 100.0 - 40.0 * spread * 0.475);
    }
}

#[test]
fn one_worse_offender_does_not_price_the_others() {
    let mut mixed = failing("r", Pillar::Security, Severity::Medium, 31);
    mixed.offenders.add(Severity::High, 1);
    // 0.15 * spread(32) + (0.40 - 0.15) * spread(1)
    close(run(vec![mixed]).headline.unwrap().exact, 100.0 - (15.0 + 25.0 * 0.4) * 0.475);
}

#[test]
fn many_failing_rules_lead_to_the_next_letter_first() {
    let wide: Vec<Failing> =
        (0..40).map(|n| failing(&format!("r{n:02}"), Pillar::ALL[n % 5], Severity::High, 32)).collect();
    let score = run(wide);
    assert_eq!(shown(&score).1, Grade::F);
    assert_eq!(score.plan.unwrap().target, Grade::D);
}

// ---- algebra

fn any_failing() -> impl Strategy<Value = Vec<Failing>> {
    let one = (
        prop::sample::select(Pillar::ALL),
        prop::sample::select(Confidence::ALL),
        prop::bool::weighted(0.05),
        prop::array::uniform5(0usize..4),
    );
    prop::collection::vec(one, 0..16).prop_map(|rules| {
        let numbered = rules.into_iter().enumerate();
        numbered
            .map(|(n, (pillar, confidence, blocker, counts))| {
                let mut offenders = Offenders::default();
                for (severity, count) in Severity::ALL.iter().zip(counts) {
                    offenders.add(*severity, count);
                }
                Failing { rule: RuleId::new(&format!("r{n}")), pillar, confidence, blocker, offenders }
            })
            .collect()
    })
}

/// Every list with one offender less.
fn one_fixed(rules: &[Failing]) -> Vec<Vec<Failing>> {
    let mut lists = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        for severity in Severity::ALL {
            let counts = Severity::ALL.iter().map(|s| {
                let above = Severity::ALL.iter().find(|t| *t > s).map_or(0, |t| rule.offenders.at_least(*t));
                (*s, rule.offenders.at_least(*s) - above)
            });
            let mut fewer = Offenders::default();
            let mut removed = false;
            for (s, count) in counts {
                let take = usize::from(s == *severity && count > 0);
                removed |= take == 1;
                fewer.add(s, count - take);
            }
            if removed {
                let mut list = rules.to_vec();
                list[at].offenders = fewer;
                lists.push(list);
            }
        }
    }
    lists
}

proptest! {
    #[test]
    fn the_order_of_rules_changes_nothing(rules in any_failing(), seed in any::<u64>()) {
        let mut shuffled = rules.clone();
        shuffled.sort_by_key(|rule| {
            rule.rule.as_str().bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
        });
        prop_assert_eq!(run(rules), run(shuffled));
    }

    #[test]
    fn a_score_lies_between_0_and_100(rules in any_failing()) {
        let headline = run(rules).headline.unwrap();
        prop_assert!((0.0..=100.0).contains(&headline.exact));
        prop_assert!(headline.exact <= headline.uncapped);
        prop_assert_eq!(f64::from(headline.value), headline.exact.floor());
    }

    #[test]
    fn a_plan_reaches_its_letter_and_no_single_rule_does_when_it_is_longer(rules in any_failing()) {
        let before = run(rules.clone());
        let Some(plan) = before.plan else { return Ok(()) };
        let without = |fixed: &[&RuleId]| {
            run(rules.iter().filter(|rule| !fixed.contains(&&rule.rule)).cloned().collect()).headline.unwrap()
        };
        let fixed: Vec<&RuleId> = plan.steps.iter().map(|step| &step.rule).collect();
        prop_assert!(without(&fixed).grade >= plan.target);
        prop_assert_eq!(without(&fixed).value, plan.steps.last().unwrap().value);
        if fixed.len() > 1 && rules.len() <= 12 {
            for rule in &rules {
                prop_assert!(without(&[&rule.rule]).grade < plan.target, "{} alone is enough", rule.rule);
            }
        }
    }

    #[test]
    fn a_second_implementation_agrees(rules in any_failing()) {
        let headline = run(rules.clone()).headline.unwrap();
        let (uncapped, exact) = oracle(&rules);
        prop_assert!((headline.uncapped - uncapped).abs() < 1e-9, "{} against {uncapped}", headline.uncapped);
        prop_assert!((headline.exact - exact).abs() < 1e-9, "{} against {exact}", headline.exact);
    }
}

proptest! {
    // Each case tries every repair.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn fixing_any_subject_never_lowers_number_or_letter(rules in any_failing()) {
        let before = run(rules.clone()).headline.unwrap();
        for fewer in one_fixed(&rules) {
            let after = run(fewer).headline.unwrap();
            prop_assert!(after.exact >= before.exact, "{} fell to {}", before.exact, after.exact);
            prop_assert!(after.grade >= before.grade);
        }
    }
}

/// The formulas written a second time, subject by subject: a rule's offenders are lined up from the worst; each takes
/// the growth of the spread at its place in line times its own maximum loss.
fn oracle(rules: &[Failing]) -> (f64, f64) {
    let grown = |n: usize| if n == 0 { 0.0 } else { f64::min(1.0, 0.4 + 0.12 * (n as f64).ln() / 2f64.ln()) };
    let mut pillars = BTreeMap::from([
        ("availability", (0.30, 1.0)),
        ("security", (0.30, 1.0)),
        ("operations", (0.15, 1.0)),
        ("recovery", (0.15, 1.0)),
        ("scaling", (0.10, 1.0)),
    ]);
    let mut limits = vec![100.0];
    let mut high_rules = 0;
    for rule in rules {
        let mut line = Vec::new();
        let mut seen = 0;
        for word in ["critical", "high", "medium", "low", "info"] {
            let up_to_here = rule.offenders.at_least(word.parse().unwrap());
            line.extend(std::iter::repeat_n(word, up_to_here - seen));
            seen = up_to_here;
        }
        let mut loss = 0.0;
        for (place, word) in line.iter().enumerate() {
            let most = match *word {
                "critical" => 0.6,
                "high" => 0.4,
                "medium" => 0.15,
                "low" => 0.05,
                _ => 0.0,
            };
            loss += most * (grown(place + 1) - grown(place));
        }
        if rule.confidence == Confidence::Low {
            loss /= 2.0;
        }
        pillars.get_mut(rule.pillar.as_str()).unwrap().1 *= 1.0 - loss;
        if rule.blocker && !line.is_empty() {
            limits.push(49.0);
        }
        match line.first() {
            Some(&"critical") => limits.push(69.0),
            Some(&"high") => {}
            _ => continue,
        }
        high_rules += 1;
    }
    if high_rules > 2 {
        limits.push(84.0);
    }
    let mean: f64 = pillars.values().map(|(weight, left)| weight * left).sum();
    let weakest = pillars.values().map(|(_, left)| *left).fold(1.0, f64::min);
    let uncapped = 75.0 * mean + 25.0 * weakest;
    (uncapped, limits.into_iter().fold(uncapped, f64::min))
}
