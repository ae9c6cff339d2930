//! `acpctl credential bindings`

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::commands::listing::warn_of_project;
use crate::ctx::Ctx;
use crate::holders::{self, Holder};
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs, age};
use crate::resources::{Candidates, ROLE_BINDING, Record};
use crate::text::acpctl_for;

const EXAMPLES: &str = "acpctl credential bindings prod";
const TITLES: [&str; 5] = ["PROJECT", "TYPE", "TARGET", "STATE", "AGE"];

/// List the projects and agents whose sessions may use a credential
///
/// An agent of a project that the credential is bound to inherits it; to take it away, remove the project's binding.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    credential: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let credentials = Collection::credentials();
    credentials.check(&args.credential)?;
    let client = ctx.client()?;
    warn_of_project(ctx, &ROLE_BINDING, None);
    let holders = ctx.block_on(async {
        let credential = lookup::credential(client, &args.credential).await?;
        holders::of(client, credential.id())
            .await
            .context("list bindings")
    })?;
    match format {
        Format::Table | Format::Wide if holders.is_empty() && ctx.out.is_terminal() => {
            let flags = ["--project", "PROJECT"];
            let bind = acpctl_for(&["credential", "bind"], &args.credential, &flags);
            ctx.out.aside(&format!("No bindings yet. Make one: {bind}"));
            Ok(())
        }
        Format::Table | Format::Wide => {
            let row = |holder: &Holder| {
                let since = holder.binding.as_ref().map(|it| it.text("created_at"));
                vec![
                    holder.project.clone(),
                    holder.kind.to_owned(),
                    holder.target.clone(),
                    holder.state().to_owned(),
                    since
                        .map(|since| age::age(since, ctx.now()))
                        .unwrap_or_default(),
                ]
            };
            let rows: Vec<Vec<String>> = holders.iter().map(row).collect();
            ctx.out.fitted(&TITLES, &rows, format == Format::Wide)
        }
        Format::Name => {
            let bindings = holders.iter().filter_map(|holder| holder.binding.as_ref());
            bindings
                .into_iter()
                .try_for_each(|binding| ctx.out.line(&format!("role-binding/{}", binding.id())))
        }
        format => {
            let list: Value = holders
                .iter()
                .map(|holder| {
                    let id = holder.binding.as_ref().map(Record::id);
                    json!({
                        "project": holder.project, "type": holder.kind, "target": holder.target,
                        "state": holder.state(), "binding_id": id,
                    })
                })
                .collect();
            ctx.out.value(&json!({"items": list}), &format)
        }
    }
}
