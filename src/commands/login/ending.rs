//! Ends logins at their issuers that nobody has any more: one that could not be saved, and those that it replaces.

use super::args::Mode;
use super::save::Made;
use crate::auth::oidc::Revocation;
use crate::auth::revoke::Held;
use crate::config::{Config, Place};
use crate::ctx::Ctx;
use crate::text::{quote, url_for_people};

/// Ends a login at its issuer that could not be saved: nobody would have its token. One that shares its session with
/// a stored login, of this context or of another one, goes on with that.
pub(super) fn withdraw(ctx: &Ctx, made: &Made, place: &Place) {
    let Some(fresh) = made.revocable() else {
        return;
    };
    let lives_on = |config: &Config| match fresh.lives_on_where(config) {
        Ok(false) => fresh.other_context(config).map(|sharer| sharer.doubt),
        Ok(true) => Some(None),
        Err(why) => Some(Some(why)),
    };
    let goes_on = |why: &str| {
        ctx.out.warn(&format!(
            "the login that was not saved is still valid at {} ({why})",
            url_for_people(&fresh.issuer)
        ));
    };
    if let Some(doubt) = Config::load(place)
        .ok()
        .and_then(|config| lives_on(&config))
    {
        if let Some(why) = doubt {
            goes_on(&format!(
                "another login may be of the same session, and the keyring does not show it: {why}"
            ));
        }
        return;
    }
    let revoked = ctx.block_on(async { Ok(fresh.revoke(ctx.settings()?).await) });
    if let Ok(Revocation::Not(why)) = revoked {
        goes_on(&why);
    }
}

/// Ends the logins before this one at their issuers, where they would go on otherwise.
pub(super) fn end(ctx: &Ctx, made: &Made, replaced: &Held) -> anyhow::Result<()> {
    let issuer = (made.mode != Mode::Token).then_some(made.provider.issuer_url.as_str());
    for before in &replaced.logins {
        if before.lives_on_in(made.login, issuer) {
            continue;
        }
        if let Some(sharer) = &before.shared_with {
            let (has, doubt) = match &sharer.doubt {
                None => ("has", String::new()),
                Some(why) => (
                    "may have",
                    format!(", and the keyring does not show it ({why})"),
                ),
            };
            ctx.out.aside(&format!(
                "The login before this one is not ended at {}: the context {} {has} a login of the same session there{doubt}",
                url_for_people(&before.issuer),
                quote(&sharer.context)
            ));
            continue;
        }
        let settings = ctx.settings()?;
        let revoked = ctx.block_on(async { Ok(before.revoke(settings).await) })?;
        if let Revocation::Not(why) = revoked {
            ctx.out.warn(&format!(
                "the login before this one is still valid at {} ({why})",
                url_for_people(&before.issuer)
            ));
        }
    }
    if let Some(why) = &replaced.unknown {
        ctx.out.warn(&format!(
            "if the login before this one came from an issuer, it is still valid there ({why})"
        ));
    }
    Ok(())
}
