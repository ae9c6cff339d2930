//! `acpctl completion` (contract cli-core.md section 7.5)

use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::Failure;

/// The shells with their scripts. The scripts hold no list of their own: they ask `acpctl __complete`.
pub const SHELLS: &[(&str, &str)] = &[
    ("bash", include_str!("../../completions/acpctl.bash")),
    ("zsh", include_str!("../../completions/_acpctl")),
    ("fish", include_str!("../../completions/acpctl.fish")),
    ("powershell", include_str!("../../completions/acpctl.ps1")),
    ("elvish", include_str!("../../completions/acpctl.elv")),
    ("nushell", include_str!("../../completions/acpctl.nu")),
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
/// The script goes to standard output. Commands, flags and their values are completed, and the names of
/// what you can see on the server, for which nothing is ever asked and 250 ms are the limit.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// bash, zsh, fish, powershell, elvish or nushell
    #[arg(value_name = "SHELL")]
    shell: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    match SHELLS.iter().find(|(name, _)| *name == args.shell) {
        Some((_, script)) => ctx.out.data(script.as_bytes()),
        None => {
            let names: Vec<&str> = SHELLS.iter().map(|(name, _)| *name).collect();
            Err(Failure::usage(format!(
                "unknown shell {}: choose one of {}",
                quote(&args.shell),
                names.join(", ")
            ))
            .into())
        }
    }
}
