//! From outcomes to a report: severities, suppressions, fingerprints, score, coverage.

use rayon::prelude::*;

use super::known::Known;
use super::{Audit, groups, suppressions};
use crate::engine::{self, About, ActiveRule, Evaluation, Outcome, Spot, Verdict};
use crate::facts::{Facts, Subject};
use crate::inventory::{Inventory, Loaded};
use crate::report::{
    Cluster, Counts, Coverage, DataNote, Finding, KindCoverage, KindState, Location, LocationSource, ProblemNote,
    Region, Related, Report, RuleCard, Skipped, Status, SubjectName, Suppressed, SuppressedBy, in_repository,
    score_input,
};
use crate::rule::{Judge, Rule};
use crate::score;
use crate::settings::Settings;
use crate::source::{ClusterName, Position, SourceKind};
use crate::syntax::Mark;
use crate::triage::{Identity, Suppressions, Target, Waiver, WaiverKind, fingerprints};
use crate::vocabulary::{Pillar, Place, Problem, ProblemKind, Reason, Severity, SourceId, Stability, UnknownCode};

/// The version of the rule set; changes when rules that count do.
pub const RULESET: &str = "2026.1";

/// Kinds whose completeness decides about links.
const LINKED_KINDS: &[&str] = &[
    "policy/v1/PodDisruptionBudget",
    "v1/Service",
    "autoscaling/v2/HorizontalPodAutoscaler",
    "v1/Node",
    "networking.k8s.io/v1/NetworkPolicy",
];

/// The selected rules.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Those that ran.
    pub active: &'a [ActiveRule<'a>],
    /// Those that are a provider's business.
    pub skipped: &'a [ActiveRule<'a>],
}

/// The rules that did not run, and on how many subjects: those that the user called a provider's business, and those about
/// control planes that only a provider's documents declare.
fn assemble_skipped(settings: &Settings, facts: &Facts, rules: Rules<'_>) -> Vec<Skipped> {
    let of_kind = |rule: &Rule| facts.subjects.iter().filter(|subject| subject.kind == rule.subject).count();
    let skip = |rule: &Rule, provider: &str, count: usize| Skipped {
        rule: rule.id.clone(),
        reason: format!("managed: {provider}"),
        count,
    };
    let said = settings.managed.as_deref().unwrap_or_default();
    let mut skipped: Vec<Skipped> =
        rules.skipped.iter().map(|active| skip(active.rule, said, of_kind(active.rule))).collect();
    let idle = |active: &&ActiveRule<'_>| active.rule.subject.is_provider_business() && of_kind(active.rule) == 0;
    for active in rules.active.iter().filter(idle) {
        skipped.extend(facts.managed.iter().map(|(provider, count)| skip(active.rule, provider, *count)));
    }
    skipped.sort_by(|a, b| a.rule.cmp(&b.rule));
    skipped
}

/// Puts the report together.
pub fn report(
    settings: &Settings,
    loaded: Loaded,
    facts: &Facts,
    rules: Rules<'_>,
    evaluation: Evaluation,
    known: &Known,
) -> Audit {
    let (skipped, rules) = (assemble_skipped(settings, facts, rules), rules.active);
    let Loaded { inventory, problems, failed_named, counts, marks } = loaded;
    let mut evaluation = evaluation;
    let assembler = Assembler { settings, inventory: &inventory, facts, rules };
    let (mut suppressions, mut noticed) = assembler.suppressions(&marks);
    let mut findings = assembler.findings(&evaluation.outcomes, &mut suppressions);
    noticed.extend(suppressions.unused(|rule| rules.iter().any(|active| active.rule.id.as_str() == rule)));
    if engine::add_noticed(&inventory, facts, rules, &mut evaluation.outcomes, &noticed) {
        findings = assembler.findings(&evaluation.outcomes, &mut suppressions);
    }
    assembler.fingerprint(&mut findings, &evaluation.outcomes);
    let ran = |rule: &str| rules.iter().any(|active| active.rule.id.as_str() == rule);
    let compared = known.mark(&mut findings, settings, ran);
    noticed.extend(compared.problems);
    let internal = evaluation.problems.iter().any(|problem| problem.kind == ProblemKind::InternalError);
    let mut all: Vec<Problem> = problems;
    all.extend(evaluation.problems);
    all.extend(noticed);
    let unknown: usize =
        findings.iter().filter(|finding| finding.status == Status::Unknown).map(|finding| finding.count).sum();
    let coverage = Coverage {
        rules_assessed: evaluation.assessed.iter().filter(|assessed| **assessed).count(),
        rules_unknown: assembler.unknown_rules(&evaluation.outcomes),
        rules_skipped: skipped.len(),
        documents_read: counts.read,
        documents_failed: counts.failed,
        documents_templated: counts.templated,
        documents_without_schema: facts.without_schema,
        kinds: assembler.kinds(),
    };
    let counts = Counts {
        suppressed: findings.iter().filter(|finding| finding.suppressed.is_some()).count(),
        baselined: findings.iter().filter(|finding| finding.baselined).count(),
        known: findings.iter().filter(|finding| is_known(finding)).count(),
        below_threshold: 0,
        unknown,
    };
    let incomplete = unknown > 0 || coverage.documents_failed > 0;
    // Scripts and Markdown count as something only where there is something to judge in them.
    let empty = coverage.documents_read == 0 && coverage.documents_failed == 0 && facts.subjects.is_empty();
    let pillars = assembler.assessed_pillars(&evaluation.assessed);
    let part = |by| groups::groups(by, &inventory, facts, &findings, &pillars);
    let report = Report {
        groups: settings.group_by.map(part),
        fail_on: settings.gate.fail_on,
        compared: compared.comparison,
        tool_version: env!("CARGO_PKG_VERSION").to_string(),
        ruleset: RULESET.to_string(),
        command: "audit".to_string(),
        as_of: settings.as_of,
        target_version: settings.target_version.to_string().trim_start_matches('v').to_string(),
        score: score::score(&score_input(findings.iter(), pillars, incomplete)),
        findings,
        skipped,
        problems: assembler.notes(&all),
        coverage,
        rules: cards(rules),
        counts,
        elapsed: None,
        cluster: inventory.listings().map(|listings| cluster(listings.cluster())),
        data_notes: data_notes(facts),
    };
    Audit { report, failed: failed_named || internal, empty, inventory }
}

/// The lines and columns of a position.
pub(super) fn region(position: &Position) -> Region {
    Region {
        line: position.line as usize,
        column: position.column as usize,
        end_line: position.end_line as usize,
        end_column: position.end_column as usize,
    }
}

/// A failure that the compared revision has, and that nothing else waved through.
fn is_known(finding: &Finding) -> bool {
    finding.status == Status::Fail && finding.suppressed.is_none() && !finding.baselined && !finding.new
}

struct Assembler<'a> {
    settings: &'a Settings,
    inventory: &'a Inventory,
    facts: &'a Facts,
    rules: &'a [ActiveRule<'a>],
}

impl Assembler<'_> {
    fn suppressions(&self, marks: &[(SourceId, Mark)]) -> (Suppressions, Vec<Problem>) {
        match suppressions::collect(self.settings, self.inventory, marks) {
            Ok(all) => {
                let (suppressions, mut problems) = Suppressions::new(all, self.settings.as_of);
                problems.extend(self.disallowed(marks));
                (suppressions, problems)
            }
            Err(error) => (Suppressions::default(), vec![Problem::run(ProblemKind::BadSuppression, error.message)]),
        }
    }

    /// That suppressions in files do not hold is said.
    fn disallowed(&self, marks: &[(SourceId, Mark)]) -> Option<Problem> {
        let ignored =
            if self.settings.disallow_annotations { suppressions::in_files(self.inventory, marks).len() } else { 0 };
        let message = match ignored {
            0 => return None,
            1 => "1 suppression in the audited files does not hold".to_string(),
            count => format!("{count} suppressions in the audited files do not hold"),
        };
        Some(Problem::run(ProblemKind::BadSuppression, message + " (--disallow-annotations)"))
    }

    fn subject(&self, outcome: &Outcome) -> Option<&Subject> {
        match outcome.about {
            About::Subject(index) => Some(&self.facts.subjects[index]),
            About::Source(_) => None,
        }
    }

    /// Findings are made on all cores; suppressions count their uses one after the other.
    fn findings(&self, outcomes: &[Outcome], suppressions: &mut Suppressions) -> Vec<Finding> {
        let mut findings: Vec<Finding> = outcomes.par_iter().map(|outcome| self.finding(outcome)).collect();
        for (finding, outcome) in findings.iter_mut().zip(outcomes) {
            self.waive(finding, outcome, suppressions);
        }
        findings
    }

    fn finding(&self, outcome: &Outcome) -> Finding {
        let rule = self.rules[outcome.rule].rule;
        let subject = self.subject(outcome);
        let location = self.location(outcome, subject);
        let (status, reason) = match &outcome.verdict {
            Verdict::Pass => (Status::Pass, None),
            Verdict::Fail => (Status::Fail, None),
            Verdict::Unknown(reason) => (Status::Unknown, Some(reason.clone())),
        };
        Finding {
            rule: rule.id.clone(),
            status,
            severity: self.settings.rules.severity.get(rule.id.as_str()).copied().unwrap_or(outcome.severity),
            confidence: rule.file.confidence,
            pillar: rule.pillar,
            preview: rule.file.status == Stability::Preview,
            blocker: rule.file.blocker,
            message: if outcome.message.is_empty() { rule.file.title.clone() } else { outcome.message.clone() },
            reason,
            environment: subject.map_or(".", |subject| self.environment(subject)).to_string(),
            subject: self.name(outcome, subject),
            location,
            related: self.related(outcome, subject),
            fingerprint: String::new(),
            suppressed: None,
            baselined: false,
            new: true,
            count: outcome.count,
        }
    }

    /// Changes a finding as the configuration says, and marks it when a suppression covers it.
    fn waive(&self, finding: &mut Finding, outcome: &Outcome, suppressions: &mut Suppressions) {
        let path = self.settings.in_repository(&finding.location.path).into_owned();
        self.apply_overrides(&path, finding);
        if finding.status == Status::Fail {
            let rule = self.rules[outcome.rule].rule;
            let waiver = suppressions.covering(&target(rule, self.subject(outcome), finding, &path));
            finding.suppressed = finding.suppressed.take().or(waiver.map(suppressed));
        }
    }

    /// What the configuration says about the path; the last that fits counts.
    fn apply_overrides(&self, path: &str, finding: &mut Finding) {
        let rule = finding.rule.as_str();
        let mut fitting = self.settings.overrides.iter().filter(|all| all.path.is_match(path));
        if let Some(severity) = fitting.clone().find_map(|all| all.says.severity.get(rule)) {
            finding.severity = *severity;
        }
        let ignoring = fitting.find(|all| all.says.ignore.iter().any(|ignored| ignored == rule));
        if let Some(ignoring) = ignoring.filter(|_| finding.status == Status::Fail) {
            let below = || format!("ignored in `{}`", ignoring.says.path);
            let reason = ignoring.says.reason.clone().unwrap_or_else(below);
            finding.suppressed = Some(Suppressed { by: SuppressedBy::Config, reason, until: None });
        }
    }

    fn environment(&self, subject: &Subject) -> &str {
        &self.inventory.environments()[subject.environment.index()].path
    }

    fn name(&self, outcome: &Outcome, subject: Option<&Subject>) -> SubjectName {
        let key = subject.and_then(|subject| self.inventory.document(subject.document).key.as_ref());
        match (subject, outcome.about) {
            (Some(subject), _) => SubjectName {
                api_version: key.map(|key| key.api_version()).unwrap_or_default(),
                kind: subject.label.to_string(),
                namespace: subject.namespace.as_deref().map(str::to_string),
                name: subject.name.to_string(),
                container: subject.container.as_deref().map(str::to_string),
                component: subject.component.map(str::to_string),
            },
            (None, About::Source(source)) => {
                let path = self.inventory.sources().get(source).path();
                let (kind, name) = match self.inventory.listings() {
                    Some(_) => path.split_once('/').unwrap_or(("Object", path)),
                    None => ("Document", &**path),
                };
                SubjectName { kind: kind.to_string(), name: name.to_string(), ..SubjectName::default() }
            }
            (None, About::Subject(_)) => SubjectName::default(),
        }
    }

    fn location(&self, outcome: &Outcome, subject: Option<&Subject>) -> Location {
        let object = subject.map(object_name).unwrap_or_default();
        let field = outcome.spot.as_ref().map(|spot| spot.field.clone()).unwrap_or_default();
        self.place_location(outcome.place(self.inventory, self.facts), field, object)
    }

    fn spot_location(&self, spot: &Spot, object: String) -> Location {
        self.place_location(spot.place, spot.field.clone(), object)
    }

    /// A field of a document inside an object's text: `data.ClusterConfiguration: etcd.local`.
    fn whole_field(&self, place: Place, outermost: Place, field: String) -> String {
        if place.source == outermost.source {
            return field;
        }
        let mut documents = self.inventory.documents();
        let around = documents
            .find(|(_, document)| document.source == outermost.source)
            .map(|(_, document)| engine::field_around(self.inventory.forest(), document.root, outermost.span));
        let parts = [around.unwrap_or_default(), field];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    }

    fn place_location(&self, place: Place, field: String, object: String) -> Location {
        let sources = self.inventory.sources();
        let outermost = sources.outermost(place);
        let outer = sources.get(outermost.source);
        let of_cluster = match outer.kind() {
            SourceKind::Live => Some(LocationSource::Live),
            SourceKind::Snapshot => Some(LocationSource::Snapshot),
            _ => None,
        };
        if let Some(source) = of_cluster {
            // An object of a cluster is its own place: its name and the field, no file and no line.
            let object = outer.path().to_string();
            let field = self.whole_field(place, outermost, field);
            return Location { source, path: String::new(), region: None, field, object, place: None };
        }
        let position = sources.locate(place.source, place.span);
        let source = match sources.get(place.source).kind() {
            SourceKind::Stdin => LocationSource::Stdin,
            SourceKind::Embedded { .. } => LocationSource::Embedded,
            _ => LocationSource::File,
        };
        Location {
            source,
            path: position.path.to_string(),
            region: Some(region(&position)),
            field,
            object,
            place: Some(outermost),
        }
    }

    fn related(&self, outcome: &Outcome, subject: Option<&Subject>) -> Vec<Related> {
        let object = subject.map(object_name).unwrap_or_default();
        let related = outcome.related.iter();
        related
            .map(|(spot, text)| Related { location: self.spot_location(spot, object.clone()), text: text.clone() })
            .collect()
    }

    /// Fills in the fingerprints of all findings.
    fn fingerprint(&self, findings: &mut [Finding], outcomes: &[Outcome]) {
        let identities: Vec<Identity<'_>> = findings
            .iter()
            .zip(outcomes)
            .map(|(finding, outcome)| Identity {
                rule: finding.rule.as_str(),
                environment: self.lasting_environment(self.subject(outcome)),
                kind: format!("{}/{}", finding.subject.group(), finding.subject.kind),
                namespace: finding.subject.namespace.as_deref().unwrap_or_default(),
                name: self.lasting_name(finding, self.subject(outcome)),
                field: outcome.spot.as_ref().map_or("", |spot| &spot.stable_field),
            })
            .collect();
        let prints = fingerprints(&identities);
        for (finding, print) in findings.iter_mut().zip(prints) {
            finding.fingerprint = print;
        }
    }

    /// The environment under a name that outlasts other files and another working directory: what is no variant of anything
    /// needs none, and paths are those of the repository.
    fn lasting_environment(&self, subject: Option<&Subject>) -> String {
        match subject {
            Some(subject) if subject.environment.index() > 0 => self.lasting_path(self.environment(subject)),
            _ => String::new(),
        }
    }

    /// What has no name of its own, such as a file, is known by its path.
    fn lasting_name(&self, finding: &Finding, subject: Option<&Subject>) -> String {
        match finding.subject.name.as_str() {
            "" => self.lasting_path(&finding.location.path),
            name if subject.is_none() => self.lasting_path(name),
            name => name.to_string(),
        }
    }

    fn lasting_path(&self, path: &str) -> String {
        in_repository(&self.settings.prefix, path).unwrap_or_else(|| path.to_string())
    }

    fn unknown_rules(&self, outcomes: &[Outcome]) -> usize {
        let mut unknown = vec![false; self.rules.len()];
        for outcome in outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Unknown(_))) {
            unknown[outcome.rule] = true;
        }
        unknown.into_iter().filter(|unknown| *unknown).count()
    }

    fn kinds(&self) -> Vec<KindCoverage> {
        let root = crate::inventory::EnvironmentId::default();
        if let Some(listings) = self.inventory.listings() {
            let mut kinds: Vec<KindCoverage> = listings.rows().iter().map(listed).collect();
            kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
            return kinds;
        }
        LINKED_KINDS
            .iter()
            .map(|kind| {
                let short = kind.rsplit('/').next().unwrap_or(kind);
                let reason = self.inventory.completeness_in(short, root).reason().cloned();
                let state = if reason.is_some() { KindState::Partial } else { KindState::Complete };
                KindCoverage { kind: (*kind).to_string(), state, reason }
            })
            .collect()
    }

    /// Problems that are no findings. What a rule stands for is its business, selected or not; but that a document could
    /// not be read is said in any case.
    fn notes(&self, problems: &[Problem]) -> Vec<ProblemNote> {
        let by_rule = |kind: ProblemKind| {
            self.rules.iter().any(|active| matches!(active.rule.judge, Judge::RaisedBy(raised) if raised == kind))
        };
        let reported = |problem: &Problem| match problem.kind {
            ProblemKind::DuplicateKey | ProblemKind::DuplicateObject | ProblemKind::ValueTypeSurprise => true,
            kind => problem.place.is_some() && by_rule(kind),
        };
        let rest = problems.iter().filter(|problem| !reported(problem));
        rest.map(|problem| ProblemNote {
            code: problem.kind,
            message: problem.message.clone(),
            location: problem.place.map(|place| self.place_location(place, String::new(), String::new())),
        })
        .collect()
    }

    /// The pillars in which a stable rule of medium severity or worse reached a verdict.
    fn assessed_pillars(&self, assessed: &[bool]) -> Vec<Pillar> {
        let weighty = self.rules.iter().zip(assessed).filter(|(active, assessed)| {
            **assessed
                && active.rule.file.status == Stability::Stable
                && active.rule.worst_severity() >= Severity::Medium
        });
        let mut pillars: Vec<Pillar> = weighty.map(|(active, _)| active.rule.pillar).collect();
        pillars.sort();
        pillars.dedup();
        pillars
    }
}

fn cluster(name: &ClusterName) -> Cluster {
    let ClusterName { name, context, server, version, taken_at } = name.clone();
    Cluster { name, context, server, version, taken_at }
}

fn listed((kind, reason): &(String, Option<Reason>)) -> KindCoverage {
    let state = match reason.as_ref().map(|reason| reason.code) {
        None => KindState::Complete,
        Some(UnknownCode::Forbidden | UnknownCode::AbsentApi) => KindState::Unreadable,
        Some(_) => KindState::Partial,
    };
    KindCoverage { kind: kind.clone(), state, reason: reason.clone() }
}

fn object_name(subject: &Subject) -> String {
    let parts = [Some(&*subject.label), subject.namespace.as_deref(), Some(&*subject.name)];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

fn target<'t>(rule: &'t Rule, subject: Option<&Subject>, finding: &'t Finding, path: &'t str) -> Target<'t> {
    Target {
        rule: rule.id.as_str(),
        aliases: &rule.file.aliases,
        path: &finding.location.path,
        in_repository: path,
        line: finding.location.region.map_or(0, |region| u32::try_from(region.line).unwrap_or(u32::MAX)),
        document: subject.map(|subject| subject.document.0),
        kind: &finding.subject.kind,
        namespace: finding.subject.namespace.as_deref().unwrap_or_default(),
        name: &finding.subject.name,
        container: finding.subject.container.as_deref().unwrap_or_default(),
    }
}

fn suppressed(waiver: Waiver) -> Suppressed {
    let by = match waiver.kind {
        WaiverKind::Comment => SuppressedBy::Comment,
        WaiverKind::Annotation => SuppressedBy::Annotation,
        WaiverKind::Config => SuppressedBy::Config,
    };
    Suppressed { by, reason: waiver.reason, until: waiver.until }
}

fn cards(rules: &[ActiveRule<'_>]) -> Vec<RuleCard> {
    let mut cards: Vec<RuleCard> = rules.iter().map(|active| card(active.rule)).collect();
    cards.sort_by(|a, b| a.id.cmp(&b.id));
    cards
}

/// What a reader of a report wants to know about a rule.
pub fn card(rule: &Rule) -> RuleCard {
    RuleCard {
        id: rule.id.clone(),
        title: rule.file.title.clone(),
        area: rule.area.clone(),
        pillar: rule.pillar,
        severity: rule.worst_severity(),
        confidence: rule.file.confidence,
        profile: rule.file.profile,
        status: rule.file.status,
        since: rule.file.since.clone(),
        why: rule.file.why.clone(),
        fix: rule.file.fix.clone(),
        references: rule.file.references.clone(),
        frameworks: rule.file.frameworks.iter().map(|(name, controls)| (name.clone(), controls.clone())).collect(),
    }
}

fn data_notes(facts: &Facts) -> Vec<DataNote> {
    let notes = facts.dated.iter();
    notes.filter_map(|(name, date)| Some(DataNote { name: (*name).to_string(), date: date.parse().ok()? })).collect()
}
