//! `acpctl credential revoke`

use anyhow::Context as _;
use serde_json::json;

use super::ended;
use super::minted::{Ends, Minted};
use super::own::Own;
use crate::cluster::change;
use crate::cluster::journal::{Journal, Note, Work};
use crate::cluster::objects::Object;
use crate::commands::confirm;
use crate::commands::outcome::{self, WriteArgs};
use crate::ctx::Ctx;
use crate::failure::Status;
use crate::intake::cluster::{self, ClusterArgs};
use crate::lookup::{self, Collection};
use crate::output::{Format, progress};
use crate::resources::{Candidates, Record};
use crate::text::{acpctl_for, url_for_people};

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
    ends.settle_left(ctx, Some(&minted.account))?;
    // An interrupted run may have renewed the credential, or revoked it.
    let found = ctx.block_on(async {
        let credentials = Collection::credentials();
        lookup::find_if_any(client, &credentials, record.id())
            .await
            .context(DOING)
    })?;
    if let Some(record) = &found
        && !revoke(ctx, &ends, record, args.yes)?
    {
        ctx.out.note("Aborted.");
        return Ok(());
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
    if let Some(doubt) = own.doubt {
        ctx.out.warn(&unproved(minted, doubt));
    }
    let objects = objects_of(&own.with_its_anchor(minted), &own);
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

/// Says that nothing proves whose the account is, and asks whether to go on, unless the user has said yes.
fn accept_doubt(ctx: &Ctx, minted: &Minted, doubt: &str, yes: bool) -> anyhow::Result<bool> {
    let text = unproved(minted, doubt);
    if yes {
        ctx.out.warn(&text);
        return Ok(true);
    }
    confirm::ask_or_read(ctx, &format!("Nothing is changed yet: {text}. Revoke it?"))
}

fn unproved(minted: &Minted, doubt: &str) -> String {
    format!(
        "only the record says that the {} is its own: {doubt}",
        minted.account.itself().says()
    )
}

/// Takes a credential back. Returns false if the user does not want that, because nothing proves whose the account is.
fn revoke(ctx: &Ctx, ends: &Ends<'_>, record: &Record, yes: bool) -> anyhow::Result<bool> {
    let minted = Minted::require(record)?;
    let own = ctx.block_on(Own::of(ctx, ends, record, &minted))?;
    if let Some(doubt) = own.doubt
        && !accept_doubt(ctx, &minted, doubt, yes)?
    {
        return Ok(false);
    }
    let minted = own.with_its_anchor(&minted);
    let account = &minted.account;
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
        record: Some(record.id().to_owned()),
        digest: None,
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
        journal.step_if_possible("ask until the token is refused");
        let is_over = || work.check().is_err();
        ended::until_refused(ctx, ends, account, own.text.as_ref(), &kept, &is_over).await?;
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
    journal.step_if_possible("delete the record");
    ctx.block_on(ended::delete(ends, record)).context(
        "the access is taken back in the cluster, but the record is not deleted from the platform",
    )?;
    journal.end();
    Ok(true)
}
