//! Durations and time spans.

use std::collections::BTreeMap;

use k8sready::values::{GoDuration, Milliseconds, haproxy_millis, systemd_millis};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spans {
    millis: BTreeMap<String, Option<u64>>,
    refused: BTreeMap<String, String>,
}

fn spans(section: &str) -> Spans {
    let mut all: BTreeMap<String, Spans> = serde_saphyr::from_str(include_str!("times.yaml")).unwrap();
    all.remove(section).unwrap()
}

#[test]
fn haproxy_times_are_milliseconds_unless_a_unit_follows() {
    let Spans { millis, refused } = spans("haproxy");
    for (text, expected) in millis {
        assert_eq!(haproxy_millis(&text).map(Some), Ok(expected.map(Milliseconds)), "`{text}`");
    }
    for (text, reason) in refused {
        let error = haproxy_millis(&text).expect_err(&text).to_string();
        assert!(error.contains(&reason), "`{text}`: {error}");
    }
}

#[test]
fn systemd_spans_are_seconds_unless_a_unit_follows() {
    let Spans { millis, refused } = spans("systemd");
    for (text, expected) in millis {
        assert_eq!(systemd_millis(&text), Ok(expected.map(Milliseconds)), "`{text}`");
    }
    for (text, reason) in refused {
        let error = systemd_millis(&text).expect_err(&text).to_string();
        assert!(error.contains(&reason), "`{text}`: {error}");
    }
}

#[test]
fn milliseconds_print_as_seconds_where_that_loses_nothing() {
    assert_eq!(Milliseconds(5000).to_string(), "5s");
    assert_eq!(Milliseconds(1500).to_string(), "1500ms");
    assert_eq!(Milliseconds(0).to_string(), "0ms");
}

proptest! {
    #[test]
    fn every_go_duration_prints_and_reads_back(nanos: i64) {
        let value = GoDuration::from_nanos(nanos);
        prop_assert_eq!(value.to_string().parse(), Ok(value));
    }

    #[test]
    fn any_span_is_read_or_refused(text in "[0-9]{0,20}\\.?[0-9]{0,9} ?[a-zµ]{0,4}|\\PC*") {
        let _ = (haproxy_millis(&text), systemd_millis(&text));
    }
}
