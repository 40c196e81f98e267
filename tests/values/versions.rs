//! Order and distance of versions, and what images say of theirs.

use k8sready::values::{ImageRef, KubeVersion, Stage};

const ASCENDING: &[&str] = &[
    "0.9",
    "1.9.11",
    "1.29.0-alpha.1",
    "1.29.0-alpha.2",
    "1.29.0-alpha.10",
    "1.29.0-beta.0",
    "1.29.0-rc.1",
    "1.29",
    "v1.29.0",
    "v1.29.0+k3s1",
    "v1.29.0-gke.1",
    "v1.29.3",
    "v1.29.10",
    "1.33",
    "2.0",
];

#[test]
fn versions_order_by_numbers_then_stage() {
    for (i, a) in ASCENDING.iter().enumerate() {
        for (j, b) in ASCENDING.iter().enumerate() {
            let (left, right): (KubeVersion, KubeVersion) = (crate::read(a), crate::read(b));
            assert_eq!(left.cmp(&right), i.cmp(&j), "{a} against {b}");
        }
    }
}

#[test]
fn distribution_suffixes_are_no_prereleases() {
    for (text, stage) in [
        ("v1.33.2-gke.1", Stage::Final),
        ("v1.33.2+rke2r1", Stage::Final),
        ("3.5.16-0", Stage::Final),
        ("v1.33.0-rc.1", Stage::Candidate(1)),
        ("v1.33.0-rc1", Stage::Candidate(1)),
        ("v1.33.0-beta.0+abc", Stage::Beta(0)),
    ] {
        let version: KubeVersion = crate::read(text);
        assert_eq!(version.stage, stage, "{text}");
        assert_eq!(version.is_prerelease(), stage != Stage::Final, "{text}");
    }
}

#[test]
fn distance_counts_minor_versions_of_one_major() {
    let distance = |a: &str, b: &str| crate::read::<KubeVersion>(a).minors_ahead_of(&crate::read(b));
    assert_eq!(distance("1.33.1", "v1.31.9"), Some(2));
    assert_eq!(distance("1.31", "1.33"), Some(-2));
    assert_eq!(distance("2.0", "1.33"), None);
    assert!(crate::read::<KubeVersion>("3.5.1").is_at_least(3, 5));
    assert!(!crate::read::<KubeVersion>("3.4.99").is_at_least(3, 5));
}

#[test]
fn tags_that_move_by_convention_are_mutable() {
    let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    for (tag, mutable) in [
        ("", true),
        (":latest", true),
        (":LATEST", true),
        (":main", true),
        (":latest-alpine", true),
        (":8-stable", true),
        (":1.29", false),
        (":1.29-alpine", false),
        (":nightly-20250101", false),
        (":mainline", false),
        (":v1.0.0-dev", true),
    ] {
        let image: ImageRef = crate::read(&format!("registry.example.com:5000/team/app{tag}"));
        assert_eq!(image.is_mutable_tag(), mutable, "`{tag}`");
        let pinned: ImageRef = crate::read(&format!("{image}@{digest}"));
        assert!(!pinned.is_mutable_tag(), "`{tag}` with a digest");
        assert_eq!(image.name(), "app");
    }
}
