//! `full`: what people read on a terminal. Findings with the text they point at, grouped by rule, worst first; then
//! what could not be decided, the pillars, the score and what to fix first.
//!
//! Every word that matters is text: colour only repeats what is written. Everything that comes from the input is
//! escaped before it is measured or wrapped.

mod summary;
mod window;
mod wrap;

use std::io::{self, Write};

use super::concise::position;
use super::escape::escape;
use super::style::{Detail, Role};
use super::tally::{Group, groups};
use super::{Finding, ProblemNote, Report, RuleCard, SourceText, Style};
use wrap::{clip, width, wrap};

/// How many findings of a rule are shown with their text.
const IN_FULL: usize = 3;
/// How many more get a line each.
const IN_BRIEF: usize = 10;
/// Text is never wrapped to less than this, whatever the terminal says.
const NARROWEST: usize = 40;
/// Nor to more: longer lines are hard to read.
const WIDEST: usize = 120;

pub(super) fn write(report: &Report, texts: &dyn SourceText, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { texts, style, out, room: style.width.clamp(NARROWEST, WIDEST) };
    let groups = groups(report);
    let mut hidden = 0;
    if style.detail != Detail::Summary {
        for problem in &report.problems {
            page.problem(problem)?;
        }
        for group in &groups {
            hidden += page.group(report, group)?;
        }
    }
    summary::write(&mut page, report, &groups, hidden)
}

/// The sheet that is written to.
struct Page<'a> {
    texts: &'a dyn SourceText,
    style: &'a Style,
    out: &'a mut dyn Write,
    room: usize,
}

impl Page<'_> {
    fn problem(&mut self, problem: &ProblemNote) -> io::Result<()> {
        self.heading(Role::Fair, &format!("problem[{}]", problem.code.code()), &problem.message)?;
        if let Some(location) = &problem.location {
            self.arrow(1, &position(location))?;
        }
        writeln!(self.out)
    }

    /// Writes a rule's findings and says how many it left out.
    fn group(&mut self, report: &Report, group: &Group) -> io::Result<usize> {
        let findings = &group.findings;
        let (full, brief) = match self.style.detail {
            Detail::All => (findings.len(), 0),
            // A list of one is no shorter than the finding itself.
            _ if findings.len() == IN_FULL + 1 => (findings.len(), 0),
            _ => (IN_FULL.min(findings.len()), IN_BRIEF),
        };
        for (at, finding) in findings[..full].iter().enumerate() {
            self.finding(finding, report.card(group.rule).filter(|_| at == 0))?;
            writeln!(self.out)?;
        }
        self.rest(group, &findings[full..], brief)
    }

    fn rest(&mut self, group: &Group, rest: &[&Finding], brief: usize) -> io::Result<usize> {
        if rest.is_empty() {
            return Ok(0);
        }
        let listed = &rest[..brief.min(rest.len())];
        let label = format!("{}[{}]", group.worst, group.rule);
        let label = self.style.paint(Role::Severity(group.worst), &label);
        writeln!(self.out, "{label}: {} more", rest.len())?;
        let places: Vec<String> = listed.iter().map(|finding| position(&finding.location)).collect();
        let column = places.iter().map(|place| width(place)).max().unwrap_or(0).min(self.room / 2);
        for (finding, place) in listed.iter().zip(&places) {
            let pad = " ".repeat(column.saturating_sub(width(place)));
            let object = escape(&finding.location.object);
            let milder =
                if finding.severity == group.worst { String::new() } else { format!(" ({})", finding.severity) };
            let object = clip(&object, self.room.saturating_sub(column.max(width(place)) + 6).max(NARROWEST / 2));
            writeln!(self.out, "  {} {place}{pad}  {object}{milder}", self.style.paint(Role::Gutter, "-->"))?;
        }
        let hidden = rest.len() - listed.len();
        if hidden > 0 {
            writeln!(self.out, "      {hidden} not shown")?;
        }
        writeln!(self.out)?;
        Ok(hidden)
    }

    /// Writes a finding with its text, and with what its rule has to say where a card is given.
    fn finding(&mut self, finding: &Finding, card: Option<&RuleCard>) -> io::Result<()> {
        let preview = if finding.preview { " (preview)" } else { "" };
        let label = format!("{}[{}]{preview}", finding.severity, finding.rule);
        self.heading(Role::Severity(finding.severity), &label, &finding.message)?;
        let window = window::window(finding, self.texts, self.style);
        let digits = window.as_ref().map_or(1, |window| window.digits);
        let shown = window.as_ref().map_or(&[][..], |window| &window.shows);
        let elsewhere = finding.related.iter().enumerate().filter(|(at, _)| !shown.contains(at));
        let mut notes: Vec<(&str, String)> = elsewhere
            .map(|(_, related)| ("see", format!("{} ({})", related.text, position(&related.location))))
            .collect();
        notes.extend(card.map(|card| ("why", card.why.clone())));
        notes.extend(card.map(|card| ("help", card.fix.clone())));
        self.arrow(digits, &position(&finding.location))?;
        if let Some(window) = &window {
            self.out.write_all(window.text.as_bytes())?;
            if !notes.is_empty() {
                writeln!(self.out, "{}{}", " ".repeat(digits + 1), self.style.paint(Role::Gutter, "|"))?;
            }
        }
        notes.iter().try_for_each(|(label, text)| self.note(digits, label, text))
    }

    /// `label: message`, wrapped; labels are too long to continue under the message's first word.
    fn heading(&mut self, role: Role, label: &str, message: &str) -> io::Result<()> {
        let start = width(label) + 2;
        let indent = 4;
        let lines = wrap(&escape(message), self.room.saturating_sub(start), self.room - indent);
        write!(self.out, "{}: ", self.style.paint(role, label))?;
        for (at, line) in lines.iter().enumerate() {
            let pad = if at == 0 { 0 } else { indent };
            writeln!(self.out, "{}{}", " ".repeat(pad), self.style.paint(Role::Strong, line))?;
        }
        Ok(())
    }

    fn arrow(&mut self, digits: usize, place: &str) -> io::Result<()> {
        writeln!(self.out, "{}{} {place}", " ".repeat(digits), self.style.paint(Role::Gutter, "-->"))
    }

    /// `= label: text`, wrapped with the continuation under the text.
    fn note(&mut self, digits: usize, label: &str, text: &str) -> io::Result<()> {
        let indent = digits + 1;
        let hang = indent + width(label) + 4;
        let room = self.room.saturating_sub(hang);
        let lines = wrap(&escape(text), room, room);
        let (sign, label) = (self.style.paint(Role::Gutter, "="), self.style.paint(Role::Strong, label));
        for (at, line) in lines.iter().enumerate() {
            match at {
                0 => writeln!(self.out, "{}{sign} {label}: {line}", " ".repeat(indent))?,
                _ => writeln!(self.out, "{}{line}", " ".repeat(hang))?,
            }
        }
        Ok(())
    }
}

/// The colour of a value of the score.
fn quality(value: f64) -> Role {
    match value {
        90.0.. => Role::Good,
        70.0.. => Role::Fair,
        _ => Role::Bad,
    }
}
