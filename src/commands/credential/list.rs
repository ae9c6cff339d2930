//! `acpctl credential list`

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;

use super::minted::Minted;
use super::orphans;
use crate::api::equals;
use crate::commands::gateway_credentials;
use crate::commands::listing::{ListArgs, View, shows_screen, warn_of_project};
use crate::commands::used_by;
use crate::compat::grammar::IgnoredArgs;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake;
use crate::intake::cluster::ClusterArgs;
use crate::resources::{CREDENTIAL, Candidates, OF_GATEWAYS, Record, expires_at};
use crate::text::{acpctl, acpctl_for};

const EXAMPLES: &str = "\
acpctl credential list
# Those that must be renewed soon: exit code 12 if there are any
acpctl credential list --provider kubeconfig --expiring-within 14d
# List what acpctl has made in a cluster and nobody uses any more
acpctl credential list --orphans --context dev
# For scripts
acpctl credential list -q --sort-by expires
acpctl credential list --jq '.items[] | select(.provider == \"github\") | .name'";

/// List credentials, all of them unless --limit is given
///
/// On a terminal, USED BY names the projects to which a credential is bound. "(shadowed)" marks a binding without
/// effect, because sessions there get another one of the listed credentials. "acpctl session explain" tells which one.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only this provider (github|gitlab|jira|google|vertex|kubeconfig or another)
    #[arg(long, value_name = "PROVIDER")]
    #[arg(add = Candidates::PROVIDERS)]
    provider: Option<String>,
    /// Only credentials of exactly this name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Also those that the platform makes for its own gateways
    #[arg(long)]
    all_providers: bool,
    /// Only credentials known to expire within this time, e.g. 72h or 14d; exit code 12 if there are any
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    expiring_within: Option<Duration>,
    /// Only credentials that acpctl has minted
    #[arg(long)]
    minted: bool,
    /// Compare with the cluster of --from-file or --context: minted accounts without a credential, and the reverse
    #[arg(long)]
    orphans: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.list.format()?;
    if args.orphans {
        return orphans::run(ctx, &args.cluster, &format);
    }
    args.cluster.refuse_given("--orphans")?;
    let client = ctx.client()?;
    warn_of_project(ctx, &CREDENTIAL, None);
    let mut options = args
        .list
        .options(args.expiring_within.is_some() || args.minted);
    options.search = search(args);
    let now = ctx.now();
    let endless: RefCell<Vec<String>> = RefCell::default();
    // The names of those that can be renewed.
    let renewable: RefCell<BTreeSet<String>> = RefCell::default();
    let wanted = |record: &Record| {
        let within = args.expiring_within;
        let is_minted = !args.minted || Minted::of(record).is_some();
        if within.is_some() && is_minted && expires_at(record).is_none() {
            endless.borrow_mut().push(record.name_or_id().to_owned());
        }
        let is_wanted =
            is_minted && within.is_none_or(|within| expires_within(record, now, within));
        if is_wanted && Minted::of(record).is_some() {
            let name = record.name_or_id().to_owned();
            renewable.borrow_mut().insert(name);
        }
        is_wanted
    };
    let is_narrowed = args.expiring_within.is_some() || args.minted;
    let keep = is_narrowed.then_some(&wanted as &dyn Fn(&Record) -> bool);
    let hides_gateways = !args.all_providers && args.provider.as_deref() != Some(OF_GATEWAYS);
    let doubtful = args
        .provider
        .as_deref()
        .and_then(intake::provider::doubt_name);
    let streamed = match &doubtful {
        // An error is to come instead of an empty list.
        Some(_) => None,
        None => args.list.streamed(ctx, &CREDENTIAL, &format, keep)?,
    };
    if let Some(mut streamed) = streamed {
        streamed.hides_gateways = hides_gateways;
        let list = ctx.block_on(async {
            let add = |page| streamed.add(page);
            let pages = client.pages(&CREDENTIAL, "/credentials", &options, add);
            pages.await.context("list credentials")
        })?;
        let first = streamed.first.take();
        let total = streamed.finish(list)?;
        tell_unjudged(ctx, &endless.take());
        return refuse_expiring(args, total, first.as_deref(), &renewable.take());
    }
    let mut list = ctx.block_on(async {
        let list = client.listed(&CREDENTIAL, "/credentials", &options).await;
        let mut list = list.context("list credentials")?;
        if hides_gateways {
            gateway_credentials::leave_out(ctx, &mut list);
        }
        if shows_screen(ctx, &format) {
            used_by::join(client, list.items.as_deref_mut().unwrap_or_default()).await;
        }
        Ok(list)
    })?;
    if let Some(failure) = doubtful.filter(|_| list.gap.is_none() && list.items().is_empty()) {
        return Err(failure.into());
    }
    for record in list.items.iter_mut().flatten() {
        record.remove("token");
    }
    let total = args.list.narrow(&mut list, keep)?;
    let view = View {
        format: &format,
        columns: None,
        is_searched: options.search.is_some() || is_narrowed,
        project: None,
    };
    args.list.print(ctx, &list, total, &view)?;
    tell_unjudged(ctx, &endless.take());
    let first = list.items().first().map(Record::name_or_id);
    refuse_expiring(args, total, first, &renewable.take())
}

/// The most names in a sentence.
const MOST_NAMES: usize = 5;

/// Names the credentials that `--expiring-within` can't judge: their end is not known, or there is none.
fn tell_unjudged(ctx: &Ctx, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let more = match names.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named: Vec<&str> = names.iter().take(MOST_NAMES).map(String::as_str).collect();
    let count = CREDENTIAL.counted(names.len());
    let (have, are) = match names.len() {
        1 => ("has", "is"),
        _ => ("have", "are"),
    };
    ctx.out.note(&format!(
        "{count} {have} no known end and {are} not judged by --expiring-within: {}{more}",
        named.join(", ")
    ));
}

/// Fails if the user asked for credentials that expire and there are any.
fn refuse_expiring(
    args: &Args,
    total: i64,
    first: Option<&str>,
    renewable: &BTreeSet<String>,
) -> anyhow::Result<()> {
    if let Some(within) = args.expiring_within
        && total > 0
    {
        return Err(expiring(total, first, renewable, within).into());
    }
    Ok(())
}

/// Reports credentials that expire, so that a job of CI can depend on the exit code alone.
fn expiring(
    total: i64,
    first: Option<&str>,
    renewable: &BTreeSet<String>,
    within: Duration,
) -> Failure {
    let what = match total {
        1 => "1 credential expires".to_owned(),
        total => format!("{total} credentials expire"),
    };
    let name = first.unwrap_or("NAME");
    let hint = if renewable.len() > 1 {
        let within = length(within);
        let renew = acpctl(&["credential", "renew", "--all", "--expiring-within", &within]);
        format!("get new tokens: {renew}")
    } else if renewable.contains(name) {
        let renew = acpctl_for(&["credential", "renew"], name, &[]);
        format!("get a new token: {renew}")
    } else {
        let flags = ["--from-file", "PATH"];
        let update = acpctl_for(&["credential", "update"], name, &flags);
        format!("store a new secret: {update}")
    };
    Failure::new(Kind::Expiring, format!("{what} within {}", length(within))).hint(hint)
}

/// Returns a length of time as the flag takes it, in the largest unit that gives a whole number.
fn length(time: Duration) -> String {
    const UNITS: [(u64, char); 3] = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let seconds = time.as_secs();
    let is_whole = |(unit, _): &&(u64, char)| seconds > 0 && seconds.is_multiple_of(*unit);
    match UNITS.iter().find(is_whole) {
        Some((unit, letter)) => format!("{}{letter}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

/// Returns the search that the server does. The provider comes first, without spaces, as the Go tool sends it.
fn search(args: &Args) -> Option<String> {
    let quoted = |text: &str| text.replace('\'', "''");
    let provider = args
        .provider
        .as_deref()
        .filter(|text| !text.is_empty())
        .map(|text| format!("provider='{}'", quoted(text)));
    let name = args.name.as_deref().map(|text| equals("name", text));
    let parts: Vec<String> = provider.into_iter().chain(name).collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

/// True if the credential is known to expire within this time.
fn expires_within(record: &Record, now: Timestamp, within: Duration) -> bool {
    let until = now.saturating_add(within).unwrap_or(Timestamp::MAX);
    expires_at(record).is_some_and(|expiry| expiry <= until)
}
