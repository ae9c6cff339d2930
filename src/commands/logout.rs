//! `acpctl logout` (docs/interface/cli-core.md section 7.2): removes every token, the refresh token too.

use secrecy::SecretString;
use serde_json::json;

use crate::auth::oidc::Issuer;
use crate::auth::store;
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::config::file::{CLIENT_ID, ISSUER_URL, LOGIN_URL};
use crate::config::{Config, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};

const EXAMPLES: &str = "acpctl logout";

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
    if !ctx.rehearses() {
        log_out(ctx)?;
    }
    let result = json!({"logged_out": true});
    outcome::said(ctx, &format, "Logged out successfully.", &result)?;
    if env::TOKEN.get().is_some() {
        ctx.out.warn("AMBIENT_TOKEN is set and still used");
    }
    Ok(())
}

fn log_out(ctx: &Ctx) -> anyhow::Result<()> {
    let path = paths::config_file_to_change()?;
    let before = ctx.config()?;
    let revocation = revocation(before);
    let mut cleared = Ok(());
    Config::update(&path, |config| {
        cleared = store::clear(config);
        config.set(LOGIN_URL, None);
        config.set(ISSUER_URL, None);
        config.set(CLIENT_ID, None);
    })
    .map_err(Failure::from)?;
    cleared.map_err(|why| {
        Failure::new(
            Kind::Other,
            format!("remove the login from the keyring: {why}"),
        )
        .hint("unlock the keyring and log out again")
    })?;
    if let Some((issuer, client_id, refresh)) = revocation
        && let Ok(issuer) = Issuer::new(&issuer, ctx.settings()?)
    {
        ctx.block_on(async {
            issuer.revoke(&client_id, &refresh).await;
            Ok(())
        })?;
    }
    Ok(())
}

/// Returns what the issuer needs to end the login: its address, the client and the refresh token.
fn revocation(config: &Config) -> Option<(String, String, SecretString)> {
    let refresh = store::load(config).ok()?.refresh?;
    Some((
        config.text(ISSUER_URL)?.to_owned(),
        config.text(CLIENT_ID)?.to_owned(),
        refresh,
    ))
}
