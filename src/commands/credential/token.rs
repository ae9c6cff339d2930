//! `acpctl credential token`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::api::{Client, Method, failure_in};
use crate::commands::gateway_credentials::ForceArgs;
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{Kubeconfig, Source};
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs};
use crate::resources::{CREDENTIAL_TOKEN, Candidates};
use crate::secret_file;
use crate::text::acpctl_for;
use crate::text::quote;

/// Adds to a 404 that the credential exists, if it does: the platform hides the secret from those whom the credential
/// is not bound to.
async fn explained(client: &Client, given: &str, error: anyhow::Error) -> anyhow::Error {
    let Some(mut failure) = failure_in(&error).filter(|it| it.kind == Kind::NotFound) else {
        return error;
    };
    let found = lookup::find_if_any(client, &Collection::credentials(), given).await;
    if !matches!(found, Ok(Some(_))) {
        return error;
    }
    failure.message = format!("{error:#}");
    failure
        .hint("you see the credential, but its secret needs a binding: ask its owner")
        .into()
}

/// The length of the shortest mask. A shorter one would hide ordinary words.
const SHORTEST_MASK: usize = 4;

const EXAMPLES: &str = "\
# Into a new file that only you can read
acpctl credential token prod --to-file prod.yaml
# For one command; its kubeconfig is removed afterwards
acpctl session exec --credential prod -- kubectl config current-context";

/// Print the secret of a credential
///
/// Prints the secret and a newline to a pipe or a file. Shows it on a terminal only with --reveal.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    credential: String,
    /// Write the secret, byte for byte, to this new file (mode 0600) instead
    #[arg(long, value_name = "PATH")]
    to_file: Option<PathBuf>,
    /// Show the secret on a terminal
    #[arg(long)]
    reveal: bool,
    /// First register the secret values in it with GitHub Actions as masks
    #[arg(long)]
    github_mask: bool,
    #[command(flatten)]
    force: ForceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let credentials = Collection::credentials();
    credentials.check(&args.credential)?;
    if args.to_file.is_none() && !args.reveal && ctx.out.is_terminal() {
        return Err(
            Failure::new(Kind::Input, "the secret would be shown on the terminal")
                .hint("add --reveal to show it, or --to-file PATH to write it to a private file")
                .into(),
        );
    }
    let client = ctx.client()?;
    let doing = format!("get token for credential {}", quote(&args.credential));
    let answer = ctx.block_on(async {
        let fetched = lookup::act(client, &credentials, &args.credential, async |id| {
            let request = credentials.request_below(Method::Get, id, &["token"]);
            client.fetch(&CREDENTIAL_TOKEN, &request).await
        })
        .await
        .with_context(|| doing.clone());
        match fetched {
            Err(error) => Err(explained(client, &args.credential, error).await),
            fetched => fetched,
        }
    })?;
    args.force.check(&args.credential, &answer)?;
    let token = answer.text("token");
    if token.is_empty() {
        return Err(
            Failure::new(Kind::Data, format!("{doing}: the credential has no token"))
                .hint(format!(
                    "store one: {}",
                    acpctl_for(
                        &["credential", "update"],
                        &args.credential,
                        &["--from-file", "PATH"]
                    )
                ))
                .into(),
        );
    }
    if args.github_mask {
        // GitHub's runner reads its commands from standard error too, which keeps standard output for the secret.
        for mask in masks(token) {
            ctx.out
                .note_as_is(&format!("::add-mask::{}", mask.expose_secret()));
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
        ctx.out.aside(&format!(
            "Wrote {} bytes to {}",
            token.len(),
            file.display()
        ));
        return Ok(());
    }
    match format {
        Format::Table | Format::Wide => ctx.out.data(format!("{token}\n").as_bytes()),
        Format::JsonPath(template) => ctx.out.secret(&template, &answer),
        Format::Json => ctx.out.secret_json(&answer.json()),
        format => ctx.out.record(&answer, &format, ctx.now()),
    }
}

/// Returns what the log must not show: the secret values of a kubeconfig or of a JSON text, or else every line of the
/// secret; and the whole secret in base64. Each mask is one line. Ordinary words are left out, for they would hide the
/// rest of the log.
fn masks(secret: &str) -> Vec<SecretString> {
    let source = Source {
        name: "",
        bytes: secret.as_bytes(),
        dir: Path::new(""),
    };
    let kubeconfig = Kubeconfig::read(&[source])
        .ok()
        .filter(Kubeconfig::is_config);
    let mut values: Vec<SecretString> = match kubeconfig.and_then(|it| it.masks().ok()) {
        Some(values) => values,
        None => match serde_json::from_str(secret) {
            Ok(Value::Object(fields)) => secret_fields(&fields),
            _ => vec![SecretString::from(secret)],
        },
    };
    values.push(SecretString::from(STANDARD.encode(secret)));
    let mut masks: Vec<SecretString> = Vec::new();
    for value in &values {
        for line in value.expose_secret().lines().map(str::trim) {
            let is_known = masks.iter().any(|mask| mask.expose_secret() == line);
            if line.len() >= SHORTEST_MASK && !line.starts_with("-----") && !is_known {
                // In GitHub's commands, a percent sign begins an escape.
                masks.push(SecretString::from(line.replace('%', "%25")));
            }
        }
    }
    masks
}

/// Returns the secret values of a JSON object, such as a service account's key.
pub(super) fn secret_fields(fields: &Map<String, Value>) -> Vec<SecretString> {
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["token", "secret", "password", "private_key"]
            .iter()
            .any(|word| name.contains(word))
    };
    let texts = fields.iter().filter_map(|(name, value)| {
        let text = value
            .as_str()
            .filter(|_| is_secret(name) && !name.ends_with("_uri"))?;
        Some(SecretString::from(text))
    });
    texts.collect()
}
