//! The scheduled sessions of a project.

use jiff::Timestamp;

use super::common::{delete_question, deletion, named, of_project, project_of};
use crate::api::{Method, path};
use crate::cron::{self, Cron};
use crate::resources::{AGENT, Cell, Record, SCHEDULED_SESSION};
use crate::screen::effect::{Join, List, Load, Send};
use crate::screen::naming::asked;
use crate::screen::scope::{Kind, Scope};
use crate::screen::view::{
    Action, Call, Col, Editing, Field, Form, Go, Input, Needs, Place, Run, Show, Tone, View,
    for_any,
};

pub(super) static VIEW: View = View {
    kind: Kind::Schedules,
    name: "scheduledsessions",
    aliases: &["scheduledsession", "schedules", "ss"],
    about: "The scheduled sessions of a project",
    needs: Needs::Project,
    columns: &[
        Col::field("NAME", 20, "name"),
        Col::field("SCHEDULE", 16, "schedule"),
        Col::computed("AGENT", 12, |schedule, _| {
            let name = schedule.text("agent_name");
            let shown = if name.is_empty() {
                schedule.text("agent_id")
            } else {
                name
            };
            (shown.to_owned(), None)
        })
        .at(Place::Room(3)),
        Col::computed("SUSPENDED", 9, |schedule, _| {
            let word = if is_enabled(schedule) { "No" } else { "Yes" };
            (word.to_owned(), None)
        }),
        Col::age("LAST RUN", 8, "last_run_at").at(Place::Room(2)),
        Col {
            title: "NEXT RUN",
            show: Show::Cell(Cell::Until(|schedule| {
                schedule.text("next_run_at").to_owned()
            })),
            width: 10,
            place: Place::Room(2),
        },
        Col::age("AGE", 5, "created_at").at(Place::Room(4)),
        Col::field("TIMEZONE", 18, "timezone").at(Place::Wide),
        Col::field("ID", 27, "id").at(Place::Wide),
    ],
    order: ("NAME", false),
    load: |scope| match scope.project {
        Some(_) => of_project(&SCHEDULED_SESSION, scope, Join::AgentNames),
        None => Load::EachProject(&SCHEDULED_SESSION),
    },
    tone: |schedule| {
        if is_enabled(schedule) {
            Tone::Good
        } else {
            Tone::Done
        }
    },
    enter: |scope, schedule| {
        let mut scope = Scope::of_project(project_of(scope, schedule));
        scope.schedule = Some(named(schedule));
        Go::View(Kind::Runs, scope)
    },
    enter_label: "Runs",
    actions: &[
        Action::new('s', "Suspend/Resume", Run::Either(switch)),
        Action::new('t', "Trigger", Run::Call(&TRIGGER)),
        Action::new('d', "Describe", Run::Describe),
        Action::new('y', "YAML", Run::Yaml),
        Action::new('e', "Edit", Run::Edit(&EDITING)),
        Action::new('n', "New", Run::New(&NEW)),
        Action::ctrl('d', "Delete", Run::Call(&DELETE)),
    ],
};

fn is_enabled(schedule: &Record) -> bool {
    let enabled = schedule.value("enabled");
    enabled.and_then(serde_json::Value::as_bool) != Some(false)
}

/// Returns the path of something below a schedule, in the schedule's own project.
fn below(scope: &Scope, schedule: &Record, rest: &[&str]) -> String {
    let project = project_of(scope, schedule).id;
    path(&["projects", &project, "scheduled-sessions", schedule.id()]) + &path(rest)
}

/// Returns what the key for both directions does to a schedule.
fn switch(schedule: &Record) -> &'static Call {
    if is_enabled(schedule) {
        &SUSPEND
    } else {
        &RESUME
    }
}

static SUSPEND: Call = Call {
    question: None,
    title: "Suspend",
    types_id: false,
    bulk: true,
    doing: "Suspending scheduled session",
    make: |scope, schedule| {
        let target = below(scope, schedule, &["suspend"]);
        Ok(Send::new(Method::Post, target, scope)
            .says("Scheduled session suspended", "Suspend failed"))
    },
};

static RESUME: Call = Call {
    question: None,
    title: "Resume",
    types_id: false,
    bulk: true,
    doing: "Resuming scheduled session",
    make: |scope, schedule| {
        let target = below(scope, schedule, &["resume"]);
        Ok(Send::new(Method::Post, target, scope)
            .says("Scheduled session resumed", "Resume failed"))
    },
};

static TRIGGER: Call = Call {
    question: Some(|_, schedule| format!("Trigger manual run of {}?", asked(schedule))),
    title: "Trigger",
    types_id: false,
    bulk: true,
    doing: "Triggering",
    make: |scope, schedule| {
        let target = below(scope, schedule, &["trigger"]);
        Ok(Send::new(Method::Post, target, scope)
            .says("Scheduled session triggered", "Trigger failed"))
    },
};

static EDITING: Editing = Editing {
    fields: &[
        "name",
        "description",
        "schedule",
        "timezone",
        "session_prompt",
        "agent_id",
        "enabled",
        "timeout",
        "inactivity_timeout",
        "stop_on_run_finished",
    ],
    path: |scope, schedule| below(scope, schedule, &[]),
};

static NEW: Form = Form {
    title: "New Scheduled Session",
    opens: for_any,
    fields: &[
        Field::text("name", "Name", "my-scheduled-session").required(),
        Field::text("agent_id", "Agent", "").input(Input::Offer {
            none: Some("(none)"),
            list: |scope, _| {
                let project = scope.project_id();
                Some(List::new(&AGENT, path(&["projects", project, "agents"])).in_project(project))
            },
        }),
        Field::text("schedule", "Schedule (cron)", "*/30 * * * *")
            .required()
            .checked(next_runs),
        Field::text("timezone", "Timezone", "UTC").checked(zone),
        Field::text("session_prompt", "Session Prompt", "(optional)"),
        Field::text("description", "Description", "(optional)"),
    ],
    submit: |scope, _, form| {
        let name = form.text("name");
        let project = scope.project_id();
        let target = path(&["projects", project, "scheduled-sessions"]);
        Ok(Send::new(Method::Post, target, scope)
            .with("name", name)
            .with("project_id", project)
            .with_filled("agent_id", form.text("agent_id"))
            .with("schedule", form.text("schedule"))
            .with_filled("timezone", form.text("timezone"))
            .with_filled("session_prompt", form.text("session_prompt"))
            .with_filled("description", form.text("description"))
            .with("enabled", true)
            .says(
                format!("Scheduled session created: {name}"),
                "Create scheduled session failed",
            ))
    },
};

/// Returns the next three runs of a schedule.
fn next_runs(text: &str, now: Timestamp) -> Result<String, String> {
    let cron = Cron::parse(text).map_err(|why| format!("not a cron expression: {why}"))?;
    let zone = jiff::tz::TimeZone::UTC;
    let runs = std::iter::successors(cron.next(now, &zone), |last| cron.next(*last, &zone));
    let times: Vec<String> = runs
        .take(3)
        .map(|run| run.strftime("%a %d %b %H:%M").to_string())
        .collect();
    match times.as_slice() {
        [] => Err("it never runs".to_owned()),
        times => Ok(format!("next (UTC): {}", times.join(", "))),
    }
}

fn zone(text: &str, _: Timestamp) -> Result<String, String> {
    match cron::zone(text) {
        Ok(_) => Ok(String::new()),
        Err(()) => Err("not a time zone; zones have names such as Europe/Prague".to_owned()),
    }
}

static DELETE: Call = Call {
    question: Some(|_, schedule| delete_question("scheduled session", schedule)),
    title: "Delete",
    types_id: false,
    bulk: true,
    doing: "Deleting scheduled session",
    make: |scope, schedule| {
        Ok(deletion(
            scope,
            "scheduled session",
            &[
                "projects",
                &project_of(scope, schedule).id,
                "scheduled-sessions",
                schedule.id(),
            ],
        ))
    },
};
