//! The texts that the platform keeps of a session's sandbox: its logs and its policy.

use anyhow::Context as _;
use serde_json::json;

use crate::api::Method;
use crate::commands::session_failure;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs};
use crate::resources::Candidates;
use crate::text::{acpctl_for, quote};

/// The arguments of both verbs.
#[derive(Debug, clap::Args)]
pub(super) struct SandboxArgs {
    /// ID or name of the session, or name of its agent
    #[arg(add = Candidates::SESSIONS)]
    session: String,
    #[command(flatten)]
    output: OutputArgs,
}

/// One of the texts.
pub(super) struct Kept {
    /// The last part of the path.
    pub part: &'static str,
    /// The field of the session that holds the text once the sandbox is gone.
    pub snapshot: &'static str,
}

/// Shows a text from the running sandbox or, if it is not available there, the one that was kept when the sandbox
/// ended.
pub(super) fn show(ctx: &Ctx, args: &SandboxArgs, kept: &Kept) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let sessions = Collection::sessions();
    sessions.check(&args.session)?;
    let client = ctx.client()?;
    let doing = format!("get sandbox {}", kept.part);
    let (session, text) = ctx
        .block_on(async {
            let session = lookup::session(client, &args.session).await?;
            let request =
                sessions.request_below(Method::Get, session.id(), &["sandbox", kept.part]);
            let snapshot = session.text(kept.snapshot);
            let text = match client.send(&request).await {
                Ok(answer) => String::from_utf8_lossy(&answer.body).into_owned(),
                Err(error) if matches!(error.status(), Some(401 | 403)) => return Err(error.into()),
                Err(_) if !snapshot.is_empty() => snapshot.to_owned(),
                Err(error) if matches!(error.status(), Some(404 | 405 | 501 | 502 | 503)) => {
                    let shown = quote(&args.session);
                    let message =
                        format!("session {shown} has neither a sandbox nor a snapshot of one");
                    let hint = match session_failure::reason(&session) {
                        Some(why) => format!("the session failed: {why}"),
                        None => {
                            let describe = acpctl_for(&["describe", "session"], &args.session, &[]);
                            format!("for its phase: {describe}")
                        }
                    };
                    return Err(Failure::new(Kind::NotFound, message).hint(hint).into());
                }
                Err(error) => return Err(error.into()),
            };
            let text = if text.trim().is_empty() {
                snapshot.to_owned()
            } else {
                text
            };
            Ok((session, text))
        })
        .context(doing)?;
    match format {
        Format::Table | Format::Wide => {
            if text.is_empty() {
                let name = quote(&args.session);
                ctx.out
                    .aside(&format!("session {name} has no {}", kept.part));
            } else {
                let lines = text.replace("\r\n", "\n");
                ctx.out
                    .text(&format!("{}\n", lines.trim_end_matches('\n')))?;
            }
            session_failure::explain(ctx, &session);
            Ok(())
        }
        Format::Name => ctx.out.line(&format!("session/{}", session.id())),
        format => {
            let value = json!({"session_id": session.id(), kept.part: text});
            ctx.out.value(&value, &format)
        }
    }
}
