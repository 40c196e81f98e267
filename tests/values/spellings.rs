//! What each type accepts, prints and refuses.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use k8sready::values::{Cidr, GoDuration, HostPort, ImageRef, KubeVersion, Quantity};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spellings {
    canonical: BTreeMap<String, String>,
    refused: BTreeMap<String, String>,
}

fn check<T>(section: &str)
where
    T: FromStr<Err: Display + Debug> + Display + Debug + PartialEq,
{
    let mut all: BTreeMap<String, Spellings> = serde_saphyr::from_str(include_str!("spellings.yaml")).unwrap();
    let Spellings { canonical, refused } = all.remove(section).unwrap();
    for (text, canonical) in canonical {
        let value: T = crate::read(&text);
        assert_eq!(value.to_string(), canonical, "{section} `{text}`");
        assert_eq!(crate::read::<T>(&canonical), value, "{section} `{canonical}` reads back");
    }
    for (text, reason) in refused {
        let error = text.parse::<T>().expect_err(&text).to_string();
        assert!(error.contains(&reason), "{section} `{text}`: {error}");
    }
}

#[test]
fn quantities() {
    check::<Quantity>("quantity");
}

#[test]
fn go_durations() {
    check::<GoDuration>("go_duration");
}

#[test]
fn kube_versions() {
    check::<KubeVersion>("kube_version");
}

#[test]
fn images() {
    check::<ImageRef>("image");
}

#[test]
fn cidrs() {
    check::<Cidr>("cidr");
}

#[test]
fn endpoints() {
    check::<HostPort>("endpoint");
}

fn reads_back<T: FromStr + Display + PartialEq>(text: &str) -> bool {
    let Ok(value) = text.parse::<T>() else { return true };
    value.to_string().parse::<T>().is_ok_and(|again| again == value)
}

proptest! {
    #[test]
    fn whatever_is_accepted_prints_as_something_that_reads_back(text in "[-+v]?[0-9]{1,4}[a-zA-Z0-9.:/@+*\\[\\]-]{0,12}|\\PC*") {
        prop_assert!(reads_back::<Quantity>(&text));
        prop_assert!(reads_back::<GoDuration>(&text));
        prop_assert!(reads_back::<KubeVersion>(&text));
        prop_assert!(reads_back::<ImageRef>(&text));
        prop_assert!(reads_back::<Cidr>(&text));
        prop_assert!(reads_back::<HostPort>(&text));
    }
}
