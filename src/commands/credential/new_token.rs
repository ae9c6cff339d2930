//! A new token of a minted account: given by the cluster, and tried there.

use jiff::Timestamp;
use secrecy::SecretString;

use super::minted::{self, Ends, Minted};
use crate::cluster::change;
use crate::cluster::granted::Wanted;
use crate::cluster::inspect::Inspection;
use crate::cluster::journal::Journal;
use crate::cluster::objects::Object;
use crate::ctx::Ctx;
use crate::intake::cluster::failure;
use crate::output::signals::Work;

/// A new token that the cluster has accepted.
pub(super) struct Token {
    /// The kubeconfig with the token.
    pub text: SecretString,
    pub asked: Inspection,
    pub end: Timestamp,
}

/// The objects that a token is for and ends with, as the cluster has them.
pub(super) struct Bound<'o> {
    pub account_uid: &'o str,
    pub anchor: &'o Object,
    pub anchor_uid: &'o str,
}

/// Gets a token from the cluster and tries it. `context` is the name of the context in its kubeconfig.
///
/// # Errors
/// The cluster gives none or does not accept it, or a signal has come.
pub(super) async fn get(
    ctx: &Ctx,
    ends: &Ends<'_>,
    minted: &Minted,
    bound: &Bound<'_>,
    context: &str,
    (work, journal): (&Work, &mut Journal),
) -> anyhow::Result<Token> {
    work.check()?;
    journal.step("token")?;
    let account = &minted.account;
    let wanted = Wanted {
        account,
        account_uid: bound.account_uid,
        anchor: bound.anchor,
        anchor_uid: bound.anchor_uid,
        ttl: minted.ttl,
        now: ctx.now(),
    };
    let granted = change::token(&ends.cluster, &wanted).await;
    let granted = granted.map_err(failure)?;
    let text = minted::kubeconfig(&ends.way.access, context, account, &granted.token)?;
    work.check()?;
    journal.step("try the token")?;
    let asked = ends.prove(ctx, account, &granted, &text).await?;
    let end = granted.end;
    Ok(Token { text, asked, end })
}
