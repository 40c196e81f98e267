//! `Selector`: label selectors over plain data.
//!
//! Whoever holds a document converts it; this file knows neither trees nor which objects are selected. Mind that an
//! absent selector and an empty one differ: an empty one matches everything, an absent one mostly nothing, and which of
//! the two a kind means is for the caller to know.
//!
//! Source: `metav1.LabelSelector` and its validation.

use std::fmt;
use std::str::FromStr;

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// The label is there and has one of the values.
    In,
    /// The label is absent, or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl FromStr for Operator {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Ok(match text {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            _ => return Err(SelectorError::Operator(text.to_string())),
        })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The variants are named after the words of the API.
        write!(f, "{self:?}")
    }
}

/// One element of `matchExpressions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How it compares.
    pub op: Operator,
    /// What with.
    pub values: Vec<String>,
}

/// Why the API server would refuse a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectorError {
    /// An operator that does not exist.
    Operator(String),
    /// `In` or `NotIn` without values; the key.
    NoValues(String),
    /// `Exists` or `DoesNotExist` with values; the key.
    Values(String),
    /// A requirement without key.
    NoKey,
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelectorError::Operator(word) => {
                write!(f, "the operator `{word}` is none of In, NotIn, Exists, DoesNotExist")
            }
            SelectorError::NoValues(key) => write!(f, "the requirement on `{key}` needs values"),
            SelectorError::Values(key) => write!(f, "the requirement on `{key}` may not have values"),
            SelectorError::NoKey => f.write_str("a requirement needs a key"),
        }
    }
}

impl std::error::Error for SelectorError {}

/// A label selector: everything in it must hold.
///
/// ```
/// use k8sready::values::{Operator, Requirement, Selector};
/// let selector = Selector {
///     match_labels: vec![("app".into(), "web".into())],
///     expressions: vec![Requirement { key: "tier".into(), op: Operator::NotIn, values: vec!["test".into()] }],
/// };
/// assert!(selector.matches(|key| (key == "app").then_some("web")));
/// assert_eq!(selector.to_string(), "app=web,tier notin (test)");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Labels that must have exactly these values.
    pub match_labels: Vec<(String, String)>,
    /// Further requirements.
    pub expressions: Vec<Requirement>,
}

impl Selector {
    /// Whether it demands nothing, and so matches everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.expressions.is_empty()
    }

    /// Whether labels, looked up by key, satisfy it. A requirement that `validate` refuses matches nothing.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.match_labels.iter().all(|(key, value)| label(key) == Some(value))
            && self.expressions.iter().all(|requirement| requirement.matches(label(&requirement.key)))
    }

    /// The first reason for which the API server would refuse it.
    pub fn validate(&self) -> Result<(), SelectorError> {
        self.expressions.iter().try_for_each(Requirement::validate)
    }
}

impl Requirement {
    /// Whether a label's value, or its absence, satisfies it.
    pub fn matches(&self, label: Option<&str>) -> bool {
        let listed = label.is_some_and(|label| self.values.iter().any(|value| value == label));
        self.validate().is_ok()
            && match self.op {
                Operator::In => listed,
                Operator::NotIn => !listed,
                Operator::Exists => label.is_some(),
                Operator::DoesNotExist => label.is_none(),
            }
    }

    /// Why the API server would refuse it.
    pub fn validate(&self) -> Result<(), SelectorError> {
        let needs_values = matches!(self.op, Operator::In | Operator::NotIn);
        match (needs_values, self.values.is_empty()) {
            _ if self.key.is_empty() => Err(SelectorError::NoKey),
            (true, true) => Err(SelectorError::NoValues(self.key.clone())),
            (false, false) => Err(SelectorError::Values(self.key.clone())),
            _ => Ok(()),
        }
    }
}

/// As `kubectl -l` takes it; nothing for an empty selector.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
        let terms: Vec<String> = labels.chain(self.expressions.iter().map(ToString::to_string)).collect();
        f.write_str(&terms.join(","))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.values.join(",");
        match self.op {
            Operator::In => write!(f, "{} in ({values})", self.key),
            Operator::NotIn => write!(f, "{} notin ({values})", self.key),
            Operator::Exists => f.write_str(&self.key),
            Operator::DoesNotExist => write!(f, "!{}", self.key),
        }
    }
}
