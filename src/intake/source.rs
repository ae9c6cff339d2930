//! The flags that name the source of a secret. Exactly one source is read, once and to its end.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Source};
use crate::kubeconfig::to_utf8;
use crate::secret_file;

/// The source of a secret.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct SourceArgs {
    /// The secret: a literal (visible to other users of this machine), - or @- for stdin, @PATH for a file
    #[arg(long, value_name = "VALUE|-|@PATH")]
    token: Option<OsString>,
    /// Read the secret from this file, or from stdin for -
    #[arg(short = 'f', long, value_name = "PATH|-")]
    from_file: Option<PathBuf>,
    /// The secret that the user typed at a prompt.
    #[arg(skip)]
    typed: Option<SecretString>,
}

impl SourceArgs {
    /// Names a file as the source.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            from_file: Some(path.into()),
            ..Self::default()
        }
    }

    /// Takes a secret that was typed.
    pub fn typed(secret: SecretString) -> Self {
        Self {
            typed: Some(secret),
            ..Self::default()
        }
    }

    /// Returns the path given with `--from-file`.
    pub fn path(&self) -> Option<&Path> {
        self.from_file.as_deref()
    }

    /// Returns true if any source was named.
    pub fn is_given(&self) -> bool {
        self.token.is_some() || self.from_file.is_some() || self.typed.is_some()
    }

    /// Warns if the secret itself is on the command line.
    ///
    /// # Errors
    /// As [`input::judge_literal`].
    pub fn judge_literal(&self, ctx: &Ctx, is_strict: bool) -> Result<(), Failure> {
        match &self.token {
            Some(token) if input::is_literal(token) => {
                input::judge_literal(&ctx.out, "use --from-file or a pipe", is_strict)
            }
            _ => Ok(()),
        }
    }

    /// Warns if another source is named than the pipe that holds data for this command: one of them may be a mistake.
    ///
    /// # Errors
    /// With `is_strict`, [`Kind::Policy`].
    pub fn judge_pipe(ctx: &Ctx, input: Option<&Input>, is_strict: bool) -> Result<(), Failure> {
        let Some(input) = input.filter(|input| input.source != Source::Stdin) else {
            return Ok(());
        };
        if !input::stdin_is_own_data(is_strict) {
            return Ok(());
        }
        let what = format!(
            "standard input was not read: the secret comes from {}",
            input.name()
        );
        if is_strict {
            return Err(
                Failure::new(Kind::Policy, format!("{what} (--strict)")).hint(
                    "nothing was sent; name one source: leave out the pipe, or add < /dev/null",
                ),
            );
        }
        ctx.out.warn(&what);
        Ok(())
    }

    /// Warns if everybody may change the named file. Many kubeconfigs and all files of some CI systems can be read by
    /// others, which is not worth a warning each time.
    pub fn judge_file(ctx: &Ctx, input: Option<&Input>) {
        if let Some(Source::File(path)) = input.map(|input| &input.source)
            && let Some(warning) = secret_file::changeable_by_all(path)
        {
            ctx.out.warn(&warning);
        }
    }

    /// Reads the named source, if one was named.
    ///
    /// # Errors
    /// If two are named, or the one can't be read.
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

/// Returns the secret as text. A file or pipe may be in UTF-8 or, with a byte order mark, in UTF-16; the mark is not a
/// part of the secret. One line end is removed from a secret of one line, since the program that wrote it added it.
/// Nothing else is changed.
///
/// # Errors
/// If the bytes are not text, or if a file or pipe is empty: the program that should write it may have failed.
pub(crate) fn text(input: &Input) -> Result<SecretString, Failure> {
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

/// Why standard input was not taken for the secret.
pub(crate) const SHARED: &str = "no secret given, and standard input was not read: the calling script has it too, maybe for a loop";

/// What to do if no source is named.
pub(crate) const NAME_ITS_SOURCE: &str =
    "name its source: --from-file PATH, or --token - for standard input";

/// Refuses an empty secret.
pub(crate) fn empty(name: &str) -> Failure {
    Failure::new(Kind::Data, format!("the secret from {name} is empty"))
        .hint("check the command that produces it; nothing was sent")
}
