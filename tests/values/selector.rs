//! Which labels a selector accepts.

use k8sready::values::{Operator, Requirement, Selector, SelectorError};

fn selector(op: &str, values: &[&str]) -> Selector {
    let values = values.iter().map(|value| (*value).to_string()).collect();
    Selector {
        match_labels: vec![],
        expressions: vec![Requirement { key: "tier".into(), op: op.parse().unwrap(), values }],
    }
}

#[test]
fn operators_treat_absent_labels_as_kubernetes_does() {
    for (op, values, web, none) in [
        ("In", &["web", "db"][..], true, false),
        ("In", &["db"], false, false),
        ("NotIn", &["web"], false, true),
        ("NotIn", &["db"], true, true),
        ("Exists", &[], true, false),
        ("DoesNotExist", &[], false, true),
    ] {
        let selector = selector(op, values);
        assert_eq!(selector.matches(|key| (key == "tier").then_some("web")), web, "{selector} on tier=web");
        assert_eq!(selector.matches(|_| None), none, "{selector} without labels");
        assert_eq!(selector.validate(), Ok(()));
    }
}

#[test]
fn everything_must_hold() {
    let mut both = selector("Exists", &[]);
    both.match_labels.push(("app".into(), "web".into()));
    let labels = |pairs: &'static [(&str, &str)]| {
        move |key: &str| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    };
    assert!(both.matches(labels(&[("app", "web"), ("tier", "")])));
    assert!(!both.matches(labels(&[("app", "web")])));
    assert!(!both.matches(labels(&[("app", "api"), ("tier", "")])));
    assert_eq!(both.to_string(), "app=web,tier");
}

#[test]
fn an_empty_selector_matches_everything() {
    assert!(Selector::default().is_empty() && Selector::default().matches(|_| None));
    assert!(!selector("Exists", &[]).is_empty());
}

#[test]
fn what_the_api_server_refuses_matches_nothing_and_says_why() {
    for (op, values, error) in [
        ("In", &[][..], SelectorError::NoValues("tier".into())),
        ("NotIn", &[], SelectorError::NoValues("tier".into())),
        ("Exists", &["web"], SelectorError::Values("tier".into())),
        ("DoesNotExist", &["web"], SelectorError::Values("tier".into())),
    ] {
        let selector = selector(op, values);
        assert_eq!(selector.validate(), Err(error), "{selector}");
        assert!(!selector.matches(|_| Some("web")) && !selector.matches(|_| None), "{selector}");
    }
    assert_eq!("Gt".parse::<Operator>(), Err(SelectorError::Operator("Gt".into())));
}
