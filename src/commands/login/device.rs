//! The login with a code that the user types in a browser on any device.

use super::args::{Args, Mode};
use super::code::count_down;
use super::issuer::{Obtained, Provider};
use crate::auth::device::{self, Begun, Client};
use crate::ctx::Ctx;
use crate::output::{progress, qr};
use crate::text::color::painted;
use crate::text::visible;

/// Shows a code and waits until the user has typed it.
///
/// # Errors
/// The issuer or the user refuses, or the time is over.
pub(super) fn log_in(
    ctx: &Ctx,
    args: &Args,
    provider: &Provider,
    server: &str,
) -> anyhow::Result<Obtained> {
    let issuer = provider.issuer(ctx)?;
    provider.tell(ctx);
    let client = Client {
        id: &provider.client_id,
        secret: provider.secret.as_ref(),
        again: provider.again(args, Mode::Device),
        with_browser: provider.again(args, Mode::Browser),
    };
    ctx.block_on(async {
        let begun = {
            let _asking = progress::begin(format!("Asking {}", issuer.shown()));
            device::begin(&issuer, &client).await?
        };
        show(ctx, &begun, server);
        let waiting = progress::begin("Waiting for the code");
        let made = tokio::select! {
            made = begun.wait(&issuer, &client) => made?,
            never = count_down(&waiting, "Waiting for the code", begun.deadline) => match never {},
        };
        Ok(made.into())
    })
}

/// Shows address and code on standard error, with a QR code if the terminal has room for it.
fn show(ctx: &Ctx, begun: &Begun, server: &str) {
    let is_colored = ctx.out.colored_stderr();
    let strong = |text: &str| {
        if is_colored {
            painted("1", text)
        } else {
            text.to_owned()
        }
    };
    if let Some(code) = begun
        .whole_address
        .as_deref()
        .and_then(|address| qr::for_terminal(address, is_colored))
    {
        ctx.out.note_as_is(&code);
    }
    ctx.out.note(&format!(
        "To log in to {server}, open this address on any device and enter the code:"
    ));
    ctx.out.note_as_is(&format!(
        "\n    {}\n\n    {}\n",
        strong(&begun.address),
        strong(&visible(&begun.user_code))
    ));
}
