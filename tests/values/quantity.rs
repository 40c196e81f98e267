use std::collections::BTreeMap;

use k8sready::values::Quantity;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    canonical: BTreeMap<String, String>,
    refused: BTreeMap<String, String>,
    order: Vec<String>,
    equal: BTreeMap<String, String>,
    integers: BTreeMap<String, i64>,
    no_integers: Vec<String>,
}

fn cases() -> Cases {
    serde_saphyr::from_str(include_str!("quantity.yaml")).unwrap()
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

#[test]
fn prints_the_canonical_form() {
    for (text, canonical) in cases().canonical {
        assert_eq!(quantity(&text).to_string(), canonical, "`{text}`");
    }
}

#[test]
fn refuses_with_the_reason() {
    for (text, reason) in cases().refused {
        let error = text.parse::<Quantity>().expect_err(&text).to_string();
        assert!(error.contains(&reason), "`{text}`: {error}");
    }
}

#[test]
fn orders_by_value() {
    let order = cases().order;
    for (i, a) in order.iter().enumerate() {
        for (j, b) in order.iter().enumerate() {
            assert_eq!(quantity(a).cmp(&quantity(b)), i.cmp(&j), "{a} against {b}");
        }
    }
    for (a, b) in cases().equal {
        assert_eq!(quantity(&a), quantity(&b), "{a} equals {b}");
    }
}

#[test]
fn knows_integers() {
    for (text, value) in cases().integers {
        assert_eq!(quantity(&text).as_integer(), Some(value), "{text}");
    }
    for text in cases().no_integers {
        assert!(!quantity(&text).is_integer(), "{text}");
    }
}

#[test]
fn converts_to_the_nearest_float() {
    for (text, value) in [("1.1", 1.1), ("300m", 0.3), ("1Ki", 1024.0), ("-2", -2.0), ("1e400", f64::INFINITY)] {
        assert_eq!(quantity(text).as_f64(), value, "{text}");
    }
}

#[test]
fn millis_round_away_from_zero() {
    for (text, value) in [("1", 1000), ("0.0001", 1), ("-0.0001", -1), ("250m", 250), ("1.0001", 1001), ("1n", 1)] {
        assert_eq!(quantity(text).millis(), Some(value), "{text}");
    }
}

#[test]
fn a_sum_takes_the_format_of_its_first_operand_unless_that_is_zero() {
    let sum = |a: &str, b: &str| quantity(a).checked_add(quantity(b)).unwrap().to_string();
    assert_eq!(sum("1Gi", "1"), "1073741825");
    assert_eq!(sum("1Gi", "1048576"), "1025Mi");
    assert_eq!(sum("0", "1Gi"), "1Gi");
    assert_eq!(sum("1M", "1Gi"), "1074741824");
}

#[test]
fn a_sum_beyond_the_digits_is_none_and_never_wrong() {
    assert_eq!(quantity("1e100").checked_add(quantity("1")), None);
    assert_eq!(quantity("1e100").checked_sub(quantity("1e100")), Some(Quantity::ZERO));
}

prop_compose! {
    fn spelled()(sign in "[+-]?", whole in 0u64..1 << 50, places in 0usize..6, suffix in
        prop::sample::select(vec!["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-2"])) -> String {
        let digits = format!("{whole:0>7}");
        let (a, b) = digits.split_at(digits.len() - places);
        format!("{sign}{a}.{b}{suffix}")
    }
}

proptest! {
    #[test]
    fn printing_and_reading_keep_the_value(text in spelled()) {
        let value = quantity(&text);
        prop_assert_eq!(quantity(&value.to_string()), value);
        prop_assert_eq!(quantity(&value.to_string()).to_string(), value.to_string());
    }

    #[test]
    fn adding_then_subtracting_changes_nothing(a in spelled(), b in spelled()) {
        let (a, b) = (quantity(&a), quantity(&b));
        prop_assert_eq!(a.checked_add(b).and_then(|sum| sum.checked_sub(b)), Some(a));
    }

    #[test]
    fn order_is_the_sign_of_the_difference(a in spelled(), b in spelled()) {
        let (a, b) = (quantity(&a), quantity(&b));
        prop_assert_eq!(a.checked_sub(b).unwrap().sign(), a.cmp(&b) as i32);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = text.parse::<Quantity>();
    }
}
