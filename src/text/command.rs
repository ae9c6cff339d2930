//! Command lines that a reader copies: they do the same as this run, so they carry its global flags.

use std::sync::OnceLock;

static FLAGS: OnceLock<Vec<String>> = OnceLock::new();

/// Sets the flags that say which server this run talks to, and how. The first call counts.
pub fn carry(flags: Vec<String>) {
    let _ = FLAGS.set(flags);
}

/// A command line of this program, ready to be pasted into a shell. Words that the reader fills in are in capitals.
#[must_use]
pub fn acpctl(words: &[&str]) -> String {
    let flags = FLAGS.get().map(Vec::as_slice).unwrap_or_default();
    let words = flags
        .iter()
        .map(String::as_str)
        .chain(words.iter().copied());
    std::iter::once("acpctl".to_owned())
        .chain(words.map(shell_word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word for a POSIX shell: in quotes where it needs them.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    // A tilde at the start stands for the home directory.
    let plain = text.strip_prefix("~/").unwrap_or(text);
    if !plain.is_empty() && plain.chars().all(is_plain) {
        text.to_owned()
    } else {
        shell_quoted(text)
    }
}

/// A word for a POSIX shell, in quotes. One with control characters is in the form `$'…'`, in which it can be seen.
#[must_use]
pub fn shell_quoted(text: &str) -> String {
    if text.chars().any(super::seen::is_unseen) {
        let bytes = text.bytes().map(|byte| match byte {
            b'\'' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        });
        return format!("$'{}'", bytes.collect::<String>());
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_can_be_pasted() {
        for (word, shown) in [
            ("prod", "prod"),
            ("~/.kube/config", "~/.kube/config"),
            ("~root", "'~root'"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(x)'", "'$(x)'\\'''"),
            ("a\x1b'\u{200b}", "$'a\\x1b\\'\\xe2\\x80\\x8b'"),
            ("部署", "'部署'"),
        ] {
            assert_eq!(shell_word(word), shown);
        }
    }
}
