//! `acpctl credential token`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::{check, credentials};
use crate::api::Method;
use crate::compat::quote::quote;
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{Kubeconfig, Source};
use crate::lookup;
use crate::output::{Format, OutputArgs};
use crate::resources::{CREDENTIAL_TOKEN, Candidates};
use crate::secret_file;
use crate::text::acpctl;

/// A shorter mask would hide ordinary words.
const SHORTEST: usize = 4;

const EXAMPLES: &str = "\
# Into a new file that only you can read
acpctl credential token prod --to-file prod.yaml
# For one command: its kubeconfig is gone afterwards
acpctl session exec --credential prod -- kubectl config current-context";

/// Print the secret of a credential
///
/// Prints the secret and a newline to a pipe or file. On a terminal it is shown only with --reveal.
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
    /// First register the secret values in it as masks with GitHub Actions
    #[arg(long)]
    github_mask: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    check(&args.credential)?;
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
        let all = credentials();
        lookup::act(client, &all, &args.credential, async |id| {
            let request = all.request_below(Method::Get, id, &["token"]);
            client.fetch(&CREDENTIAL_TOKEN, &request).await
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
        ctx.out.note(&format!(
            "Wrote {} bytes to {}",
            token.len(),
            file.display()
        ));
        return Ok(());
    }
    match format {
        Format::Table | Format::Wide => ctx.out.data(format!("{token}\n").as_bytes()),
        Format::JsonPath(template) => ctx.out.secret(&template, &answer),
        format => ctx.out.record(&answer, &format, ctx.now()),
    }
}

/// What the log must not show: the secret values of a kubeconfig or of a JSON text, else the lines of the secret; and the
/// whole in base64. A mask is one line, and an ordinary word among them would hide the log itself.
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
            if line.len() >= SHORTEST && !line.starts_with("-----") && !is_known {
                // A percent sign begins an escape in GitHub's commands.
                masks.push(SecretString::from(line.replace('%', "%25")));
            }
        }
    }
    masks
}

/// The secret values of a service account's key and of its like.
fn secret_fields(fields: &Map<String, Value>) -> Vec<SecretString> {
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
