//! `acpctl credential list`

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::api::{ListOptions, equals};
use crate::compat::grammar::IgnoredArgs;
use crate::compat::number;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::output::OutputArgs;
use crate::resources::{CREDENTIAL, EXPIRES_AT, List, Record, annotation};

const EXAMPLES: &str = "\
acpctl credential list
# What must be renewed soon
acpctl credential list --provider kubeconfig --expiring-within 14d
# For scripts
acpctl credential list -o name";

/// List credentials; the whole list unless --limit is given
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only this provider (github|gitlab|jira|google|vertex|kubeconfig or another)
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only credentials of exactly this name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Only credentials with this label (repeatable: all must match)
    #[arg(short, long, value_name = "KEY=VALUE")]
    label: Vec<String>,
    /// Only credentials whose known expiry is nearer than this, e.g. 72h or 14d
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    expiring_within: Option<Duration>,
    /// Show at most so many (default: all)
    #[arg(long, value_name = "N", value_parser = number::int64, allow_negative_numbers = true)]
    limit: Option<i64>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let labels = args
        .label
        .iter()
        .map(|label| pair(label))
        .collect::<Result<Vec<_>, _>>()?;
    let client = ctx.client()?;
    // What the server can't filter is filtered here, and then the limit counts what is left.
    let filters = !labels.is_empty() || args.expiring_within.is_some();
    let options = ListOptions {
        search: search(args),
        limit: args.limit.filter(|_| !filters),
        project: None,
    };
    let mut list = ctx.block_on(async {
        client
            .list(&CREDENTIAL, "/credentials", &options)
            .await
            .context("list credentials")
    })?;
    if filters {
        let now = ctx.now();
        keep(&mut list, |record| {
            has_labels(record, &labels)
                && args
                    .expiring_within
                    .is_none_or(|within| expires_within(record, now, within))
        });
    }
    let total = if filters {
        i64::try_from(list.items().len()).unwrap_or(i64::MAX)
    } else {
        list.total
    };
    if let (Some(limit), Some(items)) = (args.limit.filter(|limit| *limit > 0), &mut list.items) {
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        if filters {
            (list.size, list.total) = (i64::try_from(items.len()).unwrap_or(i64::MAX), total);
        }
    }
    for record in list.items.iter_mut().flatten() {
        record.remove("token");
    }
    ctx.out.list(&list, &format, ctx.now())?;
    let shown = i64::try_from(list.items().len()).unwrap_or(i64::MAX);
    if shown > 0 && shown < total {
        ctx.out.note(&format!(
            "Showing {shown} of {total} credentials; raise or leave out --limit to see more"
        ));
    }
    Ok(())
}

/// The server-side part of the filter. The provider comes first and without blanks, as the Go tool sends it.
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

fn pair(label: &str) -> Result<(&str, &str), Failure> {
    label
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| Failure::usage(format!("--label {} is not KEY=VALUE", quote(label))))
}

fn keep(list: &mut List, wanted: impl Fn(&Record) -> bool) {
    if let Some(items) = &mut list.items {
        items.retain(wanted);
    }
    let count = i64::try_from(list.items().len()).unwrap_or(i64::MAX);
    (list.size, list.total) = (count, count);
}

fn has_labels(record: &Record, wanted: &[(&str, &str)]) -> bool {
    let labels: Value = serde_json::from_str(record.text("labels")).unwrap_or_default();
    wanted
        .iter()
        .all(|(key, value)| labels.get(key).and_then(Value::as_str) == Some(value))
}

/// A credential of unknown expiry is not known to expire.
fn expires_within(record: &Record, now: Timestamp, within: Duration) -> bool {
    annotation(record, EXPIRES_AT)
        .parse::<Timestamp>()
        .is_ok_and(|expiry| expiry <= now.saturating_add(within).unwrap_or(Timestamp::MAX))
}
