//! `acpctl version` (contract cli-core.md section 7.4). It never fails: a server that is down is a
//! fact to print.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{Client, Error, Request};
use crate::compat::json as text;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};

/// How long the server may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Print the client and server version
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this program's version; nothing is asked of the server
    #[arg(long)]
    client: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let client = json!({
        "version": crate::VERSION,
        "commit": option_env!("ACPCTL_COMMIT").unwrap_or("unknown"),
        "build_time": option_env!("ACPCTL_BUILD_TIME").unwrap_or("unknown"),
    });
    let plain = matches!(format, Format::Table | Format::Wide);
    let part = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    if plain {
        let line = format!(
            "Client: {} (commit: {}, built: {})",
            part(&client, "version"),
            part(&client, "commit"),
            part(&client, "build_time")
        );
        ctx.out.line(&line)?;
    }
    if args.client || ctx.settings().is_err() {
        return if plain {
            Ok(())
        } else {
            ctx.out.value(&json!({"client": client}), &format)
        };
    }
    let server = ask(ctx);
    if !plain {
        let server = server.unwrap_or_else(|why| json!({"unavailable": why}));
        return ctx
            .out
            .value(&json!({"client": client, "server": server}), &format);
    }
    ctx.out.line(&match server {
        Ok(server) => format!(
            "Server: {} (tag: {}, built: {})",
            part(&server, "version"),
            part(&server, "git_tag"),
            part(&server, "build_time")
        ),
        Err(why) => format!("Server: unavailable ({why})"),
    })
}

/// The server's answer, or why there is none. No token is sent, and none is needed.
fn ask(ctx: &Ctx) -> Result<Value, String> {
    let settings = ctx.settings().map_err(|failure| failure.message)?;
    if !settings.is_local() && crate::config::settings::parse_api_url(&settings.api_url).is_err() {
        return Err(format!(
            "create request: parse \"{}\": not a URL",
            settings.api_url
        ));
    }
    let client = Client::anonymous(settings, &ctx.globals).map_err(|error| format!("{error:#}"))?;
    let request = Request::get("/version");
    let answer = ctx.block_on(async {
        let answer = tokio::time::timeout(LIMIT, client.send_once(&request)).await;
        Ok(answer.unwrap_or_else(|_| Err(client.timed_out(&request))))
    });
    let answer = answer
        .map_err(|error| error.to_string())?
        .map_err(|error: Error| error.to_string())?;
    if answer.status != 200 {
        return Err(format!("server returned HTTP {}", answer.status));
    }
    text::parse(&answer.body).map_err(|why| format!("unmarshal response: {why}"))
}
