//! Why something is unknown.

use std::fmt;
use std::sync::Arc;

/// The closed list of reasons a result can be unknown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownCode {
    /// A placeholder of a template stands where the value would be.
    Templated,
    /// The cluster refused to show it.
    Forbidden,
    /// The input is only part of the picture.
    Partial,
    /// The API that would tell does not exist there.
    AbsentApi,
    /// A budget was exceeded.
    Budget,
    /// The rule itself is wrong.
    RuleError,
}

impl UnknownCode {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            UnknownCode::Templated => "templated",
            UnknownCode::Forbidden => "forbidden",
            UnknownCode::Partial => "partial",
            UnknownCode::AbsentApi => "absent-api",
            UnknownCode::Budget => "budget",
            UnknownCode::RuleError => "rule-error",
        }
    }
}

/// A reason with its explanation. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// Which of the listed reasons.
    pub code: UnknownCode,
    /// What exactly, without a full stop: "PodDisruptionBudgets of other environments are not in the input".
    pub text: Arc<str>,
}

impl Reason {
    /// A reason with its explanation.
    pub fn new(code: UnknownCode, text: impl AsRef<str>) -> Self {
        Reason { code, text: Arc::from(text.as_ref()) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.text)
    }
}
