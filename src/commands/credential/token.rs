//! `acpctl credential token`

use std::path::PathBuf;

use anyhow::Context as _;

use super::lookup;
use crate::api::path;
use crate::compat::quote::quote;
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::output::{Format, OutputArgs};
use crate::resources::CREDENTIAL_TOKEN;
use crate::secret_file;
use crate::text::acpctl;

const EXAMPLES: &str = "\
# Straight into the program that needs it
acpctl credential token prod | kubectl --kubeconfig /dev/stdin config current-context
# Into a new file that only you can read
acpctl credential token prod --to-file prod.yaml";

/// Print the secret of a credential
///
/// Prints the secret and a newline to a pipe or file. On a terminal it is shown only with --reveal.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    credential: String,
    /// Write the secret, byte for byte, to this new file (mode 0600) instead
    #[arg(long, value_name = "PATH")]
    to_file: Option<PathBuf>,
    /// Show the secret on a terminal
    #[arg(long)]
    reveal: bool,
    /// First register each line of the secret as a mask with GitHub Actions
    #[arg(long)]
    github_mask: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    lookup::check_identifier(&args.credential)?;
    if args.to_file.is_none() && !args.reveal && ctx.out.is_terminal() {
        return Err(
            Failure::new(Kind::Input, "the secret would be shown on the terminal")
                .hint("add --reveal to show it, or --to-file PATH to write it to a private file")
                .into(),
        );
    }
    let client = ctx.client()?;
    let named = format!("get token for credential {}", quote(&args.credential));
    let answer = ctx.block_on(async {
        lookup::by_id_or_name(client, &args.credential, async |id| {
            client
                .get(&CREDENTIAL_TOKEN, &path(&["credentials", id, "token"]))
                .await
        })
        .await
        .with_context(|| named.clone())
    })?;
    let token = answer.text("token");
    if token.is_empty() {
        return Err(
            Failure::new(Kind::Data, format!("{named}: the credential has no token"))
                .hint(format!(
                    "store one: {}",
                    acpctl(&[
                        "credential",
                        "update",
                        &args.credential,
                        "--from-file",
                        "PATH"
                    ])
                ))
                .into(),
        );
    }
    if args.github_mask {
        // Standard error is where GitHub's runner reads commands as well, and it keeps the data clean.
        for line in token.lines().map(str::trim).filter(|line| line.len() >= 4) {
            ctx.out.note_as_is(&format!("::add-mask::{line}"));
        }
    }
    if let Some(file) = &args.to_file {
        secret_file::write_new(file, token.as_bytes()).map_err(|error| {
            Failure::new(
                Kind::Other,
                format!(
                    "write {}: {}",
                    quote(&file.to_string_lossy()),
                    reason(&error)
                ),
            )
            .hint("the file must not exist yet")
        })?;
        ctx.out.note(&format!(
            "Wrote {} bytes to {}",
            token.len(),
            file.display()
        ));
        return Ok(());
    }
    match format {
        Format::Table | Format::Wide => ctx.out.data(format!("{token}\n").as_bytes()),
        format => ctx.out.record(&answer, &format, ctx.now()),
    }
}
