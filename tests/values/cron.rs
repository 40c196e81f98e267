//! How long schedules can be silent.

use std::collections::BTreeMap;

use k8sready::values::Cron;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    gaps: BTreeMap<String, Option<u64>>,
    refused: BTreeMap<String, String>,
}

fn cases() -> Cases {
    serde_saphyr::from_str(include_str!("cron.yaml")).unwrap()
}

#[test]
fn the_longest_gap_is_exact() {
    for (text, gap) in cases().gaps {
        let cron: Cron = crate::read(&text);
        assert_eq!(cron.longest_gap(), gap, "`{text}`");
        assert_eq!(cron.never_runs(), gap.is_none(), "`{text}`");
    }
}

#[test]
fn refuses_with_the_reason() {
    for (text, reason) in cases().refused {
        let error = text.parse::<Cron>().expect_err(&text).to_string();
        assert!(error.contains(&reason), "`{text}`: {error}");
    }
}

#[test]
fn a_time_zone_is_reported_and_printed() {
    let zoned: Cron = crate::read("TZ=Europe/Berlin  0 0  * * *");
    assert_eq!(zoned.time_zone(), Some("Europe/Berlin"));
    assert_eq!(zoned.to_string(), "CRON_TZ=Europe/Berlin 0 0 * * *");
    assert_eq!(crate::read::<Cron>("@daily").time_zone(), None);
    assert_eq!(crate::read::<Cron>(" 0  0 * * * ").to_string(), "0 0 * * *");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn more_run_times_never_make_a_longer_gap(
        minutes in proptest::collection::btree_set(0u32..60, 1..4), hour in 0u32..24, day in 1u32..29, more in 0u32..60,
    ) {
        let list = |set: Vec<u32>| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let few = list(minutes.iter().copied().collect());
        let many = list(minutes.iter().copied().chain([more]).collect());
        let gap = |minute: &str| crate::read::<Cron>(&format!("{minute} {hour} {day} * *")).longest_gap().unwrap();
        prop_assert!(gap(&many) <= gap(&few));
        prop_assert!(gap(&few) >= 28 * 86_400 && gap(&few) <= 31 * 86_400);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "([0-9*?/,-]{1,4} ){4}[0-9*?/,a-z-]{1,4}|\\PC*") {
        if let Ok(cron) = text.parse::<Cron>() {
            prop_assert_eq!(cron.to_string().parse::<Cron>().map(|again| again.longest_gap()), Ok(cron.longest_gap()));
        }
    }
}
