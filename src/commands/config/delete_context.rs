//! `acpctl config delete-context`

use serde_json::json;

use super::context_change;
use crate::auth::store::{self, Removed, Store};
use crate::commands::outcome::{self, WriteArgs};
use crate::config::file::KEYRING_ENTRY;
use crate::config::{Config, contexts};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::resources::Candidates;
use crate::text::quote;

const EXAMPLES: &str = "\
# End the login at the identity provider first
acpctl --context-name staging logout
acpctl config delete-context staging";

/// Remove a server from the configuration
///
/// Its login is removed from this machine too, but not ended at the identity provider: "acpctl logout" does that.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Context
    #[arg(add = Candidates::ServerContexts)]
    name: String,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let name = &args.name;
    let is_dry = ctx.rehearses();
    let mut removed = Removed::default();
    let changed = context_change::apply(ctx, |config| {
        contexts::refuse_local(config, name, "deleted")?;
        contexts::select(config, name)?;
        if !is_dry {
            leave_keyring(ctx, config, &mut removed)?;
        }
        contexts::delete(config, name)
    });
    let config = match changed {
        Ok(config) => config,
        Err(why) => {
            removed.put_back();
            return Err(why.into());
        }
    };
    let sentence = format!("Context {} deleted", quote(name));
    outcome::said(ctx, &format, &sentence, &json!({"name": name}))?;
    if contexts::current(&config).is_none() {
        let next = if contexts::list(&config).len() > 1 {
            "choose another one: acpctl config use-context NAME"
        } else {
            "no server is left: acpctl login URL"
        };
        ctx.out.warn(&format!("it was the current context; {next}"));
    }
    Ok(())
}

/// Removes the login of the context from the keyring. One that is only left there from an earlier login keeps nobody
/// from deleting the context: the file keeps its number.
fn leave_keyring(ctx: &Ctx, config: &mut Config, removed: &mut Removed) -> Result<(), Failure> {
    let entry = config
        .keyring_entry()
        .filter(|_| !config.shares_keyring_entry());
    let Err(why) = store::leave_keyring(config, false, removed) else {
        return Ok(());
    };
    if store::chosen(config) != Store::Keyring {
        if let Some(number) = entry {
            config.set(KEYRING_ENTRY, None);
            config.leave_in_keyring(number, true);
        }
        ctx.out.warn(&format!(
            "an earlier login is still in the keyring ({why}); the next login or logout removes it"
        ));
        return Ok(());
    }
    let message = format!("remove the login from the keyring: {why}");
    Err(Failure::new(Kind::Other, message).hint("unlock the keyring and try again"))
}
