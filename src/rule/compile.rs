//! `Rule`: a rule file whose expressions are compiled and checked against what its subject offers.
//!
//! What every evaluation needs is compiled at load; messages, paths and related places only when a rule first fails.

use std::sync::OnceLock;

use super::file::{RelatedAt, RuleFile};
use super::template::{Piece, pieces};
use crate::expr::{Program, Scope, Type, compile};
use crate::facts::{CLUSTER, SubjectKind, subject_type};
use crate::vocabulary::{Pillar, ProblemKind, RuleId, Severity, Span};

/// Slots of the variables that every expression sees, in this order; the element of `each` follows.
pub const SLOTS: usize = 5;

/// A compiled rule.
#[derive(Debug)]
pub struct Rule {
    /// The stem of its file.
    pub id: RuleId,
    /// The folder of its file.
    pub area: String,
    /// The pillar of its area.
    pub pillar: Pillar,
    /// What was written.
    pub file: RuleFile,
    /// What it judges.
    pub subject: SubjectKind,
    /// For `object`: which kinds.
    pub kinds: Vec<KindPattern>,
    /// How it judges.
    pub judge: Judge,
    expressions: OnceLock<Result<Box<Expressions>, RuleError>>,
    late: OnceLock<Result<Late, RuleError>>,
}

/// How a rule comes to its verdict.
#[derive(Debug)]
pub enum Judge {
    /// By expressions; `Rule::expressions` compiles them.
    Expressions,
    /// By a problem that readers, inventory or triage notice.
    RaisedBy(ProblemKind),
}

/// The expressions that every evaluation needs.
#[derive(Debug)]
pub struct Expressions {
    /// The list whose elements are judged one by one.
    pub each: Option<Program>,
    /// Where the rule applies.
    pub when: Option<Program>,
    /// What must hold.
    pub expect: Program,
    /// Severities and when they hold, worst first.
    pub severity_when: Vec<(Severity, Program)>,
}

/// The expressions that only a failure needs.
#[derive(Debug)]
pub struct Late {
    /// What to point at.
    pub at: Option<Program>,
    /// The sentence.
    pub message: Vec<Part>,
    /// Further places.
    pub related: Vec<LateRelated>,
}

/// A further place, or one for each element of a list.
#[derive(Debug)]
pub struct LateRelated {
    /// The list; its elements take the place of those of the rule's own `each`.
    pub each: Option<Program>,
    /// The place.
    pub at: Program,
    /// What it shows.
    pub text: Vec<Part>,
}

/// A piece of a message.
#[derive(Debug)]
pub enum Part {
    /// Text.
    Text(String),
    /// A value.
    Value(Program),
}

/// `group/version/Kind`; `*` means any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindPattern {
    /// API group, or `*`; empty for core.
    pub group: String,
    /// Version, or `*`.
    pub version: String,
    /// Kind, or `*`.
    pub kind: String,
}

/// What is wrong with a rule: the rule's author's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The rule.
    pub rule: RuleId,
    /// The field of the rule file.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// Where in the expression.
    pub span: Option<Span>,
}

impl std::fmt::Display for RuleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rule `{}`: {}", self.rule, self.field)?;
        if let Some(span) = self.span {
            write!(f, " at {}..{}", span.start, span.end)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for RuleError {}

impl Rule {
    /// Compiles a rule file, with every check.
    pub fn new(id: &str, area: &str, pillar: Pillar, file: RuleFile) -> Result<Rule, RuleError> {
        let rule = Self::unchecked(id, area, pillar, file)?;
        if matches!(rule.judge, Judge::Expressions) {
            rule.expressions()?;
        }
        Ok(rule)
    }

    /// A rule whose expressions are compiled when it first judges something: for the rules that are compiled in, which
    /// tests have checked, so that a start costs only the rules that apply.
    pub fn unchecked(id: &str, area: &str, pillar: Pillar, file: RuleFile) -> Result<Rule, RuleError> {
        let id = RuleId::new(id);
        let fail = |field: &str, message: String| RuleError {
            rule: id.clone(),
            field: field.to_string(),
            message,
            span: None,
        };
        let subject: SubjectKind = file.subject.parse().map_err(|error| fail("subject", format!("{error}")))?;
        let kinds = file.kinds.iter().map(|kind| {
            KindPattern::parse(kind).ok_or_else(|| fail("kinds", format!("`{kind}` is no group/version/Kind")))
        });
        let kinds = kinds.collect::<Result<Vec<_>, _>>()?;
        for (name, param) in &file.params {
            if !param.kind.admits(&param.default) {
                return Err(fail("params", format!("the default of `{name}` is not of its type")));
            }
        }
        let judge = match (&file.expect, &file.raised_by) {
            (Some(_), None) => Judge::Expressions,
            (None, Some(kind)) => Judge::RaisedBy(
                problem_kind(kind).ok_or_else(|| fail("raisedBy", format!("`{kind}` is no kind of problem")))?,
            ),
            _ => return Err(fail("expect", "a rule has either `expect` or `raisedBy`".to_string())),
        };
        let area = area.to_string();
        Ok(Rule { area, pillar, subject, kinds, judge, expressions: OnceLock::new(), late: OnceLock::new(), id, file })
    }

    /// The expressions that every evaluation needs, compiled on first use. An error for a rule that has none.
    pub fn expressions(&self) -> Result<&Expressions, RuleError> {
        let compiled = self.expressions.get_or_init(|| {
            let compiler = Compiler { id: &self.id, file: &self.file, subject: self.subject };
            compiler.expressions(self.file.expect.as_deref().unwrap_or_default()).map(Box::new)
        });
        compiled.as_deref().map_err(Clone::clone)
    }

    /// The expressions that a failure needs, compiled on first use.
    pub fn late(&self) -> Result<&Late, RuleError> {
        let compiler = Compiler { id: &self.id, file: &self.file, subject: self.subject };
        self.late.get_or_init(|| compiler.late()).as_ref().map_err(Clone::clone)
    }

    /// The worst severity it can report.
    pub fn worst_severity(&self) -> Severity {
        self.file.severity_when.keys().copied().chain([self.file.severity]).max().unwrap_or(self.file.severity)
    }

    /// Whether it judges objects of this kind.
    pub fn covers(&self, group: &str, version: &str, kind: &str) -> bool {
        self.kinds.iter().any(|pattern| {
            (pattern.group == "*" || pattern.group == group)
                && (pattern.kind == "*" || pattern.kind == kind)
                && (pattern.version == "*" || pattern.version == version)
        })
    }
}

fn problem_kind(code: &str) -> Option<ProblemKind> {
    ProblemKind::ALL.iter().copied().find(|kind| kind.code() == code)
}

impl KindPattern {
    fn parse(text: &str) -> Option<KindPattern> {
        let (api_version, kind) = text.rsplit_once('/')?;
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let own = |text: &str| text.to_string();
        (!version.is_empty() && !kind.is_empty()).then(|| KindPattern {
            group: own(group),
            version: own(version),
            kind: own(kind),
        })
    }
}

struct Compiler<'r> {
    id: &'r RuleId,
    file: &'r RuleFile,
    subject: SubjectKind,
}

impl Compiler<'_> {
    fn expressions(&self, expect: &str) -> Result<Expressions, RuleError> {
        let each = self.file.each.as_ref().map(|each| self.compile("each", &each.list, false)).transpose()?;
        let when = self.file.when.as_deref().map(|when| self.compile("when", when, true)).transpose()?;
        let severities = self.file.severity_when.iter().rev();
        let severity_when = severities
            .map(|(severity, when)| Ok((*severity, self.compile(&format!("severityWhen.{severity}"), when, true)?)))
            .collect::<Result<Vec<_>, RuleError>>()?;
        Ok(Expressions { each, when, expect: self.compile("expect", expect, true)?, severity_when })
    }

    fn late(&self) -> Result<Late, RuleError> {
        let at = self.file.at.as_deref().map(|at| self.compile("at", at, true)).transpose()?;
        let related = self.file.related.iter().map(|related| self.related(related));
        let related = related.collect::<Result<Vec<_>, RuleError>>()?;
        let template = self.file.message.as_deref().unwrap_or(&self.file.title);
        Ok(Late { at, message: self.parts("message", template)?, related })
    }

    fn related(&self, related: &RelatedAt) -> Result<LateRelated, RuleError> {
        let Some(each) = &related.each else {
            let at = self.compile("related", &related.at, true)?;
            return Ok(LateRelated { each: None, at, text: self.parts("related", &related.text)? });
        };
        if self.file.each.is_some() {
            return Err(self.fail("related", "a rule with `each` has no other one".to_string(), None));
        }
        let list = self.compile("related", &each.list, false)?;
        let file = RuleFile { each: Some(each.clone()), ..self.file.clone() };
        let inner = Compiler { file: &file, ..*self };
        let at = inner.compile("related", &related.at, true)?;
        Ok(LateRelated { each: Some(list), at, text: inner.parts("related", &related.text)? })
    }

    fn parts(&self, field: &str, template: &str) -> Result<Vec<Part>, RuleError> {
        let pieces = pieces(template).map_err(|at| self.fail(field, format!("`{{` at {at} is never closed"), None))?;
        pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => Ok(Part::Text(text.to_string())),
                Piece::Expression(text, _) => Ok(Part::Value(self.compile(field, text, true)?)),
            })
            .collect()
    }

    fn compile(&self, field: &str, text: &str, with_each: bool) -> Result<Program, RuleError> {
        let scope = self.scope(with_each);
        compile(text, &scope).map_err(|errors| match errors.first() {
            Some(error) => self.fail(field, error.message.clone(), Some(error.span)),
            None => self.fail(field, "cannot be compiled".to_string(), None),
        })
    }

    fn fail(&self, field: &str, message: String, span: Option<Span>) -> RuleError {
        RuleError { rule: self.id.clone(), field: field.to_string(), message, span }
    }

    /// The variables, in slot order.
    fn scope(&self, with_each: bool) -> Scope {
        let object = if self.subject == SubjectKind::Object { "_" } else { "object" };
        let mut scope = Scope::new();
        scope.variable(self.subject.variable(), subject_type(self.subject));
        scope.variable(object, Type::Dyn);
        scope.parameters("params", self.params());
        scope.variable("cluster", Type::Object(&CLUSTER));
        if let Some(each) = self.file.each.as_ref().filter(|_| with_each) {
            scope.variable(&each.name, Type::Dyn);
        }
        scope
    }

    fn params(&self) -> Vec<(String, Type)> {
        use super::file::ParamKind;
        let kind = |kind: ParamKind| match kind {
            ParamKind::Int => Type::Int,
            ParamKind::Bool => Type::Bool,
            ParamKind::String => Type::String,
            ParamKind::List => Type::List(&Type::String),
        };
        self.file.params.iter().map(|(name, param)| (name.clone(), kind(param.kind))).collect()
    }
}
