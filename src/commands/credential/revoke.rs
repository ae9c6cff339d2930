//! `acpctl credential revoke`

use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::minted::{Ends, Minted};
use super::own::Own;
use crate::api::Method;
use crate::cluster::change;
use crate::cluster::journal::{Journal, Note, Work};
use crate::cluster::objects::Object;
use crate::cluster::questions;
use crate::commands::confirm;
use crate::commands::outcome::{self, WriteArgs};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::intake::cluster::{self, ClusterArgs};
use crate::lookup::{self, Collection};
use crate::output::{Format, progress, signals};
use crate::resources::{Candidates, Record};
use crate::text::{acpctl_for, url_for_people};

/// How long the cluster may go on to accept an ended token: its servers remember a success for ten seconds.
const LIMIT: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(500);

const EXAMPLES: &str = "\
acpctl credential revoke prod
# What would be taken back?
acpctl credential revoke prod --dry-run
# Without confirmation
acpctl credential revoke prod --yes";

/// Take back a minted credential, in the cluster and on the platform
///
/// Removes the rights, the token and the account from the cluster, asks the cluster until it refuses the token, and
/// deletes the credential from the platform last. Your own kubeconfig is used for the cluster, as in renew.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    credential: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    write: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const DOING: &str = "revoke credential";
    let format = args.write.format(ctx)?;
    let given = &args.credential;
    Collection::credentials().check(given)?;
    let client = ctx.client()?;
    let record = ctx.block_on(async { lookup::credential(client, given).await.context(DOING) })?;
    let minted = Minted::require(&record)?;
    let way = args.cluster.way_to(ctx, &minted.server)?;
    if ctx.rehearses() {
        let ends = Ends::open(ctx, way, &args.cluster.allow)?;
        return rehearse(ctx, &ends, &record, &minted, &format);
    }
    let question = format!(
        "Revoke credential/{given}? Its account {} goes from the cluster, and sessions that use it lose their access.",
        minted.account.name()
    );
    if !args.yes && !confirm::ask_or_read(ctx, &question)? {
        ctx.out.note("Aborted.");
        return Ok(());
    }
    let ends = Ends::open(ctx, way, &args.cluster.allow)?;
    ends.settle_left(ctx)?;
    // An interrupted run may have renewed the credential, or revoked it.
    let found = ctx.block_on(async {
        let credentials = Collection::credentials();
        lookup::find_if_any(client, &credentials, record.id())
            .await
            .context(DOING)
    })?;
    if let Some(record) = &found {
        revoke(ctx, &ends, record)?;
    }
    let mut gone = record.clone();
    gone.remove("token");
    outcome::done(ctx, &gone, &format, &format!("credential/{given} revoked"))
}

/// Shows what would be taken back. The cluster is asked which objects there are, and changes nothing.
fn rehearse(
    ctx: &Ctx,
    ends: &Ends<'_>,
    record: &Record,
    minted: &Minted,
    format: &Format,
) -> anyhow::Result<()> {
    let own = ctx.block_on(Own::of(ctx, ends, record, minted))?;
    let objects = objects_of(minted, &own);
    let found: Vec<(&Object, &str)> = ctx.block_on(async {
        let _asking = progress::begin("Asking the cluster which objects there are");
        let mut found = Vec::new();
        for object in &objects {
            let there = change::find(&ends.cluster, object).await;
            let there = there.map_err(cluster::failure)?;
            let what = match there {
                Some(there) if change::is_ours(&there, object) => "removed",
                Some(_) => "kept",
                None => continue,
            };
            found.push((object, what));
        }
        Ok(found)
    })?;
    let name = record.name_or_id();
    if !matches!(format, Format::Table | Format::Wide | Format::Name) {
        let object = |(object, result): &(&Object, &str)| json!({"kind": object.kind.word(), "name": object.name, "result": result});
        let plan = json!({
            "name": name,
            "server": ends.server(),
            "namespace": minted.account.namespace,
            "role": minted.role,
            "objects": found.iter().map(object).collect::<Vec<_>>(),
        });
        return ctx.out.value(&plan, format);
    }
    let place = url_for_people(&ends.way.access.server);
    ctx.out.note(&format!(
        "In the namespace {} of {place}:",
        minted.account.namespace
    ));
    for (object, result) in &found {
        let why = match *result {
            "kept" => format!(
                "kept, because it does not have the label {}",
                minted.account.label()
            ),
            result => result.to_owned(),
        };
        ctx.out.note(&format!("  {}: {why}", object.says()));
    }
    if found.is_empty() {
        ctx.out.note("  nothing: the account is gone already");
    }
    ctx.out.note("On the platform, last:");
    ctx.out.note(&format!("  credential/{name}: deleted"));
    outcome::done(ctx, record, format, &format!("credential/{name} revoked"))
}

/// Returns the objects of a credential, in the order of their removal. Those that the stored token names are known by
/// their uid.
fn objects_of(minted: &Minted, own: &Own) -> Vec<Object> {
    let objects = minted.account.all_to_remove(&minted.anchor);
    objects
        .into_iter()
        .map(|object| own.known(object))
        .collect()
}

fn revoke(ctx: &Ctx, ends: &Ends<'_>, record: &Record) -> anyhow::Result<()> {
    let minted = Minted::require(record)?;
    let account = &minted.account;
    let own = ctx.block_on(Own::of(ctx, ends, record, &minted))?;
    let go_on = format!(
        "credential/{} is not taken back as a whole; go on: {}",
        record.name_or_id(),
        acpctl_for(&["credential", "revoke"], record.name_or_id(), &["--yes"])
    );
    let work = ends.begin_work("the run ends", &go_on)?;
    let mut journal = Journal::begin(Note {
        work: Work::Revoke,
        server: ends.server(),
        platform: ends.address.clone(),
        credential: record.name_or_id().to_owned(),
        id: account.id.clone(),
        namespace: account.namespace.clone(),
        new_anchor: None,
        old_anchor: Some(minted.anchor.clone()),
        step: "remove the objects".to_owned(),
    })?;
    // If this fails, the note makes the next run go on.
    let ended = ctx.block_on(async {
        let _removing = progress::begin("Removing the account from the cluster");
        let mut kept = Vec::new();
        let mut first = None;
        for object in objects_of(&minted, &own) {
            work.check()?;
            match ends.remove_all(&[object]).await {
                Ok(left) => kept.extend(left),
                Err(failure) => {
                    first.get_or_insert(failure);
                }
            }
        }
        ends.tell_kept(ctx, &kept);
        if let Some(failure) = first {
            return Err(failure.into());
        }
        work.check()?;
        journal.step("ask until the token is refused")?;
        match &own.text {
            Some(text) => until_refused(ctx, ends, text, &kept, &work).await?,
            None => ctx.out.warn(
                "the stored token can't be read, so it was not checked that the cluster refuses it",
            ),
        }
        work.check()?;
        Ok(())
    });
    if let Err(why) = ended {
        let why = work.or_interrupted(why);
        if why.is::<Status>() {
            ctx.out.note_as_is(&go_on);
        }
        return Err(why);
    }
    journal.step("delete the record")?;
    ctx.block_on(delete(ends, record)).context(
        "the access is taken back in the cluster, but the record is not deleted from the platform",
    )?;
    journal.end();
    Ok(())
}

/// Deletes the record, and looks whether it is gone, whatever the answer was.
async fn delete(ends: &Ends<'_>, record: &Record) -> anyhow::Result<()> {
    let credentials = Collection::credentials();
    let request = credentials.request(Method::Delete, record.id());
    let sent = ends.platform.send(&request).await;
    let found = lookup::find_if_any(ends.platform, &credentials, record.id()).await;
    match (sent, found) {
        (_, Ok(None)) => Ok(()),
        (Err(error), _) => Err(error.into()),
        (Ok(_), Ok(Some(_))) => Err(Failure::new(
            Kind::Server,
            "the platform says that it has deleted the record, and still has it",
        )
        .hint(format!(
            "tell its administrator, or try again: {}",
            acpctl_for(&["credential", "revoke"], record.name_or_id(), &["--yes"])
        ))
        .into()),
        (Ok(_), Err(why)) => Err(why),
    }
}

/// Asks the cluster with the old token until it is refused. The stored text comes from the platform: it does not choose
/// another server.
async fn until_refused(
    ctx: &Ctx,
    ends: &Ends<'_>,
    text: &SecretString,
    kept: &[Object],
    work: &signals::Work,
) -> anyhow::Result<()> {
    let way = cluster::of_text("the stored kubeconfig", text.expose_secret())?;
    if way.access.context.server.as_deref() != Some(ends.server().as_str()) {
        ctx.out.warn("the stored kubeconfig leads to another cluster, so it was not checked that this one refuses its token");
        return Ok(());
    }
    let client = cluster::client(ctx, &way.access)
        .await
        .map_err(cluster::failure)?;
    let mut last = None;
    let refused = async {
        loop {
            last = match questions::is_refused(&client).await {
                Ok(true) => return,
                answered => answered.err(),
            };
            if work.check().is_err() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    if tokio::time::timeout(LIMIT, refused).await.is_ok() {
        return Ok(());
    }
    let seconds = LIMIT.as_secs();
    let done = if kept.is_empty() {
        "its account is removed"
    } else {
        "what is the credential's own is removed"
    };
    let text = match last {
        None => {
            format!("the cluster did not refuse the token within {seconds} s, although {done}")
        }
        Some(fault) => format!(
            "{done}, but for {seconds} s the cluster did not say whether it refuses the token: {}",
            fault.text
        ),
    };
    let hint = if kept.is_empty() {
        "run the command again: it goes on from here".to_owned()
    } else {
        format!(
            "if what was left alone is the credential's, remove it, then run the command again: {}",
            ends.remove_each_by_hand(kept)
        )
    };
    Err(Failure::new(Kind::Server, text).hint(hint).into())
}
