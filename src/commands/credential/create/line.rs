//! The command line that stores a credential without prompts.

use super::args::Args;
use crate::ctx::Ctx;
use crate::resources::KUBECONFIG;
use crate::text::acpctl;

/// Shows the line that does the same without prompts.
pub(super) fn show(ctx: &Ctx, args: &Args, name: Option<&str>, provider: Option<&str>) {
    let line = text(args, name, provider);
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
    for code in &args.kubeconfig.gates.allow {
        words.extend(["--allow", code]);
    }
    for project in args.bind.projects() {
        words.extend(["--bind", project]);
    }
    acpctl(&words)
}
