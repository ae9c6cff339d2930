//! `acpctl scheduled-session create`

use anyhow::Context as _;
use serde_json::Value;

use super::fields::Fields;
use crate::api::{Method, Request};
use crate::commands::name_word::NameWord;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::{outcome, required};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::resources::SCHEDULED_SESSION;
use crate::text::{acpctl, acpctl_for};

const EXAMPLES: &str = "\
# Every weekday at nine
acpctl scheduled-session create standup --schedule '0 9 * * 1-5' --agent-id lead --prompt 'Summarize the open pull requests'";

/// Create a scheduled session
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    word: NameWord,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let format = args.output.format(ctx)?;
    let client = ctx.client()?;
    let mut fields = args.fields.clone();
    fields.name = args
        .word
        .or(args.fields.name.as_deref())?
        .map(str::to_owned);
    if ctx.may_ask() {
        for (flag, title, value) in [
            ("name", "Name", &mut fields.name),
            (
                "schedule",
                "Schedule, such as '0 2 * * *' or @daily",
                &mut fields.schedule,
            ),
        ] {
            *value = Some(required::value(ctx, flag, title, value.as_deref())?);
        }
    }
    let missing: Vec<&str> = [
        ("name is required", &fields.name),
        ("schedule is required", &fields.schedule),
    ]
    .into_iter()
    .filter(|(_, value)| value.as_deref().unwrap_or_default().is_empty())
    .map(|(message, _)| message)
    .collect();
    if !missing.is_empty() {
        let message = format!(
            "build scheduled session: validation failed: {}",
            missing.join("\n")
        );
        let line = [
            "scheduled-session",
            "create",
            "NAME",
            "--schedule",
            "@daily",
        ];
        return Err(Failure::usage(message)
            .hint(format!("write {}", acpctl(&line)))
            .into());
    }
    fields.check()?;
    let record = ctx.block_on(async {
        let agent = fields.agent(client, &project).await?;
        let schedules = Collection::scheduled_sessions(&project);
        let request = Request::new(Method::Post, schedules.path)
            .body(fields.for_create(&project, agent.as_deref()))
            .project(&project);
        let record = client.fetch(&SCHEDULED_SESSION, &request).await;
        record.context("create scheduled session")
    })?;
    outcome::created(ctx, &record, &format)?;
    if let Some(next) = fields.next_run(ctx.now()) {
        ctx.out.aside(&format!("next run: {next}"));
    }
    if record.value("enabled").and_then(Value::as_bool) == Some(false) {
        ctx.out.aside(&format!(
            "the schedule is not enabled yet; to enable it: {}",
            acpctl_for(&["scheduled-session", "resume"], record.name(), &[])
        ));
    }
    Ok(())
}
