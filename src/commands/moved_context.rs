//! Guards a stored kubeconfig against a file whose current context has changed since: without a flag, a renewal would
//! lead the sessions of a project to another cluster, or give them another identity there.

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::Taken;
use crate::kubeconfig::ContextSummary;
use crate::output::prompt;
use crate::resources::{CONTEXT, Record, SERVER, annotation};
use crate::text::quote;

/// Decides, before anything is sent, about a new kubeconfig that leads elsewhere than the stored one, although nobody
/// has named its context: asks, or refuses if nobody can be asked. If the new text can't be read, says so. `taken` is
/// `None` if its context was named, and where a credential without annotations leads is not known.
///
/// # Errors
/// [`Kind::Conflict`] without consent. `choose` writes how to name a context.
pub(crate) fn judge(
    ctx: &Ctx,
    stored: &Record,
    taken: Option<&Taken>,
    may_ask: bool,
    choose: impl Fn(&str) -> String,
) -> anyhow::Result<()> {
    let old_server = annotation(stored, SERVER);
    let Some(taken) = taken.filter(|_| !old_server.is_empty()) else {
        return Ok(());
    };
    let old = Place {
        server: &old_server,
        context: &annotation(stored, CONTEXT),
    };
    let Some(new) = taken.context.as_ref().and_then(Place::of) else {
        ctx.out.warn(&format!(
            "credential {} leads to {old}, and the new text does not say where it leads",
            quote(stored.name()),
            old = old.text(),
        ));
        return Ok(());
    };
    match Move::between(old, new, taken) {
        Some(moved) => moved.judge(stored.name(), may_ask, choose),
        None => Ok(()),
    }
}

/// Where a kubeconfig leads.
#[derive(Clone, Copy)]
struct Place<'a> {
    server: &'a str,
    context: &'a str,
}

impl<'a> Place<'a> {
    /// Returns `None` if the context has no address.
    fn of(context: &'a ContextSummary) -> Option<Self> {
        let server = context.server.as_deref().filter(|it| !it.is_empty())?;
        Some(Self {
            server,
            context: &context.name,
        })
    }

    /// True for two spellings of one address: the case of the host, the usual port and a slash at the end do not count.
    fn is_in_cluster_of(self, other: Place<'_>) -> bool {
        let parse = |text: &str| url::Url::parse(text.trim_end_matches('/')).ok();
        match (parse(self.server), parse(other.server)) {
            (Some(one), Some(other)) => one == other,
            _ => self.server == other.server,
        }
    }

    fn text(self) -> String {
        if self.context.is_empty() {
            return quote(self.server);
        }
        format!("{} (context {})", quote(self.server), quote(self.context))
    }
}

/// The change of a stored credential to another context that nobody has named.
struct Move<'a> {
    old: Place<'a>,
    new: Place<'a>,
    /// The context of the file that would keep what is stored, if a flag can choose it.
    keeper: Option<&'a str>,
}

impl<'a> Move<'a> {
    /// Returns `None` if the credential stays where it leads.
    fn between(old: Place<'a>, new: Place<'a>, taken: &'a Taken) -> Option<Self> {
        let places = taken.contexts.iter().filter_map(Place::of);
        let mut keepers = places.filter(|it| it.is_in_cluster_of(old));
        let same = keepers.clone().find(|it| it.context == old.context);
        let keeper = if new.is_in_cluster_of(old) {
            // A context that was only renamed is not another identity.
            Some(same.filter(|it| it.context != new.context)?)
        } else {
            same.or_else(|| keepers.next())
        };
        Some(Self {
            old,
            new,
            keeper: keeper.map(|it| it.context).filter(|_| taken.is_cut),
        })
    }

    fn judge(
        &self,
        credential: &str,
        may_ask: bool,
        choose: impl Fn(&str) -> String,
    ) -> anyhow::Result<()> {
        let (old, new, credential) = (self.old, self.new, quote(credential));
        let what = if new.is_in_cluster_of(old) {
            "context"
        } else {
            "cluster"
        };
        let question = format!(
            "Change the {what} of credential {credential} from {} to {}?",
            old.text(),
            new.text()
        );
        if may_ask && prompt::confirm(&question)? {
            return Ok(());
        }
        let message = format!(
            "credential {credential} leads to {}, and the file's current context {} leads to {}",
            old.text(),
            quote(new.context),
            quote(new.server),
        );
        let change = format!("to change the {what}, {}", choose(new.context));
        let hint = match self.keeper {
            Some(keeper) => format!("to keep the {what}, {}; {change}", choose(keeper)),
            None => change,
        };
        Err(Failure::new(Kind::Conflict, message).hint(hint).into())
    }
}
