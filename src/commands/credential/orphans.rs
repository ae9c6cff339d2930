//! `acpctl credential list --orphans`: compares the accounts in a namespace of a cluster with the credentials of the platform.

use anyhow::Context as _;
use serde_json::json;

use super::minted::{Ends, Minted};
use crate::api::ListOptions;
use crate::cluster::change::{self, Found};
use crate::cluster::objects::Account;
use crate::ctx::Ctx;
use crate::intake::cluster::{ClusterArgs, failure};
use crate::output::Format;
use crate::resources::{CREDENTIAL, Record};
use crate::text::acpctl;

pub(super) fn run(ctx: &Ctx, cluster: &ClusterArgs, format: &Format) -> anyhow::Result<()> {
    let way = cluster.way(ctx, None)?;
    let ends = Ends::open(ctx, way, &cluster.allow)?;
    let namespace = ends.way.namespace().to_owned();
    let options = ListOptions::default();
    let (found, list) = ctx.block_on(async {
        let found = change::accounts(&ends.cluster, &namespace).await;
        let list = ends.platform.list(&CREDENTIAL, "/credentials", &options);
        let list = list.await.context("list credentials")?;
        Ok((found.map_err(failure)?, list.items.unwrap_or_default()))
    })?;
    let stored: Vec<(&Record, Minted)> = list
        .iter()
        .filter_map(|record| Some((record, Minted::of(record)?)))
        .collect();
    // The accounts of another platform are not ours to judge.
    let accounts: Vec<&Found> = found
        .iter()
        .filter(|found| found.platform == ends.address)
        .filter(|found| {
            !stored
                .iter()
                .any(|(_, minted)| minted.account == found.account)
        })
        .collect();
    let credentials: Vec<&str> = stored
        .iter()
        .filter(|(_, minted)| {
            minted.server == ends.server() && minted.account.namespace == namespace
        })
        .filter(|(_, minted)| !found.iter().any(|found| found.account == minted.account))
        .map(|(record, _)| record.name_or_id())
        .collect();
    match format {
        Format::Table | Format::Wide | Format::Name => {
            show(ctx, &accounts, &credentials)?;
            if accounts.is_empty() && credentials.is_empty() {
                ctx.out
                    .note(&format!("The namespace {namespace} and the platform agree"));
            }
            Ok(())
        }
        format => {
            let account = |found: &&Found| {
                let Account { id, namespace } = &found.account;
                json!({"id": id, "namespace": namespace, "credential": found.credential})
            };
            let accounts: Vec<_> = accounts.iter().map(account).collect();
            ctx.out.value(
                &json!({"accounts": accounts, "credentials": credentials}),
                format,
            )
        }
    }
}

fn show(ctx: &Ctx, accounts: &[&Found], credentials: &[&str]) -> anyhow::Result<()> {
    for found in accounts {
        ctx.out.line(&format!(
            "serviceaccount/{} was made for credential/{}, which the platform does not have",
            found.account.name(),
            found.credential
        ))?;
        ctx.out
            .note_as_is(&format!("  remove it: {}", found.account.undo_by_hand()));
    }
    for name in credentials {
        ctx.out.line(&format!(
            "credential/{name} has no account in the cluster any more"
        ))?;
        let delete = acpctl(&["credential", "delete", name]);
        ctx.out.note_as_is(&format!("  remove it: {delete}"));
    }
    Ok(())
}
