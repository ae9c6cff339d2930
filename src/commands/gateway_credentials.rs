//! Credentials that the platform makes for its own gateways: nobody should bind, read or delete them, so lists leave
//! them out.

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::resources::{List, OF_GATEWAYS, Record, remove_those_of_gateways};
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
        let hint = "it holds their access: nobody should use, show or delete it; to do so nevertheless, add --force";
        if self.force {
            return Ok(());
        }
        refuse(given, record, hint)
    }
}

/// Refuses such a credential for a verb without `--force`.
///
/// # Errors
/// [`Kind::Policy`].
pub(crate) fn refuse_deletion(given: &str, record: &Record) -> Result<(), Failure> {
    let delete = acpctl(&["credential", "delete", given, "--force"]);
    let hint = format!("it holds their access; to delete it nevertheless: {delete}");
    refuse(given, record, &hint)
}

fn refuse(given: &str, record: &Record, hint: &str) -> Result<(), Failure> {
    if record.text("provider") != OF_GATEWAYS {
        return Ok(());
    }
    let given = quote(given);
    let message = format!("credential {given} is one that the platform made for its own gateways");
    Err(Failure::new(Kind::Policy, message).hint(hint))
}

/// Leaves these credentials out of a list, and says so.
pub(crate) fn leave_out(ctx: &Ctx, list: &mut List) {
    let left_out = list.items.as_mut().map_or(0, remove);
    list.size -= left_out;
    list.total -= left_out;
    say(ctx, left_out);
}

/// Removes these credentials, and returns how many there were.
pub(crate) fn remove(records: &mut Vec<Record>) -> i64 {
    remove_those_of_gateways(records)
}

/// Says how many were left out.
pub(crate) fn say(ctx: &Ctx, left_out: i64) {
    let what = match left_out {
        0 => return,
        1 => "1 credential of the platform's gateways".to_owned(),
        left_out => format!("{left_out} credentials of the platform's gateways"),
    };
    let all = acpctl(&["credential", "list", "--all-providers"]);
    ctx.out
        .aside(&format!("Left out {what}; to see all: {all}"));
}
