//! Credentials that the platform makes for its own gateways: nobody should bind, read or delete them, so lists leave them
//! out.

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::resources::{List, OF_GATEWAYS, Record};
use crate::text::{acpctl, quote};

/// The flag of the verbs that can break a gateway.
#[derive(Debug, clap::Args)]
pub(crate) struct ForceArgs {
    /// Also a credential that the platform made for its own gateways
    #[arg(long)]
    force: bool,
}

impl ForceArgs {
    /// Refuses such a credential, unless the user insists. `record` is the credential or its token.
    ///
    /// # Errors
    /// [`Kind::Policy`].
    pub(crate) fn check(&self, given: &str, record: &Record) -> Result<(), Failure> {
        if self.force || record.text("provider") != OF_GATEWAYS {
            return Ok(());
        }
        let given = quote(given);
        let message =
            format!("credential {given} is one that the platform made for its own gateways");
        Err(Failure::new(Kind::Policy, message)
            .hint("it holds their access: nobody should use, show or delete it; to do so nevertheless, add --force"))
    }
}

/// Removes these credentials from a list and says so.
pub(crate) fn leave_out(ctx: &Ctx, list: &mut List) {
    let Some(items) = &mut list.items else {
        return;
    };
    let before = items.len();
    items.retain(|record| record.text("provider") != OF_GATEWAYS);
    let hidden = before - items.len();
    if hidden == 0 {
        return;
    }
    let count = i64::try_from(hidden).unwrap_or(i64::MAX);
    (list.size, list.total) = (list.size - count, list.total - count);
    let what = match hidden {
        1 => "1 credential of the platform's gateways".to_owned(),
        hidden => format!("{hidden} credentials of the platform's gateways"),
    };
    let all = acpctl(&["credential", "list", "--all-providers"]);
    ctx.out
        .aside(&format!("Left out {what}; to see all: {all}"));
}
