//! A secret that a flag of the login gives.

use std::path::Path;

use secrecy::SecretString;

use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::secret_file;

/// Reads a secret: a literal, standard input or a file.
///
/// # Errors
/// It can't be read, is empty, or is not text.
pub(super) fn read_secret(ctx: &Ctx, value: &str) -> Result<SecretString, Failure> {
    let input = input::from_token_flag(value)?;
    let file = match &input.source {
        input::Source::File(path) => Some(path.as_path()),
        // It may be a file too: `--token - < token.txt`.
        input::Source::Stdin => Some(Path::new("/dev/stdin")),
        _ => None,
    };
    if let Some(warning) = file.and_then(secret_file::open_to_others) {
        ctx.out.warn(&warning);
    }
    // Scripts of the Go tool compare what `login` prints in a pipe.
    let is_told = ctx.out.width_of_talk().is_some() || env::NO_SECRET_ARGS.get().is_some();
    if input.source == input::Source::Literal && is_told {
        input::judge_literal(&ctx.out, "use @PATH, or - and a pipe", false)?;
    }
    let text = std::str::from_utf8(&input.bytes).map_err(|_| {
        Failure::new(
            Kind::Data,
            format!("the secret from {} is not text", input.name()),
        )
    })?;
    let text = if input.source == input::Source::Literal {
        text
    } else {
        text.trim_end_matches(['\n', '\r'])
    };
    if text.is_empty() {
        return Err(Failure::new(
            Kind::Data,
            format!("the secret from {} is empty", input.name()),
        ));
    }
    Ok(SecretString::from(text))
}
