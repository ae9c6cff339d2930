//! Contents of secret files where the path of a file belongs: in the words of the command line, and in the list of
//! kubeconfigs.

use std::ffi::{OsStr, OsString};

use super::secrets;
use super::tokens::is_content;
use crate::env;

/// The shortest word of a file's content that is hidden alone.
const LONG: usize = 16;

/// Remembers such contents and their words: no message may repeat them.
pub(crate) fn know(words: &[OsString]) {
    let files = env::KUBECONFIG.get();
    let texts = words.iter().map(|word| value_of(word)).chain(files);
    for text in texts.filter(|text| is_content(text)) {
        // A list of paths is split at colons, and JSON holds quotes, so each value may stand alone.
        let is_long = |word: &&str| word.len() >= LONG && !word.contains("://");
        let is_edge = |c: char| c.is_whitespace() || "\"'{}[],".contains(c);
        for word in text.split(is_edge).filter(is_long) {
            secrets::know(&word.into());
        }
        secrets::know(&text.into());
    }
}

/// Returns the value in a word of the line: the part of `--flag=value` behind the sign, or the word.
fn value_of(word: &OsStr) -> String {
    let word = word.to_string_lossy().into_owned();
    match word.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => value.to_owned(),
        _ => word,
    }
}
