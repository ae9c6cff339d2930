//! The command or flag that a misspelled word was meant for: first from the habits of other tools, then by its letters.

use super::habits::{self, ENDING};
use crate::compat::near::changes;
use crate::text::command::acpctl_again;

/// The most changes between a word and the name that it may have been meant for.
const MAX_CHANGES: usize = 2;

/// A word of this many letters may differ by one more change.
const LETTERS_FOR_A_CHANGE: usize = 3;

/// The letters from which on the beginning of a name is clear enough for a verb by which something is lost.
const CLEAR_BEGINNING: usize = 3;

/// Returns the lines below the command at `path` that some words may have been meant for; the command has the verbs
/// `names`.
#[must_use]
pub fn meant(path: &str, words: &[String], names: &[&str]) -> Vec<String> {
    let known = habits::lines(path, words);
    if !known.is_empty() {
        return known.iter().map(|line| (*line).to_owned()).collect();
    }
    let word = words.first().map_or("", String::as_str);
    let mut verbs = habits::verbs(word).to_vec();
    verbs.retain(|verb| names.contains(verb));
    if verbs.is_empty() {
        let names = names.iter().copied();
        verbs.extend(nearest(word, names.filter(|name| is_safe(word, name))));
    }
    let line = |verb: &str| format!("{path} {verb}").trim_start().to_owned();
    verbs.into_iter().map(line).collect()
}

/// Returns the hint that names some lines, given without the program's name; `None` if there is no line. The lines
/// reach the server of this run.
#[must_use]
pub fn did_you_mean(lines: &[String]) -> Option<String> {
    let words = |line: &String| acpctl_again(&line.split(' ').collect::<Vec<_>>());
    let shown = lines.iter().map(|line| format!("'{}'", words(line)));
    let shown = shown.collect::<Vec<_>>().join(" or ");
    (!lines.is_empty()).then(|| format!("did you mean {shown}?"))
}

/// Returns the name that a word was most likely meant for, if one is near.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .filter(|name| is_near(word, name))
        .min_by_key(|name| changes(word, name))
}

fn is_near(word: &str, name: &str) -> bool {
    let (word, name) = (word.to_lowercase(), name.to_lowercase());
    let most = (word.chars().count() / LETTERS_FOR_A_CHANGE).clamp(1, MAX_CHANGES);
    name.starts_with(&word) || changes(&word, &name) <= most
}

/// Returns false for a verb by which something is lost, unless the word can hardly mean another verb.
fn is_safe(word: &str, verb: &str) -> bool {
    let begins = verb.starts_with(word) && word.len() >= CLEAR_BEGINNING;
    let misspelled = changes(word, verb) <= 1 && word.chars().next() == verb.chars().next();
    begins || misspelled || !ENDING.contains(&verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_by_which_something_is_lost_is_named_for_a_clear_word_alone() {
        for (word, near) in [
            ("delte", Some("delete")),
            ("del", Some("delete")),
            ("revok", Some("revoke")),
            ("r", None),
            ("renove", None),
            ("pq", None),
            ("lsit", Some("list")),
        ] {
            let names = ["list", "delete", "revoke", "api"];
            let found = meant("", &[word.to_owned()], &names);
            assert_eq!(found.first().map(String::as_str), near, "{word}");
        }
    }
}
