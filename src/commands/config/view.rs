//! `acpctl config view`

use serde_json::{Map, Value, json};

use super::values;
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
    /// Show where each value comes from: flag, environment, file or default
    #[arg(long)]
    origin: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let (settings, config) = (ctx.settings()?, ctx.config_if_any()?);
    let rows = KEYS.iter().map(|key| {
        let (value, origin) = values::effective(key, settings, config);
        (
            key.name,
            value.unwrap_or_else(|| values::UNSET.to_owned()),
            origin,
        )
    });
    if !matches!(format, Format::Table | Format::Wide) {
        let value: Map<String, Value> = rows
            .map(|(key, value, origin)| {
                (
                    key.to_owned(),
                    json!({"value": value, "origin": name(origin)}),
                )
            })
            .collect();
        return ctx.out.value(&Value::Object(value), &format);
    }
    let shown = if args.origin { COLUMNS } else { &COLUMNS[..2] };
    let cells: Vec<Vec<String>> = rows
        .map(|(key, value, origin)| vec![key.to_owned(), value, name(origin).to_owned()])
        .map(|mut row| {
            row.truncate(shown.len());
            row
        })
        .collect();
    ctx.out.cells(shown, &cells, true)
}

fn name(origin: Origin) -> &'static str {
    match origin {
        Origin::Flag => "flag",
        Origin::Environment => "environment",
        Origin::File => "file",
        Origin::Default => "default",
    }
}
