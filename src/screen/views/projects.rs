//! Projects.

use super::common::{all, delete_question, deletion, named};
use crate::api::{Method, path};
use crate::resources::PROJECT;
use crate::screen::effect::{Join, Load, Send};
use crate::screen::scope::{Kind, Scope};
use crate::screen::view::{
    Action, Call, Col, Editing, Field, Form, Go, Needs, Place, Run, View, for_any, joined, tone_of,
};

pub(super) static VIEW: View = View {
    kind: Kind::Projects,
    name: "projects",
    aliases: &["project", "proj", "ns"],
    about: "Projects with their agents and sessions",
    needs: Needs::All,
    columns: &[
        Col::field("NAME", 25, "name"),
        Col::field("DESCRIPTION", 40, "description").at(Place::Room(3)),
        Col::computed("STATUS", 10, |project, _| {
            let status = project.text("status");
            let status = if status.is_empty() { "active" } else { status };
            (status.to_owned(), None)
        }),
        Col::computed("AGENTS", 7, |project, _| joined(project, "agents")).at(Place::Room(2)),
        Col::computed("SESSIONS", 8, |project, _| joined(project, "sessions")).at(Place::Room(2)),
        Col::computed("RUNNING", 8, |project, _| joined(project, "running")).at(Place::Room(4)),
        Col::age("AGE", 5, "created_at"),
        Col::field("ID", 27, "id").at(Place::Wide),
        Col::age("UPDATED", 7, "updated_at").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |_| match all(&PROJECT) {
        Load::List(list, _) => Load::List(list, Join::Projects),
        other => other,
    },
    tone: |project| match project.text("status") {
        "" => tone_of("active"),
        status => tone_of(status),
    },
    enter: |_, project| Go::View(Kind::Agents, Scope::of_project(named(project))),
    enter_label: "Agents",
    actions: &[
        Action::new('d', "Describe", Run::Describe),
        Action::new('y', "YAML", Run::Yaml),
        Action::new('e', "Edit", Run::Edit(&EDITING)),
        Action::new('n', "New", Run::New(&NEW)),
        Action::new(
            's',
            "Sessions",
            Run::Go(|_, project| Go::View(Kind::Sessions, Scope::of_project(named(project)))),
        ),
        Action::new(
            'S',
            "Settings",
            Run::Go(|_, project| {
                Go::View(Kind::ProjectSettings, Scope::of_project(named(project)))
            }),
        ),
        Action::ctrl('d', "Delete", Run::Call(&DELETE)),
    ],
};

static EDITING: Editing = Editing {
    fields: &[
        "name",
        "description",
        "labels",
        "annotations",
        "prompt",
        "status",
    ],
    path: |_, project| path(&["projects", project.id()]),
};

static NEW: Form = Form {
    title: "New Project",
    opens: for_any,
    fields: &[
        Field::text("name", "Name", "my-project").required(),
        Field::text("description", "Description", "(optional)"),
    ],
    submit: |scope, _, form| {
        let name = form.text("name");
        Ok(Send::new(Method::Post, path(&["projects"]), scope)
            .with("name", name)
            .with_filled("description", form.text("description"))
            .says(format!("Project created: {name}"), "Create project failed"))
    },
};

static DELETE: Call = Call {
    question: Some(|_, project| {
        format!(
            "{} Its agents and sessions are lost.",
            delete_question("project", project)
        )
    }),
    title: "Delete",
    types_id: true,
    bulk: false,
    doing: "Deleting project",
    make: |scope, project| {
        Ok(deletion(scope, "project", &["projects", project.id()]).in_project(project.id()))
    },
};
