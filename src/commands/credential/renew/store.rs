//! The new token on the platform.

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use crate::api::{Body, Cause, Error, Method};
use crate::commands::credential::merge;
use crate::commands::credential::minted::{Ends, Minted};
use crate::commands::credential::new_token::Token;
use crate::ctx::Ctx;
use crate::digest;
use crate::lookup::{self, Collection};
use crate::resources::{
    CONTEXT, CREDENTIAL, DIGEST, EXPIRES_AT, KUBECONFIG, MINT_ANCHOR, Record, SERVER, annotation,
};
use crate::session_helper::fetch;

/// The new token is not stored, as far as that is known.
pub(super) enum Unstored {
    Known(anyhow::Error),
    Unknown(anyhow::Error),
}

/// Gives the new token to the platform, and makes sure that the platform has it.
pub(super) fn store(
    ctx: &Ctx,
    ends: &Ends<'_>,
    record: &Record,
    new: &Minted,
    token: &Token,
) -> Result<(), Unstored> {
    let mut own = new.annotations(&token.asked, ctx);
    for key in [CONTEXT, SERVER] {
        own.insert(key.to_owned(), annotation(record, key).into());
    }
    own.insert(EXPIRES_AT.to_owned(), token.end.to_string().into());
    if let Some(digest) = digest::keyed(token.text.expose_secret().as_bytes()) {
        own.insert(DIGEST.to_owned(), digest.into());
    }
    let annotations = merge::replace_own(record.text("annotations"), own)
        .map_err(|failure| Unstored::Known(failure.into()))?;
    let mut body = Body::new();
    body.set("annotations", annotations);
    body.set_secret("token", token.text.clone());
    let request = Collection::credentials()
        .request(Method::Patch, record.id())
        .body(body);
    let sent = ctx.block_on(async { Ok(ends.platform.fetch(&CREDENTIAL, &request).await) });
    let sent = sent.map_err(Unstored::Known)?;
    // A request that took too long may still be carried out.
    let may_follow = matches!(
        sent,
        Err(Error::Transport {
            cause: Cause::Timeout,
            ..
        })
    );
    let sent = sent.context("renew credential");
    // The answer does not matter; what the platform stores now decides.
    let seen = ctx.block_on(async {
        let seen = lookup::credential(ends.platform, record.id()).await?;
        let text = fetch::token(ends.platform, record.id(), KUBECONFIG)
            .await
            .ok();
        Ok((seen, text))
    });
    let has_new = match &seen {
        Ok((seen, Some(text))) => {
            let is_served = text.expose_secret() == token.text.expose_secret();
            Some(is_served && annotation(seen, MINT_ANCHOR) == new.anchor)
        }
        // The secret can't be read by this user; the annotations were changed by the same request.
        Ok((seen, None)) => Some(annotation(seen, MINT_ANCHOR) == new.anchor),
        Err(_) => None,
    };
    match (has_new, sent) {
        (Some(true), _) => Ok(()),
        (Some(false), Err(why)) if !may_follow => Err(Unstored::Known(why)),
        (Some(false), Ok(_)) => Err(Unstored::Unknown(anyhow::anyhow!(
            "the platform does not serve the new token"
        ))),
        (_, Err(why)) => Err(Unstored::Unknown(why)),
        (None, Ok(_)) => Err(Unstored::Unknown(
            seen.err().unwrap_or_else(|| anyhow::anyhow!("no answer")),
        )),
    }
}
