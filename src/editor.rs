//! The user's editor on the text of an object, and what was changed in it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::compat::io_reason::reason;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::output::signals;
use crate::resources::{PROJECT, Resource, Type, check_project_name, take_own_annotations};
use crate::secret_file;
use crate::session_helper;
use crate::session_helper::dir::{self, PrivateDir};
use crate::text::{quote, with_article};
use crate::yaml;

/// The most characters of a value in the list of changes.
const SHOWN: usize = 60;

/// The longest time until a signal that came has ended the program.
const SOON: Duration = Duration::from_secs(5);

/// The field that acpctl also keeps notes in.
const ANNOTATIONS: &str = "annotations";

/// The fields that the server keeps as a text with a JSON object, and that the text shows as a map, as manifests do.
const MAPS: [&str; 2] = ["labels", ANNOTATIONS];

/// The form of such a field.
pub(crate) const FORM_OF_MAP: &str = "{team: ci}";

/// True for a field that the text shows as a map.
#[must_use]
pub(crate) fn is_map(name: &str) -> bool {
    MAPS.contains(&name)
}

/// Returns the fields as YAML, with labels and annotations as maps.
///
/// # Errors
/// The library can't write a value.
pub(crate) fn text_of(fields: &Map<String, Value>) -> anyhow::Result<String> {
    let mut shown = fields.clone();
    for (_, value) in shown.iter_mut().filter(|(name, _)| is_map(name)) {
        if let Some(map) = map_of(value) {
            *value = Value::Object(map);
        }
    }
    yaml::to_string(&shown)
}

/// The folder with the text that is being edited.
static OPEN: Mutex<Option<PrivateDir>> = Mutex::new(None);

/// Opens the text in the editor, as a file of a private folder, and returns it as it was left. A signal that ends the
/// program removes the folder; what a killed program has left is removed here.
///
/// # Errors
/// The file can't be written or read, or the editor fails.
pub(crate) fn edit(text: &str, editor: &str) -> Result<String, Failure> {
    let failed = |why: String| Failure::new(Kind::Other, why);
    let refused = |error: io::Error| failed(format!("create a private folder: {}", reason(&error)));
    dir::sweep();
    signals::clean_up_with(close).map_err(refused)?;
    let folder = PrivateDir::create().map_err(refused)?;
    let path = folder.path().join("object.yaml");
    let _open = Open::new(folder);
    secret_file::write_new(&path, text.as_bytes())
        .map_err(|error| failed(format!("write {}: {}", path.display(), reason(&error))))?;
    let opened = open(&path, editor);
    leave_end_to_signal();
    opened?;
    let left = input::from_path(&path)?;
    let left = String::from_utf8(left.bytes.to_vec());
    let left = left.map_err(|_| Failure::new(Kind::Data, "the edited text is not UTF-8"))?;
    remove().map_err(|error| failed(format!("remove the private folder: {}", reason(&error))))?;
    Ok(left)
}

/// Writes a text into a new file beside the private folders, for its user alone.
///
/// # Errors
/// The file can't be written.
pub(crate) fn keep(text: &str) -> Result<PathBuf, Failure> {
    let refused =
        |error: io::Error| Failure::new(Kind::Other, format!("keep the text: {}", reason(&error)));
    let path = dir::beside("acpctl-edit-").map_err(refused)?;
    let path = path.with_extension("yaml");
    secret_file::write_new(&path, text.as_bytes()).map_err(refused)?;
    Ok(path)
}

/// Keeps the folder where a signal finds it, until this value is dropped.
struct Open;

impl Open {
    fn new(folder: PrivateDir) -> Self {
        *OPEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(folder);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        close();
    }
}

/// If a signal has removed the folder, it is about to end the program: waits for that. Some editors end with the signal
/// too, or when their file is gone, and what they return would be taken for the end of the edit.
fn leave_end_to_signal() {
    let is_open = OPEN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_some();
    if !is_open {
        std::thread::sleep(SOON);
    }
}

/// Removes the folder, if there is one, and reports nothing.
fn close() {
    let _ = remove();
}

/// Removes the folder, if there is one. The lock is held until it is gone: a signal that comes meanwhile waits for that
/// before it ends the program.
fn remove() -> io::Result<()> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.take().map_or(Ok(()), PrivateDir::remove)
}

/// Returns the user's editor; `vi` by default if the user may be prompted.
///
/// # Errors
/// No editor is set, or the system has no private folders.
pub(crate) fn program(may_ask: bool) -> Result<String, Failure> {
    session_helper::check_system("edit")?;
    let named = env::VISUAL.get().or_else(|| env::EDITOR.get());
    match named {
        Some(named) => Ok(named),
        None if may_ask => Ok("vi".to_owned()),
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

/// Takes what acpctl itself notes in the annotations out of the fields, so that nobody edits it, and returns it.
pub(crate) fn take_own(fields: &mut Map<String, Value>) -> Map<String, Value> {
    let Some(mut rest) = fields.get(ANNOTATIONS).and_then(map_of) else {
        return Map::new();
    };
    let own = take_own_annotations(&mut rest);
    if rest.is_empty() {
        fields.remove(ANNOTATIONS);
    } else if !own.is_empty() {
        fields.insert(
            ANNOTATIONS.to_owned(),
            Value::Object(rest).to_string().into(),
        );
    }
    own
}

/// Puts what [`take_own`] took back into the annotations, if they are among the changes.
///
/// # Errors
/// The new annotations are not an object of JSON.
pub(crate) fn with_own(
    mut changes: Vec<(&'static str, Value)>,
    own: &Map<String, Value>,
) -> Result<Vec<(&'static str, Value)>, Failure> {
    let changed = changes.iter_mut().find(|(name, _)| *name == ANNOTATIONS);
    if let Some((_, value)) = changed
        && !own.is_empty()
    {
        let mut all = map_of(value).ok_or_else(|| not_a_map(ANNOTATIONS, value))?;
        all.extend(own.clone());
        *value = Value::Object(all).to_string().into();
    }
    Ok(changes)
}

/// Reads labels or annotations: a map, or a text with a JSON object; an empty text has none.
fn map_of(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::String(text) if text.trim().is_empty() => Some(Map::new()),
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Object(all) => Some(all.clone()),
        _ => None,
    }
}

fn not_a_map(name: &str, value: &Value) -> Failure {
    let message = format!("{name}: {} is not a map", shown(value));
    Failure::new(Kind::Data, message).hint(format!("nothing was sent; write {name}: {FORM_OF_MAP}"))
}

fn not_a_text(what: &str, name: &str, value: &Value) -> Failure {
    let failure = Failure::new(
        Kind::Data,
        format!("{what}: {} is not a text", shown(value)),
    );
    match value {
        Value::Number(_) | Value::Bool(_) => {
            failure.hint(format!("nothing was sent; write {name}: \"{value}\""))
        }
        _ => failure.hint("nothing was sent"),
    }
}

/// Returns the value to send for a changed field, or `None` if it says the same as the old one.
///
/// # Errors
/// The value is one that an update refuses.
fn judged(
    resource: &Resource,
    name: &str,
    old: Option<&Value>,
    new: &Value,
) -> Result<Option<Value>, Failure> {
    if is_map(name) {
        let map = map_of(new).ok_or_else(|| not_a_map(name, new))?;
        let former = old.and_then(map_of).unwrap_or_default();
        let mut changed = map
            .iter()
            .filter(|(key, value)| former.get(*key) != Some(value));
        if let Some((key, value)) = changed.find(|(_, value)| !value.is_string()) {
            return Err(not_a_text(&format!("{key} in {name}"), key, value));
        }
        if old.map_or(map.is_empty(), |old| map_of(old).as_ref() == Some(&map)) {
            return Ok(None);
        }
        let text = if map.is_empty() {
            String::new()
        } else {
            Value::Object(map).to_string()
        };
        return Ok(Some(text.into()));
    }
    let is_text = resource
        .all_fields()
        .any(|it| it.name == name && it.kind == Type::Text);
    if is_text && !new.is_string() {
        return Err(not_a_text(name, name, new));
    }
    if name == "name" {
        let text = new.as_str().unwrap_or_default();
        if text.trim().is_empty() {
            let failure = Failure::new(Kind::Data, "a name can't be empty");
            return Err(failure.hint("nothing was sent; write a name, or leave the line as it was"));
        }
        if resource.word == PROJECT.word {
            check_project_name(text, &["project", "create"])?;
        }
    }
    Ok(Some(new.clone()))
}

/// Compares the text with the fields as they were. A field that was removed, or has no value, becomes empty.
///
/// # Errors
/// The text is not one object, or names a field that may not be changed.
pub(crate) fn changes(
    resource: &'static Resource,
    before: &Map<String, Value>,
    text: &str,
    may_change: impl Fn(&str) -> bool,
) -> Result<Vec<(&'static str, Value)>, Failure> {
    let invalid = |why: String| Failure::new(Kind::Data, why).hint("nothing was sent");
    let documents = yaml::documents::<Map<String, Value>>(text.as_bytes());
    let documents = documents.map_err(|why| invalid(why.to_string()))?;
    let after = match documents.as_slice() {
        [after] => after,
        [] => return Err(invalid("the text has no fields, only comments".to_owned())),
        several => {
            let count = several.len();
            let why = format!("the text holds {count} objects instead of one");
            return Err(invalid(why));
        }
    };
    if let Some(unknown) = after
        .keys()
        .find(|name| !may_change(name) || !resource.all_fields().any(|field| field.name == **name))
    {
        let kind = with_article(resource.word);
        return Err(invalid(format!(
            "{} is not a field of {kind} that can be edited",
            quote(unknown)
        )));
    }
    let mut changes = Vec::new();
    for field in resource.all_fields() {
        let (old, new) = (before.get(field.name), after.get(field.name));
        let empty = Value::from("");
        let new = match new.filter(|new| !new.is_null()) {
            None if old.is_some() => &empty,
            Some(new) if old != Some(new) => new,
            _ => continue,
        };
        let value = judged(resource, field.name, old, new)?;
        changes.extend(value.map(|value| (field.name, value)));
    }
    Ok(changes)
}

/// Returns a change as a line: the value before and the one after.
#[must_use]
pub(crate) fn line_of(name: &str, old: &Value, new: &Value) -> String {
    format!("~ {name}: {} → {}", shown(old), shown(new))
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
