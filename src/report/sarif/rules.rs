//! A rule's card as a SARIF rule.

use crate::report::RuleCard;
use crate::vocabulary::{Confidence, Pillar, Severity, Stability};

use super::level;
use super::log::{Configuration, Help, Properties, Rule, Text};

/// GitHub's limit for descriptions, in characters.
const MAX_TEXT: usize = 1024;
/// GitHub keeps ten tags of a rule.
const MAX_TAGS: usize = 10;

pub(super) fn rule(card: &RuleCard) -> Rule {
    Rule {
        id: card.id.as_str().to_string(),
        short_description: text(&card.title),
        full_description: text(&card.why),
        help: Help { text: card.fix.clone(), markdown: help(card) },
        help_uri: card.references.first().cloned(),
        default_configuration: Configuration { level: level(card.severity) },
        properties: properties(card),
    }
}

fn text(text: &str) -> Text {
    Text { text: text.chars().take(MAX_TEXT).collect() }
}

fn help(card: &RuleCard) -> String {
    let links: String = card.references.iter().map(|link| format!("\n- <{link}>")).collect();
    format!("{}\n\n**Fix:** {}\n{links}", card.why, card.fix).trim_end().to_string()
}

fn properties(card: &RuleCard) -> Properties {
    let security = card.pillar == Pillar::Security;
    let mut tags = vec!["kubernetes".to_string(), card.pillar.to_string(), card.area.clone()];
    if card.status == Stability::Preview {
        tags.push(card.status.to_string());
    }
    let controls = card.frameworks.iter().flat_map(|(name, ids)| ids.iter().map(move |id| format!("{name}/{id}")));
    tags.extend(controls);
    tags.truncate(MAX_TAGS);
    Properties {
        tags,
        precision: match card.confidence {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        },
        problem_severity: match card.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "recommendation",
        },
        security_severity: if security { security_severity(card.severity) } else { None },
    }
}

/// Within GitHub's bands: critical above 9.0, high from 7.0, medium from 4.0, low above 0.
fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("3.0"),
        Severity::Info => None,
    }
}
