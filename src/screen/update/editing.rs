//! Changing an object in the editor: its text, what was changed, and a preview of what will be sent.

use serde_json::{Map, Value};

use crate::api::Method;
use crate::editor::{self, changes, line_of};
use crate::resources::Record;
use crate::screen::dialog::{Dialog, Then};
use crate::screen::drafts::Draft;
use crate::screen::effect::{After, Effect, Send};
use crate::screen::naming::brief;
use crate::screen::shown;
use crate::screen::state::{Edited, State};
use crate::screen::view::Editing;

/// How often the editor opens again on a text that can't be read.
const ROUNDS: u32 = 5;

/// The name in a draft for a whole text that could not be read.
const WHOLE: &str = "";

/// Opens the editor on the object of a row, with the changes that were not stored before.
pub(super) fn begin(
    state: &mut State,
    what: &Editing,
    row: &Record,
    key: &str,
    effects: &mut Vec<Effect>,
) {
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
    let name = brief(row.name_or_id());
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
    let title = format!("Update {kind}");
    let purpose = state.purpose(&title, std::slice::from_ref(row));
    let draft = state.draft(purpose, key);
    let head = format!("# {kind}/{}: change values below", shown::line(&name));
    let text = text_of(&head, what.fields, &before, &draft);
    state.editing = Some(Edited {
        page: state.top().map_or(0, |page| page.number),
        send,
        title,
        name,
        resource: row.resource,
        before,
        own,
        fields: what.fields,
        rounds: 0,
        text: text.clone(),
        draft,
    });
    effects.push(Effect::Edit(text));
}

/// Returns the text for the editor: the fields as they are, with the changes of the draft.
fn text_of(
    head: &str,
    fields: &[&'static str],
    before: &Map<String, Value>,
    draft: &Draft,
) -> String {
    if let Some(whole) = draft.text(WHOLE) {
        return whole.to_owned();
    }
    let mut shown = before.clone();
    for (name, value) in &draft.values {
        shown.insert((*name).to_owned(), value.clone());
    }
    format!(
        "{head}, then save and leave the editor.\n\
         # Fields that may be added: {}\n{}",
        missing(fields, &shown).join(", "),
        editor::text_of(&shown).unwrap_or_default()
    )
}

fn missing(fields: &[&'static str], before: &Map<String, Value>) -> Vec<String> {
    let is_missing = |name: &&&str| !before.contains_key(**name);
    let shown = |name: &&str| {
        if editor::is_map(name) {
            format!("{name} as {}", editor::FORM_OF_MAP)
        } else {
            (*name).to_owned()
        }
    };
    fields.iter().filter(is_missing).map(shown).collect()
}

/// Takes the text that the editor left: shows what would be sent, or what is wrong with it.
pub(super) fn edited(state: &mut State, text: Result<String, String>) {
    let Some(mut edited) = state.editing.take() else {
        return;
    };
    let text = match text {
        Ok(text) => text,
        // The text is lost, but not what was written before it.
        Err(why) => {
            if !edited.draft.values.is_empty() {
                state.keep(edited.draft);
            }
            return state.complain(why);
        }
    };
    // Whoever leaves the editor without a change may want to leave the edit as well.
    let at = usize::from(text != edited.text);
    let is_empty = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
    if text.lines().all(is_empty) {
        return state.say("Edit aborted (empty file)");
    }
    let may_change = |name: &str| edited.fields.contains(&name);
    let changes = changes(edited.resource, &edited.before, &text, may_change);
    edited.draft.values = match &changes {
        Ok(changes) => changes.clone(),
        Err(_) => vec![(WHOLE, text.as_str().into())],
    };
    let changes = changes.and_then(|changes| editor::with_own(changes, &edited.own));
    match changes.map_err(|failure| failure.message) {
        Err(why) if edited.rounds >= ROUNDS => {
            state.keep(edited.draft);
            state.complain(why);
        }
        Err(why) => {
            edited.rounds += 1;
            edited.text.clone_from(&text);
            let lines = [why, "Nothing was sent.".to_owned()];
            let (page, title) = (edited.page, edited.title.as_str());
            state.dialog = Some(Dialog {
                at,
                draft: Some(edited.draft.clone()),
                ..Dialog::new(page, title, &lines, "Edit again", Then::Edit(text))
            });
            state.editing = Some(edited);
        }
        Ok(changes) if changes.is_empty() => state.say("No changes detected"),
        Ok(changes) => preview(state, edited, changes, at),
    }
}

/// Shows what will be sent, and asks. `at` is the place of the button that Enter means.
fn preview(state: &mut State, edited: Edited, changes: Vec<(&'static str, Value)>, at: usize) {
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
        format!("{} {} failed", edited.title, edited.name),
    );
    let then = Then::Send {
        doing: format!("Updating {} ({names})...", edited.name),
        sends: vec![send],
    };
    state.ask(Dialog {
        at,
        draft: Some(edited.draft),
        ..Dialog::new(edited.page, &edited.title, &lines, "Update", then)
    });
}
