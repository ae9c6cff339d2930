//! Secrets from flags, files and standard input: read once, to the end, never echoed, never trimmed.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::compat::quote::quote;
use crate::config::file::reason;
use crate::exit::{Failure, Kind};

/// The most that is read: beyond it, it is no secret (bytes).
pub const MAX_INPUT: usize = 32 << 20;

/// How much is read at a time, in bytes.
const STEP: usize = 64 << 10;

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The text itself stands on the command line.
    Literal,
    Stdin,
    File(std::path::PathBuf),
    /// Typed in answer to a question.
    Prompt,
}

/// Bytes read from a source; wiped after use. No `Debug`.
pub struct Input {
    pub bytes: Zeroizing<Vec<u8>>,
    pub source: Source,
}

impl Input {
    /// The folder that relative paths in the input refer to: that of the file, else the working directory.
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

    /// The source's name for messages.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.source {
            Source::Literal => "--token".to_owned(),
            Source::Prompt => "the terminal".to_owned(),
            Source::Stdin => "standard input".to_owned(),
            Source::File(path) => path.to_string_lossy().into_owned(),
        }
    }
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// Why it can't be read; [`Kind::Input`] where `-` is a terminal.
pub fn from_path(path: &str) -> Result<Input, Failure> {
    if path == "-" {
        return from_stdin();
    }
    let unreadable = |error: &io::Error| {
        Failure::new(
            Kind::Data,
            format!("read {}: {}", quote(path), reason(error)),
        )
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let bytes = read_to_end(file).map_err(|error| unreadable(&error))?;
    Ok(Input {
        bytes,
        source: Source::File(path.into()),
    })
}

/// Reads standard input to its end.
///
/// # Errors
/// [`Kind::Input`] where it is a terminal: nothing would ever come.
pub fn from_stdin() -> Result<Input, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::new(Kind::Input, "standard input is a terminal")
            .hint("pipe the secret in, or name a file with --from-file PATH"));
    }
    let bytes = read_to_end(io::stdin().lock()).map_err(|error| {
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

/// Reads the value of `--token`: `-` and `@-` are standard input, `@PATH` is a file, `@@` stands
/// for a literal `@` (contract field.md row 2).
///
/// # Errors
/// As [`from_path`].
pub fn from_token_flag(value: &str) -> Result<Input, Failure> {
    match value {
        "-" | "@-" => from_stdin(),
        _ => match value.strip_prefix('@') {
            Some(literal) if literal.starts_with('@') => Ok(literal_input(literal)),
            Some("") => Err(Failure::usage("--token @ names no file")
                .hint("use --token @PATH, --token @- for standard input, or @@ for a literal @")),
            Some(path) => from_path(path),
            None => Ok(literal_input(value)),
        },
    }
}

fn literal_input(text: &str) -> Input {
    Input {
        bytes: Zeroizing::new(text.as_bytes().to_vec()),
        source: Source::Literal,
    }
}

/// True where standard input brings data by itself: a pipe, a file or a socket, not a terminal
/// and not a device such as `/dev/null`.
#[must_use]
pub fn stdin_is_piped() -> bool {
    use rustix::fs::{FileType, fstat};
    fstat(io::stdin()).is_ok_and(|stat| {
        matches!(
            FileType::from_raw_mode(stat.st_mode),
            FileType::Fifo | FileType::RegularFile | FileType::Socket
        )
    })
}

/// Reads everything. Room is made in steps of our own and wiped when outgrown: a plain read would
/// leave copies of the secret behind.
fn read_to_end(mut reader: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(STEP));
    loop {
        if bytes.len() == bytes.capacity() {
            if bytes.len() >= MAX_INPUT {
                return Err(io::Error::other(format!(
                    "more than {} MiB",
                    MAX_INPUT >> 20
                )));
            }
            let mut larger = Zeroizing::new(Vec::with_capacity(bytes.capacity() * 4));
            larger.extend_from_slice(&bytes);
            bytes = larger;
        }
        let filled = bytes.len();
        let room = bytes.capacity().min(filled + STEP);
        bytes.resize(room, 0);
        let read = loop {
            match reader.read(&mut bytes[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        bytes.truncate(filled + read.as_ref().copied().unwrap_or(0));
        if read? == 0 {
            return Ok(bytes);
        }
    }
}
