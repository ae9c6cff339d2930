//! The scheduled session that a verb is about, and verbs that are a request without a body.

use anyhow::Context as _;
use serde_json::Value;

use crate::api::{Error, Method};
use crate::commands::outcome;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::{Candidates, Record, SCHEDULED_SESSION};

/// The flags and the argument of a verb on one scheduled session.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// Name or ID
    #[arg(add = Candidates::SCHEDULED_SESSIONS)]
    pub session: String,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    pub project_id: Option<String>,
}

impl Target {
    /// Refuses what can't name one.
    ///
    /// # Errors
    /// A usage failure.
    pub fn check(&self) -> Result<(), Failure> {
        lookup::check("scheduled session name or ID", &self.session)
    }
}

/// The scheduled sessions of a project.
pub fn schedules(project: &str) -> Collection {
    Collection::of_project(&SCHEDULED_SESSION, project)
}

/// `suspend`, `resume`, `trigger`: a POST without a body on one scheduled session.
fn act(ctx: &Ctx, target: &Target, verb: &str) -> anyhow::Result<Record> {
    let project = ctx.project(target.project_id.as_deref())?;
    target.check()?;
    let client = ctx.client()?;
    ctx.block_on(async {
        let found = lookup::scheduled_session(client, &project, &target.session).await?;
        let request = schedules(&project).request_below(Method::Post, found.id(), &[verb]);
        let answer = client
            .send(&request)
            .await
            .with_context(|| format!("{verb} scheduled session"))?;
        // What the server says of a trigger is not a scheduled session, and does not matter.
        if verb == "trigger" || answer.body.is_empty() {
            return Ok(found);
        }
        let value = crate::compat::json::parse(&answer.body).map_err(Error::Decode)?;
        let record = Record::decode(&SCHEDULED_SESSION, value).map_err(Error::from);
        record.with_context(|| format!("{verb} scheduled session"))
    })
}

/// `trigger`: the schedule is unchanged by it.
pub fn trigger(ctx: &Ctx, target: &Target, output: &OutputArgs) -> anyhow::Result<()> {
    let format = output.format()?;
    let record = act(ctx, target, "trigger")?;
    let sentence = format!("scheduled-session/{} triggered", target.session);
    outcome::done(ctx, &record, &format, &sentence)
}

/// `suspend` and `resume`: what the server says of the schedule afterwards.
pub fn switch(
    ctx: &Ctx,
    target: &Target,
    output: &OutputArgs,
    verb: &str,
    done: &str,
) -> anyhow::Result<()> {
    let format = output.format()?;
    let record = act(ctx, target, verb)?;
    let enabled = record.value("enabled").and_then(Value::as_bool);
    let sentence = format!(
        "scheduled-session/{} {done} (enabled={})",
        record.name(),
        enabled.unwrap_or(false)
    );
    outcome::done(ctx, &record, &format, &sentence)
}
