//! Command lines for the reader to copy. They carry the global flags of this run, so they reach the same server.

use std::sync::OnceLock;

static CARRIED: OnceLock<Carried> = OnceLock::new();

/// What suggested commands repeat of the command line of this run.
#[derive(Default)]
pub(crate) struct Carried {
    /// The flags that choose the server and how it is reached.
    pub server: Vec<String>,
    /// The project of `--project`.
    pub project: Option<String>,
}

/// The commands that work in one project.
const IN_PROJECT: [&str; 14] = [
    "agent",
    "create",
    "delete",
    "describe",
    "edit",
    "get",
    "inbox",
    "policy",
    "provider",
    "scheduled-session",
    "session",
    "start",
    "stop",
    "wait",
];

/// Sets what suggested commands repeat. Only the first call has an effect.
pub(crate) fn carry(carried: Carried) {
    let _ = CARRIED.set(carried);
}

/// Returns a command line of this program, ready to be pasted into a shell. Words for the reader to replace are in
/// capitals.
#[must_use]
pub(crate) fn acpctl(words: &[&str]) -> String {
    line(For::NextStep, words)
}

/// Returns a command line that takes the place of this run's. It does to the project what this run would do.
#[must_use]
pub(crate) fn acpctl_again(words: &[&str]) -> String {
    line(For::Again, words)
}

/// Returns a command line that takes the place of this run's, with another server than the one that its flags choose.
#[must_use]
pub(crate) fn acpctl_elsewhere(words: &[&str]) -> String {
    line(For::Elsewhere, words)
}

/// What a suggested command is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    NextStep,
    Again,
    Elsewhere,
}

fn line(purpose: For, words: &[&str]) -> String {
    let none = Carried::default();
    line_with(CARRIED.get().unwrap_or(&none), purpose, words)
}

fn line_with(carried: &Carried, purpose: For, words: &[&str]) -> String {
    let is_in_project = match words {
        ["create", "project", ..] => false,
        _ if purpose != For::NextStep => true,
        [verb, ..] => IN_PROJECT.contains(verb),
        [] => false,
    };
    let names_project = words.iter().any(|word| word.starts_with("--project"));
    let project = carried
        .project
        .as_ref()
        .filter(|_| is_in_project && !names_project)
        .map(|project| format!("--project={project}"));
    let names_context = words.iter().any(|word| word.starts_with("--context-name="));
    // A login names its server itself.
    let names_server = matches!(words, ["login", url, ..] if *url != "URL");
    let is_replaced = |flag: &str| match purpose {
        For::Elsewhere => {
            flag == "--local"
                || flag == "--context-name=local"
                || flag.starts_with("--api-url=")
                || names_context && flag.starts_with("--context-name=")
        }
        For::NextStep | For::Again => names_server && flag.starts_with("--api-url="),
    };
    let is_needed = |flag: &&String| !is_replaced(flag);
    let flags = carried.server.iter().filter(is_needed).chain(&project);
    let line: Vec<&str> = std::iter::once("acpctl")
        .chain(flags.map(String::as_str))
        .chain(words.iter().copied())
        .collect();
    shell_line(&line)
}

/// Returns a command line of this program about one object, whatever its name looks like: behind `--`, it is not read
/// as a flag.
#[must_use]
pub(crate) fn acpctl_for(verb: &[&str], name: &str, flags: &[&str]) -> String {
    acpctl(&about(verb, name, flags))
}

/// Returns the words of such a command line, for [`acpctl`].
#[must_use]
pub(crate) fn about<'w>(verb: &[&'w str], name: &'w str, flags: &[&'w str]) -> Vec<&'w str> {
    if name.starts_with('-') {
        [verb, flags, &["--", name]].concat()
    } else {
        [verb, &[name], flags].concat()
    }
}

/// Returns a command line that runs a command with a credential. A name that looks like a flag becomes the value of
/// one, since `--` begins the command.
#[must_use]
pub(crate) fn acpctl_exec(name: &str, command: &[&str]) -> String {
    let words: &[&str] = if name.starts_with('-') {
        &["session", "exec", "--credential", name, "--"]
    } else {
        &["exec", name, "--"]
    };
    acpctl(&[words, command].concat())
}

/// Returns a command line of kubectl that reaches the cluster of this context, whatever the current one is. Without a
/// file, kubectl reads `KUBECONFIG`, as this run did.
#[must_use]
pub(crate) fn kubectl(file: Option<&str>, context: &str, words: &[&str]) -> String {
    let file: &[&str] = match &file {
        Some(file) => &["--kubeconfig", file],
        None => &[],
    };
    shell_line(&[&["kubectl"], file, &["--context", context], words].concat())
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
    fn a_suggested_command_stays_with_server_and_project() {
        let carried = Carried {
            server: vec!["--local".to_owned(), "--api-url=http://a".to_owned()],
            project: Some("team a".to_owned()),
        };
        for (purpose, words, line) in [
            (
                For::NextStep,
                &["agent", "list"][..],
                "acpctl --local --api-url=http://a '--project=team a' agent list",
            ),
            (
                For::NextStep,
                &["session", "list", "--project", "b"],
                "acpctl --local --api-url=http://a session list --project b",
            ),
            (
                For::NextStep,
                &["project", "set", "b"],
                "acpctl --local --api-url=http://a project set b",
            ),
            (
                For::NextStep,
                &["create", "project", "--name", "b"],
                "acpctl --local --api-url=http://a create project --name b",
            ),
            (
                For::NextStep,
                &["login", "http://b"],
                "acpctl --local login http://b",
            ),
            (
                For::Again,
                &["login", "http://b"],
                "acpctl --local '--project=team a' login http://b",
            ),
            (
                For::Elsewhere,
                &["login", "URL"],
                "acpctl '--project=team a' login URL",
            ),
        ] {
            assert_eq!(line_with(&carried, purpose, words), line);
        }
    }

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
