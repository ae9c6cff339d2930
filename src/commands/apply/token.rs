//! A manifest's secret: `tokenFrom`, or `token` with the Go tool's references to the environment
//! (contract cli-resources.md section 8.8). Nothing else in a secret is touched.

use secrecy::{ExposeSecret as _, SecretString};

use super::document::Document;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::input;

/// Puts each document's secret into its `token`; before any request, so that a missing one stops
/// the run with nothing done.
///
/// # Errors
/// When a variable is not set, or a source can't be read or is empty.
pub fn resolve(ctx: &Ctx, documents: &mut [Document], stdin_is_taken: bool) -> Result<(), Failure> {
    for document in documents
        .iter_mut()
        .filter(|document| document.known_kind() == Some("Credential"))
    {
        let failed = |failure: Failure, document: &Document| {
            Failure::new(
                failure.kind,
                format!("apply {}: {}", document.place(), failure.message),
            )
        };
        let token = match (&document.token, &document.token_from) {
            (Some(_), Some(_)) => Err(Failure::new(
                Kind::Data,
                "token and tokenFrom exclude each other",
            )),
            (Some(token), None) => expand(ctx, document, token.expose_secret()).map(Some),
            (None, Some(_)) => from_source(document, stdin_is_taken).map(Some),
            (None, None) => Ok(None),
        };
        document.token = token.map_err(|failure| failed(failure, document))?;
    }
    Ok(())
}

fn from_source(document: &Document, stdin_is_taken: bool) -> Result<SecretString, Failure> {
    let source = document.token_from.clone().unwrap_or_default();
    if let Some(name) = source.env {
        return variable(&name).map(SecretString::from);
    }
    let input = match source.file {
        Some(file) => input::from_path(&document.folder.join(file).to_string_lossy())?,
        None if stdin_is_taken => {
            return Err(Failure::new(
                Kind::Data,
                "tokenFrom.stdin: standard input is the manifest already",
            ));
        }
        None => input::from_stdin()?,
    };
    crate::commands::credential::source_text(&input).map(SecretString::from)
}

fn variable(name: &str) -> Result<String, Failure> {
    let value = crate::env::named(name).unwrap_or_default();
    if value.is_empty() {
        return Err(Failure::new(
            Kind::Data,
            format!("environment variable {name} is not set"),
        ));
    }
    Ok(value)
}

/// `$NAME` and `${NAME}` become the variable's value; a variable that is not set is an error. What the
/// Go tool removes besides is removed too, with a warning: a secret that holds a `$` wants `tokenFrom`.
fn expand(ctx: &Ctx, document: &Document, text: &str) -> Result<SecretString, Failure> {
    let mut expanded = String::with_capacity(text.len());
    let mut removed = false;
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let name_length = after
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(after.len());
        rest = match after.chars().next() {
            Some('{') => match after.find('}') {
                Some(end) if is_name(&after[1..end]) => {
                    expanded.push_str(&variable(&after[1..end])?);
                    &after[end + 1..]
                }
                Some(end) => {
                    removed = true;
                    &after[end + 1..]
                }
                None => {
                    removed = true;
                    &after[1..]
                }
            },
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                expanded.push_str(&variable(&after[..name_length])?);
                &after[name_length..]
            }
            Some(c) if c.is_ascii_digit() || "*#$@!?-".contains(c) => {
                removed = true;
                &after[1..]
            }
            _ => {
                expanded.push('$');
                after
            }
        };
    }
    expanded.push_str(rest);
    if removed {
        ctx.out.warn(&format!("{}: a part of the token that begins with $ was removed; use tokenFrom for secrets that hold a $", document.place()));
    }
    Ok(SecretString::from(expanded))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
