//! `acpctl edit`: changes an object in an editor.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::named;
use super::outcome::{self, WriteArgs};
use crate::api::{Body, Method};
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::lookup::{self, Collection};
use crate::output::prompt;
use crate::resources::{
    AGENT, APPLICATION, CREDENTIAL, Candidates, PROJECT, Record, Resource, SESSION, find,
};
use crate::secret_file;
use crate::session_helper::dir::PrivateDir;
use crate::text::quote;
use crate::yaml;

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

/// The most characters of a value in the list of changes.
const SHOWN: usize = 60;

/// Change an object in an editor
///
/// Opens the object as YAML in $VISUAL or $EDITOR, shows what changed, and sends only that. A credential's secret is not part
/// of the text. If nothing changed, nothing is sent.
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
    let before = editable(&found);
    let mut text = format!(
        "# {}/{}: change values below, then save and leave the editor.\n{}",
        resource.word,
        args.name,
        yaml::to_string(&before)?
    );
    let editor = editor(ctx)?;
    let (record, done) = loop {
        text = edit(&text, &editor)?;
        match apply(ctx, &collection, &found, &before, &text) {
            Ok(result) => break result,
            Err(error) if ctx.may_ask() => {
                ctx.out.note(&format!("Error: {error:#}"));
                if !prompt::confirm("Edit it again?")? {
                    return Err(error.context(doing));
                }
            }
            Err(error) => return Err(error.context(doing)),
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

/// Opens the text in the editor, as a file of a private folder, and returns it as it was left.
fn edit(text: &str, editor: &str) -> Result<String, Failure> {
    let failed = |why: String| Failure::new(Kind::Other, why);
    let folder = PrivateDir::create()
        .map_err(|error| failed(format!("create a private folder: {}", reason(&error))))?;
    let path = folder.path().join("object.yaml");
    secret_file::write_new(&path, text.as_bytes())
        .map_err(|error| failed(format!("write {}: {}", path.display(), reason(&error))))?;
    open(&path, editor)?;
    let left = input::from_path(&path)?;
    let left = String::from_utf8(left.bytes.to_vec());
    let left = left.map_err(|_| Failure::new(Kind::Data, "the edited text is not UTF-8"))?;
    folder
        .remove()
        .map_err(|error| failed(format!("remove the private folder: {}", reason(&error))))?;
    Ok(left)
}

/// Returns the user's editor. On a terminal, that is `vi` by default.
fn editor(ctx: &Ctx) -> Result<String, Failure> {
    let named = env::VISUAL.get().or_else(|| env::EDITOR.get());
    match named {
        Some(named) => Ok(named),
        None if ctx.may_ask() => Ok("vi".to_owned()),
        None => Err(Failure::new(Kind::Input, "no editor is set")
            .hint("set EDITOR to a program that changes the file in its first argument")),
    }
}

/// Runs the editor and waits until it has ended.
fn open(path: &Path, editor: &str) -> Result<(), Failure> {
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = Command::new(program).args(words).arg(path).status();
    let failed = |why: String| {
        let message = format!("the editor {}: {why}", quote(program));
        Failure::new(Kind::Other, message).hint("nothing was sent; set EDITOR to your editor")
    };
    match status {
        Err(error) => Err(failed(reason(&error))),
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(status.to_string())),
    }
}

/// Sends what changed. Returns the object, and what happened to it.
fn apply(
    ctx: &Ctx,
    collection: &Collection,
    found: &Record,
    before: &Map<String, Value>,
    text: &str,
) -> anyhow::Result<(Record, &'static str)> {
    let changes = changes(collection.resource, before, text)?;
    if changes.is_empty() {
        return Ok((found.clone(), "unchanged"));
    }
    let mut body = Body::new();
    for (name, value) in changes {
        let old = before.get(name).unwrap_or(&Value::Null);
        ctx.out
            .note(&format!("~ {name}: {} → {}", shown(old), shown(&value)));
        body.set(name, value);
    }
    let client = ctx.client()?;
    let mut record = ctx.block_on(async {
        let request = collection.request(Method::Patch, found.id()).body(body);
        Ok(client.fetch(collection.resource, &request).await?)
    })?;
    record.remove("token");
    Ok((record, "edited"))
}

/// Compares the text with the fields as they were. A field that was removed becomes empty.
fn changes(
    resource: &'static Resource,
    before: &Map<String, Value>,
    text: &str,
) -> Result<Vec<(&'static str, Value)>, Failure> {
    let invalid = |why: String| Failure::new(Kind::Data, why).hint("nothing was sent");
    let documents = yaml::documents::<Map<String, Value>>(text.as_bytes());
    let documents = documents.map_err(|why| invalid(why.to_string()))?;
    let [after] = documents.as_slice() else {
        return Err(invalid(format!(
            "the text holds {} objects instead of one",
            documents.len()
        )));
    };
    if let Some(unknown) = after.keys().find(|name| {
        READ_ONLY.contains(&name.as_str())
            || !resource.all_fields().any(|field| field.name == **name)
    }) {
        let kind = resource.word;
        return Err(invalid(format!(
            "{} is not a field of a {kind} that can be edited",
            quote(unknown)
        )));
    }
    Ok(resource
        .all_fields()
        .filter_map(|field| {
            let (old, new) = (before.get(field.name), after.get(field.name));
            match new {
                None if old.is_some() => Some((field.name, Value::from(""))),
                Some(new) if old != Some(new) => Some((field.name, new.clone())),
                _ => None,
            }
        })
        .collect())
}

/// Shows a value in a line.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => return "none".to_owned(),
        Value::String(text) => quote(text),
        other => other.to_string(),
    };
    if text.chars().count() <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}…")
}
