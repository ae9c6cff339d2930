//! `acpctl credential list --orphans`: compares the accounts in a cluster, and the anchors of their tokens, with the
//! credentials of the platform.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::json;

use super::minted::{Ends, Minted};
use crate::api::ListOptions;
use crate::cluster::change::{self, Found};
use crate::cluster::fault::{Class, Fault, said};
use crate::cluster::objects::Account;
use crate::config::server_url::LOCAL;
use crate::ctx::Ctx;
use crate::intake::cluster::{ClusterArgs, failure};
use crate::output::Format;
use crate::resources::{CREDENTIAL, Record};
use crate::text::{acpctl_for, quote};

/// What was found in the cluster.
struct Seen {
    accounts: Vec<Found>,
    /// The anchors with their accounts. Each may keep a token alive.
    anchors: Vec<(Account, String)>,
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
    let stored: Vec<Stored> = list
        .iter()
        .filter_map(|record| Some((record.clone(), Minted::of(record)?)))
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
            !stored.iter().any(|(record, minted)| {
                let id = found.record.as_deref();
                minted.account == found.account && id.is_none_or(|id| id == record.id())
            })
        })
        .collect();
    let is_there = |account: &Account| seen.accounts.iter().any(|found| found.account == *account);
    let unseen = stored
        .iter()
        .filter(|(_, minted)| here(minted) && seen.covers(&minted.account.namespace))
        .filter(|(_, minted)| !is_there(&minted.account));
    // An account without its label is not in the list.
    let (unlabeled, lost) = ctx.block_on(by_name(&ends, unseen))?;
    let credentials: Vec<&str> = lost.iter().map(|(record, _)| record.name_or_id()).collect();
    // The second anchor of a stored account: a run that was lost elsewhere may have left a token with it.
    let left = |(account, anchor): &&(Account, String)| {
        let mut owners = stored.iter();
        owners.any(|(_, minted)| minted.account == *account && minted.anchor != *anchor)
    };
    let anchors: Vec<&(Account, String)> = seen.anchors.iter().filter(left).collect();
    match format {
        Format::Table | Format::Wide | Format::Name => {
            show_accounts(ctx, &ends, &accounts, &list)?;
            show_lost(ctx, &credentials)?;
            for (account, anchor) in &anchors {
                show_anchor(ctx, &stored, account, anchor)?;
            }
            for (record, minted) in &unlabeled {
                show_unlabeled(ctx, &ends, record, &minted.account)?;
            }
            if accounts.is_empty()
                && credentials.is_empty()
                && anchors.is_empty()
                && unlabeled.is_empty()
            {
                ctx.out.note(&seen.says());
            }
            Ok(())
        }
        format => {
            let account = |found: &&Found| {
                let Account { id, namespace } = &found.account;
                json!({"id": said(id), "namespace": said(namespace), "credential": found.credential})
            };
            let accounts: Vec<_> = accounts.iter().map(account).collect();
            let secret = |(account, anchor): &&(Account, String)| json!({"name": said(anchor), "namespace": said(&account.namespace)});
            let anchors: Vec<_> = anchors.iter().map(secret).collect();
            let without = |(record, minted): &Stored| {
                let Account { id, namespace } = &minted.account;
                json!({"id": id, "namespace": namespace, "credential": record.name_or_id()})
            };
            let unlabeled: Vec<_> = unlabeled.iter().map(|pair| without(pair)).collect();
            let found = json!({
                "accounts": accounts,
                "unlabeled": unlabeled,
                "secrets": anchors,
                "credentials": credentials,
                "namespaces": seen.namespaces,
            });
            ctx.out.value(&found, format)
        }
    }
}

type Stored = (Record, Minted);

/// Looks for the accounts of credentials by their names. Returns the credentials whose account is there, and the
/// others.
async fn by_name<'s>(
    ends: &Ends<'_>,
    unseen: impl Iterator<Item = &'s Stored>,
) -> anyhow::Result<(Vec<&'s Stored>, Vec<&'s Stored>)> {
    let (mut there, mut lost) = (Vec::new(), Vec::new());
    for stored in unseen {
        let found = change::find(&ends.cluster, &stored.1.account.itself()).await;
        match found.map_err(failure)? {
            Some(_) => there.push(stored),
            None => lost.push(stored),
        }
    }
    Ok((there, lost))
}

/// Shows the account of a credential that has lost its label.
fn show_unlabeled(
    ctx: &Ctx,
    ends: &Ends<'_>,
    record: &Record,
    account: &Account,
) -> anyhow::Result<()> {
    let (object, label) = (account.itself(), account.label());
    ctx.out.line(&format!(
        "serviceaccount/{} of credential/{} does not have the label {label}",
        account.name(),
        record.name_or_id()
    ))?;
    let words = [
        "-n",
        &object.namespace,
        "label",
        "--overwrite",
        &object.word(),
        &label,
    ];
    ctx.out.note_as_is(&format!(
        "  if it is the credential's, give the label back: {}",
        ends.cluster.kubectl(&words)
    ));
    Ok(())
}

/// Looks at the whole cluster, or, if the user may not do that, at the namespaces that the context and the credentials
/// name.
async fn look(ctx: &Ctx, ends: &Ends<'_>, namespaces: BTreeSet<String>) -> anyhow::Result<Seen> {
    let mut seen = Seen {
        accounts: Vec::new(),
        anchors: Vec::new(),
        namespaces: None,
    };
    match add(ctx, ends, None, &mut seen).await {
        Ok(()) => return Ok(seen),
        Err(fault) if fault.class == Class::Permission => {}
        Err(fault) => return Err(failure(fault).into()),
    }
    let mut refused = None;
    let mut covered = BTreeSet::new();
    for namespace in namespaces {
        match add(ctx, ends, Some(&namespace), &mut seen).await {
            Ok(()) => {
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

/// Adds what is in a namespace, or in the whole cluster. Who may list accounts may not always list Secrets.
async fn add(
    ctx: &Ctx,
    ends: &Ends<'_>,
    namespace: Option<&str>,
    seen: &mut Seen,
) -> Result<(), Fault> {
    let accounts = change::accounts(&ends.cluster, namespace).await?;
    seen.accounts.extend(accounts);
    match change::anchors(&ends.cluster, namespace).await {
        Ok(anchors) => seen.anchors.extend(anchors),
        Err(fault) if fault.class == Class::Permission => {
            let place = namespace.map_or("of the cluster".to_owned(), |namespace| {
                format!("of the namespace {namespace}")
            });
            ctx.out.warn(&format!(
                "you may not list the Secrets {place}, so left-over tokens of stored accounts are not looked for"
            ));
        }
        Err(fault) => return Err(fault),
    }
    Ok(())
}

/// Shows a second anchor of a stored account.
fn show_anchor(
    ctx: &Ctx,
    stored: &[Stored],
    account: &Account,
    anchor: &str,
) -> anyhow::Result<()> {
    let owner = stored.iter().find(|(_, minted)| minted.account == *account);
    let Some((record, _)) = owner else {
        return Ok(());
    };
    let name = record.name_or_id();
    ctx.out.line(&format!(
        "secret/{} may keep a second token of credential/{name} alive",
        said(anchor)
    ))?;
    let renew = acpctl_for(&["credential", "renew"], name, &[]);
    ctx.out
        .note_as_is(&format!("  unless a renewal is under way, end it: {renew}"));
    Ok(())
}

fn show_accounts(
    ctx: &Ctx,
    ends: &Ends<'_>,
    accounts: &[&Found],
    list: &[Record],
) -> anyhow::Result<()> {
    for found in accounts {
        ctx.out.line(&format!(
            "serviceaccount/{} was made for credential/{}, {}",
            said(&found.account.name()),
            found.credential,
            without_record(found, list)
        ))?;
        // Each machine has an embedded API of this address.
        let unless = match ends.address.as_str() {
            LOCAL => "unless it is that of another machine or data folder, ",
            _ => "",
        };
        ctx.out.note_as_is(&format!(
            "  {unless}remove it: {}",
            ends.remove_by_hand(&found.account)
        ));
        let names_it =
            |it: &&Record| Minted::of(it).is_some_and(|minted| minted.account == found.account);
        if let Some(other) = list.iter().find(names_it) {
            ctx.out.note_as_is(&format!(
                "  only if you know that the record {} is that credential, and no copy, give it the account: {}",
                quote(other.id()),
                ends.claim_by_hand(&found.account, other)
            ));
        }
    }
    Ok(())
}

/// Says what became of the record of an account.
fn without_record(found: &Found, list: &[Record]) -> String {
    let has_id = |id: &str| list.iter().any(|it| it.id() == id);
    let name = &found.credential;
    let has_name = has_id(name) || list.iter().any(|it| it.name() == name);
    match &found.record {
        Some(id) if has_name && !has_id(id) => format!(
            "whose record {} the platform does not have, although one has its name",
            quote(&said(id))
        ),
        Some(id) if !has_id(id) => "which the platform does not have".to_owned(),
        None if !has_name => "which the platform does not have".to_owned(),
        _ => "which is there, but does not know of it any more".to_owned(),
    }
}

fn show_lost(ctx: &Ctx, credentials: &[&str]) -> anyhow::Result<()> {
    for name in credentials {
        ctx.out.line(&format!(
            "credential/{name} has no account in the cluster any more"
        ))?;
        let revoke = acpctl_for(&["credential", "revoke"], name, &["--yes"]);
        ctx.out.note_as_is(&format!("  take it back: {revoke}"));
    }
    Ok(())
}
