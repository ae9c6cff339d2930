//! `acpctl credential list --orphans`: compares the accounts in a cluster with the credentials of the platform.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::json;

use super::minted::{Ends, Minted};
use crate::api::ListOptions;
use crate::cluster::Class;
use crate::cluster::change::{self, Found};
use crate::cluster::objects::Account;
use crate::ctx::Ctx;
use crate::intake::cluster::{ClusterArgs, failure};
use crate::output::Format;
use crate::resources::{CREDENTIAL, Record};
use crate::text::acpctl;

/// The accounts that were found in the cluster.
struct Seen {
    accounts: Vec<Found>,
    /// The namespaces that were looked at; `None` for all.
    namespaces: Option<BTreeSet<String>>,
}

impl Seen {
    fn covers(&self, namespace: &str) -> bool {
        let seen = self.namespaces.as_ref();
        seen.is_none_or(|seen| seen.contains(namespace))
    }

    fn says(&self) -> String {
        match &self.namespaces {
            None => "The cluster and the platform agree".to_owned(),
            Some(seen) => {
                let word = match seen.len() {
                    1 => "namespace",
                    _ => "namespaces",
                };
                let names: Vec<&str> = seen.iter().map(String::as_str).collect();
                format!("The {word} {} and the platform agree", names.join(", "))
            }
        }
    }
}

pub(super) fn run(ctx: &Ctx, cluster: &ClusterArgs, format: &Format) -> anyhow::Result<()> {
    let way = cluster.way(ctx, None)?;
    let ends = Ends::open(ctx, way, &cluster.allow)?;
    let options = ListOptions::default();
    let list = ctx.block_on(async {
        let list = ends.platform.list(&CREDENTIAL, "/credentials", &options);
        list.await.context("list credentials")
    })?;
    let list = list.items.unwrap_or_default();
    let stored: Vec<(&Record, Minted)> = list
        .iter()
        .filter_map(|record| Some((record, Minted::of(record)?)))
        .collect();
    let here = |minted: &Minted| minted.server == ends.server();
    let named = stored.iter().filter(|(_, minted)| here(minted));
    let named = named.map(|(_, minted)| minted.account.namespace.clone());
    let mut namespaces: BTreeSet<String> = named.collect();
    namespaces.insert(ends.way.namespace().to_owned());
    let seen = ctx.block_on(look(ctx, &ends, namespaces))?;
    // The accounts of another platform are not ours to judge.
    let accounts: Vec<&Found> = seen
        .accounts
        .iter()
        .filter(|found| found.platform == ends.address)
        .filter(|found| {
            !stored
                .iter()
                .any(|(_, minted)| minted.account == found.account)
        })
        .collect();
    let is_there = |account: &Account| seen.accounts.iter().any(|found| found.account == *account);
    let credentials: Vec<&str> = stored
        .iter()
        .filter(|(_, minted)| here(minted) && seen.covers(&minted.account.namespace))
        .filter(|(_, minted)| !is_there(&minted.account))
        .map(|(record, _)| record.name_or_id())
        .collect();
    match format {
        Format::Table | Format::Wide | Format::Name => {
            show(ctx, &accounts, &credentials)?;
            if accounts.is_empty() && credentials.is_empty() {
                ctx.out.note(&seen.says());
            }
            Ok(())
        }
        format => {
            let account = |found: &&Found| {
                let Account { id, namespace } = &found.account;
                json!({"id": id, "namespace": namespace, "credential": found.credential})
            };
            let accounts: Vec<_> = accounts.iter().map(account).collect();
            let found = json!({
                "accounts": accounts,
                "credentials": credentials,
                "namespaces": seen.namespaces,
            });
            ctx.out.value(&found, format)
        }
    }
}

/// Lists the accounts of the whole cluster, or, if the user may not do that, those of the namespaces that the context
/// and the credentials name.
async fn look(ctx: &Ctx, ends: &Ends<'_>, namespaces: BTreeSet<String>) -> anyhow::Result<Seen> {
    match change::accounts(&ends.cluster, None).await {
        Ok(accounts) => {
            return Ok(Seen {
                accounts,
                namespaces: None,
            });
        }
        Err(fault) if fault.class == Class::Permission => {}
        Err(fault) => return Err(failure(fault).into()),
    }
    let mut seen = Seen {
        accounts: Vec::new(),
        namespaces: None,
    };
    let mut refused = None;
    let mut covered = BTreeSet::new();
    for namespace in namespaces {
        match change::accounts(&ends.cluster, Some(&namespace)).await {
            Ok(found) => {
                seen.accounts.extend(found);
                covered.insert(namespace);
            }
            Err(fault) if fault.class == Class::Permission => {
                ctx.out.warn(&format!(
                    "you may not list the accounts of the namespace {namespace}, so they are not compared"
                ));
                refused.get_or_insert(fault);
            }
            Err(fault) => return Err(failure(fault).into()),
        }
    }
    if let (true, Some(fault)) = (covered.is_empty(), refused) {
        return Err(failure(fault).into());
    }
    seen.namespaces = Some(covered);
    Ok(seen)
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
