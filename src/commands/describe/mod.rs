//! `acpctl describe` (docs/interface/cli-core.md section 7.12): a page for people on a terminal, the Go tool's JSON in
//! a pipe.

mod names;
mod page;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use super::server_mode::ServerModeArgs;
use super::used_by;
use super::{binding_names, named, session_failure, several};
use crate::api::Client;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs};
use crate::resources::{
    AGENT, CREDENTIAL, Candidates, ROLE_BINDING, Record, SESSION, find, unknown,
};
use crate::text::quote;

/// How long a session may be Pending before acpctl says what may be missing.
const PENDING_LIMIT: SignedDuration = SignedDuration::from_secs(60);

const EXAMPLES: &str = "\
acpctl describe credential prod
acpctl describe agent lead reviewer
acpctl describe project team-a -o json";

/// Show detailed information about resources
///
/// On a terminal this is a page for people. In a pipe it is JSON, as with the Go tool; `-o table` prints the page there
/// too.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(add = Candidates::Kinds)]
    resource: String,
    /// IDs or names
    #[arg(value_name = "NAME", required = true)]
    #[arg(add = Candidates::NamesOfKind)]
    names: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = match args.output.format()? {
        Format::Table if !args.output.is_given() && !ctx.out.is_terminal() => Format::Json,
        format => format,
    };
    let is_page = matches!(format, Format::Table | Format::Wide);
    let client = ctx.client()?;
    let resource = find(&args.resource).ok_or_else(|| {
        unknown(
            &args.resource,
            "session, project, project-settings, user, agent, role, role-binding, credential, application, provider, policy, cluster",
        )
    })?;
    for name in &args.names {
        lookup::check("name", name)?;
    }
    let collection = named::collection(ctx, resource, None)?;
    let find = |name: &str| ctx.block_on(look_up(client, &collection, name));
    if !is_page {
        let found = several::find(&args.names, find)?;
        return several::show_found(ctx, resource, &found, &format);
    }
    let found = several::find(&args.names, find)?;
    let pages = found.iter().map(|record| page_of(ctx, client, record));
    let pages = pages.collect::<anyhow::Result<Vec<_>>>()?;
    ctx.out.long(&pages.join("\n"))?;
    if resource.word == SESSION.word {
        for session in &found {
            explain(ctx, client, session)?;
        }
    }
    Ok(())
}

/// Says why a session failed, or why it has been Pending for long.
fn explain(ctx: &Ctx, client: &Client, session: &Record) -> anyhow::Result<()> {
    session_failure::explain(ctx, session);
    let changed: Option<Timestamp> = session.text("updated_at").parse().ok();
    if changed.is_none_or(|changed| ctx.now().duration_since(changed) < PENDING_LIMIT) {
        return Ok(());
    }
    let mode = ServerModeArgs::default();
    let waiting =
        ctx.block_on(async { Ok(session_failure::waiting(ctx, client, &mode, session).await) })?;
    if let Some(why) = waiting {
        ctx.out.note(&why);
    }
    Ok(())
}

/// Returns the page about an object, with the names of the others that it names by their IDs.
fn page_of(ctx: &Ctx, client: &Client, record: &Record) -> anyhow::Result<String> {
    let (record, users) = ctx.block_on(async {
        Ok(match record.resource.word {
            word if word == CREDENTIAL.word => {
                (record.clone(), Some(used_by::of(client, record.id()).await))
            }
            word if word == ROLE_BINDING.word => {
                let mut named = record.clone();
                binding_names::name_targets(client, std::slice::from_mut(&mut named)).await;
                (named, None)
            }
            word if [SESSION.word, AGENT.word].contains(&word) => {
                (names::beside_ids(client, record).await, None)
            }
            _ => (record.clone(), None),
        })
    })?;
    Ok(page::of(ctx, &record, users.as_ref()))
}

/// Finds an object.
async fn look_up(client: &Client, collection: &Collection, name: &str) -> anyhow::Result<Record> {
    let resource = collection.resource;
    let mut record = lookup::find_by_id_first(client, collection, name)
        .await
        .with_context(|| format!("describe {} {}", resource.word, quote(name)))?;
    record.remove("token");
    Ok(record)
}
