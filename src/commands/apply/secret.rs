//! The secret of a credential in a manifest: `tokenFrom`, or `token` with references to environment variables
//! (docs/interface/cli-resources.md section 8.8). Nothing else in a secret is expanded.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::args::Args;
use super::document::{Credential, Document};
use super::raw::TokenFrom;
use super::references::{Piece, pieces};
use crate::cluster::grade::Level;
use crate::commands::grading;
use crate::ctx::Ctx;
use crate::digest;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Source};
use crate::intake::{self, Files, GateArgs, KubeconfigArgs, Taken, TrustArgs, provider};
use crate::kubeconfig::{NotAllowed, OwnedSource};
use crate::plain_file;
use crate::resources::{DIGEST, KUBECONFIG};
use crate::text::command::shell_word;
use crate::text::quote;

/// A secret that is ready to be stored.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    pub text: SecretString,
    /// The annotations that describe the secret: its digest, and for a kubeconfig context, server and expiry.
    pub annotations: Map<String, Value>,
    /// The current context of a kubeconfig, if the manifest names none.
    pub taken: Option<Taken>,
}

/// A secret as it was read, and the path from which its relative paths start.
struct Found {
    text: SecretString,
    path: PathBuf,
}

/// Reads and checks the secrets of all documents, in the order of the documents. It runs before any request, so a
/// missing or refused secret stops the run before anything is written.
///
/// # Errors
/// If a variable is not set, if a source can't be read or is empty, or if a secret is refused.
pub(super) fn prepare(
    ctx: &Ctx,
    documents: &[Document],
    args: &Args,
    stdin_is_taken: bool,
) -> Result<Vec<Option<Secret>>, Failure> {
    let mut stdin_is_taken = stdin_is_taken;
    documents
        .iter()
        .map(|document| match document {
            Document::Credential(credential) => {
                prepare_one(ctx, credential, args, &mut stdin_is_taken)
                    .map_err(|failure| of_document(credential, failure))
            }
            _ => Ok(None),
        })
        .collect()
}

/// Checks the secrets of all documents for a dry run. A secret that can't be read is not an error: a dry run may be
/// made where there are no secrets. Standard input is not read.
///
/// # Errors
/// If a secret is refused.
pub(super) fn foresee(ctx: &Ctx, documents: &[Document], args: &Args) -> Result<(), Failure> {
    for document in documents {
        let Document::Credential(credential) = document else {
            continue;
        };
        if let Some(TokenFrom::Stdin) = credential.token_from {
            continue;
        }
        match find(ctx, credential, &args.trust, &mut true) {
            Ok(None) => {}
            Ok(Some(found)) => {
                judge(ctx, credential, args, found)
                    .map_err(|failure| of_document(credential, failure))?;
            }
            Err(failure) => ctx.out.warn(&format!(
                "{}: its secret is not checked: {}",
                credential.head.label, failure.message
            )),
        }
    }
    Ok(())
}

/// Names the document of a failure.
fn of_document(credential: &Credential, failure: Failure) -> Failure {
    Failure {
        message: format!("apply {}: {}", credential.head.label, failure.message),
        ..failure
    }
}

/// Asks the cluster of each kubeconfig what it can do, before anything is written, and notes the grades.
///
/// # Errors
/// A kubeconfig can do more than `limit`, or its cluster can't be asked.
pub(super) fn grade(
    ctx: &Ctx,
    documents: &[Document],
    secrets: &mut [Option<Secret>],
    limit: Level,
    allowed: &[String],
) -> anyhow::Result<()> {
    for (document, secret) in documents.iter().zip(secrets) {
        let (Document::Credential(credential), Some(secret)) = (document, secret) else {
            continue;
        };
        let is_kubeconfig = match credential.provider.as_deref() {
            Some(provider) => provider == KUBECONFIG,
            None => provider::is_kubeconfig(secret.text.expose_secret().as_bytes()),
        };
        if is_kubeconfig {
            let label = &credential.head.label;
            let graded = grading::grade_text(ctx, label, &secret.text, limit, allowed);
            let own = graded.with_context(|| format!("apply {label}"))?;
            secret.annotations.extend(own);
        }
    }
    Ok(())
}

fn prepare_one(
    ctx: &Ctx,
    credential: &Credential,
    args: &Args,
    stdin_is_taken: &mut bool,
) -> Result<Option<Secret>, Failure> {
    match find(ctx, credential, &args.trust, stdin_is_taken)? {
        Some(found) => judge(ctx, credential, args, found).map(Some),
        None => Ok(None),
    }
}

/// Checks a secret, and cuts a kubeconfig.
fn judge(ctx: &Ctx, credential: &Credential, args: &Args, found: Found) -> Result<Secret, Failure> {
    let trust = &args.trust;
    if credential.provider.as_deref() == Some(KUBECONFIG) {
        return kubeconfig(ctx, credential, trust, &found.text, found.path);
    }
    if let Some(name) = credential.provider.as_deref() {
        check_name(ctx, credential, name, &trust.allow)?;
    }
    doubt_the_provider(credential, trust, &found.text)?;
    doubt_the_text(ctx, credential, args, &found.text)?;
    Ok(with_digest(found.text))
}

/// Validates a kubeconfig and cuts it to one context, as `credential create` does.
///
/// # Errors
/// If the kubeconfig is refused.
pub(super) fn kubeconfig(
    ctx: &Ctx,
    credential: &Credential,
    trust: &TrustArgs,
    text: &SecretString,
    path: PathBuf,
) -> Result<Secret, Failure> {
    let bytes = Zeroizing::new(text.expose_secret().as_bytes().to_vec());
    let prepared = KubeconfigArgs::keeping(credential.context.clone())
        .trusting(trust)
        .prepare(ctx, &mut [OwnedSource { path, bytes }])?;
    Ok(Secret {
        text: prepared.text,
        annotations: prepared.annotations,
        taken: prepared.taken,
    })
}

/// Refuses a misspelled provider. Warns of one that is not known, which manifests of the Go tool may have.
fn check_name(
    ctx: &Ctx,
    credential: &Credential,
    name: &str,
    allowed: &[String],
) -> Result<(), Failure> {
    let Err(refusal) = provider::check(name, allowed) else {
        return Ok(());
    };
    if provider::is_misspelled(name) {
        return Err(refusal);
    }
    let label = &credential.head.label;
    ctx.out.warn(&format!(
        "{label}: {}: no session gets its secret",
        refusal.message
    ));
    Ok(())
}

/// Refuses a kubeconfig under another provider: it would be stored with all its contexts and without a check.
fn doubt_the_provider(
    credential: &Credential,
    trust: &TrustArgs,
    text: &SecretString,
) -> Result<(), Failure> {
    let Some(name) = credential.provider.as_deref() else {
        return Ok(());
    };
    if !provider::is_kubeconfig(text.expose_secret().as_bytes()) {
        return Ok(());
    }
    provider::check(name, &trust.allow)
        .map_err(|failure| failure.hint("a kubeconfig has the provider kubeconfig"))?;
    provider::refuse_kubeconfig(name, text, &trust.allow)
}

/// Warns about a placeholder and other oddities that the user does not accept; with `--strict`, refuses them.
fn doubt_the_text(
    ctx: &Ctx,
    credential: &Credential,
    args: &Args,
    text: &SecretString,
) -> Result<(), Failure> {
    let gates = GateArgs {
        strict: args.strict,
        allow: args.trust.allow.clone(),
    };
    let about = format!("{}: ", credential.head.label);
    provider::doubt_text(ctx, &gates, &about, credential.provider.as_deref(), text)
}

fn with_digest(text: SecretString) -> Secret {
    let digest = digest::keyed(text.expose_secret().as_bytes());
    Secret {
        text,
        annotations: digest
            .map(|digest| (DIGEST.to_owned(), Value::from(digest)))
            .into_iter()
            .collect(),
        taken: None,
    }
}

/// Reads the secret of a credential. As in the Go tool, an empty `token` counts as missing.
///
/// # Errors
/// If the secret can't be read, or is blank: what should have produced it failed.
fn find(
    ctx: &Ctx,
    credential: &Credential,
    trust: &TrustArgs,
    stdin_is_taken: &mut bool,
) -> Result<Option<Found>, Failure> {
    let (found, source) = match (&credential.token, &credential.token_from) {
        (Some(_), Some(_)) => {
            let message = "token and tokenFrom exclude each other";
            return Err(Failure::new(Kind::Data, message));
        }
        (Some(token), None) => {
            let text = expand(ctx, credential, token.expose_secret())?;
            (without_file(credential, text), "token")
        }
        (None, Some(source)) => {
            let found = from_source(ctx, credential, source, trust, stdin_is_taken)?;
            (found, "tokenFrom")
        }
        (None, None) => return Ok(None),
    };
    let text = found.text.expose_secret();
    if text.is_empty() {
        return Ok(None);
    }
    if text.trim().is_empty() {
        return Err(intake::empty(source));
    }
    Ok(Some(found))
}

fn from_source(
    ctx: &Ctx,
    credential: &Credential,
    source: &TokenFrom,
    trust: &TrustArgs,
    stdin_is_taken: &mut bool,
) -> Result<Found, Failure> {
    let input = match source {
        TokenFrom::Env(name) => {
            let text = SecretString::from(variable(name)?);
            return Ok(without_file(credential, text));
        }
        TokenFrom::File(file) => from_file(ctx, credential, file, trust)?,
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
        _ => without_file(credential, text),
    })
}

/// Reads the file that a manifest names. The manifest may come from anybody, so only files in its folder, in the
/// working directory and in the folders of `--allow-file` are read.
fn from_file(
    ctx: &Ctx,
    credential: &Credential,
    file: &str,
    trust: &TrustArgs,
) -> Result<Input, Failure> {
    let path = credential.folder.join(file);
    if plain_file::is_own_descriptor(&path) {
        return input::from_path(path);
    }
    let files = Files::of_manifest(&credential.folder, &trust.allow_file, ctx.may_ask());
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
        "to let the manifest use it, add --allow-file {}",
        shell_word(&folder)
    ))
}

fn without_file(credential: &Credential, text: SecretString) -> Found {
    Found {
        text,
        path: credential.path_without_file(),
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

/// Replaces `$NAME` and `${NAME}` by the value of the variable. The other parts that begin with `$` are removed as the
/// Go tool does, with a warning: a secret that holds a `$` needs `tokenFrom`.
///
/// # Errors
/// If a variable is not set.
fn expand(ctx: &Ctx, credential: &Credential, text: &str) -> Result<SecretString, Failure> {
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
        let label = &credential.head.label;
        ctx.out.warn(&format!("{label}: a part of the token that begins with $ was removed; use tokenFrom for secrets that hold a $"));
    }
    Ok(SecretString::from(expanded))
}
