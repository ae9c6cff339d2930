//! A manifest's secret: `tokenFrom`, or `token` with the Go tool's references to the environment
//! (contract cli-resources.md section 8.8). Nothing else in a secret is touched.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::document::{Document, TokenFrom};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::digest;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Source};
use crate::intake::{self, Files, KubeconfigArgs, TrustArgs, provider};
use crate::kubeconfig::{NotAllowed, OwnedSource};
use crate::plain_file;
use crate::resources::{DIGEST, KUBECONFIG};
use crate::text::command::shell_word;

/// A secret that is ready to be stored.
#[derive(Debug, Clone)]
pub struct Secret {
    pub text: SecretString,
    /// Annotations of ours: the digest, and for a kubeconfig context, server and expiry.
    pub annotations: Map<String, Value>,
}

/// A secret as it was found, and the file whose folder its relative paths start from.
struct Found {
    text: SecretString,
    path: PathBuf,
}

/// Finds and checks the secrets of all documents; before any request, so that a missing or refused one
/// stops the run with nothing done.
///
/// # Errors
/// When a variable is not set, a source can't be read or is empty, or a kubeconfig is refused.
pub fn prepare(
    ctx: &Ctx,
    documents: &mut [Document],
    trust: &TrustArgs,
    stdin_is_taken: bool,
) -> Result<(), Failure> {
    let mut stdin_is_taken = stdin_is_taken;
    for document in documents
        .iter_mut()
        .filter(|document| document.known_kind() == Some("Credential"))
    {
        let prepared =
            find(ctx, document, trust, &mut stdin_is_taken).and_then(|found| match found {
                Some(found) if document.provider == KUBECONFIG => {
                    kubeconfig(ctx, document, trust, &found.text, found.path).map(Some)
                }
                Some(found) => {
                    doubt_the_provider(ctx, document, trust, &found.text)?;
                    Ok(Some(with_digest(found.text)))
                }
                None => Ok(None),
            });
        document.secret = prepared.map_err(|failure| Failure {
            message: format!("apply {}: {}", document.place(), failure.message),
            ..failure
        })?;
    }
    Ok(())
}

/// A kubeconfig is validated and cut as by `credential create`.
///
/// # Errors
/// As [`KubeconfigArgs::prepare`].
pub fn kubeconfig(
    ctx: &Ctx,
    document: &Document,
    trust: &TrustArgs,
    text: &SecretString,
    path: PathBuf,
) -> Result<Secret, Failure> {
    let bytes = Zeroizing::new(text.expose_secret().as_bytes().to_vec());
    let context = Some(document.context.clone()).filter(|context| !context.is_empty());
    let prepared = KubeconfigArgs::keeping(context)
        .trusting(trust)
        .prepare(ctx, &mut [OwnedSource { path, bytes }])?;
    Ok(Secret {
        text: prepared.text,
        annotations: prepared.annotations,
    })
}

/// A kubeconfig under a provider that nobody knows is a slip of the pen, and would be stored unchecked and uncut.
fn doubt_the_provider(
    ctx: &Ctx,
    document: &Document,
    trust: &TrustArgs,
    text: &SecretString,
) -> Result<(), Failure> {
    let name = Some(document.provider.as_str()).filter(|name| !name.is_empty());
    if let Some(name) = name
        && provider::is_kubeconfig(text.expose_secret().as_bytes())
    {
        provider::check(name, &trust.allow)
            .map_err(|failure| failure.hint("a kubeconfig has the provider kubeconfig"))?;
    }
    if let Some((what, _)) = provider::oddity(name, text) {
        ctx.out.warn(&format!("{}: {what}", document.place()));
    }
    Ok(())
}

fn with_digest(text: SecretString) -> Secret {
    let digest = digest::keyed(text.expose_secret().as_bytes());
    Secret {
        text,
        annotations: digest
            .map(|digest| (DIGEST.to_owned(), Value::from(digest)))
            .into_iter()
            .collect(),
    }
}

fn find(
    ctx: &Ctx,
    document: &Document,
    trust: &TrustArgs,
    stdin_is_taken: &mut bool,
) -> Result<Option<Found>, Failure> {
    let found = match (&document.token, &document.token_from) {
        (Some(_), Some(_)) => Err(Failure::new(
            Kind::Data,
            "token and tokenFrom exclude each other",
        )),
        (Some(token), None) => {
            expand(ctx, document, token.expose_secret()).map(|text| inline(document, text))
        }
        (None, Some(source)) => from_source(ctx, document, source, trust, stdin_is_taken),
        (None, None) => return Ok(None),
    }?;
    // As in the Go tool, an empty token is none.
    Ok(Some(found).filter(|found| !found.text.expose_secret().is_empty()))
}

fn from_source(
    ctx: &Ctx,
    document: &Document,
    source: &TokenFrom,
    trust: &TrustArgs,
    stdin_is_taken: &mut bool,
) -> Result<Found, Failure> {
    let input = match source {
        TokenFrom::Env(name) => {
            return Ok(inline(document, SecretString::from(variable(name)?)));
        }
        TokenFrom::File(file) => from_file(ctx, document, file, trust)?,
        TokenFrom::Stdin => {
            if std::mem::replace(stdin_is_taken, true) {
                return Err(Failure::new(
                    Kind::Data,
                    "tokenFrom.stdin: standard input is taken already, by the manifest or another credential",
                ));
            }
            input::from_stdin()?
        }
    };
    let text = SecretString::from(intake::text(&input)?);
    Ok(match input.source {
        Source::File(path) => Found { text, path },
        _ => inline(document, text),
    })
}

/// Reads the file that a manifest names. It may come from anybody, and so may the manifest.
fn from_file(
    ctx: &Ctx,
    document: &Document,
    file: &str,
    trust: &TrustArgs,
) -> Result<Input, Failure> {
    let path = document.folder.join(file);
    if plain_file::is_own_descriptor(&path) {
        return input::from_path(path);
    }
    let files = Files::of_manifest(&document.folder, &trust.allow_file, ctx.may_ask());
    let bytes = files.read(&path, input::MAX_INPUT).map_err(|error| {
        if NotAllowed::is_in(&error) {
            return outside(&path);
        }
        let failure = input::unreadable(&path, &error);
        match input::tilde_hint(Path::new(file)) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })?;
    Ok(Input {
        bytes,
        source: Source::File(path),
    })
}

fn outside(path: &Path) -> Failure {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().unwrap_or(&real).to_string_lossy();
    Failure::new(
        Kind::Data,
        format!(
            "tokenFrom.file: {} lies outside the manifest's folder and the working directory; it was not read",
            quote(&real.to_string_lossy())
        ),
    )
    .hint(format!(
        "if the manifest may have it, add --allow-file {}",
        shell_word(&folder)
    ))
}

/// A secret that is in no file of its own: its relative paths start from the manifest's folder.
fn inline(document: &Document, text: SecretString) -> Found {
    Found {
        text,
        path: document.inline_path(),
    }
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
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => expanded.push_str(text),
            Piece::Variable(name) => expanded.push_str(&variable(name)?),
            Piece::Removed => removed = true,
        }
    }
    if removed {
        ctx.out.warn(&format!("{}: a part of the token that begins with $ was removed; use tokenFrom for secrets that hold a $", document.place()));
    }
    Ok(SecretString::from(expanded))
}

/// The variables that a `token` refers to.
pub fn variables(text: &str) -> Vec<&str> {
    let name = |piece| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Text(_) | Piece::Removed => None,
    };
    pieces(text).into_iter().filter_map(name).collect()
}

/// A part of a `token`, as the Go tool reads references to the environment.
enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
    /// What begins with a `$` and names no variable.
    Removed,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        pieces.push(Piece::Text(&rest[..at]));
        let after = &rest[at + 1..];
        let name_length = after
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(after.len());
        let (piece, used) = match after.chars().next() {
            Some('{') => match after.find('}') {
                Some(end) if is_name(&after[1..end]) => (Piece::Variable(&after[1..end]), end + 1),
                Some(end) => (Piece::Removed, end + 1),
                None => (Piece::Removed, 1),
            },
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                (Piece::Variable(&after[..name_length]), name_length)
            }
            Some(c) if c.is_ascii_digit() || "*#$@!?-".contains(c) => (Piece::Removed, 1),
            _ => (Piece::Text("$"), 0),
        };
        pieces.push(piece);
        rest = &after[used..];
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
