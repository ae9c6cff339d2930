//! Where the secret of `create` and `update` comes from: exactly one source, read once, to its end.

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::exit::{Failure, Kind};
use crate::input::{self, Input, Source};

/// The sources of a secret.
#[derive(Debug, Default, clap::Args)]
pub struct SourceArgs {
    /// The secret: a literal (visible to other users of this machine), - or @- for stdin, @PATH for a file
    #[arg(long, value_name = "VALUE|-|@PATH")]
    token: Option<String>,
    /// Read the secret from this file, or from stdin for -
    #[arg(short = 'f', long, value_name = "PATH|-")]
    from_file: Option<String>,
    /// Typed in answer to a question.
    #[arg(skip)]
    typed: Option<SecretString>,
}

impl SourceArgs {
    /// The secret is in a file.
    pub fn file(path: impl Into<String>) -> Self {
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
    pub fn path(&self) -> Option<&str> {
        self.from_file.as_deref()
    }

    /// True where any source was named.
    pub fn is_given(&self) -> bool {
        self.token.is_some() || self.from_file.is_some() || self.typed.is_some()
    }

    /// True where the secret itself stands on the command line.
    pub fn is_literal(&self) -> bool {
        self.token.as_deref().is_some_and(|token| {
            token != "-" && (!token.starts_with('@') || token.starts_with("@@"))
        })
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

/// The secret as text. A one-line secret from a file or pipe loses one line end, which its producer
/// added; nothing else is changed (contract field.md row 4).
///
/// # Errors
/// For bytes that are no text, and for an empty file or pipe: a failed producer must not store nothing.
pub fn text(input: &Input) -> Result<&str, Failure> {
    let name = input.name();
    let text = std::str::from_utf8(&input.bytes).map_err(|_| {
        Failure::new(
            Kind::Data,
            format!("the secret from {name} is not UTF-8 text"),
        )
        .hint("encode binary secrets, for example with base64")
    })?;
    if input.source == Source::Literal {
        return Ok(text);
    }
    if text.trim().is_empty() {
        return Err(empty(&name));
    }
    let line = text
        .strip_suffix('\n')
        .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(if line.contains('\n') { text } else { line })
}

/// The refusal of an empty secret.
pub fn empty(name: &str) -> Failure {
    Failure::new(Kind::Data, format!("the secret from {name} is empty"))
        .hint("check the command that produces it; nothing was sent")
}
