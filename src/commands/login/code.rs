//! The login in a browser: authorization code with PKCE (docs/interface/cli-core.md section 7.1.1).

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::time::{Instant, interval};
use url::Url;

use super::args::{Args, Mode};
use super::issuer::{Obtained, Provider, request};
use crate::auth::callback::{Arrived, Browser, Expected, WAIT};
use crate::auth::oidc::Issuer;
use crate::auth::pkce::{Proof, random};
use crate::auth::{browser, callback};
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::progress::{self, Progress};
use crate::text::secrets;

/// Sends the user to the issuer and waits until the browser returns. The browser that is returned waits for its page.
///
/// # Errors
/// The login failed; in the Go tool's words, without its prefix.
pub(super) fn log_in(
    ctx: &Ctx,
    args: &Args,
    provider: &Provider,
    server: &str,
) -> anyhow::Result<Obtained> {
    let issuer = provider.issuer(ctx)?;
    provider.tell(ctx);
    let proof = Proof::new()?;
    let (redirect, arrived) = authorize(ctx, args, provider, &issuer, &proof, server)?;
    let Arrived { code, browser } = arrived;
    let mut form = vec![("client_id", provider.client_id.as_str())];
    provider.add_secret(&mut form);
    form.extend([
        ("code", code.as_str()),
        ("code_verifier", proof.verifier.as_str()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", redirect.as_str()),
    ]);
    match request(ctx, &issuer, &form).context("exchange authorization code") {
        Ok(obtained) => Ok(Obtained {
            browser: Some(browser),
            ..obtained
        }),
        Err(error) => {
            tell(ctx, browser, &error);
            Err(error)
        }
    }
}

/// Shows in the browser why the login has failed.
pub(super) fn tell(ctx: &Ctx, browser: Browser, error: &anyhow::Error) {
    let why = format!("{error:#}");
    // A page that can't be shown changes nothing: the terminal says it too.
    let _ = ctx.block_on(async {
        browser.fail(&secrets::hide(&why)).await;
        Ok(())
    });
}

/// Returns the redirect address and the code.
fn authorize(
    ctx: &Ctx,
    args: &Args,
    provider: &Provider,
    issuer: &Issuer,
    proof: &Proof,
    server: &str,
) -> anyhow::Result<(String, Arrived)> {
    let state = random(16)?;
    ctx.block_on(async {
        let endpoints = {
            let _asking = progress::begin(format!("Asking {}", issuer.shown()));
            issuer.endpoints().await?
        };
        let authorization = endpoints.authorization.as_deref().ok_or_else(|| {
            let words = format!("the issuer {} offers no login in a browser", issuer.shown());
            Failure::new(Kind::Login, words)
        })?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.callback_port))
            .await
            .map_err(|error| cannot_listen(args.callback_port, &error))?;
        let redirect = format!("http://{}/callback", listener.local_addr()?);
        // An endpoint may have a query of its own (RFC 6749 section 3.1).
        let mut url = Url::parse(authorization)?;
        url.query_pairs_mut().extend_pairs([
            ("client_id", provider.client_id.as_str()),
            ("code_challenge", &proof.challenge),
            ("code_challenge_method", "S256"),
            ("redirect_uri", &redirect),
            ("response_type", "code"),
            ("state", &state),
        ]);
        let opened = if args.no_browser {
            None
        } else {
            browser::open(url.as_str())
        };
        let words = match opened {
            Some(_) => {
                "Opening browser for authentication...\nIf the browser does not open, visit:"
            }
            None => "To log in, open this address in a browser on this machine:",
        };
        ctx.out.text(&format!("{words}\n\n  {url}\n\n"))?;
        if opened.is_none() && endpoints.device.is_some() && ctx.may_ask() {
            ctx.out.note(&format!(
                "The browser is on another machine? Press Ctrl-C, then: {}",
                provider.again(args, Mode::Device)
            ));
        }
        let expected = Expected {
            state: &state,
            issuer: &endpoints.issuer,
            names_itself: endpoints.names_itself,
            server,
        };
        let waiting = progress::begin("Waiting for the browser");
        let arrived = tokio::select! {
            arrived = callback::wait(&listener, &expected) => arrived?,
            never = count_down(&waiting, "Waiting for the browser", Instant::now() + WAIT) => match never {},
        };
        Ok((redirect, arrived))
    })
}

/// Shows the time that is left, for as long as it is polled.
pub(super) async fn count_down(waiting: &Progress, text: &str, deadline: Instant) -> Infallible {
    let mut ticks = interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        let left = deadline.saturating_duration_since(Instant::now()).as_secs();
        waiting.say(|| {
            format!(
                "{text}, {}:{:02} left (Ctrl-C cancels)",
                left / 60,
                left % 60
            )
        });
    }
}

fn cannot_listen(port: u16, error: &io::Error) -> Failure {
    if port == 0 {
        return Failure::new(
            Kind::Other,
            format!("listen on 127.0.0.1: {}", reason(error)),
        );
    }
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => "another program uses this port".to_owned(),
        _ => reason(error),
    };
    Failure::new(Kind::Other, format!("--callback-port {port}: {why}"))
        .hint("choose another port, or leave the flag out, so that acpctl takes a free one")
}
