//! Words that users bring from other tools, and what they mean here.

/// A noun, a verb that users expect below it, and the words of the command that does it. These are understood.
pub const VERBS: &[(&str, &str, &[&str])] = &[
    ("session", "list", &["get", "sessions"]),
    ("session", "ls", &["get", "sessions"]),
    ("session", "get", &["get", "session"]),
    ("session", "show", &["get", "session"]),
    ("session", "describe", &["describe", "session"]),
    ("session", "create", &["create", "session"]),
    ("session", "start", &["start", "--or-session"]),
    ("session", "stop", &["stop"]),
    ("session", "delete", &["delete", "session"]),
    ("session", "rm", &["delete", "session"]),
    ("session", "remove", &["delete", "session"]),
    ("session", "wait", &["wait"]),
    ("credential", "describe", &["describe", "credential"]),
    ("credential", "edit", &["edit", "credential"]),
    ("credential", "exec", &["exec"]),
    ("agent", "show", &["agent", "get"]),
    ("agent", "describe", &["describe", "agent"]),
    ("agent", "edit", &["edit", "agent"]),
    ("application", "describe", &["describe", "application"]),
    ("project", "get", &["get", "project"]),
    ("project", "show", &["get", "project"]),
    ("project", "describe", &["describe", "project"]),
    ("project", "edit", &["edit", "project"]),
    ("project", "use", &["project", "set"]),
    ("project", "switch", &["project", "set"]),
];

/// Words behind `acpctl`, and the lines that a hint names in their place.
const LINES: &[(&str, &[&str])] = &[
    ("auth", &["login", "whoami"]),
    ("auth login", &["login"]),
    ("auth logout", &["logout"]),
    ("auth status", &["whoami"]),
    ("auth token", &["whoami"]),
    ("bind", &["credential bind"]),
    ("bindings", &["credential bindings"]),
    ("check", &["doctor", "credential validate"]),
    ("cluster-info", &["doctor"]),
    ("context", &["config get-contexts"]),
    ("context create", &["config set-context"]),
    ("context current", &["config current-context"]),
    ("context rename", &["config rename-context"]),
    ("context set", &["config set-context"]),
    ("context show", &["config current-context"]),
    ("context use", &["config use-context"]),
    ("contexts", &["config get-contexts"]),
    ("ctx", &["config get-contexts"]),
    ("ctx use", &["config use-context"]),
    ("current-context", &["config current-context"]),
    ("diff", &["apply --diff"]),
    ("events", &["session events"]),
    ("explain", &["session explain", "credential explain"]),
    ("export", &["local export"]),
    ("get-contexts", &["config get-contexts"]),
    ("import", &["create", "local import"]),
    ("init", &["doctor", "login"]),
    ("inspect", &["describe", "credential inspect"]),
    ("kubeconfig", &["credential create"]),
    ("lint", &["credential validate"]),
    ("list", &["get"]),
    ("log", &["session messages", "session logs"]),
    ("logs", &["session messages", "session logs"]),
    ("ls", &["get"]),
    ("me", &["whoami"]),
    ("messages", &["session messages"]),
    ("patch", &["edit"]),
    ("policies", &["policy list"]),
    ("preview", &["session preview"]),
    ("probe", &["session probe"]),
    ("ps", &["session list"]),
    ("run", &["create session", "exec"]),
    ("scan", &["credential scan"]),
    ("secret", &["credential"]),
    ("secrets", &["credential"]),
    ("send", &["session send"]),
    ("set", &["config set"]),
    ("set project", &["project set"]),
    ("settings", &["config view"]),
    ("status", &["whoami", "doctor"]),
    ("switch", &["project set", "config use-context"]),
    ("top", &["session list"]),
    ("trigger", &["scheduled-session trigger"]),
    ("tui", &["ambient"]),
    ("ui", &["ambient"]),
    ("unbind", &["credential unbind"]),
    ("update", &["edit", "apply"]),
    ("upgrade", &["version --check"]),
    ("use", &["project set", "config use-context"]),
    ("use-context", &["config use-context"]),
    ("validate", &["credential validate"]),
    ("agent log", &["session messages", "session logs"]),
    ("agent logs", &["session messages", "session logs"]),
    ("agent messages", &["session messages"]),
    ("agent ps", &["agent list"]),
    ("agent run", &["agent start"]),
    ("config context", &["config get-contexts"]),
    ("config context use", &["config use-context"]),
    ("config contexts", &["config get-contexts"]),
    ("config current", &["config current-context"]),
    ("config list", &["config view"]),
    ("config ls", &["config view"]),
    ("config show", &["config view"]),
    ("config use", &["config use-context"]),
    ("credential lint", &["credential validate"]),
    ("credential run", &["exec"]),
    ("credential set", &["credential update"]),
    ("credential use", &["exec", "credential bind"]),
    ("project get", &["project list"]),
    ("project show", &["project current"]),
    ("project describe", &["describe project"]),
    ("project switch", &["project set"]),
    ("project use", &["project set"]),
    ("session attach", &["session messages"]),
    ("session kill", &["session stop"]),
    ("session log", &["session logs"]),
    ("session new", &["create session"]),
    ("session ps", &["session list"]),
    ("session remove", &["session delete"]),
    ("session run", &["create session"]),
];

/// Verbs of other tools, and the verbs that mean the same here, where the command has them.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("add", &["create"]),
    ("check", &["validate"]),
    ("cancel", &["stop"]),
    ("destroy", &["delete"]),
    ("import", &["create"]),
    ("info", &["inspect", "get"]),
    ("kill", &["stop"]),
    ("ls", &["list"]),
    ("new", &["create"]),
    ("ps", &["list"]),
    ("remove", &["delete"]),
    ("rename", &["update"]),
    ("replace", &["update"]),
    ("rm", &["delete"]),
    ("rotate", &["update", "renew"]),
    ("run", &["start", "trigger"]),
    ("show", &["get"]),
    ("status", &["get"]),
    ("test", &["validate"]),
    ("verify", &["validate"]),
    ("view", &["get"]),
];

/// Flags of other tools, and the flags or arguments that mean the same here, where the command has them.
const FLAGS: &[(&str, &[&str])] = &[
    ("context", &["context-name"]),
    ("file", &["from-file"]),
    ("filename", &["from-file", "file"]),
    ("force", &["yes"]),
    ("from-file", &["file"]),
    ("kubeconfig", &["from-file", "file"]),
    ("namespace", &["project"]),
    ("port", &["listen"]),
    ("project-id", &["project"]),
    ("server", &["api-url"]),
    ("selector", &["label"]),
    ("token-file", &["token-stdin", "token-from-file"]),
    ("url", &["api-url"]),
];

/// Letters of flags of other tools, as [`FLAGS`].
const LETTERS: &[(char, &str)] = &[
    ('f', "file"),
    ('n', "project"),
    ('s', "api-url"),
    ('y', "yes"),
];

/// Verbs by which something ends or is lost: a hint names one only for a word that can hardly mean another.
pub(super) const ENDING: &[&str] = &[
    "delete",
    "delete-context",
    "interrupt",
    "logout",
    "rekey",
    "restore",
    "revoke",
    "stop",
    "suspend",
    "transfer",
    "unbind",
    "unset",
];

/// Returns the lines that words behind a command stand for in other tools. The longest entry that fits counts.
pub(super) fn lines(path: &str, words: &[String]) -> &'static [&'static str] {
    let key = |count: usize| format!("{path} {}", words[..count].join(" "));
    let found = (1..=words.len().min(2)).rev().find_map(|count| {
        let key = key(count);
        LINES.iter().find(|(known, _)| *known == key.trim_start())
    });
    found.map_or(&[], |(_, lines)| lines)
}

/// Returns the verbs that another tool's verb stands for.
pub(super) fn verbs(word: &str) -> &'static [&'static str] {
    let found = SYNONYMS.iter().find(|(other, _)| *other == word);
    found.map_or(&[], |(_, names)| names)
}

/// Returns the flags that another tool's flag stands for.
pub(super) fn flags(name: &str) -> &'static [&'static str] {
    let found = FLAGS.iter().find(|(other, _)| *other == name);
    found.map_or(&[], |(_, names)| names)
}

/// Returns the flag that the letter of another tool's flag stands for.
pub(super) fn letter(letter: char) -> Option<&'static str> {
    let found = LETTERS.iter().find(|(other, _)| *other == letter);
    found.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;
    use crate::compat::grammar::define_all;

    #[test]
    fn every_line_names_a_command_and_no_entry_hides_one() {
        let mut root = Cli::command();
        define_all(&mut root);
        for (known, lines) in LINES {
            let mut words = known.split(' ');
            let last = words.next_back().unwrap();
            let above = words.try_fold(&root, |command, word| command.find_subcommand(word));
            let hidden = above.is_some_and(|command| command.find_subcommand(last).is_some());
            assert!(!hidden, "{known} is a command");
            for line in *lines {
                let is_verb = |line: &str| {
                    VERBS
                        .iter()
                        .any(|(noun, verb, _)| format!("{noun} {verb}") == line)
                };
                let mut names = line.split(' ').filter(|word| !word.starts_with('-'));
                let found = names.try_fold(&root, |command, word| {
                    let takes_words = !command.has_subcommands();
                    let below = command.find_subcommand(word);
                    below.or_else(|| takes_words.then_some(command))
                });
                assert!(found.is_some() || is_verb(line), "{line} is no command");
            }
        }
    }
}
