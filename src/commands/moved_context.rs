//! Guards a stored kubeconfig against a file whose current context has changed since: without a flag, a renewal would
//! lead the sessions of a project to another cluster, or give them another identity there.

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::Taken;
use crate::kubeconfig::ContextSummary;
use crate::output::prompt;
use crate::resources::{CONTEXT, Record, SERVER, annotation};
use crate::text::quote;

/// The change of a stored credential to another context that nobody has named.
pub(crate) struct Move<'a> {
    credential: &'a str,
    old_context: String,
    old_server: String,
    new_context: &'a str,
    new_server: &'a str,
    /// True if a flag could name the new context.
    may_be_named: bool,
    /// The context of the file that would keep what is stored.
    keeper: Option<&'a str>,
}

/// What the run allows.
pub(crate) struct Leave {
    /// True if the user can be asked.
    pub may_ask: bool,
    /// True if a warning is an error.
    pub is_strict: bool,
}

impl<'a> Move<'a> {
    /// Compares the stored credential with the context that was taken. Returns `None` if it stays where it leads, or
    /// where it leads is not known.
    pub(crate) fn of(stored: &'a Record, taken: &'a Taken) -> Option<Self> {
        let (old_context, old_server) = (annotation(stored, CONTEXT), annotation(stored, SERVER));
        let new_server = server(&taken.context);
        if old_server.is_empty() {
            return None;
        }
        let leads_there = |it: &&ContextSummary| is_same(server(it), &old_server);
        let mut keepers = taken.contexts.iter().filter(leads_there);
        let same = keepers.clone().find(|it| it.name == old_context);
        let keeper = if is_same(&old_server, new_server) {
            // A context that was only renamed is not another identity.
            Some(same.filter(|it| it.name != taken.context.name)?)
        } else {
            same.or_else(|| keepers.next())
        };
        Some(Self {
            credential: stored.name(),
            old_context,
            old_server,
            new_context: &taken.context.name,
            new_server,
            may_be_named: !taken.contexts.is_empty(),
            keeper: keeper.map(|it| it.name.as_str()),
        })
    }

    /// Decides about the change, before anything is sent: asks, or refuses if nobody can be asked. If no flag could
    /// name the context, the change is told.
    ///
    /// # Errors
    /// [`Kind::Conflict`] without consent; [`Kind::Policy`] if a warning is an error. `choose` writes how to name a
    /// context.
    pub(crate) fn judge(
        &self,
        ctx: &Ctx,
        leave: &Leave,
        choose: impl Fn(&str) -> String,
    ) -> anyhow::Result<()> {
        let what = self.what();
        if !self.may_be_named {
            let told = format!(
                "the {what} of credential {} changes {}",
                quote(self.credential),
                self.way()
            );
            if leave.is_strict {
                let refused = Failure::new(Kind::Policy, format!("{told} (--strict)"));
                let hint = format!("to change the {what}, leave out --strict");
                return Err(refused.hint(hint).into());
            }
            ctx.out.warn(&told);
            return Ok(());
        }
        let question = format!(
            "Change the {what} of credential {} {}?",
            quote(self.credential),
            self.way()
        );
        if leave.may_ask && prompt::confirm(&question)? {
            return Ok(());
        }
        let message = format!(
            "credential {} leads to {}, and the file's current context {} leads to {}",
            quote(self.credential),
            place(&self.old_server, &self.old_context),
            quote(self.new_context),
            quote(self.new_server),
        );
        let change = format!("to change the {what}, {}", choose(self.new_context));
        let hint = match self.keeper {
            Some(keeper) => format!("to keep the {what}, {}; {change}", choose(keeper)),
            None => change,
        };
        Err(Failure::new(Kind::Conflict, message).hint(hint).into())
    }

    fn what(&self) -> &'static str {
        if is_same(&self.old_server, self.new_server) {
            "context"
        } else {
            "cluster"
        }
    }

    fn way(&self) -> String {
        format!(
            "from {} to {}",
            place(&self.old_server, &self.old_context),
            place(self.new_server, self.new_context)
        )
    }
}

/// True for two spellings of one address: the case of the host, the usual port and a slash at the end do not count.
fn is_same(one: &str, other: &str) -> bool {
    let parse = |text: &str| url::Url::parse(text.trim_end_matches('/')).ok();
    match (parse(one), parse(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn server(context: &ContextSummary) -> &str {
    context.server.as_deref().unwrap_or_default()
}

fn place(server: &str, context: &str) -> String {
    if context.is_empty() {
        return quote(server);
    }
    format!("{} (context {})", quote(server), quote(context))
}
