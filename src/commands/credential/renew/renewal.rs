//! The renewal of one credential, in steps that a signal or a failure leaves in order.

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;

use super::anchor::{clear, make};
use super::args::Args;
use super::gates::{gate, refuse_sooner, warn_if_longer};
use super::store::{Unstored, store};
use crate::cluster::journal::{Journal, Note, Work};
use crate::cluster::objects::Object;
use crate::commands::credential::minted::{self, Ends, Minted};
use crate::commands::credential::new_token::Token;
use crate::commands::credential::own::Own;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::signals;
use crate::resources::Record;
use crate::text::{acpctl, acpctl_for, visible};

/// The longest time that a renewal asks for on the word of the record alone.
const LONGEST_UNASKED: Duration = Duration::from_secs(24 * 3600);

/// Makes a new token, gives it to the platform, and ends the old one. Returns the end of the new one.
///
/// # Errors
/// The platform keeps the old token, or it is not known which one it has.
pub(super) fn renew(
    ctx: &Ctx,
    args: &Args,
    ends: &Ends<'_>,
    record: &Record,
) -> anyhow::Result<Timestamp> {
    Renewal::prepare(ctx, args, ends, record)?.run()
}

struct Renewal<'a> {
    ctx: &'a Ctx,
    args: &'a Args,
    ends: &'a Ends<'a>,
    record: &'a Record,
    own: Own,
    account_uid: String,
    old: Minted,
    new: Minted,
}

impl<'a> Renewal<'a> {
    fn prepare(
        ctx: &'a Ctx,
        args: &'a Args,
        ends: &'a Ends<'a>,
        record: &'a Record,
    ) -> anyhow::Result<Self> {
        let recorded = Minted::require(record)?;
        let (own, account_uid) = ctx.block_on(require_account(ctx, ends, record, &recorded))?;
        let old = ctx.block_on(async { Ok(own.in_use(ends, &recorded).await?) })?;
        let new = Minted {
            anchor: old.account.next_anchor(&old.anchor),
            // The platform sent the time: it does not choose any.
            ttl: args.ttl.unwrap_or(old.ttl.min(LONGEST_UNASKED)),
            ..old.clone()
        };
        if new.ttl < old.ttl && args.ttl.is_none() {
            ctx.out.warn(&format!(
                "the record names a lifetime of {}, and without --ttl a renewal asks for {} at most",
                minted::length(old.ttl),
                minted::length(LONGEST_UNASKED)
            ));
        }
        Ok(Self {
            ctx,
            args,
            ends,
            record,
            own,
            account_uid,
            old,
            new,
        })
    }

    fn run(&self) -> anyhow::Result<Timestamp> {
        let (ctx, ends) = (self.ctx, self.ends);
        let anchor = self.new.account.anchor(&self.new.anchor);
        let work = self.begin_work()?;
        let mut journal = Journal::begin(self.note())?;
        if let Err(why) = ctx.block_on(clear(ctx, ends, &anchor)) {
            journal.end();
            return Err(why);
        }
        let token = match self.accepted_token(&anchor, &work, &mut journal) {
            Ok(token) => token,
            Err(why) => {
                let why = work.or_interrupted(why);
                return Err(ends.undo(ctx, journal, &[anchor], why));
            }
        };
        match self.store(&token, &mut journal) {
            Ok(()) => {}
            Err(Unstored::Known(why)) => {
                let why = work.or_interrupted(why);
                return Err(ends.undo(ctx, journal, &[anchor], why));
            }
            // Ending either token might end the one in use. The note stays, and the next run decides.
            Err(Unstored::Unknown(why)) => {
                let again = self.again();
                let text = format!(
                    "it is not known which token the platform has; renew the credential again: {again}"
                );
                return Err(why.context(text));
            }
        }
        self.end_old_token(journal)?;
        self.tell(&token)?;
        if let Err(interrupted) = work.check() {
            ctx.out.note(&format!(
                "credential/{} was renewed before the run ended",
                visible(self.record.name_or_id())
            ));
            return Err(interrupted.into());
        }
        Ok(token.end)
    }

    /// Returns the command for the next renewal.
    fn again(&self) -> String {
        acpctl_for(&["credential", "renew"], self.record.name_or_id(), &[])
    }

    fn begin_work(&self) -> anyhow::Result<signals::Work> {
        let rest = format!("The next renewal finishes or undoes it: {}", self.again());
        let then = "the old token stays, unless the platform has the new one already";
        self.ends.begin_work(then, &rest)
    }

    /// Returns what the next run has to know if this one is killed.
    fn note(&self) -> Note {
        Note {
            work: Work::Renew,
            server: self.ends.server(),
            platform: self.ends.address.clone(),
            credential: self.record.name_or_id().to_owned(),
            record: Some(self.record.id().to_owned()),
            digest: None,
            id: self.old.account.id.clone(),
            namespace: self.old.account.namespace.clone(),
            new_anchor: Some(self.new.anchor.clone()),
            old_anchor: Some(self.old.anchor.clone()),
            step: String::new(),
        }
    }

    /// Makes a token that the cluster and the user accept.
    fn accepted_token(
        &self,
        anchor: &Object,
        work: &signals::Work,
        journal: &mut Journal,
    ) -> anyhow::Result<Token> {
        let (ctx, record) = (self.ctx, self.record);
        let objects = (self.account_uid.as_str(), anchor);
        let making = make(ctx, self.ends, record, &self.new, objects, (work, journal));
        let token = ctx.block_on(making)?;
        gate(ctx, self.args, record, &token)?;
        refuse_sooner(ctx, record, &self.own, &self.new, &token)?;
        work.check()?;
        Ok(token)
    }

    fn store(&self, token: &Token, journal: &mut Journal) -> Result<(), Unstored> {
        journal
            .step("store")
            .map_err(|failure| Unstored::Known(failure.into()))?;
        store(self.ctx, self.ends, self.record, &self.new, token)
    }

    /// Ends the old token, and with it the work: the journal goes.
    fn end_old_token(&self, mut journal: Journal) -> anyhow::Result<()> {
        journal.step_if_possible("end the old token");
        let anchor = self.old.account.anchor(&self.old.anchor);
        let anchors = [self.own.known(anchor)];
        let kept = self
            .ctx
            .block_on(async { Ok(self.ends.remove_all(&anchors).await?) })
            .context(
                "the new token is stored, but the old one still works; renew the credential again",
            )?;
        journal.end();
        self.ends.tell_kept(self.ctx, &kept);
        Ok(())
    }

    /// Tells what the new token is, and lets the account name the credential that it belongs to.
    fn tell(&self, token: &Token) -> anyhow::Result<()> {
        let (ctx, new) = (self.ctx, &self.new);
        ctx.out.note(&minted::says(new, &token.asked, token.end));
        minted::warn_if_short(ctx, new.ttl, token.end);
        warn_if_longer(ctx, self.args, &self.own, token);
        if self.own.is_named {
            return Ok(());
        }
        ctx.block_on(async {
            let account = &self.old.account;
            self.ends.name_owner_again(ctx, account, self.record).await;
            Ok(())
        })
    }
}

/// The account must still be there, and be the credential's own.
async fn require_account(
    ctx: &Ctx,
    ends: &Ends<'_>,
    record: &Record,
    minted: &Minted,
) -> anyhow::Result<(Own, String)> {
    let own = Own::of(ctx, ends, record, minted).await?;
    own.require_proof(ends, record, minted)?;
    let Some(uid) = own.uid.clone() else {
        return Err(Failure::new(
            Kind::NotFound,
            format!(
                "the account {} is not in the cluster any more",
                minted.account.name()
            ),
        )
        // Only a revocation makes sure that the cluster refuses the token.
        .hint(format!(
            "take back what is left ({}), and mint a new one: {}",
            acpctl_for(&["credential", "revoke"], record.name_or_id(), &["--yes"]),
            acpctl(&["credential", "create", "--mint", "ROLE"])
        ))
        .into());
    };
    Ok((own, uid))
}
