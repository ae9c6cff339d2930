//! `acpctl project create`

use anyhow::Context as _;

use crate::api::Body;
use crate::commands::name_word::NameWord;
use crate::commands::outcome::WriteArgs;
use crate::commands::{outcome, required, switch_project};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::Collection;
use crate::output::Format;
use crate::resources::PROJECT;
use crate::text::{acpctl, quote};

const EXAMPLES: &str = "acpctl project create team-c";

/// Create a project and switch to it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    word: NameWord,
    /// Name (required, here or as the argument)
    #[arg(long)]
    name: Option<String>,
    /// Description
    #[arg(long)]
    description: Option<String>,
    #[command(flatten)]
    output: WriteArgs,
}

/// Says what to do about a name that is taken: by a project that exists, or for ever by a deleted one.
pub(crate) fn taken(name: &str) -> String {
    let set = acpctl(&["project", "set", name]);
    format!("to switch to it: {set}; the name of a deleted project stays taken: choose another one")
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let name = args.word.or(args.name.as_deref())?;
    let name = required::value(ctx, "name", "Name", name)?;
    let name = name.as_str();
    let mut body = Body::new();
    body.set("name", name);
    body.set_filled("description", args.description.as_deref());
    let client = ctx.client()?;
    let record = ctx.block_on(async {
        let path = Collection::projects().path;
        match client.create(&PROJECT, &path, body).await {
            Err(error) if error.status() == Some(409) => {
                let message = format!("project {} already exists", quote(name));
                let hint = taken(name);
                Err(Failure::new(Kind::Conflict, message).hint(hint).into())
            }
            created => created.context("create project"),
        }
    })?;
    if ctx.rehearses() {
        let sentence = format!("{} created", outcome::label(&record, name));
        return outcome::done(ctx, &record, &format, &sentence);
    }
    outcome::refuse_nameless(&record, "create project")?;
    switch_project::switch_to_new(ctx, name, &record, &format);
    match format {
        Format::Table | Format::Wide => ctx.out.line(&format!("project/{} created", record.id())),
        format => ctx.out.record(&record, &format, ctx.now()),
    }
}
