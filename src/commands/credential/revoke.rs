//! `acpctl credential revoke`

use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::minted::{Ends, Minted};
use crate::api::Method;
use crate::cluster::change;
use crate::cluster::journal::{Journal, Note, Work};
use crate::cluster::objects::Object;
use crate::cluster::{Class, questions};
use crate::commands::confirm;
use crate::commands::outcome::{self, WriteArgs};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::cluster::{self, ClusterArgs};
use crate::lookup::{self, Collection};
use crate::output::{Format, progress};
use crate::resources::{Candidates, KUBECONFIG, Record};
use crate::session_helper::fetch;
use crate::text::url_for_people;

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
    let objects = minted.account.all_to_remove(&minted.anchor);
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
            "kept" => "kept, because somebody else has made it",
            result => result,
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

fn revoke(ctx: &Ctx, ends: &Ends<'_>, record: &Record) -> anyhow::Result<()> {
    let minted = Minted::require(record)?;
    let account = &minted.account;
    let text = ctx.block_on(async {
        Ok(fetch::token(ends.platform, record.id(), KUBECONFIG)
            .await
            .ok())
    })?;
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
    ctx.block_on(async {
        let _removing = progress::begin("Removing the account from the cluster");
        let objects = account.all_to_remove(&minted.anchor);
        ends.remove_all(&objects).await?;
        journal.step("ask until the token is refused")?;
        match &text {
            Some(text) => until_refused(ctx, ends, text).await,
            None => {
                ctx.out.warn("the stored token can't be read, so it was not checked that the cluster refuses it");
                Ok(())
            }
        }
    })?;
    journal.step("delete the record")?;
    ctx.block_on(delete(ends, record)).context(
        "the access is taken back in the cluster, but the record is not deleted from the platform",
    )?;
    journal.end();
    Ok(())
}

/// Deletes the record. If the answer is lost, the record is looked up.
async fn delete(ends: &Ends<'_>, record: &Record) -> anyhow::Result<()> {
    let credentials = Collection::credentials();
    let request = credentials.request(Method::Delete, record.id());
    let Err(error) = ends.platform.send(&request).await else {
        return Ok(());
    };
    match lookup::find_if_any(ends.platform, &credentials, record.id()).await {
        Ok(None) => Ok(()),
        _ => Err(error.into()),
    }
}

/// Asks the cluster with the old token until it is refused. The stored text comes from the platform: it does not choose
/// another server.
async fn until_refused(ctx: &Ctx, ends: &Ends<'_>, text: &SecretString) -> anyhow::Result<()> {
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
            last = match questions::who(&client).await {
                Err(fault) if fault.class == Class::Login => return,
                answered => answered.err(),
            };
            tokio::time::sleep(PAUSE).await;
        }
    };
    if tokio::time::timeout(LIMIT, refused).await.is_ok() {
        return Ok(());
    }
    let seconds = LIMIT.as_secs();
    let text = match last {
        None => format!(
            "the cluster did not refuse the token within {seconds} s, although its account is removed"
        ),
        Some(fault) => format!(
            "the account is removed, but for {seconds} s the cluster did not say whether it refuses the token: {}",
            fault.text
        ),
    };
    Err(Failure::new(Kind::Server, text)
        .hint("run the command again: it goes on from here")
        .into())
}
