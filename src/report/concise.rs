//! `concise`: one line a finding, `path:line:col: severity[rule] message`, for editors and grep.

use std::io::{self, Write};

use super::escape::escape;
use super::style::{Detail, Role, Style};
use super::tally::counts_line;
use super::{Location, Report, SourceText};

pub(super) fn write(report: &Report, _: &dyn SourceText, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if style.detail == Detail::Summary {
        return writeln!(out, "{}", counts_line(report, 0));
    }
    for problem in &report.problems {
        let place = problem.location.as_ref().map_or_else(String::new, |at| format!("{}: ", position(at)));
        let code = style.paint(Role::Strong, &format!("problem[{}]", problem.code.code()));
        writeln!(out, "{place}{code} {}", escape(&problem.message))?;
    }
    for finding in report.findings.iter().filter(|finding| finding.is_open_failure()) {
        let word = style.paint(Role::Severity(finding.severity), finding.severity.as_str());
        let place = position(&finding.location);
        writeln!(out, "{place}: {word}[{}] {}", finding.rule, escape(&finding.message))?;
    }
    writeln!(out, "{}", counts_line(report, 0))
}

/// `path:line:col`, or the object and its field where there is no text. Two colons at the beginning of a line would be a command
/// to a build agent.
pub(super) fn position(location: &Location) -> String {
    let text = written(location);
    if text.starts_with(':') { format!("./{text}") } else { text }
}

fn written(location: &Location) -> String {
    let path = match location.path.as_str() {
        "" => None,
        "-" => Some("<stdin>".into()),
        path => Some(escape(path)),
    };
    match (path, location.region) {
        (Some(path), Some(region)) => format!("{path}:{}:{}", region.line, region.column),
        (Some(path), None) if location.object.is_empty() => path.into_owned(),
        (Some(path), None) => format!("{path}: {}", object_and_field(location)),
        (None, _) => object_and_field(location),
    }
}

/// `Deployment/shop/web spec.replicas`
fn object_and_field(location: &Location) -> String {
    let joined = format!("{} {}", location.object, location.field);
    escape(joined.trim()).into_owned()
}
