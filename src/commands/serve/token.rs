//! The bearer token that each request must carry.

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::run::NO_TOKEN;
use crate::auth::own_server;
use crate::compat::io_reason::reason;
use crate::failure::{Failure, Kind};
use crate::output::Out;
use crate::plain_file;
use crate::text::quote;

/// The largest token file, in bytes.
const MAX_FILE: usize = 64 << 10;
/// The shortest token, in bytes.
const SHORTEST: usize = 20;

/// The token that the server asks for.
pub(super) struct Token {
    /// `None` with `--no-token`.
    pub bearer: Option<SecretString>,
    /// Created for this run; the user's own commands find it automatically.
    pub is_created: bool,
}

impl Token {
    /// Reads the token from a file, or creates one if no file is given.
    pub(super) fn obtain(file: Option<&Path>, is_off: bool) -> anyhow::Result<Self> {
        let (bearer, is_created) = match file {
            Some(file) => (Some(read(file)?), false),
            None if is_off => (None, false),
            None => (
                Some(own_server::make_token().context("make a token")?),
                true,
            ),
        };
        Ok(Self { bearer, is_created })
    }

    /// Prints the variables that other commands need, as one line to copy. The token itself is printed on a terminal
    /// only, never into a log. Some clients insist on a token, so one is named even if the server asks for none.
    ///
    /// `record` is the private file with the token, if the user's own commands do not search in its folder.
    pub(super) fn say_how_to_use(&self, out: &Out, url: &str, record: Option<&Path>) {
        let rest = match &self.bearer {
            None => format!(" AMBIENT_TOKEN={NO_TOKEN}"),
            Some(bearer) if self.is_created && std::io::stderr().is_terminal() => {
                format!(" AMBIENT_TOKEN={}", bearer.expose_secret())
            }
            Some(_) if self.is_created => record.map_or_else(String::new, |record| {
                let read = own_server::read_in_shell(&record.to_string_lossy());
                format!(" AMBIENT_TOKEN=\"$({read})\"")
            }),
            Some(_) => " and the token in AMBIENT_TOKEN".to_owned(),
        };
        out.note_as_is(&format!("To use it: export AMBIENT_API_URL={url}{rest}"));
    }
}

fn read(path: &Path) -> Result<SecretString, Failure> {
    let shown = quote(&path.to_string_lossy());
    let bytes = plain_file::read_named(path, MAX_FILE)
        .map_err(|error| Failure::new(Kind::Data, format!("read {shown}: {}", reason(&error))))?;
    let token = std::str::from_utf8(&bytes)
        .map(str::trim)
        .unwrap_or_default();
    if token.len() < SHORTEST || token.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(
            Failure::new(Kind::Data, format!("{shown} holds no usable token"))
                .hint("at least 20 visible ASCII characters, as the clients demand"),
        );
    }
    Ok(SecretString::from(token))
}
