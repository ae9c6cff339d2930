//! `acpctl whoami` (contract cli-core.md section 7.3). Nothing is asked of anybody.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::auth::store;
use crate::auth::token::{self, Token};
use crate::config::settings::not_logged_in;
use crate::ctx::Ctx;
use crate::env;
use crate::exit::{Failure, Kind};
use crate::output::{Format, OutputArgs};
use crate::text::{acpctl, url_for_people};

/// Display current user information
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the current API token and exit
    #[arg(short = 't', long)]
    show_token: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let settings = ctx.settings()?;
    let token = match env::TOKEN.get() {
        Some(token) => Some(SecretString::from(token)),
        None => {
            store::load(ctx.config()?)
                .map_err(|why| Failure::new(Kind::Login, format!("read the login: {why}")))?
                .access
        }
    };
    let Some(token) = token else {
        return Err(not_logged_in().into());
    };
    if args.show_token {
        return ctx.out.data(token.expose_secret().as_bytes());
    }
    let read = token::read(token.expose_secret());
    let (url, project) = (
        url_for_people(&settings.api_url),
        settings.project.as_deref().unwrap_or_default(),
    );
    if !matches!(format, Format::Table | Format::Wide) {
        let value = json!({
            "user": read.claim("sub"), "email": read.claim("email"), "expires_at": read.expires_at().map(|end| end.to_string()),
            "api_url": url, "project": project,
        });
        return ctx.out.value(&value, &format);
    }
    let mut lines = Vec::new();
    match &read {
        Token::OpenShift => lines.push(("Token type:", "OpenShift service account".to_owned())),
        Token::Opaque => lines.push(("Token type:", "opaque".to_owned())),
        Token::Jwt(_) => {
            lines.extend(read.claim("sub").map(|user| ("User:", user.to_owned())));
            lines.extend(
                read.claim("email")
                    .map(|email| ("Email:", email.to_owned())),
            );
            lines.extend(
                read.expires_at()
                    .map(|end| ("Expires:", token::local_time(end))),
            );
        }
    }
    lines.push(("API URL:", url));
    lines.push(("Project:", project.to_owned()));
    for (label, text) in lines {
        ctx.out.line(&format!("{label:<11} {text}"))?;
    }
    if read.expires_at().is_some_and(|end| end < ctx.now()) && ctx.out.is_terminal() {
        ctx.out.warn(&format!(
            "the token has expired; log in again: {}",
            acpctl(&["login", "URL"])
        ));
    }
    Ok(())
}
