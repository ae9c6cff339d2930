//! `acpctl project transfer`

use anyhow::Context as _;

use crate::api::{Body, Method};
use crate::commands::confirm::ConfirmArgs;
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, PROJECT, USER};
use crate::text::quote;

const EXAMPLES: &str = "acpctl project transfer team-a --to alice";

/// Make another user the owner of a project; you become an editor of it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Name or ID of the project
    #[arg(add = Candidates::PROJECTS)]
    project: String,
    /// User name or ID of the new owner (required)
    #[arg(long, value_name = "USER")]
    to: Option<String>,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const DOING: &str = "transfer project";
    let format = args.output.format(ctx)?;
    let projects = Collection::projects();
    projects.check(&args.project)?;
    let Some(to) = args.to.as_deref().filter(|user| !user.is_empty()) else {
        return Err(Failure::usage("--to is required").into());
    };
    let users = Collection::global(&USER);
    users.check(to)?;
    let client = ctx.client()?;
    let (project, user) = ctx.block_on(async {
        let project = lookup::project(client, &args.project)
            .await
            .context(DOING)?;
        let user = lookup::find(client, &users, to).await;
        Ok((
            project,
            user.with_context(|| format!("{DOING}: user {}", quote(to)))?,
        ))
    })?;
    let question = format!(
        "Make {} the owner of project/{}? You can't take it back yourself.",
        user.text("username"),
        project.id()
    );
    if !ctx.rehearses() && !args.confirm.agreed(ctx, &question)? {
        return Ok(());
    }
    let mut body = Body::new();
    body.set("target_user_id", user.id());
    let record = ctx.block_on(async {
        let request = projects
            .request_below(Method::Post, project.id(), &["transfer-ownership"])
            .body(body);
        client.fetch(&PROJECT, &request).await.map_err(|error| {
            // The project was found, so a 404 without a reason means that the route is unknown.
            if error.status() == Some(404) && error.code().is_none() || error.status() == Some(405)
            {
                let message = format!("{DOING}: this server can't transfer projects");
                return anyhow::Error::from(Failure::new(Kind::Other, message));
            }
            anyhow::Error::from(error).context(DOING)
        })
    })?;
    let sentence = format!("project/{} transferred to {to}", project.id());
    let shown = if record.id().is_empty() {
        &project
    } else {
        &record
    };
    outcome::done(ctx, shown, &format, &sentence)
}
