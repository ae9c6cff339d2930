//! `acpctl logout` (docs/interface/cli-core.md section 7.2): removes every token, the refresh token too.

use serde_json::json;

use crate::auth::oidc::Revocation;
use crate::auth::revoke::{Held, Sharer};
use crate::auth::store::{self, Removed};
use crate::auth::{job, own_server};
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::config::Config;
use crate::config::file::{
    self, ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET_DIGEST, Error, ISSUER_URL, LOGIN_GRANT, LOGIN_URL,
    REFRESH_TOKEN,
};
use crate::config::settings::{Settings, login_url};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::keyring::KeyringError;
use crate::output::note;
use crate::output::signals::Errand;
use crate::text::command::acpctl_elsewhere;
use crate::text::{quote, url_for_people};

const EXAMPLES: &str = "acpctl logout";

/// What the user reads if a signal comes once the tokens are being removed, and at a second one.
const INTERRUPTED: [&str; 2] = [
    "Interrupted: the logout is finished first; a second signal ends acpctl at once",
    "Ended at once: the login may go on at its issuer",
];

/// Log out from the Ambient API server
///
/// Removes every token from this machine, and ends the login at the identity provider if that supports it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    output: WriteArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    ctx.tolerate_values_with_a_warning();
    let had_login = had_login(ctx.config()?);
    let is_embedded = ctx.settings().is_ok_and(Settings::is_local);
    if had_login && is_embedded {
        return Err(of_another_server(ctx.config()?).into());
    }
    let whence = whence(ctx.config()?);
    let (held, _finishing) = if ctx.rehearses() {
        Held::of(ctx.config()?).map_err(|why| kept(&why))?;
        (Held::default(), None)
    } else {
        remove(ctx)?
    };
    let unheard = end(ctx, &held)?;
    let result = json!({"logged_out": true});
    outcome::said(ctx, &format, "Logged out successfully.", &result)?;
    if had_login && !ctx.rehearses() {
        ctx.out.aside(&whence);
    }
    if is_embedded {
        ctx.out
            .aside("The embedded API needs no login; no login was removed.");
    }
    for warning in unheard {
        ctx.out.warn(&warning);
    }
    let settings = ctx.settings().ok();
    if settings.is_some_and(|settings| own_server::token_for(&settings.api_url.value).is_some()) {
        ctx.out.aside(own_server::NEEDS_NO_LOGIN);
    }
    if env::TOKEN.get().is_some() {
        ctx.out.warn("AMBIENT_TOKEN is set and still used");
    } else if settings.is_some_and(job::counts) {
        ctx.out
            .warn("AMBIENT_ISSUER_URL and AMBIENT_CLIENT_ID are set and still used");
    }
    Ok(())
}

fn had_login(config: &Config) -> bool {
    let keys = [ACCESS_TOKEN, REFRESH_TOKEN, LOGIN_URL];
    keys.iter().any(|key| config.text(key).is_some())
}

/// Names the server of the login, and its context if there are several.
fn whence(config: &Config) -> String {
    let server = url_for_people(login_url(config));
    let context = config.place().context.filter(|_| config.has_contexts());
    let context = context.map_or_else(String::new, |name| format!(" (context {})", quote(&name)));
    format!("The login at {server}{context} is removed from this machine.")
}

/// Returns the failure of a logout while the embedded API is in effect: the login in the file is one for another server.
fn of_another_server(config: &Config) -> Failure {
    let server = url_for_people(login_url(config));
    let context = config.place().context;
    let context = format!("--context-name={}", context.as_deref().unwrap_or("NAME"));
    let logout = acpctl_elsewhere(&[&context, "logout"]);
    Failure::usage(format!(
        "the server is the embedded API of this machine, which needs no login; the login at {server} is kept"
    ))
    .hint(format!("to remove that login: {logout}"))
}

/// Removes the logins from this machine and returns them. The lock keeps a run that renews the login from replacing it
/// meanwhile. If the keyring or the file refuses, nothing is changed. The value beside them keeps a signal waiting: who
/// interrupts the rest would have no token left to end the login with.
fn remove(ctx: &Ctx) -> anyhow::Result<(Held, Option<Errand>)> {
    let place = ctx.place_to_change()?;
    file::try_place(&place.path).map_err(|why| Failure::from(Error::save(why)))?;
    let mut held = Held::default();
    let mut removed = Removed::default();
    let mut finishing = None;
    let updated = Config::try_update(&place, |config| {
        let begun = Errand::begin(INTERRUPTED, note);
        let failed = |why| Failure::new(Kind::Other, format!("wait for signals: {why}"));
        finishing = Some(begun.map_err(failed)?);
        held = Held::of(config).map_err(|why| kept(&why))?;
        if held.left.is_none() {
            store::leave_keyring(config, true, &mut removed).map_err(|why| kept(&why))?;
        }
        store::forget(config);
        for key in [
            LOGIN_URL,
            ISSUER_URL,
            CLIENT_ID,
            LOGIN_GRANT,
            CLIENT_SECRET_DIGEST,
        ] {
            config.set(key, None);
        }
        Ok(())
    });
    if let Err(why) = updated {
        removed.put_back();
        return Err(why.into());
    }
    Ok((held, finishing))
}

/// Returns the failure of a keyring that keeps its entry.
fn kept(why: &KeyringError) -> Failure {
    Failure::new(
        Kind::Other,
        format!("remove the login from the keyring: {why}"),
    )
    .hint(match why {
        KeyringError::NoKeyring => {
            "log out in your desktop session, where the keyring is; nothing has been changed"
        }
        _ => "unlock the keyring and log out again; nothing has been changed",
    })
}

/// Ends the logins at their issuers. Returns a warning about each one that goes on.
fn end(ctx: &Ctx, held: &Held) -> anyhow::Result<Vec<String>> {
    let mut unheard = Vec::new();
    for login in &held.logins {
        if let Some(sharer) = &login.shared_with {
            unheard.push(goes_on(&login.issuer, sharer));
            continue;
        }
        let settings = ctx.settings()?;
        let revoked = ctx.block_on(async { Ok(login.revoke(settings).await) })?;
        if let Revocation::Not(why) = revoked {
            unheard.push(format!(
                "the issuer did not hear of it ({why}); the login stays valid there until it ends, or until you end it in your account at {}",
                url_for_people(&login.issuer)
            ));
        }
    }
    unheard.extend(held.unknown.as_ref().map(|why| {
        format!(
            "no issuer heard of it ({why}); if the login came from an issuer, it stays valid there until it ends, or until you end it in your account there"
        )
    }));
    unheard.extend(held.left.as_ref().map(|why| {
        format!(
            "an earlier login is still in the keyring ({why}); unlock the keyring and log out again"
        )
    }));
    Ok(unheard)
}

/// Returns the warning about a login that is not ended at its issuer, because that would end another one too.
fn goes_on(issuer: &str, sharer: &Sharer) -> String {
    let issuer = url_for_people(issuer);
    let name = quote(&sharer.context);
    let context = format!("--context-name={}", sharer.context);
    let logout = acpctl_elsewhere(&[&context, "logout"]);
    match &sharer.doubt {
        None => format!(
            "the login goes on at {issuer}, because the context {name} has a login of the same session there, which would end too; to end both: {logout}"
        ),
        Some(why) => format!(
            "the login goes on at {issuer}, because the context {name} may have a login of the same session there, which would end too, and the keyring does not show it ({why}); end this one in your account there, or unlock the keyring, and to end both: {logout}"
        ),
    }
}
