//! `acpctl config view`

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::auth::login;
use crate::config::Setting;
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

/// Show all effective settings; tokens are never shown
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show where each value comes from: flag, environment, file or default
    #[arg(long)]
    origin: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let settings = ctx.settings()?;
    let token = if settings.token.value.is_some() || login::is_logged_in(ctx.config_if_any()?) {
        "[REDACTED]"
    } else {
        "(not set)"
    };
    let unset = || "(not set)".to_owned();
    let seconds = |setting: Setting<Duration>| format!("{}s", setting.value.as_secs());
    let project = settings.project.value.clone();
    let rows = [
        (
            "api_url",
            url_for_people(&settings.api_url.value),
            settings.api_url.origin,
        ),
        ("access_token", token.to_owned(), settings.token.origin),
        (
            "project",
            project.unwrap_or_else(unset),
            settings.project.origin,
        ),
        (
            "request_timeout",
            seconds(settings.request_timeout),
            settings.request_timeout.origin,
        ),
        (
            "polling_interval",
            seconds(settings.polling_interval),
            settings.polling_interval.origin,
        ),
        (
            "insecure_tls_verify",
            settings.insecure.value.to_string(),
            settings.insecure.origin,
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
