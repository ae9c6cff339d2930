//! The scheduled session that a verb works on, and the verbs that are a request without a body.

use anyhow::Context as _;
use serde_json::Value;

use crate::api::{Client, Method, Request};
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, Record, SCHEDULED_SESSION, SESSION};
use crate::text::acpctl_for;

/// The argument and the flag that name one scheduled session of a project.
#[derive(Debug, clap::Args)]
pub(super) struct ScheduleArgs {
    /// Name or ID
    #[arg(add = Candidates::SCHEDULED_SESSIONS)]
    session: String,
    #[command(flatten)]
    project: ProjectArgs,
}

impl ScheduleArgs {
    /// Returns the project of the scheduled session.
    ///
    /// # Errors
    /// As [`Ctx::project`].
    pub(super) fn project(&self, ctx: &Ctx) -> Result<String, Failure> {
        self.project.project(ctx)
    }

    /// Returns the name or ID.
    ///
    /// # Errors
    /// If the text can be neither.
    pub(super) fn schedule(&self) -> Result<&str, Failure> {
        lookup::check("scheduled session name or ID", &self.session)?;
        Ok(&self.session)
    }
}

/// The arguments of `suspend`, `resume` and `trigger`.
#[derive(Debug, clap::Args)]
pub(super) struct ActionArgs {
    #[command(flatten)]
    target: ScheduleArgs,
    #[command(flatten)]
    output: WriteArgs,
}

impl ActionArgs {
    /// Starts a session of the schedule now. The schedule itself does not change.
    pub(super) fn trigger(&self, ctx: &Ctx) -> anyhow::Result<()> {
        let format = self.output.format(ctx)?;
        let client = ctx.client()?;
        let (schedule, answer) = ctx.block_on(async {
            let (found, request) = self.request(ctx, client, "trigger").await?;
            let answer = client.send(&request).await;
            Ok((found, answer.context("trigger scheduled session")?))
        })?;
        let answer = json::parse(&answer.body).unwrap_or_default();
        let name = &self.target.session;
        if answer.get("status").and_then(Value::as_str) == Some("skipped") {
            let sentence = format!("scheduled-session/{name} skipped (a run is active)");
            return outcome::done(ctx, &schedule, &format, &sentence);
        }
        // The answer of an earlier platform is not a session.
        let session = match answer.get("kind").and_then(Value::as_str) {
            Some("Session") => Record::decode(&SESSION, answer).ok(),
            _ => None,
        };
        let Some(session) = session.filter(|session| !session.id().is_empty()) else {
            let sentence = format!("scheduled-session/{name} triggered");
            outcome::done(ctx, &schedule, &format, &sentence)?;
            if ctx.client()?.has_runner().is_some() && !ctx.rehearses() {
                ctx.out.warn(&nothing_starts(&schedule));
            }
            return Ok(());
        };
        let sentence = format!(
            "scheduled-session/{name} triggered (session/{} {})",
            session.name(),
            session.id()
        );
        outcome::done(ctx, &session, &format, &sentence)
    }

    /// Suspends or resumes the schedule, and prints whether it is enabled then.
    pub(super) fn switch(&self, ctx: &Ctx, verb: &str, done: &str) -> anyhow::Result<()> {
        let format = self.output.format(ctx)?;
        let client = ctx.client()?;
        let record = ctx.block_on(async {
            let (_, request) = self.request(ctx, client, verb).await?;
            let record = client.fetch(&SCHEDULED_SESSION, &request).await;
            record.with_context(|| format!("{verb} scheduled session"))
        })?;
        if !ctx.rehearses() {
            outcome::refuse_nameless(&record, &format!("{verb} scheduled session"))?;
        }
        let enabled = record.value("enabled").and_then(Value::as_bool);
        let sentence = format!(
            "scheduled-session/{} {done} (enabled={})",
            outcome::changed_name(&record, &self.target.session, None)?,
            enabled.unwrap_or(false)
        );
        outcome::done(ctx, &record, &format, &sentence)
    }

    /// Returns the scheduled session, and a POST to it without a body.
    async fn request(
        &self,
        ctx: &Ctx,
        client: &Client,
        verb: &str,
    ) -> anyhow::Result<(Record, Request)> {
        let project = self.target.project(ctx)?;
        let given = self.target.schedule()?;
        let found = lookup::scheduled_session(client, &project, given).await?;
        let schedules = Collection::scheduled_sessions(&project);
        let request = schedules.request_below(Method::Post, found.id(), &[verb]);
        Ok((found, request))
    }
}

/// Says why a trigger has no effect on the embedded API, unless that behaves as the platform with sandboxes.
fn nothing_starts(schedule: &Record) -> String {
    let why = "nothing starts: like the platform with pods, the embedded API accepts a trigger and ignores it";
    match (schedule.text("agent_id"), schedule.text("project_id")) {
        ("", _) => why.to_owned(),
        (agent, project) => {
            let start = acpctl_for(&["agent", "start"], agent, &["--project", project]);
            format!("{why}; to start the agent: {start}")
        }
    }
}
