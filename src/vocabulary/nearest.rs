//! "Did you mean": the nearest of some words, if any is near.

/// The word of `words` that `typed` most likely meant; `None` when none is close (similarity below 0.7).
pub fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = words.into_iter().map(|word| (strsim::jaro_winkler(typed, word), word));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
    (best.0 >= 0.7).then_some(best.1)
}
