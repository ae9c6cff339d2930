//! Where the secret of `create` and `update` comes from: exactly one source, read once, to its end.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Source};
use crate::kubeconfig::to_utf8;

/// The sources of a secret.
#[derive(Debug, Default, clap::Args)]
pub struct SourceArgs {
    /// The secret: a literal (visible to other users of this machine), - or @- for stdin, @PATH for a file
    #[arg(long, value_name = "VALUE|-|@PATH")]
    token: Option<OsString>,
    /// Read the secret from this file, or from stdin for -
    #[arg(short = 'f', long, value_name = "PATH|-")]
    from_file: Option<PathBuf>,
    /// Typed in answer to a question.
    #[arg(skip)]
    typed: Option<SecretString>,
}

impl SourceArgs {
    /// The secret is in a file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            from_file: Some(path.into()),
            ..Self::default()
        }
    }

    /// The secret was typed.
    pub fn typed(secret: SecretString) -> Self {
        Self {
            typed: Some(secret),
            ..Self::default()
        }
    }

    /// The path given with `--from-file`.
    pub fn path(&self) -> Option<&Path> {
        self.from_file.as_deref()
    }

    /// True where any source was named.
    pub fn is_given(&self) -> bool {
        self.token.is_some() || self.from_file.is_some() || self.typed.is_some()
    }

    /// Warns where the secret itself stands on the command line.
    pub fn warn_of_literal(&self, ctx: &Ctx) {
        let Some(token) = &self.token else { return };
        let names_a_source = match token.as_bytes() {
            [] | b"-" => true,
            [b'@', rest @ ..] => !rest.starts_with(b"@"),
            _ => false,
        };
        if !names_a_source {
            ctx.out.warn("a secret on the command line can be seen in the process list and the shell's history; use --from-file or a pipe");
        }
    }

    /// Reads the named source, if one was named.
    ///
    /// # Errors
    /// When two are named, or the one can't be read.
    pub fn read(&self) -> Result<Option<Input>, Failure> {
        match (&self.token, &self.from_file) {
            (Some(_), Some(_)) => Err(Failure::usage(
                "--token and --from-file are mutually exclusive",
            )
            .hint("name the secret's source once")),
            (Some(token), None) => input::from_token_flag(token).map(Some),
            (None, Some(path)) => input::from_path(path).map(Some),
            (None, None) => Ok(self.typed.as_ref().map(|secret| Input {
                bytes: Zeroizing::new(secret.expose_secret().as_bytes().to_vec()),
                source: Source::Prompt,
            })),
        }
    }
}

/// The secret as text. A file or pipe may be UTF-8 or, behind a byte order mark, UTF-16; the mark is no part of the secret.
/// A one-line secret loses one line end, which its producer added; nothing else is changed.
///
/// # Errors
/// For bytes that are no text, and for an empty file or pipe: a failed producer must not store nothing.
pub fn text(input: &Input) -> Result<SecretString, Failure> {
    let name = input.name();
    let not_text = || {
        Failure::new(
            Kind::Data,
            format!("the secret from {name} is not UTF-8 text"),
        )
        .hint("encode binary secrets, for example with base64")
    };
    if input.source == Source::Literal {
        let text = std::str::from_utf8(&input.bytes).map_err(|_| not_text())?;
        return Ok(SecretString::from(text));
    }
    let bytes = to_utf8(&input.bytes).map_err(|_| not_text())?;
    let text = std::str::from_utf8(&bytes).map_err(|_| not_text())?;
    if text.contains('\0') {
        return Err(Failure::new(
            Kind::Data,
            format!(
                "the secret from {name} holds NUL bytes: it may be UTF-16 without a byte order mark"
            ),
        )
        .hint("save it as UTF-8; encode binary secrets, for example with base64"));
    }
    if text.trim().is_empty() {
        return Err(empty(&name));
    }
    let line = text
        .strip_suffix('\n')
        .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretString::from(if line.contains('\n') {
        text
    } else {
        line
    }))
}

/// The refusal of an empty secret.
pub fn empty(name: &str) -> Failure {
    Failure::new(Kind::Data, format!("the secret from {name} is empty"))
        .hint("check the command that produces it; nothing was sent")
}
