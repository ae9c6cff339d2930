//! Command lines as a user types them, and runs as a user sees them.

use std::process::Output;

use super::snapshot::shown;

/// The words of a command line that stores a credential, with what comes behind them: the secret, and further flags.
pub fn credential_create<'a>(provider: &'a str, name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![
        "credential",
        "create",
        "--provider",
        provider,
        "--name",
        name,
    ];
    words.extend(more);
    words
}

/// Takes the arguments as one line, as in `.line("credential list -o wide")`. A word with a space in it is passed with
/// `arg`.
pub trait Line {
    fn line(&mut self, words: &str) -> &mut Self;
}

impl Line for assert_cmd::Command {
    fn line(&mut self, words: &str) -> &mut Self {
        self.args(words.split_whitespace())
    }
}

impl Line for std::process::Command {
    fn line(&mut self, words: &str) -> &mut Self {
        self.args(words.split_whitespace())
    }
}

/// Runs a command to its end.
pub trait Run {
    /// Exit status, standard output, standard error.
    fn told(&mut self) -> (Option<i32>, String, String);

    /// Standard output of a run that has to succeed.
    fn stdout(&mut self) -> String;

    /// All of it as one text, for a snapshot.
    fn shown(&mut self) -> String;
}

impl Run for assert_cmd::Command {
    fn told(&mut self) -> (Option<i32>, String, String) {
        told(&self.output().unwrap())
    }

    fn stdout(&mut self) -> String {
        let (status, stdout, stderr) = self.told();
        assert_eq!(status, Some(0), "{stderr}");
        stdout
    }

    fn shown(&mut self) -> String {
        shown(&self.output().unwrap())
    }
}

/// Exit status, standard output, standard error of a finished run.
pub fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}
