//! Command lines for the reader to copy. They carry the global flags of this run, so they reach the same server.

use std::sync::OnceLock;

static FLAGS: OnceLock<Vec<String>> = OnceLock::new();

/// Sets the flags that choose the server of this run and how it is reached. Only the first call has an effect.
pub(crate) fn carry(flags: Vec<String>) {
    let _ = FLAGS.set(flags);
}

/// Returns a command line of this program, ready to be pasted into a shell. Words for the reader to replace are in
/// capitals.
#[must_use]
pub(crate) fn acpctl(words: &[&str]) -> String {
    let flags = FLAGS.get().map(Vec::as_slice).unwrap_or_default();
    let flags = flags.iter().map(String::as_str);
    let line: Vec<&str> = std::iter::once("acpctl")
        .chain(flags)
        .chain(words.iter().copied())
        .collect();
    shell_line(&line)
}

/// Returns a command line for a POSIX shell.
#[must_use]
pub(crate) fn shell_line(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    words.join(" ")
}

/// Returns a word for a POSIX shell, in quotes if it needs them.
#[must_use]
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    // A tilde at the start stands for the home directory.
    let plain = text.strip_prefix("~/").unwrap_or(text);
    if !plain.is_empty() && plain.chars().all(is_plain) {
        text.to_owned()
    } else {
        shell_quoted(text)
    }
}

/// Returns a word for a POSIX shell in quotes. If it has control characters, the form is `$'…'`, in which they are
/// visible.
#[must_use]
pub(crate) fn shell_quoted(text: &str) -> String {
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
