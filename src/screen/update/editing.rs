//! Changing an object in the editor: its text, what was changed, and a preview of what will be sent.

use serde_json::{Map, Value};

use crate::api::Method;
use crate::editor::{self, changes, line_of};
use crate::resources::Record;
use crate::screen::dialog::{Dialog, Then};
use crate::screen::effect::{After, Effect, Send};
use crate::screen::shown;
use crate::screen::state::{Edited, State};
use crate::screen::view::Editing;
use crate::yaml;

/// How often the editor opens again on a text that can't be read.
const ROUNDS: u32 = 5;

/// Opens the editor on the object of a row.
pub(super) fn begin(state: &mut State, what: &Editing, row: &Record, effects: &mut Vec<Effect>) {
    let scope = state.scope();
    if let Err(why) = super::usable::usable(row) {
        return state.complain(why);
    }
    let path = (what.path)(&scope, row);
    let Value::Object(mut before) = row.json() else {
        return;
    };
    before.retain(|name, _| what.fields.contains(&name.as_str()));
    let kind = row.resource.word;
    let name = row.name_or_id().to_owned();
    let project = match row.text("project_id") {
        "" => scope.project_id().to_owned(),
        project => project.to_owned(),
    };
    let mut send = Send::new(Method::Patch, path.clone(), &scope)
        .in_project(&project)
        .for_row(row);
    let updated_at = row.text("updated_at");
    if row.resource.word != "inbox-message" {
        send = send.then(After::Unchanged {
            get: path,
            updated_at: updated_at.to_owned(),
            fields: before.clone(),
        });
    }
    let own = editor::take_own(&mut before);
    let text = format!(
        "# {kind}/{}: change values below, then save and leave the editor.\n\
         # Fields that may be added: {}\n{}",
        shown::line(&name),
        missing(what.fields, &before).join(", "),
        yaml::to_string(&before).unwrap_or_default()
    );
    state.editing = Some(Edited {
        page: state.top().map_or(0, |page| page.number),
        send,
        title: format!("Update {kind}"),
        name,
        resource: row.resource,
        before,
        own,
        fields: what.fields,
        rounds: 0,
    });
    effects.push(Effect::Edit(text));
}

fn missing(fields: &[&'static str], before: &Map<String, Value>) -> Vec<&'static str> {
    let is_missing = |name: &&&str| !before.contains_key(**name);
    fields.iter().filter(is_missing).copied().collect()
}

/// Takes the text that the editor left: shows what would be sent, or what is wrong with it.
pub(super) fn edited(state: &mut State, text: Result<String, String>) {
    let Some(mut edited) = state.editing.take() else {
        return;
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => return state.complain(why),
    };
    let is_empty = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(is_empty) {
        return state.say("Edit aborted (empty file)");
    }
    let may_change = |name: &str| edited.fields.contains(&name);
    let changes = changes(edited.resource, &edited.before, &text, may_change)
        .and_then(|changes| editor::with_own(changes, &edited.own));
    match changes.map_err(|failure| failure.message) {
        Err(why) if edited.rounds >= ROUNDS => state.complain(why),
        Err(why) => {
            edited.rounds += 1;
            state.dialog = Some(Dialog {
                page: edited.page,
                title: edited.title.clone(),
                lines: vec![shown::line(&why), "Nothing was sent.".to_owned()],
                buttons: vec!["Cancel", "Edit again"],
                at: 1,
                typed: None,
                then: Then::Edit(text),
            });
            state.editing = Some(edited);
        }
        Ok(changes) if changes.is_empty() => state.say("No changes detected"),
        Ok(changes) => preview(state, edited, changes),
    }
}

/// Shows what will be sent, and asks.
fn preview(state: &mut State, edited: Edited, changes: Vec<(&'static str, Value)>) {
    let mut lines = vec![format!("{} {}?", edited.title, edited.name)];
    let names: Vec<&str> = changes.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    let mut send = edited.send;
    for (name, value) in changes {
        let old = edited.before.get(name).unwrap_or(&Value::Null);
        lines.push(line_of(name, old, &value));
        send = send.with(name, value);
    }
    let kind = edited.resource.kind;
    send = send.says(
        format!("{kind} updated: {}", edited.name),
        format!("{} failed", edited.title),
    );
    state.ask(Dialog {
        page: edited.page,
        title: edited.title.clone(),
        lines: lines.iter().map(|line| shown::line(line)).collect(),
        buttons: vec!["Cancel", "Update"],
        at: 1,
        typed: None,
        then: Then::Send {
            doing: format!("Updating {} ({names})...", edited.name),
            sends: vec![send],
        },
    });
}
