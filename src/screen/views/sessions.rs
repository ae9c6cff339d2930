//! Sessions: of an agent, of a project, of a schedule, or all.

use super::common::{PROJECT_FIELD, delete_question, deletion, named, project_of};
use crate::api::{Method, path};
use crate::resources::{AGENT, FINAL_PHASES, Record, SESSION};
use crate::running::Unread;
use crate::screen::effect::{Join, List, Load, Send};
use crate::screen::naming::asked;
use crate::screen::scope::{Kind, Named, Scope};
use crate::screen::view::{
    Action, Answers, Call, Col, Editing, Field, Form, Go, Input, Needs, Place, Run, Tone, View,
    duration, for_any, tone_of,
};

pub(super) static VIEW: View = View {
    kind: Kind::Sessions,
    name: "sessions",
    aliases: &["session", "se"],
    about: "Sessions of an agent, of a project, or all",
    needs: Needs::Nothing,
    columns: COLUMNS,
    order: ("AGE", false),
    load,
    tone,
    enter: messages,
    enter_label: "Messages",
    actions: ACTIONS,
};

pub(super) static RUNS: View = View {
    kind: Kind::Runs,
    name: "runs",
    aliases: &[],
    about: "The sessions that a schedule has started",
    needs: Needs::Schedule,
    columns: COLUMNS,
    order: ("AGE", false),
    load: |scope| {
        let schedule = scope.schedule.as_ref().map_or("", |it| it.id.as_str());
        let project = scope.project_id();
        let list = path(&["projects", project, "scheduled-sessions", schedule, "runs"]);
        Load::List(
            List::new(&SESSION, list).in_project(project),
            Join::AgentNames,
        )
    },
    tone,
    enter: messages,
    enter_label: "Messages",
    actions: ACTIONS,
};

/// The columns of a session, which the runs of a schedule show as well.
static COLUMNS: &[Col] = &[
    // The names of the sessions of one agent differ at their ends.
    Col::field("NAME", 28, "name"),
    Col::computed("AGENT", 12, |session, _| {
        let name = session.text("agent_name");
        let shown = if name.is_empty() {
            session.text("agent_id")
        } else {
            name
        };
        (shown.to_owned(), None)
    })
    .at(Place::Room(3)),
    Col::field("PROJECT", 14, "project_id").at(Place::Room(4)),
    Col::computed("PHASE", 11, |session, _| {
        (phase_in_words(session.text("phase")).to_owned(), None)
    }),
    Col::age("STARTED", 7, "start_time").at(Place::Room(3)),
    Col::computed("DURATION", 8, |session, now| {
        duration(session, "start_time", "completion_time", now)
    })
    .at(Place::Room(5)),
    Col::age("AGE", 5, "created_at"),
    Col::field("ID", 27, "id").at(Place::Room(6)),
    Col::field("MODEL", 24, "llm_model").at(Place::Wide),
    Col::field("OWNER", 16, "created_by_user_id").at(Place::Wide),
    Col::field("RESTARTS", 8, "sdk_restart_count").at(Place::Wide),
];

/// The keys of a session, which the runs of a schedule have as well.
static ACTIONS: &[Action] = &[
    Action::new('l', "Messages", Run::Go(messages)),
    Action::new('s', "Start", Run::Call(&START)),
    Action::new('m', "Send", Run::Form(&SEND)),
    Action::new('x', "Interrupt", Run::Call(&INTERRUPT)),
    Action::new('t', "Stop", Run::Call(&STOP)),
    Action::new('d', "Describe", Run::Describe),
    Action::new('y', "YAML", Run::Yaml),
    Action::new('e', "Edit", Run::Edit(&EDITING)),
    Action::new('n', "New", Run::New(&NEW)),
    Action::new(
        'p',
        "Credentials",
        Run::Go(|scope, session| {
            let mut scope = Scope::of_project(project_of(scope, session));
            let id = session.text("agent_id");
            if !id.is_empty() {
                scope.agent = Some(Named::new(id, session.text("agent_name")));
            }
            Go::View(Kind::Preview, scope)
        }),
    ),
    Action::ctrl('d', "Delete", Run::Call(&DELETE)),
];

fn load(scope: &Scope) -> Load {
    let project = scope.project_id();
    if let Some(agent) = &scope.agent {
        let list = path(&["projects", project, "agents", &agent.id, "sessions"]);
        return Load::List(
            List::new(&SESSION, list).in_project(project),
            Join::AgentNames,
        );
    }
    let list = List::new(&SESSION, path(&["sessions"])).in_project(project);
    Load::List(list, Join::AgentNames)
}

/// The tone of a session is that of its phase, in every view.
fn tone(session: &Record) -> Tone {
    tone_of(session.text("phase"))
}

fn messages(scope: &Scope, session: &Record) -> Go {
    let mut inner = scope.clone();
    let project = project_of(scope, session);
    inner.project = Some(project).filter(|project| !project.id.is_empty());
    inner.session = Some(named(session));
    Go::Messages(inner)
}

/// Returns a request below a session, in the session's own project.
fn post(scope: &Scope, session: &Record, rest: &[&str]) -> Send {
    let target = path(&["sessions", session.id()]) + &path(rest);
    Send::new(Method::Post, target, scope).in_project(&project_of(scope, session).id)
}

static START: Call = Call {
    question: None,
    title: "Start",
    types_id: false,
    bulk: true,
    doing: "Starting session",
    make: |scope, session| {
        Ok(post(scope, session, &["start"]).says("Session started", "Start session failed"))
    },
};

static STOP: Call = Call {
    question: Some(|_, session| format!("Stop session {}?", asked(session))),
    title: "Stop",
    types_id: false,
    bulk: true,
    doing: "Stopping session",
    make: |scope, session| {
        is_active(session)?;
        Ok(post(scope, session, &["stop"]).says("Session stopped", "Stop session failed"))
    },
};

static INTERRUPT: Call = Call {
    question: Some(|_, session| format!("Interrupt session {}?", asked(session))),
    title: "Interrupt",
    types_id: false,
    bulk: true,
    doing: "Interrupting session",
    make: |scope, session| {
        is_active(session)?;
        Ok(post(scope, session, &["agui", "interrupt"])
            .says("Session interrupted", "Interrupt failed"))
    },
};

/// The title of the form for a message.
pub(in crate::screen) const MESSAGE: &str = "Send Message";

/// Returns the phase of a session as it is shown.
#[must_use]
pub(in crate::screen) fn phase_in_words(phase: &str) -> &str {
    match phase {
        "" => "not started",
        phase => phase,
    }
}

/// Refuses a session that has ended, or was never started.
fn is_active(session: &Record) -> Result<(), String> {
    active(session.name_or_id(), session.text("phase"))
}

/// Refuses what is for a session that runs.
///
/// # Errors
/// The session has ended, or was never started.
pub(in crate::screen) fn active(name: &str, phase: &str) -> Result<(), String> {
    match phase {
        "" => Err(format!("{name} was not started")),
        phase if FINAL_PHASES.contains(&phase) => Err(format!("{name} is already {phase}")),
        _ => Ok(()),
    }
}

/// Returns what is said of a message that was sent to a session in this phase.
#[must_use]
pub(in crate::screen) fn message_sent(phase: &str) -> String {
    if active("", phase).is_ok() {
        return "Message sent".to_owned();
    }
    stored(&format!("is {}", phase_in_words(phase)))
}

/// Returns what is said of a message that no run of its session reads now.
#[must_use]
pub(in crate::screen) fn message_unread(unread: &Unread) -> String {
    let words = unread.words();
    if unread.has_begun {
        format!(
            "Message stored; the session {words}: when it has ended, s in :sessions starts the run that reads it"
        )
    } else {
        stored(&words)
    }
}

fn stored(state: &str) -> String {
    format!("Message stored; the session {state}, and its next run reads it (s in :sessions)")
}

static SEND: Form = Form {
    title: MESSAGE,
    opens: for_any,
    fields: &[Field::text("payload", "Message", "what the session is to do").required()],
    submit: |scope, session, form| {
        let session = session.ok_or("No session selected")?;
        Ok(post(scope, session, &["messages"])
            .with("event_type", "user")
            .with("payload", form.text("payload"))
            .says(message_sent(session.text("phase")), "Send message failed"))
    },
};

static EDITING: Editing = Editing {
    fields: &[
        "name",
        "prompt",
        "labels",
        "annotations",
        "llm_model",
        "llm_max_tokens",
        "llm_temperature",
        "repo_url",
        "repos",
        "resource_overrides",
        "timeout",
        "environment_variables",
    ],
    path: |_, session| path(&["sessions", session.id()]),
};

static NEW: Form = Form {
    title: "New Session",
    opens: for_any,
    fields: &[
        PROJECT_FIELD,
        Field::text("name", "Name", "my-session").required(),
        Field::text("prompt", "Prompt", "(optional)"),
        Field::text(
            "repo_url",
            "Repo URL",
            "https://github.com/org/repo (optional)",
        ),
        Field::text("agent_id", "Agent", "")
            .input(Input::Offer {
                none: Some("(none — standalone)"),
                list: agents_of_form,
            })
            .from(|scope, _| scope.agent_id().to_owned()),
    ],
    submit: |scope, _, form| {
        let name = form.text("name");
        let project = form.text("project_id");
        Ok(Send::new(Method::Post, path(&["sessions"]), scope)
            .in_project(project)
            .with("name", name)
            .with("project_id", project)
            .with_filled("prompt", form.text("prompt"))
            .with_filled("agent_id", form.text("agent_id"))
            .with_filled("repo_url", form.text("repo_url"))
            .says(format!("Session created: {name}"), "Create session failed"))
    },
};

/// Lists the agents of the project that the form names.
fn agents_of_form(_: &Scope, form: &Answers<'_>) -> Option<List> {
    let project = form.text("project_id");
    let list = || List::new(&AGENT, path(&["projects", project, "agents"])).in_project(project);
    (!project.is_empty()).then(list)
}

static DELETE: Call = Call {
    question: Some(|_, session| delete_question("session", session)),
    title: "Delete",
    types_id: false,
    bulk: true,
    doing: "Deleting session",
    make: |scope, session| {
        let project = project_of(scope, session);
        let send = deletion(scope, "session", &["sessions", session.id()]);
        Ok(send.in_project(&project.id))
    },
};
