//! Reads kubeconfigs: from the named source, a pipe, or the files of `KUBECONFIG`.

use std::path::{Path, PathBuf};

use super::flags::KubeconfigArgs;
use super::source;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Stdin};
use crate::kubeconfig::{OwnedSource, Source, read_list};
use crate::plain_file;
use crate::text::acpctl;
use crate::text::quote;

impl KubeconfigArgs {
    /// Reads the kubeconfig from the named source; if none is named, from a pipe on standard input; if there is none
    /// and `--context` is given, from `KUBECONFIG` or `~/.kube/config`.
    ///
    /// # Errors
    /// Why it can't be read; [`Kind::Input`] if no source is named and none is piped in.
    pub fn sources(&self, ctx: &Ctx, named: Option<Input>) -> Result<Vec<OwnedSource>, Failure> {
        let sources = match (named, input::stdin()) {
            (Some(input), _) => sources_of(input),
            (None, Stdin::Shared) if self.context.is_some() => {
                let what = "standard input was not read, because the calling script shares it and may be reading it in a loop";
                if self.gates.strict {
                    return Err(Failure::new(Kind::Policy, format!("{what} (--strict)"))
                        .hint("name the source: --from-file - for standard input, or < /dev/null for KUBECONFIG"));
                }
                ctx.out.warn(&format!(
                    "{what}; the kubeconfig comes from KUBECONFIG (--from-file - reads standard input)"
                ));
                return from_environment();
            }
            (None, Stdin::Given | Stdin::Shared) => sources_of(input::from_stdin()?),
            (None, Stdin::Silent) if self.context.is_some() => return from_environment(),
            (None, Stdin::Silent) => return Err(no_source()),
        };
        sources.map_err(|failure| self.suspect_pipe(failure, input::Source::Stdin.name()))
    }

    /// Returns the kubeconfig of an input that was read already.
    ///
    /// # Errors
    /// [`Kind::Input`] if there is none, [`Kind::Data`] if it is empty.
    pub fn read(&self, named: Option<Input>) -> Result<Vec<OwnedSource>, Failure> {
        sources_of(named.ok_or_else(no_source)?)
    }

    /// Adds a hint if a pipe was read that holds no kubeconfig: the user may have meant `KUBECONFIG`.
    pub(super) fn suspect_pipe(&self, failure: Failure, name: &str) -> Failure {
        let is_pipe = name == input::Source::Stdin.name();
        if self.context.is_none() || !is_pipe || failure.kind != Kind::Data {
            return failure;
        }
        failure.hint("nothing was sent; to read KUBECONFIG instead of the pipe, add < /dev/null")
    }
}

/// Returns the kubeconfig of one input.
///
/// # Errors
/// If it is empty.
pub(crate) fn sources_of(input: Input) -> Result<Vec<OwnedSource>, Failure> {
    if input.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(source::empty(&input.name()));
    }
    Ok(vec![source_of(input)])
}

/// Returns an input as a source, even an empty one.
pub(crate) fn source_of(input: Input) -> OwnedSource {
    OwnedSource {
        path: source_path(&input),
        bytes: input.bytes,
    }
}

/// Returns the path that messages show, and from whose folder relative paths start.
fn source_path(input: &Input) -> PathBuf {
    match &input.source {
        input::Source::File(path) => path.clone(),
        _ => input.name().into(),
    }
}

/// Refuses to wait for input that will not come (docs/interface/field.md row 5).
fn no_source() -> Failure {
    let create = ["credential", "create", "--provider", "kubeconfig"];
    let from_file = ["--from-file", "~/.kube/config", "--context", "NAME"];
    Failure::new(Kind::Input, "no kubeconfig given").hint(format!(
        "name a file:  {}\n      or pipe one:  kubectl config view --raw --minify --flatten | {}",
        acpctl(&[&create[..], &from_file].concat()),
        acpctl(&create)
    ))
}

/// Reads the files of `KUBECONFIG`, or `~/.kube/config`.
///
/// # Errors
/// Why one of them can't be read, or that there is none.
pub(crate) fn from_environment() -> Result<Vec<OwnedSource>, Failure> {
    let list = match env::KUBECONFIG.os() {
        Some(list) => list,
        None => env::HOME
            .path()
            .ok_or_else(no_source)?
            .join(".kube/config")
            .into(),
    };
    let open = |path: &Path| {
        let mut bytes = plain_file::read_named(path, input::MAX_INPUT)?;
        Ok(std::mem::take(&mut *bytes))
    };
    let sources =
        read_list(&list, &open).map_err(|(path, error)| input::unreadable(&path, &error))?;
    if sources.is_empty() {
        let failure = Failure::new(
            Kind::Data,
            format!("no kubeconfig found at {}", quote(&list.to_string_lossy())),
        );
        let tilde = std::env::split_paths(&list).find_map(|path| input::tilde_hint(&path));
        return Err(match tilde {
            Some(hint) => failure.hint(hint),
            None => failure.hint("name a file with --from-file PATH"),
        });
    }
    Ok(sources)
}

/// Returns the name of the sources for messages.
pub(crate) fn source_name(sources: &[OwnedSource]) -> String {
    let names: Vec<String> = sources
        .iter()
        .map(|source| source.path.to_string_lossy().into_owned())
        .collect();
    names.join(", ")
}

/// Returns the sources in the form that the rules read.
pub(crate) fn views(sources: &[OwnedSource]) -> Vec<Source<'_>> {
    sources
        .iter()
        .map(|source| Source {
            name: source.path.to_str().unwrap_or("kubeconfig"),
            bytes: &source.bytes,
            dir: source.path.parent().unwrap_or(Path::new("")),
        })
        .collect()
}
