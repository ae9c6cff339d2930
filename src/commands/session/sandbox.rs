//! The texts that the platform keeps of a session's sandbox: its logs and its policy.

use anyhow::Context as _;
use serde_json::json;

use crate::api::Method;
use crate::commands::session_failure;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs};
use crate::resources::{Candidates, Record};
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
    /// The verb that shows something else of the session if there is no such text, and the words for it.
    pub instead: Option<(&'static str, &'static str)>,
}

impl Kept {
    /// Names the command that shows something else of a session.
    fn instead(&self, session: &str) -> Option<String> {
        let (verb, words) = self.instead?;
        let command = acpctl_for(&["session", verb], session, &[]);
        Some(format!("{words}: {command}"))
    }

    /// Says what to do about a session that has no such text: why it failed, or what else can be seen of it.
    fn hint(&self, given: &str, session: &Record) -> String {
        let failed =
            session_failure::reason(session).map(|why| format!("the session failed: {why}"));
        let found: Vec<String> = failed.into_iter().chain(self.instead(given)).collect();
        if found.is_empty() {
            let describe = acpctl_for(&["describe", "session"], given, &[]);
            return format!("for its phase: {describe}");
        }
        found.join("; ")
    }
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
                    let hint = kept.hint(&args.session, &session);
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
                let none = format!("session {name} has no {}", kept.part);
                ctx.out.aside(&match kept.instead(&args.session) {
                    Some(instead) => format!("{none}; {instead}"),
                    None => none,
                });
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
