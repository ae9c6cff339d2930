//! The anchor that a new token ends with: made with the token, and cleared away if another run has left one.

use std::time::Duration;

use jiff::Timestamp;

use crate::cluster::change;
use crate::cluster::journal::Journal;
use crate::cluster::objects::Object;
use crate::commands::credential::minted::{Ends, Minted};
use crate::commands::credential::new_token::{self, Bound, Token};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::cluster::failure;
use crate::output::{progress, signals};
use crate::resources::{CONTEXT, Record, annotation};

/// How long a renewal may take, at the most: after that, what it made in the cluster is left over.
const LONGEST_RUN: Duration = Duration::from_secs(900);

/// Makes the anchor and a token that ends with it, and tries the token.
pub(super) async fn make(
    ctx: &Ctx,
    ends: &Ends<'_>,
    record: &Record,
    new: &Minted,
    (account_uid, anchor): (&str, &Object),
    (work, journal): (&signals::Work, &mut Journal),
) -> anyhow::Result<Token> {
    let _making = progress::begin(format!("Renewing {}", record.name_or_id()));
    work.check()?;
    journal.step(anchor.says())?;
    let uid = change::create(&ends.cluster, anchor)
        .await
        .map_err(failure)?;
    let context = annotation(record, CONTEXT);
    let context = Some(context).filter(|name| !name.is_empty());
    let context = context.unwrap_or_else(|| record.name_or_id().to_owned());
    let bound = Bound {
        account_uid,
        anchor,
        anchor_uid: &uid,
    };
    new_token::get(ctx, ends, new, &bound, &context, (work, journal)).await
}

/// Removes an anchor that a run on another machine has left, and with it the token that nobody knows. A young one may
/// belong to a run that is not at its end.
pub(super) async fn clear(ctx: &Ctx, ends: &Ends<'_>, anchor: &Object) -> anyhow::Result<()> {
    let found = change::find(&ends.cluster, anchor).await.map_err(failure)?;
    let Some(found) = found.filter(|found| change::is_ours(found, anchor)) else {
        return Ok(());
    };
    let made = found["metadata"]["creationTimestamp"].as_str();
    let made: Option<Timestamp> = made.and_then(|made| made.parse().ok());
    let free = made.and_then(|made| made.checked_add(LONGEST_RUN).ok());
    if free.is_some_and(|free| free > ctx.now()) {
        return Err(Failure::new(
            Kind::Conflict,
            format!(
                "another run renews the credential, or was interrupted: {} is new",
                anchor.says()
            ),
        )
        .hint(format!(
            "try again in {} minutes",
            LONGEST_RUN.as_secs() / 60
        ))
        .into());
    }
    change::remove(&ends.cluster, anchor)
        .await
        .map_err(failure)?;
    Ok(())
}
