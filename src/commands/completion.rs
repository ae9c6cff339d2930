//! `acpctl completion` (docs/interface/cli-core.md section 7.5)

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::resources::Candidates;
use crate::text::quote;

/// The shells with their scripts. The scripts hold no lists: they call `acpctl __complete`.
pub const SHELLS: &[(&str, &str)] = &[
    ("bash", include_str!("../../completions/acpctl.bash")),
    ("zsh", include_str!("../../completions/_acpctl")),
    ("fish", include_str!("../../completions/acpctl.fish")),
    ("powershell", include_str!("../../completions/acpctl.ps1")),
    ("elvish", include_str!("../../completions/acpctl.elv")),
    ("nushell", include_str!("../../completions/acpctl.nu")),
];

/// The names of the shells, with where their script goes.
const NAMES: &[(&str, &str)] = &[
    ("bash", "~/.local/share/bash-completion/completions/acpctl"),
    ("zsh", "_acpctl in a folder of $fpath"),
    ("fish", "~/.config/fish/completions/acpctl.fish"),
    ("powershell", "a line of $PROFILE"),
    ("elvish", "a line of rc.elv"),
    ("nushell", "a file that config.nu sources"),
];

const EXAMPLES: &str = "\
# bash, for this shell only
source <(acpctl completion bash)
# bash, from now on
acpctl completion bash > ~/.local/share/bash-completion/completions/acpctl
# zsh, if ~/.zfunc is in $fpath
acpctl completion zsh > ~/.zfunc/_acpctl
# fish
acpctl completion fish > ~/.config/fish/completions/acpctl.fish";

/// Generate shell completion scripts
///
/// The script goes to standard output. It completes commands, flags, their values, and the names that you can see on
/// the server. Completion never prompts, and gives up after 250 ms.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    #[arg(value_name = "bash|zsh|fish|powershell|elvish|nushell")]
    #[arg(add = Candidates::Described(NAMES))]
    shell: String,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    match SHELLS.iter().find(|(name, _)| *name == args.shell) {
        Some((_, script)) => ctx.out.data(script.as_bytes()),
        None => Err(Failure::usage(format!(
            "unknown shell {}: choose one of {}",
            quote(&args.shell),
            NAMES
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", ")
        ))
        .into()),
    }
}
