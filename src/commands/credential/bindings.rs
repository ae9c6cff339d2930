//! `acpctl credential bindings`

use anyhow::Context as _;
use serde_json::{Value, json};

use super::binding::VIEWER;
use crate::api::{Client, ListOptions, equals};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs, age};
use crate::resources::{AGENT, Candidates, ROLE_BINDING, Record};

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

/// A project or an agent that may use the credential.
struct Holder {
    project: String,
    /// `project`, `agent`, or `global` for everybody.
    kind: &'static str,
    target: String,
    /// The binding; `None` for an agent that inherits it from its project.
    binding: Option<Record>,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let credentials = Collection::credentials();
    credentials.check(&args.credential)?;
    let client = ctx.client()?;
    let holders = ctx.block_on(async {
        let credential = lookup::credential(client, &args.credential).await?;
        holders(client, credential.id())
            .await
            .context("list bindings")
    })?;
    match format {
        Format::Table | Format::Wide => {
            let row = |holder: &Holder| {
                let since = holder.binding.as_ref().map(|it| it.text("created_at"));
                vec![
                    holder.project.clone(),
                    holder.kind.to_owned(),
                    holder.target.clone(),
                    state(holder).to_owned(),
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
                        "state": state(holder), "binding_id": id,
                    })
                })
                .collect();
            ctx.out.value(&list, &format)
        }
    }
}

fn state(holder: &Holder) -> &'static str {
    match holder.binding {
        Some(_) => "direct",
        None => "inherited",
    }
}

/// Returns who may use the credential: by a binding of their own, or by that of their project.
async fn holders(client: &Client, credential: &str) -> anyhow::Result<Vec<Holder>> {
    if !lookup::can_be_id(credential) {
        return Err(Failure::usage("the credential has no usable ID").into());
    }
    let role = lookup::role(client, VIEWER).await?;
    let options = ListOptions {
        search: Some(equals("credential_id", credential)),
        ..ListOptions::default()
    };
    let path = Collection::global(&ROLE_BINDING).path;
    let bindings = client.list(&ROLE_BINDING, &path, &options).await?;
    let is_use = |binding: &&Record| {
        binding.text("credential_id") == credential
            && binding.text("role_id") == role.id()
            && binding.text("user_id").is_empty()
    };
    let (mut holders, mut projects) = (Vec::new(), Vec::new());
    for binding in bindings.items().iter().filter(is_use) {
        let (project, agent) = (binding.text("project_id"), binding.text("agent_id"));
        let (kind, target) = match (project, agent) {
            ("", "") => ("global", "*"),
            (project, "") => {
                projects.push(project.to_owned());
                ("project", project)
            }
            (_, agent) => ("agent", agent),
        };
        holders.push(Holder {
            project: project.to_owned(),
            kind,
            target: target.to_owned(),
            binding: Some(binding.clone()),
        });
    }
    let mut named: Vec<String> = holders.iter().map(|it| it.project.clone()).collect();
    named.sort();
    named.dedup();
    for project in named.iter().filter(|project| !project.is_empty()) {
        let agents = Collection::agents(project);
        let options = ListOptions {
            project: Some(project.clone()),
            ..ListOptions::default()
        };
        let agents = match client.list(&AGENT, &agents.path, &options).await {
            Ok(agents) => agents,
            // The agents of a project that is not visible stay IDs.
            Err(error) if matches!(error.kind(), Kind::Forbidden | Kind::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        for agent in agents.items() {
            let own = holders
                .iter_mut()
                .find(|holder| holder.kind == "agent" && holder.target == agent.id());
            if let Some(own) = own {
                agent.name_or_id().clone_into(&mut own.target);
            } else if projects.contains(project) {
                holders.push(Holder {
                    project: project.clone(),
                    kind: "agent",
                    target: agent.name_or_id().to_owned(),
                    binding: None,
                });
            }
        }
    }
    holders.sort_by(|a, b| (&a.project, b.kind, &a.target).cmp(&(&b.project, a.kind, &b.target)));
    Ok(holders)
}
