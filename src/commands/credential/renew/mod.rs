//! `acpctl credential renew`: renews `each` credential that is `wanted`, now or again and again (`watch`), or prints a
//! text that lets a scheduler (`schedule`) or an account (`renewer`) do so.
//!
//! One `renewal` makes a token with its `anchor` in the cluster, compares it with the one before it (`gates`), and
//! gives it to the platform (`store`).

mod anchor;
mod args;
mod each;
mod gates;
mod renewal;
mod renewer;
mod schedule;
mod store;
mod wanted;
mod watch;

pub(super) use args::Args;

use std::path::Path;

use serde_json::{Value, json};

use self::each::{Done, renew_each};
use self::schedule::Job;
use self::wanted::wanted;
use super::minted::{self, Minted};
use crate::cluster::objects::is_name;
use crate::config::Settings;
use crate::config::settings::Origin;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::Failure;
use crate::intake::cluster::may_log_in;
use crate::lookup::Collection;
use crate::output::Format;
use crate::resources::{CREDENTIAL, Record, expires_at};
use crate::text::{secrets, url_for_people, visible};

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    if let Some(ttl) = args.ttl {
        minted::check_ttl(ttl)?;
    }
    if let Some(scheduler) = args.print_schedule {
        let job = job(ctx, args)?;
        let text = schedule::text(scheduler, &job)?;
        ctx.out.data(text.as_bytes())?;
        if scheduler.runs_here() {
            note_variables(ctx, &job);
        }
        return Ok(());
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
        return watch::keep_renewing(ctx, args, &format);
    }
    renew_now(ctx, args, &format)
}

fn renew_now(ctx: &Ctx, args: &Args, format: &Format) -> anyhow::Result<()> {
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
    let is_text = matches!(format, Format::Table | Format::Wide | Format::Name);
    let mut results = Vec::new();
    let mut failed = Vec::new();
    renew_each(ctx, args, &records, &is_due, |name, done| {
        results.push(result(name, &done));
        match done {
            Ok(done) if is_text => ctx
                .out
                .line(&format!("credential/{name} {}", done.word()))?,
            Ok(_) => {}
            Err(error) if !args.all => return Err(error),
            Err(error) => {
                ctx.out
                    .note(&format!("credential/{} failed: {error:#}", visible(name)));
                failed.push(error);
            }
        }
        Ok(())
    })?;
    if !is_text {
        ctx.out.value(&Value::Array(results), format)?;
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

/// Returns the result for one credential as programs read it.
fn result(name: &str, done: &anyhow::Result<Done>) -> Value {
    match done {
        Ok(done @ Done::Renewed(end)) => {
            json!({"name": name, "result": done.word(), "expires_at": end.to_string()})
        }
        Ok(done) => json!({"name": name, "result": done.word()}),
        Err(error) => {
            let text = secrets::hide(&format!("{error:#}")).into_owned();
            json!({"name": name, "result": "failed", "error": text})
        }
    }
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
    let settings = ctx.settings()?;
    Ok(Job {
        credential: args.credential.as_deref(),
        within: args.expiring_within.unwrap_or(schedule::DEFAULT),
        from_file: from_file.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.into())),
        context: args.cluster.context.as_deref(),
        allow: &args.cluster.allow,
        ttl: args.ttl,
        max_grade: args.max_grade,
        strict: args.strict,
        server: server(ctx, settings),
        is_local: settings.is_local(),
    })
}

/// Returns the flags for the server that variables name.
fn server(ctx: &Ctx, settings: &Settings) -> Vec<String> {
    let has_flag = ctx.globals.context_name.is_some();
    let context = env::CONTEXT.get().filter(|_| !has_flag);
    match (settings.api_url.origin, context) {
        (Origin::Environment, _) if settings.is_local() => vec!["--local".to_owned()],
        (Origin::Environment, _) => {
            vec![format!(
                "--api-url={}",
                url_for_people(&settings.api_url.value)
            )]
        }
        (Origin::File | Origin::Default, Some(name)) => vec![format!("--context-name={name}")],
        _ => Vec::new(),
    }
}

/// Names the variables of this shell that a job does without, although they count in this run.
fn note_variables(ctx: &Ctx, job: &Job<'_>) {
    let counts = [
        (env::CONFIG, true),
        (env::TOKEN, !job.is_local),
        (env::XDG_CONFIG_HOME, !job.is_local),
        (env::XDG_DATA_HOME, job.is_local),
        (env::LOCAL_KEYRING, job.is_local),
        (env::KUBECONFIG, job.from_file.is_none()),
    ];
    let set = counts
        .iter()
        .filter(|(variable, counts)| *counts && variable.os().is_some());
    let names: Vec<&str> = set.map(|(variable, _)| variable.name).collect();
    if !names.is_empty() {
        ctx.out.aside(&format!(
            "Set in this shell, and not in the job unless you set it there: {}",
            names.join(", ")
        ));
    }
}
