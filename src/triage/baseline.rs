//! Baselines: the findings that a repository lives with until it has time for them.
//!
//! A text file, one finding a line, so that two branches which change it can be merged: the fingerprint decides, the rest of
//! the line is for readers. Reading and writing the file is not done here.

use std::collections::BTreeSet;

const HEADER: &str = "\
# Baseline of k8sready: findings to live with, one a line. Only the first word counts; the rest is for readers.
# `k8sready baseline write` makes it anew, `k8sready baseline check` says which lines match nothing any more.
";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The rule, for readers and to know whether it ran.
    pub rule: String,
    /// File and object, for readers.
    pub place: String,
    /// The finding.
    pub fingerprint: String,
}

/// The lines of a baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeSet<Entry>,
    prints: BTreeSet<String>,
}

impl Baseline {
    /// Takes entries.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let entries: BTreeSet<Entry> = entries.into_iter().collect();
        let prints = entries.iter().map(|entry| entry.fingerprint.clone()).collect();
        Baseline { entries, prints }
    }

    /// Reads the text.
    ///
    /// # Errors
    /// The number of the first line that does not begin with a fingerprint, from 1.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let entries: Result<Vec<Entry>, usize> = lines.map(|(at, line)| entry(line).ok_or(at + 1)).collect();
        Ok(Baseline::new(entries?))
    }

    /// The text, sorted by rule and place.
    pub fn text(&self) -> String {
        let lines = self.entries.iter().map(|entry| format!("{} {} {}\n", entry.fingerprint, entry.rule, entry.place));
        [HEADER.to_string()].into_iter().chain(lines).collect()
    }

    /// Whether a finding is listed.
    pub fn has(&self, fingerprint: &str) -> bool {
        self.prints.contains(fingerprint)
    }

    /// Lines that match nothing: `met` are the fingerprints of this run, `ran` says whether a rule took part in it.
    pub fn stale<'a>(&self, met: impl Iterator<Item = &'a str>, ran: impl Fn(&str) -> bool) -> Vec<&Entry> {
        let met: BTreeSet<&str> = met.collect();
        self.entries.iter().filter(|entry| ran(&entry.rule) && !met.contains(entry.fingerprint.as_str())).collect()
    }

    /// All lines, sorted by rule and place.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.trim_end().splitn(3, ' ');
    let fingerprint = words.next().filter(|word| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let mut rest = || words.next().unwrap_or_default().to_string();
    Some(Entry { fingerprint: fingerprint.to_string(), rule: rest(), place: rest() })
}

#[cfg(test)]
mod tests {
    use super::{Baseline, Entry};

    fn entry(rule: &str, place: &str, digit: char) -> Entry {
        let fingerprint = digit.to_string().repeat(32);
        Entry { rule: rule.to_string(), place: place.to_string(), fingerprint }
    }

    #[test]
    fn what_is_written_is_read_back_in_one_order() {
        let (a, b) = (entry("pdb-missing", "a b.yaml Deployment/web", 'f'), entry("run-as-root", "", '0'));
        let baseline = Baseline::new([b.clone(), a.clone()]);
        assert_eq!(baseline, Baseline::new([a.clone(), b.clone()]));
        assert_eq!(Baseline::parse(&baseline.text()), Ok(baseline.clone()));
        assert!(baseline.has(&a.fingerprint) && !baseline.has("other"));
        assert_eq!(baseline.text().lines().filter(|line| !line.starts_with('#')).count(), 2, "one line each");
    }

    #[test]
    fn a_line_without_a_fingerprint_is_named() {
        assert_eq!(Baseline::parse("# comment\n\n<<<<<<< ours\n"), Err(3));
        assert_eq!(Baseline::parse(&format!("{}\n", "g".repeat(32))), Err(1));
        assert_eq!(Baseline::parse(""), Ok(Baseline::default()));
    }
}
