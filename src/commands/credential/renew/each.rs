//! Renews the credentials of a line that are due, one after the other, over one connection to each cluster.

use anyhow::Context as _;
use jiff::Timestamp;

use super::args::Args;
use super::renewal::renew;
use crate::cluster::journal::Journal;
use crate::commands::credential::minted::{Ends, Minted};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::lookup::{self, Collection};
use crate::resources::Record;
use crate::text::{quote, url_for_people};

/// The result for one credential.
pub(super) enum Done {
    Renewed(Timestamp),
    NotDue,
    /// The platform does not have the credential any more: an interrupted revocation is finished, for example.
    Gone,
}

impl Done {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Renewed(_) => "renewed",
            Self::NotDue => "not due",
            Self::Gone => "gone",
        }
    }
}

/// Renews the credentials that are due, and tells what became of each.
///
/// # Errors
/// Those of `tell`.
pub(super) fn renew_each(
    ctx: &Ctx,
    args: &Args,
    records: &[Record],
    is_due: &dyn Fn(&Record) -> bool,
    mut tell: impl FnMut(&str, anyhow::Result<Done>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut ends: Vec<Ends<'_>> = Vec::new();
    for record in records {
        let done = renew_if_due(ctx, args, record, is_due, &mut ends);
        match done {
            Err(interrupted) if interrupted.is::<Status>() => return Err(interrupted),
            done => tell(record.name_or_id(), done)?,
        }
    }
    if args.all {
        settle_elsewhere(ctx, args, &ends)?;
    }
    Ok(())
}

/// Finishes or undoes what killed runs have left in clusters that no renewal led to.
fn settle_elsewhere(ctx: &Ctx, args: &Args, ends: &[Ends<'_>]) -> anyhow::Result<()> {
    let platform = url_for_people(&ctx.settings()?.api_url.value);
    for server in Journal::servers_left(&platform) {
        if ends.iter().any(|ends| ends.server() == server) {
            continue;
        }
        let settled = args
            .cluster
            .way_to(ctx, &server)
            .map_err(anyhow::Error::from)
            .and_then(|way| Ends::open(ctx, way, &args.cluster.allow)?.settle_left(ctx, None));
        if let Err(why) = settled {
            ctx.out.warn(&format!(
                "what an interrupted run has left in the cluster {} is not settled: {why:#}",
                quote(&server)
            ));
        }
    }
    Ok(())
}

/// Renews a credential, over a connection that may serve several ones.
fn renew_if_due<'c>(
    ctx: &'c Ctx,
    args: &Args,
    record: &Record,
    is_due: &dyn Fn(&Record) -> bool,
    ends: &mut Vec<Ends<'c>>,
) -> anyhow::Result<Done> {
    let minted = Minted::require(record)?;
    if !is_due(record) {
        return Ok(Done::NotDue);
    }
    let at = match ends.iter().position(|ends| ends.server() == minted.server) {
        Some(at) => at,
        None => {
            let way = args.cluster.way_to(ctx, &minted.server)?;
            let opened = Ends::open(ctx, way, &args.cluster.allow)?;
            opened.settle_left(ctx, None)?;
            ends.push(opened);
            ends.len() - 1
        }
    };
    let ends = ends.get(at).context("there is no connection")?;
    // Finishing the interrupted run may have changed the credential.
    match stored_now(ctx, record)? {
        None if args.all => Ok(Done::Gone),
        None => Err(Failure::new(
            Kind::NotFound,
            format!("the credential {} is gone", quote(record.name_or_id())),
        )
        .into()),
        Some(record) => renew(ctx, args, ends, &record).map(Done::Renewed),
    }
}

/// Returns the credential as it is now, if the platform still has it.
fn stored_now(ctx: &Ctx, record: &Record) -> anyhow::Result<Option<Record>> {
    let client = ctx.client()?;
    ctx.block_on(async {
        lookup::find_if_any(client, &Collection::credentials(), record.id())
            .await
            .context("renew credential")
    })
}
