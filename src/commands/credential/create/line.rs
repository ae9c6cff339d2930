//! The command line that stores a credential without prompts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::args::Args;
use crate::ctx::Ctx;
use crate::resources::KUBECONFIG;
use crate::text::acpctl;

/// Shows the line that does the same without prompts. `agreed` are the folders of files that the user confirmed.
pub(super) fn show(
    ctx: &Ctx,
    args: &Args,
    agreed: &BTreeSet<PathBuf>,
    [name, provider]: [&str; 2],
) {
    let mut args = args.clone();
    let folders = &mut args.kubeconfig.allow_file;
    folders.extend(agreed.iter().cloned());
    let line = text(&args, Some(name), Some(provider));
    ctx.out
        .note_as_is(&format!("The same without prompts:\n  {line}\n"));
}

/// Returns the command line that stores a credential in a script, with capitals for what is missing. A typed secret is
/// read from a file there.
pub(super) fn text(args: &Args, name: Option<&str>, provider: Option<&str>) -> String {
    let provider = provider.or_else(|| args.kubeconfig.is_given().then_some(KUBECONFIG));
    let is_kubeconfig = provider == Some(KUBECONFIG);
    let file = args.source.path().map(|path| path.to_string_lossy());
    let file = match &file {
        Some(file) => Some(file.as_ref()),
        None if is_kubeconfig && !args.source.is_given() => None,
        None => Some("PATH"),
    };
    let name = name.filter(|name| !name.is_empty());
    let mut words = vec!["credential", "create"];
    for (flag, value) in [
        ("--provider", provider.or(Some("PROVIDER"))),
        ("--from-file", file),
        ("--context", args.kubeconfig.context.as_deref()),
        ("--name", name.or((!is_kubeconfig).then_some("NAME"))),
        ("--description", args.description.as_deref()),
        ("--url", args.url.as_deref()),
        ("--email", args.email.as_deref()),
        ("--labels", args.labels.as_deref()),
        ("--annotations", args.annotations.as_deref()),
    ] {
        words.extend(value.into_iter().flat_map(|value| [flag, value]));
    }
    let gates = args.kubeconfig.words();
    words.extend(gates.iter().map(String::as_str));
    for project in args.bind.projects() {
        words.extend(["--bind", project]);
    }
    acpctl(&words)
}
