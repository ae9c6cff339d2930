//! `acpctl credential renew`

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::merge;
use super::minted::{self, Ends, Minted};
use super::own::Own;
use super::renewer;
use super::schedule::{self, Job, Scheduler};
use super::watch::{self, Round};
use crate::api::{Body, Cause, Error, ListOptions, Method};
use crate::cluster::change;
use crate::cluster::grade::Level;
use crate::cluster::granted::{CLOCKS, Wanted};
use crate::cluster::inspect::Inspection;
use crate::cluster::journal::{Journal, Note, Work};
use crate::cluster::objects::{Object, is_name};
use crate::commands::grading;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::digest;
use crate::failure::{Failure, Kind, Status};
use crate::intake::cluster::{ClusterArgs, failure, may_log_in};
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs, progress, signals};
use crate::resources::{
    CONTEXT, CREDENTIAL, Candidates, DIGEST, EXPIRES_AT, GRADE, KUBECONFIG, MINT_ANCHOR, Record,
    SERVER, annotation, expires_at,
};
use crate::runner::expiry::date;
use crate::session_helper::fetch;
use crate::text::{acpctl, acpctl_for, quote, secrets, url_for_people, visible};

const EXAMPLES: &str = "\
acpctl credential renew prod
# From a timer, or in CI: those that end within six hours
acpctl credential renew --all --expiring-within 6h
# A timer for that
acpctl credential renew --print-schedule systemd
# Or a process that stays
acpctl credential renew --all --watch
# In the cluster, as an account that can do only that
acpctl credential renew --all --renewer ops";

/// The longest time that a renewal asks for on the word of the record alone.
const LONGEST_UNASKED: Duration = Duration::from_secs(24 * 3600);

/// How long a renewal may take, at the most: after that, what it made in the cluster is left over.
const LONGEST_RUN: Duration = Duration::from_secs(900);

/// Get a new token for a minted credential
///
/// The account in the cluster stays as it is. A new token is made for the same time as before and tried in the cluster;
/// then the platform gets it, and only when the platform has it, the old token is ended. If a step fails, the old token
/// stays in use. A record that names the account of another credential is refused.
///
/// Your own kubeconfig is used for the cluster: the context in KUBECONFIG that leads there, or the one that you name.
///
/// With --watch, the command keeps running: it renews each credential in time, reports on standard error, tries again
/// after a failure, and ends on SIGTERM or Ctrl-C, but not within a renewal.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    credential: Option<String>,
    /// Renew all minted credentials
    #[arg(long)]
    all: bool,
    /// Only if the token ends within this time, e.g. 6h
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    expiring_within: Option<Duration>,
    /// Keep running, and renew each credential within --expiring-within of its end (default: 6h), or when half of its
    /// time is over
    #[arg(long)]
    watch: bool,
    /// With --watch: look again after this time (default: a third of --expiring-within)
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days, requires = "watch")]
    every: Option<Duration>,
    /// Print the objects of an account in this namespace that may renew these credentials and nothing else; renew
    /// nothing now
    #[arg(long, value_name = "NAMESPACE", conflicts_with_all = ["watch", "print_schedule"])]
    renewer: Option<String>,
    /// Print a text for this scheduler, which renews the credential, or all, in time, and renew nothing now:
    /// cron|github|kubernetes|systemd
    #[arg(
        long,
        value_name = "SCHEDULER",
        hide_possible_values = true,
        conflicts_with = "watch"
    )]
    print_schedule: Option<Scheduler>,
    /// How long the new token is valid (default: as before, and 24h at most)
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    ttl: Option<Duration>,
    /// Fail with exit code 8 if the new token can do more, and keep the old one:
    /// none|read|read-secrets|write|escalate|admin
    #[arg(long, value_name = "GRADE", value_parser = grading::level)]
    max_grade: Option<Level>,
    /// Fail with exit code 8 if the new token can do more than the old one could, and keep the old one
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    if let Some(ttl) = args.ttl {
        minted::check_ttl(ttl)?;
    }
    if let Some(scheduler) = args.print_schedule {
        let text = schedule::text(scheduler, &job(ctx, args)?)?;
        return ctx.out.data(text.as_bytes());
    }
    if args.credential.is_some() == args.all {
        return Err(Failure::usage("name a credential, or add --all").into());
    }
    if let Some(namespace) = &args.renewer {
        if !is_name(namespace) {
            return Err(Failure::usage("--renewer takes the name of a namespace").into());
        }
        let minted = wanted(ctx, args)?;
        let minted: Result<Vec<Minted>, Failure> = minted.iter().map(Minted::require).collect();
        return renewer::show(ctx, namespace, &minted?, &format);
    }
    if args.watch {
        return keep_renewing(ctx, args, &format);
    }
    let records = wanted(ctx, args)?;
    if records.is_empty() {
        ctx.out
            .aside("No stored credential is minted: there is nothing to renew");
    }
    let within = args.expiring_within;
    let is_due = |record: &Record| {
        let limit = within.and_then(|within| ctx.now().checked_add(within).ok());
        limit.is_none_or(|limit| expires_at(record).is_none_or(|end| end <= limit))
    };
    let mut results = Vec::new();
    let mut failed = Vec::new();
    renew_each(ctx, args, &records, &is_due, |name, done| {
        match &done {
            Ok(Done::Renewed(end)) => {
                let end = end.to_string();
                results.push(json!({"name": name, "result": "renewed", "expires_at": end}));
            }
            Ok(done @ (Done::NotDue | Done::Gone)) => {
                results.push(json!({"name": name, "result": done.word()}));
            }
            Err(error) => {
                let text = secrets::hide(&format!("{error:#}")).into_owned();
                results.push(json!({"name": name, "result": "failed", "error": text}));
            }
        }
        if let (Format::Table | Format::Wide | Format::Name, Ok(done)) = (&format, &done) {
            ctx.out
                .line(&format!("credential/{name} {}", done.word()))?;
        }
        if let Err(error) = done {
            if !args.all {
                return Err(error);
            }
            ctx.out
                .note(&format!("credential/{} failed: {error:#}", visible(name)));
            failed.push(error);
        }
        Ok(())
    })?;
    if !matches!(format, Format::Table | Format::Wide | Format::Name) {
        ctx.out.value(&Value::Array(results), &format)?;
    }
    let count = failed.len();
    match failed.into_iter().next() {
        None => Ok(()),
        Some(first) => {
            let all = CREDENTIAL.counted(records.len());
            let are = if count == 1 { "is" } else { "are" };
            Err(first.context(format!("{count} of {all} {are} not renewed")))
        }
    }
}

/// Renews the credentials that are due, and tells what became of each.
///
/// # Errors
/// Those of `tell`.
fn renew_each(
    ctx: &Ctx,
    args: &Args,
    records: &[Record],
    is_due: &dyn Fn(&Record) -> bool,
    mut tell: impl FnMut(&str, anyhow::Result<Done>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut ends: Vec<Ends<'_>> = Vec::new();
    for record in records {
        let done = renew_if_due(ctx, args, record, is_due, &mut ends);
        match done {
            Err(interrupted) if interrupted.is::<Status>() => return Err(interrupted),
            done => tell(record.name_or_id(), done)?,
        }
    }
    if args.all {
        settle_elsewhere(ctx, args, &ends)?;
    }
    Ok(())
}

/// Finishes or undoes what killed runs have left in clusters that no renewal led to.
fn settle_elsewhere(ctx: &Ctx, args: &Args, ends: &[Ends<'_>]) -> anyhow::Result<()> {
    let platform = url_for_people(&ctx.settings()?.api_url.value);
    for server in Journal::servers_left(&platform) {
        if ends.iter().any(|ends| ends.server() == server) {
            continue;
        }
        let settled = args
            .cluster
            .way_to(ctx, &server)
            .map_err(anyhow::Error::from)
            .and_then(|way| Ends::open(ctx, way, &args.cluster.allow)?.settle_left(ctx, None));
        if let Err(why) = settled {
            ctx.out.warn(&format!(
                "what an interrupted run has left in the cluster {} is not settled: {why:#}",
                quote(&server)
            ));
        }
    }
    Ok(())
}

/// Does the work of `--watch`.
fn keep_renewing(ctx: &Ctx, args: &Args, format: &Format) -> anyhow::Result<()> {
    if *format != Format::Table {
        return Err(Failure::usage("--watch reports on standard error only; leave -o out").into());
    }
    let within = args.expiring_within.unwrap_or(schedule::DEFAULT);
    let pause = args.every.unwrap_or(within / 3);
    watch::run(ctx, pause, || {
        let records = wanted(ctx, args)?;
        let is_due = |record: &Record| due(record, within).is_none_or(|due| due <= ctx.now());
        let mut failed = 0;
        renew_each(ctx, args, &records, &is_due, |name, done| {
            match done {
                Ok(Done::Renewed(_)) => ctx
                    .out
                    .note(&format!("credential/{} renewed", visible(name))),
                Ok(Done::NotDue | Done::Gone) => {}
                Err(error) => {
                    failed += 1;
                    let text = format!("credential/{} is not renewed: {error:#}", visible(name));
                    ctx.out.warn(&secrets::hide(&text));
                }
            }
            Ok(())
        })?;
        // The new ends count.
        let records = wanted(ctx, args)?;
        let dues = records.iter().filter_map(|record| due(record, within));
        Ok(Round {
            failed,
            due: dues.min(),
        })
    })
}

/// Returns when a credential is due: this long before its end, or when half of its time is over if that is later.
fn due(record: &Record, within: Duration) -> Option<Timestamp> {
    let half = Minted::of(record).map(|minted| minted.ttl / 2);
    let within = half.map_or(within, |half| half.min(within));
    expires_at(record)?.checked_sub(within).ok()
}

/// Returns what `--print-schedule` prints a text for: the named credential, or all.
fn job<'a>(ctx: &Ctx, args: &'a Args) -> Result<Job<'a>, Failure> {
    if args.credential.is_some() && args.all {
        return Err(Failure::usage("name a credential, or add --all"));
    }
    if let Some(given) = &args.credential {
        Collection::credentials().check(given)?;
    }
    may_log_in(&args.cluster.allow)?;
    let from_file = args.cluster.from_file.as_deref();
    if from_file == Some(Path::new("-")) {
        return Err(Failure::usage("a schedule can't read standard input")
            .hint("name the kubeconfig as a file"));
    }
    Ok(Job {
        credential: args.credential.as_deref(),
        within: args.expiring_within.unwrap_or(schedule::DEFAULT),
        from_file: from_file.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.into())),
        context: args.cluster.context.as_deref(),
        allow: &args.cluster.allow,
        ttl: args.ttl,
        max_grade: args.max_grade,
        strict: args.strict,
        is_local: ctx.globals.local,
    })
}

/// Returns the credentials that the command line names.
fn wanted(ctx: &Ctx, args: &Args) -> anyhow::Result<Vec<Record>> {
    match &args.credential {
        Some(given) => Ok(vec![named(ctx, given)?]),
        None => all(ctx),
    }
}

fn named(ctx: &Ctx, given: &str) -> anyhow::Result<Record> {
    Collection::credentials().check(given)?;
    let client = ctx.client()?;
    ctx.block_on(async {
        lookup::credential(client, given)
            .await
            .context("renew credential")
    })
}

/// Returns the credential as it is now, if the platform still has it.
fn stored_now(ctx: &Ctx, record: &Record) -> anyhow::Result<Option<Record>> {
    let client = ctx.client()?;
    ctx.block_on(async {
        lookup::find_if_any(client, &Collection::credentials(), record.id())
            .await
            .context("renew credential")
    })
}

/// Returns all minted credentials.
fn all(ctx: &Ctx) -> anyhow::Result<Vec<Record>> {
    let client = ctx.client()?;
    let options = ListOptions::default();
    let list = ctx.block_on(async {
        let list = client.list(&CREDENTIAL, "/credentials", &options).await;
        list.context("list credentials")
    })?;
    let mut found = list.items.unwrap_or_default();
    found.retain(|record| Minted::of(record).is_some());
    Ok(found)
}

enum Done {
    Renewed(Timestamp),
    NotDue,
    /// The platform does not have the credential any more: an interrupted revocation is finished, for example.
    Gone,
}

impl Done {
    fn word(&self) -> &'static str {
        match self {
            Self::Renewed(_) => "renewed",
            Self::NotDue => "not due",
            Self::Gone => "gone",
        }
    }
}

/// Renews a credential, over a connection that may serve several ones.
fn renew_if_due<'c>(
    ctx: &'c Ctx,
    args: &Args,
    record: &Record,
    is_due: &dyn Fn(&Record) -> bool,
    ends: &mut Vec<Ends<'c>>,
) -> anyhow::Result<Done> {
    let minted = Minted::require(record)?;
    if !is_due(record) {
        return Ok(Done::NotDue);
    }
    let at = match ends.iter().position(|ends| ends.server() == minted.server) {
        Some(at) => at,
        None => {
            let way = args.cluster.way_to(ctx, &minted.server)?;
            let opened = Ends::open(ctx, way, &args.cluster.allow)?;
            opened.settle_left(ctx, None)?;
            ends.push(opened);
            ends.len() - 1
        }
    };
    let ends = ends.get(at).context("there is no connection")?;
    // Finishing the interrupted run may have changed the credential.
    match stored_now(ctx, record)? {
        None if args.all => Ok(Done::Gone),
        None => Err(Failure::new(
            Kind::NotFound,
            format!("the credential {} is gone", quote(record.name_or_id())),
        )
        .into()),
        Some(record) => renew(ctx, args, ends, &record).map(Done::Renewed),
    }
}

fn renew(ctx: &Ctx, args: &Args, ends: &Ends<'_>, record: &Record) -> anyhow::Result<Timestamp> {
    let recorded = Minted::require(record)?;
    let (own, account_uid) = ctx.block_on(require_account(ctx, ends, record, &recorded))?;
    let old = ctx.block_on(async { Ok(own.in_use(ends, &recorded).await?) })?;
    let account = &old.account;
    let new = Minted {
        anchor: account.next_anchor(&old.anchor),
        // The platform sent the time: it does not choose any.
        ttl: args.ttl.unwrap_or(old.ttl.min(LONGEST_UNASKED)),
        ..old.clone()
    };
    let anchor = account.anchor(&new.anchor);
    if new.ttl < old.ttl && args.ttl.is_none() {
        ctx.out.warn(&format!(
            "the record names a lifetime of {}, and without --ttl a renewal asks for {} at most",
            minted::length(old.ttl),
            minted::length(LONGEST_UNASKED)
        ));
    }
    let name = record.name_or_id();
    let rest = format!(
        "The next renewal finishes or undoes it: {}",
        acpctl_for(&["credential", "renew"], name, &[])
    );
    let then = "the old token stays, unless the platform has the new one already";
    let work = ends.begin_work(then, &rest)?;
    let mut journal = Journal::begin(Note {
        work: Work::Renew,
        server: ends.server(),
        platform: ends.address.clone(),
        credential: record.name_or_id().to_owned(),
        record: Some(record.id().to_owned()),
        digest: None,
        id: account.id.clone(),
        namespace: account.namespace.clone(),
        new_anchor: Some(new.anchor.clone()),
        old_anchor: Some(old.anchor.clone()),
        step: String::new(),
    })?;
    if let Err(why) = ctx.block_on(clear(ctx, ends, &anchor)) {
        journal.end();
        return Err(why);
    }
    let objects = (account_uid.as_str(), &anchor);
    let made = ctx.block_on(make(
        ctx,
        ends,
        record,
        &new,
        objects,
        (&work, &mut journal),
    ));
    let accepted = made.and_then(|token| {
        gate(ctx, args, record, &token)?;
        refuse_sooner(ctx, record, &own, &new, &token)?;
        work.check()?;
        Ok(token)
    });
    let token = match accepted {
        Ok(token) => token,
        Err(why) => {
            let why = work.or_interrupted(why);
            return Err(ends.undo(ctx, journal, &[anchor], why));
        }
    };
    let stored = journal
        .step("store")
        .map_err(|failure| Unstored::Known(failure.into()))
        .and_then(|()| store(ctx, ends, record, &new, &token));
    match stored {
        Ok(()) => {}
        Err(Unstored::Known(why)) => {
            let why = work.or_interrupted(why);
            return Err(ends.undo(ctx, journal, &[anchor], why));
        }
        // Ending either token might end the one in use. The note stays, and the next run decides.
        Err(Unstored::Unknown(why)) => {
            let again = acpctl_for(&["credential", "renew"], name, &[]);
            let text = format!(
                "it is not known which token the platform has; renew the credential again: {again}"
            );
            return Err(why.context(text));
        }
    }
    journal.step_if_possible("end the old token");
    let old_anchor = own.known(account.anchor(&old.anchor));
    let kept = ctx
        .block_on(async { Ok(ends.remove_all(&[old_anchor]).await?) })
        .context(
            "the new token is stored, but the old one still works; renew the credential again",
        )?;
    journal.end();
    ends.tell_kept(ctx, &kept);
    ctx.out.note(&minted::says(&new, &token.asked, token.end));
    minted::warn_if_short(ctx, new.ttl, token.end);
    warn_if_longer(ctx, args, &own, &token);
    if !own.is_named {
        ctx.block_on(async {
            ends.name_owner_again(ctx, account, record).await;
            Ok(())
        })?;
    }
    if let Err(interrupted) = work.check() {
        ctx.out.note(&format!(
            "credential/{} was renewed before the run ended",
            visible(name)
        ));
        return Err(interrupted.into());
    }
    Ok(token.end)
}

/// Refuses a new token that can do more than the user wants, and tells if it can do more than the old one could.
fn gate(ctx: &Ctx, args: &Args, record: &Record, token: &Token) -> anyhow::Result<()> {
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
fn refuse_sooner(
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
fn warn_if_longer(ctx: &Ctx, args: &Args, own: &Own, token: &Token) {
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

/// Removes an anchor that a run on another machine has left, and with it the token that nobody knows. A young one may
/// belong to a run that is not at its end.
async fn clear(ctx: &Ctx, ends: &Ends<'_>, anchor: &Object) -> anyhow::Result<()> {
    let found = change::find(&ends.cluster, anchor).await.map_err(failure)?;
    let Some(found) = found.filter(|found| change::is_ours(found, anchor)) else {
        return Ok(());
    };
    let made = found["metadata"]["creationTimestamp"].as_str();
    let made: Option<Timestamp> = made.and_then(|made| made.parse().ok());
    let free = made.and_then(|made| made.checked_add(LONGEST_RUN).ok());
    if free.is_some_and(|free| free > ctx.now()) {
        return Err(Failure::new(
            Kind::Conflict,
            format!(
                "another run renews the credential, or was interrupted: {} is new",
                anchor.says()
            ),
        )
        .hint(format!(
            "try again in {} minutes",
            LONGEST_RUN.as_secs() / 60
        ))
        .into());
    }
    change::remove(&ends.cluster, anchor)
        .await
        .map_err(failure)?;
    Ok(())
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

/// A new token that the cluster has accepted.
struct Token {
    text: SecretString,
    asked: Inspection,
    end: Timestamp,
}

async fn make(
    ctx: &Ctx,
    ends: &Ends<'_>,
    record: &Record,
    new: &Minted,
    (account_uid, anchor): (&str, &Object),
    (work, journal): (&signals::Work, &mut Journal),
) -> anyhow::Result<Token> {
    let _making = progress::begin(format!("Renewing {}", record.name_or_id()));
    work.check()?;
    journal.step(anchor.says())?;
    let uid = change::create(&ends.cluster, anchor)
        .await
        .map_err(failure)?;
    work.check()?;
    journal.step("token")?;
    let wanted = Wanted {
        account: &new.account,
        account_uid,
        anchor,
        anchor_uid: &uid,
        ttl: new.ttl,
        now: ctx.now(),
    };
    let granted = change::token(&ends.cluster, &wanted).await;
    let granted = granted.map_err(failure)?;
    let context = annotation(record, CONTEXT);
    let name = Some(context).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| record.name_or_id().to_owned());
    let text = minted::kubeconfig(&ends.way.access, &name, &new.account, &granted.token)?;
    work.check()?;
    journal.step("try the token")?;
    let asked = ends.prove(ctx, &new.account, &granted, &text).await?;
    Ok(Token {
        text,
        asked,
        end: granted.end,
    })
}

/// The new token is not stored, as far as that is known.
enum Unstored {
    Known(anyhow::Error),
    Unknown(anyhow::Error),
}

/// Gives the new token to the platform, and makes sure that the platform has it.
fn store(
    ctx: &Ctx,
    ends: &Ends<'_>,
    record: &Record,
    new: &Minted,
    token: &Token,
) -> Result<(), Unstored> {
    let mut own = new.annotations(&token.asked, ctx);
    for key in [CONTEXT, SERVER] {
        own.insert(key.to_owned(), annotation(record, key).into());
    }
    own.insert(EXPIRES_AT.to_owned(), token.end.to_string().into());
    if let Some(digest) = digest::keyed(token.text.expose_secret().as_bytes()) {
        own.insert(DIGEST.to_owned(), digest.into());
    }
    let annotations = merge::replace_own(record.text("annotations"), own)
        .map_err(|failure| Unstored::Known(failure.into()))?;
    let mut body = Body::new();
    body.set("annotations", annotations);
    body.set_secret("token", token.text.clone());
    let request = Collection::credentials()
        .request(Method::Patch, record.id())
        .body(body);
    let sent = ctx.block_on(async { Ok(ends.platform.fetch(&CREDENTIAL, &request).await) });
    let sent = sent.map_err(Unstored::Known)?;
    // A request that took too long may still be carried out.
    let may_follow = matches!(
        sent,
        Err(Error::Transport {
            cause: Cause::Timeout,
            ..
        })
    );
    let sent = sent.context("renew credential");
    // The answer does not matter; what the platform stores now decides.
    let seen = ctx.block_on(async {
        let seen = lookup::credential(ends.platform, record.id()).await?;
        let text = fetch::token(ends.platform, record.id(), KUBECONFIG)
            .await
            .ok();
        Ok((seen, text))
    });
    let has_new = match &seen {
        Ok((seen, Some(text))) => {
            let is_served = text.expose_secret() == token.text.expose_secret();
            Some(is_served && annotation(seen, MINT_ANCHOR) == new.anchor)
        }
        // The secret can't be read by this user; the annotations were changed by the same request.
        Ok((seen, None)) => Some(annotation(seen, MINT_ANCHOR) == new.anchor),
        Err(_) => None,
    };
    match (has_new, sent) {
        (Some(true), _) => Ok(()),
        (Some(false), Err(why)) if !may_follow => Err(Unstored::Known(why)),
        (Some(false), Ok(_)) => Err(Unstored::Unknown(anyhow::anyhow!(
            "the platform does not serve the new token"
        ))),
        (_, Err(why)) => Err(Unstored::Unknown(why)),
        (None, Ok(_)) => Err(Unstored::Unknown(
            seen.err().unwrap_or_else(|| anyhow::anyhow!("no answer")),
        )),
    }
}
