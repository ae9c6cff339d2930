//! Compares a new token with the one before it: what it can do, and how long it lasts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::args::Args;
use crate::cluster::grade::Level;
use crate::cluster::granted::CLOCKS;
use crate::commands::credential::minted::{self, Minted};
use crate::commands::credential::new_token::Token;
use crate::commands::credential::own::Own;
use crate::commands::grading;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::resources::{GRADE, Record, annotation, expires_at};
use crate::runner::expiry::date;
use crate::text::acpctl_for;

/// Refuses a new token that can do more than the user wants, and tells if it can do more than the old one could.
pub(super) fn gate(ctx: &Ctx, args: &Args, record: &Record, token: &Token) -> anyhow::Result<()> {
    let name = record.name_or_id();
    let grade = token.asked.grade;
    if let Some(limit) = args.max_grade {
        grading::gate(name, grade, limit)?;
    }
    let recorded = annotation(record, GRADE);
    let before = Level::from_word(recorded.trim_start_matches("at least "));
    if before.is_none_or(|before| grade.level <= before) {
        return Ok(());
    }
    let text = format!(
        "the grade of {name} was {recorded}, and is {grade} now: its rights in the cluster have changed"
    );
    if args.strict {
        return Err(Failure::new(Kind::Policy, text)
            .hint(format!(
                "see what it can do: {}",
                acpctl_for(&["credential", "inspect"], name, &["--access"])
            ))
            .into());
    }
    ctx.out.warn(&text);
    Ok(())
}

/// Refuses a new token that ends before the old one, unless the user asks for so short a time: the old one is better.
pub(super) fn refuse_sooner(
    ctx: &Ctx,
    record: &Record,
    own: &Own,
    new: &Minted,
    token: &Token,
) -> Result<(), Failure> {
    let is_sooner = |than: Timestamp| {
        let tolerated = than.checked_sub(CLOCKS);
        tolerated.is_ok_and(|tolerated| token.end < tolerated)
    };
    let asked = ctx.now().checked_add(new.ttl);
    let old = own.end().or_else(|| expires_at(record));
    let Some(old) = old.filter(|old| is_sooner(*old) && asked.is_ok_and(is_sooner)) else {
        return Ok(());
    };
    let name = record.name_or_id();
    let text = format!(
        "the cluster grants the new token of {name} until {} only, and the old one lasts until {}; the old one stays in use",
        date(token.end),
        date(old)
    );
    let shorter = acpctl_for(&["credential", "renew"], name, &["--ttl", "10m"]);
    Err(Failure::new(Kind::Server, text).hint(format!(
        "renew it later, or name the time that you want: {shorter}"
    )))
}

/// Tells if the new token lasts longer than the old one did: the record may have been changed.
pub(super) fn warn_if_longer(ctx: &Ctx, args: &Args, own: &Own, token: &Token) {
    let Some(lifetime) = own.lifetime().filter(|_| args.ttl.is_none()) else {
        return;
    };
    let tolerated = SignedDuration::try_from(CLOCKS).unwrap_or_default();
    let latest = ctx.now().checked_add(lifetime.saturating_add(tolerated));
    if latest.is_ok_and(|latest| token.end > latest) {
        let old = Duration::try_from(lifetime).unwrap_or_default();
        ctx.out.warn(&format!(
            "the new token lasts until {}, and the old one was given for {}; --ttl says how long",
            date(token.end),
            minted::length(old)
        ));
    }
}
