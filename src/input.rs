//! Reads secrets from flags, files and standard input: once, to the end, without echo and without trimming.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::compat::grammar::nearest;
use crate::compat::io_reason::reason;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::output::Out;
use crate::plain_file;
pub(crate) use crate::system::Stdin;
pub(crate) use crate::system::stdio::stdin;
use crate::system::{self, stdio};
use crate::text::quote;

/// The most that is read, in bytes: no secret is larger.
pub(crate) const MAX_INPUT: usize = 32 << 20;

/// The source of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The command line contains the text itself.
    Literal,
    Stdin,
    File(PathBuf),
    /// Typed in answer to a question.
    Prompt,
}

impl Source {
    /// Returns its name for messages, without the path of a file.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Literal => "--token",
            Self::Prompt => "the terminal",
            Self::Stdin => "standard input",
            Self::File(_) => "the file",
        }
    }
}

/// Warns of a secret on the command line. `instead` says how else it can be given; `is_strict` is `--strict`.
///
/// # Errors
/// `--strict`, or the variable that forbids such secrets.
pub(crate) fn judge_literal(out: &Out, instead: &str, is_strict: bool) -> Result<(), Failure> {
    let what =
        "a secret on the command line can be seen in the process list and the shell's history";
    let variable = env::NO_SECRET_ARGS;
    if variable.get().is_some() {
        let text = format!("{what}; {} forbids it", variable.name);
        return Err(Failure::usage(text).hint(instead));
    }
    if is_strict {
        return Err(Failure::new(Kind::Policy, format!("{what} (--strict)")).hint(instead));
    }
    out.warn(&format!("{what}; {instead}"));
    Ok(())
}

/// Returns true if the value of `--token` is the secret itself: neither standard input nor a file.
pub(crate) fn is_literal(value: impl AsRef<OsStr>) -> bool {
    match value.as_ref().as_encoded_bytes() {
        [] | b"-" => false,
        [b'@', rest @ ..] => rest.starts_with(b"@"),
        _ => true,
    }
}

/// The bytes that were read from a source. They are wiped after use, and there is no `Debug`.
pub struct Input {
    pub bytes: Zeroizing<Vec<u8>>,
    pub source: Source,
}

impl Input {
    /// Returns the folder for relative paths in the input: the folder of the file, else the working directory.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match &self.source {
            Source::File(path) => path
                .parent()
                .filter(|dir| !dir.as_os_str().is_empty())
                .unwrap_or(Path::new(".")),
            _ => Path::new("."),
        }
    }

    /// Returns the source's name for messages: the path, if it is a file.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.source {
            Source::File(path) => path.to_string_lossy().into_owned(),
            other => other.name().to_owned(),
        }
    }
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// The file can't be read; [`Kind::Input`] if `-` is a terminal.
pub(crate) fn from_path(path: impl AsRef<Path>) -> Result<Input, Failure> {
    let path = path.as_ref();
    if path.as_os_str() == "-" {
        return from_stdin();
    }
    let bytes =
        plain_file::read_named(path, MAX_INPUT).map_err(|error| unreadable(path, &error))?;
    Ok(Input {
        bytes,
        source: Source::File(path.to_owned()),
    })
}

/// Returns the failure to read a file, with a hint if its path has a `~` that no shell expanded.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(
        Kind::Data,
        format!("read {}: {}", quote(&path.to_string_lossy()), reason(error)),
    );
    if let Some(hint) = tilde_hint(path) {
        return failure.hint(hint);
    }
    if error.kind() == io::ErrorKind::NotFound && path.ends_with(".kube/config") {
        return failure.hint(
            "to write the kubeconfig that kubectl uses to a file: kubectl config view --raw --flatten > kubeconfig.yaml",
        );
    }
    match near_file(path).filter(|_| error.kind() == io::ErrorKind::NotFound) {
        Some(near) => failure.hint(format!("did you mean {}?", quote(&near))),
        None => failure,
    }
}

/// Returns the file beside a missing one whose name is the nearest to it.
fn near_file(path: &Path) -> Option<String> {
    /// The most files of a folder that are compared.
    const MOST: usize = 1000;
    let name = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let shown = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let entries = fs::read_dir(shown).ok()?.take(MOST).flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let names: Vec<String> = names.collect();
    let near = nearest(name, names.iter().map(String::as_str))?;
    Some(folder.join(near).to_string_lossy().into_owned())
}

/// Returns a hint for a path that begins with `~`. A shell expands it only at the beginning of a word: not in a
/// manifest, not after `--flag=`, and not in a quoted variable.
#[must_use]
pub(crate) fn tilde_hint(path: &Path) -> Option<String> {
    let text = path.to_string_lossy();
    let rest = text.strip_prefix('~')?;
    let home = env::HOME.path().filter(|_| rest.starts_with('/'));
    Some(match home {
        Some(home) => format!(
            "nothing expands the ~ here; write {}{rest}",
            home.to_string_lossy()
        ),
        None => "nothing expands the ~ here; write the whole path".to_owned(),
    })
}

/// Reads standard input to its end.
///
/// # Errors
/// [`Kind::Input`] if it is a terminal, where nobody would type the secret.
pub(crate) fn from_stdin() -> Result<Input, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::new(Kind::Input, "standard input is a terminal")
            .hint("pipe the secret in, or name a file with --from-file PATH"));
    }
    let bytes = plain_file::read_to_end(io::stdin().lock(), MAX_INPUT).map_err(|error| {
        Failure::new(
            Kind::Data,
            format!("read standard input: {}", reason(&error)),
        )
    })?;
    Ok(Input {
        bytes,
        source: Source::Stdin,
    })
}

/// Reads the value of `--token`: `-` and `@-` are standard input, `@PATH` is a file, `@@` stands for a literal `@`.
///
/// # Errors
/// As [`from_path`]. If the text after `@` is not the path of a file, it may be a secret, so it is not shown.
pub(crate) fn from_token_flag(value: impl AsRef<OsStr>) -> Result<Input, Failure> {
    let value = value.as_ref().as_encoded_bytes();
    match value {
        b"-" | b"@-" => from_stdin(),
        [b'@'] => Err(Failure::usage("--token @ needs a path")
            .hint("use --token @PATH, --token @- for standard input, or @@ for a literal @")),
        [b'@', literal @ ..] if literal.starts_with(b"@") => Ok(literal_input(literal)),
        [b'@', path @ ..] => {
            let path = &PathBuf::from(system::os_string(path));
            if path.symlink_metadata().is_err() {
                return Err(Failure::new(
                    Kind::Data,
                    "the value of --token begins with @, but the rest is not the path of a file",
                )
                .hint("check the path (it is not shown: it may be a secret); for a secret that begins with @, write @@"));
            }
            from_path(path)
        }
        _ => {
            refuse_path(value)?;
            Ok(literal_input(value))
        }
    }
}

/// Refuses the path of a file as a secret: the `@` in front of it was forgotten. No token begins as such a path does.
fn refuse_path(value: &[u8]) -> Result<(), Failure> {
    let begins = ["/", "./", "../", "~/"];
    let is_path = begins
        .iter()
        .any(|start| value.starts_with(start.as_bytes()));
    let path = PathBuf::from(system::os_string(value));
    // A pipe of the shell, `<(…)`, is a path in /dev/fd.
    let holds_data = fs::metadata(&path).is_ok_and(|about| !about.is_dir());
    if !is_path || !holds_data {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::usage(format!(
        "--token {path} is the path of a file, and would be taken for the secret itself"
    ))
    .hint(format!("to read the file: --token @{path}")))
}

fn literal_input(text: &[u8]) -> Input {
    Input {
        bytes: Zeroizing::new(text.to_vec()),
        source: Source::Literal,
    }
}

/// Returns true if standard input is a pipe, a file or a socket, and not a terminal or a device such as `/dev/null`.
#[must_use]
pub(crate) fn stdin_is_piped() -> bool {
    stdin() != Stdin::Silent
}

/// Returns true if data is piped to this command alone. With `patient`, a program that starts at the same time has a
/// second to write it.
#[must_use]
pub(crate) fn stdin_is_own_data(patient: bool) -> bool {
    if stdin() != Stdin::Given {
        return false;
    }
    if patient {
        stdio::await_data(Duration::from_secs(1));
    }
    stdin_holds_data()
}

/// Returns true if standard input holds data at this moment.
#[must_use]
pub(crate) fn stdin_holds_data() -> bool {
    stdin_is_piped() && stdio::waiting().is_ok_and(|bytes| bytes > 0)
}
