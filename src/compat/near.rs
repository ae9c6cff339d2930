//! Names that a misspelt word may have been meant for.

/// The nearest of some names, if one is near: within `limit` changes (a character more, less or another).
pub fn nearest<'n>(
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

/// The number of changes between two words.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
