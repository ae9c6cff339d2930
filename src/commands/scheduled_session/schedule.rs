//! The scheduled session that a verb works on, and the verbs that are a request without a body.

use anyhow::Context as _;
use serde_json::Value;

use crate::api::{Error, Method};
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, Record, SCHEDULED_SESSION};

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
        let record = self.post(ctx, "trigger")?;
        let sentence = format!("scheduled-session/{} triggered", self.target.session);
        outcome::done(ctx, &record, &format, &sentence)
    }

    /// Suspends or resumes the schedule, and prints whether the server's answer has it enabled.
    pub(super) fn switch(&self, ctx: &Ctx, verb: &str, done: &str) -> anyhow::Result<()> {
        let format = self.output.format(ctx)?;
        let record = self.post(ctx, verb)?;
        let enabled = record.value("enabled").and_then(Value::as_bool);
        let sentence = format!(
            "scheduled-session/{} {done} (enabled={})",
            record.name(),
            enabled.unwrap_or(false)
        );
        outcome::done(ctx, &record, &format, &sentence)
    }

    /// Sends a POST without a body, and returns the scheduled session as it is afterwards.
    fn post(&self, ctx: &Ctx, verb: &str) -> anyhow::Result<Record> {
        let project = self.target.project(ctx)?;
        let given = self.target.schedule()?;
        let client = ctx.client()?;
        ctx.block_on(async {
            let found = lookup::scheduled_session(client, &project, given).await?;
            let schedules = Collection::scheduled_sessions(&project);
            let request = schedules.request_below(Method::Post, found.id(), &[verb]);
            let answer = client
                .send(&request)
                .await
                .with_context(|| format!("{verb} scheduled session"))?;
            // The answer to `trigger` is not a scheduled session, and cannot be used here.
            if verb == "trigger" || answer.body.is_empty() {
                return Ok(found);
            }
            let value = json::parse(&answer.body).map_err(|why| Error::Decode(why.to_string()))?;
            let record = Record::decode(&SCHEDULED_SESSION, value).map_err(Error::from);
            record.with_context(|| format!("{verb} scheduled session"))
        })
    }
}
