//! What readers, inventory and triage notice: a closed list of kinds, each raised by exactly one rule or reported as is.

use super::{SourceId, Span};

/// A position in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The source.
    pub source: SourceId,
    /// The bytes of it.
    pub span: Span,
}

/// Something that went wrong or looks wrong without a rule having asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What kind of trouble.
    pub kind: ProblemKind,
    /// Where; `None` when it concerns the run and no text.
    pub place: Option<Place>,
    /// The finished sentence, object first, without a full stop. Never quotes text of a document that failed to parse.
    pub message: String,
}

impl Problem {
    /// A problem at a position.
    pub fn at(kind: ProblemKind, source: SourceId, span: Span, message: impl Into<String>) -> Self {
        Problem { kind, place: Some(Place { source, span }), message: message.into() }
    }

    /// A problem of the run as a whole.
    pub fn run(kind: ProblemKind, message: impl Into<String>) -> Self {
        Problem { kind, place: None, message: message.into() }
    }
}

/// The kinds. `code()` is the word in reports and in a rule's `raisedBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A document cannot be parsed.
    ParseError,
    /// A key occurs twice in one mapping.
    DuplicateKey,
    /// An object is declared twice in one environment.
    DuplicateObject,
    /// A plain scalar is read as another type than it looks.
    ValueTypeSurprise,
    /// A budget (depth, nodes, aliases, bytes) was exceeded; the document was not evaluated.
    BudgetExceeded,
    /// A template whose control blocks cannot be masked; not evaluated.
    TemplateNotEvaluated,
    /// A file could not be read.
    Unreadable,
    /// A suppression matched nothing.
    UnusedSuppression,
    /// A suppression is past its last day.
    ExpiredSuppression,
    /// A suppression lacks its reason or cannot be understood.
    BadSuppression,
    /// A rule's expression failed at run time.
    RuleError,
    /// A defect of k8sready itself.
    InternalError,
    /// Dated data that rules rely on is old.
    StaleData,
    /// Lines of the baseline match nothing.
    StaleBaseline,
    /// The revision to compare with cannot be had, or not in full.
    BaseUnavailable,
    /// A cluster has something otherwise than files declare it.
    LiveDrift,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: &'static [ProblemKind] = &[
        ProblemKind::ParseError,
        ProblemKind::DuplicateKey,
        ProblemKind::DuplicateObject,
        ProblemKind::ValueTypeSurprise,
        ProblemKind::BudgetExceeded,
        ProblemKind::TemplateNotEvaluated,
        ProblemKind::Unreadable,
        ProblemKind::UnusedSuppression,
        ProblemKind::ExpiredSuppression,
        ProblemKind::BadSuppression,
        ProblemKind::RuleError,
        ProblemKind::InternalError,
        ProblemKind::StaleData,
        ProblemKind::StaleBaseline,
        ProblemKind::BaseUnavailable,
        ProblemKind::LiveDrift,
    ];

    /// The word in reports.
    pub fn code(self) -> &'static str {
        match self {
            ProblemKind::ParseError => "parse-error",
            ProblemKind::DuplicateKey => "duplicate-key",
            ProblemKind::DuplicateObject => "duplicate-object",
            ProblemKind::ValueTypeSurprise => "value-type-surprise",
            ProblemKind::BudgetExceeded => "budget-exceeded",
            ProblemKind::TemplateNotEvaluated => "template-not-evaluated",
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::UnusedSuppression => "unused-suppression",
            ProblemKind::ExpiredSuppression => "expired-suppression",
            ProblemKind::BadSuppression => "bad-suppression",
            ProblemKind::RuleError => "rule-error",
            ProblemKind::InternalError => "internal-error",
            ProblemKind::StaleData => "stale-data",
            ProblemKind::StaleBaseline => "stale-baseline",
            ProblemKind::BaseUnavailable => "base-unavailable",
            ProblemKind::LiveDrift => "live-drift",
        }
    }
}
