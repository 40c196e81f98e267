//! What a report says, as plain data: the one shape that every format reads.
//!
//! Defines [`Report`] and its parts, and [`SourceText`], through which a format looks at source text. It deliberately does
//! not define how anything was computed, and nothing here serialises itself: every format has structs of its own, so
//! that a change here can never silently change a published contract.

use std::time::Duration;

use jiff::civil::Date;

use crate::score::Score;
use crate::vocabulary::{
    Confidence, GroupBy, Pillar, Place, ProblemKind, Profile, Reason, RuleId, Severity, SourceId, Stability,
};

/// Everything a format may print.
#[derive(Clone, Debug)]
pub struct Report {
    /// The version of k8sready that made it.
    pub tool_version: String,
    /// The version of the rule set, e.g. `2026.1`.
    pub ruleset: String,
    /// The command that was run, e.g. `audit`.
    pub command: String,
    /// The date that decided support windows, expiries and `until`.
    pub as_of: Date,
    /// The Kubernetes version the input was judged for, e.g. `1.37`.
    pub target_version: String,
    /// The score with its explanation.
    pub score: Score,
    /// Failures and unknowns, and passes on request, in the engine's total order. Suppressed and baselined ones are in.
    pub findings: Vec<Finding>,
    /// Rules that did not apply as a whole, sorted by rule.
    pub skipped: Vec<Skipped>,
    /// What readers noticed, in the engine's total order.
    pub problems: Vec<ProblemNote>,
    /// What was looked at.
    pub coverage: Coverage,
    /// Every rule that ran or was selected, sorted by id, each once.
    pub rules: Vec<RuleCard>,
    /// What is not among the listed failures, counted.
    pub counts: Counts,
    /// Wall time of the run; `None` where output must be reproducible.
    pub elapsed: Option<Duration>,
    /// The dated data that rules relied on.
    pub data_notes: Vec<DataNote>,
    /// Scores of parts of the input, when asked for.
    pub groups: Option<Groups>,
    /// The least severity that fails the gate; `None` when no finding does.
    pub fail_on: Option<Severity>,
    /// What the findings were compared with, if with anything.
    pub compared: Option<Comparison>,
    /// The cluster that was audited; `None` for files.
    pub cluster: Option<Cluster>,
}

impl Report {
    /// The card of a rule.
    pub fn card(&self, rule: &RuleId) -> Option<&RuleCard> {
        let at = self.rules.binary_search_by(|card| card.id.cmp(rule)).ok()?;
        self.rules.get(at)
    }
}

/// A cluster. Untrusted: its names come from a kubeconfig or a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its name in the kubeconfig.
    pub name: String,
    /// The context; empty without one.
    pub context: String,
    /// Address of the API server.
    pub server: String,
    /// Version of the API server.
    pub version: String,
    /// When it answered: RFC 3339, UTC, seconds.
    pub taken_at: String,
}

impl Cluster {
    /// Seconds since 1970 when it answered.
    pub fn seconds(&self) -> Option<i64> {
        self.taken_at.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
    }
}

/// How a rule judged a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The expectation does not hold.
    Fail,
    /// It cannot be decided; the finding has a reason.
    Unknown,
    /// The expectation holds; only listed on request.
    Pass,
}

impl Status {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Fail => "fail",
            Status::Unknown => "unknown",
            Status::Pass => "pass",
        }
    }
}

/// One result of one rule on one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// Its verdict.
    pub status: Status,
    /// How bad this result is; may differ from the rule's own severity.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// The part of the score it counts in.
    pub pillar: Pillar,
    /// Whether the rule is a preview: reported, not scored.
    pub preview: bool,
    /// Whether the rule caps the score on its own.
    pub blocker: bool,
    /// The sentence, object first, names and values in backticks, no full stop. Untrusted: it quotes the input.
    pub message: String,
    /// Why it is unknown; `Some` exactly when `status` is `Unknown`.
    pub reason: Option<Reason>,
    /// The environment it was judged in: a path, or `.`.
    pub environment: String,
    /// What it is about.
    pub subject: SubjectName,
    /// The place to change.
    pub location: Location,
    /// Further places that explain it.
    pub related: Vec<Related>,
    /// Identity across runs and edits, free of line numbers.
    pub fingerprint: String,
    /// Set when somebody decided to live with it.
    pub suppressed: Option<Suppressed>,
    /// Whether the baseline lists it.
    pub baselined: bool,
    /// Whether it is new against the baseline or the compared revision; true where there is neither.
    pub new: bool,
    /// How many results this one stands for (an unknown that holds for a whole kind); at least 1.
    pub count: usize,
}

impl Finding {
    /// Whether it is a failure that nobody waved through and nothing compared with has: what is shown and gated.
    pub fn is_open_failure(&self) -> bool {
        self.status == Status::Fail && self.suppressed.is_none() && !self.baselined && self.new
    }
}

/// The name of what a finding is about. Untrusted: all of it comes from the input.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubjectName {
    /// `apps/v1`; empty where the input has no such thing.
    pub api_version: String,
    /// `Deployment`, or a section's kind such as `HAProxyBackend`.
    pub kind: String,
    /// The namespace; `None` for cluster-wide objects and files.
    pub namespace: Option<String>,
    /// The object's or section's name.
    pub name: String,
    /// The container within it.
    pub container: Option<String>,
    /// The control-plane component within it.
    pub component: Option<String>,
}

impl SubjectName {
    /// The API group: `apps` for `apps/v1`, empty for `v1`.
    pub fn group(&self) -> &str {
        self.api_version.rsplit_once('/').map_or("", |(group, _)| group)
    }
}

/// Where the text of a location comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocationSource {
    /// A file.
    File,
    /// Standard input.
    Stdin,
    /// A text inside another file; the position is the outer file's.
    Embedded,
    /// The cluster.
    Live,
    /// A recorded snapshot of a cluster.
    Snapshot,
}

impl LocationSource {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            LocationSource::File => "file",
            LocationSource::Stdin => "stdin",
            LocationSource::Embedded => "embedded",
            LocationSource::Live => "live",
            LocationSource::Snapshot => "snapshot",
        }
    }

    /// Whether `path` names a file that can be opened at a line.
    pub fn has_file(self) -> bool {
        matches!(self, LocationSource::File | LocationSource::Embedded)
    }
}

/// A range of text as people count it: lines and columns from 1, columns in UTF-16 units, the end column exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// One past the last column on the last line.
    pub end_column: usize,
}

/// A place in the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// What `path` is.
    pub source: LocationSource,
    /// Relative to the working directory, with forward slashes; `-` for standard input, empty for a live object.
    pub path: String,
    /// The text range; `None` for what has no text, such as a live object.
    pub region: Option<Region>,
    /// The field's path, e.g. `spec.template.spec.containers[name=web].image`; empty for the object as a whole.
    pub field: String,
    /// The object, e.g. `Deployment/shop/web`.
    pub object: String,
    /// The same range in the source that `path` names, for a window of text; `None` where there is nothing to show.
    pub place: Option<Place>,
}

/// A further place that explains a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Where.
    pub location: Location,
    /// What to see there, e.g. "this Service sends it traffic".
    pub text: String,
}

/// Who waved a finding through, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// What carries the suppression.
    pub by: SuppressedBy,
    /// The reason that was given.
    pub reason: String,
    /// The last day it holds.
    pub until: Option<Date>,
}

/// What carries a suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressedBy {
    /// A comment in the file.
    Comment,
    /// An annotation on the object.
    Annotation,
    /// The configuration file.
    Config,
}

impl SuppressedBy {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            SuppressedBy::Comment => "comment",
            SuppressedBy::Annotation => "annotation",
            SuppressedBy::Config => "config",
        }
    }
}

/// A rule that was not evaluated, as a whole or for some subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The rule.
    pub rule: RuleId,
    /// Why, e.g. "managed: EKS".
    pub reason: String,
    /// How many subjects.
    pub count: usize,
}

/// Something that readers noticed.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemNote {
    /// What kind of trouble.
    pub code: ProblemKind,
    /// The sentence, without a full stop.
    pub message: String,
    /// Where; `None` when it concerns the run.
    pub location: Option<Location>,
}

/// What was looked at and what was not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// Rules that reached a verdict on at least one subject.
    pub rules_assessed: usize,
    /// Rules that stayed unknown on at least one subject.
    pub rules_unknown: usize,
    /// Rules that were skipped.
    pub rules_skipped: usize,
    /// Documents that were read.
    pub documents_read: usize,
    /// Documents that could not be parsed.
    pub documents_failed: usize,
    /// Documents that are templates.
    pub documents_templated: usize,
    /// Objects of a kind whose fields are not known.
    pub documents_without_schema: usize,
    /// Kinds that rules asked for, sorted by name.
    pub kinds: Vec<KindCoverage>,
}

/// How much of one kind was visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindCoverage {
    /// E.g. `policy/v1/PodDisruptionBudget`.
    pub kind: String,
    /// How much.
    pub state: KindState,
    /// Why not all of it.
    pub reason: Option<Reason>,
}

/// How much of a kind was visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindState {
    /// All there is.
    Complete,
    /// Some of it.
    Partial,
    /// None of it.
    Unreadable,
}

impl KindState {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            KindState::Complete => "complete",
            KindState::Partial => "partial",
            KindState::Unreadable => "unreadable",
        }
    }
}

/// What a reader of a report wants to know about a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleCard {
    /// Its id.
    pub id: RuleId,
    /// The bad thing, as a sentence without a full stop.
    pub title: String,
    /// The folder it lives in, e.g. `workload`.
    pub area: String,
    /// The part of the score it counts in.
    pub pillar: Pillar,
    /// The worst severity it can report.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The smallest profile that runs it.
    pub profile: Profile,
    /// Where it is in its life.
    pub status: Stability,
    /// The version it came with.
    pub since: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Links.
    pub references: Vec<String>,
    /// Framework and the controls of it that the rule answers, sorted by framework.
    pub frameworks: Vec<(String, Vec<String>)>,
}

/// What does not stand among the listed failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Failures that somebody waved through.
    pub suppressed: usize,
    /// Failures that the baseline lists.
    pub baselined: usize,
    /// Failures that the compared revision has too, beyond those.
    pub known: usize,
    /// Failures below the severity asked for; not among the findings.
    pub below_threshold: usize,
    /// Results that could not be decided.
    pub unknown: usize,
}

/// Scores of parts of the input. A rule counts as assessed in all of them when it was assessed in any.
#[derive(Clone, Debug, PartialEq)]
pub struct Groups {
    /// What the parts are.
    pub by: GroupBy,
    /// Every part, sorted by name.
    pub scores: Vec<GroupScore>,
}

/// The score of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupScore {
    /// The environment's path or the namespace; empty for what lies in no namespace.
    pub name: String,
    /// Its score.
    pub score: Score,
    /// Failures in it that nobody waved through.
    pub failures: usize,
}

/// What the findings were compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The revision as the user named it. Untrusted.
    pub with: String,
    /// The score there; `None` where nothing was scored.
    pub score: Option<u8>,
    /// How many of its findings are gone.
    pub resolved: usize,
}

/// Data with a date that rules relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataNote {
    /// What, e.g. "Kubernetes releases".
    pub name: String,
    /// The day it was collected.
    pub date: Date,
}

/// Read access to source text, as redaction left it.
pub trait SourceText {
    /// The text of a line (from 1) without its line end.
    fn line(&self, source: SourceId, line: usize) -> Option<&str>;
    /// The whole text, for hashes over lines.
    fn text(&self, source: SourceId) -> Option<&str>;
}
