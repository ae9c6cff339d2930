//! Names that a misspelled word may have been meant for.

/// Returns the nearest of some names, if it is within `limit` changes: characters added, removed or replaced.
pub(crate) fn nearest<'n>(
    word: &str,
    names: impl Iterator<Item = &'n str>,
    limit: impl Fn(&str) -> usize,
) -> Option<&'n str> {
    names
        .map(|name| (distance(word, name), name))
        .filter(|(distance, name)| *distance <= limit(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

pub(crate) use strsim::levenshtein as distance;
/// As [`distance`], with two letters that change places as one change.
pub(crate) use strsim::osa_distance as changes;
