//! The credentials that a command line names.

use anyhow::Context as _;

use super::args::Args;
use crate::api::ListOptions;
use crate::commands::credential::minted::Minted;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::{CREDENTIAL, Record};

/// Returns the credentials that the command line names.
pub(super) fn wanted(ctx: &Ctx, args: &Args) -> anyhow::Result<Vec<Record>> {
    match &args.credential {
        Some(given) => Ok(vec![named(ctx, given)?]),
        None => all(ctx),
    }
}

fn named(ctx: &Ctx, given: &str) -> anyhow::Result<Record> {
    Collection::credentials().check(given)?;
    let client = ctx.client()?;
    ctx.block_on(async {
        lookup::credential(client, given)
            .await
            .context("renew credential")
    })
}

/// Returns all minted credentials.
fn all(ctx: &Ctx) -> anyhow::Result<Vec<Record>> {
    let client = ctx.client()?;
    let options = ListOptions::default();
    let list = ctx.block_on(async {
        let list = client.list(&CREDENTIAL, "/credentials", &options).await;
        list.context("list credentials")
    })?;
    let mut found = list.items.unwrap_or_default();
    found.retain(|record| Minted::of(record).is_some());
    Ok(found)
}
