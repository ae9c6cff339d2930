//! What several views share: plain rows, the deletion of one, lists without a limit.

use crate::api::{Method, path};
use crate::resources::{PROJECT, Record, Resource};
use crate::screen::effect::{Join, List, Load, Send};
use crate::screen::naming::asked;
use crate::screen::scope::{Named, Scope};
use crate::screen::view::{Field, Go, Input, Tone};

/// The field of a form that chooses a project: at first, that of the page.
pub(super) const PROJECT_FIELD: Field = Field::text("project_id", "Project", "")
    .required()
    .input(Input::Offer {
        none: None,
        list: |_, _| Some(List::new(&PROJECT, path(&["projects"]))),
    })
    .from(|scope, _| scope.project_id().to_owned());

/// The tone of a row that has none.
#[must_use]
pub(super) fn plain(_: &Record) -> Tone {
    Tone::Plain
}

/// Enter shows the whole object.
#[must_use]
pub(super) fn describe(_: &Scope, _: &Record) -> Go {
    Go::Describe
}

/// Lists a kind that belongs to no project.
#[must_use]
pub(super) fn all(resource: &'static Resource) -> Load {
    Load::List(
        List::new(resource, path(&[resource.collection])),
        Join::None,
    )
}

/// Lists a kind of one project.
#[must_use]
pub(super) fn of_project(resource: &'static Resource, scope: &Scope, join: Join) -> Load {
    let project = scope.project_id();
    let list = List::new(resource, path(&["projects", project, resource.collection]));
    Load::List(list.in_project(project), join)
}

/// Returns the deletion of an object. `kind` is its name in sentences.
#[must_use]
pub(super) fn deletion(scope: &Scope, kind: &str, segments: &[&str]) -> Send {
    let title = format!("{}{}", kind[..1].to_uppercase(), &kind[1..]);
    Send::new(Method::Delete, path(segments), scope)
        .says(format!("{title} deleted"), format!("Delete {kind} failed"))
}

/// Asks whether an object is to be deleted, by its name and its whole ID.
#[must_use]
pub(super) fn delete_question(kind: &str, record: &Record) -> String {
    format!("Delete {kind} {}?", asked(record))
}

/// Returns the object that a row stands for.
#[must_use]
pub(super) fn named(record: &Record) -> Named {
    Named::new(record.id(), record.name())
}

/// Returns the project of a row, or that of the view.
#[must_use]
pub(super) fn project_of(scope: &Scope, record: &Record) -> Named {
    match record.text("project_id") {
        "" => scope.project.clone().unwrap_or_default(),
        id if id == scope.project_id() => scope.project.clone().unwrap_or_default(),
        id => Named::new(id, id),
    }
}
