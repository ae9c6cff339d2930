//! Credentials that the platform makes for its own gateways: nobody should bind, read or delete them, so lists leave
//! them out. A list hides only those that have the platform's form of names too, so that nobody hides others by their
//! provider; a verb that may break a gateway goes by the provider alone.

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::resources::{List, OF_GATEWAYS, Record, remove_those_of_gateways};
use crate::text::{acpctl, acpctl_for, quote};

/// The flag of the verbs that can break a gateway.
#[derive(Debug, clap::Args)]
pub(crate) struct ForceArgs {
    /// Also a credential that the platform made for its own gateways
    #[arg(long)]
    force: bool,
}

impl ForceArgs {
    /// Returns the flag for a verb whose own one means more.
    pub(crate) fn of(force: bool) -> Self {
        Self { force }
    }

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
    let delete = acpctl_for(&["credential", "delete"], given, &["--force"]);
    let hint = format!("it holds their access; to delete it nevertheless: {delete}");
    refuse(given, record, &hint)
}

/// Refuses to bind such a credential by a flag of another verb.
///
/// # Errors
/// [`Kind::Policy`].
pub(crate) fn refuse_binding(given: &str, record: &Record) -> Result<(), Failure> {
    let bind = acpctl_for(
        &["credential", "bind"],
        given,
        &["--project", "PROJECT", "--force"],
    );
    let hint = format!("leave out --bind; to bind it nevertheless: {bind}");
    refuse(given, record, &hint)
}

fn refuse(given: &str, record: &Record, hint: &str) -> Result<(), Failure> {
    if record.text("provider") != OF_GATEWAYS {
        return Ok(());
    }
    let given = quote(given);
    let message = format!(
        "credential {given} has the provider of those that the platform makes for its own gateways"
    );
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

/// Removes every credential that needs `--force` from those that are to be deleted, and returns how many there were.
pub(crate) fn spare(records: &mut Vec<Record>) -> i64 {
    let before = records.len();
    records.retain(|record| record.text("provider") != OF_GATEWAYS);
    i64::try_from(before - records.len()).unwrap_or(i64::MAX)
}

/// Says how many were left out, with `--quiet` too: a list that hides something must not look whole.
pub(crate) fn say(ctx: &Ctx, left_out: i64) {
    let what = match left_out {
        0 => return,
        1 => "1 credential of the platform's gateways".to_owned(),
        left_out => format!("{left_out} credentials of the platform's gateways"),
    };
    let all = acpctl(&["credential", "list", "--all-providers"]);
    ctx.out.note(&format!("Left out {what}; to see all: {all}"));
}
