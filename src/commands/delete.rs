//! `acpctl delete` (docs/interface/cli-core.md section 7.11).

use anyhow::Context as _;

use super::gateway_credentials;
use super::minted_access;
use super::named;
use super::removal::{Chosen, DeleteArgs};
use super::switch_project;
use crate::ctx::{Ctx, choose_project};
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::{
    AGENT, APPLICATION, CREDENTIAL, Candidates, POLICY, PROVIDER, Resource, SESSION, USER, find,
};
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl delete role-binding 2abROLEBINDING00000000000001 --yes
# Several at once; a missing one is not an error
acpctl delete credential old older --ignore-not-found --yes
# All with these labels, and all of a kind, in the current project
acpctl delete sessions -l team=a --yes
acpctl delete sessions --all --yes
# The sessions of every project
acpctl delete sessions --all --all-projects --yes";

/// The kinds that can be deleted without naming each object.
const BULK: [&Resource; 6] = [
    &SESSION,
    &AGENT,
    &CREDENTIAL,
    &APPLICATION,
    &PROVIDER,
    &POLICY,
];

/// Delete resources
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(add = Candidates::Kinds)]
    resource: String,
    /// IDs or names
    #[arg(value_name = "NAME")]
    #[arg(add = Candidates::NamesOfKind)]
    names: Vec<String>,
    /// With --all or --label: sessions of all projects, not only of the current one
    #[arg(long)]
    all_projects: bool,
    #[command(flatten)]
    delete: DeleteArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.delete.format(ctx)?;
    let names = match args.delete.chosen(&args.names)? {
        Chosen::Labeled(selector) => {
            let resource = bulk(args)?;
            ctx.client()?;
            let collection = many(ctx, args, resource)?;
            return args
                .delete
                .delete_labeled(ctx, &collection, &selector, &format);
        }
        Chosen::Named(_) if args.all_projects => {
            return Err(Failure::usage("--all-projects needs --all or --label").into());
        }
        Chosen::Named([]) => {
            return Err(Failure::usage("resource name is required (or use --all)").into());
        }
        Chosen::Named(names) => names,
    };
    for name in names {
        lookup::check("resource name", name)?;
    }
    let client = ctx.client()?;
    let resource = deletable(&args.resource)?;
    let collection = named::collection(ctx, resource, None)?;
    let doing = |name: &str| format!("delete {} {}", resource.word, quote(name));
    let find = |name: &str| {
        ctx.block_on(async {
            let found = lookup::find_by_id_first(client, &collection, name).await;
            let found = found.with_context(|| doing(name))?;
            if resource.word == CREDENTIAL.word {
                gateway_credentials::refuse_deletion(name, &found)?;
                minted_access::check_deletion(ctx, name, &found, args.delete.consent(ctx))?;
            }
            Ok(found)
        })
    };
    let deleted = args
        .delete
        .delete_named(ctx, &collection, names, &format, &doing, &find)?;
    for record in &deleted {
        switch_project::leave_deleted(ctx, record);
    }
    Ok(())
}

fn deletable(word: &str) -> Result<&'static Resource, Failure> {
    find(word).filter(|resource| resource.word != USER.word).ok_or_else(|| {
        Failure::usage(format!(
            "unknown or non-deletable resource type: {word}\nDeletable types: project, project-settings, session, agent, role, role-binding, credential, application, provider, policy, cluster"
        ))
    })
}

/// Returns the collection from which many objects are to be deleted. With `--all-projects` its project is empty, which
/// lists all projects.
///
/// # Errors
/// No project is chosen. The server lists the sessions of every project then, and nobody has asked for them.
fn many(ctx: &Ctx, args: &Args, resource: &'static Resource) -> Result<Collection, Failure> {
    let mut collection = named::collection(ctx, resource, None)?;
    let is_session = resource.word == SESSION.word;
    if args.all_projects {
        if !is_session {
            return Err(Failure::usage("--all-projects is for sessions"));
        }
        collection.project = Some(String::new());
    } else if is_session && ctx.settings()?.project.value.is_none() {
        let flag = args.delete.bulk_flag();
        let message = format!("no project set: {flag} would delete sessions of all projects");
        return Err(Failure::usage(message).hint(format!(
            "{}; to delete those of all projects, add --all-projects",
            choose_project()
        )));
    }
    Ok(collection)
}

/// Returns the kind of which many objects are to be deleted.
fn bulk(args: &Args) -> Result<&'static Resource, Failure> {
    let word = args.resource.to_lowercase();
    let resource = find(&word);
    let resource = resource.filter(|resource| BULK.iter().any(|bulk| bulk.word == resource.word));
    resource.ok_or_else(|| {
        let flag = args.delete.bulk_flag();
        Failure::usage(format!(
            "{flag} is only supported for sessions; got {}",
            quote(&word)
        ))
        .hint("it is also supported for agents, applications, credentials, policies and providers")
    })
}
