//! The end of a revocation, which must be seen and not only be said: the cluster refuses the token, and the platform
//! has no record.

use std::time::Duration;

use secrecy::SecretString;

use super::minted::Ends;
use crate::api::Method;
use crate::cluster::objects::{Account, Object};
use crate::cluster::questions;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::Record;
use crate::text::acpctl_for;

/// How long the cluster may go on to accept an ended token: its servers remember a success for ten seconds.
const LIMIT: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(500);

/// Asks the cluster with the stored token of an account until it is refused, or until the run `is_over`. `text` is the
/// stored kubeconfig, if this user may read it; `kept` are the objects that were left alone.
///
/// # Errors
/// The cluster goes on to accept the token, or does not say.
pub(super) async fn until_refused(
    ctx: &Ctx,
    ends: &Ends<'_>,
    account: &Account,
    text: Option<&SecretString>,
    kept: &[Object],
    is_over: &dyn Fn() -> bool,
) -> anyhow::Result<()> {
    let token = match text.map(|text| ends.token_in(text)) {
        Some(Ok(token)) => token,
        unknown => {
            let why = unknown.map_or("the stored token can't be read", |unknown| {
                unknown.err().unwrap_or_default()
            });
            ctx.out.warn(&format!(
                "{why}, so it was not checked that the cluster refuses the token"
            ));
            return Ok(());
        }
    };
    let client = ends.client_with(ctx, account, &token).await?;
    let mut last = None;
    let refused = async {
        loop {
            last = match questions::is_refused(&client).await {
                Ok(true) => return,
                answered => answered.err(),
            };
            if is_over() {
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

/// Deletes the record, and looks whether it is gone, whatever the answer was.
///
/// # Errors
/// It is not known to be gone.
pub(super) async fn delete(ends: &Ends<'_>, record: &Record) -> anyhow::Result<()> {
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
