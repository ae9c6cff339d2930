//! `acpctl describe` (docs/interface/cli-core.md section 7.12): a page for people on a terminal, the Go tool's JSON in a
//! pipe.

mod page;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use super::server_mode::ServerModeArgs;
use super::{binding_names, named, session_failure, used_by};
use crate::api::Client;
use crate::ctx::Ctx;
use crate::lookup;
use crate::output::{Format, OutputArgs};
use crate::resources::{CREDENTIAL, Candidates, ROLE_BINDING, Record, SESSION, find, unknown};
use crate::text::quote;

/// How long a session may be Pending before acpctl says what may be missing.
const PENDING_LIMIT: SignedDuration = SignedDuration::from_secs(60);

const EXAMPLES: &str = "\
acpctl describe credential prod
acpctl describe project team-a -o json";

/// Show detailed information about a resource
///
/// On a terminal this is a page for people. In a pipe it is JSON, as with the Go tool; `-o table` prints the page there
/// too.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(add = Candidates::Kinds)]
    resource: String,
    /// ID or name
    #[arg(add = Candidates::NamesOfKind)]
    name: String,
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
    lookup::check("name", &args.name)?;
    let collection = named::collection(ctx, resource, None)?;
    let (record, users) = ctx.block_on(async {
        let mut record = lookup::find_by_id_first(client, &collection, &args.name)
            .await
            .with_context(|| format!("describe {} {}", resource.word, quote(&args.name)))?;
        record.remove("token");
        let users = if is_page && resource.word == CREDENTIAL.word {
            Some(used_by::of(client, record.id()).await)
        } else {
            None
        };
        if is_page && resource.word == ROLE_BINDING.word {
            binding_names::name_targets(client, std::slice::from_mut(&mut record)).await;
        }
        Ok((record, users))
    })?;
    if !is_page {
        return ctx.out.record(&record, &format, ctx.now());
    }
    ctx.out.long(&page::of(ctx, &record, users.as_ref()))?;
    if resource.word == SESSION.word {
        explain(ctx, client, &record)?;
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
