//! From an id or a name to one scheduled session: the id first, else an exact name.

use anyhow::Context as _;
use serde_json::Value;

use crate::api::{Client, Error, Method, Request, equals, path};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::resources::{Record, SCHEDULED_SESSION};

/// The flags and the argument of a verb on one scheduled session.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// Name or ID
    pub session: String,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    pub project_id: Option<String>,
}

/// The path of a project's scheduled sessions, of one, or of something below it.
pub fn place(project: &str, below: &[&str]) -> String {
    let mut segments = vec!["projects", project, "scheduled-sessions"];
    segments.extend(below);
    path(&segments)
}

/// Finds a scheduled session; only a 404 and an empty search mean that there is none.
pub async fn find(client: &Client, project: &str, given: &str) -> anyhow::Result<Record> {
    let request = Request::get(place(project, &[given])).project(project);
    match client.fetch(&SCHEDULED_SESSION, &request).await {
        Err(error) if error.is_not_found() => {}
        other => return Ok(other?),
    }
    let not_found = || {
        Failure::new(
            Kind::NotFound,
            format!(
                "scheduled session {} not found in project {}",
                quote(given),
                quote(project)
            ),
        )
    };
    let found = match client
        .find(
            &SCHEDULED_SESSION,
            &place(project, &[]),
            &equals("name", given),
            project,
        )
        .await
    {
        Err(error) if error.is_not_found() => return Err(not_found().into()),
        other => other?.items.unwrap_or_default(),
    };
    let mut named: Vec<Record> = found
        .into_iter()
        .filter(|record| record.name() == given)
        .collect();
    match named.len() {
        0 => Err(not_found().into()),
        1 => Ok(named.remove(0)),
        _ => {
            let ids: Vec<&str> = named.iter().map(Record::id).collect();
            let message = format!(
                "multiple scheduled sessions named {} found ({}); use the ID instead",
                quote(given),
                ids.join(", ")
            );
            Err(Failure::new(Kind::Conflict, message).into())
        }
    }
}

/// The same for commands that go on with it: the server's errors are prefixed.
pub async fn resolve(client: &Client, project: &str, given: &str) -> anyhow::Result<Record> {
    match find(client, project, given).await {
        Err(error) if error.downcast_ref::<Error>().is_some() => {
            Err(error.context(format!("resolve scheduled session {}", quote(given))))
        }
        other => other,
    }
}

/// Refuses what can be no identifier.
pub fn check(given: &str) -> Result<(), Failure> {
    crate::commands::named::check_identifier("scheduled session name or ID", given)
}

/// `suspend`, `resume`, `trigger`: a POST without a body on one scheduled session.
pub fn act(ctx: &Ctx, target: &Target, verb: &str) -> anyhow::Result<Record> {
    let project = ctx.project(target.project_id.as_deref())?;
    check(&target.session)?;
    let client = ctx.client()?;
    ctx.block_on(async {
        let found = resolve(client, &project, &target.session).await?;
        let request =
            Request::new(Method::Post, place(&project, &[found.id(), verb])).project(&project);
        let answer = client
            .send(&request)
            .await
            .with_context(|| format!("{verb} scheduled session"))?;
        // What the server says of a trigger is no scheduled session, and does not matter.
        if verb == "trigger" {
            return Ok(found);
        }
        let record = answer.read(|tree| Record::read(&SCHEDULED_SESSION, tree));
        record.with_context(|| format!("{verb} scheduled session"))
    })
}

/// `suspend` and `resume`: the same, and what the server says of the schedule afterwards.
pub fn switch(ctx: &Ctx, target: &Target, verb: &str, done: &str) -> anyhow::Result<()> {
    let record = act(ctx, target, verb)?;
    let enabled = record.value("enabled").and_then(Value::as_bool);
    ctx.out.line(&format!(
        "scheduled-session/{} {done} (enabled={})",
        record.name(),
        enabled.unwrap_or(false)
    ))
}
