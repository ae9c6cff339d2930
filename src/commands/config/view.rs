//! `acpctl config view`

use serde_json::{Map, Value, json};

use super::values;
use crate::config::Config;
use crate::config::keys::KEYS;
use crate::config::settings::Origin;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs, table};

const COLUMNS: &[table::Column] = &[
    table::Column {
        title: "KEY",
        width: 20,
    },
    table::Column {
        title: "VALUE",
        width: 50,
    },
    table::Column {
        title: "ORIGIN",
        width: 12,
    },
];

const EXAMPLES: &str = "\
acpctl config view
# Where each value comes from
acpctl config view --origin";

/// Show all effective settings; tokens are never shown
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Show where each value comes from: flag, environment, context, file or default
    #[arg(long)]
    origin: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let (settings, config) = (ctx.settings()?, ctx.config_if_any()?);
    let settings_of_keys = KEYS.iter().map(|key| {
        let (value, origin) = values::effective(key, settings, config);
        let origin = match origin {
            Origin::File if config.is_in_context(key.name) => "context",
            other => name(other),
        };
        (
            key.name,
            value.unwrap_or_else(|| values::UNSET.to_owned()),
            origin,
        )
    });
    let rows = context(ctx, config).into_iter().chain(settings_of_keys);
    if !matches!(format, Format::Table | Format::Wide) {
        let value: Map<String, Value> = rows
            .map(|(key, value, origin)| (key.to_owned(), json!({"value": value, "origin": origin})))
            .collect();
        return ctx.out.value(&Value::Object(value), &format);
    }
    let shown = if args.origin { COLUMNS } else { &COLUMNS[..2] };
    let cells: Vec<Vec<String>> = rows
        .map(|(key, value, origin)| vec![key.to_owned(), value, origin.to_owned()])
        .map(|mut row| {
            row.truncate(shown.len());
            row
        })
        .collect();
    ctx.out.cells(shown, &cells, true)?;
    ctx.warn_of_variables();
    if args.origin && config.has_contexts() && settings.api_url.origin == Origin::Environment {
        ctx.out.note(
            "AMBIENT_API_URL is set and wins over the server of the context, whose login goes only to its own server",
        );
    }
    Ok(())
}

/// Returns the row of the context, if there is more than one server or the run names one.
fn context(ctx: &Ctx, config: &Config) -> Option<(&'static str, String, &'static str)> {
    let found = config.context().filter(|_| config.has_contexts())?;
    let flag = ctx.globals.context_name.as_deref();
    let origin = if flag.is_some_and(|name| !name.is_empty()) {
        Origin::Flag
    } else if config.is_named() {
        Origin::Environment
    } else {
        Origin::File
    };
    Some(("context", found, name(origin)))
}

fn name(origin: Origin) -> &'static str {
    match origin {
        Origin::Flag => "flag",
        Origin::Environment => "environment",
        Origin::File => "file",
        Origin::Default => "default",
    }
}
