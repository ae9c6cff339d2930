//! The stored secrets to search for. They are in memory only until their digests are made.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::api::Client;
use crate::commands::credential::token::secret_fields;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{Kubeconfig, Part, Source};
use crate::lookup::{self, Collection};
use crate::output::progress;
use crate::resources::{CREDENTIAL, Record, is_minted};
use crate::scan::{Needles, Unsought};
use crate::session_helper::fetch;
use crate::text::acpctl;
use crate::text::quote;

/// How many secrets are fetched at a time.
const AT_ONCE: usize = 8;

/// The secrets to search for, and those that can't be searched for.
pub(super) struct Wanted {
    /// The owners are positions in `credentials`.
    pub needles: Needles,
    /// The IDs and names of all credentials.
    pub credentials: Vec<(String, String)>,
    /// The positions of those that were minted.
    pub minted: BTreeSet<u32>,
    /// The names of credentials that can't be searched for, with the reason.
    pub left_out: Vec<(String, String)>,
    /// The kind of the first failure to read a secret.
    pub failed: Option<Kind>,
}

/// Fetches the secrets of all credentials, or of the named ones, and keeps their digests.
///
/// # Errors
/// The credentials can't be listed, or there are none.
pub(super) fn read(ctx: &Ctx, names: &[String]) -> anyhow::Result<Wanted> {
    let credentials = Collection::credentials();
    for name in names {
        credentials.check(name)?;
    }
    let client = ctx.client()?;
    let _reading = progress::begin("Fetching the secrets to search for".to_owned());
    let limit = ctx.globals.request_timeout.unwrap_or(fetch::LIMIT);
    ctx.block_on(async {
        let records = records(client, names).await?;
        if records.is_empty() {
            return Err(Failure::new(Kind::NotFound, "no credential is stored")
                .hint(format!("see {}", acpctl(&["credential", "list"])))
                .into());
        }
        wanted(client, &records, limit).await
    })
}

async fn records(client: &Client, names: &[String]) -> anyhow::Result<Vec<Record>> {
    if names.is_empty() {
        let all = client.every(&CREDENTIAL, "/credentials", None).await;
        return all.context("list credentials");
    }
    let mut records = Vec::new();
    for name in names {
        let found = lookup::credential(client, name).await;
        records.push(found.with_context(|| format!("get credential {}", quote(name)))?);
    }
    Ok(records)
}

async fn wanted(client: &Client, records: &[Record], limit: Duration) -> anyhow::Result<Wanted> {
    let mut wanted = Wanted {
        needles: Needles::new().context("read random numbers")?,
        credentials: Vec::new(),
        minted: BTreeSet::new(),
        left_out: Vec::new(),
        failed: None,
    };
    for records in records.chunks(AT_ONCE) {
        let minted = records.iter().filter(|record| is_minted(record));
        let minted: BTreeSet<&str> = minted.map(Record::id).collect();
        for credential in fetch::with_secrets(client, records, limit).await {
            let owner = u32::try_from(wanted.credentials.len()).unwrap_or(u32::MAX);
            if minted.contains(credential.id.as_str()) {
                wanted.minted.insert(owner);
            }
            let why = match &credential.token {
                Err(failure) => {
                    wanted.failed.get_or_insert(failure.kind);
                    Some(format!("its secret can't be read: {failure}"))
                }
                Ok(secret) if secret.expose_secret().is_empty() => {
                    Some("it has no secret".to_owned())
                }
                Ok(secret) => {
                    let added = wanted.needles.add(owner, &parts(secret.expose_secret()));
                    added.err().map(|why| why_unsought(why).to_owned())
                }
            };
            if let Some(why) = why {
                wanted.left_out.push((credential.name.clone(), why));
            }
            wanted.credentials.push((credential.id, credential.name));
        }
    }
    wanted.needles.finish();
    Ok(wanted)
}

fn why_unsought(why: Unsought) -> &'static str {
    match why {
        Unsought::Short => "its secret is too short to be recognized",
        Unsought::Uniform => "its secret has too few different characters to be recognized",
    }
}

/// Takes a secret apart: a kubeconfig, a JSON object such as a service account's key, or a token.
fn parts(secret: &str) -> Vec<Part> {
    let source = Source {
        name: "",
        bytes: secret.as_bytes(),
        dir: Path::new(""),
    };
    let kubeconfig = Kubeconfig::read(&[source]).ok();
    let kubeconfig = kubeconfig.filter(Kubeconfig::is_config);
    if let Some(parts) = kubeconfig.and_then(|it| it.parts().ok())
        && !parts.is_empty()
    {
        return parts;
    }
    match serde_json::from_str(secret) {
        Ok(Value::Object(fields)) => {
            let values = secret_fields(&fields);
            let part = |value: &secrecy::SecretString| {
                Part::of("secret field", value.expose_secret().as_bytes())
            };
            values.iter().map(part).collect()
        }
        _ => vec![Part::of("token", secret.as_bytes())],
    }
}
