//! `acpctl config view`

use serde_json::{Map, Value, json};

use crate::auth::store::{self, Store};
use crate::config::settings::Origin;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs, table};
use crate::text::url_for_people;

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

/// Show every setting that is in force; tokens are never shown
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show where each value comes from: flag, environment, file or default
    #[arg(long)]
    origin: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let settings = ctx.settings()?;
    let token = if settings.token.is_some() || store::chosen(ctx.config()?) == Store::Keyring {
        "[REDACTED]"
    } else {
        "(not set)"
    };
    let unset = || "(not set)".to_owned();
    let timeout = format!("{}s", settings.request_timeout.as_secs());
    let polling = format!("{}s", settings.polling_interval.as_secs());
    let rows = [
        (
            "api_url",
            url_for_people(&settings.api_url),
            settings.api_url_origin,
        ),
        ("access_token", token.to_owned(), settings.token_origin),
        (
            "project",
            settings.project.clone().unwrap_or_else(unset),
            settings.project_origin,
        ),
        ("request_timeout", timeout, settings.request_timeout_origin),
        (
            "polling_interval",
            polling,
            settings.polling_interval_origin,
        ),
        (
            "insecure_tls_verify",
            settings.insecure.to_string(),
            settings.insecure_origin,
        ),
    ];
    if !matches!(format, Format::Table | Format::Wide) {
        let value: Map<String, Value> = rows
            .into_iter()
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
        .into_iter()
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
