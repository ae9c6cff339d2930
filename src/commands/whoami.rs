//! `acpctl whoami` (docs/interface/cli-core.md section 7.3). It sends no request, except for the
//! token of a job, and does not prompt.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::auth::login::{self, Bearer};
use crate::auth::token::{self, Token};
use crate::auth::{own_server, refresh, store};
use crate::config::Settings;
use crate::config::settings::not_logged_in_at;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::{Format, OutputArgs};
use crate::server::USER;
use crate::text::{acpctl, url_for_people};

const EXAMPLES: &str = "acpctl whoami";

/// Display current user information
///
/// Reads the token and sends no request, so that a token that the server rejects is shown too, and fields that are not
/// in the token are empty. `acpctl doctor` asks the server.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print the current API token and exit
    #[arg(short = 't', long)]
    show_token: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    if args.show_token && !matches!(format, Format::Table) {
        let failure = Failure::usage("--show-token prints the token alone, in no other format");
        return Err(failure.hint("leave out -o and --jq").into());
    }
    let settings = ctx.settings()?;
    if settings.is_local() {
        return local(ctx, args, &format);
    }
    let Some(token) = token(ctx, settings)? else {
        return Err(not_logged_in_at(&settings.api_url.value).into());
    };
    if args.show_token {
        return ctx.out.data(token.expose_secret().as_bytes());
    }
    let read = token::read(token.expose_secret());
    let is_own = own_server::is_token_of(&settings.api_url.value, &token);
    let own_user = is_own.then_some(USER);
    let url = url_for_people(&settings.api_url.value);
    let project = settings.project.value.as_deref().unwrap_or_default();
    if !matches!(format, Format::Table | Format::Wide) {
        let value = json!({
            "user": read.user().or(own_user), "subject": read.claim("sub"), "email": read.claim("email"), "expires_at": read.expires_at().map(|end| end.to_string()),
            "issuer": read.claim("iss").map(url_for_people), "api_url": url, "project": project,
            "context": settings.context,
        });
        return ctx.out.value(&value, &format);
    }
    if ctx.out.is_quiet() {
        return read
            .user()
            .or(own_user)
            .map_or(Ok(()), |user| ctx.out.line(user));
    }
    let mut lines = Vec::new();
    match &read {
        Token::OpenShift => lines.push(("Token type:", "OpenShift service account".to_owned())),
        Token::Opaque => {
            lines.extend(own_user.map(|user| ("User:", user.to_owned())));
            let of = own_user.map_or("", |_| ", of your own acpctl serve");
            lines.push(("Token type:", format!("opaque{of}")));
        }
        Token::Jwt(_) => {
            lines.extend(read.user().map(|user| ("User:", user.to_owned())));
            lines.extend(
                read.claim("email")
                    .map(|email| ("Email:", email.to_owned())),
            );
            let is_renewed = ctx.out.is_terminal() && renews_itself(ctx, settings);
            lines.extend(
                read.claim("iss")
                    .filter(|_| ctx.out.is_terminal())
                    .map(|issuer| ("Issuer:", url_for_people(issuer))),
            );
            lines.extend(read.expires_at().map(|end| {
                let renewed = if is_renewed {
                    " (renewed when needed)"
                } else {
                    ""
                };
                ("Expires:", format!("{}{renewed}", token::local_time(end)))
            }));
        }
    }
    lines.extend(settings.context.clone().map(|name| ("Context:", name)));
    let address = if settings.is_local() {
        "local".to_owned()
    } else {
        url
    };
    lines.push(("API URL:", address));
    lines.push(("Project:", project.to_owned()));
    for (label, text) in lines {
        ctx.out.line(&format!("{label:<11} {text}"))?;
    }
    if read.expires_at().is_some_and(|end| end < ctx.now())
        && ctx.out.is_terminal()
        && !renews_itself(ctx, settings)
    {
        ctx.out.warn(&format!(
            "the token has expired; log in again: {}",
            acpctl(&["login", "URL"])
        ));
    }
    Ok(())
}

fn renews_itself(ctx: &Ctx, settings: &Settings) -> bool {
    let config = ctx.config_if_any();
    config.is_ok_and(|config| refresh::renews_itself(settings, config))
}

/// True if a token is that of the user's own server, which acts for one user only.
/// Returns the user's token. A login for another server is shown too, with a warning on a terminal.
fn token(ctx: &Ctx, settings: &Settings) -> Result<Option<SecretString>, Failure> {
    match ctx.bearer(settings)? {
        Bearer::None => Ok(None),
        Bearer::Token(token) => Ok(Some(token)),
        Bearer::Elsewhere(other) => {
            let token = store::access(ctx.config()?).map_err(|why| login::unread(&why))?;
            if token.is_some() && ctx.out.is_terminal() {
                ctx.out.warn(&format!(
                    "this login is for {}; it is not sent to {}",
                    url_for_people(&other),
                    url_for_people(&settings.api_url.value)
                ));
            }
            Ok(token)
        }
    }
}

/// Shows the one user of the embedded API, which has no token.
fn local(ctx: &Ctx, args: &Args, format: &Format) -> anyhow::Result<()> {
    if args.show_token {
        return Err(
            Failure::new(Kind::NotFound, "the embedded API has no token")
                .hint("to reach it from other programs: acpctl serve")
                .into(),
        );
    }
    let settings = ctx.settings()?;
    let project = settings.project.value.as_deref().unwrap_or_default();
    if !matches!(format, Format::Table | Format::Wide) {
        let value = json!({
            "user": USER, "subject": null, "email": null, "expires_at": null, "issuer": null,
            "api_url": settings.api_url.value, "project": project,
            "context": settings.context,
        });
        return ctx.out.value(&value, format);
    }
    if ctx.out.is_quiet() {
        return ctx.out.line(USER);
    }
    let mut lines = vec![("User:", USER)];
    lines.extend(settings.context.as_deref().map(|name| ("Context:", name)));
    lines.push(("API URL:", settings.api_url.value.as_str()));
    lines.push(("Project:", project));
    for (label, text) in lines {
        ctx.out.line(&format!("{label:<11} {text}"))?;
    }
    Ok(())
}
