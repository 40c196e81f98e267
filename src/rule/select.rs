//! Which rules run: profile, `--select` and `--ignore` over ids, aliases, areas, pillars, frameworks and globs.

use globset::Glob;

use super::Rule;
use crate::vocabulary::{Profile, nearest};

/// One word of `--select` or `--ignore`.
struct Pattern {
    word: String,
    glob: Option<globset::GlobMatcher>,
}

impl Pattern {
    fn new(word: &str) -> Result<Self, SelectError> {
        let glob = match word.contains(['*', '?', '[']) {
            true => {
                Some(Glob::new(word).map_err(|_| SelectError { word: word.to_string(), near: None })?.compile_matcher())
            }
            false => None,
        };
        Ok(Pattern { word: word.to_string(), glob })
    }

    fn fits(&self, rule: &Rule) -> bool {
        let named = [rule.id.as_str(), rule.area.as_str(), rule.pillar.as_str()];
        let framework = || {
            rule.file.frameworks.iter().any(|(name, controls)| {
                *name == self.word || controls.iter().any(|control| format!("{name}:{control}") == self.word)
            })
        };
        match &self.glob {
            Some(glob) => glob.is_match(rule.id.as_str()),
            None => named.contains(&self.word.as_str()) || rule.file.aliases.contains(&self.word) || framework(),
        }
    }
}

/// A word that fits no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectError {
    /// The word.
    pub word: String,
    /// The nearest id, area or pillar.
    pub near: Option<String>,
}

/// The rules of `rules` that run. Rules that are selected by name run whatever the profile; everything else obeys it.
pub fn select<'a>(
    rules: &'a [Rule],
    profile: Profile,
    selected: &[String],
    ignored: &[String],
) -> Result<Vec<&'a Rule>, SelectError> {
    let patterns = |words: &[String]| words.iter().map(|word| known(rules, word)).collect::<Result<Vec<_>, _>>();
    let (selected, ignored) = (patterns(selected)?, patterns(ignored)?);
    let by_name =
        |rule: &Rule| selected.iter().any(|pattern| pattern.glob.is_none() && pattern.word == rule.id.as_str());
    let fits = |rule: &&Rule| {
        let wanted = selected.is_empty() || selected.iter().any(|pattern| pattern.fits(rule));
        let in_profile = (rule.file.profile <= profile && !rule.file.opt_in) || by_name(rule);
        wanted && in_profile && !ignored.iter().any(|pattern| pattern.fits(rule))
    };
    Ok(rules.iter().filter(fits).collect())
}

fn known(rules: &[Rule], word: &str) -> Result<Pattern, SelectError> {
    let pattern = Pattern::new(word)?;
    if rules.iter().any(|rule| pattern.fits(rule)) {
        return Ok(pattern);
    }
    let words = rules.iter().flat_map(|rule| [rule.id.as_str(), rule.area.as_str(), rule.pillar.as_str()]);
    Err(SelectError { word: word.to_string(), near: nearest(word, words).map(str::to_string) })
}
