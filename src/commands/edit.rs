//! `acpctl edit`: changes an object in an editor.

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::named;
use super::outcome::{self, WriteArgs};
use crate::api::{Body, Method};
use crate::ctx::Ctx;
use crate::editor;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::prompt;
use crate::renaming;
use crate::resources::{
    AGENT, APPLICATION, CREDENTIAL, Candidates, PROJECT, Record, Resource, SESSION, find,
};
use crate::text::command::shell_word;
use crate::text::{acpctl_for, quote};

const EXAMPLES: &str = "\
acpctl edit agent lead
EDITOR=nano acpctl edit project team-a --dry-run";

/// The kinds that can be changed.
const KINDS: [&Resource; 5] = [&PROJECT, &AGENT, &CREDENTIAL, &SESSION, &APPLICATION];

/// Fields that the server sets, or that identify an object.
const READ_ONLY: &[&str] = &[
    "agent_id",
    "completion_time",
    "conditions",
    "created_at",
    "created_by_user_id",
    "current_session_id",
    "gateway_error",
    "gateway_status",
    "health_status",
    "href",
    "id",
    "kind",
    "kube_cr_name",
    "kube_cr_uid",
    "kube_namespace",
    "last_activity_at",
    "operation_phase",
    "owner_user_id",
    "parent_session_id",
    "phase",
    "project_id",
    "provider",
    "reconciled_repos",
    "reconciled_workflow",
    "resource_status",
    "runtime_backend",
    "runtime_error",
    "runtime_status",
    "sandbox_logs_snapshot",
    "sandbox_policy_snapshot",
    "scheduled_for",
    "sdk_restart_count",
    "sdk_session_id",
    "source_scheduled_session_id",
    "start_time",
    "status",
    "sync_revision",
    "sync_status",
    "token",
    "updated_at",
];

/// Change an object in an editor
///
/// Opens the object as YAML in $VISUAL or $EDITOR, shows what changed, and sends only that. A credential's secret is
/// not part of the text. If nothing changed, nothing is sent.
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
    output: WriteArgs,
}

/// Returns true if this command changes objects of this kind.
pub(super) fn is_for(word: &str) -> bool {
    KINDS.iter().any(|resource| resource.word == word)
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let resource =
        find(&args.resource).filter(|found| KINDS.iter().any(|it| it.word == found.word));
    let resource = resource.ok_or_else(|| {
        let words: Vec<&str> = KINDS.iter().map(|resource| resource.word).collect();
        let message = format!("{} can't be edited", quote(&args.resource));
        Failure::usage(message).hint(format!("the kinds are {}", words.join(", ")))
    })?;
    lookup::check("name", &args.name)?;
    let client = ctx.client()?;
    let collection = named::collection(ctx, resource, None)?;
    let doing = format!("edit {} {}", resource.word, quote(&args.name));
    let mut found = ctx.block_on(async {
        lookup::find_by_id_first(client, &collection, &args.name)
            .await
            .with_context(|| doing.clone())
    })?;
    found.remove("token");
    let mut before = editable(&found);
    let own = editor::take_own(&mut before);
    let mut text = format!(
        "# {}/{}: change values below, then save and leave the editor.\n{}{}",
        resource.word,
        args.name,
        editor::text_of(&before)?,
        without_value(resource, &before)
    );
    let program = editor::program(ctx.may_ask())?;
    let (record, done) = loop {
        text = editor::edit(&text, &program)?;
        match apply(ctx, &collection, &found, (&before, &own), &text) {
            Ok(result) => break result,
            Err(error) if ctx.may_ask() => {
                ctx.out.note(&format!("Error: {error:#}"));
                if !prompt::confirm("Edit it again?")? {
                    keep(ctx, &text, args);
                    return Err(error.context(doing));
                }
            }
            Err(error) => {
                keep(ctx, &text, args);
                return Err(error.context(doing));
            }
        }
    };
    let sentence = format!("{}/{} {done}", resource.word, args.name);
    outcome::done(ctx, &record, &format, &sentence)
}

/// Returns the fields that a user may change, as the object has them.
fn editable(found: &Record) -> Map<String, Value> {
    let Value::Object(mut fields) = found.json() else {
        return Map::new();
    };
    fields.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    fields
}

/// Names the fields without a value, as comments that can be made lines.
fn without_value(resource: &Resource, before: &Map<String, Value>) -> String {
    let fields = resource.all_fields().map(|field| field.name);
    let empty = fields.filter(|name| !READ_ONLY.contains(name) && !before.contains_key(*name));
    let line = |name| {
        if editor::is_map(name) {
            format!("# {name}:  # for example {}\n", editor::FORM_OF_MAP)
        } else {
            format!("# {name}:\n")
        }
    };
    let lines: String = empty.map(line).collect();
    if lines.is_empty() {
        return lines;
    }
    format!("# Without a value; to give one, remove the # before the name:\n{lines}")
}

/// Keeps the text of a change that was not made, and says where.
fn keep(ctx: &Ctx, text: &str, args: &Args) {
    if text
        .lines()
        .any(|line| line.trim_start().starts_with("token"))
    {
        ctx.out
            .warn("your text is not kept, because it names a token");
        return;
    }
    match editor::keep(text) {
        Ok(path) => {
            let path = path.to_string_lossy();
            let again = acpctl_for(&["edit", &args.resource], &args.name, &[]);
            ctx.out.note(&format!(
                "Your text is kept in {path}; mend it there, then: EDITOR={} {again}",
                shell_word(&format!("cp {path}"))
            ));
        }
        Err(failure) => ctx.out.warn(&format!("your text is lost: {failure}")),
    }
}

/// Sends what changed; `own` are the annotations that are not shown. Returns the object, and what happened to it.
fn apply(
    ctx: &Ctx,
    collection: &Collection,
    found: &Record,
    (before, own): (&Map<String, Value>, &Map<String, Value>),
    text: &str,
) -> anyhow::Result<(Record, &'static str)> {
    let may_change = |name: &str| !READ_ONLY.contains(&name);
    let changes = editor::changes(collection.resource, before, text, may_change)?;
    let changes = editor::with_own(changes, own)?;
    if changes.is_empty() {
        return Ok((found.clone(), "unchanged"));
    }
    let client = ctx.client()?;
    let name = changes.iter().find(|(field, _)| *field == "name");
    let name = name.and_then(|(_, value)| value.as_str());
    ctx.block_on(renaming::refuse_taken(client, collection, found.id(), name))?;
    let mut body = Body::new();
    for (name, value) in changes {
        let old = before.get(name).unwrap_or(&Value::Null);
        ctx.out.aside(&editor::line_of(name, old, &value));
        body.set(name, value);
    }
    let mut record = ctx.block_on(async {
        let request = collection.request(Method::Patch, found.id()).body(body);
        Ok(client.fetch(collection.resource, &request).await?)
    })?;
    record.remove("token");
    Ok((record, "edited"))
}
